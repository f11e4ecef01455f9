package campaign

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Words for [store.Campaign.Reason], beside what people write.
const (
	ReasonManyFailures = "many_failures"   // more than a fifth of the first hundred failed
	ReasonMissed       = "missed_schedule" // the server was down when it should have started
	ReasonLimit        = "limit_reached"   // a limit of the workspace is used up
	ReasonNobody       = "nobody"          // it had no recipient
	ReasonByHand       = "by_hand"
	ReasonResumed      = "resumed" // somebody looked at the failures and lets it go on
	ReasonMissedDay    = "missed_day"
)

// Launch starts a draft, schedules it, or asks for a second person's approval where the workspace wants one.
func (s *Service) Launch(ctx context.Context, w *store.Workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	plan := c.Plan
	if err := s.checkMessage(ctx, w, &plan); err != nil {
		return nil, err
	}
	if err := checkTexts(plan.Texts, true); err != nil {
		return nil, err
	}
	if err := s.checkVariables(ctx, c, &plan); err != nil {
		return nil, err
	}
	n, err := s.size(ctx, c)
	if err != nil {
		return nil, err
	}
	if n == 0 && plan.Repeat == nil {
		return nil, invalid("audience", "The campaign has no recipient. Choose a group or add numbers.")
	}
	over, err := s.needsApproval(ctx, w.ID, n)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "launched", fmt.Sprintf("%d recipients", n), func(c *store.Campaign) error {
		if c.State != store.CampaignDraft {
			return conflict("The campaign has been started already.")
		}
		at, day, err := start(&plan, s.now())
		if err != nil {
			return err
		}
		c.Plan, c.StartAt, c.Day, c.Launcher, c.Reason = plan, at, day, by.Actor, ""
		c.State, c.Approver = store.CampaignScheduled, smsir.Actor{}
		if over {
			c.State = store.CampaignWaiting
		}
		return nil
	})
}

// checkVariables refuses a text that asks for what no recipient can have.
func (s *Service) checkVariables(ctx context.Context, c *store.Campaign, p *store.CampaignPlan) error {
	known := map[string]bool{"name": true, "phone": true}
	fields, err := s.opt.Store.ContactFields(ctx, c.Workspace)
	if err != nil {
		return err
	}
	for _, f := range fields {
		known[f.Key] = true
	}
	some, err := s.opt.Store.CampaignRecipients(ctx, c.ID, 0, pageSize)
	if err != nil {
		return err
	}
	for _, r := range some {
		for key := range r.Values {
			known[key] = true
		}
	}
	for _, key := range ParseTexts(p.Texts).Variables() {
		if !known[key] && c.Failed.IsZero() {
			return invalid("texts", "Nobody has a value for {{%s}}. Take it out, or add a field or a column of that name.", key)
		}
	}
	return nil
}

// size is how many recipients a campaign would have now, those that are there twice counted twice.
func (s *Service) size(ctx context.Context, c *store.Campaign) (int64, error) {
	all := queries(&c.Plan)
	if len(all) == 0 && !c.Failed.IsZero() && c.Recipients == 0 {
		return s.countFailed(ctx, c)
	}
	sum := c.Recipients
	for _, q := range all {
		n, err := s.opt.Store.CountContacts(ctx, c.Workspace, q)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum, nil
}

func (s *Service) needsApproval(ctx context.Context, workspace smsir.UUID, n int64) (bool, error) {
	limit, err := s.opt.Store.ApprovalLimit(ctx, workspace)
	return limit > 0 && n > limit, err
}

// change changes a campaign and lets its job look at it.
func (s *Service) change(ctx context.Context, c *store.Campaign, by By, action, detail string, f func(*store.Campaign) error) (*store.Campaign, error) {
	changed, err := s.opt.Store.ChangeCampaign(ctx, c.Workspace, c.ID, s.auditOf(c, by, action, detail), func(c *store.Campaign) error {
		c.UpdatedAt = s.now()
		return f(c)
	})
	if err != nil {
		return nil, err
	}
	s.progress.forget(c.Batch)
	s.watch(ctx, changed)
	return changed, s.wake(ctx, changed)
}

// wake makes the campaign's job run now. The job of a run under way looks at the state again by itself.
func (s *Service) wake(ctx context.Context, c *store.Campaign) error {
	switch c.State {
	case store.CampaignDraft, store.CampaignWaiting, store.CampaignDone:
		return nil
	}
	key, now := c.ID.Format(smsir.PrefixCampaign), s.now()
	if err := s.opt.Store.DropJob(ctx, JobKind, key); err != nil {
		return err
	}
	_, err := s.opt.Store.AddJob(ctx, store.Job{ID: smsir.NewUUID(now), Workspace: c.Workspace, Kind: JobKind, Key: key, RunAt: now, CreatedAt: now})
	s.opt.Poke()
	return err
}

// Recover gives every campaign that has something to do its job again: one may have been lost between a change and the
// adding of its job. Call it when the program starts.
func (s *Service) Recover(ctx context.Context) error {
	active, err := s.opt.Store.ActiveCampaigns(ctx)
	if err != nil {
		return err
	}
	now := s.now()
	for _, c := range active {
		if _, err := s.opt.Store.AddJob(ctx, store.Job{
			ID: smsir.NewUUID(now), Workspace: c.Workspace, Kind: JobKind, Key: c.ID.Format(smsir.PrefixCampaign), RunAt: now, CreatedAt: now,
		}); err != nil {
			return err
		}
	}
	s.opt.Poke()
	return nil
}

// Approve lets a campaign start that somebody else has written and launched.
func (s *Service) Approve(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "approved", c.Name, func(c *store.Campaign) error {
		switch {
		case c.State != store.CampaignWaiting:
			return conflict("The campaign does not wait for an approval.")
		case by.Actor.Kind != smsir.ActorUser:
			return conflict("Only a person can approve a campaign.")
		case by.Actor == c.Author || by.Actor == c.Launcher:
			return conflict("You wrote or launched this campaign. Somebody else must approve it.")
		}
		now := s.now()
		c.State, c.Approver, c.ApprovedAt, c.Reason = store.CampaignScheduled, by.Actor, now, ""
		if !c.StartedAt.IsZero() { // it had begun, and turned out to be larger than it looked
			c.State = store.CampaignRunning
		} else if c.Plan.Repeat == nil && c.StartAt.Before(now) {
			c.StartAt = now
		}
		return nil
	})
}

// Withdraw makes a campaign that has not started a draft again; note says why, to who launched it.
func (s *Service) Withdraw(ctx context.Context, workspace, id smsir.UUID, note string, by By) (*store.Campaign, error) {
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > maxValue {
		return nil, invalid("note", "The note is longer than %d characters.", maxValue)
	}
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "withdrawn", note, func(c *store.Campaign) error {
		if c.State != store.CampaignWaiting && c.State != store.CampaignScheduled || !c.StartedAt.IsZero() || !c.Parent.IsZero() {
			return conflict("Only a campaign that has not started can be a draft again.")
		}
		c.State, c.Reason, c.Approver, c.StartAt, c.Day = store.CampaignDraft, note, smsir.Actor{}, time.Time{}, ""
		return nil
	})
}

// Pause stops a campaign. What waits in the queue already, a few thousand messages at most, goes out.
func (s *Service) Pause(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "paused", "", func(c *store.Campaign) error {
		if c.State != store.CampaignRunning && c.State != store.CampaignScheduled {
			return conflict("Only a campaign that runs or is scheduled can be paused.")
		}
		c.State, c.Reason = store.CampaignPaused, ReasonByHand
		return nil
	})
}

// Resume lets a paused campaign go on.
func (s *Service) Resume(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "resumed", "", func(c *store.Campaign) error {
		if c.State != store.CampaignPaused {
			return conflict("The campaign is not paused.")
		}
		if c.Reason == ReasonManyFailures {
			c.Reason = ReasonResumed
		} else {
			c.Reason = ""
		}
		if c.State = store.CampaignRunning; c.StartedAt.IsZero() {
			c.State = store.CampaignScheduled
			now := s.now()
			switch {
			case c.Plan.Repeat != nil && c.Parent.IsZero():
				at, day, err := start(&c.Plan, now)
				if err != nil {
					return err
				}
				c.StartAt, c.Day = at, day
			case c.StartAt.Before(now):
				c.StartAt = now
			}
		}
		return nil
	})
}

// Cancel ends a campaign; what no provider has yet is canceled too.
func (s *Service) Cancel(ctx context.Context, workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, c, by, "canceled", "", func(c *store.Campaign) error {
		switch c.State {
		case store.CampaignDraft, store.CampaignDone, store.CampaignCanceled:
			return conflict("There is nothing to cancel: the campaign has not been started, or it is over.")
		}
		c.State, c.Reason = store.CampaignCanceled, ReasonByHand
		return nil
	})
}

// ResendFailed makes a campaign of those whose messages failed and were provably not received, and launches it.
func (s *Service) ResendFailed(ctx context.Context, w *store.Workspace, id smsir.UUID, by By) (*store.Campaign, error) {
	old, err := s.opt.Store.Campaign(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	if old.State != store.CampaignDone && old.State != store.CampaignCanceled {
		return nil, conflict("The campaign is not over yet. Its failed messages can be sent again when it is.")
	}
	if !old.TextRemovedAt.IsZero() {
		return nil, conflict("The text of this campaign was removed, as the workspace keeps texts for a limited time. Make a new campaign.")
	}
	failed, _, err := s.opt.Store.FailedRecipients(ctx, old.ID, old.Batch, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(failed) == 0 {
		return nil, conflict("No message of this campaign failed.")
	}
	now := s.now()
	c := store.Campaign{
		ID: smsir.NewUUID(now), Workspace: w.ID, Name: again(old.Name), State: store.CampaignDraft, Plan: old.Plan, Author: by.Actor, Failed: old.ID,
		Batch: s.opt.Store.NewID(now), CreatedAt: now, UpdatedAt: now,
	}
	c.Plan.Groups, c.Plan.Filter, c.Plan.At, c.Plan.Local, c.Plan.Repeat = nil, nil, time.Time{}, "", nil
	c.Plan.Template = smsir.UUID{} // the text as it was sent
	if err := s.opt.Store.CreateCampaign(ctx, c, s.auditOf(&c, by, "resent", old.Name)); err != nil {
		return nil, err
	}
	return s.Launch(ctx, w, c.ID, by)
}

func again(name string) string {
	if r := []rune(name); len(r) > MaxName-3 {
		name = string(r[:MaxName-3])
	}
	return name + " ↻"
}

// countFailed counts the recipients that a campaign of failed messages will have.
func (s *Service) countFailed(ctx context.Context, c *store.Campaign) (n int64, err error) {
	old, err := s.opt.Store.Campaign(ctx, c.Workspace, c.Failed)
	if err != nil {
		return 0, err
	}
	for after := smsir.ID(0); ; {
		list, next, err := s.opt.Store.FailedRecipients(ctx, old.ID, old.Batch, after, pageSize)
		if err != nil {
			return 0, err
		}
		if n += int64(len(list)); next == 0 {
			return n, nil
		}
		after = next
	}
}

// SetApprovalLimit sets above how many recipients a campaign needs a second person; 0 for never.
func (s *Service) SetApprovalLimit(ctx context.Context, workspace smsir.UUID, n int64, by By) error {
	if n < 0 || n > MaxRecipients {
		return invalid("approval_above", "Give 0 to %d.", MaxRecipients)
	}
	return s.opt.Store.SetApprovalLimit(ctx, workspace, n, s.audit(workspace, by, "campaigns.approval_limit", "", fmt.Sprintf("%d recipients", n)))
}
