package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	load "github.com/smsir/smsir/bench/client"
)

// TestSMPPUnderKills kills the gateway while programs submit over SMPP, others over HTTP, and a carrier takes everything over
// SMPP, on a bad day. What was answered with ROK is stored; what the carrier has is no secret, and it has nothing twice; what it
// was told to be taken is stored. SMSIR_CRASH_KILLS says how often (3).
func TestSMPPUnderKills(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 3))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	door := freeAddress(t)
	h.args = append(h.args, "--smpp-listen", "", "--smpp-plain-listen", door)
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	h.smsc = startSMSC(t, c, dir, seed)
	crew := newCrew(t, h.site, dir, seed, func(rng *rand.Rand) string { return fmt.Sprintf("+1202555%04d", 100+rng.IntN(100)) })
	bind := load.Bind{Address: door, SystemID: "acme", Sender: "+12025550142"}
	account := call[api.SMPPAccountChanged](t, c, "POST", "/v1/smpp/accounts", map[string]any{"system_id": bind.SystemID, "senders": []string{bind.Sender}}, 201)
	bind.Password = account.Password

	working, stop := context.WithCancel(t.Context())
	defer stop()
	for range 3 {
		crew.ESME(working, bind, 20*time.Millisecond)
	}
	for i := range 2 {
		crew.Hire(working, 50*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.Single(ctx, i == 0) })
	}
	crew.Hire(working, 300*time.Millisecond, func(ctx context.Context, s *load.Sender) { s.CancelRecent(ctx) })
	for h.kills < kills {
		h.run()
		before := crew.Sent()
		pause(working, 500*time.Millisecond+time.Duration(h.rng.IntN(1500))*time.Millisecond)
		eventually(t, "the clients send", func() bool { return crew.Sent() >= before+20 })
		h.kill()
	}
	h.run()
	pause(t.Context(), time.Second)
	stop()
	crew.Wait()
	h.drain(nil)
	if code := h.server.stop(); code != 0 {
		t.Errorf("the last run ends with exit code %d", code)
	}
	r := judge(t, dir)
	submitted := count(t, h.data, "SELECT count(*) FROM messages WHERE creator_id IN (SELECT id FROM smpp_accounts)")
	t.Logf("%d messages accepted, %d of them over SMPP, %d tries without an answer; the carrier has %d\n%s", crew.Sent(), submitted, crew.Resets(), h.smsc.Taken(), report(t, r))
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Error("the oracle found faults")
	}
	if submitted < 5*kills || h.smsc.Taken() < 10*kills {
		t.Errorf("%d messages came over SMPP, the carrier has %d: the load was no load", submitted, h.smsc.Taken())
	}
}

// startSMSC plays a carrier over SMPP for the gateway that c is logged in to, with a ledger in dir. It is the only provider.
func startSMSC(t *testing.T, c *client, dir string, seed uint64) *carrier.SMSC {
	t.Helper()
	far, err := carrier.OpenSMSC(filepath.Join(dir, "carrier-smpp.log"), seed, func(err error) { t.Error(err) })
	must(t, err)
	address, err := far.Listen()
	must(t, err)
	t.Cleanup(func() {
		far.Close()
		must(t, far.CloseLedger())
	})
	for _, p := range call[api.ProviderList](t, c, "GET", "/v1/providers", nil, 200).Items {
		call[api.Provider](t, c, "PATCH", "/v1/providers/"+p.ID, map[string]any{"enabled": false}, 200)
	}
	call[api.Provider](t, c, "POST", "/v1/providers", map[string]any{"kind": "smsc", "name": "Carrier", "enabled": true, "settings": map[string]string{
		"address": address, "system_id": "smsir", "password": "password", "sender": "+12025550142", "user_message_reference": "true", "response_timer": "3",
	}}, 201)
	return far
}
