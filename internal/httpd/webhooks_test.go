package httpd

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	var made api.WebhookSecret
	g.ok(request{method: "POST", path: "/v1/webhooks", as: owner.token, body: `{"url":"https://example.com/hook","name":" Shop ","types":["message.delivered"]}`}, 201, &made)
	h := made.Webhook
	if !strings.HasPrefix(made.Secret, "whsec_") || h.Name != "Shop" || len(h.Types) != 1 || !h.Enabled {
		t.Errorf("created: %+v", made)
	}
	for body, field := range map[string]string{
		`{"url":"http://example.com/hook"}`: "url", `{"url":"https://169.254.169.254/"}`: "url", `{"url":"https://example.com/","types":["message.exploded"]}`: "types",
		`{"url":"https://example.com/","name":"a\u0007"}`: "name",
	} {
		var pr api.Problem
		g.refused(request{method: "POST", path: "/v1/webhooks", as: owner.token, body: body}, 422, smsir.CodeInvalid).read(t, &pr)
		if len(pr.Errors) == 0 || pr.Errors[0].Field != field {
			t.Errorf("%s: %+v, want field %s", body, pr.Errors, field)
		}
	}
	a := g.ok(request{method: "GET", path: "/v1/webhooks", as: owner.token}, 200, nil)
	if strings.Contains(string(a.body), made.Secret) || !strings.Contains(string(a.body), h.ID) {
		t.Errorf("list: %s", a.body)
	}
	var other api.WebhookSecret
	g.ok(request{method: "POST", path: "/v1/webhooks/" + h.ID + "/rotate", as: owner.token}, 200, &other)
	if other.Secret == made.Secret || other.Webhook.ID != h.ID {
		t.Errorf("rotated: %+v", other)
	}
	var d api.Delivery
	g.ok(request{method: "POST", path: "/v1/webhooks/" + h.ID + "/test", as: owner.token}, 202, &d)
	var log api.DeliveryList
	g.ok(request{method: "GET", path: "/v1/webhooks/" + h.ID + "/deliveries?state=waiting", as: owner.token}, 200, &log)
	if len(log.Items) != 1 || log.Items[0].ID != d.ID || log.Items[0].Type != "webhook.test" || log.Items[0].NextAt == nil || !strings.Contains(log.Items[0].Body, d.ID) {
		t.Errorf("log: %+v", log)
	}
	var n api.Replayed
	g.ok(request{method: "POST", path: "/v1/webhooks/" + h.ID + "/replay", as: owner.token, body: `{"states":["delivered"]}`}, 202, &n)
	if n.Count != 0 {
		t.Errorf("replayed %d", n.Count)
	}
	g.ok(request{method: "POST", path: "/v1/webhooks/" + h.ID + "/replay", as: owner.token, body: `{}`}, 202, &n)
	if n.Count != 1 {
		t.Errorf("replayed %d, want 1", n.Count)
	}
	g.ok(request{method: "PATCH", path: "/v1/webhooks/" + h.ID, as: owner.token, body: `{"enabled":false,"types":[]}`}, 200, &h)
	if h.Enabled || len(h.Types) != 0 {
		t.Errorf("changed: %+v", h)
	}
	g.refused(request{method: "POST", path: "/v1/webhooks/" + h.ID + "/test", as: owner.token}, 422, smsir.CodeInvalid)
	g.ok(request{method: "DELETE", path: "/v1/webhooks/" + h.ID, as: owner.token}, 204, nil)
	g.refused(request{method: "GET", path: "/v1/webhooks/" + h.ID + "/deliveries", as: owner.token}, 404, smsir.CodeNotFound)
}

// TestAWebhookNeedsThePassword: its secret would show what everybody writes.
func TestAWebhookNeedsThePassword(t *testing.T) {
	t.Parallel()
	var old bool
	g := newGate(t, func(d *Deps) { d.Accounts = agingAccounts{d.Accounts, &old} })
	owner := g.setup()
	var made api.WebhookSecret
	g.ok(request{method: "POST", path: "/v1/webhooks", as: owner.token, body: `{"url":"https://example.com/hook"}`}, 201, &made)
	old = true
	g.refused(request{method: "POST", path: "/v1/webhooks", as: owner.token, body: `{"url":"https://example.com/hook"}`}, 403, api.CodeReauthRequired)
	g.refused(request{method: "POST", path: "/v1/webhooks/" + made.Webhook.ID + "/rotate", as: owner.token}, 403, api.CodeReauthRequired)
}
