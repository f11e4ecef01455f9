package postgres

import (
	"cmp"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

type meterKey struct {
	workspace smsir.UUID
	name      string
	from      int64
}

func keyOf(workspace smsir.UUID, m *store.Meter) meterKey {
	return meterKey{workspace, clean(m.Name), sqldb.Millis(m.From)}
}

// meterState is a meter that is locked.
type meterState struct {
	meterKey
	until int64
	n     int64
	dirty bool
}

// wantMeters names the meters of an acceptance, to be locked and read.
func (w *work) wantMeters(a *store.Acceptance) {
	for i := range a.Meters {
		k := keyOf(a.Workspace, &a.Meters[i])
		if w.meters[k] == nil {
			w.meters[k] = &meterState{meterKey: k, until: sqldb.Millis(a.Meters[i].Until)}
		}
	}
}

func (w *work) sortedMeters() []*meterState {
	list := make([]*meterState, 0, len(w.meters))
	for _, m := range w.meters {
		list = append(list, m)
	}
	slices.SortFunc(list, func(x, y *meterState) int {
		return cmp.Or(slices.Compare(x.workspace[:], y.workspace[:]), cmp.Compare(x.name, y.name), cmp.Compare(x.from, y.from))
	})
	return list
}

// lockMeters makes the rows of meters and locks them, in one order: last of all that is locked before the steps are run,
// since everybody who sends in a workspace with a limit meets here.
func (w *work) lockMeters() error {
	if len(w.meters) == 0 {
		return nil
	}
	in := newBulk("btii")
	for _, m := range w.sortedMeters() {
		in.add(m.workspace, m.name, m.from, m.until)
	}
	b := &pgx.Batch{}
	b.Queue(`INSERT INTO meters (workspace_id, name, starts_at, ends_at, n) SELECT u.*, 0 FROM `+in.from(0)+` AS u(workspace_id, name, starts_at, ends_at)
		ON CONFLICT DO NOTHING`, in.cols...)
	b.Queue(`SELECT m.workspace_id, m.name, m.starts_at, m.n FROM `+in.from(0)+` AS u(workspace_id, name, starts_at, ends_at)
		JOIN meters m ON m.workspace_id = u.workspace_id AND m.name = u.name AND m.starts_at = u.starts_at
		ORDER BY m.workspace_id, m.name, m.starts_at FOR UPDATE OF m`, in.cols...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var k meterKey
			var n int64
			if err := rows.Scan(&k.workspace, &k.name, &k.from, &n); err != nil {
				return err
			}
			if m := w.meters[k]; m != nil {
				m.n = n
			}
		}
		return rows.Err()
	})
	return w.t.batch(b)
}

// use adds an acceptance to its meters, or returns the one that it does not fit.
func (w *work) use(a *store.Acceptance) error {
	for i := range a.Meters {
		m := &a.Meters[i]
		if n := w.meters[keyOf(a.Workspace, m)].n; n+m.Add > m.Limit {
			return &store.FullError{Meter: *m, Used: n}
		}
	}
	for i := range a.Meters {
		m := &a.Meters[i]
		s := w.meters[keyOf(a.Workspace, m)]
		if m.Near(s.n) {
			w.events = append(w.events, smsir.Event{
				Workspace: a.Workspace, Type: smsir.EventLimitNear, At: w.now, Data: smsir.EventData{Limit: m.Use(s.n + m.Add)},
			})
		}
		s.n, s.dirty = s.n+m.Add, true
	}
	return nil
}

func (w *work) writeMeters(b *pgx.Batch) {
	if len(w.meters) == 0 {
		return
	}
	set := newBulk("btii")
	for _, m := range w.sortedMeters() {
		if m.dirty {
			set.add(m.workspace, m.name, m.from, m.n)
		}
	}
	if set.n > 0 {
		b.Queue("UPDATE meters m SET n = u.n FROM "+set.from(0)+` AS u(workspace_id, name, starts_at, n)
			WHERE m.workspace_id = u.workspace_id AND m.name = u.name AND m.starts_at = u.starts_at`, set.cols...).Exec(exactly(int64(set.n), "a meter is gone"))
	}
}
