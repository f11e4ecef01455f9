package sqlite

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
)

// use adds an acceptance to the meters it names. If it does not fit one, nothing is written and that one is refused:
// this is no error, so that a refusal does not make its neighbours in the commit run again.
func (t *wtx) use(a *store.Acceptance) (refused, err error) {
	if len(a.Meters) == 0 {
		return nil, nil
	}
	used := make([]int64, len(a.Meters))
	for i := range a.Meters {
		m := &a.Meters[i]
		if _, err := t.row("SELECT n FROM meters WHERE workspace_id = $1 AND name = $2 AND starts_at = $3",
			[]any{a.Workspace, m.Name, sqldb.Millis(m.From)}, &used[i]); err != nil {
			return nil, err
		}
		if used[i]+m.Add > m.Limit {
			return &store.FullError{Meter: *m, Used: used[i]}, nil
		}
	}
	for i := range a.Meters {
		m := &a.Meters[i]
		if _, err := t.Exec(`INSERT INTO meters (workspace_id, name, starts_at, ends_at, n) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (workspace_id, name, starts_at) DO UPDATE SET n = n + excluded.n`,
			a.Workspace, m.Name, sqldb.Millis(m.From), sqldb.Millis(m.Until), m.Add); err != nil {
			return nil, err
		}
		if !m.Near(used[i]) {
			continue
		}
		now := t.s.now()
		if err := t.insertEvent(&smsir.Event{
			ID: t.s.ids.Next(now), Workspace: a.Workspace, Type: smsir.EventLimitNear, At: now, Data: smsir.EventData{Limit: m.Use(used[i] + m.Add)},
		}); err != nil {
			return nil, err
		}
	}
	return nil, nil
}
