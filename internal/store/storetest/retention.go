package storetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Retention judges the removal of texts and of whole messages.
func Retention(t *testing.T, open Opener) {
	for _, tc := range []struct {
		name string
		run  func(*bench)
	}{
		{"a workspace has a rule, and changes it", testRetentionRule},
		{"a text goes from everywhere", testRemovedEverywhere},
		{"what has not ended keeps its text", testRetentionWaits},
		{"a long walk removes every text once", testRetentionWalk},
		{"one-time codes go when they have ended", testCodes},
		{"one text by hand", testRemoveText},
		{"messages from handsets", testRetentionInbound},
		{"campaigns that are over", testRetentionCampaigns},
		{"whole messages go, and what was counted stays", testRetentionWhole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			tc.run(newBench(t, open))
		})
	}
}

// answersKept is how long stored answers to requests are kept here.
const answersKept = 72 * time.Hour

func (b *bench) rule(textDays, metadataDays int, otp bool) {
	b.Helper()
	must(b.T, "SetRetention", b.st.SetRetention(ctx, store.Retention{Workspace: b.ws, TextDays: textDays, MetadataDays: metadataDays, OTP: otp, DecidedAt: b.now()},
		store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "retention.updated"}))
}

// sweep does everything that a sweep of the workspace does.
func (b *bench) sweep() (sum store.Swept) {
	b.Helper()
	for stage := range store.SweepEnd {
		for more, n := true, 0; more; n++ {
			did, err := b.st.SweepRetention(ctx, store.Retention{Workspace: b.ws}, stage, b.now(), answersKept)
			must(b.T, fmt.Sprint("SweepRetention, stage ", stage), err)
			sum.Texts, sum.Inbound, sum.Messages, sum.Others = sum.Texts+did.Texts, sum.Inbound+did.Inbound, sum.Messages+did.Messages, sum.Others+did.Others
			if more = did.More; n > 1000 {
				b.Fatalf("stage %d does not end", stage)
			}
		}
	}
	return sum
}

// ended is a message that was delivered.
func (b *bench) ended(change ...func(*smsir.Message)) *smsir.Message {
	b.Helper()
	m := b.message(change...)
	text := m.Text
	m = b.accept(true, m)[0]
	reference := m.ID.Format("r")
	b.finish(b.mustIntend(m), m.ID, accepted(reference))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: reference, Status: smsir.Delivered, Raw: "report of " + text})
	return b.state(m.ID, smsir.Delivered, true)
}

func testRetentionRule(b *bench) {
	got, err := b.st.Retention(ctx, b.ws)
	if want := store.DefaultRetention(b.ws, b.at); err != nil || got != want {
		b.Fatalf("a new workspace has %+v, %v; want %+v", got, err, want)
	}
	if got, err := b.st.Retention(ctx, smsir.UUID{7}); err != nil || got.Forgets() || !got.DecidedAt.IsZero() {
		b.Errorf("a workspace without a row has %+v, %v; want everything kept", got, err)
	}
	b.wait(time.Hour)
	b.rule(7, 0, false)
	if got, err := b.st.Retention(ctx, b.ws); err != nil || got.TextDays != 7 || got.MetadataDays != 0 || got.OTP || !got.DecidedAt.Equal(b.at) {
		b.Errorf("changed to %+v, %v", got, err)
	}
	b.workspace("second@example.com", false)
	if all, err := b.st.Retentions(ctx); err != nil || len(all) != 2 {
		b.Errorf("rules: %+v, %v; want two", all, err)
	}
	b.rule(0, 0, false)
	if all, err := b.st.Retentions(ctx); err != nil || len(all) != 1 || all[0].Workspace == b.ws {
		b.Errorf("rules: %+v, %v; want that of the other workspace alone", all, err)
	}
}

func (b *bench) search(text string) int {
	b.Helper()
	page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{Text: text})
	must(b.T, "ListMessages", err)
	return len(page.Items)
}

func testRemovedEverywhere(b *bench) {
	const secret = `mar"ker\ one`
	b.rule(1, 0, false)
	if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, From: "+12025550100", To: "SMSir", Text: "Hi", ReceivedAt: b.now()}, store.ConsentUnchanged); err != nil {
		b.Fatal(err)
	}
	talk := store.ConversationID(b.ws, "+12025550100", "SMSir")
	m, other := b.message(func(m *smsir.Message) { m.Text = secret }), b.message(func(m *smsir.Message) { m.Text = "stays" })
	answer := func(m *smsir.Message) string {
		text, _ := json.Marshal(m.Text)
		return fmt.Sprintf(`{"id":%q,"to":"+12025550100","text":%s,"class":"bulk"}`, m.ID.Format(smsir.PrefixMessage), text)
	}
	other.AcceptedAt = b.now().Add(time.Millisecond) // it ends later
	both := `{"messages":[` + answer(m) + `,` + answer(other) + `]}`
	keep := func(key, body string) {
		b.Helper()
		if _, err := b.st.Accept(ctx, &store.Acceptance{
			Workspace: b.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(b.now(), false)}, Owned: true, Conversation: talk,
			Idempotency: &store.Idempotency{Scope: "s", Key: key, ExpiresAt: m.AcceptedAt.Add(answersKept), Status: 202, Body: []byte(body)},
		}); err != nil {
			b.Fatal(err)
		}
	}
	keep("k", both)
	b.accept(true, other)
	b.finish(b.mustIntend(m), m.ID, accepted("r1"))
	b.receipt(store.ReceiptApplied, smsir.Receipt{Reference: "r1", Status: smsir.Delivered, Raw: secret})
	events, err := b.st.MessageEvents(ctx, b.ws, m.ID)
	must(b.T, "MessageEvents", err)
	hook := store.Webhook{ID: smsir.NewUUID(b.now()), Workspace: b.ws, URL: "https://example.com", Name: "hook", Secrets: []byte{1}, Enabled: true, CreatedAt: b.now(), UpdatedAt: b.now()}
	must(b.T, "CreateWebhook", b.st.CreateWebhook(ctx, hook, store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "webhook.created"}))
	delivery := store.Delivery{ID: b.st.NewID(b.now()), Workspace: b.ws, Webhook: hook.ID, Event: events[0].ID, Type: "message.accepted", Body: []byte(`{"id":"evt_1","data":{"message":` + answer(m) + `}}`), NextAt: b.now(), CreatedAt: b.now(), Answer: secret}
	must(b.T, "Deliver", b.st.Deliver(ctx, []store.Delivery{delivery}, 0, events[0].ID))
	key := store.PartKey{Kind: "smpp", Owner: smsir.UUID{3}, Sender: "a", Recipient: "b", Reference: 1, Total: 2}
	set, _, err := b.st.KeepPart(ctx, b.st.NewID(b.now()), key, store.SetPart{ID: b.st.NewID(b.now()), Number: 1, Body: []byte(`{"To":"x","Part":{"Number":1,"Data":"` + "bWFya2Vy" + `"}}`), ReceivedAt: b.now()}, store.PartLimits{Wait: time.Hour, Most: 9}, b.now())
	must(b.T, "KeepPart", err)
	must(b.T, "FinishSet", b.st.FinishSet(ctx, set.ID, m.ID, b.now()))

	b.wait(store.Day - time.Minute)
	if did := b.sweep(); did != (store.Swept{}) || b.search("mar") != 1 {
		b.Fatalf("before its time: %+v", did)
	}
	b.wait(2 * time.Minute)
	effect, err := b.st.RetentionEffect(ctx, store.Retention{Workspace: b.ws, TextDays: 1}, b.now())
	if want := (store.RetentionEffect{Texts: 1, Inbound: 1}); err != nil || effect != want {
		b.Errorf("effect %+v, %v; want %+v", effect, err, want)
	}
	before := b.state(m.ID, smsir.Delivered, true)
	if did := b.sweep(); did.Texts != 1 || did.Messages != 0 || did.Inbound != 1 {
		b.Fatalf("at its time: %+v", did)
	}
	got := b.state(m.ID, smsir.Delivered, true)
	if got.Text != "" || !got.TextRemovedAt.Equal(b.now()) || got.TextRemovedBy != smsir.RemovedByRule {
		b.Errorf("message: %q, %v, %v", got.Text, got.TextRemovedAt, got.TextRemovedBy)
	}
	before.Text, before.TextRemovedAt, before.TextRemovedBy = "", got.TextRemovedAt, got.TextRemovedBy
	if fmt.Sprint(got) != fmt.Sprint(before) {
		b.Errorf("more than the text was changed:\n got %+v\nwant %+v", got, before)
	}
	if b.search("mar") != 0 || b.search("stays") != 1 {
		b.Error("the search finds what is gone, or misses what is there")
	}
	r, err := b.st.Replay(ctx, b.ws, "s", "k", b.now())
	m.Text = ""
	if want := `{"messages":[` + answer(m) + `,` + answer(other) + `]}`; err != nil || r == nil || string(r.Body) != want {
		b.Errorf("the answer to a repeated request: %+v, %v; want %s", r, err, want)
	}
	list, err := b.st.Deliveries(ctx, b.ws, hook.ID, store.DeliveryFilter{Limit: 10})
	if want := `{"id":"evt_1","data":{"message":` + answer(m) + `}}`; err != nil || len(list) != 1 || string(list[0].Body) != want || list[0].Answer != "" {
		b.Errorf("deliveries: %+v, %v; want the body %s", list, err, want)
	}
	sets, err := b.st.SetsByID(ctx, []smsir.ID{set.ID})
	if err != nil || len(sets) != 1 || len(sets[0].Parts) != 1 || strings.Contains(string(sets[0].Parts[0].Body), "Data") || !strings.Contains(string(sets[0].Parts[0].Body), `"To"`) {
		b.Errorf("parts: %+v, %v", sets, err)
	}
	c, err := b.st.Conversation(ctx, b.ws, talk)
	if err != nil || c.LastText != "" || !c.TextRemovedAt.Equal(b.now()) {
		b.Errorf("conversation: %+v, %v", c, err)
	}
	if b.sweep() != (store.Swept{}) {
		b.Error("a second sweep found something")
	}
	b.accept(true, b.message(func(m *smsir.Message) { m.Text = "new" }))
	reply := b.message(func(m *smsir.Message) { m.Text = "new" })
	_, err = b.st.Accept(ctx, &store.Acceptance{Workspace: b.ws, Messages: []*smsir.Message{reply}, Events: []smsir.Event{reply.Accept(b.now(), false)}, Conversation: talk})
	must(b.T, "Accept", err)
	if c, err := b.st.Conversation(ctx, b.ws, talk); err != nil || c.LastText != "new" || !c.TextRemovedAt.IsZero() {
		b.Errorf("conversation after a new reply: %+v, %v", c, err)
	}
}

func testRetentionWaits(b *bench) {
	b.rule(1, 0, false)
	later := b.message(func(m *smsir.Message) { m.SendAt = b.now().Add(5 * store.Day); m.ExpiresAt = m.SendAt.Add(time.Hour) })
	b.accept(false, later)
	b.ended()
	b.wait(2 * store.Day)
	if did := b.sweep(); did.Texts != 1 {
		b.Fatalf("swept %+v, want the one that has ended", did)
	}
	if got := b.state(later.ID, smsir.Scheduled, false); got.Text != "hello" {
		b.Fatal("a message that waits for its time has lost its text")
	}
	b.wait(3*store.Day + time.Minute)
	b.sweep()
	b.tick() // it is due
	b.wait(time.Hour)
	b.tick() // and out of time
	if m := b.state(later.ID, smsir.Expired, true); m.Text != "hello" {
		b.Fatal("the text went before the message had ended")
	}
	b.wait(store.Day - time.Minute)
	if did := b.sweep(); did.Texts != 0 {
		b.Fatalf("%+v: the days count from the end of a message", did)
	}
	b.wait(lookedAgain)
	if did := b.sweep(); did.Texts != 1 || b.state(later.ID, smsir.Expired, true).Text != "" {
		b.Fatalf("a message that ended late was forgotten: %+v", did)
	}
}

// lookedAgain is more than a message that had not ended rests.
const lookedAgain = store.Day + time.Hour

func testRetentionWalk(b *bench) {
	b.rule(1, 0, false)
	var all []*smsir.Message
	for range 5 {
		var list []*smsir.Message
		for range 50 {
			list = append(list, b.message())
		}
		all = append(all, b.accept(true, list...)...)
		b.wait(time.Second)
	}
	for i, m := range all {
		if i%2 == 0 {
			if _, _, err := b.st.Cancel(ctx, b.ws, m.ID, smsir.Actor{}, b.now()); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.wait(store.Day)
	if did := b.sweep(); did.Texts != 125 {
		b.Fatalf("%+v of 250, of which half are canceled", did)
	}
	page, err := b.st.ListMessages(ctx, b.ws, store.MessageFilter{Limit: 200})
	must(b.T, "ListMessages", err)
	for _, m := range page.Items {
		if m.Final != (m.Text == "") {
			b.Fatalf("%v is %v and has the text %q", m.ID, m.State(), m.Text)
		}
	}
	if len(page.Items) != 200 || page.Next == 0 {
		b.Errorf("%d on a page", len(page.Items))
	}
}

// removeCodes removes what can be removed by now.
func (b *bench) removeCodes() (n int) {
	b.Helper()
	last, err := b.st.LastEvent(ctx)
	must(b.T, "LastEvent", err)
	for more := true; more; {
		did, err := b.st.RemoveCodes(ctx, last, b.now(), answersKept)
		must(b.T, "RemoveCodes", err)
		n, more = n+did.Texts, did.More
	}
	return n
}

func testCodes(b *bench) {
	code := func(m *smsir.Message) { m.Class = smsir.OTP; m.Text = "Your code is 123456" }
	b.rule(0, 0, false)
	old := b.ended(code)
	if n := b.removeCodes(); n != 0 {
		b.Fatalf("%d texts removed that the workspace keeps", n)
	}
	b.wait(time.Hour)
	if e, err := b.st.RetentionEffect(ctx, store.Retention{Workspace: b.ws, OTP: true}, b.now()); err != nil || e.Codes != 1 {
		b.Errorf("effect %+v, %v; want one code", e, err)
	}
	b.rule(0, 0, true)
	early := smsir.IDAt(b.now().Add(-2 * time.Hour))
	if did, err := b.st.RemoveCodes(ctx, early, b.now(), answersKept); err != nil || did != (store.Swept{}) || b.state(old.ID, smsir.Delivered, true).Text == "" {
		b.Fatalf("one whose events are not all done with: %+v, %v", did, err)
	}
	if n := b.removeCodes(); n != 1 || b.state(old.ID, smsir.Delivered, true).Text != "" {
		b.Fatalf("%d texts removed, want that of the one that ended before", n)
	}
	b.wait(time.Hour)
	open := b.accept(true, b.message(code))[0]
	plain, ended := b.ended(), b.ended(code)
	ended2 := b.ended(code)
	if n := b.removeCodes(); n != 2 {
		b.Fatalf("%d texts removed, want two", n)
	}
	for _, m := range []*smsir.Message{ended, ended2} {
		if got := b.state(m.ID, smsir.Delivered, true); got.Text != "" || got.TextRemovedBy != smsir.RemovedAsCode {
			b.Errorf("%q, removed by %v", got.Text, got.TextRemovedBy)
		}
	}
	if b.state(plain.ID, smsir.Delivered, true).Text == "" || b.state(open.ID, smsir.Queued, false).Text == "" {
		b.Error("a text went that is no code, or is needed still")
	}
	b.finish(b.mustIntend(open), open.ID, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent})
	if n := b.removeCodes(); n != 1 || b.state(open.ID, smsir.Failed, true).Text != "" {
		b.Errorf("%d texts removed when the last one has failed", n)
	}
	if n := b.removeCodes(); n != 0 {
		b.Errorf("%d more", n)
	}
}

func testRemoveText(b *bench) {
	entry := store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "message.text_removed"}
	open := b.accept(true, b.message())[0]
	if _, err := b.st.RemoveText(ctx, b.ws, open.ID, b.now(), answersKept, entry); smsir.CodeOf(err) != smsir.CodeConflict {
		b.Errorf("a message that has not ended: %v", err)
	}
	if _, err := b.st.RemoveText(ctx, smsir.UUID{5}, open.ID, b.now(), answersKept, entry); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("of another workspace: %v", err)
	}
	m := b.ended()
	for range 2 {
		got, err := b.st.RemoveText(ctx, b.ws, m.ID, b.now(), answersKept, entry)
		if err != nil || got.Text != "" || got.TextRemovedBy != smsir.RemovedByHand || !got.TextRemovedAt.Equal(b.at) {
			b.Fatalf("%+v, %v", got, err)
		}
		defer b.wait(time.Hour)
	}
	log, err := b.st.Audit(ctx, b.ws, store.AuditFilter{Action: entry.Action, Limit: 10})
	if err != nil || len(log) != 1 {
		b.Errorf("%d entries, %v; want one", len(log), err)
	}
}

func testRetentionInbound(b *bench) {
	b.rule(1, store.MinMetadataDays, false)
	hear := func(text string) smsir.Inbound {
		b.Helper()
		if _, err := b.st.StoreInbound(ctx, smsir.Inbound{Provider: b.provider, Reference: text, From: "+12025550111", To: "+12025550199", Text: text, Raw: text, ReceivedAt: b.now()}, store.ConsentUnchanged); err != nil {
			b.Fatal(err)
		}
		list, err := b.st.ListInbound(ctx, b.ws, 0, 1)
		if err != nil || len(list) != 1 {
			b.Fatalf("inbound: %v, %v", list, err)
		}
		return list[0]
	}
	hook := store.Webhook{ID: smsir.NewUUID(b.now()), Workspace: b.ws, URL: "https://example.com", Name: "hook", Secrets: []byte{1}, Enabled: true, CreatedAt: b.now(), UpdatedAt: b.now()}
	must(b.T, "CreateWebhook", b.st.CreateWebhook(ctx, hook, store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "webhook.created"}))
	first := hear("first words")
	body := fmt.Sprintf(`{"data":{"inbound":{"id":%q,"text":"first words"}}}`, first.ID.Format(smsir.PrefixInbound))
	must(b.T, "Deliver", b.st.Deliver(ctx, []store.Delivery{{ID: b.st.NewID(b.now()), Workspace: b.ws, Webhook: hook.ID, Event: first.ID + 1, Type: string(smsir.EventInbound), Body: []byte(body), NextAt: b.now(), CreatedAt: b.now()}}, 0, 1))
	review := store.Review{ID: smsir.NewUUID(b.now()), Workspace: b.ws, Conversation: store.ConversationID(b.ws, first.From, first.To), Inbound: first.ID, Contact: first.From, Ours: first.To, Text: "first words", Phrase: "first", CreatedAt: b.now()}
	_, err := b.st.AddReview(ctx, review)
	must(b.T, "AddReview", err)
	b.wait(store.Day + time.Minute)
	second := hear("second words")
	if did := b.sweep(); did.Inbound != 1 {
		b.Fatalf("%+v, want one", did)
	}
	got, err := b.st.InboundByID(ctx, b.ws, []smsir.ID{first.ID, second.ID})
	must(b.T, "InboundByID", err)
	slices.SortFunc(got, func(x, y smsir.Inbound) int { return int(x.ID - y.ID) })
	if len(got) != 2 || got[0].Text != "" || !got[0].TextRemovedAt.Equal(b.now()) || got[1].Text != "second words" || !got[1].TextRemovedAt.IsZero() {
		b.Errorf("inbound: %+v", got)
	}
	list, err := b.st.Deliveries(ctx, b.ws, hook.ID, store.DeliveryFilter{Limit: 10})
	if err != nil || len(list) != 1 || string(list[0].Body) != strings.Replace(body, "first words", "", 1) {
		b.Errorf("deliveries: %+v, %v", list, err)
	}
	c, err := b.st.Conversation(ctx, b.ws, review.Conversation)
	if err != nil || c.LastText != "second words" {
		b.Errorf("the conversation shows %q, %v", c.LastText, err)
	}
	b.wait(store.Day + time.Minute)
	b.sweep()
	if c, err = b.st.Conversation(ctx, b.ws, review.Conversation); err != nil || c.LastText != "" || c.TextRemovedAt.IsZero() {
		b.Errorf("the conversation shows %q, %v", c.LastText, err)
	}
	b.wait(store.MinMetadataDays * store.Day)
	b.markReports(1, 1000)
	for _, m := range b.marks() {
		b.put(m, true)
	}
	b.sweep()
	if list, err := b.st.ListInbound(ctx, b.ws, 0, 10); err != nil || len(list) != 0 {
		b.Errorf("left: %+v, %v", list, err)
	}
	if _, err := b.st.Conversation(ctx, b.ws, review.Conversation); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("an empty conversation: %v", err)
	}
}

func testRetentionCampaigns(b *bench) {
	b.rule(1, store.MinMetadataDays, false)
	audit := store.AuditEntry{At: b.now(), Workspace: b.ws, Action: "campaign.created"}
	c := store.Campaign{ID: smsir.NewUUID(b.now()), Workspace: b.ws, Name: "Spring", State: store.CampaignDraft, Batch: b.st.NewID(b.now()), CreatedAt: b.now(), UpdatedAt: b.now()}
	c.Plan.Texts = map[string]string{"": "Hello {{name}}"}
	must(b.T, "CreateCampaign", b.st.CreateCampaign(ctx, c, audit))
	_, err := b.st.AddRecipients(ctx, b.ws, c.ID, []store.Recipient{{Phone: "+12025550100", Country: "US", Values: map[string]string{"name": "Ada"}}}, store.WalkDone)
	must(b.T, "AddRecipients", err)
	b.wait(2 * store.Day)
	if b.sweep(); b.campaign(c.ID).Plan.Texts[""] == "" {
		b.Fatal("a campaign that is not over has lost its text")
	}
	_, err = b.st.ChangeCampaign(ctx, b.ws, c.ID, audit, func(c *store.Campaign) error {
		c.State, c.FinishedAt, c.UpdatedAt = store.CampaignDone, b.now(), b.now()
		return nil
	})
	must(b.T, "ChangeCampaign", err)
	b.sweep()
	if got := b.campaign(c.ID); got.Plan.Texts[""] == "" || !got.TextRemovedAt.IsZero() {
		b.Fatal("the text went before its time")
	}
	b.wait(store.Day)
	b.sweep()
	got := b.campaign(c.ID)
	if text, there := got.Plan.Texts[""]; text != "" || !there || !got.TextRemovedAt.Equal(b.now()) {
		b.Errorf("campaign: %+v", got)
	}
	list, err := b.st.CampaignRecipients(ctx, c.ID, 0, 10)
	if err != nil || len(list) != 1 || len(list[0].Values) != 0 {
		b.Errorf("recipients: %+v, %v", list, err)
	}
	b.wait(store.MinMetadataDays * store.Day)
	b.markReports(1, 1000)
	b.sweep()
	if _, err := b.st.Campaign(ctx, b.ws, c.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		b.Errorf("an old campaign without messages: %v", err)
	}
}

func (b *bench) campaign(id smsir.UUID) *store.Campaign {
	b.Helper()
	c, err := b.st.Campaign(ctx, b.ws, id)
	must(b.T, "Campaign", err)
	return c
}
