package accept_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// credited turns credit on in the workspace of an env, with prices of 0.80 in Kenya and 2.00 in a part of it.
func (e *env) credited(t *testing.T, micros int64) *env {
	t.Helper()
	past := time.Now().Add(-time.Hour)
	e.registered(t).prices(t, smsir.Price{Destination: "KE", From: past, Micros: 800_000}, smsir.Price{Destination: "+254713", From: past, Micros: 2_000_000})
	e.ws.CreditOn = true
	e.grant(t, micros)
	return e
}

func (e *env) grant(t *testing.T, micros int64) {
	t.Helper()
	now := time.Now()
	if _, err := e.st.AddCredit(ctx, store.CreditEntry{ID: e.st.NewID(now), Workspace: e.ws.ID, Kind: smsir.Grant, Amount: micros, At: now},
		store.AuditEntry{At: now, Workspace: e.ws.ID, Action: "credit.granted"}); err != nil {
		t.Fatal(err)
	}
}

func (e *env) credit(t *testing.T, balance, held int64) {
	t.Helper()
	if c, err := e.st.Credit(ctx, e.ws.ID); err != nil || c != (store.Credit{Balance: balance, Held: held}) {
		t.Errorf("credit %+v, %v; want %d and %d held", c, err, balance, held)
	}
}

// TestCreditIsNeverOverspent: 64 senders at once, singles and batches, and a balance for 100 (F16).
func TestCreditIsNeverOverspent(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) *env{
		"sqlite": newEnv,
		"postgres": func(t *testing.T) *env {
			t.Helper()
			st, err := postgres.Open(ctx, pgtest.Database(t), postgres.Options{PoolSize: 4})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			return &env{st: st, ws: &store.Workspace{ID: smsir.NewUUID(time.Now()), Name: "Test", Country: "KE", TimeZone: "UTC"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := open(t).credited(t, 80_500_000) // 100 messages at 0.80, and a bit
			var ok, refused, blocked atomic.Int64
			var wg sync.WaitGroup
			for s := range 64 {
				wg.Go(func() {
					for i := range 3 {
						o := accept.Order{Workspace: e.ws, Requests: []accept.Request{to(s*10 + i)}}
						if s%4 == 0 {
							o.Batch = true
							o.Requests = append(o.Requests, to(s*10+i+3))
						}
						r, err := e.Send(ctx, o)
						if err == nil {
							for _, m := range r.Messages {
								switch {
								case m.Status == smsir.Queued && m.Charge == smsir.Reserved && m.Cost == 800_000:
									ok.Add(1)
								case m.Status == smsir.Blocked && m.Reason == smsir.ReasonNoCredit && m.Charge == smsir.NotCharged:
									blocked.Add(1)
								default:
									t.Errorf("accepted %+v", m)
								}
							}
						} else if smsir.CodeOf(err) == smsir.CodeNoCredit && !o.Batch {
							refused.Add(1)
						} else {
							t.Errorf("send: %v", err)
						}
					}
				})
			}
			wg.Wait()
			if ok.Load() != 100 || ok.Load()+refused.Load()+blocked.Load() != 64*3+16*3 {
				t.Errorf("%d accepted, %d refused, %d blocked; want 100 of %d", ok.Load(), refused.Load(), blocked.Load(), 64*3+16*3)
			}
			e.credit(t, 500_000, 80_000_000)
		})
	}
}

func TestCreditSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	e := newEnv(t).credited(t, 1_000_000)
	_, err := e.Send(ctx, e.order(accept.Request{To: "+254713000001", Text: strings.Repeat("x", 161)}))
	var short *accept.CreditError
	if !errors.As(err, &short) || smsir.CodeOf(err) != smsir.CodeNoCredit || short.Needed != 4_000_000 || short.Balance != 1_000_000 || short.Currency != "KES" {
		t.Fatalf("got %v (%+v), want no credit", err, short)
	}
	for _, want := range []string{"costs 4 KES", "is 1:", "3 are missing", "owner", "operator"} {
		if !strings.Contains(short.Text, want) {
			t.Errorf("%q does not say %q", short.Text, want)
		}
	}
	_, err = e.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi"}))
	wantProblem(t, "no price", err, "price_unknown")
	e.credit(t, 1_000_000, 0)
}

// TestCreditOfABatch: rows for which the credit does not reach are recorded, and those that fit go.
func TestCreditOfABatch(t *testing.T) {
	t.Parallel()
	e := newEnv(t).credited(t, 2_000_000)
	o := e.order(to(1), accept.Request{To: "+254713000001", Text: "hi"}, to(2), to(3))
	o.Idempotency = &accept.Key{Scope: "s", Key: "k"}
	o.Render = func(r *accept.Result) (int, []byte, error) {
		text := ""
		for _, m := range r.Messages {
			text += fmt.Sprint(m.Status, " ", m.Reason, "; ")
		}
		return 202, []byte(text), nil
	}
	r, err := e.Send(ctx, o)
	const want = "queued due; blocked no_credit; queued due; blocked no_credit; "
	if err != nil || string(r.Body) != want {
		t.Fatalf("got %s, %v; want %s", r.Body, err, want)
	}
	if m := r.Messages[1]; m.Error == nil || m.Error.Code != string(smsir.CodeNoCredit) {
		t.Errorf("blocked without the reason: %+v", m.Error)
	}
	e.credit(t, 400_000, 1_600_000)
	e.grant(t, 10_000_000)
	if r, err := e.Send(ctx, o); err != nil || !r.Replayed || string(r.Body) != want {
		t.Errorf("the same key again: %+v, %v", r, err)
	}
	e.credit(t, 10_400_000, 1_600_000)
	for _, m := range r.Messages {
		if stored, err := e.st.Message(ctx, e.ws.ID, m.ID); err != nil || stored.State() != m.State() || stored.Charge != m.Charge || stored.Cost != m.Cost {
			t.Errorf("stored %+v, %v; want %+v", stored, err, m)
		}
	}
}

// TestCreditOff: nothing is looked at, whatever the price list and the balance say.
func TestCreditOff(t *testing.T) {
	t.Parallel()
	e := newEnv(t).credited(t, 1)
	e.ws.CreditOn = false
	r, err := e.Send(ctx, e.order(to(1), accept.Request{To: "+12025550100", Text: "hi"}))
	if err != nil || len(r.Messages) != 2 || r.Messages[0].Cost != 0 || r.Messages[0].Charge != smsir.NotCharged {
		t.Errorf("got %+v, %v; want both accepted for nothing", r, err)
	}
	e.credit(t, 1, 0)
}
