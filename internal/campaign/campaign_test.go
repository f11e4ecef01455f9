package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

func TestGroupsAndListTogether(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	a, b := e.group("A"), e.group("B")
	for i := range 20 {
		e.contact(i, fmt.Sprint("P", i), a)
	}
	for i := 20; i < 30; i++ {
		e.contact(i, "", a, b)
	}
	c := e.create(store.CampaignPlan{Groups: []smsir.UUID{a, b}})
	e.rows(c, 25, 10) // five of them are contacts
	check, err := e.s.Check(t.Context(), e.ws, c.ID)
	e.ok(err)
	if check.Recipients != 35 || check.Looked != 35 || check.Segments[1] != 35 || check.Gaps != 0 || check.Longest == nil || len(check.Problems) != 0 {
		t.Errorf("dry run %+v", check)
	}
	c, err = e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	done := e.run(c, store.CampaignDone)
	e.once(c, 35)
	if done.Recipients != 35 || done.Repeated != 5 || done.Accepted != 35 {
		t.Errorf("done: %+v", done)
	}
	page, err := e.st.ListMessages(t.Context(), e.ws.ID, store.MessageFilter{To: phone(26)})
	if err != nil || len(page.Items) != 1 || page.Items[0].Text != "Hello N26" || page.Items[0].Class != smsir.Bulk {
		t.Errorf("message %+v, %v", page.Items, err)
	}
}

var errDied = errors.New("the process died")

// dying lets calls of the store and of stage 1 do their work and then die, or die before, at random.
type dying struct {
	store.Store
	rng *rand.Rand
}

func (d *dying) die() bool { return d.rng.IntN(5) == 0 }

func (d *dying) AddRecipients(ctx context.Context, workspace, id smsir.UUID, list []store.Recipient, walk string) (int, error) {
	if d.die() {
		return 0, errDied
	}
	n, err := d.Store.AddRecipients(ctx, workspace, id, list, walk)
	if d.die() {
		err = errDied
	}
	return n, err
}

func (d *dying) SaveFed(ctx context.Context, workspace, id smsir.UUID, f store.Fed) error {
	if d.die() {
		return errDied
	}
	err := d.Store.SaveFed(ctx, workspace, id, f)
	if d.die() {
		err = errDied
	}
	return err
}

func (d *dying) ChangeCampaign(ctx context.Context, workspace, id smsir.UUID, audit store.AuditEntry, f func(*store.Campaign) error) (*store.Campaign, error) {
	c, err := d.Store.ChangeCampaign(ctx, workspace, id, audit, f)
	if err == nil && d.die() {
		err = errDied
	}
	return c, err
}

// TestDeathSendsNobodyTwice dies at random before and after every step that stores something, with quiet hours that begin
// in between, and counts.
func TestDeathSendsNobodyTwice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			e.now = time.Date(2026, 3, 2, 22, 30, 0, 0, time.UTC)
			g := e.group("A")
			for i := range 150 {
				e.contact(i, "x", g)
			}
			plan := store.CampaignPlan{Groups: []smsir.UUID{g}, Rate: 1200}
			if seed%2 == 1 {
				plan.Quiet = &store.QuietHours{From: "17:31", To: "18:15"} // of New York, a minute from now
			}
			c := e.create(plan)
			e.rows(c, 140, 700)
			d := &dying{e.st, rand.New(rand.NewPCG(seed, 1))}
			_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
			e.ok(err)
			e.opt.Store = d
			send := e.send
			e.send = func(ctx context.Context, o campaign.Order) (campaign.Answer, error) {
				if d.die() {
					return campaign.Answer{}, errDied
				}
				answer, err := send(ctx, o)
				if d.die() {
					err = errDied
				}
				return answer, err
			}
			for range 2000 {
				if e.campaign(c).State == store.CampaignDone {
					break
				}
				e.s = campaign.New(e.opt) // nothing in memory survives
				if _, err := e.step(c); err != nil && !errors.Is(err, errDied) {
					t.Fatal(err)
				}
				e.now = e.now.Add(7 * time.Second)
				e.deliver(c)
			}
			if got := e.campaign(c); got.State != store.CampaignDone || got.Recipients != 840 {
				t.Fatalf("ended as %s with %d recipients (%s)", got.State, got.Recipients, got.Reason)
			}
			e.once(c, 840)
		})
	}
}

func TestPauseResumeCancel(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.create(store.CampaignPlan{Rate: 60})
	e.rows(c, 0, 50)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	_, err = e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.refused("launched twice", err, smsir.CodeConflict, "")
	for e.campaign(c).Accepted < 10 {
		_, err := e.step(c)
		e.ok(err)
	}
	if n := e.campaign(c).Accepted; n > 15 {
		t.Errorf("%d accepted at a pace of 5 in 5 s", n)
	}
	_, err = e.s.Pause(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	before := e.campaign(c).Accepted
	for range 3 {
		_, err := e.step(c)
		e.ok(err)
	}
	if n := e.campaign(c).Accepted; n != before {
		t.Errorf("%d accepted while paused", n-before)
	}
	_, err = e.s.Resume(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	for e.campaign(c).Accepted < before+5 {
		_, err := e.step(c)
		e.ok(err)
	}
	_, err = e.s.Cancel(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	more, err := e.step(c)
	if err != nil || more {
		t.Errorf("after the cancel: more %v, %v", more, err)
	}
	got := e.campaign(c)
	p, err := e.s.Progress(t.Context(), got)
	if err != nil || p.Canceled != got.Accepted || p.Waiting != 0 || got.FinishedAt.IsZero() {
		t.Errorf("canceled: %+v of %+v, %v", p, got, err)
	}
	e.once(c, int(got.Accepted))
}

func TestTooManyFailuresPause(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.create(store.CampaignPlan{})
	e.rows(c, 0, 400)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	fail := func(n int) {
		ids, err := e.st.BatchOpen(t.Context(), c.Batch, 0, n)
		e.ok(err)
		for _, id := range ids {
			e.ok(e.st.Fail(t.Context(), id, e.now, smsir.ReasonNoRoute, &smsir.Failure{Class: smsir.ClassPermanent, Code: "unknown_subscriber", Text: "Nobody."}))
		}
	}
	for e.campaign(c).Accepted == 0 {
		_, err := e.step(c)
		e.ok(err)
	}
	if n := e.campaign(c).Accepted; n != 100 {
		t.Errorf("%d went ahead, want 100", n)
	}
	fail(21)
	_, err = e.step(c)
	e.ok(err)
	if got := e.campaign(c); got.State != store.CampaignPaused || got.Reason != campaign.ReasonManyFailures {
		t.Fatalf("21 of 100 failed: %s, %s", got.State, got.Reason)
	}
	failures, err := e.s.Failures(t.Context(), c)
	if err != nil || len(failures) != 1 || failures[0].N != 21 || failures[0].Code != "unknown_subscriber" {
		t.Errorf("failures %+v, %v", failures, err)
	}
	_, err = e.s.Resume(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	e.run(c, store.CampaignDone)
	e.once(c, 400)

	again, err := e.s.ResendFailed(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	e.run(again, store.CampaignDone)
	e.once(again, 21)
}

func TestApprovalByASecondPerson(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.ok(e.s.SetApprovalLimit(t.Context(), e.ws.ID, 10, by))
	c := e.create(store.CampaignPlan{})
	e.rows(c, 0, 11)
	got, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	if err != nil || got.State != store.CampaignWaiting {
		t.Fatalf("launched: %+v, %v; want it to wait", got, err)
	}
	if more, err := e.step(c); more || err != nil {
		t.Errorf("a waiting campaign moves: %v, %v", more, err)
	}
	_, err = e.s.Approve(t.Context(), e.ws.ID, c.ID, by)
	e.refused("approved by its author", err, smsir.CodeConflict, "")
	second := campaign.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{3}}}
	_, err = e.s.Withdraw(t.Context(), e.ws.ID, c.ID, "Too long", second)
	e.ok(err)
	if got := e.campaign(c); got.State != store.CampaignDraft || got.Reason != "Too long" {
		t.Errorf("sent back: %+v", got)
	}
	_, err = e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	_, err = e.s.Approve(t.Context(), e.ws.ID, c.ID, second)
	e.ok(err)
	e.run(c, store.CampaignDone)
	e.once(c, 11)

	// One that grows after its launch needs the second person too.
	g := e.group("A")
	e.contact(1, "x", g)
	grows := e.create(store.CampaignPlan{Groups: []smsir.UUID{g}, At: e.now.Add(time.Minute)})
	if got, err := e.s.Launch(t.Context(), e.ws, grows.ID, by); err != nil || got.State != store.CampaignScheduled {
		t.Fatalf("launched: %+v, %v", got, err)
	}
	for i := 2; i < 20; i++ {
		e.contact(i, "x", g)
	}
	e.run(grows, store.CampaignWaiting)
	if n := len(e.recipients(grows)); n != 0 {
		t.Errorf("%d got a message before the approval", n)
	}
	_, err = e.s.Approve(t.Context(), e.ws.ID, grows.ID, second)
	e.ok(err)
	e.run(grows, store.CampaignDone)
	e.once(grows, 19)
}

func TestSeriesMakesEachDayOnce(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.now = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	c := e.create(store.CampaignPlan{Repeat: &store.CampaignRepeat{Every: "day", Clock: "09:00", From: "2026-03-01", Until: "2026-03-05"}})
	e.rows(c, 0, 3)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	rng := rand.New(rand.NewPCG(1, 2))
	e.opt.Store = &dying{e.st, rng}
	for range 200 {
		if e.campaign(c).State == store.CampaignDone {
			break
		}
		if e.campaign(c).Day == "2026-03-03" { // down for two hours over this firing
			e.now = time.Date(2026, 3, 3, 8, 0, 0, 0, time.UTC)
		}
		e.s = campaign.New(e.opt)
		if _, err := e.step(c); err != nil && !errors.Is(err, errDied) {
			t.Fatal(err)
		}
	}
	days, err := e.st.Campaigns(t.Context(), e.ws.ID, c.ID, smsir.UUID{}, 10)
	e.ok(err)
	var made []string
	for i := range days {
		made = append(made, days[len(days)-1-i].Day)
	}
	if got := strings.Join(made, " "); got != "2026-03-01 2026-03-02 2026-03-04 2026-03-05" {
		t.Errorf("days %s", got)
	}
	e.opt.Store = e.st
	e.s = campaign.New(e.opt)
	day := &days[0]
	e.now = day.StartAt
	e.run(day, store.CampaignDone)
	e.once(day, 3)
}

func TestALateStartWaitsForSomebody(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	c := e.create(store.CampaignPlan{At: e.now.Add(time.Hour)})
	e.rows(c, 0, 3)
	_, err := e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	e.now = e.now.Add(3 * time.Hour)
	got := e.run(c, store.CampaignPaused)
	if got.Reason != campaign.ReasonMissed {
		t.Errorf("reason %q", got.Reason)
	}
	_, err = e.s.Resume(t.Context(), e.ws.ID, c.ID, by)
	e.ok(err)
	e.run(c, store.CampaignDone)
	e.once(c, 3)
}

func TestPlansAreChecked(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	name := "x"
	for field, p := range map[string]store.CampaignPlan{
		"groups":     {Groups: []smsir.UUID{{1}}},
		"filter":     {Filter: &store.ContactFilter{Conditions: []store.ContactCondition{{On: "shoe", Is: "set"}}}},
		"template":   {Template: smsir.UUID{1}},
		"texts":      {Texts: map[string]string{"xx_YY": "a"}},
		"sender":     {Sender: "far too long a sender"},
		"schedule":   {At: e.now, Local: "2026-03-01T09:30"},
		"zone":       {Zone: "Mars/Olympus"},
		"local_time": {Local: "tomorrow"},
		"repeat":     {Repeat: &store.CampaignRepeat{Every: "week", Clock: "09:00", From: "2026-03-01", Days: []int{7}}},
		"rate":       {Rate: -1},
		"hours":      {Hours: 2, Rate: 3},
		"quiet":      {Quiet: &store.QuietHours{From: "9:00", To: "10:00"}},
	} {
		_, err := e.s.Create(t.Context(), e.ws, campaign.Draft{Name: &name, Plan: &p}, by)
		e.refused(field, err, smsir.CodeInvalid, field)
	}
	empty := e.create(store.CampaignPlan{})
	_, err := e.s.Launch(t.Context(), e.ws, empty.ID, by)
	e.refused("no recipient", err, smsir.CodeInvalid, "audience")
	unknown := e.create(store.CampaignPlan{Texts: map[string]string{"": "Hi {{nick}}"}})
	e.rows(unknown, 0, 1)
	_, err = e.s.Launch(t.Context(), e.ws, unknown.ID, by)
	e.refused("an unknown variable", err, smsir.CodeInvalid, "texts")
	past := e.create(store.CampaignPlan{At: e.now.Add(-time.Hour)})
	e.rows(past, 0, 1)
	_, err = e.s.Launch(t.Context(), e.ws, past.ID, by)
	e.refused("a time that has passed", err, smsir.CodeInvalid, "schedule")
}

func TestRows(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		file               string
		added, bad, double int
		columns            string
		value              string // of the first recipient's name
	}{
		"plain":      {"+12025550100\n+12025550101\n", 2, 0, 0, "", ""},
		"head":       {"Name;Phone\nAda;+12025550100\nEve;12\n", 1, 1, 0, "name", "Ada"},
		"tabs":       {"\xef\xbb\xbfname\tmobile\tclass room\nAda\t(202) 555-0100\t4b\n\n", 1, 0, 0, "name,class_room", "Ada"},
		"no name":    {"name,contact\nAda,+12025550100\n", 1, 0, 0, "name,contact", "Ada"},
		"duplicates": {"phone\n+12025550100\n2025550100\n", 1, 0, 1, "", ""},
		"latin":      {"phone,name\n+12025550100,Jos\xe9\n", 1, 0, 0, "name", "José"},
		"formula":    {"phone,name\n+12025550100,'=1+1\n", 1, 0, 0, "name", "=1+1"},
		"total":      {"total,to\n7,+12025550100\n", 1, 0, 0, "total", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEnv(t)
			c := e.create(store.CampaignPlan{})
			u, err := e.s.AddRows(t.Context(), e.ws, c.ID, strings.NewReader(tc.file), sheet.CSV, by)
			e.ok(err)
			if u.Added != tc.added || u.Rejected != tc.bad || u.Repeated != tc.double || strings.Join(u.Columns, ",") != tc.columns || len(u.Problems) != tc.bad {
				t.Errorf("%+v", u)
			}
			list, err := e.st.CampaignRecipients(t.Context(), c.ID, 0, 10)
			if err != nil || len(list) != tc.added || list[0].Phone != "+12025550100" || list[0].Values["name"] != tc.value {
				t.Errorf("recipients %+v, %v", list, err)
			}
		})
	}
}

// counting watches the largest pages that cross the store.
type counting struct {
	store.Store
	largest int
}

func (k *counting) AddRecipients(ctx context.Context, workspace, id smsir.UUID, list []store.Recipient, walk string) (int, error) {
	k.largest = max(k.largest, len(list))
	return k.Store.AddRecipients(ctx, workspace, id, list, walk)
}

func (k *counting) CampaignRecipients(ctx context.Context, id smsir.UUID, after int64, limit int) ([]store.Recipient, error) {
	list, err := k.Store.CampaignRecipients(ctx, id, after, limit)
	k.largest = max(k.largest, len(list))
	return list, err
}

// TestMemoryIsBounded takes a campaign of 100,000 recipients in and hands them on, and watches how many are in memory.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const n = 100_000
	e := newEnv(t)
	k := &counting{Store: e.st}
	e.opt.Store = k
	e.s = campaign.New(e.opt)
	c := e.create(store.CampaignPlan{})
	file, w := io.Pipe()
	go func() {
		for i := range n {
			if _, err := fmt.Fprintf(w, "+1202%07d,Name %d\n", 2_000_000+i, i); err != nil {
				return
			}
		}
		_ = w.Close()
	}()
	u, err := e.s.AddRows(t.Context(), e.ws, c.ID, file, sheet.CSV, by)
	e.ok(err)
	if u.Added != n {
		t.Fatalf("%+v", u)
	}
	handed, largest := 0, 0
	e.send = func(_ context.Context, o campaign.Order) (campaign.Answer, error) { // stage 1 that keeps nothing
		handed += len(o.Messages)
		largest = max(largest, len(o.Messages))
		body, err := o.Render(int64(len(o.Messages)), 0, 0)
		return campaign.Answer{Body: body}, err
	}
	_, err = e.s.Launch(t.Context(), e.ws, c.ID, by)
	e.ok(err)
	for e.campaign(c).State != store.CampaignDone {
		_, err := e.step(c)
		e.ok(err)
	}
	if handed != n || largest > 500 || k.largest > 500 {
		t.Errorf("handed over %d in pieces of up to %d, pages of up to %d", handed, largest, k.largest)
	}
}
