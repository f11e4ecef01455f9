package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// ProgressKind is the kind of job that tells how far a campaign is; its Key is the campaign's identifier.
const ProgressKind = "campaign.progress"

const (
	tellEvery  = time.Second      // between two events of a campaign, at least
	tellSlow   = 10 * time.Minute // between two looks at the receipts of one that is over, at most
	tellFor    = 24 * time.Hour   // how long after its end receipts are looked for
	watchEvery = 10 * time.Second // how often a campaign that runs makes sure that somebody tells
)

// told is the payload of a job of [ProgressKind]: what was told last.
type told struct {
	Campaign *smsir.CampaignProgress `json:"campaign,omitempty"`
}

// Tell looks how far the campaign of a job is, and tells it with an event if that has changed. The job comes again, at most
// once a second and in a twentieth of the time, while something can change: payload is then what it needs.
func (s *Service) Tell(ctx context.Context, j store.Job) (again time.Time, payload []byte, err error) {
	id, err := smsir.ParseUUID(smsir.PrefixCampaign, j.Key)
	if err != nil {
		return again, nil, fmt.Errorf("job of a campaign: %w", err)
	}
	var last told
	if err := json.Unmarshal(j.Payload, &last); err != nil {
		last = told{} // then it is told again
	}
	c, err := s.opt.Store.Campaign(ctx, j.Workspace, id)
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return time.Time{}, nil, nil
	}
	if err != nil {
		return again, nil, err
	}
	now := smsir.CampaignProgress{Campaign: j.Key, State: string(c.State), Reason: c.Reason, Recipients: c.Recipients}
	if !c.StartedAt.IsZero() {
		p, err := s.Progress(ctx, c)
		if err != nil {
			return again, nil, err
		}
		now.Waiting, now.Sent, now.Delivered, now.Failed = p.Waiting, p.Sent, p.Delivered, p.Failed
		now.Blocked, now.Canceled, now.Skipped, now.Segments = p.Blocked, p.Canceled, p.Skipped, p.Segments
		now.PerMinute = math.Round(p.PerMinute*10) / 10
		if ends := p.Ends.UTC().Truncate(time.Second); !p.Ends.IsZero() {
			now.EndsAt = &ends
		}
	}
	if last.Campaign == nil || !same(*last.Campaign, now) {
		if err := s.opt.Store.Tell(ctx, smsir.Event{Workspace: c.Workspace, Type: smsir.EventCampaignProgress, At: s.now(), Data: smsir.EventData{Campaign: &now}}); err != nil {
			return again, nil, err
		}
		if payload, err = json.Marshal(told{&now}); err != nil {
			return again, nil, err
		}
	}
	if wait := s.tellAgain(c, &now); wait > 0 {
		again = s.now().Add(wait)
	}
	return again, payload, nil
}

// same compares what people see but for the pace, which moves by itself.
func same(a, b smsir.CampaignProgress) bool {
	a.PerMinute, b.PerMinute, a.EndsAt, b.EndsAt = 0, 0, nil, nil
	return a == b
}

// tellAgain is when to look again; 0 when nothing can change before somebody does something.
func (s *Service) tellAgain(c *store.Campaign, p *smsir.CampaignProgress) time.Duration {
	least := max(tellEvery, loadShare*s.progress.cost(c.Batch))
	switch {
	case c.State == store.CampaignRunning, c.State == store.CampaignCanceled && c.FinishedAt.IsZero():
		return least
	case c.State == store.CampaignPaused && !c.StartedAt.IsZero():
		return max(least, min(s.now().Sub(c.UpdatedAt)/loadShare, pausedLook))
	case c.FinishedAt.IsZero() || p.Sent == 0:
		return 0
	}
	over := s.now().Sub(c.FinishedAt)
	if over > tellFor {
		return 0
	}
	return max(least, min(over/loadShare, tellSlow))
}

// watch makes sure that a campaign's progress is told, a second from now: a job that waits for longer is replaced. Nothing
// else depends on it, so that a failure is only noted.
func (s *Service) watch(ctx context.Context, c *store.Campaign) {
	err := s.opt.Store.DropJob(ctx, ProgressKind, c.ID.Format(smsir.PrefixCampaign))
	if err == nil {
		err = s.addWatch(ctx, c, tellEvery)
	}
	if err != nil {
		s.opt.Log.Warn("the progress of a campaign may not be told", "campaign_id", c.ID.Format(smsir.PrefixCampaign), "err", err)
	}
}

// watchRunning does so for one that runs, now and then: the job may have ended while the campaign was being started.
func (s *Service) watchRunning(ctx context.Context, c *store.Campaign) {
	t, now := s.tailOf(c.ID), s.now()
	if now.Sub(t.watched) < watchEvery {
		return
	}
	t.watched = now
	s.setTail(c.ID, t)
	if err := s.addWatch(ctx, c, 0); err != nil {
		s.opt.Log.Warn("the progress of a campaign may not be told", "campaign_id", c.ID.Format(smsir.PrefixCampaign), "err", err)
	}
}

func (s *Service) addWatch(ctx context.Context, c *store.Campaign, wait time.Duration) error {
	now := s.now()
	_, err := s.opt.Store.AddJob(ctx, store.Job{
		ID: smsir.NewUUID(now), Workspace: c.Workspace, Kind: ProgressKind, Key: c.ID.Format(smsir.PrefixCampaign), RunAt: now.Add(wait), CreatedAt: now,
	})
	return err
}
