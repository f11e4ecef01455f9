package carrier_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/gsm"
	"pgregory.net/rapid"
)

// rig is a carrier with a client and somebody who takes its reports.
type rig struct {
	t       *testing.T
	c       *carrier.Carrier
	server  *httptest.Server
	reports *httptest.Server
	ledger  string

	mu     sync.Mutex
	told   []map[string]string // reports, in the order in which they came
	refuse int                 // reports to refuse first
}

func newRig(t *testing.T, faults ...string) *rig {
	t.Helper()
	r := &rig{t: t, ledger: filepath.Join(t.TempDir(), "carrier.log")}
	all, err := carrier.ParseFaults(faults)
	if err != nil {
		t.Fatal(err)
	}
	r.c, err = carrier.Open(r.ledger, carrier.Options{Seed: 1, Faults: all, Report: [2]time.Duration{time.Millisecond, 5 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	r.server = httptest.NewServer(r.c)
	r.reports = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		fields := map[string]string{}
		b, _ := io.ReadAll(req.Body)
		if json.Unmarshal(b, &fields) != nil {
			form, _ := url.ParseQuery(string(b))
			for k := range form {
				fields[k] = form.Get(k)
			}
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.refuse > 0 {
			r.refuse--
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		r.told = append(r.told, fields)
	}))
	t.Cleanup(func() {
		r.server.CloseClientConnections()
		r.server.Close()
		if err := r.c.Close(); err != nil {
			t.Error(err)
		}
		r.reports.Close()
	})
	return r
}

// ask posts to a face. The error is that of the connection, or of an answer that breaks off.
func (r *rig) ask(path, kind, body string, headers ...string) (int, string, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	req.GetBody = nil
	req.Header.Set("Content-Type", kind)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// generic submits through the plain face.
func (r *rig) generic(key string) (int, string, error) {
	return r.ask("/messages", "application/json",
		fmt.Sprintf(`{"to":"+447700900123","from":"+12025550130","text":"hello","callback_url":%q}`, r.reports.URL), "Idempotency-Key", key)
}

// settle waits until nothing is owed.
func (r *rig) settle() {
	r.t.Helper()
	for end := time.Now().Add(20 * time.Second); r.c.Owed() > 0; {
		if time.Now().After(end) {
			r.t.Fatalf("%d reports are still owed", r.c.Owed())
		}
		<-time.After(2 * time.Millisecond)
	}
}

func (r *rig) entries(kind carrier.Kind) (all []carrier.Entry) {
	r.t.Helper()
	for e, err := range carrier.ReadLedger(r.ledger) {
		if err != nil {
			r.t.Fatal(err)
		}
		if e.Kind == kind {
			all = append(all, e)
		}
	}
	return all
}

// statuses are what the reports said, in order.
func (r *rig) statuses() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, f := range r.told {
		all = append(all, f["status"])
	}
	return strings.Join(all, " ")
}

// sorted are words in the order of the alphabet.
func sorted(text string) string {
	words := strings.Split(text, " ")
	slices.Sort(words)
	return strings.Join(words, " ")
}

// TestFaults: each fault does what it says, to the client and in the ledger.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fault   string
		status  int    // 0: the connection broke
		says    string // part of the answer
		verdict carrier.Verdict
		reports string
	}{
		{"receipts:1", 202, `"id":"g-`, carrier.Accepted, "sent delivered"},
		{"refuse:blocked", 422, "blocked", carrier.Refused, ""},
		{"throttle:7", 429, "throttled", carrier.Refused, ""},
		{"drop", 0, "", carrier.Accepted, "sent delivered"},
		{"reset:20", 0, "", carrier.Accepted, "sent delivered"},
		{"error:502", 502, "Internal", carrier.Accepted, "sent delivered"},
		{"lost", 503, "Unavailable", carrier.Refused, ""},
		{"cut", 0, "", "", ""},
		{"hang:50ms", 202, `"id":"g-`, carrier.Accepted, "sent delivered"},
		{"slow:1ms", 202, `"id":"g-`, carrier.Accepted, "sent delivered"},
		{"garbage", 200, "<html>", carrier.Accepted, "sent delivered"},
		{"twice", 202, `"id":"g-`, carrier.Accepted, "sent delivered"},
		{"huge", 202, strings.Repeat(" ", 1<<20), carrier.Accepted, "sent delivered"},
		{"redirect:308", 308, "", carrier.Refused, ""},
		{"early", 202, `"id":"g-`, carrier.Accepted, "delivered"},
		{"receipts:3", 202, `"id":"g-`, carrier.Accepted, "delivered delivered delivered sent sent sent"},
		{"shuffled", 202, `"id":"g-`, carrier.Accepted, "delivered delivered sent sent"},
		{"late:20ms", 202, `"id":"g-`, carrier.Accepted, "sent delivered"},
		{"mute", 202, `"id":"g-`, carrier.Accepted, ""},
		{"undelivered", 202, `"id":"g-`, carrier.Accepted, "sent undelivered"},
		{"expired", 202, `"id":"g-`, carrier.Accepted, "sent expired"},
		{"nonsend", 202, `"id":"g-`, carrier.Accepted, "undelivered"},
		{"contradict", 202, `"id":"g-`, carrier.Accepted, "undelivered delivered"},
		{"reply", 202, `"id":"g-`, carrier.Accepted, "sent delivered "},
	} {
		t.Run(c.fault, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, c.fault+"@p=1")
			status, text, err := r.generic("k")
			if c.fault == "garbage" {
				c.says = "<title>"
			}
			if (err != nil) != (c.status == 0) || err == nil && (status != c.status || !strings.Contains(text, c.says)) {
				t.Errorf("got %d %.80q, %v", status, text, err)
			}
			r.settle()
			subs := r.entries(carrier.Submission)
			if c.verdict == "" && len(subs) != 0 || c.verdict != "" && (len(subs) != 1 || subs[0].Verdict != c.verdict || subs[0].Key != "k") {
				t.Errorf("the ledger says %+v", subs)
			}
			if got := sorted(r.statuses()); got != sorted(c.reports) { // a busy machine may change the order
				t.Errorf("reports %q, want %q", got, c.reports)
			}
			if n := len(r.entries(carrier.ReportAck)) + len(r.entries(carrier.ReplyAck)); n != len(strings.Split(c.reports, " ")) && c.reports != "" {
				t.Errorf("%d acknowledgements noted of %q", n, c.reports)
			}
		})
	}
	if len(carrier.Names()) != 23 {
		t.Errorf("%d faults, tried here are 23: %v", len(carrier.Names()), carrier.Names())
	}
}

// TestEarlyReportComesFirst: the answer waits for the acknowledgement of the report.
func TestEarlyReportComesFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t, "early@p=1")
	if _, _, err := r.generic("k"); err != nil {
		t.Fatal(err)
	}
	if got := r.statuses(); got != "delivered" {
		t.Errorf("when the answer came the reports were %q", got)
	}
}

// TestKeyIsTakenOnce: the dedupe face gives the first answer again, even when that one was lost.
func TestKeyIsTakenOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t, "drop@to=+447700900123")
	if _, _, err := r.generic("k"); err == nil {
		t.Error("the dropped answer came")
	}
	r.c.SetFaults(nil)
	_, first, err := r.generic("k")
	_, again, err2 := r.generic("k")
	if err != nil || err2 != nil || first != again || r.c.Taken() != 1 {
		t.Errorf("answers %q and %q, %d taken", first, again, r.c.Taken())
	}
	if subs := r.entries(carrier.Submission); len(subs) != 3 || subs[1].Verdict != carrier.Repeated || subs[1].Reference != subs[0].Reference {
		t.Errorf("the ledger says %+v", subs)
	}
}

// TestReportsAreHandedInAgain: what is not acknowledged comes again, once each.
func TestReportsAreHandedInAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.refuse = 3
	if _, _, err := r.generic("k"); err != nil {
		t.Fatal(err)
	}
	r.settle()
	if got := sorted(r.statuses()); got != "delivered sent" {
		t.Errorf("acknowledged reports %q", got)
	}
}

// TestFaces: each provider's words for yes, no and slow down.
func TestFaces(t *testing.T) {
	t.Parallel()
	const form, js = "application/x-www-form-urlencoded", "application/json"
	basic := []string{"Authorization", "Basic QUMxOng="}
	for _, c := range []struct {
		face, path, kind, body string
		headers                []string
		yes                    int
		says                   string
		no                     int
		denies                 string
		slow                   int
	}{
		{carrier.Twilio, "/2010-04-01/Accounts/AC1/Messages.json", form, "To=%2B447700900123&From=%2B12025550130&Body=hi&StatusCallback=CALLBACK", basic, 201, `"sid":"SM`, 400, `"code":30004`, 429},
		{carrier.Vonage, "/sms/json", js, `{"to":"447700900123","from":"Clinic","text":"hi","callback":"CALLBACK","client-ref":"att_1"}`, basic, 200, `"status":"0"`, 200, `"status":"30004"`, 200},
		{carrier.AfricasTalking, "/version1/messaging", form, "username=clinic&to=%2B447700900123&message=hi", []string{"apiKey", "k"}, 201, `"statusCode":101`, 201, `"statusCode":30004`, 429},
		{carrier.Generic, "/messages", js, `{"to":"+447700900123","text":"hi","callback_url":"CALLBACK"}`, nil, 202, `"id":"g-`, 422, "30004", 429},
	} {
		t.Run(c.face, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.c.SetCallback(c.face, r.reports.URL)
			body := strings.ReplaceAll(c.body, "CALLBACK", r.reports.URL)
			expect := func(fault string, want int, says string) {
				t.Helper()
				faults, err := carrier.ParseFaults([]string{fault})
				if err != nil {
					t.Fatal(err)
				}
				r.c.SetFaults(faults)
				if status, text, err := r.ask(c.path, c.kind, body, c.headers...); err != nil || status != want || !strings.Contains(text, says) {
					t.Errorf("%s: got %d %.200s, %v; want %d with %s", fault, status, text, err, want, says)
				}
			}
			expect("undelivered@p=1", c.yes, c.says)
			r.settle()
			if len(r.told) != 2 {
				t.Errorf("reports %v", r.told)
			}
			expect("refuse:30004@p=1", c.no, c.denies)
			expect("throttle:2@p=1", c.slow, "")
			if status, text, err := r.ask(c.path, c.kind, "", c.headers...); err != nil || status >= 500 || strings.Contains(text, c.says) {
				t.Errorf("an empty request: got %d %s, %v", status, text, err)
			}
			if subs := r.entries(carrier.Submission); len(subs) != 3 || subs[0].To != "+447700900123" || subs[0].Segments != 1 || subs[1].Verdict != carrier.Refused {
				t.Errorf("the ledger says %+v", subs)
			}
		})
	}
}

// TestFaultsAreChecked: what is wrong with a fault is said.
func TestFaultsAreChecked(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"drop": "for whom", "fire@p=1": "there is no fault", "drop:3@p=1": "no argument", "refuse@p=1": "needs an argument",
		"hang:soon@p=1": "no duration", "reset:-1@p=1": "no number", "drop@p=2": "no probability", "drop@p=NaN": "no probability", "drop@to=12": "does not begin with +", "drop@for=x": "say @p",
	} {
		if _, err := carrier.ParseFault(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: got %v, want an error that says %q", text, err, says)
		}
	}
	if _, err := carrier.ParseFaults([]string{"drop@p=0.6", "mute@p=0.6"}); err == nil {
		t.Error("probabilities of more than 1 pass")
	}
	for _, text := range []string{"reset:17@p=0.25", "drop@to=+4477*"} {
		f, err := carrier.ParseFault(text)
		if err != nil || f.String() != text {
			t.Errorf("%q came back as %q, %v", text, f, err)
		}
	}
}

// TestControl: faults change while it runs.
func TestControl(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	put := func(body string, want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPut, r.server.URL+"/control/faults", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("PUT %s: status %d, want %d", body, resp.StatusCode, want)
		}
	}
	put(`["refuse:9@to=+4477*"]`, 204)
	if status, _, err := r.generic("k"); err != nil || status != 422 {
		t.Errorf("got %d, %v", status, err)
	}
	put(`["nonsense"]`, 422)
	put(`{`, 400)
	put(`[]`, 204)
	if status, _, err := r.generic("k"); err != nil || status != 202 {
		t.Errorf("got %d, %v", status, err)
	}
}

// TestSegments: the counter of the carrier and that of the gateway, which share nothing, agree on every text.
func TestSegments(t *testing.T) {
	t.Parallel()
	letters := []rune("aZ09 @€^{}[]~\\|ç日🎉é\n\fΩà“`\t")
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.SampledFrom([]int{1, 69, 70, 71, 134, 135, 159, 160, 161, 305, 306, 307, 500}).Draw(rt, "length")
		few := rapid.SliceOfN(rapid.SampledFrom(letters), 1, 4).Draw(rt, "letters")
		text := make([]rune, n)
		for i := range text {
			text[i] = rapid.SampledFrom(few).Draw(rt, "letter")
		}
		if got, want := carrier.Segments(string(text)), gsm.Analyze(string(text), gsm.Options{}); want.Err == nil && got != want.Segments {
			rt.Fatalf("%q: the carrier counts %d parts, package gsm %d", string(text), got, want.Segments)
		}
	})
}
