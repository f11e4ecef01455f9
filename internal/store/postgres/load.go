package postgres

import (
	"hash/fnv"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// load locks and reads what the steps need, in up to four round trips.
func (w *work) load() error {
	b := &pgx.Batch{}
	w.lockWorkspaces(b)
	w.lockReferences(b)
	w.claimKeys(b)
	w.claimRefs(b)
	w.insertInbound(b)
	found := map[smsir.ID]bool{}
	w.matchAttempts(b, found)
	if err := w.t.batch(b); err != nil {
		return err
	}
	for id := range found {
		w.needs.deep = append(w.needs.deep, id)
	}
	b = &pgx.Batch{}
	w.readKeys(b)
	w.lockMessages(b)
	w.readAttempts(b)
	w.readParked(b)
	w.readStops(b)
	if err := w.t.batch(b); err != nil {
		return err
	}
	if err := w.lockMeters(); err != nil {
		return err
	}
	return w.lockCredits()
}

// lockWorkspaces shares the lock of the workspaces whose messages are about to be sent, and takes it whole where a
// recipient opts out: an opt-out that is committed comes before every later intent.
func (w *work) lockWorkspaces(b *pgx.Batch) {
	if len(w.needs.workspaces)+len(w.needs.held) == 0 {
		return
	}
	held := distinctUUIDs(w.needs.held)
	all := distinctUUIDs(append(slices.Clone(w.needs.workspaces), w.needs.held...))
	b.Queue(`SELECT CASE WHEN w = ANY($2::bytea[]) THEN pg_advisory_xact_lock($3, smsir_workspace_key(w))
		ELSE pg_advisory_xact_lock_shared($3, smsir_workspace_key(w)) END
		FROM (SELECT w FROM unnest($1::bytea[]) w ORDER BY smsir_workspace_key(w)) s`, all, held, int64(lockWorkspace))
}

// bucket is the lock of a reference.
func bucket(reference string) int64 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(reference))
	return int64(h.Sum32() % 256)
}

// lockReferences keeps apart an outcome that stores a reference and then looks for receipts that were parked under it,
// and a receipt that looks for an attempt with its reference and is then parked. Outcomes share the lock.
func (w *work) lockReferences(b *pgx.Batch) {
	var buckets []int64
	for _, a := range w.needs.answered {
		buckets = append(buckets, bucket(a.text))
	}
	lock := "pg_advisory_xact_lock_shared"
	if w.parking {
		lock = "pg_advisory_xact_lock"
		for _, r := range w.needs.references {
			buckets = append(buckets, bucket(r.text))
		}
	}
	if len(buckets) == 0 {
		return
	}
	slices.Sort(buckets)
	b.Queue("SELECT "+lock+"($2, k::int) FROM unnest($1::bigint[]) k", slices.Compact(buckets), int64(lockReference))
}

// matchAttempts finds the messages that attempts and references of providers speak of.
func (w *work) matchAttempts(b *pgx.Batch, found map[smsir.ID]bool) {
	each := func(rows pgx.Rows) error {
		var id int64
		for rows.Next() {
			if err := rows.Scan(&id); err != nil {
				return err
			}
			found[smsir.ID(id)] = true
		}
		return rows.Err()
	}
	if ids := distinct(w.needs.attempts); len(ids) > 0 {
		b.Queue("SELECT message_id FROM attempts WHERE id = ANY($1)", ids).Query(each)
	}
	if len(w.needs.references) == 0 {
		return
	}
	r := newBulk("bt")
	for _, ref := range w.needs.references {
		r.add(ref.provider, ref.text)
	}
	b.Queue(`SELECT m.message_id FROM `+r.from(0)+` AS r(provider_id, reference), LATERAL (SELECT a.message_id FROM attempts a
		WHERE a.provider_id = r.provider_id AND a.reference = r.reference AND a.reference <> '' ORDER BY a.id DESC LIMIT 8) m`, r.cols...).Query(each)
	b.Queue(`SELECT a.message_id FROM `+r.from(0)+` AS r(provider_id, reference), LATERAL (SELECT p.attempt_id FROM parts p
		WHERE p.provider_id = r.provider_id AND p.reference = r.reference ORDER BY p.attempt_id DESC LIMIT 8) p, attempts a WHERE a.id = p.attempt_id`, r.cols...).Query(each)
}

func (w *work) lockMessages(b *pgx.Batch) {
	ids := distinct(append(slices.Clone(w.needs.messages), w.needs.deep...))
	if len(ids) == 0 {
		return
	}
	b.Queue("SELECT "+sqldb.StepColumns+", coalesce(owner, 0) FROM messages WHERE id = ANY($1) ORDER BY id FOR UPDATE", ids).Query(w.scanEntries)
}

func (w *work) scanEntries(rows pgx.Rows) error {
	for rows.Next() {
		e := &entry{}
		m, err := sqldb.ScanStep(withOwner{rows, &e.owner})
		if err != nil {
			return err
		}
		e.m, e.before, e.was = m, *m, e.owner
		w.messages[m.ID] = e
	}
	return rows.Err()
}

// withOwner scans one more column than it is asked for.
type withOwner struct {
	pgx.Rows
	owner *int64
}

// Scan implements sqldb.Scanner.
func (r withOwner) Scan(dst ...any) error { return r.Rows.Scan(append(dst, r.owner)...) }

// readAttempts reads the attempts, parts and receipts of locked messages: nobody else can change them now.
func (w *work) readAttempts(b *pgx.Batch) {
	ids := distinct(w.needs.deep)
	if len(ids) == 0 {
		return
	}
	b.Queue("SELECT "+sqldb.AttemptColumns+" FROM attempts WHERE message_id = ANY($1)", ids).Query(func(r pgx.Rows) error {
		all, err := sqldb.ScanAttempts(rows{r}, nil)
		for i := range all {
			a := &attempt{Attempt: all[i]}
			if len(a.References) > 0 {
				a.reference = a.References[0]
			}
			w.attempts[a.ID] = a
		}
		return err
	})
	b.Queue(`SELECT p.attempt_id, p.number, p.reference, p.status FROM attempts a JOIN parts p ON p.attempt_id = a.id
		WHERE a.message_id = ANY($1) ORDER BY p.attempt_id, p.number`, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id, status int64
			p := &part{}
			if err := rows.Scan(&id, &p.number, &p.reference, &status); err != nil {
				return err
			}
			p.status = smsir.Status(status) //nolint:gosec // a status
			w.parts[smsir.ID(id)] = append(w.parts[smsir.ID(id)], p)
		}
		return rows.Err()
	})
	b.Queue(`SELECT r.attempt_id, r.reference, r.status, r.done_at, r.code FROM attempts a JOIN receipts r ON r.attempt_id = a.id
		WHERE a.message_id = ANY($1)`, ids).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id, status int64
			k := receiptKey{}
			if err := rows.Scan(&id, &k.reference, &status, &k.done, &k.code); err != nil {
				return err
			}
			k.attempt, k.status = smsir.ID(id), smsir.Status(status) //nolint:gosec // a status
			w.seen[k] = true
		}
		return rows.Err()
	})
}

// readParked reads the receipts that came before the answers that are about to be stored.
func (w *work) readParked(b *pgx.Batch) {
	if len(w.needs.answered) == 0 {
		return
	}
	r := newBulk("it")
	for _, a := range w.needs.answered {
		r.add(int64(a.attempt), a.text)
	}
	b.Queue(`SELECT DISTINCT r.id, r.provider_id, r.reference, r.recipient, r.status, r.non_send, r.done_at, r.arrived_at, r.code, r.error,
		r.price_micros, r.price_currency, r.fraud, r.network
		FROM `+r.from(0)+` AS u(attempt_id, reference) JOIN attempts a ON a.id = u.attempt_id
		JOIN receipts r ON r.attempt_id IS NULL AND r.provider_id = a.provider_id AND r.reference = u.reference ORDER BY r.id`, r.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var p smsir.Receipt
			var id, status, nonSend, done, arrived, fraud int64
			var failure string
			if err := rows.Scan(&id, &p.Provider, &p.Reference, &p.To, &status, &nonSend, &done, &arrived, &p.Code, &failure, &p.Price.Micros, &p.Price.Currency, &fraud, &p.Network); err != nil {
				return err
			}
			p.Fraud = fraud == 1
			p.ID, p.Status, p.NonSend, p.DoneAt, p.ArrivedAt = smsir.ID(id), smsir.Status(status), nonSend == 1, sqldb.Time(done), sqldb.Time(arrived) //nolint:gosec // a status
			if err := sqldb.Unmarshal(failure, &p.Error); err != nil {
				return err
			}
			k := reference{p.Provider, p.Reference}
			w.parked[k] = append(w.parked[k], p)
		}
		return rows.Err()
	})
}

// readStops reads what forbids an intent: who has opted out and which workspaces are paused, below the locks of the
// workspaces; and whether this life of the node was ended by another.
func (w *work) readStops(b *pgx.Batch) {
	if len(w.needs.recipients) == 0 {
		return
	}
	u := newBulk("bt")
	for _, r := range w.needs.recipients {
		u.add(r.workspace, r.recipient)
	}
	b.Queue("SELECT s.workspace_id, s.recipient, s.sender FROM "+u.from(0)+` AS u(workspace_id, recipient)
		JOIN suppressions s ON s.workspace_id = u.workspace_id AND s.recipient = u.recipient`, u.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k stop
			var sender string
			if err := rows.Scan(&k.workspace, &k.recipient, &sender); err != nil {
				return err
			}
			w.stops[k] = append(w.stops[k], sender)
		}
		return rows.Err()
	})
	b.Queue("SELECT message_id FROM confirmations WHERE message_id = ANY($1)", distinct(w.needs.messages)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				return err
			}
			w.exempt[smsir.ID(id)] = true
		}
		return rows.Err()
	})
	b.Queue("SELECT EXISTS (SELECT 1 FROM nodes WHERE id = $1 AND stopped_at = 0)", w.s.node.Load()).QueryRow(func(row pgx.Row) error { return row.Scan(&w.alive) })
	for _, id := range w.needs.workspaces {
		w.absent[id] = true
	}
	b.Queue("SELECT id, paused_at FROM workspaces WHERE id = ANY($1)", distinctUUIDs(w.needs.workspaces)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var id smsir.UUID
			var paused int64
			if err := rows.Scan(&id, &paused); err != nil {
				return err
			}
			w.paused[id] = paused > 0
			delete(w.absent, id)
		}
		return rows.Err()
	})
}
