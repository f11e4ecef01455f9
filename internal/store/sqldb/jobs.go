package sqldb

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Jobs = (*Store)(nil)

const jobColumns = `j.id, j.workspace_id, j.kind, j.key, j.payload, j.run_at, j.attempts, j.lease, j.lease_until, j.error, j.created_at`

func scanJob(j *store.Job) scan {
	return scan{
		&j.ID, &j.Workspace, &j.Kind, &j.Key,
		text{&j.Payload},
		moment{&j.RunAt},
		&j.Attempts, &j.Lease,
		moment{&j.LeaseUntil},
		&j.Error,
		moment{&j.CreatedAt},
	}
}

// AddJob implements store.Jobs.
func (s *Store) AddJob(ctx context.Context, j store.Job) (added bool, err error) {
	err = s.db.Update(ctx, func(tx Tx) error {
		added, err = insertJob(tx, j)
		return err
	})
	return added, err
}

// insertJob adds a job in a step that does more; false if one with its kind and key is there.
func insertJob(tx Tx, j store.Job) (added bool, err error) {
	if !json.Valid(j.Payload) {
		j.Payload = []byte("{}")
	}
	n, err := tx.Exec(`INSERT INTO jobs (id, workspace_id, kind, key, payload, run_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT DO NOTHING`, j.ID, j.Workspace, j.Kind, j.Key, string(j.Payload), Millis(j.RunAt), Millis(j.CreatedAt))
	return n > 0, err
}

// LeaseJobs implements store.Jobs. Two nodes that see the same job both try; the condition of the update lets one win.
func (s *Store) LeaseJobs(ctx context.Context, kinds []string, now, until time.Time, limit int) (leased []store.Job, err error) {
	list, args := words(3, kinds)
	rows, err := s.db.Query(ctx, "SELECT "+jobColumns+` FROM jobs j WHERE j.run_at <= $1 AND j.lease_until <= $1 AND j.kind IN `+list+`
		ORDER BY j.run_at, j.id LIMIT $2`, append([]any{Millis(now), int64(limit)}, args...)...)
	due, err := all(rows, err, scanJob)
	if err != nil || len(due) == 0 {
		return nil, err
	}
	err = s.db.Update(ctx, func(tx Tx) error {
		leased = leased[:0]
		for _, j := range due {
			j.Lease, j.LeaseUntil = smsir.NewUUID(now), until
			n, err := tx.Exec(`UPDATE jobs SET lease = $1, lease_until = $2, owner = $5, attempts = attempts + 1
				WHERE id = $3 AND run_at <= $4 AND lease_until <= $4`, j.Lease, Millis(until), j.ID, Millis(now), s.db.Run())
			if err != nil {
				return err
			}
			if n > 0 {
				j.Attempts++
				leased = append(leased, j)
			}
		}
		return nil
	})
	return leased, err
}

// FreeJobs ends the leases of runs that are over. gone is a condition for the column owner of jobs j.
func FreeJobs(tx Tx, gone string, args ...any) error {
	_, err := tx.Exec("UPDATE jobs AS j SET lease = NULL, lease_until = 0, owner = NULL WHERE j.owner IS NOT NULL AND "+gone, args...)
	return err
}

// KeepJob implements store.Jobs.
func (s *Store) KeepJob(ctx context.Context, id, lease smsir.UUID, until time.Time) error {
	return s.ofLease(ctx, "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND lease = $2", id, lease, Millis(until))
}

// FinishJob implements store.Jobs.
func (s *Store) FinishJob(ctx context.Context, id, lease smsir.UUID) error {
	return s.ofLease(ctx, "DELETE FROM jobs WHERE id = $1 AND lease = $2", id, lease)
}

// AgainJob implements store.Jobs.
func (s *Store) AgainJob(ctx context.Context, id, lease smsir.UUID, at time.Time, payload []byte, cause string) error {
	counted := int64(1) // taken back from a run that went well
	if cause != "" {
		counted = 0
	}
	return s.ofLease(ctx, `UPDATE jobs SET run_at = $3, payload = $4, error = $5, attempts = attempts - $6, lease = NULL, lease_until = 0, owner = NULL
		WHERE id = $1 AND lease = $2`, id, lease, Millis(at), string(payload), cause, counted)
}

// ofLease makes a change that only the holder of a lease may make.
func (s *Store) ofLease(ctx context.Context, query string, args ...any) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec(query, args...)
		if err == nil && n == 0 {
			return conflict("", "Another run has taken this job over.")
		}
		return err
	})
}

// NextJob implements store.Jobs.
func (s *Store) NextJob(ctx context.Context, kinds []string) (time.Time, error) {
	list, args := words(1, kinds)
	var ms int64
	rows, err := s.db.Query(ctx, `SELECT CASE WHEN lease_until > run_at THEN lease_until ELSE run_at END AS due
		FROM jobs WHERE kind IN `+list+` ORDER BY due LIMIT 1`, args...)
	err = one(rows, err, &ms)
	if errors.Is(err, errNoRow) {
		return time.Time{}, nil
	}
	return Time(ms), err
}

// DropJob implements store.Jobs.
func (s *Store) DropJob(ctx context.Context, kind, key string) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec("DELETE FROM jobs WHERE kind = $1 AND key = $2 AND lease IS NULL", kind, key)
		return err
	})
}
