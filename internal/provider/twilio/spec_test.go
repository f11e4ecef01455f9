package twilio

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"github.com/smsir/smsir"
)

// TestOfficialDocument holds our requests, and the answers that our tests give to them, against Twilio's own OpenAPI
// document (twilio_messages.json in the folder that SMSIR_PROVIDER_SPECS names).
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("SMSIR_PROVIDER_SPECS")
	if folder == "" {
		t.Skip("NOT RUN: Twilio's document is not there. Set SMSIR_PROVIDER_SPECS to the folder with twilio_messages.json.")
	}
	doc, err := openapi3.NewLoader().LoadFromFile(filepath.Join(folder, "twilio_messages.json"))
	if err != nil {
		t.Fatal(err)
	}
	// The paths name their server themselves; here it is the far side.
	doc.Servers = nil
	for _, item := range doc.Paths.Map() {
		item.Servers = nil
	}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	f := newFar(t)
	check := func(r *http.Request, answer *http.Response, body []byte) {
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
		checkParameters(t, route.Operation, r)
		out := &openapi3filter.ResponseValidationInput{
			RequestValidationInput: in, Status: answer.StatusCode, Header: answer.Header, Body: io.NopCloser(bytes.NewReader(body)), Options: in.Options,
		}
		if err := openapi3filter.ValidateResponse(t.Context(), out); err != nil {
			t.Errorf("our answer to %s %s: %v", r.Method, r.URL.Path, err)
		}
	}
	checked := 0
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		again := func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }
		r.Body = again()
		w2 := httptest.NewRecorder()
		f.ServeHTTP(w2, r)
		r.Body = again()
		check(r, w2.Result(), w2.Body.Bytes())
		checked++
		maps.Copy(w.Header(), w2.Header())
		w.WriteHeader(w2.Code)
		_, _ = w.Write(w2.Body.Bytes())
	}))
	t.Cleanup(between.Close)
	a := newAccount(t, f, settingBase, between.URL)
	s := submission(takes)
	for _, from := range []string{"", "ACME"} {
		s.From = from
		if _, err := a.Send(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.QueryStatus(t.Context(), smsir.StatusQuery{To: takes, Text: "other", StartedAt: time.Now().Add(-time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if err := a.CheckCredentials(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := a.Balance(t.Context()); err != nil {
		t.Error(err)
	}
	if checked != 6 { // two submissions, a list with and without a date, the account, and its balance
		t.Errorf("%d requests were checked, want 6", checked)
	}
}

// checkParameters looks for fields and filters that the document does not know.
func checkParameters(t *testing.T, op *openapi3.Operation, r *http.Request) {
	t.Helper()
	if r.Method == http.MethodGet {
		for name := range r.URL.Query() {
			if op.Parameters.GetByInAndName("query", name) == nil {
				t.Errorf("the document has no filter %q", name)
			}
		}
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Error(err)
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		t.Error(err)
	}
	schema := op.RequestBody.Value.Content.Get("application/x-www-form-urlencoded").Schema.Value
	for name := range form {
		if schema.Properties[name] == nil {
			t.Errorf("the document has no field %q", name)
		}
	}
	for _, name := range schema.Required {
		if !form.Has(name) {
			t.Errorf("the document requires the field %q", name)
		}
	}
	if len(form) != 5 {
		t.Errorf("the form is %v, want 5 fields", form)
	}
}
