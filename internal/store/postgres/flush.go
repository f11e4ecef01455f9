package postgres

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// birthKinds and movingKinds are the kinds of sqldb.BirthColumns and sqldb.MovingColumns, for a bulk.
const (
	birthKinds  = "ibiibitttttiibitttiiiit" + "iitiiiit" + "in"
	movingKinds = "iitiiiiiiiiibiiiiittit"
)

// flush writes everything the steps have decided: one statement for each table, in one round trip. Events come last, so
// that their ids are drawn when nothing is waited for any more, and behind those of every transaction that this one
// waited for: the events of a message have the order of its moves.
func (w *work) flush() error {
	b := &pgx.Batch{}
	if err := w.chargeMoves(); err != nil {
		return err
	}
	w.insertMessages(b)
	w.thread(b)
	w.updateMessages(b)
	w.writeAttempts(b)
	w.writeParts(b)
	w.writeReceipts(b)
	w.writeCounts(b)
	w.writeMeters(b)
	w.writeCredits(b)
	for _, s := range w.after {
		if s.run == nil {
			b.Queue(s.query, s.args...)
		} else if err := s.run(w.t); err != nil {
			return err
		}
	}
	if err := w.insertEvents(b); err != nil {
		return err
	}
	return w.t.batch(b)
}

func (w *work) insertMessages(b *pgx.Batch) {
	if len(w.born) == 0 {
		return
	}
	in, charged, started := newBulk(birthKinds), newBulk(birthKinds+"ii"), newBulk(birthKinds+"ii"+"iib")
	for _, n := range w.born {
		switch {
		case n.m.Status == smsir.Sending:
			started.add(sqldb.StartedArgs(n.m, n.owner)...)
		case n.m.Charge == smsir.NotCharged:
			in.add(sqldb.BirthArgs(n.m, n.owner)...)
		default:
			charged.add(sqldb.ChargedArgs(n.m, n.owner)...)
		}
	}
	if in.n > 0 {
		b.Queue("INSERT INTO messages ("+sqldb.BirthColumns+") SELECT * FROM "+in.from(0), in.cols...)
	}
	if charged.n > 0 {
		b.Queue("INSERT INTO messages ("+sqldb.ChargedColumns+") SELECT * FROM "+charged.from(0), charged.cols...)
	}
	if started.n > 0 {
		b.Queue("INSERT INTO messages ("+sqldb.StartedColumns+") SELECT * FROM "+started.from(0), started.cols...)
	}
}

// movingSet is "status = u.status, final = u.final, …".
func movingSet() string {
	var set []string
	for name := range strings.SplitSeq(sqldb.MovingColumns, ",") {
		name = strings.TrimSpace(name)
		set = append(set, name+" = u."+name)
	}
	return strings.Join(set, ", ")
}

// updateMessages writes what the state machine changed, conditional on what was read.
func (w *work) updateMessages(b *pgx.Batch) {
	if len(w.order) == 0 {
		return
	}
	in := newBulk("iiii" + movingKinds + "in")
	for _, e := range w.order {
		var owner any
		if e.owner != 0 {
			owner = e.owner
		}
		row := append([]any{int64(e.m.ID), int64(e.before.Status), sqldb.Flag(e.before.Final), int64(e.before.Seq)}, sqldb.MovingArgs(e.m)...)
		in.add(append(row, sqldb.Millis(e.m.DeadlineAt()), owner)...)
	}
	want := int64(in.n)
	b.Queue("UPDATE messages m SET "+movingSet()+", deadline_at = u.deadline_at, owner = u.owner FROM "+in.from(0)+
		" AS u(id, was_status, was_final, was_seq, "+sqldb.MovingColumns+`, deadline_at, owner)
		WHERE m.id = u.id AND m.status = u.was_status AND m.final = u.was_final AND m.seq = u.was_seq`, in.cols...).Exec(exactly(want, "a message changed under its lock"))
}

// exactly fails a statement that did not touch as many rows as it must.
func exactly(want int64, text string) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		if got := tag.RowsAffected(); got != want {
			return stepError("%s: %d rows written, want %d", text, got, want)
		}
		return nil
	}
}

func (w *work) writeAttempts(b *pgx.Batch) {
	in := newBulk("iibibiiittiti")
	fresh := map[*attempt]bool{}
	for _, a := range w.newAttempts {
		fresh[a] = true
		in.add(int64(a.ID), int64(a.Message), a.Workspace, int64(a.Number), a.Provider, int64(a.State), sqldb.Millis(a.StartedAt), sqldb.Millis(a.EndedAt), a.reference, sqldb.Marshal(a.Error),
			a.Price.Micros, a.Price.Currency, sqldb.Flag(a.Failover))
	}
	if in.n > 0 {
		b.Queue("INSERT INTO attempts ("+sqldb.AttemptColumns+") SELECT * FROM "+in.from(0), in.cols...)
	}
	set := newBulk("iiittiti")
	for _, a := range w.attempts {
		if a.dirty && !fresh[a] {
			set.add(int64(a.ID), int64(a.State), sqldb.Millis(a.EndedAt), a.reference, sqldb.Marshal(a.Error), a.Price.Micros, a.Price.Currency, sqldb.Flag(a.Failover))
		}
	}
	if set.n > 0 {
		b.Queue(`UPDATE attempts a SET state = u.state, ended_at = u.ended_at, reference = u.reference, error = u.error, price_micros = u.price_micros,
			price_currency = u.price_currency, failover = u.failover FROM `+set.from(0)+
			" AS u(id, state, ended_at, reference, error, price_micros, price_currency, failover) WHERE a.id = u.id", set.cols...).Exec(exactly(int64(set.n), "an attempt is gone"))
	}
}

func (w *work) writeParts(b *pgx.Batch) {
	in, set := newBulk("iibti"), newBulk("iii")
	for id, parts := range w.parts {
		for _, p := range parts {
			switch {
			case p.fresh:
				in.add(int64(id), p.number, w.attempts[id].Provider, p.reference, int64(p.status))
			case p.dirty:
				set.add(int64(id), p.number, int64(p.status))
			}
		}
	}
	if in.n > 0 {
		b.Queue("INSERT INTO parts (attempt_id, number, provider_id, reference, status) SELECT * FROM "+in.from(0)+" ON CONFLICT DO NOTHING", in.cols...)
	}
	if set.n > 0 {
		b.Queue("UPDATE parts p SET status = u.status FROM "+set.from(0)+" AS u(attempt_id, number, status) WHERE p.attempt_id = u.attempt_id AND p.number = u.number", set.cols...)
	}
}

func (w *work) writeReceipts(b *pgx.Batch) {
	in, byID := newBulk("ibtntiiiitttitit"), map[smsir.ID]*receiptOp{}
	for _, r := range w.receipts {
		var attempt any
		if r.attempt != 0 {
			attempt = int64(r.attempt)
		} else {
			byID[r.ID] = r.op
		}
		in.add(int64(r.ID), r.Provider, r.Reference, attempt, r.To, int64(r.Status), sqldb.Flag(r.NonSend), sqldb.Millis(r.DoneAt), sqldb.Millis(r.ArrivedAt), r.Code, sqldb.Marshal(r.Error), r.Raw,
			r.Price.Micros, r.Price.Currency, sqldb.Flag(r.Fraud), r.Network)
	}
	if in.n > 0 {
		for _, o := range byID {
			o.result = store.ReceiptDuplicate // until it comes back as stored
		}
		b.Queue(`INSERT INTO receipts (id, provider_id, reference, attempt_id, recipient, status, non_send, done_at, arrived_at, code, error, raw,
			price_micros, price_currency, fraud, network) SELECT * FROM `+in.from(0)+" ON CONFLICT DO NOTHING RETURNING id", in.cols...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var id int64
				if err := rows.Scan(&id); err != nil {
					return err
				}
				if o := byID[smsir.ID(id)]; o != nil {
					o.result = store.ReceiptParked
				}
			}
			return rows.Err()
		})
	}
	give := newBulk("ii")
	for _, a := range w.adopted {
		give.add(int64(a.receipt), int64(a.attempt))
	}
	if give.n > 0 {
		b.Queue("UPDATE receipts r SET attempt_id = u.attempt_id FROM "+give.from(0)+" AS u(id, attempt_id) WHERE r.id = u.id", give.cols...)
	}
}

const hourMillis = int64(time.Hour / time.Millisecond)

type count struct {
	workspace smsir.UUID
	hour      int64
	state     smsir.State
}

// writeCounts writes the changes of the hourly counts into rows of this writer's own: no other waits for them.
func (w *work) writeCounts(b *pgx.Batch) {
	sums := map[count]int64{}
	add := func(m *smsir.Message, state smsir.State, n int64) {
		at := m.AcceptedAt.UnixMilli()
		sums[count{m.Workspace, at - at%hourMillis, state}] += n
	}
	for _, n := range w.born {
		add(n.m, n.m.State(), 1)
	}
	for _, e := range w.order {
		if to := e.m.State(); to != e.before.State() {
			add(e.m, e.before.State(), -1)
			add(e.m, to, 1)
		}
	}
	in := newBulk("biiiii")
	shard := int64(w.s.slot*writers + w.number)
	for _, k := range sortedCounts(sums) {
		if n := sums[k]; n != 0 {
			in.add(k.workspace, k.hour, int64(k.state.Status), sqldb.Flag(k.state.Final), shard, n)
		}
	}
	if in.n > 0 {
		b.Queue("INSERT INTO counts (workspace_id, hour, status, final, shard, n) SELECT * FROM "+in.from(0)+`
			ON CONFLICT (workspace_id, hour, status, final, shard) DO UPDATE SET n = counts.n + excluded.n`, in.cols...)
	}
}

func sortedCounts(sums map[count]int64) []count {
	keys := make([]count, 0, len(sums))
	for k := range sums {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(x, y count) int {
		return cmp.Or(slices.Compare(x.workspace[:], y.workspace[:]), cmp.Compare(x.hour, y.hour), cmp.Compare(x.state.Status, y.state.Status), cmp.Compare(sqldb.Flag(x.state.Final), sqldb.Flag(y.state.Final)))
	})
	return keys
}

func (w *work) insertEvents(b *pgx.Batch) error {
	if len(w.events) == 0 {
		return nil
	}
	in := newBulk("biitit")
	for i := range w.events {
		e := &w.events[i]
		data, err := json.Marshal(e.Data)
		if err != nil {
			return stepError("event: %w", err)
		}
		in.add(e.Workspace, int64(e.Message), int64(e.Seq), string(e.Type), e.At.UnixMilli(), string(data))
	}
	b.Queue(`WITH d AS MATERIALIZED (SELECT smsir_event_ids($1) AS first_id)
		INSERT INTO events (id, workspace_id, message_id, seq, type, at, data)
		SELECT d.first_id + u.n - 1, u.workspace_id, u.message_id, u.seq, u.type, u.at, u.data FROM d, `+
		in.from(1)+" WITH ORDINALITY AS u(workspace_id, message_id, seq, type, at, data, n)", append([]any{int64(in.n)}, in.cols...)...)
	return nil
}
