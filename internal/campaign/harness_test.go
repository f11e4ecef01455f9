package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

var by = campaign.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}}

// env is a campaign service over a real database and stage 1, with a clock that stands unless it is moved.
type env struct {
	t    *testing.T
	st   store.Store
	ws   *store.Workspace
	now  time.Time
	opt  campaign.Options
	s    *campaign.Service
	send func(ctx context.Context, o campaign.Order) (campaign.Answer, error)
}

func newEnv(t *testing.T) *env {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	e := &env{t: t, st: st, now: time.Now().UTC().Truncate(time.Second)}
	e.ws = &store.Workspace{ID: smsir.NewUUID(e.now), Name: "Test", Country: "US", TimeZone: "Africa/Nairobi", CreatedAt: e.now}
	user := store.User{ID: by.Actor.ID, Email: "a@example.com", Name: "A", CreatedAt: e.now}
	if err := st.Register(t.Context(), store.Registration{
		User: user, Workspace: e.ws, Role: store.Owner, Audit: store.AuditEntry{At: e.now},
		Session: store.Session{ID: smsir.NewUUID(e.now), User: user.ID, Workspace: e.ws.ID, CreatedAt: e.now, ExpiresAt: e.now.Add(time.Hour)},
	}); err != nil {
		t.Fatal(err)
	}
	clock := func() time.Time { return e.now }
	e.send = sendBy(accept.New(accept.Options{Store: st, Now: clock}))
	e.opt = campaign.Options{
		Store: st, Now: clock,
		Send: func(ctx context.Context, o campaign.Order) (campaign.Answer, error) { return e.send(ctx, o) },
	}
	e.s = campaign.New(e.opt)
	return e
}

// sendBy is stage 1 as the program joins it to campaigns.
func sendBy(s *accept.Service) func(ctx context.Context, o campaign.Order) (campaign.Answer, error) {
	return func(ctx context.Context, o campaign.Order) (campaign.Answer, error) {
		requests := make([]accept.Request, len(o.Messages))
		for i, m := range o.Messages {
			requests[i] = accept.Request{To: m.To, Text: m.Text, From: m.From, Class: smsir.Bulk}
		}
		res, err := s.Send(ctx, accept.Order{
			Workspace: o.Workspace, Actor: o.Actor, Requests: requests, Batch: true, In: o.Batch, SkipInvalid: true,
			Idempotency: &accept.Key{Scope: o.Scope, Key: o.Key, TTL: o.TTL},
			Render: func(res *accept.Result) (int, []byte, error) {
				body, err := o.Render(int64(len(res.Messages)), 0, int64(len(res.Skipped)))
				return 202, body, err
			},
		})
		if err != nil {
			return campaign.Answer{}, err
		}
		return campaign.Answer{Body: res.Body, Replayed: res.Replayed}, nil
	}
}

func (e *env) ok(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

// refused checks the code and the field of an error.
func (e *env) refused(what string, err error, code smsir.Code, field string) {
	e.t.Helper()
	var se *smsir.Error
	if !errors.As(err, &se) || se.Code != code || se.Field != field {
		e.t.Errorf("%s: %v, want %s of field %q", what, err, code, field)
	}
}

func (e *env) contact(n int, name string, group ...smsir.UUID) {
	e.t.Helper()
	c := store.Contact{ID: smsir.NewUUID(e.now), Workspace: e.ws.ID, Phone: phone(n), Country: "US", Name: name, CreatedAt: e.now, UpdatedAt: e.now, Groups: group}
	e.ok(e.st.CreateContact(e.t.Context(), c, store.AuditEntry{At: e.now, Workspace: e.ws.ID}))
}

func phone(n int) string { return fmt.Sprintf("+1202555%04d", n) }

func (e *env) group(name string) smsir.UUID {
	e.t.Helper()
	g := store.Group{ID: smsir.NewUUID(e.now), Workspace: e.ws.ID, Name: name, CreatedAt: e.now, UpdatedAt: e.now}
	e.ok(e.st.CreateGroup(e.t.Context(), g, store.AuditEntry{At: e.now, Workspace: e.ws.ID}))
	return g.ID
}

func (e *env) create(p store.CampaignPlan) *store.Campaign {
	e.t.Helper()
	name := "Spring"
	if p.Texts == nil {
		p.Texts = map[string]string{"": "Hello {{name|friend}}"}
	}
	c, err := e.s.Create(e.t.Context(), e.ws, campaign.Draft{Name: &name, Plan: &p}, by)
	e.ok(err)
	return c
}

func (e *env) rows(c *store.Campaign, from, n int) {
	e.t.Helper()
	var b strings.Builder
	b.WriteString("phone,name\n")
	for i := range n {
		fmt.Fprintf(&b, "%s,N%d\n", phone(from+i), from+i)
	}
	_, err := e.s.AddRows(e.t.Context(), e.ws, c.ID, strings.NewReader(b.String()), sheet.CSV, by)
	e.ok(err)
}

// list adds numbers to a draft.
func (e *env) list(c *store.Campaign, numbers []string) {
	e.t.Helper()
	_, err := e.s.AddRows(e.t.Context(), e.ws, c.ID, strings.NewReader("phone\n"+strings.Join(numbers, "\n")+"\n"), sheet.CSV, by)
	e.ok(err)
}

func (e *env) campaign(c *store.Campaign) *store.Campaign {
	e.t.Helper()
	got, err := e.st.Campaign(e.t.Context(), e.ws.ID, c.ID)
	e.ok(err)
	return got
}

// step runs the campaign's job once, and moves the clock to when it wants to run again, at most an hour.
func (e *env) step(c *store.Campaign) (more bool, err error) {
	again, err := e.s.Step(e.t.Context(), store.Job{Workspace: e.ws.ID, Key: c.ID.Format(smsir.PrefixCampaign)})
	if again.After(e.now) {
		e.now = again
		if limit := e.now.Add(time.Hour); e.now.After(limit) {
			e.now = limit
		}
	}
	return !again.IsZero(), err
}

// run runs the job until the campaign is in a state.
func (e *env) run(c *store.Campaign, until store.CampaignState) *store.Campaign {
	e.t.Helper()
	for range 500 {
		if got := e.campaign(c); got.State == until {
			return got
		}
		_, err := e.step(c)
		e.ok(err)
		e.deliver(c)
	}
	e.t.Fatalf("the campaign does not become %s: %+v", until, e.campaign(c))
	return nil
}

// deliver ends every queued message of a campaign, as a dispatcher would: canceled, which is the shortest way.
func (e *env) deliver(c *store.Campaign) {
	e.t.Helper()
	ids, err := e.st.BatchOpen(e.t.Context(), e.campaign(c).Batch, 0, 5000)
	e.ok(err)
	for _, id := range ids {
		_, _, err := e.st.Cancel(e.t.Context(), e.ws.ID, id, by.Actor, e.now)
		e.ok(err)
	}
}

// recipients counts the messages of a campaign by number.
func (e *env) recipients(c *store.Campaign) map[string]int {
	e.t.Helper()
	got := map[string]int{}
	for before := smsir.ID(0); ; {
		page, err := e.st.ListMessages(e.t.Context(), e.ws.ID, store.MessageFilter{Batch: c.Batch, Before: before, Limit: 200})
		e.ok(err)
		for _, m := range page.Items {
			got[m.To]++
		}
		if before = page.Next; before == 0 {
			return got
		}
	}
}

func (e *env) once(c *store.Campaign, want int) {
	e.t.Helper()
	got := e.recipients(c)
	for to, n := range got {
		if n != 1 {
			e.t.Errorf("%s got %d messages", to, n)
		}
	}
	if len(got) != want {
		e.t.Errorf("%d recipients got a message, want %d", len(got), want)
	}
}
