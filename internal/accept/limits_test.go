package accept_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
)

// registered makes the workspace of an env one that the store knows, so that it can use up limits.
func (e *env) registered(t *testing.T) *env {
	t.Helper()
	now := time.Now()
	user := store.User{ID: smsir.NewUUID(now), Email: "ada@example.com", Name: "Ada", PasswordHash: "x", CreatedAt: now}
	if err := e.st.Register(ctx, store.Registration{
		User: user, Workspace: e.ws, Role: store.Owner, Setup: true,
		Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: e.ws.ID, Client: "web", CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		Audit:   store.AuditEntry{At: now, Workspace: e.ws.ID, Action: "user.registered"},
	}); err != nil {
		t.Fatal(err)
	}
	e.room, e.ws.QueueCount = 10_000, 10_000
	e.Service = accept.New(accept.Options{Store: e.st, Prices: func(ctx context.Context, w *store.Workspace) (*smsir.PriceList, error) {
		prices, err := e.st.Prices(ctx, w.ID)
		return smsir.NewPriceList(prices), err
	}})
	return e
}

func (e *env) prices(t *testing.T, prices ...smsir.Price) {
	t.Helper()
	if err := e.st.AddPrices(ctx, e.ws.ID, "KES", prices, store.AuditEntry{At: time.Now(), Workspace: e.ws.ID, Action: "prices.changed"}); err != nil {
		t.Fatal(err)
	}
	w, err := e.st.Workspace(ctx, e.ws.ID)
	if err != nil {
		t.Fatal(err)
	}
	e.ws.Currency, e.ws.PricesVersion = w.Currency, w.PricesVersion
}

func to(i int) accept.Request {
	return accept.Request{To: fmt.Sprintf("+254712%06d", i), Text: "hi"}
}

// limited checks that an order was refused because of one limit.
func limited(t *testing.T, err error, name string, words ...string) {
	t.Helper()
	var le *accept.LimitError
	if !errors.As(err, &le) || le.Name != name || smsir.CodeOf(err) != smsir.CodeLimitReached || !le.Until.After(time.Now()) {
		t.Fatalf("got %v (%+v), want %s used up", err, le, name)
	}
	for _, w := range words {
		if !strings.Contains(le.Text, w) {
			t.Errorf("%q does not say %q", le.Text, w)
		}
	}
}

func TestSpendIsNeverOvershot(t *testing.T) {
	t.Parallel()
	e := newEnv(t).registered(t)
	past := time.Now().Add(-time.Hour)
	e.prices(t, smsir.Price{Destination: "KE", From: past, Micros: 800_000}, smsir.Price{Destination: "+254713", From: past, Micros: 2_000_000})
	e.ws.Limits = store.Limits{SpendPerDay: 80_500_000} // 100 messages at 0.80, and a bit
	var ok, refused atomic.Int64
	var wg sync.WaitGroup
	for s := range 64 {
		wg.Go(func() {
			for i := range 3 {
				_, err := e.Send(ctx, accept.Order{Workspace: e.ws, Requests: []accept.Request{to(s*3 + i)}})
				switch {
				case err == nil:
					ok.Add(1)
				case smsir.CodeOf(err) == smsir.CodeLimitReached:
					refused.Add(1)
				default:
					t.Errorf("send: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if ok.Load() != 100 || refused.Load() != 92 {
		t.Errorf("%d accepted and %d refused, want 100 and 92", ok.Load(), refused.Load())
	}
	_, err := e.Send(ctx, e.order(to(900)))
	limited(t, err, smsir.LimitSpendPerDay, "0.5 KES left to spend today", "costs 0.8", "owner or admin")
	_, err = e.Send(ctx, e.order(accept.Request{To: "+254713000001", Text: strings.Repeat("x", 161)}))
	limited(t, err, smsir.LimitSpendPerDay, "costs 4.") // two segments at the price of the longer beginning
	_, err = e.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi"}))
	wantProblem(t, "no price", err, "price_unknown")
}

func TestLimitsOfMessages(t *testing.T) {
	t.Parallel()
	e := newEnv(t).registered(t)
	e.ws.Limits = store.Limits{MessagesPerDay: 6, KeyMessagesPerDay: 2, OTPPerRecipient: 2, Countries: []string{"KE"}}
	key := smsir.Actor{Kind: smsir.ActorKey, ID: smsir.UUID{8}}
	send := func(by smsir.Actor, r ...accept.Request) error {
		o := e.order(r...)
		o.Actor = by
		_, err := e.Send(ctx, o)
		return err
	}
	person := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}
	wantProblem(t, "country", send(person, accept.Request{To: "+12025550100", Text: "hi"}), "country_not_allowed")
	for i := range 2 {
		if err := send(key, to(i)); err != nil {
			t.Fatal(err)
		}
	}
	limited(t, send(key, to(2)), smsir.LimitKeyMessagesPerDay, "2 of its 2")
	otp := to(3)
	otp.Class = smsir.OTP
	for range 2 {
		if err := send(person, otp); err != nil {
			t.Fatal(err)
		}
	}
	if time.Until(time.Now().Truncate(10*time.Minute).Add(10*time.Minute)) > 5*time.Second { // not at the turn of the window
		limited(t, send(person, otp), smsir.LimitOTPPerRecipient, "2 one-time codes", otp.To)
	}
	limited(t, send(person, to(4), to(5), to(6)), smsir.LimitMessagesPerDay, "4 of its 6", "has 3")
	if err := send(person, to(4), to(5)); err != nil {
		t.Fatalf("what is left: %v", err)
	}
	limited(t, send(person, to(7)), smsir.LimitMessagesPerDay, "6 of its 6")
}

func TestPeriodsFollowTheWorkspace(t *testing.T) {
	t.Parallel()
	w := &store.Workspace{TimeZone: "Africa/Nairobi"}
	at := time.Date(2026, 3, 31, 22, 0, 0, 0, time.UTC) // one o'clock on 1 April in Nairobi
	from, until := accept.Day(w, at)
	if want := time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC); !from.Equal(want) || !until.Equal(want.Add(24*time.Hour)) {
		t.Errorf("day %s to %s", from, until)
	}
	from, until = accept.Month(w, at)
	if want := time.Date(2026, 3, 31, 21, 0, 0, 0, time.UTC); !from.Equal(want) || !until.Equal(want.Add(30*24*time.Hour)) {
		t.Errorf("month %s to %s", from, until)
	}
}
