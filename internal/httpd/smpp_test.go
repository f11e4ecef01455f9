package httpd

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
)

// fakeSMPP has real accounts, and sessions that nobody has bound.
type fakeSMPP struct {
	*account.SMPP
	db store.SMPPAccounts
}

func (f fakeSMPP) Waiting(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]int64, error) {
	return f.db.SMPPWaiting(ctx, workspace)
}

func (f fakeSMPP) Sessions(smsir.UUID) []api.SMPPSession {
	return []api.SMPPSession{{ID: smsir.UUID{9}.Format(smsir.PrefixSession), AccountID: smsir.UUID{8}.Format(smsir.PrefixSMPP), SystemID: "acme", Mode: "transceiver", BoundAt: time.Now(), LastSeenAt: time.Now()}}
}

func (f fakeSMPP) LastRefused(smsir.UUID) *api.SMPPRefusal {
	return &api.SMPPRefusal{At: time.Now(), From: "192.0.2.7", Reason: "password"}
}

func (f fakeSMPP) Addresses() []api.SMPPAddress {
	return []api.SMPPAddress{{Address: "127.0.0.1:3550", TLS: true, Fingerprint: "00"}}
}

func (f fakeSMPP) Kick(_, id smsir.UUID) error {
	if id != (smsir.UUID{9}) {
		return smsir.Errorf(smsir.CodeNotFound, "There is no such session.")
	}
	return nil
}

// TestSMPPAccounts: the life of an account over the API. The password is shown when it is set, and never again.
func TestSMPPAccounts(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	other := g.stranger(owner)
	var made api.SMPPAccountChanged
	g.ok(request{method: "POST", path: "/v1/smpp/accounts", as: owner.token, body: `{"system_id":"acme","name":"ACME","senders":["ACME"],"networks":["192.0.2.0/24"],"class":"bulk","rate":50}`}, 201, &made)
	if len(made.Password) != 8 || made.Account.SystemID != "acme" || made.Account.Class != "bulk" || made.Account.Rate != 50 || made.Account.Window != 10 || !made.Account.Enabled {
		t.Errorf("created: %+v", made)
	}
	path := "/v1/smpp/accounts/" + made.Account.ID
	var list api.SMPPAccountList
	g.ok(request{method: "GET", path: "/v1/smpp/accounts", as: owner.token}, 200, &list)
	if len(list.Items) != 1 || len(list.Addresses) != 1 || list.Addresses[0].Fingerprint == "" {
		t.Errorf("list: %+v", list)
	}
	var one api.SMPPAccount
	a := g.do(request{method: "GET", path: path, as: owner.token})
	a.read(t, &one)
	if one.ID != made.Account.ID || strings.Contains(string(a.body), made.Password) || strings.Contains(string(a.body), "argon2") {
		t.Errorf("read: %s", a.body)
	}
	var changed api.SMPPAccountChanged
	g.ok(request{method: "PATCH", path: path, as: owner.token, body: `{"enabled":false,"senders":[]}`}, 200, &changed)
	if changed.Password != "" || changed.Account.Enabled || len(changed.Account.Senders) != 0 || changed.Account.Name != "ACME" {
		t.Errorf("changed: %+v", changed)
	}
	g.ok(request{method: "PATCH", path: path, as: owner.token, body: `{"password":""}`}, 200, &changed)
	if len(changed.Password) != 8 || changed.Password == made.Password {
		t.Errorf("new password: %+v", changed)
	}
	for name, r := range map[string]struct {
		request
		status int
	}{
		"taken":             {request{method: "POST", path: "/v1/smpp/accounts", as: other.token, body: `{"system_id":"acme"}`}, 409},
		"no system id":      {request{method: "POST", path: "/v1/smpp/accounts", as: owner.token, body: `{"name":"x"}`}, 422},
		"unknown field":     {request{method: "POST", path: "/v1/smpp/accounts", as: owner.token, body: `{"system_id":"b","password_hash":"x"}`}, 422},
		"bad network":       {request{method: "PATCH", path: path, as: owner.token, body: `{"networks":["here"]}`}, 422},
		"short password":    {request{method: "PATCH", path: path, as: owner.token, body: `{"password":"short"}`}, 422},
		"of others, read":   {request{method: "GET", path: path, as: other.token}, 404},
		"of others, change": {request{method: "PATCH", path: path, as: other.token, body: `{"enabled":true}`}, 404},
		"of others, remove": {request{method: "DELETE", path: path, as: other.token}, 404},
		"no session":        {request{method: "DELETE", path: "/v1/smpp/sessions/ses_01k0c2v6sf7m8x0v3w6n9d5qhe", as: owner.token}, 404},
	} {
		if a := g.do(r.request); a.status != r.status {
			t.Errorf("%s: %d %s, want %d", name, a.status, a.body, r.status)
		}
	}
	var sessions api.SMPPSessionList
	g.ok(request{method: "GET", path: "/v1/smpp/sessions", as: owner.token}, 200, &sessions)
	g.ok(request{method: "DELETE", path: "/v1/smpp/sessions/" + sessions.Items[0].ID, as: owner.token}, 204, nil)
	g.ok(request{method: "DELETE", path: path, as: owner.token}, 204, nil)
	if a := g.do(request{method: "GET", path: path, as: owner.token}); a.status != 404 {
		t.Errorf("removed: %d", a.status)
	}
}
