package sinch

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	planID   = "plan0000000000000000000000000001"
	token    = "letmein"
	sender   = "+12025550130"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	batch1   = "01HZ0000000000000000000001"
)

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noID     = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126"
	noCredit = "+12025550127"
	slowDown = "+12025550128"
	html     = "+12025550131"
	elsewher = "+12025550132"
	noLogin  = "+12025550133"
)

// createdAnswer is an answer of our own making, after the schema of Sinch's document (see TestOfficialDocument).
//
//go:embed testdata/created.json
var createdAnswer []byte

func (p *plan) Close() { p.http.Close() }

// far is Sinch, scripted by the recipient's number. It keeps what it took.
type far struct {
	*providertest.Far
	mu      sync.Mutex
	took    []map[string]any // oldest first
	perPage int
	deaf    bool // it ignores the filter by reference
	lies    int  // by how many it says more than there are
}

func newFar(t testing.TB) *far {
	f := &far{perPage: 100}
	f.Far = providertest.NewFar(t, f.answer)
	return f
}

func (f *far) answer(_ *providertest.Far, w http.ResponseWriter, c providertest.Call) {
	refuse := func(status int, code, text string) {
		providertest.Answer(w, status, map[string]any{"code": code, "text": text})
	}
	switch {
	case c.Header.Get("Authorization") != "Bearer "+token:
		w.WriteHeader(401)
		return
	case c.Path != "/xms/v1/"+planID+"/batches":
		w.WriteHeader(404)
		return
	case c.Method == http.MethodGet:
		f.list(w, c)
		return
	}
	o := c.Object()
	to, _ := o["to"].([]any)
	if len(to) != 1 {
		refuse(400, "syntax_constraint_violation", "to")
		return
	}
	switch to[0] {
	case hangs:
		f.take(o)
		f.Hang()
	case resets:
		f.take(o)
		f.Reset(w)
	case garbage:
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id": "01HZ`)
	case noID:
		providertest.Answer(w, 201, map[string]any{"canceled": false})
	case broken:
		refuse(500, "internal_error", "Internal error")
	case invalidN:
		refuse(400, "syntax_invalid_parameter_format", "The format of parameter 'to[0]' is invalid.")
	case noCredit:
		refuse(403, "blocked_account", "The account is blocked.")
	case slowDown:
		w.Header().Set("Retry-After", "7")
		providertest.Answer(w, 429, map[string]any{"error": map[string]any{"code": 429, "message": "Too many requests", "status": "RESOURCE_EXHAUSTED"}})
	case noLogin:
		w.WriteHeader(401)
	case html:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
	case elsewher:
		w.Header().Set("Location", f.URL+"/elsewhere")
		w.WriteHeader(http.StatusTemporaryRedirect)
	default:
		providertest.Answer(w, http.StatusCreated, f.take(o))
	}
}

// take makes a batch of a submission, after testdata/created.json.
func (f *far) take(o map[string]any) map[string]any {
	f.mu.Lock()
	defer f.mu.Unlock()
	var m map[string]any
	if err := json.Unmarshal(createdAnswer, &m); err != nil {
		panic(err)
	}
	for name, value := range o {
		m[name] = value
	}
	m["id"] = fmt.Sprintf("01HZ%022d", len(f.took)+1)
	f.took = append(f.took, m)
	return m
}

// list answers a page of what was taken, newest first.
func (f *far) list(w http.ResponseWriter, c providertest.Call) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fits := []map[string]any{}
	for i := len(f.took) - 1; i >= 0; i-- {
		m := f.took[i]
		if want := c.Query.Get("client_reference"); f.deaf || want == "" || m["client_reference"] == want {
			fits = append(fits, m)
		}
	}
	n, _ := strconv.Atoi(c.Query.Get("page"))
	first, last := min(n*f.perPage, len(fits)), min((n+1)*f.perPage, len(fits))
	providertest.Answer(w, 200, map[string]any{"page": n, "page_size": last - first, "count": len(fits) + f.lies, "batches": fits[first:last]})
}

func settings(f *far, change ...string) map[string]string {
	s := map[string]string{settingPlan: planID, settingToken: token, settingSender: sender, settingBase: f.URL}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

// newPlan opens a provider in front of f. change lists settings by name and value.
func newPlan(t testing.TB, f *far, change ...string) *plan {
	t.Helper()
	opened, err := newKind(options{now: clock}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings(f, change...), CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	p := opened.(*plan)
	t.Cleanup(p.Close)
	return p
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t)
			return f.World(t, newKind(options{now: time.Now, timeout: timer}), settings(f), func(c providertest.Call) string {
				text, _ := c.Object()["body"].(string)
				return text
			})
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": html, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "syntax_invalid_parameter_format", ProviderText: "The format of parameter 'to[0]' is invalid."},
			{Name: "account", To: noCredit, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "blocked_account", ProviderText: "The account is blocked."},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "HTTP 401"},
			{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "RESOURCE_EXHAUSTED", ProviderText: "Too many requests"},
		},
		Queries: true, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictUnknown,
	})
}

// TestOfficialDocument holds our requests, and the answers that our tests give to them, against Sinch's own OpenAPI
// document.
func TestOfficialDocument(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	providertest.AgainstDocument(t, "sinch_sms.json", f.Far, func(base string) int {
		p := newPlan(t, f, settingBase, base)
		for _, from := range []string{"", "ACME"} {
			s := submission(takes)
			s.From = from
			if _, err := p.Send(t.Context(), s); err != nil {
				t.Error(err)
			}
		}
		if _, err := p.QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, StartedAt: clock()}); err != nil {
			t.Error(err)
		}
		if err := p.CheckCredentials(t.Context()); err != nil {
			t.Error(err)
		}
		return 4
	}, "client_reference")
}
