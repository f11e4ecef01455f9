package httpd

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestMalformedBodies: what is no proper JSON request is refused with its documented problem, and stores
// nothing.
func TestMalformedBodies(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	const good = `{"to":"+12025550100","text":"x"}`
	header := func(pairs ...string) map[string]string {
		h := map[string]string{}
		for i := 0; i < len(pairs); i += 2 {
			h[pairs[i]] = pairs[i+1]
		}
		return h
	}
	var wide bytes.Buffer // UTF-16 with its mark
	for _, u := range append([]uint16{0xfeff}, utf16.Encode([]rune(good))...) {
		wide.Write([]byte{byte(u), byte(u >> 8)})
	}
	var packed bytes.Buffer // 64 MiB of zeros in 64 KiB
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, body string
		header     map[string]string
		status     int
		code       smsir.Code
	}{
		{"empty", "", header("Content-Type", jsonType), 400, api.CodeMalformed},
		{"null", "null", nil, 422, smsir.CodeInvalid},
		{"array", "[]", nil, 422, smsir.CodeInvalid},
		{"text", `"x"`, nil, 422, smsir.CodeInvalid},
		{"10 MB", `{"to":"` + strings.Repeat("1", 10<<20) + `"}`, nil, 413, api.CodeTooLarge},
		{"just too large", good + strings.Repeat(" ", defaultMaxBody-len(good)+1), nil, 413, api.CodeTooLarge},
		{"depth 10,000", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), nil, 400, api.CodeMalformed},
		{"repeated name", `{"to":"+12025550100","to":"+12025550101","text":"x"}`, nil, 400, api.CodeMalformed},
		{"number for text", `{"to":1` + strings.Repeat("0", 400) + `,"text":"x"}`, nil, 422, smsir.CodeInvalid},
		{"1e400", `{"to":1e400,"text":"x"}`, nil, 422, smsir.CodeInvalid},
		{"NaN", `{"to":NaN,"text":"x"}`, nil, 400, api.CodeMalformed},
		{"lone surrogate", `{"to":"+12025550100","text":"\ud800"}`, nil, 400, api.CodeMalformed},
		{"NUL in text", `{"to":"+12025550100","text":"a\u0000b"}`, nil, 400, api.CodeMalformed},
		{"byte order mark", "\ufeff" + good, nil, 400, api.CodeMalformed},
		{"UTF-16", wide.String(), nil, 400, api.CodeMalformed},
		{"Latin-1", "{\"to\":\"+12025550100\",\"text\":\"caf\xe9\"}", nil, 400, api.CodeMalformed},
		{"charset of another kind", good, header("Content-Type", "application/json; charset=iso-8859-1"), 400, api.CodeMalformed},
		{"trailing garbage", good + "x", nil, 400, api.CodeMalformed},
		{"two values", good + good, nil, 400, api.CodeMalformed},
		{"__proto__", `{"to":"+12025550100","text":"x","__proto__":{"admin":true}}`, nil, 422, smsir.CodeInvalid},
		{"constructor", `{"to":"+12025550100","text":"x","constructor":{}}`, nil, 422, smsir.CodeInvalid},
		{"account_id", `{"to":"+12025550100","text":"x","account_id":"1"}`, nil, 422, smsir.CodeInvalid},
		{"role", `{"to":"+12025550100","text":"x","role":"owner"}`, nil, 422, smsir.CodeInvalid},
		{"no Content-Type", good, header("Content-Type", ""), 415, api.CodeMediaType},
		{"text/plain", good, header("Content-Type", "text/plain"), 415, api.CodeMediaType},
		{"a form", "to=%2B12025550100&text=x", header("Content-Type", "application/x-www-form-urlencoded"), 415, api.CodeMediaType},
		{"no media type at all", good, header("Content-Type", ";;;"), 415, api.CodeMediaType},
		{"xml", "<a/>", header("Content-Type", "application/xml"), 415, api.CodeMediaType},
		{"gzip bomb", packed.String(), header("Content-Encoding", "gzip"), 415, api.CodeMediaType},
		{"HTML", "<script>alert(1)</script>", nil, 400, api.CodeMalformed},
	}
	for _, tt := range tests {
		a := g.do(request{method: "POST", path: "/v1/messages", as: owner.token, body: tt.body, header: tt.header})
		var p api.Problem
		a.read(t, &p)
		if a.status != tt.status || p.Code != string(tt.code) || p.Detail == "" {
			t.Errorf("%s: %d %s, want %d %s", tt.name, a.status, a.body, tt.status, tt.code)
		}
		if len(a.body) > 2000 {
			t.Errorf("%s: the problem has %d bytes", tt.name, len(a.body))
		}
	}
	for _, fine := range []map[string]string{
		header("Content-Type", "application/json; charset=UTF-8"), header("Content-Type", "Application/JSON"),
		header("X-HTTP-Method-Override", "DELETE"),
	} {
		g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: good, header: fine}, 202, nil)
	}
	var list api.MessageList
	g.ok(request{method: "GET", path: "/v1/messages", as: owner.token}, 200, &list)
	if len(list.Items) != 3 {
		t.Errorf("%d messages are stored, want the 3 good ones", len(list.Items))
	}
}

// TestNumbers: what people type as a number, and what becomes of it.
func TestNumbers(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for to, want := range map[string]string{ // E.164, or the code of the fault
		"+12025550100": "+12025550100", " +1 (202) 555-0100 ": "+12025550100", "202-555-0100": "+12025550100", "011447700900123": "+447700900123",
		"＋１２０２５５５０１００": "+12025550100", "+١٢٠٢٥٥٥٠١٠٠": "+12025550100", "tel:+1-202-555-0100": "+12025550100",
		"+": "number_invalid", "+1": "number_too_short", "12": "number_too_short", "+12025550100123456789": "number_too_long",
		"hello": "number_invalid", "+999999999999": "number_invalid", "+1202555010O": "number_invalid", "'; DROP TABLE messages; --": "number_invalid",
	} {
		a := g.do(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":` + quote(to) + `,"text":"x"}`})
		var m struct {
			To     string
			Errors []api.FieldError
		}
		a.read(t, &m)
		got := m.To
		if a.status != 202 && len(m.Errors) == 1 && m.Errors[0].Field == "to" {
			got = m.Errors[0].Code
		}
		if got != want {
			t.Errorf("%q: %d %s, want %s", to, a.status, a.body, want)
		}
	}
	for from, want := range map[string]string{ // "" is accepted
		"SMSir": "", "My Shop": "", "+12025550123": "", "12345": "", "TwelveLetter": "sender_too_long", "Shop😀": "sender_not_ascii",
		"М-РЕЅА": "sender_not_ascii", "Shop\u202e": "sender_invisible", "Shop\u200b": "sender_invisible", "a\nb": "sender_invisible",
	} {
		a := g.do(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x","from":` + quote(from) + `}`})
		var p api.Problem
		a.read(t, &struct{ Errors *[]api.FieldError }{&p.Errors})
		got := ""
		if a.status != 202 && len(p.Errors) == 1 && p.Errors[0].Field == "from" {
			got = p.Errors[0].Code
		} else if a.status != 202 {
			got = string(a.body)
		}
		if got != want {
			t.Errorf("from %q: %d %s, want %q", from, a.status, a.body, want)
		}
	}
}

// TestTexts: hostile texts are stored and shown as they are, or refused; never something in between.
func TestTexts(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	for name, tt := range map[string]struct {
		text     string
		segments int // 0: refused with 422
		encoding string
	}{
		"empty":                {"", 0, ""},
		"one character":        {"a", 1, "gsm7"},
		"160":                  {strings.Repeat("a", 160), 1, "gsm7"},
		"161":                  {strings.Repeat("a", 161), 2, "gsm7"},
		"80 of the extension":  {strings.Repeat("€", 80), 1, "gsm7"},
		"81 of the extension":  {strings.Repeat("€", 81), 2, "gsm7"},
		"70 in UCS-2":          {strings.Repeat("Ж", 70), 1, "ucs2"},
		"71 in UCS-2":          {strings.Repeat("Ж", 71), 2, "ucs2"},
		"1,600":                {strings.Repeat("a", 1600), 11, "gsm7"},
		"1,601":                {strings.Repeat("a", 1601), 0, ""},
		"a family at the edge": {strings.Repeat("Ж", 60) + "👨‍👩‍👧‍👦", 2, "ucs2"},
		"escape alone":         {"a\x1bb", 0, ""},
		"delete":               {"a\x7fb", 0, ""},
		"line ends only":       {"\r\n", 1, "gsm7"},
		"formula":              {`=cmd|'/C calc'!A0`, 1, "gsm7"},
		"template":             {"{{7*7}} ${7*7} <?php echo 1; ?> %s %00", 1, "gsm7"},
		"script":               {`<script>alert(1)</script>`, 1, "gsm7"},
	} {
		var m api.Message
		r := request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":` + quote(tt.text) + `}`}
		if tt.segments == 0 {
			g.refused(r, 422, smsir.CodeInvalid)
			continue
		}
		g.ok(r, 202, &m)
		if m.Text != tt.text || m.Segments != tt.segments || m.Encoding != tt.encoding {
			t.Errorf("%s: %d segments of %s: %q, want %d of %s: %q", name, m.Segments, m.Encoding, m.Text, tt.segments, tt.encoding, tt.text)
		}
	}
}

// quote writes s as JSON, control characters as escapes.
func quote(s string) string {
	b, err := appendJSON(s)
	if err != nil {
		panic(err)
	}
	return strings.TrimSpace(string(b))
}

// TestRawHTTP sends bytes that no client library would.
func TestRawHTTP(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = NewHTTPServer(g.s.Handler(), nil)
	srv.Start()
	t.Cleanup(srv.Close)
	addr := srv.Listener.Addr().String()
	ask := func(raw string) int {
		t.Helper()
		c, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, raw); err != nil {
			return 0 // the server hung up while we wrote
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
		res, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return 0
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	const good = `{"to":"+12025550100","text":"x"}`
	head := "POST /v1/messages HTTP/1.1\r\nHost: " + addr + "\r\nAuthorization: Bearer " + owner.token + "\r\nContent-Type: application/json\r\n"
	length := func(n int) string { return fmt.Sprintf("Content-Length: %d\r\n", n) }
	for name, tt := range map[string]struct {
		raw  string
		want []int // 0: the connection is closed without an answer
	}{
		"good":                      {head + length(len(good)) + "\r\n" + good, []int{202}},
		"chunked":                   {head + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(good), good), []int{202}},
		"a chunk with a lying size": {head + "Transfer-Encoding: chunked\r\n\r\nfff\r\n" + good, []int{400}},
		"a chunk size that is none": {head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + good + "\r\n0\r\n\r\n", []int{400}},
		"a body that ends early":    {head + length(len(good)+10) + "\r\n" + good, []int{400}},
		"two different lengths":     {head + length(len(good)) + length(5) + "\r\n" + good, []int{400}},
		"length and chunks":         {head + length(5) + "Transfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(good), good), []int{400, 202}},
		"a coding nobody knows":     {head + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", []int{400, 501}},
		"negative length":           {head + length(-1) + "\r\n" + good, []int{400}},
		"a header of 1 MB":          {head + "X-Big: " + strings.Repeat("x", 1<<20) + "\r\n\r\n", []int{431, 0}},
		"a header without colon":    {head + "Nonsense\r\n\r\n", []int{400}},
		"a header with a space":     {head + "Content-Length : 5\r\n\r\n", []int{400}},
		"not HTTP":                  {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", []int{400, 0}},
		"no Host":                   {"GET /healthz HTTP/1.1\r\n\r\n", []int{400}},
		"a path that is not clean":  {"GET /v1//messages HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}},
		"a path with dots":          {"GET /v1/../v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", []int{404}},
		"a method nobody knows":     {"BREW /v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", []int{405}},
		"TRACE":                     {"TRACE /v1/messages HTTP/1.1\r\nHost: x\r\n\r\n", []int{405}},
	} {
		got := ask(tt.raw)
		ok := false
		for _, w := range tt.want {
			ok = ok || got == w
		}
		if !ok {
			t.Errorf("%s: %d, want %v", name, got, tt.want)
		}
	}
}

// TestServerHasNoEndlessWait: every time limit of the server is set.
func TestServerHasNoEndlessWait(t *testing.T) {
	t.Parallel()
	v := reflect.ValueOf(NewHTTPServer(http.NotFoundHandler(), nil)).Elem()
	seen := 0
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Type != reflect.TypeFor[time.Duration]() || !f.IsExported() {
			continue
		}
		seen++
		if v.Field(i).Int() <= 0 {
			t.Errorf("%s is not set", f.Name)
		}
	}
	if seen < 4 {
		t.Errorf("only %d time limits: the test looks in the wrong place", seen)
	}
	if n := v.FieldByName("MaxHeaderBytes").Int(); n <= 0 || n > 64<<10 {
		t.Errorf("MaxHeaderBytes is %d", n)
	}
}

// TestCallerWhoLeftGetsNoAnswer: an answer that nobody wrote would reach a caller who still listens as an empty 200.
func TestCallerWhoLeftGetsNoAnswer(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/v1/messages", http.NoBody)
	defer func() {
		if p := recover(); p != http.ErrAbortHandler { //nolint:errorlint // a panic value, compared as net/http does
			t.Errorf("panicked with %v, want %v", p, http.ErrAbortHandler)
		}
	}()
	g.s.fail(httptest.NewRecorder(), r, fmt.Errorf("read the list: %w", context.Canceled))
	t.Error("answered")
}
