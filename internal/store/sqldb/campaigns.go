package sqldb

import (
	"context"
	"errors"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var _ store.Campaigns = (*Store)(nil)

const campaignColumns = `c.id, c.workspace_id, c.name, c.state, c.reason, c.plan, c.author_kind, c.author_id, c.launcher_kind, c.launcher_id,
	c.approver_kind, c.approver_id, c.approved_at, c.parent_id, c.day, c.failed_of, c.batch_id, c.start_at, c.started_at, c.finished_at,
	c.created_at, c.updated_at, c.walk, c.last, c.recipients, c.repeated, c.fed, c.accepted, c.blocked, c.skipped, c.text_removed_at`

func scanCampaign(c *store.Campaign) scan {
	return scan{
		&c.ID, &c.Workspace, &c.Name, &c.State, &c.Reason,
		document{&c.Plan},
		&c.Author.Kind, &c.Author.ID, &c.Launcher.Kind, &c.Launcher.ID,
		&c.Approver.Kind, &c.Approver.ID,
		moment{&c.ApprovedAt},
		&c.Parent, &c.Day, &c.Failed, &c.Batch,
		moment{&c.StartAt},
		moment{&c.StartedAt},
		moment{&c.FinishedAt},
		moment{&c.CreatedAt},
		moment{&c.UpdatedAt},
		&c.Walk, &c.Last, &c.Recipients, &c.Repeated, &c.Fed, &c.Accepted, &c.Blocked, &c.Skipped,
		moment{&c.TextRemovedAt},
	}
}

// Campaigns implements store.CampaignReader.
func (s *Store) Campaigns(ctx context.Context, workspace, parent, before smsir.UUID, limit int) ([]store.Campaign, error) {
	w := &where{}
	w.and("c.workspace_id = ?", workspace)
	if parent.IsZero() {
		w.and("c.parent_id IS NULL")
	} else {
		w.and("c.parent_id = ?", parent)
	}
	if !before.IsZero() {
		w.and("c.id < ?", before)
	}
	most := w.bind(int64(limit))
	rows, err := s.db.QueryOnce(ctx, "SELECT "+campaignColumns+" FROM campaigns c WHERE "+w.text()+" ORDER BY c.id DESC LIMIT "+most, w.args...)
	return all(rows, err, scanCampaign)
}

// Campaign implements store.CampaignReader.
func (s *Store) Campaign(ctx context.Context, workspace, id smsir.UUID) (*store.Campaign, error) {
	rows, err := s.db.Query(ctx, "SELECT "+campaignColumns+" FROM campaigns c WHERE c.workspace_id = $1 AND c.id = $2", workspace, id)
	return first(rows, err, scanCampaign, "campaign")
}

// ActiveCampaigns implements store.CampaignReader.
func (s *Store) ActiveCampaigns(ctx context.Context) ([]store.Campaign, error) {
	rows, err := s.db.Query(ctx, `SELECT c.workspace_id, c.id FROM campaigns c
		WHERE c.state IN ('scheduled', 'running', 'paused') OR c.state = 'canceled' AND c.finished_at = 0 ORDER BY c.id`)
	return all(rows, err, func(c *store.Campaign) scan { return scan{&c.Workspace, &c.ID} })
}

// CreateCampaign implements store.Campaigns.
func (s *Store) CreateCampaign(ctx context.Context, c store.Campaign, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO campaigns (id, workspace_id, name, state, reason, plan, template_id, author_kind, author_id, launcher_kind,
				launcher_id, approver_kind, approver_id, approved_at, parent_id, day, failed_of, batch_id, start_at, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
			c.ID, c.Workspace, c.Name, string(c.State), c.Reason, MustJSON(&c.Plan), c.Plan.Template, int64(c.Author.Kind), c.Author.ID,
			int64(c.Launcher.Kind), c.Launcher.ID, int64(c.Approver.Kind), c.Approver.ID, Millis(c.ApprovedAt), c.Parent, c.Day, c.Failed,
			int64(c.Batch), Millis(c.StartAt), Millis(c.CreatedAt), Millis(c.UpdatedAt))
		if s.db.IsUnique(err) {
			return conflict("", "This day of the series has been made already.")
		}
		return err
	})
}

// addCampaignDone adds the job for whoever tells people that a campaign is done.
func addCampaignDone(tx Tx, c *store.Campaign) error {
	id := c.ID.Format(smsir.PrefixCampaign)
	_, err := insertJob(tx, store.Job{
		ID: smsir.NewUUID(c.UpdatedAt), Workspace: c.Workspace, Kind: store.JobCampaignDone, Key: id,
		Payload: []byte(MustJSON(store.CampaignDoneJob{Campaign: id})), RunAt: c.UpdatedAt, CreatedAt: c.UpdatedAt,
	})
	return err
}

// ChangeCampaign implements store.Campaigns.
func (s *Store) ChangeCampaign(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry, f func(*store.Campaign) error) (*store.Campaign, error) {
	var changed *store.Campaign
	err := s.change(ctx, audit, func(tx Tx) error {
		c, err := lockCampaign(tx, workspace, id)
		if err != nil {
			return err
		}
		was := c.State
		if err := f(c); err != nil {
			return err
		}
		changed = c
		if was != store.CampaignDone && c.State == store.CampaignDone {
			if err := addCampaignDone(tx, c); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`UPDATE campaigns SET name = $1, state = $2, reason = $3, plan = $4, template_id = $5, author_kind = $6, author_id = $7,
				launcher_kind = $8, launcher_id = $9, approver_kind = $10, approver_id = $11, approved_at = $12, day = $13, start_at = $14,
				started_at = $15, finished_at = $16, updated_at = $17 WHERE id = $18`,
			c.Name, string(c.State), c.Reason, MustJSON(&c.Plan), c.Plan.Template, int64(c.Author.Kind), c.Author.ID, int64(c.Launcher.Kind),
			c.Launcher.ID, int64(c.Approver.Kind), c.Approver.ID, Millis(c.ApprovedAt), c.Day, Millis(c.StartAt), Millis(c.StartedAt),
			Millis(c.FinishedAt), Millis(c.UpdatedAt), c.ID)
		return err
	})
	return changed, err
}

// lockCampaign reads a campaign that nobody else changes until the transaction ends.
func lockCampaign(tx Tx, workspace, id smsir.UUID) (*store.Campaign, error) {
	n, err := tx.Exec("UPDATE campaigns SET state = state WHERE workspace_id = $1 AND id = $2", workspace, id)
	if err := touched(n, err, "campaign"); err != nil {
		return nil, err
	}
	rows, err := tx.Query("SELECT "+campaignColumns+" FROM campaigns c WHERE c.id = $1", id)
	return first(rows, err, scanCampaign, "campaign")
}

// DeleteCampaign implements store.Campaigns.
func (s *Store) DeleteCampaign(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		n, err := tx.Exec("DELETE FROM campaigns WHERE workspace_id = $1 AND id = $2", workspace, id)
		return touched(n, err, "campaign")
	})
}

// ApprovalLimit implements store.CampaignReader.
func (s *Store) ApprovalLimit(ctx context.Context, workspace smsir.UUID) (n int64, err error) {
	rows, err := s.db.Query(ctx, "SELECT approval_above FROM campaign_settings WHERE workspace_id = $1", workspace)
	if err := one(rows, err, &n); err != nil && !errors.Is(err, errNoRow) {
		return 0, err
	}
	return n, nil
}

// SetApprovalLimit implements store.Campaigns.
func (s *Store) SetApprovalLimit(ctx context.Context, workspace smsir.UUID, n int64, audit store.AuditEntry) error {
	return s.change(ctx, audit, func(tx Tx) error {
		_, err := tx.Exec(`INSERT INTO campaign_settings (workspace_id, approval_above) VALUES ($1, $2)
			ON CONFLICT (workspace_id) DO UPDATE SET approval_above = excluded.approval_above`, workspace, n)
		return err
	})
}
