package campaign

import (
	"context"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Waits of a campaign's job.
const (
	pausedLook = time.Minute            // a change wakes the job; this is for the one that it missed
	queueLook  = 250 * time.Millisecond // until the queue has room
	probeLook  = 500 * time.Millisecond // until the first messages have been tried
	endLook    = 2 * time.Second        // until the last messages have gone
	fullLook   = 2 * time.Second        // until the workspace's queue has room
	loadShare  = 20                     // counting takes at most one part in so many of the time
)

// stepPieces bounds one step, so that many campaigns share the runners of jobs.
const stepPieces = 20

// Step moves the campaign of a job on by a bounded piece. again is when the next piece is due, zero when there is none. It
// is safe to run twice, and at the same time.
func (s *Service) Step(ctx context.Context, j store.Job) (again time.Time, err error) {
	id, err := smsir.ParseUUID(smsir.PrefixCampaign, j.Key)
	if err != nil {
		return again, fmt.Errorf("job of a campaign: %w", err)
	}
	for range stepPieces {
		c, err := s.opt.Store.Campaign(ctx, j.Workspace, id)
		if smsir.CodeOf(err) == smsir.CodeNotFound {
			return time.Time{}, nil
		}
		if err != nil {
			return again, err
		}
		if again, err = s.piece(ctx, c); err != nil || again.IsZero() || again.After(s.now()) {
			return again, err
		}
	}
	return again, nil
}

func (s *Service) piece(ctx context.Context, c *store.Campaign) (again time.Time, err error) {
	switch c.State {
	case store.CampaignPaused:
		return s.now().Add(pausedLook), nil
	case store.CampaignScheduled:
		if c.StartAt.After(s.now()) {
			return c.StartAt, nil
		}
		return s.start(ctx, c)
	case store.CampaignRunning:
		s.watchRunning(ctx, c)
		if c.Walk != store.WalkDone {
			return s.gather(ctx, c)
		}
		return s.feed(ctx, c)
	case store.CampaignCanceled:
		return s.cancelRest(ctx, c)
	}
	return time.Time{}, nil
}

// move changes the state of a campaign if it is still in the one that was seen.
func (s *Service) move(ctx context.Context, seen *store.Campaign, to store.CampaignState, reason string, f func(*store.Campaign)) (time.Time, error) {
	by := By{Actor: smsir.Actor{Kind: smsir.ActorSystem}}
	changed, err := s.opt.Store.ChangeCampaign(ctx, seen.Workspace, seen.ID, s.auditOf(seen, by, string(to), reason), func(c *store.Campaign) error {
		if c.State != seen.State || c.Day != seen.Day {
			return errMoved
		}
		c.State, c.Reason, c.UpdatedAt = to, reason, s.now()
		if f != nil {
			f(c)
		}
		return nil
	})
	s.progress.forget(seen.Batch)
	if err == errMoved { //nolint:errorlint // it is ours, and nobody wraps it
		return s.now(), nil
	}
	if err == nil {
		s.watch(ctx, changed)
	}
	return s.now(), err
}

// errMoved says that somebody else has changed the campaign meanwhile; the next piece sees how.
var errMoved = fmt.Errorf("the campaign was changed meanwhile")

// start begins a campaign whose time has come, or makes the day of a series.
func (s *Service) start(ctx context.Context, c *store.Campaign) (time.Time, error) {
	now := s.now()
	late := now.Sub(c.StartAt) > s.opt.Lateness
	if c.Plan.Repeat != nil {
		return s.fire(ctx, c, late)
	}
	if late {
		return s.move(ctx, c, store.CampaignPaused, ReasonMissed, nil)
	}
	return s.move(ctx, c, store.CampaignRunning, "", func(c *store.Campaign) { c.StartedAt = now })
}

// fire makes the campaign of a series' day and moves the series to its next day. A day is made at most once, whatever
// dies in between, because it is a row that can exist only once.
func (s *Service) fire(ctx context.Context, c *store.Campaign, late bool) (time.Time, error) {
	reason := ReasonMissedDay
	if !late {
		reason = ""
		if err := s.makeDay(ctx, c); err != nil {
			return time.Time{}, err
		}
	}
	day, at, more := NextFiring(c.Plan.Repeat, zone(&c.Plan), c.Day)
	if !more {
		return s.move(ctx, c, store.CampaignDone, reason, func(c *store.Campaign) { c.FinishedAt = s.now() })
	}
	return s.move(ctx, c, store.CampaignScheduled, reason, func(c *store.Campaign) { c.Day, c.StartAt = day, at })
}

func (s *Service) makeDay(ctx context.Context, series *store.Campaign) error {
	now := s.now()
	day := *series
	day.ID, day.Batch, day.Parent, day.CreatedAt, day.UpdatedAt = smsir.NewUUID(now), s.opt.Store.NewID(now), series.ID, now, now
	day.Plan.Repeat = nil
	day.Reason = ""
	by := By{Actor: smsir.Actor{Kind: smsir.ActorSystem}}
	err := s.opt.Store.CreateCampaign(ctx, day, s.auditOf(&day, by, "created", series.Day))
	if smsir.CodeOf(err) == smsir.CodeConflict { // made already, perhaps without its job
		made, err := s.opt.Store.Campaigns(ctx, series.Workspace, series.ID, smsir.UUID{}, 5)
		if err != nil {
			return err
		}
		for i := range made {
			if made[i].Day == series.Day {
				return s.wake(ctx, &made[i])
			}
		}
		return nil
	}
	if err != nil {
		return err
	}
	return s.wake(ctx, &day)
}

// cancelRest cancels what no provider has yet.
func (s *Service) cancelRest(ctx context.Context, c *store.Campaign) (time.Time, error) {
	if !c.FinishedAt.IsZero() {
		return time.Time{}, nil
	}
	actor := c.Launcher
	for after := smsir.ID(0); ; {
		ids, err := s.opt.Store.BatchOpen(ctx, c.Batch, after, pageSize)
		if err != nil {
			return time.Time{}, err
		}
		if len(ids) == 0 {
			break
		}
		if err := s.cancelAll(ctx, c.Workspace, ids, actor); err != nil {
			return time.Time{}, err
		}
		after = ids[len(ids)-1]
	}
	now := s.now()
	if _, err := s.move(ctx, c, store.CampaignCanceled, c.Reason, func(c *store.Campaign) { c.FinishedAt = now }); err != nil {
		return time.Time{}, err
	}
	return time.Time{}, nil
}

// cancelWorkers share a disk's sync among them.
const cancelWorkers = 16

func (s *Service) cancelAll(ctx context.Context, workspace smsir.UUID, ids []smsir.ID, actor smsir.Actor) error {
	errs := make(chan error, cancelWorkers)
	for w := range cancelWorkers {
		go func() {
			for i := w; i < len(ids); i += cancelWorkers {
				if _, _, err := s.opt.Store.Cancel(ctx, workspace, ids[i], actor, s.now()); err != nil && smsir.CodeOf(err) != smsir.CodeNotFound {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var first error
	for range cancelWorkers {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}
