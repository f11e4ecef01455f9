package httpapi

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func atNoon() time.Time { return noon }

// captured is a server that keeps the last request, and answers as it is told.
type captured struct {
	*httptest.Server
	last   call
	calls  int
	status int
	body   string
	header http.Header
}

func capture(t *testing.T, status int, body string) *captured {
	c := &captured{status: status, body: body, header: http.Header{}}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		c.last = call{method: r.Method, path: r.URL.EscapedPath(), query: r.URL.Query(), header: r.Header.Clone(), body: string(body)}
		c.calls++
		for name, v := range c.header {
			w.Header()[name] = v
		}
		w.WriteHeader(c.status)
		_, _ = w.Write([]byte(c.body))
	}))
	t.Cleanup(c.Close)
	return c
}

// TestPlacesOfValues: each place escapes what is put there, so that a message cannot be more than a value.
func TestPlacesOfValues(t *testing.T) {
	t.Parallel()
	const evil = "a\"b</x>&c=d%&e\\\u2028/../?#+ ü"
	for name, tt := range map[string]struct {
		send string // below send, URL aside
		body string
		path string
		kind string
	}{
		"JSON": {"  json: {a: \"<{{text}}>\", n: \"{{segments|number}}\", t: true, x: null, l: [1.50, -2e3], \"o?\": \"{{callback}}\"}", `{"a":` + jsonString("<"+evil+">") + `,"n":2,"t":true,"x":null,"l":[1.50,-2e3]}`, "/p", "application/json"},
		"form": {"  form: {a: \"{{text}}\", \"o?\": \"{{callback}}\", l: [x, \"{{encoding}}\"]}", "a=a%22b%3C%2Fx%3E%26c%3Dd%25%26e%5C%E2%80%A8%2F..%2F%3F%23%2B+%C3%BC&l=x&l=gsm7", "/p", "application/x-www-form-urlencoded"},
		"XML":  {"  xml: \"<a b='{{text}}'>{{text}}</a>\"", "<a b='a&#34;b&lt;/x&gt;&amp;c=d%&amp;e\\\u2028/../?#+ ü'>a&#34;b&lt;/x&gt;&amp;c=d%&amp;e\\\u2028/../?#+ ü</a>", "/p", "application/xml; charset=utf-8"},
		"text": {"  text: \"To: {{to|digits}} {{text}}\"", "To: 12025550120 " + evil, "/p", "text/plain; charset=utf-8"},
		"path": {"  content: x", "", "/p/a%22b%3C%2Fx%3E&c=d%25&e%5C%E2%80%A8%2F..%2F%3F%23+%20%C3%BC/x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capture(t, 200, `{"id":"1"}`)
			send := "send:\n  url: " + c.URL + "/p\n" + tt.send
			if name == "path" {
				send = "send:\n  url: " + c.URL + "/p/{{text}}/x"
			}
			p, _ := opened(t, settings("name: x\n"+send+"\nanswer: {id: id}\n"), atNoon)
			s := submission(takes, evil)
			s.Segments = 2
			if _, err := p.Send(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if c.last.body != tt.body || c.last.path != tt.path || c.last.header.Get("Content-Type") != tt.kind {
				t.Errorf("got  %q at %s as %q,\nwant %q at %s as %q", c.last.body, c.last.path, c.last.header.Get("Content-Type"), tt.body, tt.path, tt.kind)
			}
		})
	}
}

// TestValues: what each placeholder stands for.
func TestValues(t *testing.T) {
	t.Parallel()
	s := smsir.Submission{
		Attempt: attempt, Message: 815, To: takes, From: "+447700900123", Text: "Ж", Encoding: smsir.EncodingUCS2, Segments: 3, Class: smsir.OTP, Validity: 90 * time.Minute,
	}
	id := attempt.Format(smsir.PrefixAttempt)
	for placeholder, want := range map[string]string{
		"to": takes, "to|digits": "12025550120", "to|zeros": "0012025550120", "from": "+447700900123", "from.type": "number",
		"text": "Ж", "text|ucs2hex": "0416", "text|hex": "d096", "text|base64": "0JY=", "text|json": `"Ж"`, "text|url": "%D0%96", "text|xml": "Ж",
		"attempt": id, "attempt|upper": strings.ToUpper(id), "attempt.number": "4711", "message": smsir.ID(815).Format(smsir.PrefixMessage),
		"encoding": "ucs2", "class": "otp", "segments": "3", "validity": "5400", "validity.minutes": "90",
		"expires": "2026-11-23T13:30:00Z", "expires.unix": "1795440600", "now": "2026-11-23T12:00:00Z", "now.unix": "1795435200",
		"callback": callback + "?attempt=" + id, "callback.plain": callback, "secret.2": "hush-hush",
	} {
		p, a := opened(t, settings("name: x\nsend: {url: \"https://a.example\", text: \"{{"+placeholder+"}}\"}\nanswer: {id: id}\n"+calls), atNoon)
		v, fault := a.submitted(s, noon)
		if fault != nil {
			t.Fatal(fault)
		}
		if got, err := a.spec.send.body(v); err != nil || got != want {
			t.Errorf("{{%s}}: got %q, %v, want %q", placeholder, got, err, want)
		}
		_ = p
	}
}

// TestWaysToWriteIt: numbers, words, hexadecimal texts and bounds as a description wants them.
func TestWaysToWriteIt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		more, to, from string
		encoding       smsir.Encoding
		validity       time.Duration
		want           string // to from from.type encoding text validity; "" for an error
		code           string
	}{
		"as it is":               {"", takes, "ACME", 0, time.Hour, "+12025550120 ACME text gsm7 hi 3600", ""},
		"digits":                 {"numbers: {format: digits}", takes, sender, 0, time.Hour, "12025550120 12025550130 number gsm7 hi 3600", ""},
		"zeros":                  {"numbers: {format: zeros}", takes, "12345", 0, time.Hour, "0012025550120 12345 short gsm7 hi 3600", ""},
		"national":               {"numbers: {format: national, country_code: \"44\"}", "+447700900123", "+447700900124", 0, time.Hour, "07700900123 07700900124 number gsm7 hi 3600", ""},
		"national without trunk": {"numbers: {format: national, country_code: \"1\", trunk_prefix: \"\"}", takes, "ACME", 0, time.Hour, "2025550120 ACME text gsm7 hi 3600", ""},
		"another country":        {"numbers: {format: national, country_code: \"44\"}", takes, "ACME", 0, time.Hour, "", "bad_number"},
		"words":                  {"words: {encoding: {gsm7: \"0\", ucs2: \"8\"}, sender: {number: \"1\", text: \"5\"}}", takes, "ACME", smsir.EncodingUCS2, time.Hour, "+12025550120 ACME 5 8 hi 3600", ""},
		"hexadecimal":            {"text: {ucs2: hex}", takes, "ACME", smsir.EncodingUCS2, time.Hour, "+12025550120 ACME text ucs2 00680069 3600", ""},
		"not hexadecimal":        {"text: {ucs2: hex}", takes, "ACME", smsir.EncodingGSM7, time.Hour, "+12025550120 ACME text gsm7 hi 3600", ""},
		"too long":               {"validity: {min: 1m, max: 10h}", takes, "ACME", 0, 24 * time.Hour, "+12025550120 ACME text gsm7 hi 36000", ""},
		"too short":              {"validity: {min: 1m, max: 10h}", takes, "ACME", 0, -time.Second, "+12025550120 ACME text gsm7 hi 60", ""},
		"no sender":              {"", takes, "", 0, time.Hour, "", "no_sender"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := capture(t, 200, `{"id":"1"}`)
			p, _ := opened(t, settings("name: x\nsend:\n  url: "+c.URL+"\n  text: \"{{to}} {{from}} {{from.type}} {{encoding}} {{text}} {{validity}}\"\nanswer: {id: id}\n"+tt.more+"\n", settingSender, ""), atNoon)
			s := submission(tt.to, "hi")
			s.From, s.Encoding, s.Validity = tt.from, tt.encoding, tt.validity
			_, err := p.Send(t.Context(), s)
			var e *smsir.SendError
			switch {
			case tt.want != "" && (err != nil || c.last.body != tt.want):
				t.Errorf("got %q, %v, want %q", c.last.body, err, tt.want)
			case tt.want == "" && (!errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != tt.code || c.calls != 0):
				t.Errorf("got %v after %d calls, want not_sent, permanent, %s after none", err, c.calls, tt.code)
			}
		})
	}
}

// TestWhatCannotBeWritten: a value that does not fit its place stops the message before anything leaves.
func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]string{
		"line break in a header": "  headers: {X-Text: \"{{text}}\"}",
		"a word for a number":    "  json: {from: \"{{from|number}}\"}",
		"text for a number":      "  json: {a: {b: [\"{{text|number}}\"]}}",
	} {
		c := capture(t, 200, `{"id":"1"}`)
		p, _ := opened(t, settings("name: x\nsend:\n  url: "+c.URL+"\n"+send+"\nanswer: {id: id}\n"), atNoon)
		s := submission(takes, "a\nX-Evil: 1")
		s.From = "ACME"
		_, err := p.Send(t.Context(), s)
		var e *smsir.SendError
		if !errors.As(err, &e) || e.State != smsir.AttemptNotSent || e.Class != smsir.ClassPermanent || e.Code != "bad_request" || c.calls != 0 || strings.Contains(e.Error(), "Evil") {
			t.Errorf("%s: got %v after %d calls, want not_sent, permanent, bad_request after none", name, err, c.calls)
		}
	}
}

// TestLoggingIn: each way, and a header that replaces one of ours.
func TestLoggingIn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		auth   string
		header string
		want   string
		query  map[string][]string
	}{
		"basic":      {"auth: {basic: {username: me, password: \"{{secret.2}}\"}}", "Authorization", "Basic bWU6aHVzaC1odXNo", map[string][]string{}},
		"bearer":     {"auth: {bearer: \"{{secret.2}}\"}", "Authorization", "Bearer hush-hush", map[string][]string{}},
		"header":     {"auth: {header: {name: authorization, value: \"App {{secret.2}}\"}}", "Authorization", "App hush-hush", map[string][]string{}},
		"key":        {"auth: {header: {name: X-API-Key, value: \"{{secret.2}}\"}}", "X-Api-Key", "hush-hush", map[string][]string{}},
		"query":      {"auth: {query: {name: key, value: \"{{secret.2}}\"}}", "Authorization", "", map[string][]string{"key": {"hush-hush"}}},
		"none":       {"auth: none", "Authorization", "", map[string][]string{}},
		"Accept":     {"auth: {header: {name: accept, value: x/y}}", "Accept", "x/y", map[string][]string{}},
		"two values": {"auth: none", "X-Two", "a,b", map[string][]string{}},
	} {
		c := capture(t, 200, `{"id":"1"}`)
		p, _ := opened(t, settings("name: x\n"+tt.auth+"\nsend: {url: \""+c.URL+"\", headers: {x-two: [a, b]}, json: {}}\nanswer: {id: id}\n"), atNoon)
		if _, err := p.Send(t.Context(), submission(takes, "hi")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := strings.Join(c.last.header.Values(tt.header), ","); got != tt.want || !reflect.DeepEqual(c.last.query, tt.query) || c.last.body != "{}" {
			t.Errorf("%s: got %s %q, query %v, body %s; want %q, %v", name, tt.header, got, c.last.query, c.last.body, tt.want, tt.query)
		}
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	const rest = `
answer:
  accepted: {status: [200, 201], where: {at: ok, not: "false"}}
  refused: {status: [200, 400, 500], where: {at: ok, is: "false"}}
  id: ids.*
  code: error.code
  text: error.text
  price: {amount: cost, currency: unit}
  retry_after: wait
errors:
  "10": {class: permanent, text: Bad.}
  "11": {class: throttle, text: Slow.}
  "12": {class: unknown, text: Nobody knows.}
  "13": {class: retry, text: Later.}
  "14": {class: blocked, text: Opted out.}
  HTTP 402: {class: config, text: Pay.}
  HTTP 503: {class: retry, text: Full.}
`
	const bare = "\nanswer:\n  id: id\n  code: code\n"
	type want struct {
		ids      string
		state    smsir.AttemptState
		class    smsir.FailureClass
		code     string // the provider's
		wait     time.Duration
		unmapped bool
	}
	unknown := func(code string) want {
		return want{state: smsir.AttemptUnknown, class: smsir.ClassUnknown, code: code}
	}
	for i, tt := range []struct {
		rest   string
		status int
		body   string
		retry  string
		want   want
	}{
		{rest, 200, `{"ok":true,"ids":["a","b","a",""]}`, "", want{ids: "a b"}},
		{rest, 201, `{"ok":1,"ids":[7,12345678901234567890]}`, "", want{ids: "7 12345678901234567890"}},
		{rest, 202, `{"ok":true,"ids":["a"]}`, "", unknown("HTTP 202")},
		{rest, 200, `{"ok":true,"ids":[]}`, "", unknown("HTTP 200")},
		{rest, 200, `{"ids":["a"]}`, "", unknown("HTTP 200")}, // the condition has nothing to look at
		{rest, 200, `{"ok":true,"ids":["a"]} x`, "", unknown("HTTP 200")},
		{rest, 200, `{"ok":true,"ids":["a`, "", unknown("HTTP 200")},
		{rest, 200, ``, "", unknown("HTTP 200")},
		{rest, 200, `{"ok":true,"ids":["a"],"error":{"code":"10"}}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "10"}},
		{rest, 200, `{"ok":"false","error":{"code":10,"text":"no"}}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "10"}},
		{rest, 200, `{"ok":false,"error":{"code":"99"}}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "99", unmapped: true}},
		{rest, 200, `{"ok":false}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "HTTP 200", unmapped: true}},
		{rest, 200, `{"error":{"code":"99"}}`, "", unknown("99")},
		{rest, 200, `{"error":{"code":"11"},"wait":9}`, "4", want{state: smsir.AttemptNotSent, class: smsir.ClassThrottle, code: "11", wait: 9 * time.Second}},
		{rest, 200, `{"error":{"code":"11"}}`, "4", want{state: smsir.AttemptNotSent, class: smsir.ClassThrottle, code: "11", wait: 4 * time.Second}},
		{rest, 400, `{"error":{"code":"12"}}`, "", unknown("12")},
		{rest, 400, `{"error":{"code":"13"}}`, "60", want{state: smsir.AttemptRefused, class: smsir.ClassRetry, code: "13", wait: time.Minute}},
		{rest, 400, `{"error":{"code":"14"}}`, "60", want{state: smsir.AttemptRefused, class: smsir.ClassBlocked, code: "14"}},
		{rest, 500, `{"error":{"code":"10"}}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "10"}}, // the description says so
		{rest, 404, `{"error":{"code":"10"}}`, "", unknown("10")},                                                              // and not of this one
		{rest, 402, `<html>`, "", want{state: smsir.AttemptRefused, class: smsir.ClassConfig, code: "HTTP 402"}},
		{rest, 402, `{"error":{"code":"99"}}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassConfig, code: "99"}},
		{rest, 503, ``, "5", want{state: smsir.AttemptRefused, class: smsir.ClassRetry, code: "HTTP 503", wait: 5 * time.Second}},
		{rest, 502, `{"error":{"code":"10"}}`, "", unknown("10")},
		{rest, 307, `{"ok":true,"ids":["a"]}`, "", unknown("HTTP 307")},
		{rest, 429, `<html>`, "7", want{state: smsir.AttemptNotSent, class: smsir.ClassThrottle, code: "HTTP 429", wait: 7 * time.Second}},
		{rest, 429, `{"error":{"code":"99"}}`, "", want{state: smsir.AttemptNotSent, class: smsir.ClassThrottle, code: "99"}},
		{bare, 200, `{"id":"a"}`, "", want{ids: "a"}},
		{bare, 299, `{"id":"a"}`, "", want{ids: "a"}},
		{bare, 200, `{"id":null}`, "", unknown("HTTP 200")},
		{bare, 200, `{"id":{"x":1}}`, "", unknown("HTTP 200")},
		{bare, 200, `{"id":"` + strings.Repeat("x", 201) + `"}`, "", unknown("HTTP 200")},
		{bare, 200, `[]`, "", unknown("HTTP 200")},
		{bare, 400, `{"code":"7"}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "7", unmapped: true}},
		{bare, 401, `{"code":"7"}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassConfig, code: "7", unmapped: true}},
		{bare, 404, `{"code":"7"}`, "", want{state: smsir.AttemptRefused, class: smsir.ClassConfig, code: "7", unmapped: true}},
		{bare, 400, `{}`, "", unknown("HTTP 400")},
		{bare, 400, `<html>`, "", unknown("HTTP 400")},
		{bare, 408, `{"code":"7"}`, "", unknown("7")},
		{bare, 429, `{"code":"7"}`, "", want{state: smsir.AttemptNotSent, class: smsir.ClassThrottle, code: "7"}},
		{bare, 500, `{"code":"7"}`, "", unknown("7")},
		{bare, 100, `{"id":"a"}`, "", unknown("HTTP 100")},
	} {
		_, a := opened(t, settings("name: x\nsend: {url: \"https://a.example\"}"+tt.rest), atNoon)
		h := http.Header{}
		if tt.retry != "" {
			h.Set("Retry-After", tt.retry)
		}
		got, err := a.judge(outcall.Response{Status: tt.status, Header: h, Body: []byte(tt.body)})
		what := fmt.Sprintf("%d: %d %s", i, tt.status, tt.body)
		if tt.want.state == 0 {
			if err != nil || strings.Join(got.References, " ") != tt.want.ids || !got.NoReceipt {
				t.Errorf("%s: got %+v, %v, want the ids %s", what, got, err, tt.want.ids)
			}
			continue
		}
		var e *smsir.SendError
		if !errors.As(err, &e) {
			t.Errorf("%s: got %+v, %v, want an error", what, got, err)
			continue
		}
		if g := (want{"", e.State, e.Class, e.ProviderCode, e.RetryAfter, e.Unmapped}); g != tt.want || e.Text == "" || e.Code == "" {
			t.Errorf("%s: got %+v (%v), want %+v", what, g, e, tt.want)
		}
	}
	_, a := opened(t, settings("name: x\nsend: {url: \"https://a.example\"}"+bare), atNoon)
	if _, err := a.judge(outcall.Response{Status: 200, Body: []byte(`{"id":"a"}`), Truncated: true}); err == nil {
		t.Error("an answer that was cut off was taken for a yes")
	}
}

// TestPrices: what the provider says that it charges, to a millionth.
func TestPrices(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]smsir.Money{
		`{"cost":"0.0075","unit":"usd"}`:               {Micros: 7500, Currency: "USD"},
		`{"cost":-0.0333,"unit":"EUR"}`:                {Micros: 33300, Currency: "EUR"},
		`{"cost":1e-3,"unit":"EUR"}`:                   {},
		`{"cost":"12","unit":"KES"}`:                   {Micros: 12000000, Currency: "KES"},
		`{"cost":"0.0000001","unit":"EUR"}`:            {Micros: 1, Currency: "EUR"},
		`{"cost":"0","unit":"EUR"}`:                    {Currency: "EUR"},
		`{"cost":"free","unit":"EUR"}`:                 {},
		`{"cost":"1","unit":"credits"}`:                {},
		`{"cost":"1e99","unit":"EUR"}`:                 {},
		`{"cost":"999999999999e99","unit":"EUR"}`:      {},
		`{"cost":"0x10","unit":"EUR"}`:                 {},
		`{"unit":"EUR"}`:                               {},
		`{"cost":[1],"unit":"EUR"}`:                    {},
		`{"cost":"0.123456789123456789","unit":"CHF"}`: {Micros: 123457, Currency: "CHF"},
	} {
		d := document{body: []byte(told)}
		if err := d.read(formatJSON); err != nil {
			t.Fatal(err)
		}
		p := priceRule{&source{path: []string{"cost"}, hasPath: true}, &source{path: []string{"unit"}, hasPath: true}}
		if got := p.read(&d); got != want {
			t.Errorf("%s: got %+v, want %+v", told, got, want)
		}
	}
}

// TestSecretsAreHidden: a provider that repeats the request in its error does not make us keep the key.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	c := capture(t, 400, `{"code":"7","text":"no such user: user:hush-hush"}`)
	p, _ := opened(t, settings("name: x\nsend: {url: \""+c.URL+"\"}\nanswer: {id: id, code: code, text: text}\n"), atNoon)
	_, err := p.Send(t.Context(), submission(takes, "hi"))
	var e *smsir.SendError
	if !errors.As(err, &e) || e.ProviderText != "no such user: user:•••" || strings.Contains(e.Error(), "hush") {
		t.Errorf("got %v, want the words without the secret", err)
	}
}
