package httpd

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestContractNotices: the check of every answer against the document finds what is wrong with one. A message as it was answered
// passes, and each falsification of it does not.
func TestContractNotices(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	path := "/v1/messages/" + g.send(owner.token)
	seen := g.ok(request{method: "GET", path: path, as: owner.token}, http.StatusOK, nil)
	judge := func(change func(a *answer, m map[string]any)) error {
		var m map[string]any
		if err := json.Unmarshal(seen.body, &m); err != nil {
			t.Fatal(err)
		}
		a := answer{seen.status, seen.header.Clone(), nil}
		change(&a, m)
		if a.body == nil {
			body, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			a.body = body
		}
		return contradiction(httptest.NewRequest("GET", path, http.NoBody), a)
	}
	if err := judge(func(*answer, map[string]any) {}); err != nil {
		t.Fatalf("the answer itself: %v", err)
	}
	for name, change := range map[string]func(a *answer, m map[string]any){
		"a field that nobody knows":        func(_ *answer, m map[string]any) { m["surplus"] = true },
		"a field that is missing":          func(_ *answer, m map[string]any) { delete(m, "id") },
		"a number for a text":              func(_ *answer, m map[string]any) { m["id"] = 7 },
		"null for a text":                  func(_ *answer, m map[string]any) { m["id"] = nil },
		"a text for a number":              func(_ *answer, m map[string]any) { m["segments"] = "one" },
		"a fraction for a whole number":    func(_ *answer, m map[string]any) { m["segments"] = 1.5 },
		"a status that there is not":       func(_ *answer, m map[string]any) { m["status"] = "lost" },
		"a time that is none":              func(_ *answer, m map[string]any) { m["accepted_at"] = "yesterday" },
		"a list":                           func(a *answer, _ map[string]any) { a.body = []byte("[]") },
		"half of it":                       func(a *answer, _ map[string]any) { a.body = bytes.TrimSuffix(seen.body, []byte("}\n"))[:20] },
		"a status code that is not listed": func(a *answer, _ map[string]any) { a.status = http.StatusTeapot },
		"another type":                     func(a *answer, _ map[string]any) { a.header.Set("Content-Type", "text/csv") },
	} {
		if err := judge(change); err == nil {
			t.Errorf("%s was not noticed in %s", name, strings.TrimSpace(string(seen.body)))
		}
	}
}
