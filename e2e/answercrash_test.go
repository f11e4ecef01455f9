package e2e

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
)

// TestAnswersUnderKills: handsets reply to a message with words that a rule answers, while the server is killed again and
// again. Every reply is stored, each of these conversations is answered exactly once, and the carrier never takes an answer
// twice. The handsets reply to the answer too: the rule stays silent then. SMSIR_CRASH_KILLS and SMSIR_CRASH_SEED as in
// TestCrash.
func TestAnswersUnderKills(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 5))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	h.far = startCarrier(t, c, dir, seed, []string{"reply@to=+4477009*"})
	const answer = "We have noted that."
	call[api.AutoReply](t, c, "POST", "/v1/auto-replies", api.AutoReplyPut{
		Name: "Thanks", Kind: "keyword", Words: []string{"thank you"}, Match: "first", Answer: answer, Choices: []api.MenuChoice{}, When: "always", Active: true,
	}, 201)
	handsets := 24 * kills
	inbound := func() int { return h.count("SELECT count(DISTINCT sender) FROM inbound") }
	for sent := 0; h.kills < kills; {
		batch := make([]api.BatchMessage, 24)
		for i := range batch {
			batch[i] = api.BatchMessage{To: to(sent + i)}
		}
		sent += len(batch)
		call[api.BatchResult](t, c, "POST", "/v1/batches", api.BatchRequest{Text: "Shall we meet at nine?", Messages: batch}, 202)
		before := inbound()
		eventually(t, "somebody replies", func() bool { return inbound() > before })
		pause(t.Context(), time.Duration(h.rng.IntN(150))*time.Millisecond)
		h.kill()
		h.run()
	}
	// A report can be followed by a reply, and that by an answer: only then is there nothing to wait for.
	eventually(t, "nobody says anything more", func() bool {
		return h.far.Owed() == 0 && h.count("SELECT count(*) FROM jobs WHERE kind = 'inbound'") == 0 && h.count("SELECT count(*) FROM messages WHERE status IN (0, 1, 2, 4)") == 0
	})
	h.drain(nil)
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}

	replied := inbound()
	answers := h.count(fmt.Sprintf("SELECT count(*) FROM messages WHERE text = '%s'", answer))
	answered := h.count(fmt.Sprintf("SELECT count(DISTINCT recipient) FROM messages WHERE text = '%s'", answer))
	if answers != replied || answered != replied {
		t.Errorf("%d handsets replied; %d were answered, with %d messages", replied, answered, answers)
	}
	if unheard := h.count(fmt.Sprintf("SELECT count(*) FROM messages WHERE text = '%s' AND recipient NOT IN (SELECT sender FROM inbound)", answer)); unheard != 0 {
		t.Errorf("%d were answered who said nothing", unheard)
	}
	r := judge(t, dir)
	t.Logf("%d of %d handsets replied, %d answers", replied, handsets, answers)
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Errorf("the oracle found faults\n%s", report(t, r))
	}
	if replied < handsets/2 {
		t.Errorf("only %d handsets replied: there was nothing to answer", replied)
	}
	taken := map[string]int{}
	for e, err := range carrier.ReadLedger(filepath.Join(dir, "carrier-twilio.log")) {
		must(t, err)
		if e.Kind == carrier.Submission && e.Verdict == carrier.Accepted {
			taken[e.To+" "+e.TextSHA256]++
		}
	}
	for what, n := range taken {
		if n > 1 {
			t.Errorf("the carrier took one text %d times: %s", n, what)
		}
	}
}
