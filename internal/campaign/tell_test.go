package campaign_test

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/store"
)

// told are the events about campaigns so far.
func (e *env) told() (all []smsir.Event) {
	e.t.Helper()
	for after := smsir.ID(0); ; {
		page, err := e.st.EventsAfter(e.t.Context(), e.ws.ID, after, 500)
		e.ok(err)
		if len(page) == 0 {
			return all
		}
		for i := range page {
			if page[i].Type == smsir.EventCampaignProgress {
				all = append(all, page[i])
			}
		}
		after = page[len(page)-1].ID
	}
}

// tell runs the job that tells how far a campaign is, if one is due, as the runner of jobs would.
func (e *env) tell() {
	e.t.Helper()
	jobs, err := e.st.LeaseJobs(e.t.Context(), []string{campaign.ProgressKind}, e.now, e.now.Add(time.Minute), 10)
	e.ok(err)
	for _, j := range jobs {
		again, payload, err := e.s.Tell(e.t.Context(), j)
		e.ok(err)
		if payload == nil {
			payload = j.Payload
		}
		if again.IsZero() {
			e.ok(e.st.FinishJob(e.t.Context(), j.ID, j.Lease))
			continue
		}
		e.ok(e.st.AgainJob(e.t.Context(), j.ID, j.Lease, again, payload, ""))
	}
}

func TestProgressIsTold(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.create(store.CampaignPlan{Rate: 6000})
	e.rows(c, 0, 1500)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	e.tell()
	if got := e.told(); len(got) != 0 {
		t.Fatalf("told at once: %+v", got)
	}
	for range 400 {
		e.tell()
		if e.campaign(c).State == store.CampaignDone {
			break
		}
		if _, err := e.step(c); err != nil {
			t.Fatal(err)
		}
		e.now = e.now.Add(100 * time.Millisecond)
		e.deliver(c)
	}
	for range 20 { // the end is told within a second or two, and then there is silence
		e.now = e.now.Add(time.Second)
		e.tell()
	}
	got := e.told()
	if len(got) < 3 {
		t.Fatalf("%d events, want some on the way and one at the end", len(got))
	}
	for i, ev := range got {
		p := ev.Data.Campaign
		if p == nil || p.Campaign != c.ID.Format(smsir.PrefixCampaign) {
			t.Fatalf("event %d is about %+v", i, p)
		}
		if i > 0 && ev.At.Sub(got[i-1].At) < time.Second {
			t.Errorf("event %d came %v behind the one before", i, ev.At.Sub(got[i-1].At))
		}
		if i > 0 && *got[i-1].Data.Campaign == *p {
			t.Errorf("event %d says nothing new: %+v", i, p)
		}
	}
	if p := got[len(got)-1].Data.Campaign; p.State != "done" || p.Recipients != 1500 || p.Canceled != 1500 || p.Waiting != 0 {
		t.Errorf("the last event says %+v", p)
	}
	if next, err := e.st.NextJob(t.Context(), []string{campaign.ProgressKind}); err != nil || !next.IsZero() {
		t.Errorf("when all is over a job is due at %v, %v", next, err)
	}
}

func TestAPauseIsTold(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.create(store.CampaignPlan{})
	e.rows(c, 0, 700)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	for range 3 {
		_, err := e.step(c)
		e.ok(err)
	}
	_, err = e.s.Pause(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	e.now = e.now.Add(time.Second)
	e.tell()
	got := e.told()
	if len(got) != 1 || got[0].Data.Campaign.State != "paused" || got[0].Data.Campaign.Reason != campaign.ReasonByHand {
		t.Fatalf("told %+v", got)
	}
	_, err = e.s.Resume(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	e.now = e.now.Add(time.Second)
	e.tell()
	if got := e.told(); len(got) != 2 || got[1].Data.Campaign.State != "running" {
		t.Errorf("after it was resumed: %+v", got)
	}
}

// TestFilterBesideGroups: whoever is in a group, matches the filter or stands in the list gets one message, and the dry run
// counts each once.
func TestFilterBesideGroups(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	g := e.group("Parents")
	for i := range 600 {
		e.contact(i, "Ada", g)
	}
	for i := 600; i < 1300; i++ {
		e.contact(i, "Bob")
	}
	for i := 1300; i < 1310; i++ {
		e.contact(i, "Eve")
	}
	// 0 to 599 by the group, 600 to 1299 by the filter, 1200 to 1399 by the list.
	filter := &store.ContactFilter{Any: true, Conditions: []store.ContactCondition{{On: "name", Is: "equal", Value: "bob"}, {On: "phone", Is: "equal", Value: phone(3)}}}
	c := e.create(store.CampaignPlan{Groups: []smsir.UUID{g}, Filter: filter})
	e.rows(c, 1200, 200)
	check, err := e.s.Check(t.Context(), e.ws, c.ID)
	e.ok(err)
	if check.Recipients != 1400 || check.Looked != 1400 {
		t.Errorf("the dry run counts %d, looked at %d; want 1400", check.Recipients, check.Looked)
	}
	_, err = e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	e.run(c, store.CampaignDone)
	e.once(c, 1400)

	only := e.create(store.CampaignPlan{Filter: filter})
	_, err = e.s.Launch(t.Context(), e.ws, only.ID, by)
	e.ok(err)
	e.run(only, store.CampaignDone)
	e.once(only, 701)
}

// TestSpreadOverHours: the pace follows from the size of the audience, and quiet hours are no time to send in.
func TestSpreadOverHours(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	at := time.Date(e.now.Year()+1, 6, 1, 14, 0, 0, 0, time.UTC).Add(-24 * time.Hour * 300).Truncate(time.Hour)
	for at.Before(e.now) {
		at = at.Add(24 * time.Hour)
	}
	for name, tc := range map[string]struct {
		plan store.CampaignPlan
		want time.Duration
	}{
		"three hours":           {store.CampaignPlan{At: at, Hours: 3}, 3 * time.Hour},
		"over the night":        {store.CampaignPlan{At: at, Hours: 9, Quiet: &store.QuietHours{From: "00:00", To: "00:15"}}, 9*time.Hour + 15*time.Minute},
		"four days, four times": {store.CampaignPlan{At: at, Hours: 96, Quiet: &store.QuietHours{From: "00:00", To: "12:00"}}, 192 * time.Hour},
	} {
		tc.plan.Zone = "Africa/Nairobi"
		c := e.create(tc.plan)
		var b []string
		for i := range 100 {
			b = append(b, "+2547220001"+string(rune('0'+i/10))+string(rune('0'+i%10)))
		}
		e.list(c, b)
		check, err := e.s.Check(t.Context(), e.ws, c.ID)
		e.ok(err)
		if got := check.Ends.Sub(check.Starts); got < tc.want-16*time.Minute || got > tc.want+16*time.Minute {
			t.Errorf("%s: it ends %v after its start, want %v", name, got, tc.want)
		}
	}
}
