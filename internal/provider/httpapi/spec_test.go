package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/smsir/smsir"
)

// document loads an OpenAPI document from the folder that SMSIR_PROVIDER_SPECS names.
func officialDocument(t *testing.T, name string) *openapi3.T {
	t.Helper()
	folder := os.Getenv("SMSIR_PROVIDER_SPECS")
	if folder == "" {
		t.Skipf("NOT RUN: the provider's document is not there. Set SMSIR_PROVIDER_SPECS to the folder with %s.", name)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	doc.Servers = nil
	return doc
}

// between stands between an example and its far side, and hands every request and its answer to check.
func between(t *testing.T, f *far, check func(r *http.Request, sent []byte, answer *http.Response, body []byte)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorded := httptest.NewRecorder()
		f.ServeHTTP(recorded, r)
		r.Body = io.NopCloser(bytes.NewReader(body))
		check(r, body, recorded.Result(), recorded.Body.Bytes())
		maps.Copy(w.Header(), recorded.Header())
		w.WriteHeader(recorded.Code)
		_, _ = w.Write(recorded.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestOfficialDocumentBulkSMS holds what bulksms.yaml sends and asks, and the answers that our tests give to it, against
// BulkSMS's own OpenAPI document (bulksms.json).
func TestOfficialDocumentBulkSMS(t *testing.T) {
	t.Parallel()
	doc := officialDocument(t, "bulksms.json")
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	f := newFar(t, bulkSMS())
	url := between(t, f, func(r *http.Request, sent []byte, answer *http.Response, body []byte) {
		r.URL.Path = strings.TrimPrefix(r.URL.Path, "/v1")
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s is not in the document: %v", r.Method, r.URL.Path, err)
			return
		}
		validate(t, r, route, params, answer, body)
		for name := range r.URL.Query() {
			if route.Operation.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("the document has no parameter %q", name)
			}
		}
		if r.Method == http.MethodPost {
			known(t, route.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value.Items.Value, sent)
		}
		checked++
	})
	p, _ := opened(t, settings(strings.ReplaceAll(example(t, "bulksms"), "https://api.bulksms.com", url)), time.Now)
	for _, from := range []string{"", "ACME", "12345"} {
		s := submission(takes, tricky)
		s.From, s.Encoding = from, smsir.EncodingUCS2
		if _, err := p.Send(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	_, _ = p.Send(t.Context(), submission(invalidN, "hi")) // the answer that refuses is checked too
	if _, err := p.(smsir.StatusQuerier).QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, To: takes, StartedAt: time.Now()}); err != nil {
		t.Error(err)
	}
	if checked != 5 {
		t.Errorf("%d requests were checked, want 5", checked)
	}
}

func validate(t *testing.T, r *http.Request, route *routers.Route, params map[string]string, answer *http.Response, body []byte) {
	t.Helper()
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: answer.StatusCode, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
	}
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("our answer to %s %s: %v", r.Method, r.URL.Path, err)
	}
}

// known looks for fields of the first message that a schema does not know.
func known(t *testing.T, schema *openapi3.Schema, list []byte) {
	t.Helper()
	var messages []map[string]any
	if err := json.Unmarshal(list, &messages); err != nil || len(messages) != 1 {
		t.Fatalf("%s: %v", list, err)
	}
	for name := range messages[0] {
		if schema.Properties[name] == nil {
			t.Errorf("the document has no field %q", name)
		}
	}
}

// TestOfficialDocumentClickSend: the same of clicksend.yaml and ClickSend's document (clicksend.json). Its schema is of
// one message, while its example, and the interface, take a list of them under messages.
func TestOfficialDocumentClickSend(t *testing.T) {
	t.Parallel()
	doc := officialDocument(t, "clicksend.json")
	op := doc.Paths.Find("/sms/send").Post
	schema := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	wanted, _ := op.Responses.Value("200").Value.Content.Get("application/json").Examples["response"].Value.Value.(map[string]any)
	checked := 0
	f := newFar(t, clickSend())
	url := between(t, f, func(r *http.Request, sent []byte, _ *http.Response, body []byte) {
		if r.Method != http.MethodPost || r.URL.Path != "/v3/sms/send" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s as %s", r.Method, r.URL.Path, r.Header.Get("Content-Type"))
		}
		var request struct{ Messages json.RawMessage }
		if err := json.Unmarshal(sent, &request); err != nil {
			t.Fatal(err)
		}
		known(t, schema, request.Messages)
		var messages []any
		if err := json.Unmarshal(request.Messages, &messages); err != nil {
			t.Fatal(err)
		}
		if err := schema.VisitJSON(messages[0]); err != nil {
			t.Error(err)
		}
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Fatal(err)
		}
		within(t, "answer", answer, wanted)
		checked++
	})
	p, _ := opened(t, settings(strings.ReplaceAll(example(t, "clicksend"), "https://rest.clicksend.com", url)), time.Now)
	for _, from := range []string{"", "ACME"} {
		s := submission(takes, tricky)
		s.From = from
		if _, err := p.Send(t.Context(), s); err != nil {
			t.Error(err)
		}
	}
	if checked != 2 {
		t.Errorf("%d requests were checked, want 2", checked)
	}
	// The document's own answer is one that the example understands.
	document, err := json.Marshal(wanted)
	if err != nil {
		t.Fatal(err)
	}
	c := capture(t, 200, string(document))
	p, _ = opened(t, settings(strings.ReplaceAll(example(t, "clicksend"), "https://rest.clicksend.com", c.URL)), time.Now)
	got, err := p.Send(t.Context(), submission(takes, "hi"))
	if err != nil || len(got.References) != 4 || got.Price != (smsir.Money{Micros: 70000, Currency: "USD"}) {
		t.Errorf("of the document's own answer: got %+v, %v, want its four ids and the price", got, err)
	}
}

// within looks for keys of an answer of ours that the document's does not have.
func within(t *testing.T, path string, ours, theirs any) {
	t.Helper()
	switch x := ours.(type) {
	case map[string]any:
		y, _ := theirs.(map[string]any)
		for key, below := range x {
			if _, ok := y[key]; !ok {
				t.Errorf("%s.%s is not in the document", path, key)
				continue
			}
			within(t, path+"."+key, below, y[key])
		}
	case []any:
		y, _ := theirs.([]any)
		for _, below := range x {
			if len(y) == 0 {
				t.Errorf("%s is no list in the document", path)
				continue
			}
			within(t, path, below, y[0])
		}
	}
}
