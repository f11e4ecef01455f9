package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir/api"
)

// TestDescribedProvider: an example of the documentation through the whole program. A description that is wrong is refused
// with its line; a message goes out as it says, its receipt and a reply come in, and a stranger's change nothing.
func TestDescribedProvider(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var asked []url.Values
	kannel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		asked = append(asked, r.URL.Query())
		mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, "0: Accepted for delivery")
	}))
	t.Cleanup(kannel.Close)
	example, err := os.ReadFile("../docs/providers/examples/kannel.yaml")
	must(t, err)
	description := strings.Replace(string(example), "http://127.0.0.1:13013", kannel.URL, 1)
	data, listen := t.TempDir(), freeAddress(t)
	c := register(t, serve(t, data, "--listen", listen, "--public-url", "http://"+listen))
	before, _, _ := strings.Cut(description, "\nwords:")
	line := fmt.Sprintf("Line %d of the description", strings.Count(before, "\n")+2)
	create := func(description string, want int) api.ProviderCreate {
		priority := 1
		draft := api.ProviderCreate{Kind: "httpapi", Name: "Kannel", Priority: &priority, Settings: map[string]string{
			"description": description, "default_sender": "+12025550130", "secret_1": "me", "secret_2": "pass-of-kannel",
		}}
		if want != 201 {
			refused := call[api.Problem](t, c, "POST", "/v1/providers", draft, want)
			if text := fmt.Sprint(refused); !strings.Contains(text, line) || !strings.Contains(text, "settings.description") {
				t.Errorf("refused with %s, want the line", text)
			}
		}
		return draft
	}
	create(strings.Replace(description, "\nwords:", "\nwordz:", 1), 422)
	provider := call[api.Provider](t, c, "POST", "/v1/providers", create(description, 201), 201)
	if provider.Settings["description"] != strings.TrimRight(description, "\n") {
		t.Errorf("the description came back changed:\n%s", provider.Settings["description"])
	}
	m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550120", Text: "Grüße & 50% ₪"}, 202)
	eventually(t, m.ID+" is sent", func() bool { return status(t, c, m.ID) == "sent" })
	mu.Lock()
	q := asked[0]
	mu.Unlock()
	back := q.Get("dlr-url")
	if q.Get("text") != "Grüße & 50% ₪" || q.Get("to") != "+12025550120" || q.Get("from") != "+12025550130" || q.Get("coding") != "2" || q.Get("password") != "pass-of-kannel" || !strings.HasPrefix(back, provider.CallbackURL+"?attempt=att_") {
		t.Fatalf("Kannel was asked %v", q)
	}
	get := func(address string, want int) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		must(t, err)
		resp, err := http.DefaultClient.Do(req)
		must(t, err)
		defer resp.Body.Close() //nolint:errcheck // only read
		if resp.StatusCode != want {
			t.Errorf("%s: status %d, want %d", address, resp.StatusCode, want)
		}
	}
	report := strings.NewReplacer("%d", "1", "%A", url.QueryEscape("id:1 stat:DELIVRD err:000"))
	get(report.Replace(strings.Replace(back, provider.ID+"/", provider.ID+"/x", 1)), 404)
	get(report.Replace(strings.Replace(back, "attempt=att_", "attempt=att_0", 1)), 204) // a number that is none
	if got := status(t, c, m.ID); got != "sent" {
		t.Errorf("after a stranger's receipts the message is %s, want sent", got)
	}
	for range 3 {
		get(report.Replace(back), 204)
	}
	if got := status(t, c, m.ID); got != "delivered" {
		t.Errorf("after the receipt the message is %s, want delivered", got)
	}
	get(provider.CallbackURL+"?from=%2B12025550120&to=%2B12025550130&text=Hello&id=1&time=1795953600", 204)
	if n := count(t, data, "SELECT count(*) FROM inbound"); n != 1 {
		t.Errorf("a reply made %d inbound messages, want 1", n)
	}
}

// TestDedupe: the answer to a message is lost, and the provider takes an attempt only once: it is handed over again with
// the same key, and there is one message at the provider and no doubt here.
func TestDedupe(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	took, calls := map[string]string{}, 0
	far := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		key := r.Header.Get("Idempotency-Key")
		calls++
		if took[key] == "" {
			took[key] = fmt.Sprint("m", len(took)+1)
		}
		if calls == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"id": took[key]})
	}))
	t.Cleanup(far.Close)
	c := register(t, serve(t, t.TempDir()))
	priority := 1
	call[api.Provider](t, c, "POST", "/v1/providers", api.ProviderCreate{Kind: "httpapi", Name: "Once", Priority: &priority, Settings: map[string]string{
		"description": "name: Once\nsend:\n  url: " + far.URL + "/send\n  headers: {Idempotency-Key: \"{{attempt}}\"}\n  json: {to: \"{{to}}\", text: \"{{text}}\"}\nanswer: {id: id}\ndedupe: {for: 12h}\n",
	}}, 201)
	m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550120", Text: "Once"}, 202)
	eventually(t, m.ID+" is unknown", func() bool { s := status(t, c, m.ID); return s == "unknown" || s == "sent" })
	eventually(t, m.ID+" is sent", func() bool { return status(t, c, m.ID) == "sent" })
	got := call[api.Message](t, c, "GET", "/v1/messages/"+m.ID, nil, 200)
	mu.Lock()
	defer mu.Unlock()
	if got.PossibleDuplicate || len(took) != 1 || calls != 2 {
		t.Errorf("%d requests with the keys %v; possible duplicate %v; want two with one key, and no doubt", calls, took, got.PossibleDuplicate)
	}
}
