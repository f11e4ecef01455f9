package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Push = (*Store)(nil)

// FirstSetting implements store.Push.
func (s *Store) FirstSetting(ctx context.Context, name, value string) (string, error) {
	err := s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec("INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, value)
		return err
	})
	if err != nil {
		return "", err
	}
	return s.Setting(ctx, name)
}

const pushColumns = `d.id, d.session_id, d.user_id, s.workspace_id, d.endpoint, d.subscription, d.language, d.user_agent,
	d.created_at, d.ok_at, d.failed_at, d.failure`

func scanPushDevice(d *store.PushDevice) scan {
	return scan{
		&d.ID, &d.Session, &d.User, &d.Workspace,
		digest{&d.Endpoint},
		&d.Subscription, &d.Language, &d.UserAgent,
		moment{&d.CreatedAt},
		moment{&d.OKAt},
		moment{&d.FailedAt},
		&d.Failure,
	}
}

// pushTargets reads live devices. A member without preferences has the defaults, which stand here and in
// [store.PushDefaults].
const pushTargets = "SELECT " + pushColumns + `, COALESCE(p.replies, 'all'), COALESCE(p.campaigns, 1), COALESCE(p.failures, 1), COALESCE(p.show_text, 0)
	FROM push_devices d
	JOIN sessions s ON s.id = d.session_id
	JOIN users u ON u.id = d.user_id
	JOIN members m ON m.workspace_id = s.workspace_id AND m.user_id = d.user_id
	LEFT JOIN push_preferences p ON p.workspace_id = s.workspace_id AND p.user_id = d.user_id
	WHERE s.expires_at > $1 AND u.disabled_at = 0`

func scanPushTarget(t *store.PushTarget) scan {
	return append(scanPushDevice(&t.PushDevice), &t.Replies, boolean{&t.Campaigns}, boolean{&t.Failures}, boolean{&t.ShowText})
}

// PushTargets implements store.Push.
func (s *Store) PushTargets(ctx context.Context, now time.Time) ([]store.PushTarget, error) {
	rows, err := s.db.Query(ctx, pushTargets+" ORDER BY d.created_at, d.id", Millis(now))
	return all(rows, err, scanPushTarget)
}

// PushTarget implements store.Push.
func (s *Store) PushTarget(ctx context.Context, id smsir.UUID, now time.Time) (*store.PushTarget, error) {
	rows, err := s.db.Query(ctx, pushTargets+" AND d.id = $2", Millis(now), id)
	return first(rows, err, scanPushTarget, "device")
}

// PushDevices implements store.Push.
func (s *Store) PushDevices(ctx context.Context, user smsir.UUID, now time.Time) ([]store.PushDevice, error) {
	rows, err := s.db.Query(ctx, "SELECT "+pushColumns+` FROM push_devices d JOIN sessions s ON s.id = d.session_id
		WHERE d.user_id = $1 AND s.expires_at > $2 ORDER BY d.created_at, d.id`, user, Millis(now))
	return all(rows, err, scanPushDevice)
}

// SavePushDevice implements store.Push.
func (s *Store) SavePushDevice(ctx context.Context, d store.PushDevice) (*store.PushDevice, error) {
	err := s.db.Update(ctx, func(tx Tx) error {
		if _, err := tx.Exec("DELETE FROM push_devices WHERE endpoint = $1 AND session_id <> $2", d.Endpoint[:], d.Session); err != nil {
			return err
		}
		n, err := tx.Exec(`INSERT INTO push_devices (id, session_id, user_id, endpoint, subscription, language, user_agent, created_at)
			SELECT $1, s.id, s.user_id, $2, $3, $4, $5, $6 FROM sessions s WHERE s.id = $7 AND s.user_id = $8
			ON CONFLICT (session_id) DO UPDATE SET endpoint = excluded.endpoint, subscription = excluded.subscription, user_agent = excluded.user_agent,
				language = CASE WHEN excluded.language = '' THEN push_devices.language ELSE excluded.language END, failed_at = 0, failure = ''`,
			d.ID, d.Endpoint[:], d.Subscription, d.Language, d.UserAgent, Millis(d.CreatedAt), d.Session, d.User)
		return touched(n, err, "session")
	})
	if err != nil {
		return nil, err
	}
	rows, err := s.db.Query(ctx, "SELECT "+pushColumns+" FROM push_devices d JOIN sessions s ON s.id = d.session_id WHERE d.session_id = $1", d.Session)
	return first(rows, err, scanPushDevice, "device")
}

// DeletePushDevice implements store.Push.
func (s *Store) DeletePushDevice(ctx context.Context, user, id smsir.UUID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM push_devices WHERE user_id = $1 AND id = $2", user, id)
		return touched(n, err, "device")
	})
}

// DropPushDevice implements store.Push.
func (s *Store) DropPushDevice(ctx context.Context, id smsir.UUID, endpoint [32]byte) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec("DELETE FROM push_devices WHERE id = $1 AND endpoint = $2", id, endpoint[:])
		return err
	})
}

// PushTold implements store.Push.
func (s *Store) PushTold(ctx context.Context, id smsir.UUID, at time.Time, failure string) error {
	return s.db.Update(ctx, func(tx Tx) (err error) {
		if failure == "" {
			_, err = tx.Exec("UPDATE push_devices SET ok_at = $1, failed_at = 0, failure = '' WHERE id = $2", Millis(at), id)
		} else {
			_, err = tx.Exec("UPDATE push_devices SET failed_at = $1, failure = $2 WHERE id = $3", Millis(at), failure, id)
		}
		return err
	})
}

// PushPreferences implements store.Push.
func (s *Store) PushPreferences(ctx context.Context, workspace, user smsir.UUID) (store.PushPreferences, error) {
	p := store.PushDefaults()
	rows, err := s.db.Query(ctx, "SELECT p.replies, p.campaigns, p.failures, p.show_text FROM push_preferences p WHERE p.workspace_id = $1 AND p.user_id = $2", workspace, user)
	err = one(rows, err, &p.Replies, boolean{&p.Campaigns}, boolean{&p.Failures}, boolean{&p.ShowText})
	if errors.Is(err, errNoRow) {
		return store.PushDefaults(), nil
	}
	return p, err
}

// SetPushPreferences implements store.Push.
func (s *Store) SetPushPreferences(ctx context.Context, workspace, user smsir.UUID, p store.PushPreferences, now time.Time) error {
	return s.db.Update(ctx, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO push_preferences (workspace_id, user_id, replies, campaigns, failures, show_text, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (workspace_id, user_id) DO UPDATE SET replies = excluded.replies,
			campaigns = excluded.campaigns, failures = excluded.failures, show_text = excluded.show_text, updated_at = excluded.updated_at`,
			workspace, user, p.Replies, Flag(p.Campaigns), Flag(p.Failures), Flag(p.ShowText), Millis(now))
		return err
	})
}

// pushCursor is the setting that holds the event up to which notices were made.
const pushCursor = "push_cursor"

// PushCursor implements store.Push.
func (s *Store) PushCursor(ctx context.Context) (smsir.ID, error) {
	return s.cursor(ctx, pushCursor)
}

// AddNotices implements store.Push.
func (s *Store) AddNotices(ctx context.Context, list []store.Job, from, to smsir.ID) error {
	return s.db.Update(ctx, func(tx Tx) error {
		if err := moveCursor(tx, pushCursor, from, to, "Another node has made these notices."); err != nil {
			return err
		}
		for _, j := range list {
			if _, err := insertJob(tx, j); err != nil {
				return err
			}
		}
		return nil
	})
}

// CampaignBatches implements store.Push.
func (s *Store) CampaignBatches(ctx context.Context, workspace smsir.UUID, batches []smsir.ID) (map[smsir.ID]bool, error) {
	found := map[smsir.ID]bool{}
	if len(batches) == 0 {
		return found, nil
	}
	list, _ := words(2, make([]string, len(batches)))
	args := []any{workspace}
	for _, b := range batches {
		args = append(args, int64(b))
	}
	rows, err := s.db.QueryOnce(ctx, "SELECT c.batch_id FROM campaigns c WHERE c.workspace_id = $1 AND c.batch_id IN "+list, args...)
	return found, each(rows, err, func(r Rows) error {
		var id int64
		if err := r.Scan(&id); err != nil {
			return err
		}
		found[smsir.ID(id)] = true
		return nil
	})
}
