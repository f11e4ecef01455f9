package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Campaigns runs the part of the suite about templates and campaigns. open opens a fresh store.
func Campaigns(t *testing.T, open func(t *testing.T) store.Store) {
	for name, f := range map[string]func(t *testing.T, a *audience){
		"templates": testTemplates, "campaigns": testCampaigns, "recipients": testRecipients, "batches": testBatches,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			f(t, &audience{t, st, newTenant(t, st, "ada@example.com"), newTenant(t, st, "eve@example.com")})
		})
	}
}

func (a *audience) ok(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

func (a *audience) template(name string) store.Template {
	a.t.Helper()
	t := store.Template{
		ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Name: name, Texts: map[string]string{"": "Hello {{name}}", "sw": "Habari"},
		Author: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{7}}, CreatedAt: audienceNow, UpdatedAt: audienceNow,
	}
	a.ok(a.st.CreateTemplate(a.t.Context(), t, a.audit()))
	return t
}

func testTemplates(t *testing.T, a *audience) {
	ctx := t.Context()
	b, first := a.template("Beta"), a.template("alpha")
	double := b
	double.ID = smsir.NewUUID(audienceNow)
	a.refused("the same name", a.st.CreateTemplate(ctx, double, a.audit()), smsir.CodeConflict)
	got, err := a.st.Template(ctx, a.workspace, b.ID)
	if err != nil || got.Name != "Beta" || got.Texts["sw"] != "Habari" || got.Author != b.Author || got.Uses != 0 || !got.CreatedAt.Equal(audienceNow) {
		t.Errorf("read %+v, %v", got, err)
	}
	_, err = a.st.Template(ctx, a.other, b.ID)
	a.refused("of another workspace", err, smsir.CodeNotFound)
	b.Name, b.Texts = "Gamma", map[string]string{"": "Bye"}
	a.ok(a.st.UpdateTemplate(ctx, b, a.audit()))
	b.Name = "ALPHA"
	a.refused("a name that is taken", a.st.UpdateTemplate(ctx, b, a.audit()), smsir.CodeConflict)
	list, err := a.st.Templates(ctx, a.workspace, false)
	if err != nil || len(list) != 2 || list[0].ID != first.ID || list[1].Name != "Gamma" || list[1].Texts["sw"] != "" {
		t.Errorf("list %+v, %v", list, err)
	}
	a.campaign("uses it", func(c *store.Campaign) { c.Plan.Template = first.ID })
	if archived, err := a.st.DeleteTemplate(ctx, a.workspace, first.ID, audienceNow, a.audit()); err != nil || !archived {
		t.Errorf("delete of a used one: %v, %v; want it archived", archived, err)
	}
	if archived, err := a.st.DeleteTemplate(ctx, a.workspace, b.ID, audienceNow, a.audit()); err != nil || archived {
		t.Errorf("delete: %v, %v", archived, err)
	}
	if list, err := a.st.Templates(ctx, a.workspace, false); err != nil || len(list) != 0 {
		t.Errorf("still there: %+v, %v", list, err)
	}
	if list, err := a.st.Templates(ctx, a.workspace, true); err != nil || len(list) != 1 || list[0].Uses != 1 || list[0].ArchivedAt.IsZero() {
		t.Errorf("archived: %+v, %v", list, err)
	}
	a.template("Alpha") // the name is free again
}

func (a *audience) campaign(name string, change func(*store.Campaign)) store.Campaign {
	a.t.Helper()
	c := store.Campaign{
		ID: smsir.NewUUID(audienceNow), Workspace: a.workspace, Name: name, State: store.CampaignDraft, Batch: a.st.NewID(audienceNow),
		Plan: store.CampaignPlan{Texts: map[string]string{"": "Hi"}, Zone: "UTC", Rate: 5}, CreatedAt: audienceNow, UpdatedAt: audienceNow,
	}
	if change != nil {
		change(&c)
	}
	a.ok(a.st.CreateCampaign(a.t.Context(), c, a.audit()))
	return c
}

func testCampaigns(t *testing.T, a *audience) {
	ctx := t.Context()
	series := a.campaign("series", func(c *store.Campaign) {
		c.Plan.Repeat = &store.CampaignRepeat{Every: "week", Days: []int{1}, Clock: "09:00", From: "2026-03-02"}
	})
	day := func(c *store.Campaign) { c.Parent, c.Day = series.ID, "2026-03-02" }
	child := a.campaign("day", day)
	again := child
	again.ID = smsir.NewUUID(audienceNow)
	a.refused("a day twice", a.st.CreateCampaign(ctx, again, a.audit()), smsir.CodeConflict)

	got, err := a.st.Campaign(ctx, a.workspace, series.ID)
	if err != nil || got.Name != "series" || got.Plan.Repeat == nil || got.Plan.Repeat.Clock != "09:00" || got.Plan.Rate != 5 || got.Batch != series.Batch ||
		!got.StartAt.IsZero() || !got.Approver.ID.IsZero() || got.Walk != "" {
		t.Errorf("read %+v, %v", got, err)
	}
	_, err = a.st.Campaign(ctx, a.other, series.ID)
	a.refused("of another workspace", err, smsir.CodeNotFound)
	for parent, want := range map[smsir.UUID]string{{}: "series", series.ID: "day"} {
		if list, err := a.st.Campaigns(ctx, a.workspace, parent, smsir.UUID{}, 10); err != nil || len(list) != 1 || list[0].Name != want {
			t.Errorf("list: %+v, %v; want %s", list, err, want)
		}
	}
	if list, err := a.st.Campaigns(ctx, a.workspace, smsir.UUID{}, series.ID, 10); err != nil || len(list) != 0 {
		t.Errorf("below the first: %+v, %v", list, err)
	}
	someone := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}
	changed, err := a.st.ChangeCampaign(ctx, a.workspace, series.ID, a.audit(), func(c *store.Campaign) error {
		c.State, c.Launcher, c.StartAt, c.Day, c.Reason = store.CampaignScheduled, someone, audienceNow.Add(time.Hour), "2026-03-02", "why"
		return nil
	})
	if err != nil || changed.State != store.CampaignScheduled {
		t.Fatalf("change: %+v, %v", changed, err)
	}
	got, err = a.st.Campaign(ctx, a.workspace, series.ID)
	if err != nil || got.State != store.CampaignScheduled || got.Launcher != someone || got.Day != "2026-03-02" || got.Reason != "why" || !got.StartAt.Equal(audienceNow.Add(time.Hour)) {
		t.Errorf("changed to %+v, %v", got, err)
	}
	no := errors.New("no")
	if _, err := a.st.ChangeCampaign(ctx, a.workspace, series.ID, a.audit(), func(c *store.Campaign) error { c.Name = "x"; return no }); !errors.Is(err, no) {
		t.Errorf("a change that is refused: %v", err)
	}
	if got, err := a.st.Campaign(ctx, a.workspace, series.ID); err != nil || got.Name != "series" {
		t.Errorf("a refused change stayed: %+v, %v", got, err)
	}
	if active, err := a.st.ActiveCampaigns(ctx); err != nil || len(active) != 1 || active[0].ID != series.ID || active[0].Workspace != a.workspace {
		t.Errorf("active %+v, %v", active, err)
	}
	if n, err := a.st.ApprovalLimit(ctx, a.workspace); err != nil || n != 0 {
		t.Errorf("limit %d, %v", n, err)
	}
	a.ok(a.st.SetApprovalLimit(ctx, a.workspace, 5, a.audit()))
	a.ok(a.st.SetApprovalLimit(ctx, a.workspace, 7, a.audit()))
	if n, err := a.st.ApprovalLimit(ctx, a.workspace); err != nil || n != 7 {
		t.Errorf("limit %d, %v", n, err)
	}
	a.ok(a.st.DeleteCampaign(ctx, a.workspace, child.ID, a.audit()))
	a.refused("delete twice", a.st.DeleteCampaign(ctx, a.workspace, child.ID, a.audit()), smsir.CodeNotFound)
}

// numbers makes recipients from a number on.
func numbers(from, n int) []store.Recipient {
	list := make([]store.Recipient, n)
	for i := range list {
		list[i] = store.Recipient{Phone: fmt.Sprintf("+1202555%04d", from+i), Country: "US", Language: "en", Values: map[string]string{"name": fmt.Sprint(from + i)}}
	}
	return list
}

func testRecipients(t *testing.T, a *audience) {
	ctx := t.Context()
	c := a.campaign("c", nil)
	for _, tc := range []struct{ from, n, added int }{{0, 250, 250}, {240, 120, 110}, {0, 3, 0}} {
		if added, err := a.st.AddRecipients(ctx, a.workspace, c.ID, numbers(tc.from, tc.n), ""); err != nil || added != tc.added {
			t.Errorf("%d from %d: added %d, %v; want %d", tc.n, tc.from, added, err, tc.added)
		}
	}
	got, err := a.st.Campaign(ctx, a.workspace, c.ID)
	if err != nil || got.Recipients != 360 || got.Repeated != 13 || got.Last != 373 || got.Walk != "" {
		t.Errorf("counts of %+v, %v", got, err)
	}
	if _, err := a.st.AddRecipients(ctx, a.workspace, c.ID, nil, store.WalkDone); err != nil {
		t.Fatal(err)
	}
	known, err := a.st.KnownRecipients(ctx, c.ID, []string{"+12025550001", "+12025559999"})
	if err != nil || !known["+12025550001"] || known["+12025559999"] {
		t.Errorf("known %v, %v", known, err)
	}
	seen := map[string]bool{}
	count := func(after int64) (n int, last int64) {
		for {
			list, err := a.st.CampaignRecipients(ctx, c.ID, after, 100)
			a.ok(err)
			if len(list) == 0 {
				return n, after
			}
			for _, r := range list {
				if r.Position <= after || r.Country != "US" || r.Language != "en" || r.Values["name"] == "" {
					t.Fatalf("recipient %+v after %d", r, after)
				}
				seen[r.Phone] = true
				after, n = r.Position, n+1
			}
		}
	}
	if n, _ := count(0); n != 360 || len(seen) != 360 {
		t.Errorf("listed %d, %d numbers", n, len(seen))
	}
	later := audienceNow.Add(time.Hour)
	fed := store.Fed{To: 100, Accepted: 98, Blocked: 3, Skipped: 0, Off: []store.PutOff{{Position: 5, DueAt: later}, {Position: 9, DueAt: later}}}
	a.ok(a.st.SaveFed(ctx, a.workspace, c.ID, fed))
	a.ok(a.st.SaveFed(ctx, a.workspace, c.ID, fed)) // noted already
	got, err = a.st.Campaign(ctx, a.workspace, c.ID)
	if err != nil || got.Fed != 100 || got.Accepted != 98 || got.Blocked != 3 || got.Last != 375 || got.Walk != store.WalkDone {
		t.Errorf("fed: %+v, %v", got, err)
	}
	if n, last := count(100); n != 262 || last != 375 {
		t.Errorf("%d are left up to %d, want 262 up to 375: two were put off", n, last)
	}
	off, err := a.st.CampaignRecipients(ctx, c.ID, 373, 10)
	if err != nil || len(off) != 2 || !off[0].DueAt.Equal(later) || off[0].Phone != "+12025550004" {
		t.Errorf("put off: %+v, %v", off, err)
	}
	a.ok(a.st.ClearRecipients(ctx, a.workspace, c.ID))
	if got, err := a.st.Campaign(ctx, a.workspace, c.ID); err != nil || got.Recipients != 0 || got.Last != 0 || got.Walk != "" {
		t.Errorf("cleared: %+v, %v", got, err)
	}
}

func testBatches(t *testing.T, a *audience) {
	ctx := t.Context()
	c := a.campaign("c", nil)
	_, err := a.st.AddRecipients(ctx, a.workspace, c.ID, numbers(0, 6), store.WalkDone)
	a.ok(err)
	now := time.Now().UTC().Truncate(time.Millisecond)
	acc := &store.Acceptance{Workspace: a.workspace, ClientRefs: time.Hour}
	for i := range 6 {
		m := &smsir.Message{
			ID: a.st.NewID(now), Workspace: a.workspace, Batch: c.Batch, Class: smsir.Bulk, To: fmt.Sprintf("+1202555%04d", i), ToRaw: "x", Country: "US",
			Text: "Hi", Segments: 1 + i%2, AcceptedAt: now, ExpiresAt: now.Add(time.Hour),
		}
		acc.Messages = append(acc.Messages, m)
		acc.Events = append(acc.Events, m.Accept(now, false))
	}
	_, err = a.st.Accept(ctx, acc)
	a.ok(err)
	ids := make([]smsir.ID, 6)
	for i, m := range acc.Messages {
		ids[i] = m.ID
	}
	why := &smsir.Failure{Class: smsir.ClassPermanent, Code: "unknown_subscriber", Text: "There is nobody."}
	a.ok(a.st.Fail(ctx, ids[1], now, smsir.ReasonNoRoute, why))
	a.ok(a.st.Fail(ctx, ids[3], now, smsir.ReasonNoRoute, why))
	if _, _, err := a.st.Cancel(ctx, a.workspace, ids[0], smsir.Actor{}, now); err != nil {
		t.Fatal(err)
	}

	counts, err := a.st.BatchCounts(ctx, c.Batch)
	a.ok(err)
	byState := map[smsir.Status]store.BatchCount{}
	for _, n := range counts {
		byState[n.State.Status] = n
	}
	if len(counts) != 3 || byState[smsir.Queued].N != 3 || byState[smsir.Queued].Segments != 4 || byState[smsir.Failed].N != 2 || byState[smsir.Canceled].N != 1 {
		t.Errorf("counts %+v", counts)
	}
	failures, err := a.st.BatchFailures(ctx, c.Batch, 10)
	if err != nil || len(failures) != 1 || failures[0].N != 2 || failures[0].Error == nil || failures[0].Error.Code != why.Code || failures[0].Reason != smsir.ReasonNoRoute {
		t.Errorf("failures %+v, %v", failures, err)
	}
	states, err := a.st.BatchStates(ctx, c.Batch, 2)
	if err != nil || len(states) != 2 || states[0].Status != smsir.Canceled || states[1].Status != smsir.Failed || !states[1].Final {
		t.Errorf("states %+v, %v", states, err)
	}
	if n, oldest, err := a.st.BatchQueue(ctx, c.Batch, 0); err != nil || n != 3 || oldest != ids[2] {
		t.Errorf("queue %d from %d, %v; want 3 from %d", n, oldest, err, ids[2])
	}
	if n, oldest, err := a.st.BatchQueue(ctx, c.Batch, ids[5]+1); err != nil || n != 0 || oldest != 0 {
		t.Errorf("queue behind the end: %d from %d, %v", n, oldest, err)
	}
	if open, err := a.st.BatchOpen(ctx, c.Batch, ids[2], 10); err != nil || len(open) != 2 || open[0] != ids[4] {
		t.Errorf("open %v, %v", open, err)
	}
	list, next, err := a.st.FailedRecipients(ctx, c.ID, c.Batch, 0, 1)
	if err != nil || len(list) != 1 || list[0].Phone != "+12025550001" || next != ids[1] {
		t.Fatalf("failed %+v, next %d, %v", list, next, err)
	}
	list, next, err = a.st.FailedRecipients(ctx, c.ID, c.Batch, next, 2)
	if err != nil || len(list) != 1 || list[0].Phone != "+12025550003" || list[0].Values["name"] != "3" || next != 0 {
		t.Errorf("failed %+v, next %d, %v", list, next, err)
	}
}
