package accept_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/store/storetest"
)

var ctx = context.Background()

// env is the stage over a real store, with a dispatcher that only notes what it is offered.
type env struct {
	*accept.Service
	st      store.Store
	ws      *store.Workspace
	offered []*smsir.Message
	room    int
}

func newEnv(t *testing.T) *env {
	t.Helper()
	st, err := sqlite.Open(ctx, sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	e := &env{st: st, room: 100, ws: &store.Workspace{ID: smsir.NewUUID(time.Now()), Name: "Test", Country: "KE", TimeZone: "UTC", Smart: true}}
	e.Service = accept.New(accept.Options{
		Store:      st,
		Reserve:    e.reserve,
		QueueLimit: 50,
		Knows:      func(ws, p smsir.UUID) bool { return p == smsir.UUID{1} },
	})
	return e
}

// reservation implements [store.Reservation]: it starts nothing at once.
type reservation struct {
	e        *env
	messages []*smsir.Message
}

func (e *env) reserve(m []*smsir.Message) store.Reservation {
	if len(m) > e.room {
		return nil
	}
	e.room -= len(m)
	return &reservation{e, m}
}

func (r *reservation) Intents() []store.Intent { return nil }
func (r *reservation) Offer()                  { r.e.offered = append(r.e.offered, r.messages...) }
func (r *reservation) Release()                { r.e.room += len(r.messages) }
func (r *reservation) Doubt()                  { r.Offer() }

func (e *env) order(requests ...accept.Request) accept.Order {
	return accept.Order{
		Workspace: e.ws, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}, Requests: requests, Batch: len(requests) > 1,
		Render: func(r *accept.Result) (int, []byte, error) {
			return 202, fmt.Appendf(nil, "%d accepted", len(r.Messages)), nil
		},
	}
}

func TestSendNormalisesCountsAndStores(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	r, err := e.Send(ctx, e.order(accept.Request{To: "0712 345 678", Text: "It’s at 3", From: "Clinic", Class: smsir.OTP}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.st.Message(ctx, e.ws.ID, r.Messages[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	if m.To != "+254712345678" || m.ToRaw != "0712 345 678" || m.Country != "KE" || m.Text != "It's at 3" || m.Segments != 1 ||
		m.Encoding != smsir.EncodingGSM7 || m.ExpiresAt.Sub(m.AcceptedAt) != 10*time.Minute || m.Status != smsir.Queued {
		t.Errorf("stored %+v", m)
	}
	if len(e.offered) != 1 || e.offered[0] == r.Messages[0] || e.offered[0].ID != m.ID {
		t.Errorf("offered %v: want a copy of the message", e.offered)
	}
	if r.Status != 202 || string(r.Body) != "1 accepted" {
		t.Errorf("answer %d %q", r.Status, r.Body)
	}
}

func TestWithoutRoomTheMessageWaitsInTheStore(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.room = 0
	r, err := e.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi"}))
	if err != nil {
		t.Fatal(err)
	}
	claimed, err := e.st.Claim(ctx, time.Now().Add(time.Second), storetest.Shares(e.ws.ID, 10))
	if err != nil || len(claimed) != 1 || claimed[0].ID != r.Messages[0].ID || len(e.offered) != 0 {
		t.Errorf("claimed %v, %v, offered %d; want the message claimable", claimed, err, len(e.offered))
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now()
	for _, tc := range []struct {
		name   string
		r      accept.Request
		code   string
		status smsir.Status
		reason smsir.Reason
	}{
		{"later", accept.Request{SendAt: now.Add(time.Hour)}, "", smsir.Scheduled, ""},
		{"just past", accept.Request{SendAt: now.Add(-10 * time.Second)}, "", smsir.Queued, smsir.ReasonDue},
		{"undo window", accept.Request{Hold: 5 * time.Second}, "", smsir.Scheduled, smsir.ReasonUndoWindow},
		{"past", accept.Request{SendAt: now.Add(-time.Hour)}, "send_at_past", 0, ""},
		{"too far", accept.Request{SendAt: now.Add(400 * 24 * time.Hour)}, "send_at_too_far", 0, ""},
		{"both", accept.Request{SendAt: now.Add(time.Hour), Hold: time.Second}, "hold_with_send_at", 0, ""},
		{"hold too long", accept.Request{Hold: time.Hour}, "hold_out_of_range", 0, ""},
		{"validity too short", accept.Request{Validity: time.Second}, "validity_out_of_range", 0, ""},
		{"validity too long", accept.Request{Validity: 8 * 24 * time.Hour}, "validity_out_of_range", 0, ""},
	} {
		tc.r.To, tc.r.Text = "+12025550100", "hi"
		r, err := e.Send(ctx, e.order(tc.r))
		if tc.code != "" {
			wantProblem(t, tc.name, err, tc.code)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", tc.name, err)
			continue
		}
		m := r.Messages[0]
		start := m.AcceptedAt
		if tc.status == smsir.Scheduled {
			start = m.SendAt
		}
		if m.Status != tc.status || m.Reason != tc.reason || m.ExpiresAt.Sub(start) != 24*time.Hour {
			t.Errorf("%s: %v %q, expires %v after its start; want %v %q, 24h", tc.name, m.Status, m.Reason, m.ExpiresAt.Sub(start), tc.status, tc.reason)
		}
	}
}

func wantProblem(t *testing.T, name string, err error, code string) {
	t.Helper()
	var invalid *accept.InvalidError
	if !errors.As(err, &invalid) || invalid.Problems[0].Code != code {
		t.Errorf("%s: got %v (%+v), want problem %s", name, err, invalid, code)
	}
}

func TestProblemsAreNamedAndNothingIsStored(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	good := accept.Request{To: "+12025550100", Text: "hi"}
	with := func(change func(*accept.Request)) accept.Request { r := good; change(&r); return r }
	for code, r := range map[string]accept.Request{
		"text_missing":           with(func(r *accept.Request) { r.Text = "" }),
		"text_too_long":          with(func(r *accept.Request) { r.Text = strings.Repeat("a", 1601) }),
		"text_not_utf8":          with(func(r *accept.Request) { r.Text = "a\xff" }),
		"text_control_character": with(func(r *accept.Request) { r.Text = "a\x00b" }),
		"number_region_needed":   with(func(r *accept.Request) { r.To = "" }),
		"provider_unknown":       with(func(r *accept.Request) { r.Provider = smsir.UUID{5} }),
		"too_many_tags":          with(func(r *accept.Request) { r.Tags = make([]string, 11) }),
		"tag_length":             with(func(r *accept.Request) { r.Tags = []string{""} }),
		"metadata_length":        with(func(r *accept.Request) { r.Metadata = map[string]string{"": "x"} }),
		"client_ref_length":      with(func(r *accept.Request) { r.ClientRef = strings.Repeat("x", 129) }),
	} {
		_, err := e.Send(ctx, e.order(r))
		if code == "number_region_needed" {
			if err == nil {
				t.Error("an empty number was accepted")
			}
			continue
		}
		wantProblem(t, code, err, code)
	}
	_, err := e.Send(ctx, e.order())
	wantProblem(t, "no recipient", err, "recipients_missing")
	_, err = e.Send(ctx, e.order(make([]accept.Request, 1001)...))
	wantProblem(t, "too many", err, "too_many_recipients")
	page, err := e.st.ListMessages(ctx, e.ws.ID, store.MessageFilter{})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("%d messages stored, %v; want none", len(page.Items), err)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	rows := []accept.Request{{To: "+12025550100", Text: "a"}, {To: "nonsense", Text: "a"}, {To: "(202) 555-0100", Text: "a"}, {To: "+12025550100", Text: "b"}, {To: "+12025550101", Text: "a"}}
	rows[2].To = "+1 (202) 555-0100"
	o := e.order(rows...)
	_, err := e.Send(ctx, o)
	var invalid *accept.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || invalid.Problems[0].Index != 1 {
		t.Fatalf("a bad row: got %v, want one problem of row 1", err)
	}
	o.SkipInvalid = true
	r, err := e.Send(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Messages) != 3 || len(r.Skipped) != 1 || r.Skipped[0].Index != 1 || len(r.Duplicates) != 1 || r.Duplicates[0] != (accept.Duplicate{Index: 2, Of: 0, To: "+12025550100"}) || r.Batch == 0 {
		t.Errorf("got %d messages, skipped %+v, duplicates %+v", len(r.Messages), r.Skipped, r.Duplicates)
	}
	for _, m := range r.Messages {
		if m.Batch != r.Batch {
			t.Errorf("message of batch %d, want %d", m.Batch, r.Batch)
		}
	}
}

func TestOptedOut(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now()
	user := store.User{ID: smsir.NewUUID(now), Email: "a@example.com", CreatedAt: now}
	prov := &store.Provider{ID: smsir.UUID{1}, Workspace: e.ws.ID, Kind: "k", Name: "n", CreatedAt: now, UpdatedAt: now}
	if err := e.st.Register(ctx, store.Registration{
		User: user, Workspace: e.ws, Role: store.Owner, Setup: true, Provider: prov,
		Session: store.Session{ID: smsir.NewUUID(now), User: user.ID, Workspace: e.ws.ID, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, Audit: store.AuditEntry{At: now},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.st.StoreInbound(ctx, smsir.Inbound{Provider: prov.ID, From: "+12025550111", To: "Clinic", Text: "STOP", ReceivedAt: now}, store.OptOut); err != nil {
		t.Fatal(err)
	}
	r := accept.Request{To: "+12025550111", From: "Clinic", Text: "hi"}
	if _, err := e.Send(ctx, e.order(r)); smsir.CodeOf(err) != smsir.CodeOptedOut {
		t.Errorf("single: %v, want %s", err, smsir.CodeOptedOut)
	}
	res, err := e.Send(ctx, e.order(r, accept.Request{To: "+12025550100", From: "Clinic", Text: "hi"}))
	if err != nil {
		t.Fatal(err)
	}
	if m := res.Messages[0]; m.Status != smsir.Blocked || !m.Final || m.Reason != smsir.ReasonOptedOut || m.Seq != 2 {
		t.Errorf("batch: %v %q seq %d, want blocked, opted_out, 2", m.State(), m.Reason, m.Seq)
	}
	if res.Messages[1].Status != smsir.Queued || len(e.offered) != 1 {
		t.Errorf("the other row: %v, offered %d", res.Messages[1].State(), len(e.offered))
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	o := e.order(accept.Request{To: "+12025550100", Text: "hi"})
	o.Idempotency = &accept.Key{Scope: "s", Key: "k", Fingerprint: [32]byte{1}}
	first, err := e.Send(ctx, o)
	if err != nil || first.Replayed {
		t.Fatalf("first: %+v, %v", first, err)
	}
	again, err := e.Send(ctx, o)
	if err != nil || !again.Replayed || again.Status != 202 || string(again.Body) != string(first.Body) {
		t.Errorf("again: %+v, %v; want the first answer", again, err)
	}
	o.Idempotency.Fingerprint = [32]byte{2}
	if _, err := e.Send(ctx, o); smsir.CodeOf(err) != smsir.CodeIdempotencyReuse {
		t.Errorf("another body: %v, want %s", err, smsir.CodeIdempotencyReuse)
	}
	if len(e.offered) != 1 || e.room != 99 {
		t.Errorf("offered %d, room %d; want 1 and 99", len(e.offered), e.room)
	}
}

func TestPreview(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	p := e.Preview(e.ws, accept.PreviewRequest{To: []string{"0712345678", "+254712345678", "x"}, Text: "ça va “ok”", From: "TooLongSender"})
	if p.Encoding != "ucs2" || p.Segments != 1 || len(p.Costly) == 0 || p.Duplicates != 1 {
		t.Errorf("preview %+v", p)
	}
	if p.Recipients[0].E164 != "+254712345678" || p.Recipients[2].Problem == nil || len(p.Problems) != 1 || p.Problems[0].Field != "from" {
		t.Errorf("recipients %+v, problems %+v", p.Recipients, p.Problems)
	}
	if empty := e.Preview(e.ws, accept.PreviewRequest{}); len(empty.Problems) != 0 {
		t.Errorf("an empty form has problems: %+v", empty.Problems)
	}
}

func TestWithoutAProviderItSaysWhyItWaits(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	until := time.Now().Add(time.Minute).UTC().Truncate(time.Millisecond)
	s := accept.New(accept.Options{Store: e.st, Waits: func(smsir.UUID) (smsir.Reason, time.Time) { return smsir.ReasonRouteConfig, until }})
	r, err := s.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi"}))
	if err != nil {
		t.Fatal(err)
	}
	m, err := e.st.Message(ctx, e.ws.ID, r.Messages[0].ID)
	if err != nil || m.Reason != smsir.ReasonRouteConfig || !m.NextAt.Equal(until) {
		t.Errorf("waits because of %q until %v, %v; want route_config until %v", m.Reason, m.NextAt, err, until)
	}
	if claimed, err := e.st.Claim(ctx, time.Now(), storetest.Shares(e.ws.ID, 10)); err != nil || len(claimed) != 0 {
		t.Errorf("claimed %d before its time, %v", len(claimed), err)
	}
}

func TestQueueFull(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	rows := make([]accept.Request, 50)
	for i := range rows {
		rows[i] = accept.Request{To: fmt.Sprintf("+12025550%03d", 100+i), Text: "hi"}
	}
	if _, err := e.Send(ctx, e.order(rows...)); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Send(ctx, e.order(rows[0])); smsir.CodeOf(err) != smsir.CodeQueueFull {
		t.Errorf("message 51: %v, want %s", err, smsir.CodeQueueFull)
	}
	otp := rows[0]
	otp.Class = smsir.OTP
	for i := range 6 {
		_, err := e.Send(ctx, e.order(otp))
		if full := smsir.CodeOf(err) == smsir.CodeQueueFull; full != (i == 5) || err != nil && !full {
			t.Errorf("OTP %d: %v; want a tenth more than the limit", i+1, err)
		}
	}
}

// TestQueueLimitsOfAWorkspace: its own count instead of the server's, and how long a message has waited.
func TestQueueLimitsOfAWorkspace(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	now := time.Now()
	s := accept.New(accept.Options{Store: e.st, QueueLimit: 50, Now: func() time.Time { return now }})
	order := func(class smsir.Class) error {
		now = now.Add(2 * time.Second) // the queue is asked for anew
		_, err := s.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi", Class: class}))
		return err
	}
	e.ws.QueueCount = 2
	for i := range 3 {
		if err := order(smsir.Bulk); (smsir.CodeOf(err) == smsir.CodeQueueFull) != (i == 2) {
			t.Errorf("message %d of at most two: %v", i+1, err)
		}
	}
	e.ws.QueueCount, e.ws.QueueAge = 0, time.Minute
	if err := order(smsir.Bulk); err != nil {
		t.Errorf("before the limit of age: %v", err)
	}
	now = now.Add(time.Minute)
	if err := order(smsir.Bulk); smsir.CodeOf(err) != smsir.CodeQueueFull || !strings.Contains(err.Error(), "1m0s") {
		t.Errorf("after a minute: %v, want %s", err, smsir.CodeQueueFull)
	}
	if err := order(smsir.OTP); err != nil {
		t.Errorf("an OTP after a minute: %v", err)
	}
}

// TestOrderingKey: such a message is not handed over in memory; it is claimed when it is its turn.
func TestOrderingKey(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	r, err := e.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi", OrderingKey: "talk"}))
	if err != nil || len(e.offered) != 0 {
		t.Fatalf("offered %d, %v", len(e.offered), err)
	}
	if m, err := e.st.Message(ctx, e.ws.ID, r.Messages[0].ID); err != nil || m.OrderingKey != "talk" {
		t.Errorf("stored with the key %q, %v", m.OrderingKey, err)
	}
	for _, key := range []string{strings.Repeat("x", 65), "a\nb"} {
		_, err := e.Send(ctx, e.order(accept.Request{To: "+12025550100", Text: "hi", OrderingKey: key}))
		var invalid *accept.InvalidError
		if !errors.As(err, &invalid) || invalid.Problems[0].Field != "ordering_key" {
			t.Errorf("key %q: %v", key, err)
		}
	}
}

// TestSendersThatCannotBeRead: that the list of senders is out of reach says nothing about the message.
func TestSendersThatCannotBeRead(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	var answer error
	s := accept.New(accept.Options{
		Store: e.st, QueueLimit: 50,
		Sender: func(context.Context, *store.Workspace, string, string, smsir.Class) (string, error) {
			return "", answer
		},
	})
	for _, code := range []smsir.Code{smsir.CodeStorageDown, smsir.CodeStorageFull, smsir.CodeCommitUnknown} {
		answer = smsir.Errorf(code, "The database does not answer.")
		if _, err := s.Send(ctx, e.order(accept.Request{To: "0712345678", Text: "hi"})); smsir.CodeOf(err) != code {
			t.Errorf("%s: got %v", code, err)
		}
	}
	answer = smsir.Errorf("sender_missing", "Name a sender.")
	var refused *accept.InvalidError
	if _, err := s.Send(ctx, e.order(accept.Request{To: "0712345678", Text: "hi"})); !errors.As(err, &refused) || refused.Problems[0].Field != "from" {
		t.Errorf("a refusal: got %v", err)
	}
}

// panics is a store that fails in the worst way.
type panics struct{ store.Accepter }

func (panics) Accept(context.Context, *store.Acceptance) (*store.Replay, error) { panic("a bug") }

// TestPanicEndsTheReservation: whatever happens while a message is stored, the dispatcher does not wait for it for ever.
func TestPanicEndsTheReservation(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	s := accept.New(accept.Options{Store: panics{e.st}, Reserve: e.reserve})
	func() {
		defer func() { _ = recover() }()
		_, _ = s.Send(ctx, e.order(accept.Request{To: "0712345678", Text: "hi"}))
	}()
	if len(e.offered) != 1 {
		t.Errorf("%d messages are in doubt, want 1", len(e.offered))
	}
}
