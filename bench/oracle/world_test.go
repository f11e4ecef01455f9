package oracle_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/provider/simulator"
	"github.com/smsir/smsir/internal/receipt"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

var bg = context.Background()

// world is a true gateway without its doors, in virtual time, whose evidence the oracle must find in order: the store, the
// stages and the simulator, and a client that keeps a ledger.
type world struct {
	t        *testing.T
	dir      string
	rng      *rand.Rand
	store    *sqlite.Store
	accept   *accept.Service
	ws       store.Workspace
	client   *oracle.Ledger
	requests int
}

// sink joins the stages that take reports.
type sink struct {
	*receipt.Service
	in *inbound.Service
}

func (s sink) Inbound(ctx context.Context, in smsir.Inbound) error { return s.in.Inbound(ctx, in) }

// play runs a day at the gateway and leaves its evidence in a folder: smsir.db, simulator.log, client.log, stream.log.
// It returns the moment at which everything stood still.
func play(t *testing.T, dir string, seed uint64) (end time.Time) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 9, 20, 0, 0, time.UTC)))
		w := &world{t: t, dir: dir, rng: rand.New(rand.NewPCG(seed, 0))}
		stop := w.start()
		w.day()
		stop()
		end = time.Now()
	})
	return end
}

// start builds the stages; the returned function stops them and writes down the stream.
func (w *world) start() (stop func()) {
	t, now := w.t, time.Now()
	st, err := sqlite.Open(bg, sqlitetest.File(t, filepath.Join(w.dir, "smsir.db")), sqlite.Options{})
	must(t, err)
	carrier, err := simulator.OpenCarrier(filepath.Join(w.dir, "simulator.log"), simulator.Options{Seed: w.rng.Uint64()})
	must(t, err)
	kind := simulator.Kind(carrier)
	w.store = st
	w.ws = store.Workspace{ID: smsir.NewUUID(now), Name: "Test", Country: "US", TimeZone: "UTC", CreatedAt: now}
	user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
	row := store.Provider{ID: smsir.NewUUID(now), Workspace: w.ws.ID, Kind: kind.Name, Name: kind.Title, Enabled: true, Priority: 100, CreatedAt: now, UpdatedAt: now}
	must(t, st.Register(bg, store.Registration{
		User: user, Workspace: &w.ws, Role: store.Owner, Setup: true, Provider: &row, Audit: store.AuditEntry{At: now},
		Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: w.ws.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
	}))
	provider, err := kind.Open(smsir.ProviderConfig{ID: row.ID})
	must(t, err)
	d := dispatch.New(dispatch.Options{
		Store: st, Sink: sink{receipt.New(receipt.Options{Store: st}), inbound.New(st, nil, nil)},
		Open: func(context.Context) ([]dispatch.Upstream, error) {
			return []dispatch.Upstream{{
				Candidate: route.Candidate{ID: row.ID, Name: row.Name, Priority: row.Priority, TestOnly: true}, Workspace: w.ws.ID,
				Kind: kind.Name, Window: kind.Window, Provider: provider, Version: "1",
			}}, nil
		}, Late: smsir.Lateness{OTP: time.Minute, Other: time.Hour}, Jitter: w.rng.Float64,
	})
	prices := smsir.NewPriceList([]smsir.Price{{Destination: "*", From: now.Add(-time.Hour), Micros: 10_000}})
	w.ws.CreditOn, w.ws.Currency = true, "USD"
	_, err = st.AddCredit(bg, store.CreditEntry{ID: st.NewID(now), Workspace: w.ws.ID, Kind: smsir.Grant, Amount: 5_000_000, At: now}, store.AuditEntry{At: now})
	must(t, err)
	w.accept = accept.New(accept.Options{Store: st, Prices: func(context.Context, *store.Workspace) (*smsir.PriceList, error) { return prices, nil }, Reserve: d.Reserve, Poke: d.Poke})
	log, err := os.Create(filepath.Join(w.dir, "client.log"))
	must(t, err)
	w.client = oracle.NewLedger(log)
	ctx, cancel := context.WithCancel(bg)
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	synctest.Wait()
	return func() {
		cancel()
		must(t, <-done)
		w.follow()
		must(t, carrier.Close())
		must(t, st.Close())
		must(t, log.Close())
	}
}

// day sends something of everything.
func (w *world) day() {
	var cancelable []string
	for i := range 24 {
		to := fmt.Sprintf("+120255501%02d", i%12)
		key := ""
		if i%2 == 0 {
			key = fmt.Sprint("key ", i)
		}
		w.send(key, 1+i%3, accept.Request{To: to}, 1) // one, or with a key up to three tries
		time.Sleep(time.Duration(w.rng.IntN(400)) * time.Millisecond)
	}
	for i := range 3 {
		key := ""
		if i == 0 {
			key = "batch"
		}
		w.send(key, 1, accept.Request{To: "+4477009001%02d"}, 8)
		cancelable = append(cancelable, w.send("", 1, accept.Request{To: "+12025550100", Hold: 20 * time.Second}, 1)...)
		w.send("", 1, accept.Request{To: "+12025550102", SendAt: time.Now().Add(5 * time.Second)}, 1)
	}
	once := smsir.RetryOnce
	for range 2 {
		w.send("", 1, accept.Request{To: "+12025550108", OnUnknown: &once}, 1)
	}
	w.refuse()
	for _, id := range cancelable {
		w.cancel(id)
	}
	w.cancel(w.send("", 1, accept.Request{To: "+12025550104"}, 1)[0]) // comes at some moment of its way
	time.Sleep(2 * time.Minute)
	slow := w.send("slow", 2, accept.Request{To: "+12025550101"}, 1)[0]
	time.Sleep(time.Second)
	w.cancel(slow) // an attempt is open
	time.Sleep(time.Minute)
	w.cancel(slow) // too late
	w.send("", 1, accept.Request{To: "+12025550103", SendAt: time.Now().Add(time.Hour)}, 1)
	synctest.Wait()
}

// send asks for n messages with up to tries tries, and returns their ids.
func (w *world) send(key string, tries int, r accept.Request, n int) (ids []string) {
	w.requests++
	ask := oracle.Ask{Request: w.requests, Op: oracle.Send, Key: key}
	order := accept.Order{Workspace: &w.ws, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}, Batch: n > 1}
	if n > 1 {
		ask.Op = oracle.Batch
	} else if key == "" {
		tries = 1
	}
	for i := range n {
		row, one := oracle.Row{Mark: fmt.Sprintf("%d/%d", w.requests, i), To: r.To}, r
		if n > 1 {
			row.To = fmt.Sprintf(r.To, i)
		}
		row.Text = "text " + row.Mark
		one.To, one.Text, one.Metadata = row.To, row.Text, map[string]string{oracle.MarkName: row.Mark}
		ask.Rows, order.Requests = append(ask.Rows, row), append(order.Requests, one)
	}
	if key != "" {
		order.Idempotency = &accept.Key{Scope: "test", Key: key, Fingerprint: [32]byte{byte(w.requests)}}
	}
	order.Render = render
	for try := range tries {
		ask.Try = try + 1
		must(w.t, w.client.Ask(ask))
		res, err := w.accept.Send(bg, order)
		must(w.t, err)
		ids, err = oracle.IDs(res.Body)
		must(w.t, err)
		if try == 0 && tries > 1 && w.rng.IntN(2) == 0 {
			continue // the answer got lost
		}
		must(w.t, w.client.Answer(oracle.Answer{Request: ask.Request, Try: ask.Try, Status: res.Status, Replayed: res.Replayed, Messages: ids}))
	}
	return ids
}

func render(res *accept.Result) (int, []byte, error) {
	type item struct {
		ID string `json:"id"`
	}
	var answer struct {
		Messages []item `json:"messages"`
	}
	for _, m := range res.Messages {
		answer.Messages = append(answer.Messages, item{m.ID.Format(smsir.PrefixMessage)})
	}
	b, err := json.Marshal(answer)
	return 202, b, err
}

// refuse notes a request that the gateway refused.
func (w *world) refuse() {
	w.requests++
	must(w.t, w.client.Ask(oracle.Ask{Request: w.requests, Try: 1, Op: oracle.Send, Rows: []oracle.Row{{Mark: fmt.Sprint(w.requests, "/0"), To: "+1", Text: "x"}}}))
	must(w.t, w.client.Answer(oracle.Answer{Request: w.requests, Try: 1, Status: 422, Code: "invalid"}))
}

func (w *world) cancel(id string) {
	w.requests++
	must(w.t, w.client.Ask(oracle.Ask{Request: w.requests, Try: 1, Op: oracle.Cancel, Target: id}))
	n, err := smsir.ParseID(smsir.PrefixMessage, id)
	must(w.t, err)
	result, _, err := w.store.Cancel(bg, w.ws.ID, n, smsir.Actor{}, time.Now().UTC())
	must(w.t, err)
	a := oracle.Answer{Request: w.requests, Try: 1}
	switch result {
	case smsir.CancelDone:
		a.Status, a.Result = 200, "canceled"
	case smsir.CancelRequested:
		a.Status, a.Result = 202, "cancel_requested"
	default:
		a.Status, a.Code = 409, "too_late"
	}
	must(w.t, w.client.Answer(a))
}

// follow writes down the stream as a follower without faults got it.
func (w *world) follow() {
	f, err := os.Create(filepath.Join(w.dir, "stream.log"))
	must(w.t, err)
	events, err := w.store.EventsAfter(bg, w.ws.ID, 0, 1<<20)
	must(w.t, err)
	for _, e := range events {
		_, err = fmt.Fprintln(f, e.ID.Format(smsir.PrefixEvent))
		must(w.t, err)
	}
	must(w.t, f.Close())
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
