package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestQueryStatus: what the list of messages proves about an attempt whose answer was lost.
func TestQueryStatus(t *testing.T) {
	t.Parallel()
	const text = "Your code is 4711"
	started := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	type message = map[string]any
	like := func(n int, change ...any) message {
		m := message{
			"sid": fmt.Sprintf("SM%032x", n), "direction": "outbound-api", "to": takes, "from": sender, "body": text,
			"date_created": started.Add(time.Second).Format(time.RFC1123Z), "date_sent": started.Add(2 * time.Second).Format(time.RFC1123Z),
		}
		for i := 0; i+1 < len(change); i += 2 {
			m[change[i].(string)] = change[i+1]
		}
		return m
	}
	one := like(1)["sid"].(string)
	at := func(d time.Duration) string { return started.Add(d).Format(time.RFC1123Z) }
	many := func(n int, m func(i int) message) (all []message) {
		for i := range n {
			all = append(all, m(i+10))
		}
		return all
	}
	for name, tt := range map[string]struct {
		list  []message
		after time.Duration // since the start
		owned []string
		from  string
		want  smsir.Verdict
		lists int
	}{
		"exactly one":                      {[]message{like(1)}, time.Second, nil, "", smsir.VerdictAccepted, 1},
		"one, not sent yet":                {[]message{like(1, "date_sent", nil, "unfiltered", true)}, 6 * time.Minute, nil, "", smsir.VerdictAccepted, 2},
		"one, beside old ones":             {[]message{like(1), like(2, "date_created", at(-time.Hour)), like(3, "date_created", at(time.Hour))}, time.Second, nil, "", smsir.VerdictAccepted, 1},
		"one, beside a reply":              {[]message{like(1), like(2, "direction", "inbound")}, time.Second, nil, "", smsir.VerdictAccepted, 1},
		"one, beside those of others":      {[]message{like(1), like(2), like(3)}, time.Second, []string{like(2)["sid"].(string), like(3)["sid"].(string)}, "", smsir.VerdictAccepted, 1},
		"one, beside another text":         {[]message{like(1), like(2, "body", "Hello")}, time.Second, nil, "", smsir.VerdictAccepted, 1},
		"one, on the last page":            {append(many(90, func(i int) message { return like(i, "body", "x") }), like(1)), time.Second, nil, "", smsir.VerdictAccepted, 2},
		"one, from the message's sender":   {[]message{like(1, "from", "ACME"), like(2)}, time.Second, nil, "ACME", smsir.VerdictAccepted, 1},
		"two":                              {[]message{like(1), like(2)}, time.Hour, nil, "", smsir.VerdictUnknown, 1},
		"two, one without a date":          {[]message{like(1), like(2, "date_created", nil)}, time.Hour, nil, "", smsir.VerdictUnknown, 1},
		"none, too early to tell":          {nil, settled - time.Second, nil, "", smsir.VerdictUnknown, 1},
		"none":                             {nil, settled, nil, "", smsir.VerdictNotAccepted, 2},
		"none but those of others":         {[]message{like(1), like(2)}, settled, []string{like(1)["sid"].(string), like(2)["sid"].(string)}, "", smsir.VerdictNotAccepted, 2},
		"none but old ones":                {[]message{like(1, "date_created", at(-time.Hour))}, time.Hour, nil, "", smsir.VerdictNotAccepted, 2},
		"another text: it may be it":       {[]message{like(1, "body", "Your code is …")}, time.Hour, nil, "", smsir.VerdictUnknown, 1},
		"no text: it may be it":            {[]message{like(1, "body", nil)}, time.Hour, nil, "", smsir.VerdictUnknown, 1},
		"more than can be read":            {many(520, func(i int) message { return like(i, "date_created", at(-time.Hour)) }), time.Hour, nil, "", smsir.VerdictUnknown, 20},
		"one, and more than can be read":   {append([]message{like(1)}, many(520, func(i int) message { return like(i, "date_created", at(-time.Hour)) })...), time.Hour, nil, "", smsir.VerdictUnknown, 10},
		"another recipient is another one": {[]message{like(1, "to", "+12025550199")}, settled, nil, "", smsir.VerdictNotAccepted, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			f.took = tt.list
			a := newAccount(t, f)
			a.now = func() time.Time { return started.Add(tt.after) }
			asked := 0
			got, err := a.QueryStatus(t.Context(), smsir.StatusQuery{
				Attempt: attempt, To: takes, From: tt.from, Text: text, StartedAt: started,
				Owned: func(_ context.Context, references []string) (owned []string, err error) {
					asked++
					for _, r := range references {
						if slices.Contains(tt.owned, r) {
							owned = append(owned, r)
						}
					}
					return owned, nil
				},
			})
			if err != nil || got.Verdict != tt.want || len(f.listed) != tt.lists {
				t.Errorf("got %+v, %v after %d lists, want verdict %d after %d", got, err, len(f.listed), tt.want, tt.lists)
			}
			if want := map[bool][]string{true: {one}}[tt.want == smsir.VerdictAccepted]; !slices.Equal(got.References, want) {
				t.Errorf("got references %q, want %q", got.References, want)
			}
			if len(tt.owned) > 0 && asked == 0 {
				t.Error("nobody was asked which of them belong to others")
			}
		})
	}
}

// TestQueryAsks: the filters of the lists.
func TestQueryAsks(t *testing.T) {
	t.Parallel()
	started := time.Date(2026, 11, 23, 0, 2, 0, 0, time.UTC)
	for name, tt := range map[string]struct {
		settings []string
		from     string
		want     string
	}{
		"default sender":        {nil, "", sender},
		"sender of the message": {nil, "ACME", "ACME"},
		"messaging service":     {[]string{settingService, service}, "", ""},
	} {
		f := newFar(t)
		a := newAccount(t, f, tt.settings...)
		a.now = func() time.Time { return started.Add(time.Hour) }
		if got, err := a.QueryStatus(t.Context(), smsir.StatusQuery{To: takes, From: tt.from, Text: "x", StartedAt: started}); err != nil || got.Verdict != smsir.VerdictNotAccepted {
			t.Errorf("%s: got %+v, %v, want not accepted", name, got, err)
		}
		first := url.Values{"To": {takes}, "PageSize": {"50"}, "DateSent>": {"2026-11-22T23:57:00Z"}} // earlier: clocks differ
		second := url.Values{"To": {takes}, "PageSize": {"50"}}
		if tt.want != "" {
			first.Set("From", tt.want)
			second.Set("From", tt.want)
		}
		if len(f.listed) != 2 || f.listed[0].Encode() != first.Encode() || f.listed[1].Encode() != second.Encode() {
			t.Errorf("%s: asked for %v, want %v and then %v", name, f.listed, first, second)
		}
	}
}

// TestQueryFails: what is no list proves nothing.
func TestQueryFails(t *testing.T) {
	t.Parallel()
	q := smsir.StatusQuery{To: takes, Text: "x", StartedAt: time.Now().Add(-time.Hour)}
	f := newFar(t)
	if got, err := newAccount(t, f, settingToken, "wrong").QueryStatus(t.Context(), q); err == nil {
		t.Errorf("wrong credentials: got %+v, want an error", got)
	}
	if got, err := newAccount(t, f, settingBase, f.URL+"/elsewhere").QueryStatus(t.Context(), q); err == nil {
		t.Errorf("404: got %+v, want an error", got)
	}
	for answer, why := range map[string]string{
		`{"messages":[],"next_page_uri":"https://api.example.net/more"}`: "it goes on at another server",
		`{"messages":[],"next_page_uri":"@api.example.net/more"}`:        "it goes on at another server",
		`{"hello":1}`: "it is no list", `<html>`: "it is no JSON",
	} {
		other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
		t.Cleanup(other.Close)
		if got, err := newAccount(t, f, settingBase, other.URL).QueryStatus(t.Context(), q); err == nil {
			t.Errorf("%s: got %+v, want an error", why, got)
		}
	}
	f.took = []map[string]any{{"sid": sms1, "to": takes, "from": sender}}
	down := errors.New("the store is down")
	q.Owned = func(context.Context, []string) ([]string, error) { return nil, down }
	if got, err := newAccount(t, f).QueryStatus(t.Context(), q); !errors.Is(err, down) {
		t.Errorf("the store is down: got %+v, %v, want that error", got, err)
	}
}
