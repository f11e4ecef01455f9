package storetest

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func senders(t *testing.T, s AccountStore) {
	ctx := t.Context()
	w := register(t, s, newRegistration("ada@example.com")).Workspace.ID
	elsewhere := register(t, s, newRegistration("eve@example.com")).Workspace.ID
	shop := store.Sender{
		ID: smsir.NewUUID(base), Workspace: w, Value: "SHOP", Kind: store.SenderName, Name: "The shop",
		Countries: []store.SenderCountry{{Country: "KE", Status: store.SenderApproved}, {Country: "", Status: store.SenderRefused, Note: "“why”"}},
		Providers: []smsir.UUID{smsir.NewUUID(base)}, Defaults: []store.SenderDefault{{Country: "KE", Class: "otp"}, {}}, CreatedAt: base, UpdatedAt: base,
	}
	number := store.Sender{ID: smsir.NewUUID(base), Workspace: w, Value: "+12025550100", CreatedAt: base, UpdatedAt: base}
	theirs := store.Sender{ID: smsir.NewUUID(base), Workspace: elsewhere, Value: "SHOP", Kind: store.SenderName, CreatedAt: base, UpdatedAt: base}
	for _, v := range []store.Sender{shop, number, theirs} {
		must(t, "CreateSender", s.CreateSender(ctx, v, audit("sender.created", v.Workspace)))
	}
	twin := shop
	twin.ID = smsir.NewUUID(base)
	wantCode(t, "the same sender again", s.CreateSender(ctx, twin, audit("x", w)), smsir.CodeConflict, "value")

	list := func(w smsir.UUID) []store.Sender {
		t.Helper()
		got, err := s.Senders(ctx, w)
		must(t, "Senders", err)
		for i := range got { // nothing is nothing
			if len(got[i].Countries)+len(got[i].Providers)+len(got[i].Defaults) == 0 {
				got[i].Countries, got[i].Providers, got[i].Defaults = nil, nil, nil
			}
		}
		return got
	}
	same(t, "Senders, by value", list(w), []store.Sender{number, shop})
	same(t, "Senders elsewhere", list(elsewhere), []store.Sender{theirs})
	if got := list(smsir.UUID{}); len(got) != 3 {
		t.Errorf("Senders of all: got %v, want three", got)
	}

	changed := shop
	changed.Name, changed.Countries, changed.Providers, changed.UpdatedAt = "Till", []store.SenderCountry{{Status: store.SenderApproved}}, []smsir.UUID{}, at(time.Hour)
	must(t, "UpdateSender", s.UpdateSender(ctx, changed, audit("sender.updated", w)))
	same(t, "a changed sender", list(w)[1], changed)
	foreign := changed
	foreign.Workspace = elsewhere
	wantCode(t, "another workspace changes it", s.UpdateSender(ctx, foreign, audit("x", elsewhere)), smsir.CodeNotFound, "")
	wantCode(t, "another workspace removes it", s.DeleteSender(ctx, elsewhere, shop.ID, audit("x", elsewhere)), smsir.CodeNotFound, "")
	must(t, "DeleteSender", s.DeleteSender(ctx, w, shop.ID, audit("sender.deleted", w)))
	same(t, "what is left", list(w), []store.Sender{number})
	same(t, "audit", auditActions(t, ctx, s, w), []string{"sender.deleted", "sender.updated", "sender.created", "sender.created", "user.registered"})

	used, err := s.SendersUsed(ctx, w, base)
	if err != nil || len(used) != 0 {
		t.Errorf("SendersUsed: got %v, %v, want none", used, err)
	}
}
