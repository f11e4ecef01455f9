package campaign

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const (
	probe      = 100              // messages that go ahead of the others
	probeShare = 5                // one part in so many of them may fail
	probeTime  = 30 * time.Second // how long the others wait for them at most
	window     = 2000             // messages of a campaign that may wait in the queue
	paceEvery  = 5 * time.Second  // how often a paced campaign feeds a piece, if its pace allows
	recordTTL  = 400 * 24 * time.Hour
)

// tail remembers where the open messages of a campaign begin, so that looking at its queue costs no more than the queue
// is long.
type tail struct {
	queued, open smsir.ID
	firstFed     time.Time
	watched      time.Time // when somebody was last seen to tell how far it is
}

func (s *Service) tailOf(id smsir.UUID) tail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tails[id]
}

func (s *Service) setTail(id smsir.UUID, t tail) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tails[id] = t
}

func (s *Service) dropTail(id smsir.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.tails, id)
}

// feed hands the next piece of recipients to stage 1.
func (s *Service) feed(ctx context.Context, c *store.Campaign) (time.Time, error) {
	now := s.now()
	if wait, failed, err := s.probed(ctx, c); err != nil || wait || failed {
		if failed && err == nil {
			return s.move(ctx, c, store.CampaignPaused, ReasonManyFailures, nil)
		}
		return now.Add(probeLook), err
	}
	t := s.tailOf(c.ID)
	queued, oldest, err := s.opt.Store.BatchQueue(ctx, c.Batch, t.queued)
	if err != nil {
		return now, err
	}
	if oldest > 0 {
		t.queued = oldest
		s.setTail(c.ID, t)
	}
	if queued >= window {
		return now.Add(queueLook), nil
	}
	size, wait := pace(c)
	if c.Fed == 0 {
		size = min(size, probe)
	}
	list, err := s.opt.Store.CampaignRecipients(ctx, c.ID, c.Fed, size)
	if err != nil {
		return now, err
	}
	if len(list) == 0 {
		return s.finish(ctx, c)
	}
	if due := firstDue(list, now); due.After(now) {
		return minTime(due, now.Add(15*time.Minute)), nil
	}
	fed, err := s.send(ctx, c, list, now)
	for len(list) > 1 && smsir.CodeOf(err) == smsir.CodeLimitReached {
		list = list[:len(list)/2] // what still fits goes: nothing of the larger piece was stored, its key included
		fed, err = s.send(ctx, c, list, now)
	}
	if smsir.CodeOf(err) == smsir.CodeLimitReached {
		return s.move(ctx, c, store.CampaignPaused, ReasonLimit, nil)
	}
	if smsir.CodeOf(err) == smsir.CodeQueueFull {
		return now.Add(fullLook), nil
	}
	if err != nil {
		return now, err
	}
	if err := s.opt.Store.SaveFed(ctx, c.Workspace, c.ID, *fed); err != nil {
		return now, err
	}
	if t.firstFed.IsZero() {
		t.firstFed = now
		s.setTail(c.ID, t)
	}
	if fed.Accepted == 0 {
		return s.now(), nil
	}
	return s.now().Add(wait), nil
}

// probed judges the first messages: wait says that they have not been tried yet, failed that too many of them came to
// nothing.
func (s *Service) probed(ctx context.Context, c *store.Campaign) (wait, failed bool, err error) {
	if c.Accepted == 0 || c.Reason == ReasonResumed {
		return false, false, nil
	}
	states, err := s.opt.Store.BatchStates(ctx, c.Batch, probe)
	if err != nil {
		return false, false, err
	}
	bad, untried := 0, 0
	for _, v := range states {
		switch {
		case v.Status == smsir.Failed || v.Status == smsir.Undelivered || v.Status == smsir.Expired:
			bad++
		case v.Status <= smsir.Sending:
			untried++
		}
	}
	if len(states) >= probe && bad*probeShare > len(states) {
		return false, true, nil
	}
	first := s.tailOf(c.ID).firstFed
	return untried > 0 && c.Accepted <= probe && s.now().Sub(first) < probeTime, false, nil
}

// pace is how many recipients make the next piece, and how long the one after it waits.
func pace(c *store.Campaign) (size int, wait time.Duration) {
	rate := Pace(&c.Plan, c.Recipients)
	if rate == 0 {
		return pageSize, 0
	}
	size = min(max(int(rate*paceEvery.Minutes()), 1), pageSize)
	return size, time.Duration(float64(size) / rate * float64(time.Minute))
}

// Pace is how many messages a minute a plan allows for so many recipients; 0 for as many as the providers take.
func Pace(p *store.CampaignPlan, recipients int64) float64 {
	if p.Hours > 0 {
		return max(float64(recipients)/(float64(p.Hours)*60), 1.0/60)
	}
	return float64(p.Rate)
}

// firstDue is when the first of some recipients is due; zero if one is now.
func firstDue(list []store.Recipient, now time.Time) time.Time {
	first := list[0].DueAt
	for _, r := range list {
		if !r.DueAt.After(now) {
			return time.Time{}
		}
		first = minTime(first, r.DueAt)
	}
	return first
}

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// send makes one piece of a campaign messages. If it was made already, it returns what came of it then.
func (s *Service) send(ctx context.Context, c *store.Campaign, list []store.Recipient, now time.Time) (*store.Fed, error) {
	w, err := s.opt.Store.Workspace(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%s:%d", c.ID.Format(smsir.PrefixCampaign), c.Fed)
	// Before anything is put off: who died after the piece was accepted may have seen another clock.
	if done, err := s.opt.Store.Replay(ctx, c.Workspace, scope, key, now); err != nil || done != nil {
		return fedOf(done, err)
	}
	fed := &store.Fed{To: list[len(list)-1].Position}
	texts := ParseTexts(c.Plan.Texts)
	var messages []Message
	for i := range list {
		r := &list[i]
		due := r.DueAt
		if c.Plan.Quiet != nil && !due.After(now) {
			due = quietUntil(c.Plan.Quiet, zonesOf(r.Country, zone(&c.Plan)), now)
		}
		if due.After(now) {
			fed.Off = append(fed.Off, store.PutOff{Position: r.Position, DueAt: due})
			continue
		}
		text, _ := texts.For(r.Language).Render(valuesOf(r))
		messages = append(messages, Message{To: r.Phone, Text: text, From: c.Plan.Sender})
	}
	if len(messages) == 0 {
		return fed, nil
	}
	answer, err := s.opt.Send(ctx, Order{
		Workspace: w, Actor: c.Launcher, Batch: c.Batch, Scope: scope, Key: key, TTL: recordTTL, Messages: messages,
		Render: func(accepted, blocked, skipped int64) ([]byte, error) {
			fed.Accepted, fed.Blocked, fed.Skipped = accepted, blocked, skipped
			return json.Marshal(fed)
		},
	})
	if err != nil {
		return nil, err
	}
	if answer.Replayed {
		return fedOf(&store.Replay{Body: answer.Body}, nil)
	}
	return fed, nil
}

// scope is that of the idempotency keys of pieces.
const scope = "campaign"

// fedOf reads what came of a piece that was accepted before.
func fedOf(r *store.Replay, err error) (*store.Fed, error) {
	if err != nil {
		return nil, err
	}
	fed := &store.Fed{}
	if err := json.Unmarshal(r.Body, fed); err != nil {
		return nil, fmt.Errorf("what came of a piece of a campaign: %w", err)
	}
	return fed, nil
}

// valuesOf are the values of a recipient's variables.
func valuesOf(r *store.Recipient) map[string]string {
	values := maps.Clone(r.Values)
	if values == nil {
		values = map[string]string{}
	}
	values["phone"] = r.Phone
	return values
}

// finish ends a campaign when none of its messages waits any more.
func (s *Service) finish(ctx context.Context, c *store.Campaign) (time.Time, error) {
	now := s.now()
	t := s.tailOf(c.ID)
	open, err := s.opt.Store.BatchOpen(ctx, c.Batch, max(t.open-1, 0), 1)
	if err != nil {
		return now, err
	}
	if len(open) > 0 {
		t.open = open[0]
		s.setTail(c.ID, t)
		return s.now().Add(max(endLook, loadShare*s.now().Sub(now))), nil
	}
	reason := ""
	if c.Accepted == 0 {
		reason = ReasonNobody
	}
	s.dropTail(c.ID)
	return s.move(ctx, c, store.CampaignDone, reason, func(c *store.Campaign) { c.FinishedAt = now })
}
