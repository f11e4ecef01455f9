package campaign

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Draft is a campaign as people enter it; in a change, nil leaves something as it is.
type Draft struct {
	Name *string
	Plan *store.CampaignPlan
}

// Create stores a new campaign as a draft.
func (s *Service) Create(ctx context.Context, w *store.Workspace, d Draft, by By) (*store.Campaign, error) {
	now := s.now()
	c := store.Campaign{
		ID: smsir.NewUUID(now), Workspace: w.ID, State: store.CampaignDraft, Batch: s.opt.Store.NewID(now),
		CreatedAt: now,
	}
	if d.Name == nil {
		return nil, invalid("name", "A campaign needs a name.")
	}
	if err := s.apply(ctx, w, &c, d, by); err != nil {
		return nil, err
	}
	return &c, s.opt.Store.CreateCampaign(ctx, c, s.auditOf(&c, by, "created", c.Name))
}

// Update changes a draft.
func (s *Service) Update(ctx context.Context, w *store.Workspace, id smsir.UUID, d Draft, by By) (*store.Campaign, error) {
	c, err := s.opt.Store.Campaign(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	if err := s.apply(ctx, w, c, d, by); err != nil { // before anything is locked: it asks the store
		return nil, err
	}
	return s.opt.Store.ChangeCampaign(ctx, w.ID, id, s.auditOf(c, by, "updated", c.Name), func(stored *store.Campaign) error {
		if stored.State != store.CampaignDraft {
			return conflict("The campaign is no draft any more. Take it back to a draft, or make a copy of it.")
		}
		stored.Name, stored.Plan, stored.Author, stored.UpdatedAt = c.Name, c.Plan, c.Author, c.UpdatedAt
		return nil
	})
}

// Delete forgets a draft, or a campaign that is over; its messages stay.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, by By) error {
	c, err := s.opt.Store.Campaign(ctx, workspace, id)
	if err != nil {
		return err
	}
	over := c.State == store.CampaignDone || c.State == store.CampaignCanceled && !c.FinishedAt.IsZero()
	if c.State != store.CampaignDraft && !over {
		return conflict("The campaign is not over. Cancel it first.")
	}
	return s.opt.Store.DeleteCampaign(ctx, workspace, id, s.auditOf(c, by, "deleted", c.Name))
}

func (s *Service) apply(ctx context.Context, w *store.Workspace, c *store.Campaign, d Draft, by By) (err error) {
	if d.Name != nil {
		if c.Name, err = cleanName(*d.Name, "campaign"); err != nil {
			return err
		}
	}
	if d.Plan != nil {
		plan := *d.Plan
		if err := s.checkAudience(ctx, w, &plan); err != nil {
			return err
		}
		if err := s.checkMessage(ctx, w, &plan); err != nil {
			return err
		}
		if err := checkTimes(w, &plan); err != nil {
			return err
		}
		c.Plan = plan
	}
	c.Author, c.UpdatedAt = by.Actor, s.now()
	return nil
}

func (s *Service) checkAudience(ctx context.Context, w *store.Workspace, p *store.CampaignPlan) error {
	if len(p.Groups) > MaxGroups {
		return invalid("groups", "These are %d groups. Give at most %d.", len(p.Groups), MaxGroups)
	}
	for _, q := range queries(p) {
		// The store knows what can be compared; asking for one contact tells.
		if _, err := s.opt.Store.WalkContacts(ctx, w.ID, q, smsir.UUID{}, 1); smsir.CodeOf(err) == smsir.CodeNotFound {
			return invalid("groups", "One of the groups does not exist any more. Choose again.")
		} else if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) checkMessage(ctx context.Context, w *store.Workspace, p *store.CampaignPlan) error {
	if !p.Template.IsZero() {
		t, err := s.opt.Store.Template(ctx, w.ID, p.Template)
		if err != nil {
			return invalid("template", "There is no such template. Choose another one.")
		}
		p.Texts = t.Texts
	}
	if err := checkTexts(p.Texts, false); err != nil {
		return err
	}
	if p.Sender != "" {
		sender, err := number.ParseSender(p.Sender, w.Country)
		if err != nil {
			return invalid("sender", "%s", err)
		}
		p.Sender = sender.Value
	}
	if s.opt.Sender != nil {
		var refused *smsir.Error
		if err := s.opt.Sender(ctx, w, p.Sender); !smsir.Unavailable(err) && errors.As(err, &refused) {
			return invalid("sender", "%s", refused.Text)
		} else if err != nil {
			return err
		}
	}
	return nil
}

func checkTimes(w *store.Workspace, p *store.CampaignPlan) error {
	ways := 0
	for _, given := range []bool{!p.At.IsZero(), p.Local != "", p.Repeat != nil} {
		if given {
			ways++
		}
	}
	if ways > 1 {
		return invalid("schedule", "Give one of at, local_time and repeat.")
	}
	if p.Zone == "" {
		p.Zone = w.TimeZone
	}
	if _, err := time.LoadLocation(p.Zone); err != nil {
		return invalid("zone", "%q is no time zone. Give a name such as Africa/Nairobi.", clip(p.Zone))
	}
	if p.Local != "" {
		if _, err := time.Parse(localForm, p.Local); err != nil {
			return invalid("local_time", "%q is no local time. Write it as 2026-03-01T09:30.", clip(p.Local))
		}
	}
	if err := checkRepeat(p.Repeat); err != nil {
		return err
	}
	switch {
	case p.Rate < 0 || p.Rate > MaxRate:
		return invalid("rate", "The pace is %d messages a minute. Give 1 to %d, or 0 for as fast as possible.", p.Rate, MaxRate)
	case p.Hours < 0 || p.Hours > MaxHours:
		return invalid("hours", "%d hours cannot be. Give 1 to %d, or 0.", p.Hours, MaxHours)
	case p.Rate > 0 && p.Hours > 0:
		return invalid("hours", "Give a pace or the hours to spread over, not both.")
	}
	if q := p.Quiet; q != nil {
		for _, clock := range []string{q.From, q.To} {
			if _, _, err := clockOf(clock); err != nil || len(clock) != 5 {
				return invalid("quiet", "%q is no time of a day. Write it as 21:00.", clip(clock))
			}
		}
		if q.From == q.To {
			return invalid("quiet", "The quiet hours begin and end at the same time. Leave them out, or make one of them another.")
		}
	}
	return nil
}

const localForm = "2006-01-02T15:04"

func checkRepeat(r *store.CampaignRepeat) error {
	if r == nil {
		return nil
	}
	if _, _, err := clockOf(r.Clock); err != nil {
		return invalid("repeat", "%q is no time of a day. Write it as 09:30.", clip(r.Clock))
	}
	if _, err := time.Parse(time.DateOnly, r.From); err != nil {
		return invalid("repeat", "%q is no day. Write the first one as 2026-03-01.", clip(r.From))
	}
	if _, err := time.Parse(time.DateOnly, r.Until); r.Until != "" && (err != nil || r.Until < r.From) {
		return invalid("repeat", "The last day, %q, is none or lies before the first. Write it as 2026-03-01.", clip(r.Until))
	}
	var least, most int
	switch r.Every {
	case "day":
		r.Days = nil
		return nil
	case "week":
		least, most = 0, 6
	case "month":
		least, most = 1, 31
	default:
		return invalid("repeat", "%q is none of day, week, month.", clip(r.Every))
	}
	if len(r.Days) == 0 {
		return invalid("repeat", "Name the days on which it goes out.")
	}
	for _, d := range r.Days {
		if d < least || d > most {
			return invalid("repeat", "%d is no day of a %s. Give %d to %d.", d, r.Every, least, most)
		}
	}
	slices.Sort(r.Days)
	r.Days = slices.Compact(r.Days)
	return nil
}

// zone is where the plan's clocks hang.
func zone(p *store.CampaignPlan) *time.Location {
	z, err := time.LoadLocation(p.Zone)
	if err != nil { // it was checked; a database of zones can lose one
		return time.UTC
	}
	return z
}

// start is when a plan starts, and of a series its first day from now on. Errors: invalid.
func start(p *store.CampaignPlan, now time.Time) (at time.Time, day string, err error) {
	at = now
	switch {
	case p.Repeat != nil:
		var more bool
		for {
			day, at, more = NextFiring(p.Repeat, zone(p), day)
			if !more {
				return at, "", invalid("repeat", "The series is over already: none of its days lies ahead.")
			}
			if !at.Before(now) {
				break
			}
		}
	case p.Local != "":
		t, err := time.Parse(localForm, p.Local)
		if err != nil {
			return at, "", invalid("local_time", "%q is no local time. Write it as 2026-03-01T09:30.", clip(p.Local))
		}
		at = At(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), zone(p))
	case !p.At.IsZero():
		at = p.At.UTC().Truncate(time.Millisecond)
	}
	switch {
	case at.Before(now.Add(-time.Minute)):
		return at, "", invalid("schedule", "The time %s has passed. Give a time ahead, or none to start at once.", at.UTC().Format(time.RFC3339))
	case at.After(now.Add(MaxAhead)):
		return at, "", invalid("schedule", "The time %s is more than a year ahead.", at.UTC().Format(time.RFC3339))
	}
	return at, day, nil
}

// queries select the contacts of a plan, one after the other: the members of its groups, then whoever matches its filter and is
// in none of them. No contact is in two.
func queries(p *store.CampaignPlan) (all []store.ContactQuery) {
	var groups *store.ContactFilter
	if len(p.Groups) > 0 {
		groups = &store.ContactFilter{Any: true}
		for _, g := range p.Groups {
			groups.Conditions = append(groups.Conditions, store.ContactCondition{On: "group", Is: "equal", Value: g.Format(smsir.PrefixGroup)})
		}
		all = append(all, store.ContactQuery{Filter: groups})
	}
	if p.Filter != nil {
		all = append(all, store.ContactQuery{Filter: p.Filter, Without: groups})
	}
	return all
}
