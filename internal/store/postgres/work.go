package postgres

import (
	"bytes"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// work is one transaction of many steps. First every step names what it needs; load locks and reads all of it in a few
// round trips; the steps decide one after the other, in memory, each on what the ones before it left; flush writes.
//
// Locks are taken in one order whatever the steps: workspaces, references, keys and client references, messages by id, meters.
// So transactions that meet wait for each other and never in a ring.
type work struct {
	t      *tx
	s      *Store
	number int // of the writer in its node
	now    time.Time

	needs   needs
	parking bool // its receipts match nothing yet, and their references are locked: they may be parked
	current *step

	messages    map[smsir.ID]*entry
	order       []*entry // in the order of their first change
	attempts    map[smsir.ID]*attempt
	newAttempts []*attempt
	parts       map[smsir.ID][]*part
	seen        map[receiptKey]bool
	parked      map[reference][]smsir.Receipt
	receipts    []*newReceipt
	adopted     []adoption
	events      []smsir.Event
	born        []birth
	keys        map[idemKey]*keyState
	refs        map[clientRef]*refState
	stops       map[stop][]string // senders that a recipient has opted out of
	exempt      map[smsir.ID]bool // confirmations of opt-outs
	paused      map[smsir.UUID]bool
	alive       bool
	absent      map[smsir.UUID]bool // workspaces that do not exist
	byReference map[reference][]*attempt
	meters      map[meterKey]*meterState
	credits     map[smsir.UUID]*creditState // whose balances are locked, or are to be changed
	after       []statement                 // run in order by flush, behind everything else

	undos []func()
}

// needs is what the steps of a work want locked and loaded.
type needs struct {
	messages   []smsir.ID
	deep       []smsir.ID  // messages with their attempts, parts and receipts
	attempts   []smsir.ID  // attempts whose message is not known yet
	references []reference // of receipts
	answered   []answer    // of outcomes: receipts may be parked under them
	workspaces []smsir.UUID
	held       []smsir.UUID // workspaces that a step wants for itself
	recipients []stop
	inbound    []*inboundOp
}

// entry is a message that is locked.
type entry struct {
	m      *smsir.Message
	before smsir.Message // as it was read
	owner  int64         // 0: nobody
	was    int64         // owner as it was read
	dirty  bool
}

// attempt is an attempt of a locked message.
type attempt struct {
	smsir.Attempt
	reference string
	dirty     bool
}

type part struct {
	number    int64
	reference string
	status    smsir.Status
	fresh     bool
	dirty     bool
}

type reference struct {
	provider smsir.UUID
	text     string
}

// answer is a reference that an attempt is about to get.
type answer struct {
	attempt smsir.ID
	text    string
}

type receiptKey struct {
	attempt   smsir.ID // 0: parked
	reference string
	status    smsir.Status
	done      int64
	code      string
	provider  smsir.UUID // of a parked one
}

type newReceipt struct {
	smsir.Receipt
	attempt smsir.ID // 0: parked
	op      *receiptOp
}

// adoption gives a parked receipt its attempt.
type adoption struct{ receipt, attempt smsir.ID }

type birth struct {
	m     *smsir.Message
	owner any
}

type stop struct {
	workspace smsir.UUID
	recipient string
}

// statement is a write of its own: one that goes along with the others, or (rare) one that another package runs.
type statement struct {
	query string
	args  []any
	run   func(*tx) error
}

func newWork(t *tx, number int) *work {
	return &work{
		t: t, s: t.s, number: number, now: t.s.now(),
		messages: map[smsir.ID]*entry{}, attempts: map[smsir.ID]*attempt{}, parts: map[smsir.ID][]*part{}, seen: map[receiptKey]bool{},
		parked: map[reference][]smsir.Receipt{}, keys: map[idemKey]*keyState{}, refs: map[clientRef]*refState{}, stops: map[stop][]string{},
		exempt: map[smsir.ID]bool{}, paused: map[smsir.UUID]bool{}, absent: map[smsir.UUID]bool{},
		meters: map[meterKey]*meterState{}, credits: map[smsir.UUID]*creditState{},
	}
}

// undo takes back what the current step has changed.
func (w *work) undo() {
	for _, f := range slices.Backward(w.undos) {
		f()
	}
}

// mark makes what the step appends from here on go away if it fails.
func (w *work) mark() {
	events, born, receipts, adopted, after, news, order := len(w.events), len(w.born), len(w.receipts), len(w.adopted), len(w.after), len(w.newAttempts), len(w.order)
	w.undos = append(w.undos, func() {
		for _, a := range w.newAttempts[news:] {
			delete(w.attempts, a.ID)
		}
		w.events, w.born, w.receipts, w.adopted = w.events[:events], w.born[:born], w.receipts[:receipts], w.adopted[:adopted]
		w.after, w.newAttempts, w.order = w.after[:after], w.newAttempts[:news], w.order[:order]
	})
}

// later puts the current step off to the next transaction.
func (w *work) later(alone bool) { w.current.again, w.current.alone = true, alone }

// touch makes changes of an entry go away if the step fails.
func (w *work) touch(e *entry) {
	saved, m := *e, *e.m
	w.undos = append(w.undos, func() { *e = saved; *e.m = m })
}

func (w *work) touchAttempt(a *attempt) {
	saved := *a
	w.undos = append(w.undos, func() { *a = saved })
}

// step lets change move a message and keeps what it did. It returns nil if there is no such message. Who holds the
// message follows from its new status: nobody, unless it is being sent.
func (w *work) step(id smsir.ID, change func(m *smsir.Message) ([]smsir.Event, error)) (*smsir.Message, error) {
	e := w.messages[id]
	if e == nil {
		return nil, nil
	}
	w.touch(e)
	before := *e.m
	events, err := change(e.m)
	if err != nil {
		return nil, err
	}
	if len(events) == 0 && e.m.NextAt.Equal(before.NextAt) && e.m.Parts == before.Parts && e.m.Network == before.Network {
		return e.m, nil
	}
	if e.m.Status != smsir.Sending && e.m.Status != before.Status {
		e.owner = 0
	}
	w.keep(e, events)
	if wait, frees := sqldb.Frees(&before, e.m); frees {
		w.after = append(w.after, statement{query: sqldb.WakeNext("FOR UPDATE SKIP LOCKED"), args: []any{uuid(e.m.Workspace), e.m.OrderingKey, int64(e.m.ID), sqldb.Millis(e.m.UpdatedAt.Add(wait))}})
	}
	return e.m, nil
}

// keep makes an entry one that is written, with events that tell of it.
func (w *work) keep(e *entry, events []smsir.Event) {
	if !e.dirty {
		e.dirty = true
		w.order = append(w.order, e)
	}
	w.events = append(w.events, events...)
}

// release gives up the ownership of a queued message that this node holds.
func (w *work) release(id smsir.ID, reason smsir.Reason, next time.Time) {
	e := w.messages[id]
	if e == nil || e.m.Status != smsir.Queued || e.owner != w.s.node.Load() {
		return
	}
	w.touch(e)
	e.owner, e.m.Reason, e.m.NextAt = 0, reason, next
	w.keep(e, nil)
}

// attemptNumber finds attempt number n of a message.
func (w *work) attemptNumber(message smsir.ID, n int) *attempt {
	for _, a := range w.attempts {
		if a.Message == message && a.Number == n {
			return a
		}
	}
	return nil
}

// endAttempt sets the outcome of an attempt, once: only an open or an unknown one takes another, and one that a receipt
// has proved takes the reference of the answer.
func (w *work) endAttempt(a *attempt, now time.Time, o *smsir.Outcome) {
	w.price(a, o.Price)
	open := a.State == smsir.AttemptInflight || a.State == smsir.AttemptUnknown
	if !open && (a.State != smsir.AttemptAccepted || o.State != smsir.AttemptAccepted) {
		return
	}
	w.touchAttempt(a)
	a.State, a.EndedAt, a.Error, a.Failover, a.dirty = o.State, now, o.Error, o.Failover, true
	if len(o.References) > 0 && o.References[0] != "" {
		a.reference = o.References[0]
	}
}

// price notes what the provider says an attempt costs; what it says last counts.
func (w *work) price(a *attempt, p smsir.Money) {
	if p != (smsir.Money{}) {
		w.touchAttempt(a)
		a.Price, a.dirty = p, true
	}
}

// markHour has the hour of a message counted anew for the reports, if something was told that no event tells: a price that came
// later, or a network.
func (w *work) markHour(m *smsir.Message, told bool) {
	if told {
		w.after = append(w.after, statement{query: sqldb.MarkReportHour, args: []any{uuid(m.Workspace), sqldb.ReportHour(m.ID), int64(w.s.ids.Next(w.now))}})
	}
}

// optedOut keeps what a provider knows of a recipient: no further message to it from this sender.
func (w *work) optedOut(m *smsir.Message, why *smsir.Failure) {
	v := store.Suppression{Workspace: m.Workspace, Recipient: m.To, Sender: m.From, Reason: "provider", CreatedAt: w.now}
	text := why.Text
	w.after = append(w.after, statement{run: func(t *tx) error {
		n, err := t.Exec(`INSERT INTO suppressions (workspace_id, recipient, sender, reason, created_at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT DO NOTHING`, v.Workspace, v.Recipient, v.Sender, v.Reason, v.CreatedAt.UnixMilli())
		if err != nil || n == 0 {
			return err
		}
		return sqldb.InsertConsent(t, store.ConsentEntry{
			ID: smsir.NewUUID(v.CreatedAt), Workspace: v.Workspace, At: v.CreatedAt, Recipient: v.Recipient, Sender: v.Sender, Source: "provider", Text: text,
		})
	}})
}

// distinct sorts ids and drops repeated ones.
func distinct(ids []smsir.ID) []int64 {
	all := make([]int64, len(ids))
	for i, id := range ids {
		all[i] = int64(id)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func distinctUUIDs(ids []smsir.UUID) [][]byte {
	all := make([][]byte, 0, len(ids))
	for _, id := range ids {
		all = append(all, uuid(id))
	}
	slices.SortFunc(all, bytes.Compare)
	return slices.CompactFunc(all, bytes.Equal)
}
