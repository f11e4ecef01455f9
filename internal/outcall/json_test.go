package outcall_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	known := outcall.Negative{Provider: "Example", Code: "7", Text: "no", Class: smsir.ClassPermanent, Note: "It said no.", Mapped: true}
	with := func(class smsir.FailureClass) outcall.Negative {
		n := known
		n.Class, n.Mapped = class, false
		return n
	}
	silent := outcall.Negative{Provider: "Example", Text: "<html>", Class: smsir.ClassPermanent}
	for name, tt := range map[string]struct {
		status   int
		n        outcall.Negative
		state    smsir.AttemptState
		class    smsir.FailureClass
		code     string
		provider string
		wait     time.Duration
		unmapped bool
	}{
		"refused":                   {400, known, smsir.AttemptRefused, smsir.ClassPermanent, "refused", "7", 0, false},
		"refused inside a 200":      {200, known, smsir.AttemptRefused, smsir.ClassPermanent, "refused", "7", 0, false},
		"refused, not in the table": {422, with(smsir.ClassConfig), smsir.AttemptRefused, smsir.ClassConfig, "refused", "7", 0, true},
		"refused for now":           {400, with(smsir.ClassRetry), smsir.AttemptRefused, smsir.ClassRetry, "refused", "7", 9 * time.Second, true},
		"too fast":                  {429, silent, smsir.AttemptNotSent, smsir.ClassThrottle, "throttled", "HTTP 429", 9 * time.Second, false},
		"too fast, by its code":     {400, with(smsir.ClassThrottle), smsir.AttemptNotSent, smsir.ClassThrottle, "throttled", "7", 9 * time.Second, false},
		"server error":              {500, known, smsir.AttemptUnknown, smsir.ClassUnknown, "no_answer", "7", 0, false},
		"server error, throttle":    {503, with(smsir.ClassThrottle), smsir.AttemptUnknown, smsir.ClassUnknown, "no_answer", "7", 0, false},
		"a code that decides not":   {400, with(smsir.ClassUnknown), smsir.AttemptUnknown, smsir.ClassUnknown, "no_answer", "7", 0, false},
		"no code":                   {403, silent, smsir.AttemptUnknown, smsir.ClassUnknown, "no_answer", "HTTP 403", 0, false},
		"no id":                     {202, silent, smsir.AttemptUnknown, smsir.ClassUnknown, "no_reference", "HTTP 202", 0, false},
		"redirect":                  {307, known, smsir.AttemptUnknown, smsir.ClassUnknown, "redirected", "7", 0, false},
	} {
		e := outcall.Response{Status: tt.status, Header: http.Header{"Retry-After": {"9"}}}.Judge(tt.n, time.Now())
		if e.State != tt.state || e.Class != tt.class || e.Code != tt.code || e.ProviderCode != tt.provider || e.ProviderText != tt.n.Text ||
			e.RetryAfter != tt.wait || e.Unmapped != tt.unmapped || e.Text == "" {
			t.Errorf("%s: got %+v, want %+v", name, e, tt)
		}
	}
}

func TestAsk(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/fine":
			_, _ = w.Write([]byte(`{"x":"1"}`))
		case "/garbage":
			_, _ = w.Write([]byte(`{"x`))
		case "/401":
			w.WriteHeader(401)
		case "/403":
			w.WriteHeader(403)
		case "/429":
			w.WriteHeader(429)
		default:
			w.WriteHeader(500)
		}
	}))
	t.Cleanup(server.Close)
	c := outcall.New(outcall.Options{})
	t.Cleanup(c.Close)
	ask := func(address string) (string, error) {
		req, err := outcall.NewJSON(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		var v struct{ X string }
		err = c.Ask(t.Context(), req, "Example", &v)
		return v.X, err
	}
	if got, err := ask(server.URL + "/fine"); err != nil || got != "1" {
		t.Errorf("got %q, %v, want 1", got, err)
	}
	for path, code := range map[string]smsir.Code{
		"/401": smsir.CodeCredentialsRefused, "/403": smsir.CodeCredentialsRefused, "/429": smsir.CodeProviderUnreachable,
		"/500": smsir.CodeProviderUnreachable, "/garbage": smsir.CodeProviderUnreachable,
	} {
		if _, err := ask(server.URL + path); smsir.CodeOf(err) != code {
			t.Errorf("%s: got %v, want code %s", path, err, code)
		}
	}
	server.Close()
	if _, err := ask(server.URL + "/fine"); smsir.CodeOf(err) != smsir.CodeProviderUnreachable {
		t.Errorf("nobody there: got %v, want code %s", err, smsir.CodeProviderUnreachable)
	}
}

func TestNewJSON(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*http.Request, error){
		"address": func() (*http.Request, error) { return outcall.NewJSON(t.Context(), "POST", "://", nil) },
		"body": func() (*http.Request, error) {
			return outcall.NewJSON(t.Context(), "POST", "https://example.com", func() {})
		},
	} {
		var e *smsir.SendError
		if _, err := make(); !errors.As(err, &e) || e.State != smsir.AttemptNotSent {
			t.Errorf("%s: got %v, want a SendError that says not sent", name, err)
		}
	}
	for address, want := range map[string]bool{
		"https://api.example.com": true, "http://127.0.0.1:1/x": true, "": false, "api.example.com": false, "ftp://example.com": false,
		"https://u:p@example.com": false, "https://example.com?x": false, "https://example.com#x": false,
	} {
		if got := outcall.ValidBase(address); got != want {
			t.Errorf("ValidBase(%q): got %v, want %v", address, got, want)
		}
	}
}
