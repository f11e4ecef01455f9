package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// SMPP runs the part of the suite about the accounts of our SMPP server. open opens a fresh store.
func SMPP(t *testing.T, open func(t *testing.T) store.Store) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ws := smsir.UUID{1}
	audit := store.AuditEntry{At: now, Workspace: ws, Action: "smpp_account.changed"}
	with := func(t *testing.T) store.Store {
		t.Helper()
		st := open(t)
		err := st.Register(t.Context(), store.Registration{
			User:      store.User{ID: smsir.UUID{2}, Email: "owner@example.com", Name: "Owner", CreatedAt: now},
			Workspace: &store.Workspace{ID: ws, Name: "Test", Country: "US", TimeZone: "UTC", CreatedAt: now}, Role: store.Owner,
			Session: store.Session{ID: smsir.UUID{3}, User: smsir.UUID{2}, Workspace: ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
	account := func(id byte, systemID string) store.SMPPAccount {
		return store.SMPPAccount{
			ID: smsir.UUID{id}, Workspace: ws, SystemID: systemID, Name: "Name of " + systemID, PasswordHash: "$hash", Networks: []string{"192.0.2.0/24"},
			Modes: []string{store.SMPPTransceiver}, Senders: []string{"ACME"}, Class: smsir.Bulk, Sessions: 2, Window: 10, Rate: 100, Inbound: true, Enabled: true,
			CreatedAt: now, UpdatedAt: now,
		}
	}
	create := func(t *testing.T, st store.Store, a store.SMPPAccount) {
		t.Helper()
		if err := st.CreateSMPPAccount(t.Context(), a, audit); err != nil {
			t.Fatal(err)
		}
	}

	t.Run("accounts", func(t *testing.T) {
		t.Parallel()
		st := with(t)
		a := account(10, "acme")
		create(t, st, a)
		create(t, st, account(11, "Acme"))
		if err := st.CreateSMPPAccount(t.Context(), account(12, "acme"), audit); smsir.CodeOf(err) != smsir.CodeConflict {
			t.Errorf("a system id twice: %v", err)
		}
		a.Name, a.Networks, a.Senders, a.Enabled, a.Rate, a.Class, a.UpdatedAt = "New", nil, []string{}, false, 0, smsir.OTP, now.Add(time.Second)
		if err := st.UpdateSMPPAccount(t.Context(), a, audit); err != nil {
			t.Fatal(err)
		}
		if err := st.TouchSMPPAccount(t.Context(), a.ID, now.Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
		a.LastBoundAt, a.Networks = now.Add(time.Minute), []string{}
		for name, get := range map[string]func() (*store.SMPPAccount, error){
			"by id":        func() (*store.SMPPAccount, error) { return st.SMPPAccount(t.Context(), ws, a.ID) },
			"by system id": func() (*store.SMPPAccount, error) { return st.SMPPAccountBySystemID(t.Context(), "acme") },
		} {
			got, err := get()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if diff := cmp.Diff(a, *got); diff != "" {
				t.Errorf("%s: -want +got\n%s", name, diff)
			}
		}
		if all, err := st.SMPPAccounts(t.Context(), smsir.UUID{}); err != nil || len(all) != 2 || all[0].SystemID != "Acme" {
			t.Errorf("all: %+v, %v", all, err)
		}
		other := smsir.UUID{9}
		if all, err := st.SMPPAccounts(t.Context(), other); err != nil || len(all) != 0 {
			t.Errorf("of another workspace: %+v, %v", all, err)
		}
		foreign := a
		foreign.Workspace = other
		_, get := st.SMPPAccount(t.Context(), other, a.ID)
		for name, err := range map[string]error{
			"read": get, "changed": st.UpdateSMPPAccount(t.Context(), foreign, audit), "deleted": st.DeleteSMPPAccount(t.Context(), other, a.ID, audit),
		} {
			if smsir.CodeOf(err) != smsir.CodeNotFound {
				t.Errorf("%s by another workspace: %v", name, err)
			}
		}
		if names, err := st.ActorNames(t.Context(), ws, []smsir.UUID{a.ID}); err != nil || names[a.ID] != "New" {
			t.Errorf("names: %v, %v", names, err)
		}
		if err := st.DeleteSMPPAccount(t.Context(), ws, a.ID, audit); err != nil {
			t.Fatal(err)
		}
		if _, err := st.SMPPAccountBySystemID(t.Context(), "acme"); smsir.CodeOf(err) != smsir.CodeNotFound {
			t.Errorf("deleted: %v", err)
		}
	})

	t.Run("outbox", func(t *testing.T) {
		t.Parallel()
		st := with(t)
		a, b := account(10, "a"), account(11, "b")
		create(t, st, a)
		create(t, st, b)
		delivery := func(id smsir.ID, account smsir.UUID, after time.Duration) store.SMPPDelivery {
			return store.SMPPDelivery{ID: id, Account: account, Body: "body", ExpiresAt: now.Add(after)}
		}
		feed := func(from, to smsir.ID, want bool, list ...store.SMPPDelivery) {
			t.Helper()
			if fed, err := st.FeedSMPP(t.Context(), from, to, list); err != nil || fed != want {
				t.Errorf("feed from %d to %d: %v, %v; want %v", from, to, fed, err, want)
			}
		}
		take := func(account smsir.UUID, at time.Duration, want ...smsir.ID) {
			t.Helper()
			got, err := st.TakeSMPP(t.Context(), account, now.Add(at), now.Add(at+time.Minute), 2)
			if err != nil || len(got) != len(want) {
				t.Fatalf("take: %+v, %v; want %v", got, err, want)
			}
			for i := range want {
				if got[i].ID != want[i] || got[i].Account != account || got[i].Body != "body" {
					t.Errorf("take: %+v, want %v", got, want)
				}
			}
		}
		if _, ok, err := st.SMPPCursor(t.Context()); ok || err != nil {
			t.Errorf("cursor of a fresh store: %v, %v", ok, err)
		}
		feed(0, 5, true, delivery(1, a.ID, time.Hour), delivery(2, a.ID, time.Minute))
		feed(0, 6, false, delivery(3, a.ID, time.Hour))
		feed(4, 6, false, delivery(3, a.ID, time.Hour))
		inHand := delivery(8, b.ID, time.Hour)
		inHand.BusyUntil = now.Add(time.Minute)
		feed(5, 7, true, delivery(4, b.ID, time.Hour), delivery(5, smsir.UUID{99}, time.Hour), inHand)
		if cursor, ok, err := st.SMPPCursor(t.Context()); cursor != 7 || !ok || err != nil {
			t.Errorf("cursor: %d, %v, %v", cursor, ok, err)
		}
		if err := st.AddSMPP(t.Context(), []store.SMPPDelivery{delivery(6, a.ID, time.Hour)}); err != nil {
			t.Fatal(err)
		}
		if waiting, err := st.SMPPWaiting(t.Context(), ws); err != nil || waiting[a.ID] != 3 || waiting[b.ID] != 2 {
			t.Errorf("waiting: %v, %v", waiting, err)
		}
		take(a.ID, 0, 1, 2)
		take(a.ID, time.Second, 6)
		take(a.ID, 2*time.Second)
		take(b.ID, 0, 4)
		take(b.ID, time.Minute, 4, 8) // until then it was in the hand of whoever fed it
		many := []smsir.ID{1}
		for id := smsir.ID(100); id < 180; id++ {
			many = append(many, id)
		}
		for _, id := range many[1:] {
			if err := st.AddSMPP(t.Context(), []store.SMPPDelivery{delivery(id, b.ID, time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.DoneSMPP(t.Context(), many); err != nil {
			t.Fatal(err)
		}
		if err := st.ReturnSMPP(t.Context(), []smsir.ID{2, 6}, now.Add(10*time.Second)); err != nil {
			t.Fatal(err)
		}
		take(a.ID, 9*time.Second)
		take(a.ID, 10*time.Second, 2, 6)
		take(a.ID, 2*time.Minute, 6) // whoever had it is gone; the other has expired
		if n, err := st.ExpireSMPP(t.Context(), now.Add(2*time.Minute), 10); err != nil || n != 1 {
			t.Errorf("expired: %d, %v", n, err)
		}
		if err := st.DeleteSMPPAccount(t.Context(), ws, a.ID, audit); err != nil {
			t.Fatal(err)
		}
		if waiting, err := st.SMPPWaiting(t.Context(), ws); err != nil || len(waiting) != 1 {
			t.Errorf("waiting after a is deleted: %v, %v", waiting, err)
		}
	})
}
