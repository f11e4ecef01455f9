package main

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir/api"
)

// TestDemo plays the whole demo, as the command does.
func TestDemo(t *testing.T) {
	t.Parallel()
	var out, errs strings.Builder
	code := run(t.Context(), []string{"demo"}, process{getenv: func(string) string { return "" }, out: &out, err: &errs})
	if code != 0 {
		t.Fatalf("exit code %d, want 0\n%s\n%s", code, errs.String(), out.String())
	}
	for _, want := range []string{"All 15 messages reached their documented end", "nothing reaches a phone", "+12025550108 is unknown and not final", `replied: "Reply to: Hello`} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output lacks %q", want)
		}
	}
	for _, c := range demoCases() {
		if !strings.Contains(out.String(), "✓ "+c.to) {
			t.Errorf("%s has no ✓", c.to)
		}
	}
	if t.Failed() {
		t.Log(out.String())
	}
}

// A demo whose table is not true says so.
func TestDemoThatGoesWrong(t *testing.T) {
	t.Parallel()
	wrong := demoCases()[4] // refused
	wrong.end, wrong.reason = "delivered", ""
	var out strings.Builder
	var folder string
	err := demo(t.Context(), demoOptions{Out: &out, Cases: []demoCase{demoCases()[0], wrong}, Start: func(ctx context.Context, dir string, ready func(url, code string)) error {
		folder = dir
		return startDemo(ctx, dir, ready)
	}})
	if err == nil || !strings.Contains(err.Error(), "1 of 2 messages") || !strings.Contains(err.Error(), "+12025550104 (refused): it is failed, want delivered") {
		t.Errorf("got %v\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "✗ +12025550104") || !strings.Contains(out.String(), "✓ +12025550100") {
		t.Errorf("table:\n%s", out.String())
	}
	if _, err := os.Stat(folder); folder == "" || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder %q is still there: %v", folder, err)
	}
}

func TestDemoWithoutGateway(t *testing.T) {
	t.Parallel()
	broken := errors.New("no disk today")
	if err := demo(t.Context(), demoOptions{Start: func(context.Context, string, func(url, code string)) error { return broken }}); !errors.Is(err, broken) {
		t.Errorf("a gateway that does not start: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := demo(ctx, demoOptions{Start: func(running context.Context, _ string, _ func(url, code string)) error {
		cancel() // Ctrl+C while it starts
		<-running.Done()
		return nil
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a demo that is interrupted: %v", err)
	}
	var out strings.Builder
	err = demo(t.Context(), demoOptions{Out: &out, Start: func(ctx context.Context, _ string, ready func(url, code string)) error {
		ready("http://127.0.0.1:1", "code") // nobody is there
		ready("http://127.0.0.1:1", "a newer code")
		<-ctx.Done()
		return broken
	}})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "/v1/auth/register") {
		t.Errorf("a gateway that does not answer, and fails to stop: %v", err)
	}
}

// Whatever is not as documented is found, whichever way it shows.
func TestDemoFindsFaults(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	soon := at.Add(demoDelay)
	fine := demoCase{to: "+12025550100", end: "delivered", through: []string{"sending", "sent"}, attempts: 1, segments: 1, encoding: "gsm7"}
	event := func(seq int, status string, final bool) api.Event {
		return api.Event{Seq: seq, Type: "message." + status, At: at, Data: api.EventData{Status: status, Final: final}}
	}
	good := []api.Event{event(1, "queued", false), event(2, "sending", false), event(3, "sent", false), event(4, "delivered", true)}
	accepted := api.Message{ID: "msg_1", Status: "queued", Segments: 1, Encoding: "gsm7", AcceptedAt: at}
	fetched := api.Message{Status: "delivered", Final: true, Attempts: 1}
	play := func(c demoCase, accepted api.Message, events []api.Event, fetched api.Message, reply string) []string {
		r := &demoRow{demoCase: c}
		r.sent(&accepted)
		for _, e := range events {
			r.apply(e)
		}
		r.replied = reply
		r.compare(&fetched)
		return r.faults
	}
	for name, c := range map[string]struct {
		of      func(*demoCase)
		accept  func(*api.Message)
		events  []api.Event
		fetched func(*api.Message)
		reply   string
		want    string // "" for no fault
	}{
		"as documented":       {},
		"segments":            {accept: func(m *api.Message) { m.Segments = 2 }, want: "2 segments in gsm7, want 1 in gsm7"},
		"encoding":            {accept: func(m *api.Message) { m.Encoding = "ucs2" }, want: "1 segments in ucs2"},
		"an event missing":    {events: []api.Event{good[0], good[1], good[3]}, want: "event 4 came after event 2"},
		"an event twice":      {events: []api.Event{good[0], good[1], good[1], good[2], good[3]}, want: "event 2 came after event 2"},
		"after the end":       {events: append(good[:4:4], event(5, "delivered", true)), want: "message.delivered came after its end"},
		"another way":         {events: []api.Event{good[0], event(2, "sent", false), event(3, "sending", false), event(4, "delivered", true)}, want: "it went through queued, sent, sending, delivered"},
		"another end":         {fetched: func(m *api.Message) { m.Status = "failed" }, want: "it is failed, want delivered"},
		"no end":              {fetched: func(m *api.Message) { m.Final = false }, want: "it is delivered (not final), want delivered"},
		"the events differ":   {events: []api.Event{good[0], good[1], good[2], event(4, "failed", true)}, want: "the events end with failed"},
		"attempts":            {fetched: func(m *api.Message) { m.Attempts = 2 }, want: "it took 2 attempts, want 1"},
		"reason":              {fetched: func(m *api.Message) { m.Reason = "network" }, want: `its reason is "network"`},
		"possible duplicate":  {fetched: func(m *api.Message) { m.PossibleDuplicate = true }, want: "possible duplicate"},
		"late receipt":        {fetched: func(m *api.Message) { m.LateReceipt = &api.LateReceipt{Status: "undelivered"} }, want: "late receipt"},
		"too early":           {accept: func(m *api.Message) { m.SendAt = &soon }, want: "it left 5s before its time"},
		"no reply":            {of: func(c *demoCase) { c.reply = true }, want: `the reply is ""`},
		"a reply":             {of: func(c *demoCase) { c.reply = true }, reply: "Reply to: Hello"},
		"unknown with an end": {of: func(c *demoCase) { c.end, c.open = "unknown", true }, want: "it is delivered, want unknown (not final)"},
		"unknown without a deadline": {
			of:     func(c *demoCase) { c.end, c.open, c.through = "unknown", true, nil },
			events: []api.Event{event(1, "unknown", false)}, fetched: func(m *api.Message) { m.Status, m.Final = "unknown", false }, want: "it has no deadline",
		},
		"unknown with a deadline": {
			of:     func(c *demoCase) { c.end, c.open, c.through = "unknown", true, nil },
			events: []api.Event{event(1, "unknown", false)}, fetched: func(m *api.Message) { m.Status, m.Final, m.ResolveDeadline = "unknown", false, &soon },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kase, accept, fetch, events := fine, accepted, fetched, good
			if c.of != nil {
				c.of(&kase)
			}
			if c.accept != nil {
				c.accept(&accept)
			}
			if c.fetched != nil {
				c.fetched(&fetch)
			}
			if c.events != nil {
				events = c.events
			}
			faults := strings.Join(play(kase, accept, events, fetch, c.reply), "\n")
			if c.want == "" && faults != "" || !strings.Contains(faults, c.want) {
				t.Errorf("faults %q, want %q", faults, c.want)
			}
		})
	}
}

func TestDemoKnowsWhenItIsOver(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		row  demoRow
		want bool
	}{
		"on its way":            {demoRow{demoCase: demoCase{end: "delivered"}, status: "sent"}, false},
		"ended":                 {demoRow{demoCase: demoCase{end: "delivered"}, status: "delivered", final: true}, true},
		"ended otherwise":       {demoRow{demoCase: demoCase{end: "delivered"}, status: "failed", final: true}, true},
		"reply to come":         {demoRow{demoCase: demoCase{end: "delivered", reply: true}, status: "delivered", final: true}, false},
		"reply came":            {demoRow{demoCase: demoCase{end: "delivered", reply: true}, status: "delivered", final: true, replied: "x"}, true},
		"no reply will come":    {demoRow{demoCase: demoCase{end: "delivered", reply: true}, status: "failed", final: true}, true},
		"reply before its end":  {demoRow{demoCase: demoCase{end: "delivered", reply: true}, status: "sent", replied: "x"}, false},
		"unknown since now":     {demoRow{demoCase: demoCase{end: "unknown", open: true}, status: "unknown", changed: at}, false},
		"unknown for a while":   {demoRow{demoCase: demoCase{end: "unknown", open: true}, status: "unknown", changed: at.Add(-demoSettle)}, true},
		"unknown, but must end": {demoRow{demoCase: demoCase{end: "delivered"}, status: "unknown", changed: at.Add(-time.Hour)}, false},
	} {
		if got := c.row.settled(at); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// On a screen the table is drawn in place, fits into 80 columns, and every line clears what stood there.
func TestDemoTableOnAScreen(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	run := newDemoRun(demoOptions{Out: &out, Screen: true, Colour: true, Cases: demoCases()})
	now := time.Now()
	run.draw(now)
	run.rows[0].id = "msg_1"
	run.rows[0].began = now.Add(-1234 * time.Second)
	run.apply(api.Event{Seq: 1, MessageID: "msg_1", At: now, Data: api.EventData{Status: "delivered", Final: true}})
	first := out.Len()
	run.draw(now)
	again, ok := strings.CutPrefix(out.String()[first:], "\x1b[17A")
	if !ok || !strings.Contains(again, "\x1b[32m✓\x1b[0m +12025550100") || strings.Contains(out.String()[:first], "✓") {
		t.Errorf("drawn again:\n%q", again)
	}
	for line := range strings.Lines(again) {
		line = strings.TrimSuffix(line, "\n")
		plain := strings.NewReplacer("\x1b[K", "", "\x1b[32m", "", "\x1b[31m", "", "\x1b[0m", "").Replace(line)
		if utf8.RuneCountInString(plain) > 80 || !strings.HasSuffix(line, "\x1b[K") {
			t.Errorf("line of %d columns: %q", utf8.RuneCountInString(plain), line)
		}
	}
}

// The cut-off names what is missing.
func TestDemoThatHangs(t *testing.T) {
	t.Parallel()
	run := newDemoRun(demoOptions{Cases: demoCases()[:2]})
	run.rows[0].status, run.rows[0].final = "delivered", true
	run.rows[1].status = "sent"
	err := run.late(context.DeadlineExceeded)
	if err == nil || !strings.Contains(err.Error(), "+12025550101 is sent, want delivered") || strings.Contains(err.Error(), "+12025550100") {
		t.Errorf("got %v", err)
	}
	if err := run.late(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
