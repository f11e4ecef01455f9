package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestAsking: what the answer to a question about an attempt means. The question names the attempt.
func TestAsking(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		status int
		body   string
		age    time.Duration
		want   smsir.StatusAnswer
		fails  bool
	}{
		"there":                   {200, `[{"id":"77","type":"SENT"}]`, time.Minute, smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{"77"}}, false},
		"not there, too early":    {200, `[]`, 14 * time.Minute, smsir.StatusAnswer{}, false},
		"not there":               {200, `[]`, 15 * time.Minute, smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, false},
		"something else":          {200, `{}`, time.Hour, smsir.StatusAnswer{}, false},
		"a message without an id": {200, `[{"type":"SENT"}]`, time.Hour, smsir.StatusAnswer{}, false},
		"a reply":                 {200, `[{"id":"1","type":"RECEIVED"}]`, time.Hour, smsir.StatusAnswer{}, false},
		"not found":               {404, `[]`, time.Hour, smsir.StatusAnswer{}, false},
		"an error":                {500, `[]`, time.Hour, smsir.StatusAnswer{}, false},
		"no JSON":                 {200, `<html>`, time.Hour, smsir.StatusAnswer{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capture(t, tt.status, tt.body)
			p, _ := opened(t, settings(strings.ReplaceAll(example(t, "bulksms"), "https://api.bulksms.com", c.URL)), atNoon)
			got, err := p.(smsir.StatusQuerier).QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, To: takes, StartedAt: noon.Add(-tt.age)})
			if (err != nil) != tt.fails || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %+v, %v, want %+v, failing %v", got, err, tt.want, tt.fails)
			}
			if want := "userSuppliedId=" + attempt.Format(smsir.PrefixAttempt); c.last.method != http.MethodGet || c.last.path != "/v1/messages" || c.last.query["filter"][0] != want {
				t.Errorf("asked %s %s %v, want the filter %s", c.last.method, c.last.path, c.last.query, want)
			}
		})
	}
}

// deduping is an upstream that takes a key only once, and answers what it answered the first time.
type deduping struct {
	mu   sync.Mutex
	took map[string]string
	keys []string
	lose int // that many answers get lost
}

func (d *deduping) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	key := r.Header.Get("Idempotency-Key")
	d.mu.Lock()
	d.keys = append(d.keys, key)
	if d.took[key] == "" {
		d.took[key] = fmt.Sprint("id", len(d.took)+1)
	}
	id := d.took[key]
	d.lose--
	lost := d.lose >= 0
	d.mu.Unlock()
	if lost {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answer(w, http.StatusOK, object1{"id": id})
}

const dedupes = `name: x
send:
  url: https://far.example/send
  headers: {Idempotency-Key: "{{attempt}}"}
  json: {to: "{{to}}", text: "{{text}}"}
answer: {id: id, code: code}
errors:
  busy: {class: throttle, text: Slow down.}
dedupe: {for: 30m, duplicate: [have-it, "HTTP 208"]}
`

// TestHandedOverAgain: an attempt whose answer was lost is handed over once more with the same key, and the upstream has
// it once.
func TestHandedOverAgain(t *testing.T) {
	t.Parallel()
	d := &deduping{took: map[string]string{}, lose: 2}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	p, _ := opened(t, settings(strings.ReplaceAll(dedupes, "https://far.example", server.URL)), atNoon)
	s := submission(takes, "hi")
	if _, err := p.Send(t.Context(), s); err == nil {
		t.Fatal("no error although the answer was lost")
	}
	q := smsir.StatusQuery{Attempt: attempt, To: takes, Text: "hi", StartedAt: noon.Add(-time.Minute), Again: &s}
	ask := func(q smsir.StatusQuery) smsir.StatusAnswer {
		t.Helper()
		got, err := p.(smsir.StatusQuerier).QueryStatus(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask(q); got.Verdict != smsir.VerdictUnknown {
		t.Errorf("got %+v of an answer that was lost again, want unknown", got)
	}
	want := smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{"id1"}}
	if got := ask(q); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	key := attempt.Format(smsir.PrefixAttempt)
	if !reflect.DeepEqual(d.keys, []string{key, key, key}) || len(d.took) != 1 {
		t.Errorf("the keys %q made %d messages, want one key three times and one message", d.keys, len(d.took))
	}
	for name, change := range map[string]func(*smsir.StatusQuery){
		"nothing may leave": func(q *smsir.StatusQuery) { q.Again = nil },
		"forgotten there":   func(q *smsir.StatusQuery) { q.StartedAt = noon.Add(-30 * time.Minute) },
		"another attempt":   func(q *smsir.StatusQuery) { q.Attempt++ },
	} {
		changed := q
		change(&changed)
		if got := ask(changed); got.Verdict != smsir.VerdictUnknown || len(d.keys) != 3 {
			t.Errorf("%s: got %+v after %d requests, want unknown and no request", name, got, len(d.keys))
		}
	}
}

// TestAnswersToAgain: only a yes, or the words for "I have it", prove something.
func TestAnswersToAgain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status  int
		body    string
		verdict smsir.Verdict
	}{
		{200, `{"id":"a"}`, smsir.VerdictAccepted},
		{409, `{"code":"have-it"}`, smsir.VerdictAccepted},
		{409, `{"code":"have-it","id":"a"}`, smsir.VerdictAccepted},
		{208, `{}`, smsir.VerdictAccepted},
		{409, `{"code":"other"}`, smsir.VerdictUnknown},
		{401, `{"code":"login"}`, smsir.VerdictUnknown},
		{429, `{"code":"busy"}`, smsir.VerdictUnknown},
		{400, `{"code":"bad"}`, smsir.VerdictUnknown},
		{500, ``, smsir.VerdictUnknown},
		{200, `{}`, smsir.VerdictUnknown},
	} {
		c := capture(t, tt.status, tt.body)
		p, _ := opened(t, settings(strings.ReplaceAll(dedupes, "https://far.example", c.URL)), atNoon)
		s := submission(takes, "hi")
		got, err := p.(smsir.StatusQuerier).QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, To: takes, StartedAt: noon, Again: &s})
		hasID := strings.Contains(tt.body, `"a"`)
		if err != nil || got.Verdict != tt.verdict || (len(got.References) == 1) != hasID || c.calls != 1 {
			t.Errorf("%d %s: got %+v, %v after %d requests, want verdict %d after one", tt.status, tt.body, got, err, c.calls, tt.verdict)
		}
	}
}

// TestCheckAndBalance: what the account's questions come to.
func TestCheckAndBalance(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		example string
		status  int
		body    string
		check   smsir.Code
		balance smsir.Balance
		code    smsir.Code // of the balance's error
	}{
		"BulkSMS":                {"bulksms", 200, `{"credits":{"balance":-4.5}}`, "", smsir.Balance{Amount: "-4.5", Currency: "credits"}, ""},
		"BulkSMS, no login":      {"bulksms", 401, `{"type":"x"}`, smsir.CodeCredentialsRefused, smsir.Balance{}, smsir.CodeCredentialsRefused},
		"BulkSMS, no balance":    {"bulksms", 200, `{"credits":{}}`, "", smsir.Balance{}, smsir.CodeProviderUnreachable},
		"BulkSMS, odd balance":   {"bulksms", 200, `{"credits":{"balance":"lots"}}`, "", smsir.Balance{}, smsir.CodeProviderUnreachable},
		"BulkSMS, broken":        {"bulksms", 500, `oh`, smsir.CodeProviderUnreachable, smsir.Balance{}, smsir.CodeProviderUnreachable},
		"ClickSend":              {"clicksend", 200, `{"response_code":"SUCCESS","data":{"balance":"0.74","_currency":{"currency_name_short":"AUD"}}}`, "", smsir.Balance{Amount: "0.74", Currency: "AUD"}, ""},
		"ClickSend, 200 but no":  {"clicksend", 200, `{"response_code":"NO"}`, smsir.CodeProviderUnreachable, smsir.Balance{}, smsir.CodeProviderUnreachable},
		"ClickSend, proxy's 403": {"clicksend", 403, `<html>`, smsir.CodeCredentialsRefused, smsir.Balance{}, smsir.CodeCredentialsRefused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capture(t, tt.status, tt.body)
			d := dialects()[tt.example]
			p, _ := opened(t, settings(strings.ReplaceAll(example(t, tt.example), d.base, c.URL)), atNoon)
			if err := p.(smsir.CredentialChecker).CheckCredentials(t.Context()); smsir.CodeOf(err) != tt.check || (err == nil) != (tt.check == "") {
				t.Errorf("check: got %v, want code %q", err, tt.check)
			}
			got, err := p.(smsir.BalanceReporter).Balance(t.Context())
			if got != tt.balance || smsir.CodeOf(err) != tt.code || (err == nil) != (tt.code == "") {
				t.Errorf("balance: got %+v, %v, want %+v, code %q", got, err, tt.balance, tt.code)
			}
			if user, password, _ := (&http.Request{Header: c.last.header}).BasicAuth(); user != "user" || password != "hush-hush" || c.last.method != http.MethodGet {
				t.Errorf("asked with %s as %s %s", c.last.method, user, password)
			}
		})
	}
	c := capture(t, 200, "")
	c.Close()
	p, _ := opened(t, settings(strings.ReplaceAll(example(t, "bulksms"), "https://api.bulksms.com", c.URL)), atNoon)
	if err := p.(smsir.CredentialChecker).CheckCredentials(t.Context()); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("nobody there: got %v", err)
	}
}
