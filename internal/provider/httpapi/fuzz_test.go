package httpapi

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// FuzzDescription: whatever somebody writes is refused with words, or makes a provider that neither a message nor an
// answer nor a call can bring down.
func FuzzDescription(f *testing.F) {
	for _, name := range []string{"bulksms", "clicksend", "kannel"} {
		f.Add(example(f, name), `[{"id":"1","type":"SENT","status":{"id":"SENT.null"}}]`)
	}
	f.Add(small+calls, `{"id":"1","s":"OK"}`)
	f.Add(dedupes, `{"id":{"a":[1,null,true]}}`)
	f.Add("name: &a x\nsend: *a\n", "")
	f.Add("? [a]\n: b\n", "<a><b c='d'>e</b></a>")
	f.Fuzz(tryDescription)
}

func tryDescription(t *testing.T, description, body string) {
	p, err := newKind(options{now: atNoon}).Open(smsir.ProviderConfig{Settings: settings(description), CallbackURL: callback})
	if err != nil {
		if smsir.CodeOf(err) != smsir.CodeInvalid || err.Error() == "" {
			t.Fatalf("got %v, want words about the description", err)
		}
		return
	}
	a := inside(p)
	v, fault := a.submitted(submission(takes, body), noon)
	if fault == nil {
		if req, err := a.spec.send.build(t.Context(), v); err == nil && req.URL.Scheme+"://"+req.URL.Host != a.spec.send.origin {
			t.Fatalf("the request goes to %s, want %s", req.URL, a.spec.send.origin)
		}
	}
	for _, status := range []int{200, 400, 500} {
		accepted, err := a.judge(outcall.Response{Status: status, Header: http.Header{}, Body: []byte(body)})
		if err == nil && status != 200 {
			t.Fatalf("an answer of %d was taken for a yes: %+v", status, accepted)
		}
	}
	_, _ = a.Callback(t.Context(), post(callback+"?a=b", "application/json", body))
}

// FuzzTemplate: what is put into a place stays one value there.
func FuzzTemplate(f *testing.F) {
	f.Add("{{text}}", "a\"b</x>&c=d")
	f.Add("x {{ text | upper }} {{to|digits}}", "ß\x00")
	f.Add("{{text|json}}{{", "}}")
	f.Fuzz(func(t *testing.T, text, value string) {
		parsed, err := parseTemplate(text, func(name string) bool { return name == "text" || name == "to" })
		if err != nil {
			return
		}
		v := values{"text": value, "to": takes}
		plain := parsed.plain(v)
		node := &jsonNode{members: []jsonMember{{name: "a", value: &jsonNode{text: parsed}}}}
		var b strings.Builder
		if _, err := node.write(&b, v); err == nil && !parsed.numeric() {
			var got map[string]string
			err := json.Unmarshal([]byte(b.String()), &got)
			if err != nil || len(got) != 1 || utf8.ValidString(plain) && got["a"] != plain {
				t.Fatalf("JSON %s (%v), want one member with %q", b.String(), err, plain)
			}
		}
		form := encode([]field{{name: "a", value: parsed}}, v, url.Values{}).Encode()
		if got, err := url.ParseQuery(form); err != nil || len(got) != 1 || got.Get("a") != plain {
			t.Fatalf("form %q, want one field with %q", form, plain)
		}
		escaped, _ := parsed.render(v, xmlText)
		literals, _ := parsed.render(nil, func(string) string { return "" })
		if !strings.ContainsAny(literals, "<&") && !strings.Contains(text, "|") {
			d := document{body: []byte("<x>" + escaped + "</x>")}
			if err := d.read(formatXML); err != nil && !strings.Contains(literals, "]]>") && validXML(literals) {
				t.Fatalf("XML %q: %v", d.body, err)
			}
		}
		path, _ := parsed.render(v, pathText)
		if got := strings.Count(path, "/") - strings.Count(literals, "/"); got != 0 {
			t.Fatalf("path %q has %d segments more", path, got)
		}
	})
}

// validXML reports whether a literal of a description could stand in XML at all; what a description says is checked when
// it is read.
func validXML(s string) bool {
	d := document{body: []byte("<x>" + s + "</x>")}
	return d.read(formatXML) == nil
}
