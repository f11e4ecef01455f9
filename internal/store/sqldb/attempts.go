package sqldb

import (
	"context"

	"github.com/smsir/smsir"
)

// AttemptColumns are those that [ScanAttempts] reads.
const AttemptColumns = "id, message_id, workspace_id, number, provider_id, state, started_at, ended_at, reference, error, price_micros, price_currency, failover"

func scanAttempt(row Scanner) (a smsir.Attempt, err error) {
	var id, message, number, state, started, ended, failover int64
	var reference, failure string
	if err := row.Scan(&id, &message, &a.Workspace, &number, &a.Provider, &state, &started, &ended, &reference, &failure, &a.Price.Micros, &a.Price.Currency, &failover); err != nil {
		return a, err
	}
	a.ID, a.Message, a.Number, a.State = smsir.ID(id), smsir.ID(message), int(number), smsir.AttemptState(state)
	a.StartedAt, a.EndedAt, a.Failover = Time(started), Time(ended), failover == 1
	if reference != "" {
		a.References = []string{reference}
	}
	return a, Unmarshal(failure, &a.Error)
}

// ScanAttempts reads AttemptColumns. Of an attempt of several parts it knows the first reference only.
func ScanAttempts(rows Rows, err error) (list []smsir.Attempt, _ error) {
	err = each(rows, err, func(r Rows) error {
		a, err := scanAttempt(r)
		list = append(list, a)
		return err
	})
	return list, err
}

// UnknownAttempts implements store.Queue.
func (s *Store) UnknownAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error) {
	rows, err := s.db.Query(ctx, "SELECT "+AttemptColumns+" FROM attempts WHERE message_id = $1 AND state = 5 ORDER BY number", int64(id))
	return ScanAttempts(rows, err)
}

// AcceptedAttempts implements store.Queue.
func (s *Store) AcceptedAttempts(ctx context.Context, id smsir.ID) ([]smsir.Attempt, error) {
	rows, err := s.db.Query(ctx, "SELECT "+AttemptColumns+" FROM attempts WHERE message_id = $1 AND state = 2 ORDER BY number", int64(id))
	return s.wholeAttempts(ctx, rows, err)
}

// OwnedReferences implements store.Queue.
func (s *Store) OwnedReferences(ctx context.Context, provider smsir.UUID, references []string) (owned []string, err error) {
	for _, r := range references {
		owns, err := found(s.db.Query(ctx, `SELECT 1 FROM attempts WHERE provider_id = $1 AND reference = $2 AND reference <> ''
			UNION ALL SELECT 1 FROM parts WHERE provider_id = $1 AND reference = $2 LIMIT 1`, provider, r))
		if err != nil {
			return nil, err
		}
		if owns {
			owned = append(owned, r)
		}
	}
	return owned, nil
}

// Attempts implements store.Messages.
func (s *Store) Attempts(ctx context.Context, workspace smsir.UUID, id smsir.ID) ([]smsir.Attempt, error) {
	rows, err := s.db.Query(ctx, "SELECT "+AttemptColumns+" FROM attempts WHERE message_id = $1 AND workspace_id = $2 ORDER BY number", int64(id), workspace)
	return s.wholeAttempts(ctx, rows, err)
}

// wholeAttempts reads attempts with the references of all their parts.
func (s *Store) wholeAttempts(ctx context.Context, rows Rows, err error) ([]smsir.Attempt, error) {
	list, err := ScanAttempts(rows, err)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := s.loadParts(ctx, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (s *Store) loadParts(ctx context.Context, a *smsir.Attempt) error {
	rows, err := s.db.Query(ctx, "SELECT reference FROM parts WHERE attempt_id = $1 ORDER BY number", int64(a.ID))
	var references []string
	err = each(rows, err, func(r Rows) error {
		references = append(references, "")
		return r.Scan(&references[len(references)-1])
	})
	if len(references) > 0 {
		a.References = references
	}
	return err
}

// TriedProviders implements store.Queue.
func (s *Store) TriedProviders(ctx context.Context, id smsir.ID) ([]smsir.UUID, error) {
	rows, err := s.db.Query(ctx, "SELECT provider_id FROM attempts WHERE message_id = $1 ORDER BY number", int64(id))
	return all(rows, err, func(p *smsir.UUID) scan { return scan{p} })
}

// Overtaken is why an attempt is unknown that was in flight when the report of an earlier one came.
func Overtaken() *smsir.Failure {
	return &smsir.Failure{Class: smsir.ClassUnknown, Code: "overtaken", Text: "The delivery report of an earlier attempt came before the provider's answer to this one."}
}
