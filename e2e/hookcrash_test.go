package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/hooksink"
)

// TestWebhooksUnderKills (K10): while the gateway is killed again and again and the receiver fails, drops, redirects and forgets,
// every event reaches it at least once, signed, and with the same body every time. SMSIR_CRASH_KILLS as in TestCrash.
func TestWebhooksUnderKills(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 3))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.args = append(h.args, "--webhooks-allow-networks", "127.0.0.0/8")
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, seed, load.Recipients)
	h.far = startCarrier(t, c, dir, seed, nil)
	sink := hooksink.New(seed)
	server := httptest.NewServer(sink)
	t.Cleanup(server.Close)
	// What happens before the webhook is there is not sent to it.
	eventually(t, "the first message ends", func() bool { return h.count("SELECT count(*) FROM messages WHERE final = 0") == 0 })
	before := h.count("SELECT max(id) FROM events")
	made := call[api.WebhookSecret](t, c, "POST", "/v1/webhooks", api.WebhookCreate{URL: server.URL + "/hook"}, 201)
	must(t, sink.Secret(made.Secret))
	sink.SetFaults(hooksink.Faults{Fail: 3, Wait: 3, Redirect: 1, Drop: 3, Forget: 8})
	working, stop := context.WithCancel(t.Context())
	defer stop()
	for range 3 {
		crew.Hire(working, 60*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Single(ctx, true) })
	}
	for h.kills < kills {
		h.run()
		pause(working, 500*time.Millisecond+time.Duration(h.rng.IntN(1500))*time.Millisecond)
		h.kill()
	}
	h.run()
	pause(t.Context(), time.Second)
	stop()
	crew.Wait()
	sink.SetFaults(hooksink.Faults{})
	h.drain(nil)
	missing := func() int {
		taken := sink.Taken()
		return h.count(fmt.Sprint("SELECT count(*) FROM events WHERE id > ", before)) - len(taken)
	}
	// What failed twice would come again after a minute: what still waits is sent at once, and nothing else.
	for begin := time.Now(); missing() > 0 && time.Since(begin) < patience; {
		call[api.Replayed](t, c, "POST", "/v1/webhooks/"+made.Webhook.ID+"/replay", api.WebhookReplay{States: []string{"waiting"}}, 202)
		within(t, 2*time.Second, func() bool { return missing() == 0 })
	}
	if n := missing(); n != 0 {
		t.Errorf("%d events never came", n)
	}
	for _, w := range sink.Wrong() {
		t.Error(w)
	}
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	r := judge(t, dir)
	t.Logf("%d events taken, %d deliveries of what had been taken", len(sink.Taken()), sink.Again())
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Errorf("the oracle found faults\n%s", report(t, r))
	}
	if len(sink.Taken()) < 50 || sink.Again() == 0 {
		t.Errorf("%d events taken, %d again: nothing happened", len(sink.Taken()), sink.Again())
	}
}

// within polls until check is true or the time is over.
func within(t *testing.T, d time.Duration, check func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	for !check() && pause(ctx, 100*time.Millisecond) {
	}
}
