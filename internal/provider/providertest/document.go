package providertest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// AgainstDocument holds the requests of an adapter, and the answers that f gives to them, against the provider's own
// OpenAPI document: a file of the folder that SMSIR_PROVIDER_SPECS names. The test is skipped when there is no folder. use
// gets the address of a server that passes everything on to f, and returns how many requests it made. newer are names of
// fields and parameters that came to the API after the document was written.
func AgainstDocument(t *testing.T, file string, f *Far, use func(base string) (requests int), newer ...string) {
	t.Helper()
	folder := os.Getenv("SMSIR_PROVIDER_SPECS")
	if folder == "" {
		t.Skipf("NOT RUN: the provider's document is not there. Set SMSIR_PROVIDER_SPECS to the folder with %s.", file)
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, file))
	if err != nil {
		t.Fatal(err)
	}
	// The paths name their server themselves; here it is the far side.
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
		for _, op := range item.Operations() {
			forgive(op)
		}
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	var checked atomic.Int64
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		w2 := httptest.NewRecorder()
		f.ServeHTTP(w2, r)
		checkCall(t, router, r, body, w2, newer)
		checked.Add(1)
		maps.Copy(w.Header(), w2.Header())
		w.WriteHeader(w2.Code)
		_, _ = w.Write(w2.Body.Bytes())
	}))
	t.Cleanup(between.Close)
	if want := use(between.URL); int64(want) != checked.Load() {
		t.Errorf("%d requests were checked, want %d", checked.Load(), want)
	}
}

// forgive mends what documents are loose in: a form that does not say that it is an object, and alternatives of an answer
// which are not as exclusive as they are said to be.
func forgive(op *openapi3.Operation) {
	if op.RequestBody != nil {
		for _, media := range op.RequestBody.Value.Content {
			if media.Schema != nil && media.Schema.Value.Type == nil && len(media.Schema.Value.Properties) > 0 {
				media.Schema.Value.Type = &openapi3.Types{"object"}
			}
		}
	}
	for _, answer := range op.Responses.Map() {
		for _, media := range answer.Value.Content {
			if media.Schema != nil {
				s := media.Schema.Value
				s.AnyOf, s.OneOf = append(s.AnyOf, s.OneOf...), nil
			}
		}
	}
}

// checkCall holds one request and its answer against the document.
func checkCall(t *testing.T, router routers.Router, r *http.Request, body []byte, answer *httptest.ResponseRecorder, newer []string) {
	t.Helper()
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := router.FindRoute(r)
	if err != nil {
		t.Errorf("%s %s is not in the document: %v", r.Method, r.URL.Path, err)
		return
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateRequest(t.Context(), in); err != nil {
		t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	checkNames(t, route.Operation, r, body, newer)
	out := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: answer.Code, Header: answer.Header(), Body: io.NopCloser(answer.Body), Options: in.Options,
	}
	answered := answer.Body.Bytes()
	if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
		t.Errorf("our answer to %s %s: %v", r.Method, r.URL.Path, err)
	}
	answer.Body = bytes.NewBuffer(answered)
}

// checkNames looks for fields and filters that the document does not know: its schemas let others pass.
func checkNames(t *testing.T, op *openapi3.Operation, r *http.Request, body []byte, newer []string) {
	t.Helper()
	for name := range r.URL.Query() {
		if op.Parameters.GetByInAndName("query", name) == nil && !slices.Contains(newer, name) {
			t.Errorf("%s %s: the document has no parameter %q", r.Method, r.URL.Path, name)
		}
	}
	if len(body) == 0 {
		return
	}
	kind, fields, err := namesIn(r, body)
	if err != nil {
		t.Errorf("%s %s: the body is neither a form nor a JSON object: %v", r.Method, r.URL.Path, err)
		return
	}
	schema := op.RequestBody.Value.Content.Get(kind).Schema
	for name := range fields {
		if !hasField(schema, name) && !slices.Contains(newer, name) {
			t.Errorf("%s %s: the document has no field %q", r.Method, r.URL.Path, name)
		}
	}
}

// namesIn are the names of the fields in a body, and of what kind it is.
func namesIn(r *http.Request, body []byte) (kind string, fields map[string]any, err error) {
	kind, _, err = mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return kind, fields, json.Unmarshal(body, &fields)
	}
	form, err := url.ParseQuery(string(body))
	fields = map[string]any{}
	for name := range form {
		fields[name] = nil
	}
	return kind, fields, err
}

// hasField reports whether a schema, or one that it is made of, has a field.
func hasField(schema *openapi3.SchemaRef, name string) bool {
	return schema.Value.Properties[name] != nil ||
		slices.ContainsFunc(schema.Value.AllOf, func(part *openapi3.SchemaRef) bool { return hasField(part, name) })
}
