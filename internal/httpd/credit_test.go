package httpd

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestCredit: turned on, granted, spent, refused with what is missing, given back; and told below its threshold.
func TestCredit(t *testing.T) {
	t.Parallel()
	var old bool
	g := newGate(t, func(d *Deps) { d.Accounts = agingAccounts{d.Accounts, &old} })
	owner := g.setup()
	set := func(body string) request {
		return request{method: "PUT", path: "/v1/credit", as: owner.token, body: body}
	}
	add := func(body, key string) request {
		return request{method: "POST", path: "/v1/credit/entries", as: owner.token, body: body, header: map[string]string{"Idempotency-Key": key}}
	}
	send := request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x","hold_seconds":600}`}
	g.refused(set(`{"on":true,"low":""}`), 409, smsir.CodeConflict) // there are no prices
	g.ok(request{method: "POST", path: "/v1/prices", as: owner.token, body: `{"currency":"USD","prices":[{"destination":"US","price":"0.40"}]}`}, 200, nil)
	old = true
	g.refused(set(`{"on":true,"low":""}`), 403, api.CodeReauthRequired)
	g.refused(add(`{"kind":"grant","amount":"1","note":"invoice 1"}`, "k"), 403, api.CodeReauthRequired)
	old = false
	var c api.Credit
	g.ok(set(`{"on":true,"low":"0.50"}`), 200, &c)
	if !c.On || c.Balance != "0" || c.Low != "0.5" || !c.IsLow || c.Currency != "USD" {
		t.Errorf("turned on: %+v", c)
	}
	var entry, again api.CreditEntry
	g.ok(add(`{"kind":"grant","amount":"1","note":"invoice 1"}`, "k"), 201, &entry)
	g.ok(add(`{"kind":"grant","amount":"1","note":"invoice 1"}`, "k"), 201, &again)
	if entry.ID != again.ID || entry.Kind != "grant" || entry.Amount != "1" || entry.Actor == nil || entry.Actor.Name == "" {
		t.Errorf("granted %+v, then %+v", entry, again)
	}
	g.refused(add(`{"kind":"grant","amount":"2","note":"invoice 1"}`, "k"), 422, smsir.CodeIdempotencyReuse)
	g.refused(add(`{"kind":"correction","amount":"-2","note":"too much"}`, ""), 409, smsir.CodeConflict)

	var m api.Message
	g.ok(send, 202, &m)
	if m.Cost != "0.4" || m.Charge != "reserved" {
		t.Errorf("accepted for %q, %q", m.Cost, m.Charge)
	}
	g.ok(send, 202, nil)
	var p api.Problem
	g.refused(send, 422, smsir.CodeNoCredit).read(t, &p)
	if !strings.Contains(p.Detail, "0.2 are missing") || p.Retryable || len(p.Errors) != 1 || p.Errors[0].Field != "credit" {
		t.Errorf("refused with %+v", p)
	}
	var boot api.Bootstrap
	g.ok(request{method: "GET", path: "/v1/bootstrap", as: owner.token}, 200, &boot)
	if boot.Credit == nil || boot.Credit.Balance != "0.2" || boot.Credit.Held != "0.8" || !boot.Credit.IsLow {
		t.Errorf("at the start %+v", boot.Credit)
	}
	var batch api.BatchResult
	g.ok(request{method: "POST", path: "/v1/batches", as: owner.token, body: `{"messages":[{"to":"+12025550100"},{"to":"+12025550101"}],"text":"y"}`}, 202, &batch)
	if len(batch.Messages) != 2 || batch.Messages[0].Status != "blocked" || batch.Messages[1].Reason != string(smsir.ReasonNoCredit) {
		t.Errorf("a batch without credit: %+v", batch)
	}
	g.ok(request{method: "POST", path: "/v1/messages/" + m.ID + "/cancel", as: owner.token}, 200, nil)

	get := func(query string) (list api.CreditEntryList) {
		t.Helper()
		g.ok(request{method: "GET", path: "/v1/credit/entries" + query, as: owner.token}, 200, &list)
		return list
	}
	kinds := func(list api.CreditEntryList) string {
		var all []string
		for _, e := range list.Items {
			all = append(all, e.Kind+" "+e.Amount)
		}
		return strings.Join(all, ", ")
	}
	if got := kinds(get("")); got != "release 0.4, reserve -0.4, reserve -0.4, grant 1" {
		t.Errorf("the ledger: %s", got)
	}
	if got := kinds(get("?kind=by_hand")); got != "grant 1" {
		t.Errorf("by hand: %s", got)
	}
	if got := kinds(get("?message=" + m.ID)); got != "release 0.4, reserve -0.4" {
		t.Errorf("of a message: %s", got)
	}
	first := get("?limit=3")
	if rest := get("?limit=3&cursor=" + first.Next); first.Next == "" || kinds(rest) != "grant 1" || rest.Next != "" {
		t.Errorf("the next page: %+v", rest)
	}
	g.refused(request{method: "GET", path: "/v1/credit/entries?kind=grant&cursor=" + first.Next, as: owner.token}, 400, api.CodeCursorInvalid)
	file := g.do(request{method: "GET", path: "/v1/credit/entries/export?kind=by_hand", as: owner.token})
	if want := ",grant,1,0,USD,,"; file.status != 200 || strings.Count(string(file.body), "\r\n") != 2 || !strings.Contains(string(file.body), want) {
		t.Errorf("the export answers %d with %q", file.status, file.body)
	}
	old = true
	g.refused(request{method: "GET", path: "/v1/credit/entries/export", as: owner.token}, 403, api.CodeReauthRequired)
}
