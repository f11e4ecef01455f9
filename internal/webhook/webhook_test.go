package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"pgregory.net/rapid"
)

// receiver plays the addresses of the test: by host, what it answers.
type receiver struct {
	mu     sync.Mutex
	got    []received
	answer map[string]func(n int) (*http.Response, error) // n counts from 1, by host
	counts map[string]int
}

type received struct {
	host, id, body, signature string
	at                        time.Time
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.counts[req.URL.Host]++
	n, f := r.counts[req.URL.Host], r.answer[req.URL.Host]
	r.got = append(r.got, received{req.URL.Host, req.Header.Get("webhook-id"), string(body), req.Header.Get("webhook-signature"), time.Now()})
	if at, err := strconv.ParseInt(req.Header.Get("webhook-timestamp"), 10, 64); err != nil || time.Now().Unix() != at || req.Method != http.MethodPost {
		r.got[len(r.got)-1].id = "bad request"
	}
	r.mu.Unlock()
	if f == nil {
		return status(204), nil
	}
	return f(n)
}

func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(bytes.NewReader([]byte("words")))}
}

func (r *receiver) of(host string) (list []received) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, g := range r.got {
		if g.host == host {
			list = append(list, g)
		}
	}
	return list
}

// world is a service on a database of its own, inside a bubble.
type world struct {
	*testing.T
	s      *Service
	db     *sqlite.Store
	far    *receiver
	ws     smsir.UUID
	other  smsir.UUID
	mu     sync.Mutex
	events []Event
	stop   func()
}

func bubble(t *testing.T, f func(w *world)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))) // identifiers hold the time since 2024
		w := &world{T: t, far: &receiver{answer: map[string]func(int) (*http.Response, error){}, counts: map[string]int{}}}
		var err error
		if w.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{}); err != nil {
			t.Fatal(err)
		}
		defer w.db.Close() //nolint:errcheck // the test is over
		w.ws, w.other = w.tenant("ada@example.com"), w.tenant("eve@example.com")
		keys, err := seal.Load(dir, false)
		if err != nil {
			t.Fatal(err)
		}
		box, err := keys.Box(Purpose)
		if err != nil {
			t.Fatal(err)
		}
		w.s = New(Options{Store: w.db, Box: box, Guard: guard.New(nil), NewID: w.db.NewID, PollCap: time.Hour, client: &http.Client{Transport: w.far}, Events: w.read})
		w.emit(w.ws, "message.accepted") // before the service exists: nobody is told
		w.start()
		defer func() { w.stop() }()
		synctest.Wait()
		f(w)
	})
}

func (w *world) start() {
	ctx, cancel := context.WithCancel(w.Context())
	done := make(chan error, 1)
	go func() { done <- w.s.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.Error(err)
		}
	})
}

func (w *world) tenant(email string) smsir.UUID {
	now := time.Now()
	u := store.User{ID: smsir.NewUUID(now), Email: email, Name: email, PasswordHash: "x", CreatedAt: now}
	space := store.Workspace{ID: smsir.NewUUID(now), Name: email, Country: "US", TimeZone: "UTC", CreatedAt: now}
	r := store.Registration{User: u, Workspace: &space, Role: store.Owner, Session: store.Session{
		ID: smsir.NewUUID(now), User: u.ID, Workspace: space.ID, Client: "web", CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(time.Hour), ReauthAt: now,
	}}
	copy(r.Session.TokenHash[:], space.ID[:])
	if err := w.db.Register(w.Context(), r); err != nil {
		w.Fatal(err)
	}
	return space.ID
}

func (w *world) read(_ context.Context, after smsir.ID, limit int) (events []Event, upTo smsir.ID, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	upTo = after
	for _, e := range w.events {
		if e.ID > after && len(events) < limit {
			events = append(events, e)
			upTo = e.ID
		}
	}
	return events, upTo, nil
}

func (w *world) emit(workspace smsir.UUID, kind string) Event {
	e := Event{ID: w.db.NewID(time.Now()), Workspace: workspace, Type: kind}
	e.JSON = fmt.Appendf(nil, `{"id":%q,"type":%q}`, e.ID.Format(smsir.PrefixEvent), kind)
	w.mu.Lock()
	w.events = append(w.events, e)
	w.mu.Unlock()
	w.s.Poke()
	return e
}

func (w *world) hook(host string, types ...string) (*store.Webhook, string) {
	w.Helper()
	url := "https://" + host + "/hook"
	h, secret, err := w.s.Create(w.Context(), w.ws, Draft{URL: &url, Types: &types}, By{})
	if err != nil {
		w.Fatal(err)
	}
	return h, secret
}

func (w *world) log(h *store.Webhook) []store.Delivery {
	w.Helper()
	list, err := w.db.Deliveries(w.Context(), w.ws, h.ID, store.DeliveryFilter{Limit: 100})
	if err != nil {
		w.Fatal(err)
	}
	return list
}

// TestProgressOnlyWhereItIsAskedFor: campaign.progress comes every second, so that a webhook for everything is spared it.
func TestProgressOnlyWhereItIsAskedFor(t *testing.T) {
	bubble(t, func(w *world) {
		w.hook("all.example.com")
		w.hook("some.example.com", "campaign.progress")
		w.emit(w.ws, "campaign.progress")
		w.emit(w.ws, "message.delivered")
		time.Sleep(5 * time.Second)
		if all, some := w.far.of("all.example.com"), w.far.of("some.example.com"); len(all) != 1 || len(some) != 1 {
			w.Errorf("the webhook for everything got %d events, the one for progress %d; want one each", len(all), len(some))
		}
	})
}

func TestEventsAreDeliveredSignedAndOnce(t *testing.T) {
	bubble(t, func(w *world) {
		all, secret := w.hook("all.example.com")
		some, _ := w.hook("some.example.com", "message.delivered")
		first, second := w.emit(w.ws, "message.accepted"), w.emit(w.ws, "message.delivered")
		w.emit(w.other, "message.delivered")
		time.Sleep(5 * time.Second)
		got := w.far.of("all.example.com")
		if len(got) != 2 || got[0].id == got[1].id {
			w.Fatalf("delivered %+v, want both events of the workspace, once", got)
		}
		for _, g := range got {
			e := first
			if g.id == second.ID.Format(smsir.PrefixEvent) {
				e = second
			}
			if g.body != string(e.JSON) || g.signature != Sign(secret, g.id, g.at, e.JSON) {
				w.Errorf("delivered %+v", g)
			}
		}
		if got := w.far.of("some.example.com"); len(got) != 1 || got[0].body != string(second.JSON) {
			w.Errorf("filtered: %+v", got)
		}
		for _, h := range []*store.Webhook{all, some} {
			for _, d := range w.log(h) {
				if d.State != store.DeliveryDone || d.Status != 204 || d.Attempts != 1 {
					w.Errorf("log: %+v", d)
				}
			}
		}
	})
}

// TestWhatCameBeforeIsNotSent: the first webhook of a server gets nothing of what happened while there was none.
func TestWhatCameBeforeIsNotSent(t *testing.T) {
	bubble(t, func(w *world) {
		synctest.Wait()
		w.mu.Lock() // without a poke: as long as there are no webhooks nobody looks
		e := Event{ID: w.db.NewID(time.Now()), Workspace: w.ws, Type: "message.delivered", JSON: []byte(`{}`)}
		w.events = append(w.events, e)
		w.mu.Unlock()
		time.Sleep(time.Second)
		w.hook("first.example.com")
		later := w.emit(w.ws, "message.accepted")
		time.Sleep(5 * time.Second)
		if got := w.far.of("first.example.com"); len(got) != 1 || got[0].body != string(later.JSON) {
			t.Errorf("delivered %+v, want only what came later", got)
		}
	})
}

func TestFailuresAreTriedAgainAndGivenUp(t *testing.T) {
	bubble(t, func(w *world) {
		h, _ := w.hook("down.example.com")
		w.far.answer["down.example.com"] = func(n int) (*http.Response, error) {
			if n%2 == 0 {
				return nil, errors.New("connection refused")
			}
			return status(500), nil
		}
		e := w.emit(w.ws, "message.sent")
		time.Sleep(40 * time.Hour)
		got := w.far.of("down.example.com")
		if len(got) != len(schedule)+1 {
			w.Fatalf("%d tries, want %d", len(got), len(schedule)+1)
		}
		for i := range schedule {
			gap := got[i+1].at.Sub(got[i].at)
			if gap < schedule[i]*8/10 || gap > schedule[i]*12/10+2*time.Second || got[i+1].body != string(e.JSON) || got[i+1].id != got[0].id {
				w.Errorf("try %d after %v, want about %v; %+v", i+2, gap, schedule[i], got[i+1])
			}
		}
		if d := w.log(h)[0]; d.State != store.DeliveryGivenUp || d.Attempts != len(got) || d.Answer != "words" {
			w.Errorf("log: %+v", d)
		}
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	bubble(t, func(w *world) {
		w.hook("busy.example.com")
		w.far.answer["busy.example.com"] = func(n int) (*http.Response, error) {
			if n == 1 {
				return status(429, "Retry-After", "600"), nil
			}
			return status(200), nil
		}
		w.emit(w.ws, "message.sent")
		time.Sleep(9 * time.Minute)
		if n := len(w.far.of("busy.example.com")); n != 1 {
			w.Errorf("%d tries before the time asked for", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(w.far.of("busy.example.com")); n != 2 {
			w.Errorf("%d tries, want 2", n)
		}
	})
}

func TestGoneDisables(t *testing.T) {
	bubble(t, func(w *world) {
		h, _ := w.hook("gone.example.com")
		w.far.answer["gone.example.com"] = func(int) (*http.Response, error) { return status(410), nil }
		w.emit(w.ws, "message.sent")
		time.Sleep(time.Minute)
		got, err := w.db.Webhook(w.Context(), w.ws, h.ID)
		if err != nil || got.Enabled || !strings.Contains(got.Why, "410") {
			t.Fatalf("webhook: %+v, %v", got, err)
		}
		w.emit(w.ws, "message.sent")
		time.Sleep(time.Hour)
		if n := len(w.far.of("gone.example.com")); n != 1 {
			t.Errorf("%d tries", n)
		}
		yes := true
		if got, err = w.s.Update(w.Context(), w.ws, h.ID, Draft{Enabled: &yes}, By{}); err != nil || got.Why != "" {
			t.Errorf("enabled again: %+v, %v", got, err)
		}
	})
}

func TestThreeDaysOfFailuresDisable(t *testing.T) {
	bubble(t, func(w *world) {
		h, _ := w.hook("dead.example.com")
		w.far.answer["dead.example.com"] = func(int) (*http.Response, error) { return status(503), nil }
		for range 20 {
			w.emit(w.ws, "message.sent")
			time.Sleep(4 * time.Hour)
		}
		got, err := w.db.Webhook(w.Context(), w.ws, h.ID)
		if err != nil || got.Enabled || !strings.Contains(got.Why, "three days") {
			t.Fatalf("webhook: %+v, %v", got, err)
		}
	})
}

func TestASlowReceiverDelaysNoOther(t *testing.T) {
	bubble(t, func(w *world) {
		w.hook("slow.example.com")
		w.hook("quick.example.com")
		w.far.answer["slow.example.com"] = func(int) (*http.Response, error) { time.Sleep(10 * time.Second); return status(500), nil }
		for range 50 {
			w.emit(w.ws, "message.sent")
		}
		time.Sleep(9 * time.Second)
		if n := len(w.far.of("quick.example.com")); n != 50 {
			w.Errorf("the quick one has %d of 50", n)
		}
		if n := len(w.far.of("slow.example.com")); n != perWebhook {
			w.Errorf("the slow one has %d tries at once, want %d", n, perWebhook)
		}
	})
}

func TestBothSecretsSignWhileTheyRotate(t *testing.T) {
	bubble(t, func(w *world) {
		h, old := w.hook("a.example.com")
		_, young, err := w.s.Rotate(w.Context(), w.ws, h.ID, By{})
		if err != nil || young == old {
			t.Fatalf("rotated to %q, %v", young, err)
		}
		e := w.emit(w.ws, "message.sent")
		time.Sleep(25 * time.Hour)
		later := w.emit(w.ws, "message.sent")
		time.Sleep(time.Minute)
		got := w.far.of("a.example.com")
		if len(got) != 2 || got[0].signature != Sign(young, got[0].id, got[0].at, e.JSON)+" "+Sign(old, got[0].id, got[0].at, e.JSON) ||
			got[1].signature != Sign(young, got[1].id, got[1].at, later.JSON) {
			t.Errorf("signatures: %+v", got)
		}
	})
}

func TestReplayAndTest(t *testing.T) {
	bubble(t, func(w *world) {
		h, _ := w.hook("a.example.com")
		w.emit(w.ws, "message.sent")
		time.Sleep(time.Minute)
		if n, err := w.s.Replay(w.Context(), w.ws, h.ID, store.DeliveryFilter{}, By{}); n != 1 || err != nil {
			t.Errorf("replayed %d, %v", n, err)
		}
		d, err := w.s.Test(w.Context(), w.ws, h.ID)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		got := w.far.of("a.example.com")
		if len(got) == 3 && got[1].id != got[0].id { // these two leave side by side
			got[1], got[2] = got[2], got[1]
		}
		if len(got) != 3 || got[0].id != got[1].id || got[0].body != got[1].body || got[2].id != d.ID.Format(smsir.PrefixDelivery) {
			t.Errorf("delivered %+v", got)
		}
		if _, err := w.s.Replay(w.Context(), w.other, h.ID, store.DeliveryFilter{}, By{}); smsir.CodeOf(err) != smsir.CodeNotFound {
			t.Errorf("another workspace's webhook: %v", err)
		}
	})
}

func TestARunThatDiesIsTakenOver(t *testing.T) {
	bubble(t, func(w *world) {
		h, _ := w.hook("a.example.com")
		w.stop()
		e := w.emit(w.ws, "message.sent")
		d := store.Delivery{ID: w.db.NewID(time.Now()), Workspace: w.ws, Webhook: h.ID, Event: e.ID, Type: e.Type, Body: e.JSON, NextAt: time.Now(), CreatedAt: time.Now()}
		if err := w.db.AddDelivery(w.Context(), d); err != nil {
			t.Fatal(err)
		}
		// A node that has taken it and is gone before it could say anything.
		if got, err := w.db.LeaseDeliveries(w.Context(), h.ID, time.Now(), time.Now().Add(lease), 1); err != nil || len(got) != 1 {
			t.Fatalf("leased %+v, %v", got, err)
		}
		w.start()
		time.Sleep(lease - time.Second)
		if n := slices.IndexFunc(w.log(h), func(l store.Delivery) bool { return l.ID == d.ID && l.State == store.DeliveryDone }); n >= 0 {
			t.Error("taken over before its time")
		}
		time.Sleep(5 * time.Second)
		if n := slices.IndexFunc(w.log(h), func(l store.Delivery) bool { return l.ID == d.ID && l.State == store.DeliveryDone }); n < 0 {
			t.Errorf("not taken over: %+v", w.log(h))
		}
	})
}

func TestCreateRefuses(t *testing.T) {
	bubble(t, func(w *world) {
		for _, url := range []string{"", "http://example.com/", "https://127.0.0.1/", "https://user:pass@example.com/"} {
			if _, _, err := w.s.Create(w.Context(), w.ws, Draft{URL: &url}, By{}); smsir.CodeOf(err) != smsir.CodeInvalid {
				t.Errorf("%q: %v", url, err)
			}
		}
		url, types := "https://example.com/", []string{"message.exploded"}
		if _, _, err := w.s.Create(w.Context(), w.ws, Draft{URL: &url, Types: &types}, By{}); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("a strange type: %v", err)
		}
		for range MaxPerWorkspace {
			w.hook("a.example.com")
		}
		if _, _, err := w.s.Create(w.Context(), w.ws, Draft{URL: &url}, By{}); smsir.CodeOf(err) != smsir.CodeInvalid {
			t.Errorf("one too many: %v", err)
		}
	})
}

// TestSignature holds Sign against a value made with another program, and fails for every changed bit.
func TestSignature(t *testing.T) {
	t.Parallel()
	// printf 'evt_1.1700000000.{}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:000102…1f -binary | base64
	const secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	at := time.Unix(1_700_000_000, 0)
	const want = "v1,bXtchBV0Hi1flm60IFUb87JKA3d/Yvv8UoEjbNotegk="
	if got := Sign(secret, "evt_1", at, []byte("{}")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		body := []byte("{}")
		bit := rapid.IntRange(0, 15).Draw(t, "bit")
		body[bit/8] ^= 1 << (bit % 8)
		if Sign(secret, "evt_1", at, body) == want || Sign(secret, "evt_2", at, []byte("{}")) == want || Sign(secret, "evt_1", at.Add(time.Second), []byte("{}")) == want {
			t.Fatal("a changed delivery has the same signature")
		}
	})
}
