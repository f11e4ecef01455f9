package inbox_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/inbox"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

const (
	them = "+12025550111"
	us   = "+12025550199"
)

// desk is the service over a real database and a real stage 1, with a clock that the test moves.
type desk struct {
	*testing.T
	st       *sqlite.Store
	in       *inbound.Service
	s        *inbox.Service
	now      time.Time
	w        *store.Workspace
	provider smsir.UUID
	by       inbox.By
	die      error // what the next send returns after it has accepted
	n        int
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), provider: smsir.UUID{2}, by: inbox.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{3}}}}
	clock := func() time.Time { return d.now }
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	d.w = &store.Workspace{ID: smsir.UUID{1}, Name: "Clinic", Country: "US", TimeZone: "Africa/Nairobi", CreatedAt: d.now}
	err = st.Register(t.Context(), store.Registration{
		User:      store.User{ID: d.by.Actor.ID, Email: "owner@example.com", Name: "Owner", CreatedAt: d.now},
		Workspace: d.w, Role: store.Owner,
		Provider: &store.Provider{ID: d.provider, Workspace: d.w.ID, Kind: "smsc", Name: "carrier", Enabled: true, CreatedAt: d.now, UpdatedAt: d.now},
		Session:  store.Session{ID: smsir.UUID{4}, User: d.by.Actor.ID, Workspace: d.w.ID, CreatedAt: d.now, ExpiresAt: d.now.Add(time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	stage := accept.New(accept.Options{Store: st, Now: clock})
	d.st, d.in = st, inbound.New(st, nil, clock)
	d.s = inbox.New(inbox.Options{Store: st, Now: clock, Send: func(ctx context.Context, o inbox.Outgoing) error {
		_, err := stage.Send(ctx, accept.Order{
			Workspace: o.Workspace, Conversation: o.Conversation, Confirmation: o.Confirmation, Requests: []accept.Request{{To: o.To, From: o.From, Text: o.Text}},
			Idempotency: &accept.Key{Scope: "automatic answer", Key: o.Key, Fingerprint: sha256.Sum256([]byte(o.Key))},
			Render:      func(*accept.Result) (int, []byte, error) { return 202, []byte("{}"), nil },
		})
		var refused *accept.InvalidError
		if errors.As(err, &refused) || smsir.CodeOf(err) == smsir.CodeOptedOut {
			return fmt.Errorf("%w: %w", inbox.ErrRefused, err)
		}
		if died := d.die; err == nil && died != nil {
			d.die = nil
			return died
		}
		return err
	}})
	return d
}

// receive takes a message in and runs the jobs that are due.
func (d *desk) receive(from, to, text string) {
	d.Helper()
	d.n++
	if err := d.in.Inbound(d.Context(), smsir.Inbound{Provider: d.provider, Reference: fmt.Sprint(d.n), From: from, To: to, Text: text, ReceivedAt: d.now}); err != nil {
		d.Fatal(err)
	}
	d.work()
}

func (d *desk) work() {
	d.Helper()
	for {
		jobs, err := d.st.LeaseJobs(d.Context(), []string{store.JobInbound}, d.now, d.now.Add(time.Minute), 10)
		if err != nil {
			d.Fatal(err)
		}
		if len(jobs) == 0 {
			return
		}
		for _, j := range jobs {
			if err := d.s.Answer(d.Context(), j.Workspace, j.Payload); err != nil {
				d.Log(err)
				continue // its lease runs out
			}
			if err := d.st.FinishJob(d.Context(), j.ID, j.Lease); err != nil {
				d.Fatal(err)
			}
		}
	}
}

// sent checks the texts sent to a number, oldest first.
func (d *desk) sent(to string, want ...string) {
	d.Helper()
	page, err := d.st.ListMessages(d.Context(), d.w.ID, store.MessageFilter{To: to, Limit: 100})
	if err != nil {
		d.Fatal(err)
	}
	var got []string
	for _, m := range slices.Backward(page.Items) {
		got = append(got, m.Text)
		if m.Final {
			d.Errorf("%q ended as %v", m.Text, m.Status)
		}
	}
	if !slices.Equal(got, want) {
		d.Errorf("sent to %s:\n got %q\nwant %q", to, got, want)
	}
}

func (d *desk) rule(kind string, r store.AutoRule) {
	d.Helper()
	if r.When == "" {
		r.When = "always"
	}
	if _, err := d.s.PutAutoReply(d.Context(), store.AutoReply{Workspace: d.w.ID, Name: r.Answer, Kind: kind, Active: true, AutoRule: r}, d.by); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) stopped(want bool) {
	d.Helper()
	got, err := d.st.Suppressed(d.Context(), d.w.ID, []string{them}, us)
	if err != nil || got[them] != want {
		d.Errorf("suppressed: %v, %v; want %v", got[them], err, want)
	}
}

// TestConsentWords: each language is answered in its own, and the block takes effect.
func TestConsentWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stop, start, help, stopped, started, helped string }{
		{
			"STOP", "START", "HELP", "Clinic: you are unsubscribed. This number will not write to you again. Reply START to come back.",
			"Clinic: you are subscribed. Reply HELP for help, STOP to end.", "Clinic: this number writes to you in the name of Clinic. Reply STOP to end it. People read other replies.",
		},
		{
			"acha", "Anza", "msaada", "Clinic: umejiondoa. Namba hii haitakuandikia tena. Jibu ANZA ili kurudi.",
			"Clinic: umejiunga. Jibu MSAADA kwa msaada, ACHA ili kusitisha.", "Clinic: namba hii inakuandikia kwa niaba ya Clinic. Jibu ACHA ili kusitisha. Majibu mengine yanasomwa na watu.",
		},
		{
			"Arrêt", "Commencer", "aide", "Clinic : vous êtes désabonné. Ce numéro ne vous écrira plus. Répondez START pour revenir.",
			"Clinic : vous êtes abonné. Répondez AIDE pour de l'aide, STOP pour arrêter.", "Clinic : ce numéro vous écrit au nom de Clinic. Répondez STOP pour arrêter. Les autres réponses sont lues par des personnes.",
		},
	} {
		t.Run(c.stop, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.receive(them, us, c.stop)
			d.stopped(true)
			d.receive(them, us, c.stop) // is not confirmed twice
			d.now = d.now.Add(10 * time.Minute)
			d.receive(them, us, c.stop)
			d.receive(them, us, c.start)
			d.stopped(false)
			d.now = d.now.Add(10 * time.Minute)
			d.receive(them, us, c.help)
			page, err := d.st.ListMessages(t.Context(), d.w.ID, store.MessageFilter{Limit: 10})
			if err != nil || len(page.Items) != 3 {
				t.Fatalf("%d messages, %v", len(page.Items), err)
			}
			for i, want := range []string{c.helped, c.started, c.stopped} {
				if m := page.Items[i]; m.Text != want || m.From != us || m.Status != smsir.Queued {
					t.Errorf("message %d: %q from %s, %v; want %q", i, m.Text, m.From, m.Status, want)
				}
			}
		})
	}
}

// TestOnce: the node dies between the acceptance of an answer and the end of the job.
func TestOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.rule("keyword", store.AutoRule{Words: []string{"hours"}, Answer: "8 to 5"})
	d.die = errors.New("killed")
	d.receive(them, us, "hours")
	d.sent(them, "8 to 5")
	d.now = d.now.Add(10 * time.Minute) // the lease has run out
	d.work()
	d.sent(them, "8 to 5")
	if next, err := d.st.NextJob(t.Context(), []string{store.JobInbound}); err != nil || !next.IsZero() {
		t.Errorf("a job is left for %v, %v", next, err)
	}
	c, err := d.st.Conversation(t.Context(), d.w.ID, store.ConversationID(d.w.ID, them, us))
	if err != nil || c.LastText != "8 to 5" || !c.LastOut || c.Unread != 1 {
		t.Errorf("conversation: %+v, %v", c, err)
	}
}

// TestLoop: two programs answer each other, one of which is this one, and one of which never tires.
func TestLoop(t *testing.T) {
	t.Parallel()
	a, b := newDesk(t), newDesk(t)
	const numberA, numberB = "+12025550101", "+12025550102"
	for _, d := range []*desk{a, b} {
		d.rule("any", store.AutoRule{Answer: "We will be back soon"})
		d.rule("keyword", store.AutoRule{Words: []string{"back"}, Match: "contains", Answer: "Back?"})
	}
	a.receive(numberB, numberA, "hello")
	seen := map[*desk]int{}
	for turns := 0; ; turns++ {
		moved := false
		for _, pair := range [][2]*desk{{a, b}, {b, a}} {
			from, to := numberA, numberB
			if pair[0] == b {
				from, to = to, from
			}
			page, err := pair[0].st.ListMessages(t.Context(), pair[0].w.ID, store.MessageFilter{Limit: 100})
			if err != nil {
				t.Fatal(err)
			}
			all := page.Items
			slices.Reverse(all)
			for _, m := range all[seen[pair[0]]:] {
				moved = true
				pair[1].receive(from, to, m.Text)
			}
			seen[pair[0]] = len(all)
		}
		if !moved {
			break
		}
		if turns > 10 {
			t.Fatal("they do not stop")
		}
	}
	if seen[a] != 1 || seen[b] != 1 {
		t.Errorf("they sent %d and %d messages, want one each", seen[a], seen[b])
	}
	for range 5 { // one that never tires
		a.receive(numberB, numberA, "hello")
		a.now = a.now.Add(time.Minute - time.Second)
	}
	a.sent(numberB, "We will be back soon")
	a.now = a.now.Add(time.Minute)
	a.receive(numberB, numberA, "hello")
	a.sent(numberB, "We will be back soon", "We will be back soon")
}

// TestNobody: short codes, names and our own numbers are not answered.
func TestNobody(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.rule("any", store.AutoRule{Answer: "Thank you"})
	d.receive("+12025550150", "+12025550151", "")
	for _, from := range []string{"12345", "BANK", "+12025550151", ""} {
		if from != "" {
			d.receive(from, us, "hello")
			d.receive(from, us, "STOP")
		}
	}
	page, err := d.st.ListMessages(t.Context(), d.w.ID, store.MessageFilter{Limit: 10})
	if err != nil || len(page.Items) != 1 || page.Items[0].To != "+12025550150" {
		t.Errorf("%d messages, %v; want only the answer to the first", len(page.Items), err)
	}
}

func TestMenu(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.rule("menu", store.AutoRule{Words: []string{"menu"}, Answer: "Choose:", Choices: []store.MenuChoice{{Key: "1", Label: "Hours", Answer: "8 to 5"}, {Key: "2", Label: "Place", Answer: "Main street"}}})
	d.receive(them, us, "1")
	d.sent(them)
	d.receive(them, us, "Menu!")
	d.receive(them, us, "1")
	d.receive(them, us, "place")
	d.receive(them, us, "2") // no more than there are choices
	d.sent(them, "Choose:\n1 Hours\n2 Place", "8 to 5", "Main street")
	d.now = d.now.Add(31 * time.Minute)
	d.receive(them, us, "1")
	d.sent(them, "Choose:\n1 Hours\n2 Place", "8 to 5", "Main street")
}

// TestReview: a text that sounds like an opt-out is not answered, and waits for a person.
func TestReview(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.rule("any", store.AutoRule{Answer: "Thank you"})
	d.receive(them, us, "Please remove me from your list")
	d.sent(them)
	d.stopped(false)
	open, err := d.st.Reviews(t.Context(), d.w.ID, store.ReviewOpen, smsir.UUID{}, 10)
	if err != nil || len(open) != 1 || open[0].Phrase != "remove me" {
		t.Fatalf("reviews: %+v, %v", open, err)
	}
	if _, err := d.s.Decide(t.Context(), d.w.ID, open[0].ID, true, d.by); err != nil {
		t.Fatal(err)
	}
	d.stopped(true)
}

func TestHours(t *testing.T) {
	t.Parallel()
	d := newDesk(t) // a Monday, 12:00 in Nairobi
	if err := d.s.PutSettings(t.Context(), d.w.ID, store.InboxSettings{Hours: []store.Opening{{Day: 1, From: "08:00", To: "17:00"}}}, d.by); err != nil {
		t.Fatal(err)
	}
	d.rule("any", store.AutoRule{Answer: "We are closed", When: "closed"})
	d.rule("keyword", store.AutoRule{Words: []string{"call"}, Answer: "We call you", When: "open"})
	d.receive(them, us, "hello")
	d.sent(them)
	d.receive(them, us, "call")
	d.sent(them, "We call you")
	d.now = d.now.Add(5 * time.Hour) // 17:00
	d.receive(them, us, "call")
	d.sent(them, "We call you", "We are closed")
	d.now = d.now.Add(time.Hour)
	d.receive(them, us, "STOP") // consent answers are off, and the block is not
	d.stopped(true)
	d.sent(them, "We call you", "We are closed")
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for field, r := range map[string]store.AutoReply{
		"name":    {Kind: "any", Name: " ", AutoRule: store.AutoRule{Answer: "x"}},
		"answer":  {Kind: "any", Name: "x", AutoRule: store.AutoRule{Answer: " "}},
		"words":   {Kind: "keyword", Name: "x", AutoRule: store.AutoRule{Answer: "x", Words: []string{"Stop"}}},
		"choices": {Kind: "menu", Name: "x", AutoRule: store.AutoRule{Answer: "x", Words: []string{"menu"}}},
	} {
		r.Workspace = d.w.ID
		_, err := d.s.PutAutoReply(t.Context(), r, d.by)
		var e *smsir.Error
		if !errors.As(err, &e) || e.Field != field || e.Code != smsir.CodeInvalid {
			t.Errorf("%s: %v", field, err)
		}
	}
	for field, v := range map[string]store.InboxSettings{
		"zone": {Zone: "Nowhere"}, "hours": {Hours: []store.Opening{{Day: 1, From: "17:00", To: "08:00"}}}, "stop": {Stop: "STOP"}, "help": {Help: "unsubscribe"},
	} {
		var e *smsir.Error
		if err := d.s.PutSettings(t.Context(), d.w.ID, v, d.by); !errors.As(err, &e) || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// TestSeed: a conversation shows what was sent before its first message came in.
func TestSeed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	stage := accept.New(accept.Options{Store: d.st, Now: func() time.Time { return d.now }})
	for _, to := range []string{them, "+12025550112"} {
		if _, err := stage.Send(t.Context(), accept.Order{Workspace: d.w, Requests: []accept.Request{{To: to, Text: "Are you coming?"}}}); err != nil {
			t.Fatal(err)
		}
	}
	d.now = d.now.Add(time.Minute)
	d.receive(them, us, "Yes")
	c, err := d.st.Conversation(t.Context(), d.w.ID, store.ConversationID(d.w.ID, them, us))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.s.Seed(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if list, err := d.st.Thread(t.Context(), c.ID, 0, 10); err != nil || len(list) != 2 || !list[0].Inbound || list[1].Inbound {
		t.Errorf("thread: %+v, %v", list, err)
	}
}
