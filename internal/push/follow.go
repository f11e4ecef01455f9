package push

import (
	"context"
	"encoding/json"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const (
	page     = 500              // events read at once
	idle     = 30 * time.Second // between looks while nobody has a device
	stale    = 4 * time.Hour    // what happened longer ago is nobody's news
	few      = 3                // notices of one kind for one device from one page; more become one
	gatherIn = 20 * time.Second // how long that one waits for more
)

// Kinds of notice, by the preference that asks for them.
const (
	kindReply    = "reply"
	kindCampaign = "campaign"
	kindFailure  = "failure"
	kindTest     = "test"
)

// notice is one thing that one device is told: the payload of a job of kind [JobKind].
type notice struct {
	Device  string `json:"device"`
	Kind    string `json:"kind"`
	ID      string `json:"id"` // of what happened: an event, a campaign
	Status  string `json:"status,omitempty"`
	Who     string `json:"who,omitempty"`  // a name or a number
	Text    string `json:"text,omitempty"` // of a reply; shown to those who chose so
	URL     string `json:"url"`
	Tag     string `json:"tag"` // of notices that take each other's place
	Several bool   `json:"several,omitempty"`
	Tries   int    `json:"tries,omitempty"`
}

// JobKind is the kind of the jobs that send notices.
const JobKind = "push"

// Run makes notices of events until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.poked:
		case <-timer.C:
		}
		wait, err := s.turn(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Error("events could not be read for notifications", "err", err)
		}
		timer.Reset(wait)
	}
}

// turn makes notices of the events that are new, and says when to look again.
func (s *Service) turn(ctx context.Context) (time.Duration, error) {
	targets, err := s.opt.Store.PushTargets(ctx, s.now())
	if err != nil {
		return s.opt.PollCap, err
	}
	cursor, err := s.opt.Store.PushCursor(ctx)
	if err != nil {
		return s.opt.PollCap, err
	}
	if len(targets) == 0 || cursor == 0 { // nobody is told of what is there already
		last, err := s.opt.Store.LastEvent(ctx)
		if last = max(last, 1); err == nil && last > cursor {
			err = s.opt.Store.AddNotices(ctx, nil, cursor, last)
		}
		if smsir.CodeOf(err) == smsir.CodeConflict {
			err = nil
		}
		if len(targets) == 0 {
			return max(idle, s.opt.PollCap), err
		}
		return s.opt.PollCap, err
	}
	for more := true; more; {
		if more, err = s.spread(ctx, cursor, targets); err != nil {
			return s.opt.PollCap, err
		}
		if cursor, err = s.opt.Store.PushCursor(ctx); err != nil {
			return s.opt.PollCap, err
		}
	}
	return s.opt.PollCap, nil
}

// spread makes notices of a page of events; true if there may be more.
func (s *Service) spread(ctx context.Context, cursor smsir.ID, targets []store.PushTarget) (more bool, err error) {
	events, err := s.opt.Store.EventsAfter(ctx, smsir.UUID{}, cursor, page)
	if err != nil || len(events) == 0 {
		return false, err
	}
	list, err := s.notices(ctx, events, targets)
	if err != nil {
		return false, err
	}
	err = s.opt.Store.AddNotices(ctx, list, cursor, events[len(events)-1].ID)
	if smsir.CodeOf(err) == smsir.CodeConflict {
		return true, nil // another node was first: go on from where it is
	}
	if err == nil && len(list) > 0 {
		s.opt.Added()
	}
	return err == nil && len(events) == page, err
}

// story is one event that some devices are told of.
type story struct {
	notice

	at    time.Time
	wants func(t *store.PushTarget) bool
}

// notices are the jobs that events make.
func (s *Service) notices(ctx context.Context, events []smsir.Event, targets []store.PushTarget) ([]store.Job, error) {
	stories, err := s.stories(ctx, events, targets)
	if err != nil {
		return nil, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	var jobs []store.Job
	for i := range targets {
		t := &targets[i]
		byKind := map[string][]notice{}
		for workspace, list := range stories {
			if workspace != t.Workspace {
				continue
			}
			for _, st := range list {
				if st.wants(t) && !st.at.Before(t.CreatedAt) {
					byKind[st.Kind] = append(byKind[st.Kind], st.notice)
				}
			}
		}
		for _, kind := range []string{kindReply, kindFailure} {
			list, due := byKind[kind], now
			if len(list) > few {
				list, due = []notice{several(kind)}, now.Add(gatherIn)
			}
			for _, n := range list {
				jobs = append(jobs, s.job(t, n, due))
			}
		}
	}
	return jobs, nil
}

// several is the notice that stands for many of a kind.
func several(kind string) notice {
	n := notice{Kind: kind, ID: "several", Tag: kind + "-several", Several: true, URL: "/inbox"}
	if kind == kindFailure {
		n.URL = "/messages"
	}
	return n
}

// job sends a notice to a device. While one with the same key waits, no other is added.
func (s *Service) job(t *store.PushTarget, n notice, due time.Time) store.Job {
	n.Device = t.ID.Format(smsir.PrefixDevice)
	payload, err := json.Marshal(n)
	if err != nil {
		panic(err) // it has nothing but strings
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	return store.Job{ID: smsir.NewUUID(now), Workspace: t.Workspace, Kind: JobKind, Key: n.Device + " " + n.Kind + " " + n.ID, Payload: payload, RunAt: due, CreatedAt: now}
}

// stories are what the events tell, by workspace, oldest first.
func (s *Service) stories(ctx context.Context, events []smsir.Event, targets []store.PushTarget) (map[smsir.UUID][]story, error) {
	listening := map[smsir.UUID]bool{}
	for i := range targets {
		listening[targets[i].Workspace] = true
	}
	told := map[smsir.UUID][]story{}
	failed := map[smsir.ID]*smsir.Event{}
	oldest := s.now().Add(-stale)
	for i := range events {
		e := &events[i]
		if !listening[e.Workspace] || e.At.Before(oldest) {
			continue
		}
		switch e.Type {
		case smsir.EventInbound:
			st, err := s.reply(ctx, e)
			if err != nil {
				return nil, err
			}
			if st != nil {
				told[e.Workspace] = append(told[e.Workspace], *st)
			}
		case smsir.EventOf(smsir.Failed), smsir.EventOf(smsir.Undelivered), smsir.EventOf(smsir.Unknown):
			failed[e.Message] = e
		}
	}
	return told, s.failures(ctx, failed, told)
}

// reply tells of a message that came in; nil if it is in no conversation any more.
func (s *Service) reply(ctx context.Context, e *smsir.Event) (*story, error) {
	id, err := smsir.ParseUUID(smsir.PrefixConversation, e.Data.Conversation)
	if err != nil {
		return nil, nil //nolint:nilerr,nilnil // an event of before there were conversations
	}
	talk, err := s.opt.Store.Conversation(ctx, e.Workspace, id)
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return nil, nil //nolint:nilnil // nobody can look at it
	}
	if err != nil {
		return nil, err
	}
	n := notice{Kind: kindReply, ID: e.ID.Format(smsir.PrefixEvent), Who: talk.Contact, URL: "/inbox?id=" + e.Data.Conversation, Tag: "reply-" + e.Data.Conversation}
	known, err := s.opt.Store.ContactsByPhone(ctx, e.Workspace, []string{talk.Contact})
	if err != nil {
		return nil, err
	}
	if c, ok := known[talk.Contact]; ok && c.Name != "" {
		n.Who = c.Name
	}
	if in, err := smsir.ParseID(smsir.PrefixInbound, e.Data.Inbound); err == nil {
		found, err := s.opt.Store.ListInbound(ctx, e.Workspace, in+1, 1)
		if err != nil {
			return nil, err
		}
		if len(found) == 1 && found[0].ID == in {
			n.Text = smsir.Storable(found[0].Text, maxText)
		}
	}
	return &story{n, e.At, func(t *store.PushTarget) bool {
		return t.Replies == store.PushAll || t.Replies == store.PushMine && talk.Assignee == t.User
	}}, nil
}

// failures tells of messages that did not arrive: those that people sent one by one or to a list. Of a campaign people are
// told when it is done.
func (s *Service) failures(ctx context.Context, events map[smsir.ID]*smsir.Event, told map[smsir.UUID][]story) error {
	if len(events) == 0 {
		return nil
	}
	ids := make([]smsir.ID, 0, len(events))
	for id := range events {
		ids = append(ids, id)
	}
	found, err := s.opt.Store.MessagesByID(ctx, ids)
	if err != nil {
		return err
	}
	batches := map[smsir.UUID][]smsir.ID{}
	for _, m := range found {
		if m.Batch != 0 && m.CreatedBy.Kind == smsir.ActorUser {
			batches[m.Workspace] = append(batches[m.Workspace], m.Batch)
		}
	}
	campaigns := map[smsir.ID]bool{}
	for workspace, list := range batches {
		some, err := s.opt.Store.CampaignBatches(ctx, workspace, list)
		if err != nil {
			return err
		}
		for id := range some {
			campaigns[id] = true
		}
	}
	for _, m := range found {
		e := events[m.ID]
		// One that has moved on since is no news: the event of that move is.
		if m.CreatedBy.Kind != smsir.ActorUser || campaigns[m.Batch] || smsir.EventOf(m.Status) != e.Type {
			continue
		}
		by, id := m.CreatedBy.ID, m.ID.Format(smsir.PrefixMessage)
		n := notice{Kind: kindFailure, ID: e.ID.Format(smsir.PrefixEvent), Status: m.Status.String(), Who: m.To, URL: "/messages?id=" + id, Tag: "message-" + id}
		told[m.Workspace] = append(told[m.Workspace], story{n, e.At, func(t *store.PushTarget) bool { return t.Failures && t.User == by }})
	}
	return nil
}

// CampaignDone tells whoever launched a campaign that it is done. It runs jobs of kind [store.JobCampaignDone].
func (s *Service) CampaignDone(ctx context.Context, j store.Job) error {
	var p store.CampaignDoneJob
	if err := json.Unmarshal(j.Payload, &p); err != nil {
		return err
	}
	id, err := smsir.ParseUUID(smsir.PrefixCampaign, p.Campaign)
	if err != nil {
		return err
	}
	c, err := s.opt.Store.Campaign(ctx, j.Workspace, id)
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return nil
	}
	if err != nil || c.Plan.Repeat != nil || c.Launcher.Kind != smsir.ActorUser { // of a series, each day tells for itself
		return err
	}
	targets, err := s.opt.Store.PushTargets(ctx, s.now())
	if err != nil {
		return err
	}
	n := notice{Kind: kindCampaign, ID: p.Campaign, Who: c.Name, URL: "/campaigns?id=" + p.Campaign, Tag: "campaign-" + p.Campaign}
	for i := range targets {
		t := &targets[i]
		if t.Workspace != j.Workspace || t.User != c.Launcher.ID || !t.Campaigns {
			continue
		}
		if _, err := s.opt.Store.AddJob(ctx, s.job(t, n, s.now())); err != nil {
			return err
		}
	}
	s.opt.Added()
	return nil
}
