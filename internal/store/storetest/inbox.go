package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Inbox runs the part of the suite about conversations. open opens a fresh store.
func Inbox(t *testing.T, open func(t *testing.T) store.Store) {
	for name, f := range map[string]func(t *testing.T, b *talks){
		"threads": testThreads, "changes": testConversationChanges, "claims": testClaims, "menus": testMenuClaims, "reviews": testReviews,
		"notes and rules": testInboxRules, "confirmation": testConfirmation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			b := &talks{audience: audience{t, st, newTenant(t, st, "ada@example.com"), newTenant(t, st, "eve@example.com")}, provider: smsir.NewUUID(audienceNow)}
			err := st.CreateProvider(t.Context(), store.Provider{
				ID: b.provider, Workspace: b.workspace, Kind: "smsc", Name: "carrier", Enabled: true, CreatedAt: audienceNow, UpdatedAt: audienceNow,
			}, b.audit())
			if err != nil {
				t.Fatal(err)
			}
			f(t, b)
		})
	}
}

// talks is a store with two workspaces, of which the first has a provider.
type talks struct {
	audience
	provider smsir.UUID
}

const (
	them  = "+12025550111"
	us    = "+12025550199"
	other = "+12025550198"
)

// receive stores a message from a handset and returns the conversation it is in.
func (b *talks) receive(from, to, text string) *store.Conversation {
	b.t.Helper()
	if _, err := b.st.StoreInbound(b.t.Context(), smsir.Inbound{Provider: b.provider, From: from, To: to, Text: text, ReceivedAt: audienceNow}, store.ConsentUnchanged); err != nil {
		b.t.Fatal(err)
	}
	return b.talk(from, to)
}

func (b *talks) talk(contact, ours string) *store.Conversation {
	b.t.Helper()
	c, err := b.st.Conversation(b.t.Context(), b.workspace, store.ConversationID(b.workspace, contact, ours))
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// send accepts a message.
func (b *talks) send(to, from, text string, change ...func(*store.Acceptance)) *smsir.Message {
	b.t.Helper()
	now := time.Now().UTC().Truncate(time.Millisecond)
	m := &smsir.Message{
		ID: b.st.NewID(now), Workspace: b.workspace, To: to, ToRaw: to, From: from, Text: text, Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	a := &store.Acceptance{Workspace: b.workspace, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}}
	for _, f := range change {
		f(a)
	}
	if _, err := b.st.Accept(b.t.Context(), a); err != nil {
		b.t.Fatal(err)
	}
	return m
}

// thread checks the messages of a conversation, oldest first: "in" or the id of one that was sent.
func (b *talks) thread(c *store.Conversation, want ...smsir.ID) {
	b.t.Helper()
	list, err := b.st.Thread(b.t.Context(), c.ID, 0, 100)
	if err != nil {
		b.t.Fatal(err)
	}
	var got []smsir.ID
	for _, e := range slices.Backward(list) {
		if e.Inbound {
			got = append(got, 0)
		} else {
			got = append(got, e.ID)
		}
	}
	if !slices.Equal(got, want) {
		b.t.Errorf("thread of %s and %s: %v, want %v", c.Contact, c.Ours, got, want)
	}
}

func testThreads(t *testing.T, b *talks) {
	before := b.send(them, us, "a campaign")
	c := b.receive(them, us, "  Hello\nthere ")
	if c.Contact != them || c.Ours != us || c.Unread != 1 || c.LastText != "Hello there" || c.LastOut || c.Provider != b.provider || c.Seeded || c.LastAt.IsZero() {
		t.Errorf("conversation: %+v", c)
	}
	b.thread(c, 0)
	reply := b.send(them, us, "Hi", func(a *store.Acceptance) { a.Conversation = c.ID })
	if c = b.talk(them, us); c.LastText != "Hi" || !c.LastOut || c.Unread != 1 {
		t.Errorf("after a reply: %+v", c)
	}
	any1 := b.send(them, "", "whatever number")
	b.send(them, "CLINIC", "from a name")
	b.send("+12025550112", us, "to somebody else")
	b.thread(c, 0, reply.ID, any1.ID)
	second := b.receive(them, other, "to the other number")
	b.thread(second, 0)
	b.receive(them, us, "again")
	b.thread(c, 0, reply.ID, any1.ID, 0)
	if err := b.st.SeedConversation(t.Context(), c.ID, []smsir.ID{before.ID, reply.ID}); err != nil {
		t.Fatal(err)
	}
	b.thread(c, before.ID, 0, reply.ID, any1.ID, 0)
	if c = b.talk(them, us); !c.Seeded || c.Unread != 2 || c.LastText != "again" {
		t.Errorf("in the end: %+v", c)
	}
	list, err := b.st.Thread(t.Context(), c.ID, 0, 2)
	if err != nil || len(list) != 2 {
		t.Fatalf("a page: %v, %v", list, err)
	}
	if rest, err := b.st.Thread(t.Context(), c.ID, list[1].ID, 100); err != nil || len(rest) != 3 {
		t.Errorf("the rest: %v, %v", rest, err)
	}
	in, err := b.st.InboundByID(t.Context(), b.workspace, []smsir.ID{list[0].ID, 1})
	if err != nil || len(in) != 1 || in[0].Text != "again" || in[0].Workspace != b.workspace {
		t.Errorf("inbound by id: %+v, %v", in, err)
	}
	if in, err := b.st.InboundByID(t.Context(), b.other, []smsir.ID{list[0].ID}); err != nil || len(in) != 0 {
		t.Errorf("another workspace reads %+v, %v", in, err)
	}
	jobs, err := b.st.LeaseJobs(t.Context(), []string{store.JobInbound}, time.Now().Add(time.Hour), time.Now().Add(2*time.Hour), 10)
	if err != nil || len(jobs) != 3 || jobs[0].Workspace != b.workspace {
		t.Errorf("jobs: %+v, %v; want one for each message that came in", jobs, err)
	}
}

func testConversationChanges(t *testing.T, b *talks) {
	first, second := b.receive(them, us, "one"), b.receive("+12025550112", us, "two")
	user := smsir.NewUUID(audienceNow)
	list := func(q store.ConversationQuery, want ...smsir.UUID) {
		t.Helper()
		var got []smsir.UUID
		for after := (*store.ConversationMark)(nil); ; {
			page, err := b.st.Conversations(t.Context(), b.workspace, q, after, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page[0].ID)
			after = &store.ConversationMark{LastAt: page[0].LastAt, ID: page[0].ID}
		}
		slices.SortFunc(got, func(a, b smsir.UUID) int { return slices.Compare(a[:], b[:]) })
		slices.SortFunc(want, func(a, b smsir.UUID) int { return slices.Compare(a[:], b[:]) })
		if !slices.Equal(got, want) {
			t.Errorf("%+v: %v, want %v", q, got, want)
		}
	}
	change := func(id smsir.UUID, c store.ConversationChange) {
		t.Helper()
		if err := b.st.ChangeConversation(t.Context(), b.workspace, id, c); err != nil {
			t.Fatal(err)
		}
	}
	counts := func(want store.InboxCounts) {
		t.Helper()
		if n, err := b.st.InboxCounts(t.Context(), b.workspace, user); err != nil || n != want {
			t.Errorf("counts %+v, %v; want %+v", n, err, want)
		}
	}
	yes, no := true, false
	list(store.ConversationQuery{}, first.ID, second.ID)
	counts(store.InboxCounts{Unread: 2})
	change(first.ID, store.ConversationChange{Unread: &no})
	change(second.ID, store.ConversationChange{Assignee: &user})
	counts(store.InboxCounts{Unread: 1, Mine: 1})
	list(store.ConversationQuery{Unread: true}, second.ID)
	list(store.ConversationQuery{Assignee: user}, second.ID)
	list(store.ConversationQuery{Search: "ONE"}, first.ID)
	list(store.ConversationQuery{Search: "5550112"}, second.ID)
	list(store.ConversationQuery{Contact: them}, first.ID)
	b.add(12, "Zoë Example", nil)
	b.receive("+12025550112", us, "two")
	list(store.ConversationQuery{Search: "zoe"}, second.ID)
	change(second.ID, store.ConversationChange{Archived: &yes})
	list(store.ConversationQuery{}, first.ID)
	list(store.ConversationQuery{Archived: true}, second.ID)
	counts(store.InboxCounts{})
	nobody := smsir.UUID{}
	change(second.ID, store.ConversationChange{Assignee: &nobody})
	if c := b.receive("+12025550112", us, "three"); c.Archived || !c.Assignee.IsZero() || c.Unread != 3 {
		t.Errorf("a new message in an archived conversation: %+v", c)
	}
	change(first.ID, store.ConversationChange{Unread: &yes})
	counts(store.InboxCounts{Unread: 2})
	if err := b.st.ChangeConversation(t.Context(), b.other, first.ID, store.ConversationChange{Unread: &no}); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("another workspace changes it: %v", err)
	}
	if _, err := b.st.Conversation(t.Context(), b.other, first.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("another workspace reads it: %v", err)
	}
}

func testClaims(t *testing.T, b *talks) {
	c := b.receive(them, us, "one")
	claim := func(in smsir.ID, confirmation bool, at time.Duration, want bool) {
		t.Helper()
		got, err := b.st.ClaimAnswer(t.Context(), c.ID, in, confirmation, audienceNow.Add(at), 5*time.Minute)
		if err != nil || got != want {
			t.Errorf("claim of %d at %v: %v, %v; want %v", in, at, got, err, want)
		}
	}
	claim(1, false, 0, true)
	claim(1, false, time.Second, true) // again, after a crash
	claim(2, false, time.Minute, false)
	claim(2, true, time.Minute, true)
	claim(3, true, 2*time.Minute, false)
	claim(3, false, 6*time.Minute, true)
	claim(1, false, 7*time.Minute, false)
	if own, err := b.st.OwnNumber(t.Context(), us); err != nil || !own {
		t.Errorf("own number: %v, %v", own, err)
	}
	if own, err := b.st.OwnNumber(t.Context(), them); err != nil || own {
		t.Errorf("somebody else's number: %v, %v", own, err)
	}
}

func testMenuClaims(t *testing.T, b *talks) {
	c := b.receive(them, us, "menu")
	menu := smsir.NewUUID(audienceNow)
	claim := func(menu smsir.UUID, in smsir.ID, at time.Duration, want bool) {
		t.Helper()
		got, err := b.st.ClaimChoice(t.Context(), c.ID, menu, in, audienceNow.Add(at))
		if err != nil || got != want {
			t.Errorf("claim of %d at %v: %v, %v; want %v", in, at, got, err, want)
		}
	}
	claim(menu, 1, 0, false)
	if err := b.st.OpenMenu(t.Context(), c.ID, menu, 2, audienceNow.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if c := b.talk(them, us); c.Menu != menu || !c.MenuUntil.Equal(audienceNow.Add(time.Hour)) {
		t.Errorf("open menu: %+v", c)
	}
	claim(smsir.NewUUID(audienceNow), 1, 0, false)
	claim(menu, 1, 0, true)
	claim(menu, 1, 0, true) // again, after a crash
	claim(menu, 2, 2*time.Hour, false)
	claim(menu, 2, time.Minute, true)
	claim(menu, 3, time.Minute, false) // as many answers as choices
}

func testReviews(t *testing.T, b *talks) {
	c := b.receive(them, us, "take me off")
	r := store.Review{ID: smsir.NewUUID(audienceNow), Workspace: b.workspace, Conversation: c.ID, Inbound: 7, Contact: them, Ours: us, Text: "take me off", Phrase: "take me off", CreatedAt: audienceNow}
	for i, want := range []bool{true, false} {
		if added, err := b.st.AddReview(t.Context(), r); err != nil || added != want {
			t.Errorf("time %d: %v, %v", i, added, err)
		}
		r.ID = smsir.NewUUID(audienceNow)
	}
	open, err := b.st.Reviews(t.Context(), b.workspace, store.ReviewOpen, smsir.UUID{}, 10)
	if err != nil || len(open) != 1 || open[0].Text != "take me off" || open[0].Inbound != 7 || open[0].State != store.ReviewOpen {
		t.Fatalf("open: %+v, %v", open, err)
	}
	if n, err := b.st.InboxCounts(t.Context(), b.workspace, smsir.UUID{}); err != nil || n.Reviews != 1 {
		t.Errorf("counts: %+v, %v", n, err)
	}
	by := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.NewUUID(audienceNow)}
	if _, err := b.st.DecideReview(t.Context(), b.other, open[0].ID, store.ReviewOptedOut, by, audienceNow); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("another workspace decides: %v", err)
	}
	decided, err := b.st.DecideReview(t.Context(), b.workspace, open[0].ID, store.ReviewOptedOut, by, audienceNow)
	if err != nil || decided.State != store.ReviewOptedOut || decided.By != by || !decided.DecidedAt.Equal(audienceNow) {
		t.Errorf("decided: %+v, %v", decided, err)
	}
	if _, err := b.st.DecideReview(t.Context(), b.workspace, open[0].ID, store.ReviewDismissed, by, audienceNow); smsir.CodeOf(err) != smsir.CodeConflict {
		t.Errorf("decided twice: %v", err)
	}
	if stopped, err := b.st.Suppressed(t.Context(), b.workspace, []string{them}, us); err != nil || !stopped[them] {
		t.Errorf("suppressed: %v, %v", stopped, err)
	}
	ledger, err := b.st.Consents(t.Context(), b.workspace, them, smsir.UUID{}, 10)
	if err != nil || len(ledger) != 1 || ledger[0].Text != "take me off" || ledger[0].Actor != by || ledger[0].Inbound != 7 || ledger[0].Allowed {
		t.Errorf("ledger: %+v, %v", ledger, err)
	}
}

func testInboxRules(t *testing.T, b *talks) {
	ctx := t.Context()
	c := b.receive(them, us, "hello")
	n := store.Note{ID: smsir.NewUUID(audienceNow), Workspace: b.workspace, Conversation: c.ID, Text: "calls back", By: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}, CreatedAt: audienceNow}
	if err := b.st.AddNote(ctx, n); err != nil {
		t.Fatal(err)
	}
	if notes, err := b.st.Notes(ctx, b.workspace, c.ID); err != nil || len(notes) != 1 || notes[0] != n {
		t.Errorf("notes: %+v, %v", notes, err)
	}
	if err := b.st.DeleteNote(ctx, b.other, c.ID, n.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("another workspace deletes a note: %v", err)
	}
	if err := b.st.DeleteNote(ctx, b.workspace, c.ID, n.ID); err != nil {
		t.Error(err)
	}
	k := store.CannedReply{ID: smsir.NewUUID(audienceNow), Workspace: b.workspace, Name: "Thanks", Text: "Thank you", CreatedAt: audienceNow, UpdatedAt: audienceNow}
	again := k
	again.ID, again.Name = smsir.NewUUID(audienceNow), "THANKS"
	if err := b.st.PutCannedReply(ctx, k, b.audit()); err != nil {
		t.Fatal(err)
	}
	if err := b.st.PutCannedReply(ctx, again, b.audit()); smsir.CodeOf(err) != smsir.CodeConflict {
		t.Errorf("the same name: %v", err)
	}
	k.Text = "Many thanks"
	if err := b.st.PutCannedReply(ctx, k, b.audit()); err != nil {
		t.Fatal(err)
	}
	if list, err := b.st.CannedReplies(ctx, b.workspace); err != nil || len(list) != 1 || list[0] != k {
		t.Errorf("canned replies: %+v, %v", list, err)
	}
	if err := b.st.DeleteCannedReply(ctx, b.other, k.ID, b.audit()); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("another workspace deletes it: %v", err)
	}
	rule := store.AutoReply{
		ID: smsir.NewUUID(audienceNow), Workspace: b.workspace, Name: "Menu", Kind: "menu", Position: 3, Active: true, CreatedAt: audienceNow, UpdatedAt: audienceNow,
		AutoRule: store.AutoRule{Words: []string{"menu"}, Match: "whole", Answer: "Choose", When: "open", Choices: []store.MenuChoice{{Key: "1", Label: "Hours", Answer: "8 to 5"}}},
	}
	if err := b.st.PutAutoReply(ctx, rule, b.audit()); err != nil {
		t.Fatal(err)
	}
	rules, err := b.st.AutoReplies(ctx, b.workspace)
	if err != nil || len(rules) != 1 || rules[0].Choices[0] != rule.Choices[0] || rules[0].Words[0] != "menu" || rules[0].When != "open" || rules[0].Position != 3 || !rules[0].Active {
		t.Errorf("rules: %+v, %v", rules, err)
	}
	if err := b.st.DeleteAutoReply(ctx, b.workspace, rule.ID, b.audit()); err != nil {
		t.Error(err)
	}
	if v, err := b.st.InboxSettings(ctx, b.workspace); err != nil || v != nil {
		t.Errorf("settings that nobody set: %+v, %v", v, err)
	}
	for _, zone := range []string{"UTC", "Africa/Nairobi"} {
		if err := b.st.PutInboxSettings(ctx, b.workspace, store.InboxSettings{Zone: zone, Hours: []store.Opening{{Day: 1, From: "08:00", To: "17:00"}}}, b.audit()); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := b.st.InboxSettings(ctx, b.workspace); err != nil || v == nil || v.Zone != "Africa/Nairobi" || len(v.Hours) != 1 {
		t.Errorf("settings: %+v, %v", v, err)
	}
}

// testConfirmation: the confirmation of an opt-out is sent, and nothing else is.
func testConfirmation(t *testing.T, b *talks) {
	ctx := t.Context()
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, From: them, To: us, Text: "STOP", ReceivedAt: audienceNow}, store.OptOut); err != nil {
		t.Fatal(err)
	}
	own := func(a *store.Acceptance) { a.Owned = true }
	confirmation := b.send(them, us, "you are out", own, func(a *store.Acceptance) { a.Confirmation = true })
	blocked := b.send(them, us, "an offer", own)
	now := time.Now().UTC().Truncate(time.Millisecond)
	ok, err := b.st.Intend(ctx, []store.Intent{
		{Attempt: b.st.NewID(now), Message: confirmation, Provider: b.provider, Now: now},
		{Attempt: b.st.NewID(now), Message: blocked, Provider: b.provider, Now: now},
	})
	if err != nil || !slices.Equal(ok, []bool{true, false}) {
		t.Errorf("intents: %v, %v; want only the confirmation's", ok, err)
	}
	if m, err := b.st.Message(ctx, b.workspace, blocked.ID); err != nil || m.Status != smsir.Blocked {
		t.Errorf("the offer: %+v, %v", m, err)
	}
}
