package notify

import (
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

var nine = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// accepted makes a message that was accepted at nine, and its first event.
func accepted(id smsir.ID, delay time.Duration, undo bool) (*smsir.Message, smsir.Event) {
	m := &smsir.Message{
		ID: id, Workspace: workspace(1), CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}},
		Class: smsir.OTP, To: "+12025550100", ToRaw: "202 555 0100", Country: "US", From: "SMSir", Text: "Your parcel has arrived.",
		Encoding: smsir.EncodingGSM7, Segments: 1, Tags: []string{"parcel"}, Metadata: map[string]string{"order": "1001"},
		AcceptedAt: nine, ExpiresAt: nine.Add(24 * time.Hour),
	}
	if delay > 0 {
		m.SendAt = nine.Add(delay)
	}
	first := m.Accept(nine, undo)
	first.ID = id + 1
	return m, first
}

// Whatever happens to a message, its first event tells it as it was.
func TestAcceptedMessageIsToldAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		delay := time.Duration(rapid.IntRange(0, 1).Draw(t, "scheduled")) * time.Hour
		m, first := accepted(smsir.IDAt(nine), delay, rapid.Bool().Draw(t, "undo"))
		m.OnUnknown = smsir.RetryOnce
		want := *m
		now, late := nine, smsir.Lateness{OTP: time.Hour, Other: time.Hour}
		for range rapid.IntRange(0, 12).Draw(t, "moves") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 6).Draw(t, "move") {
			case 0, 1:
				m.Tick(now, late)
				m.Intend(now, smsir.UUID{7})
			case 2:
				m.Finish(now, m.Tries, now, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r1"}})
			case 3:
				m.Finish(now, m.Tries, now, smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: now, Error: &smsir.Failure{Code: "no_answer"}})
			case 4:
				m.Finish(now, m.Tries, now, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: now})
			case 5:
				m.Receipt(now, m.Tries, &smsir.Receipt{Status: rapid.SampledFrom([]smsir.Status{smsir.Delivered, smsir.Undelivered}).Draw(t, "receipt")})
			case 6:
				m.Cancel(now)
			}
		}
		if diff := cmp.Diff(want, asAccepted(m, &first)); diff != "" {
			t.Fatalf("a message that is %v now, as it was accepted (-want +got):\n%s", m.State(), diff)
		}
	})
}

func TestWhatEventsTell(t *testing.T) {
	t.Parallel()
	m := &memory{messages: map[smsir.ID]*smsir.Message{}, names: map[smsir.UUID]string{{9}: "Front desk", {7}: "Simulator"}}
	prv := smsir.UUID{7}.Format(smsir.PrefixProvider)

	id := smsir.IDAt(nine)
	msg, first := accepted(id, 0, false)
	sending, ok := msg.Intend(nine.Add(time.Second), smsir.UUID{7})
	if !ok {
		t.Fatal("the message cannot be sent")
	}
	sending.ID = id + 2
	m.messages[id] = msg
	m.inbound = []smsir.Inbound{{ID: id + 3, Workspace: workspace(1), Provider: smsir.UUID{7}, From: "+12025550111", To: "SMSir", Text: "Thanks", ReceivedAt: nine}}
	reply := smsir.Event{
		ID: id + 4, Workspace: workspace(1), Type: smsir.EventInbound, At: nine,
		Data: smsir.EventData{Inbound: (id + 3).Format(smsir.PrefixInbound), Provider: prv},
	}
	deleted := smsir.Event{ID: id + 5, Workspace: workspace(1), Message: id + 9, Seq: 1, Type: smsir.EventAccepted, At: nine}
	lost := smsir.Event{ID: id + 6, Workspace: workspace(1), Type: smsir.EventInbound, At: nine, Data: smsir.EventData{Inbound: "inb_0000000000001"}}

	items, err := newEncoder(m, m).items(t.Context(), []smsir.Event{first, sending, reply, deleted, lost})
	if err != nil {
		t.Fatal(err)
	}
	atFirst := asAccepted(msg, &first)
	wantMessage := api.MessageOf(&atFirst, nil)
	wantMessage.CreatedBy.Name = "Front desk"
	want := []api.Event{
		{
			ID: (id + 1).Format("evt"), Type: "message.accepted", At: nine, MessageID: id.Format("msg"), Seq: 1,
			Data: api.EventData{Status: "queued", Reason: "due", Message: &wantMessage},
		},
		{
			ID: (id + 2).Format("evt"), Type: "message.sending", At: nine.Add(time.Second), MessageID: id.Format("msg"), Seq: 2,
			Data: api.EventData{Status: "sending", Attempt: 1, Provider: prv, ProviderName: "Simulator"},
		},
		{
			ID: (id + 4).Format("evt"), Type: "inbound.received", At: nine,
			Data: api.EventData{Provider: prv, ProviderName: "Simulator", Inbound: &api.Inbound{
				ID: (id + 3).Format("inb"), From: "+12025550111", To: "SMSir", Text: "Thanks", ReceivedAt: nine,
				Provider: &api.ProviderRef{ID: prv, Name: "Simulator", Kind: "simulator"},
			}},
		},
		{ID: (id + 5).Format("evt"), Type: "message.accepted", At: nine, MessageID: (id + 9).Format("msg"), Seq: 1},
		{ID: (id + 6).Format("evt"), Type: "inbound.received", At: nine},
	}
	for i, item := range items {
		var got api.Event
		if err := json.Unmarshal(item.JSON, &got); err != nil {
			t.Fatalf("%s: %v", item.JSON, err)
		}
		if diff := cmp.Diff(want[i], got); diff != "" {
			t.Errorf("event %d (-want +got):\n%s", i, diff)
		}
		if item.ID.Format("evt") != got.ID || string(item.Type) != got.Type || item.workspace != workspace(1) {
			t.Errorf("item %v %v %v beside %s", item.ID, item.Type, item.workspace, item.JSON)
		}
	}
}

// One encoding of an event is shared by all live subscribers.
func TestEncodingIsShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{}
		h := running(t, m)
		a, b := subscribe(t, h, workspace(1), 0), subscribe(t, h, workspace(1), 0)
		join(t, a)
		join(t, b)
		m.commit(workspace(1), 1)
		h.Wake()
		x, errX := a.one(t.Context())
		y, errY := b.one(t.Context())
		if errX != nil || errY != nil || &x.JSON[0] != &y.JSON[0] {
			t.Errorf("got %p %v and %p %v, want the same bytes", x.JSON, errX, y.JSON, errY)
		}
	})
}

func TestNamesAreAskedForSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &memory{names: map[smsir.UUID]string{{9}: "Front desk", {7}: "Simulator"}}
		d := newDirectory(m)
		ask := func(actors, providers []smsir.UUID) table {
			t.Helper()
			names, err := d.table(t.Context(), workspace(1), actors, providers)
			if err != nil {
				t.Fatal(err)
			}
			return names
		}
		for range 100 {
			names := ask([]smsir.UUID{{9}, {8}, {}}, []smsir.UUID{{7}, {6}})
			if name, kind := names.Provider(smsir.UUID{7}); names.Actor(smsir.UUID{9}) != "Front desk" || name != "Simulator" || kind != "simulator" {
				t.Fatalf("got %q, %q, %q", names.Actor(smsir.UUID{9}), name, kind)
			}
			if name := names.Actor(smsir.UUID{8}); name != "" {
				t.Fatalf("name of nobody: %q", name)
			}
		}
		if m.named != 2 {
			t.Errorf("%d look-ups, want 2: one of users, one of providers", m.named)
		}
		old := ask([]smsir.UUID{{9}}, nil)
		m.names[smsir.UUID{9}], m.names[smsir.UUID{5}] = "Back office", "Web shop"
		if names := ask([]smsir.UUID{{5}}, nil); names.Actor(smsir.UUID{5}) != "Web shop" {
			t.Errorf("a name that is new: %q", names.Actor(smsir.UUID{5}))
		}
		time.Sleep(nameLife)
		if names := ask([]smsir.UUID{{9}}, nil); names.Actor(smsir.UUID{9}) != "Back office" || old.Actor(smsir.UUID{9}) != "Front desk" {
			t.Errorf("after %v: %q, and in a table handed out before: %q", nameLife, names.Actor(smsir.UUID{9}), old.Actor(smsir.UUID{9}))
		}
		for n := range maxTables + 1 {
			if _, err := d.table(t.Context(), smsir.UUID{1, byte(n), byte(n >> 8)}, nil, nil); err != nil {
				t.Fatal(err)
			}
		}
		if len(d.tables) > maxTables {
			t.Errorf("%d tables, want at most %d", len(d.tables), maxTables)
		}
	})
}

func TestUnknownListsEachOnce(t *testing.T) {
	t.Parallel()
	got := unknown(map[smsir.UUID]string{{1}: ""}, []smsir.UUID{{1}, {2}, {}, {2}, {3}})
	if want := []smsir.UUID{{2}, {3}}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
