package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
	"github.com/smsir/smsir/internal/store/sqlite"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// history is a gateway's data in every state, whose process has died.
type history struct {
	*testing.T
	path         string
	ws, provider smsir.UUID
	secrets      []byte
	ids          map[smsir.Status]smsir.ID // one message of each status
	messages     int
	sending      int
	last         smsir.ID // event
}

// moved is how many messages there are.
func moved() int {
	if testing.Short() {
		return 5_000
	}
	return 100_000
}

// live makes a database with a history.
func live(t *testing.T, dir string) *history {
	t.Helper()
	ctx, now := context.Background(), time.Now().UTC().Truncate(time.Millisecond)
	h := &history{T: t, path: filepath.Join(dir, databaseName), ws: smsir.NewUUID(now), provider: smsir.NewUUID(now), secrets: []byte{1, 0, 255, 7}, messages: moved(), ids: map[smsir.Status]smsir.ID{}}
	st, err := sqlite.Open(ctx, h.path, sqlite.Options{})
	h.must(err)
	user := store.User{ID: smsir.NewUUID(now), Email: "ada@example.com", Name: "Ada Ünicode", CreatedAt: now}
	h.must(st.Register(ctx, store.Registration{
		User: user, Workspace: &store.Workspace{ID: h.ws, Name: "w", Country: "US", TimeZone: "UTC", CreatedAt: now}, Role: store.Owner, Setup: true,
		Provider: &store.Provider{ID: h.provider, Workspace: h.ws, Kind: "simulator", Name: "Simulator", Secrets: h.secrets, Enabled: true, CreatedAt: now, UpdatedAt: now},
		Session:  store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: h.ws, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now, Workspace: h.ws, Action: "user.registered"},
	}))
	var first []*smsir.Message
	for n := 0; n < h.messages; n += 1000 {
		a := &store.Acceptance{Workspace: h.ws, Owned: n == 0, ClientRefs: time.Hour}
		for i := range 1000 {
			m := &smsir.Message{
				ID: st.NewID(now), Workspace: h.ws, To: "+12025550100", ToRaw: "(202) 555-0100", Country: "US", From: "SMSir", Text: fmt.Sprintf("Number %d, with an é", n+i),
				Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(24 * time.Hour), Tags: []string{"moved"}, ClientRef: fmt.Sprint("ref-", n+i),
			}
			if i%50 == 1 && n > 0 {
				m.SendAt = now.Add(time.Hour)
				h.ids[smsir.Scheduled] = m.ID
			}
			a.Messages, a.Events = append(a.Messages, m), append(a.Events, m.Accept(now, false))
		}
		a.Idempotency = &store.Idempotency{Scope: "POST /v1/batches", Key: fmt.Sprint("key-", n), ExpiresAt: now.Add(time.Hour), Status: 202, Body: []byte("{}")}
		_, err := st.Accept(ctx, a)
		h.must(err)
		if n == 0 {
			first = a.Messages
		}
	}
	h.ids[smsir.Queued] = first[999].ID
	for i, m := range first[:40] {
		attempt := st.NewID(now)
		ok, err := st.Intend(ctx, []store.Intent{{Attempt: attempt, Message: m, Provider: h.provider, Now: now}})
		if err != nil || !ok[0] {
			t.Fatal(ok, err)
		}
		o := smsir.Outcome{State: smsir.AttemptAccepted, References: []string{fmt.Sprint("r", i), fmt.Sprint("s", i)}}
		switch i % 4 {
		case 0:
			h.sending++
			h.ids[smsir.Sending] = m.ID
			continue
		case 1:
			o = smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: now.Add(time.Minute)}
			h.ids[smsir.Unknown] = m.ID
		case 2:
			h.ids[smsir.Sent] = m.ID
		case 3:
			o.References = o.References[:1]
			h.ids[smsir.Delivered] = m.ID
		}
		_, err = st.Finish(ctx, store.Finish{Attempt: attempt, Message: m.ID, Workspace: h.ws, Now: now, Outcome: o})
		h.must(err)
		if i%4 == 3 {
			_, err = st.StoreReceipt(ctx, smsir.Receipt{Provider: h.provider, Reference: o.References[0], Status: smsir.Delivered, ArrivedAt: now, Raw: "a raw \x00 report \xff"})
			h.must(err)
		}
	}
	_, err = st.StoreInbound(ctx, smsir.Inbound{Provider: h.provider, Reference: "mo", From: "+12025550111", To: "SMSir", Text: "STOP", ReceivedAt: now}, store.OptOut)
	h.must(err)
	h.last, err = st.LastEvent(ctx)
	h.must(err)
	h.must(st.Close()) // what it owned stays as it is, as after a crash
	return h
}

func (h *history) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// stopAt is a writer that ends a context when a text is written.
type stopAt struct {
	bytes.Buffer
	text string
	stop context.CancelFunc
}

func (w *stopAt) Write(p []byte) (int, error) {
	if w.text != "" && bytes.Contains(p, []byte(w.text)) {
		w.stop()
	}
	return w.Buffer.Write(p)
}

func (h *history) move(url, stopText string, want int) string {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	defer cancel()
	out := &stopAt{text: stopText, stop: cancel}
	var errs bytes.Buffer
	code := run(ctx, []string{"move", "--data-dir", filepath.Dir(h.path), "--to", url}, process{getenv: func(string) string { return "" }, out: out, err: &errs})
	if code != want {
		h.Fatalf("move ends with %d, want %d:\n%s%s", code, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// TestMove: a hundred thousand messages in every state, their events, secrets and keys, after a first try that was broken off.
func TestMove(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	h := live(t, t.TempDir())
	h.move(url, "messages ", 1) // broken off behind the largest table
	start := time.Now()
	if said := h.move(url, "", 0); !strings.Contains(said, fmt.Sprintf("%-20s %12d", "messages", h.messages)) || !strings.Contains(said, "secret.key") {
		t.Errorf("it says\n%s", said)
	}
	t.Logf("%d messages in %v", h.messages, time.Since(start).Round(time.Millisecond))
	if said := h.move(url, "", 0); !strings.Contains(said, "had been moved already") {
		t.Errorf("the second time it says\n%s", said)
	}

	ctx := context.Background()
	if _, err := sqlite.Open(ctx, h.path, sqlite.Options{}); err == nil || !strings.Contains(err.Error(), "was moved to postgres://") || !strings.Contains(err.Error(), "--store-ignore-move") {
		t.Errorf("the old database opens: %v", err)
	}
	old, err := sqlite.Open(ctx, h.path, sqlite.Options{IgnoreMove: true})
	h.must(err)
	defer old.Close() //nolint:errcheck // only read
	now, err := postgres.Open(ctx, url, postgres.Options{})
	h.must(err)
	defer now.Close() //nolint:errcheck // it is thrown away
	h.same(old, now)

	// What was being sent becomes unknown, once; what was waiting goes on.
	requeued, unknown, err := now.Recover(ctx, time.Now(), time.Now())
	if err != nil || requeued != 0 || unknown != h.sending {
		t.Errorf("recover: %d requeued, %d unknown, %v; want 0 and %d", requeued, unknown, err, h.sending)
	}
	if q, u, err := now.Recover(ctx, time.Now(), time.Now()); q+u != 0 || err != nil {
		t.Errorf("recover again: %d, %d, %v", q, u, err)
	}
	page, err := now.EventsAfter(ctx, smsir.UUID{}, h.last, 100)
	if err != nil || len(page) != h.sending || page[0].Type != "message.unknown" {
		t.Errorf("%d events after the move, %v; want %d that tell of unknown messages", len(page), err, h.sending)
	}
	claimed, err := now.Claim(ctx, time.Now(), []store.Share{{Line: store.Line{Workspace: h.ws}, N: 10}})
	if err != nil || len(claimed) != 10 {
		t.Errorf("claimed %d, %v; want 10 that were queued", len(claimed), err)
	}
	if id := now.NewID(time.Now()); id <= claimed[9].ID {
		t.Errorf("a new message has the id %d, below %d", id, claimed[9].ID)
	}
	// The data has gone on, so it is no longer what the file holds.
	if said := h.movedAgain(url, old); !strings.Contains(said, "is not empty") {
		t.Errorf("a move over new data says\n%s", said)
	}
}

func (h *history) movedAgain(url string, old *sqlite.Store) string {
	h.Helper()
	h.must(old.Close())
	pgtest.Exec(h.T, url, "UPDATE nodes SET stopped_at = 1")
	return h.move(url, "", 1)
}

// same compares what the two databases tell.
func (h *history) same(old, now store.Store) {
	h.Helper()
	ctx := context.Background()
	for status, id := range h.ids {
		a, err := old.Message(ctx, h.ws, id)
		h.must(err)
		b, err := now.Message(ctx, h.ws, id)
		h.must(err)
		if a.Status != status || !reflect.DeepEqual(a, b) {
			h.Errorf("a %v message is %+v, want %+v", status, b, a)
		}
		x, err := old.Attempts(ctx, h.ws, id)
		h.must(err)
		y, err := now.Attempts(ctx, h.ws, id)
		h.must(err)
		if !reflect.DeepEqual(x, y) {
			h.Errorf("attempts of a %v message are %+v, want %+v", status, y, x)
		}
	}
	n, after := 0, smsir.ID(0)
	for {
		x, err := old.EventsAfter(ctx, smsir.UUID{}, after, 5000)
		h.must(err)
		y, err := now.EventsAfter(ctx, smsir.UUID{}, after, 5000)
		h.must(err)
		if !reflect.DeepEqual(x, y) {
			h.Fatalf("after event %d the streams differ", after)
		}
		if len(x) == 0 {
			break
		}
		n, after = n+len(x), x[len(x)-1].ID
	}
	if n < h.messages || after != h.last {
		h.Errorf("%d events up to %d, want %d or more up to %d", n, after, h.messages, h.last)
	}
	x, err := old.Counts(ctx, h.ws, time.Now().Add(-3*time.Hour), time.Now().Add(time.Hour))
	h.must(err)
	y, err := now.Counts(ctx, h.ws, time.Now().Add(-3*time.Hour), time.Now().Add(time.Hour))
	h.must(err)
	if len(x) == 0 || !reflect.DeepEqual(x, y) {
		h.Errorf("counts %v, want %v", y, x)
	}
	p, err := now.Provider(ctx, h.ws, h.provider)
	if err != nil || !bytes.Equal(p.Secrets, h.secrets) {
		h.Errorf("sealed secrets %v, %v; want %v", p, err, h.secrets)
	}
	if r, err := now.Replay(ctx, h.ws, "POST /v1/batches", "key-0", time.Now()); err != nil || r == nil {
		h.Errorf("the idempotency records are gone: %v, %v", r, err)
	}
	if s, err := now.Suppressed(ctx, h.ws, []string{"+12025550111"}, "SMSir"); err != nil || !s["+12025550111"] {
		h.Errorf("an opt-out is gone: %v, %v", s, err)
	}
}
