package httpd

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestRegisteredSendersOnly: the rule of the workspace holds for one message, for a batch and for a resend, and tells what to do.
func TestRegisteredSendersOnly(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var old api.Message
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+12025550100","text":"x","from":"ANYONE"}`}, 202, &old)
	g.ok(request{method: "PATCH", path: "/v1/workspace", as: owner.token, body: `{"registered_senders_only":true}`}, 200, nil)
	refused := func(path, body, code string) {
		t.Helper()
		a := g.refused(request{method: "POST", path: path, as: owner.token, body: body}, 422, smsir.CodeInvalid)
		if !strings.Contains(string(a.body), `"`+code+`"`) {
			t.Errorf("%s %s: %s, want %s", path, body, a.body, code)
		}
	}
	refused("/v1/messages", `{"to":"+12025550100","text":"x","from":"ANYONE"}`, "sender_not_registered")
	refused("/v1/messages", `{"to":"+12025550100","text":"x"}`, "sender_missing")
	refused("/v1/batches", `{"to":["+12025550100","+12025550101"],"text":"x","from":"ANYONE"}`, "sender_not_registered")
	refused("/v1/messages/"+old.ID+"/resend", ``, "sender_not_registered")

	a := g.refused(request{method: "POST", path: "/v1/campaigns", as: owner.token, body: `{"name":"March","plan":{"texts":[{"text":"x"}],"from":"ANYONE"}}`}, 422, smsir.CodeInvalid)
	if !strings.Contains(string(a.body), "registered senders") {
		t.Errorf("a campaign with another sender: %s", a.body)
	}

	var v api.Sender
	g.ok(request{method: "POST", path: "/v1/senders", as: owner.token, body: `{"value":"SHOP","countries":[{"country":"KE","status":"requested"}]}`}, 201, &v)
	if v.Kind != "alphanumeric" || v.Countries[0].Advice != "registration" {
		t.Errorf("the sender is %+v", v)
	}
	refused("/v1/messages", `{"to":"+254712345678","text":"x","from":"SHOP"}`, "sender_not_approved")
	g.ok(request{method: "PATCH", path: "/v1/senders/" + v.ID, as: owner.token, body: `{"countries":[{"country":"KE","status":"approved"}],"defaults":[{"country":"KE","class":""}]}`}, 200, nil)
	var m api.Message
	g.ok(request{method: "POST", path: "/v1/messages", as: owner.token, body: `{"to":"+254712345678","text":"x"}`}, 202, &m)
	if m.From != "SHOP" {
		t.Errorf("the default is %q, want SHOP", m.From)
	}
	g.refused(request{method: "POST", path: "/v1/senders", as: owner.token, body: `{"value":"SHOP"}`}, 409, smsir.CodeConflict)
	var list api.SenderList
	g.ok(request{method: "GET", path: "/v1/senders?usage=true", as: owner.token}, 200, &list)
	if len(list.Items) != 1 || list.Items[0].Used == nil || list.Items[0].Used.Messages != 1 || list.Items[0].Used.LastAt == nil || !list.RegisteredOnly {
		t.Errorf("the list is %+v", list)
	}
	g.ok(request{method: "DELETE", path: "/v1/senders/" + v.ID, as: owner.token}, 204, nil)
	refused("/v1/messages", `{"to":"+254712345678","text":"x","from":"SHOP"}`, "sender_not_registered")
}
