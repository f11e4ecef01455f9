package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/provider/simulator"
)

// numbers is a list of so many phone numbers, one on a line.
func numbers(from, n int) string {
	var b strings.Builder
	b.WriteString("phone\n")
	for i := range n {
		b.WriteString(to(from+i) + "\n")
	}
	return b.String()
}

// upload posts a table. The error is of a server that went away meanwhile.
func upload[T any](ctx context.Context, c *client, path, table string, want int) (v T, err error) {
	req, err := http.NewRequestWithContext(ctx, "POST", c.url+path, strings.NewReader(table))
	if err != nil {
		return v, err
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := c.http.Do(req)
	if err != nil {
		return v, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != want {
		err = fmt.Errorf("POST %s: status %d, want %d: %s", path, resp.StatusCode, want, body)
	}
	return v, errors.Join(err, json.Unmarshal(body, &v))
}

// inGroup brings contacts in and puts them into a new group, whose id it returns.
func inGroup(t *testing.T, c *client, table string, n int) string {
	t.Helper()
	g := call[api.Group](t, c, "POST", "/v1/groups", api.GroupCreate{Name: "Parents"}, 201)
	im, err := upload[api.Import](t.Context(), c, "/v1/imports?name=parents.csv", table, 201)
	must(t, err)
	path := "/v1/imports/" + im.ID
	call[api.Import](t, c, "PUT", path+"/mapping", api.ImportMapping{Header: true, Columns: []string{"phone"}}, 200)
	state := func(want string) func() bool {
		return func() bool { return call[api.Import](t, c, "GET", path, nil, 200).State == want }
	}
	eventually(t, "the contacts are reviewed", state("reviewed"))
	call[api.Import](t, c, "POST", path+"/commit", api.ImportCommit{Groups: []string{g.ID}}, 200)
	eventually(t, "the contacts are in", state("committed"))
	if got := call[api.Group](t, c, "GET", "/v1/groups/"+g.ID, nil, 200).Size; got != n {
		t.Fatalf("the group has %d contacts, want %d", got, n)
	}
	return g.ID
}

// TestCampaignUnderKills kills the server again and again while the list of a campaign comes in, while its recipients are
// gathered, while it sends, and right behind a pause, a resume and a cancel: each recipient is handed over exactly once by the
// simulator's ledger, and what people said holds. SMSIR_CRASH_KILLS says how often it dies while it sends (4), and
// SMSIR_CRASH_SEED which random choices are made.
func TestCampaignUnderKills(t *testing.T) {
	t.Parallel()
	kills := int(setting(t, "SMSIR_CRASH_KILLS", 4))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	h := newHammer(t, dir, seed)
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)

	// Of 1,000 contacts and a list of 1,200 numbers, 200 are the same.
	const all, inList, contacts = 2000, 1200, 1000
	k := &campaignKills{h: h, c: c, group: inGroup(t, c, numbers(all-contacts, contacts), contacts)}
	one := k.draft("One", "The school opens at nine.")
	k.dieWhileUploading(one, numbers(0, inList))
	call[api.Campaign](t, c, "POST", one.path+"/launch", nil, 200)
	k.dieAfter(60 * time.Millisecond) // while it gathers
	for range kills / 2 {
		k.dieWhileSending(one)
	}
	k.pauseAndResume(one)
	for range kills - kills/2 {
		k.dieWhileSending(one)
	}
	eventually(t, "the campaign is done", func() bool { return one.state() == "done" })

	two := k.draft("Two", "The school is closed today.")
	call[api.Campaign](t, c, "POST", two.path+"/launch", nil, 200)
	eventually(t, "the second campaign sends", func() bool { return two.messages() > 100 })
	call[api.Campaign](t, c, "POST", two.path+"/cancel", nil, 200)
	k.dieAfter(30 * time.Millisecond)
	eventually(t, "the second campaign is over", func() bool {
		got := call[api.Campaign](t, c, "GET", two.path, nil, 200)
		return got.State == "canceled" && got.FinishedAt != nil
	})
	ended := two.messages()
	h.drain(nil)
	if n := two.messages(); n != ended {
		t.Errorf("the canceled campaign went on from %d to %d messages", ended, n)
	}
	if code := h.server.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	one.judge(all, true)
	two.judge(ended, false)
	r := judge(t, dir)
	t.Logf("%s kills %d", r.Summary(), h.kills)
	if !r.OK() {
		t.Errorf("the oracle found faults\n%s", report(t, r))
	}
}

// campaignKills kills around campaigns.
type campaignKills struct {
	h     *hammer
	c     *client
	group string
}

// watched is a campaign that a test looks at.
type watched struct {
	*campaignKills
	path  string
	batch smsir.ID
	text  string
}

func (k *campaignKills) draft(name, text string) *watched {
	k.h.t.Helper()
	made := call[api.Campaign](k.h.t, k.c, "POST", "/v1/campaigns", api.CampaignCreate{Name: name, Plan: &api.CampaignPlan{
		Groups: []string{k.group}, Texts: []api.LanguageText{{Text: text}}, PerMinute: 12_000, // 500 every 2.5 s: the kills are quicker
	}}, 201)
	batch, err := smsir.ParseID(smsir.PrefixBatch, made.BatchID)
	must(k.h.t, err)
	return &watched{campaignKills: k, path: "/v1/campaigns/" + made.ID, batch: batch, text: text}
}

func (w *watched) state() string {
	return call[api.Campaign](w.h.t, w.c, "GET", w.path, nil, 200).State
}

// messages is how many messages it has.
func (w *watched) messages() int {
	return w.h.count(fmt.Sprint("SELECT count(*) FROM messages WHERE batch_id > 0 AND batch_id = ", int64(w.batch)))
}

// dieAfter kills the server at a random moment within a while, and starts it again.
func (k *campaignKills) dieAfter(most time.Duration) {
	if most > 0 {
		pause(k.h.t.Context(), time.Duration(k.h.rng.Int64N(int64(most))))
	}
	k.h.kill()
	k.h.run()
}

// dieWhileUploading kills the server while a list comes in; the list is then given again, whole.
func (k *campaignKills) dieWhileUploading(w *watched, table string) {
	t := k.h.t
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = upload[api.CampaignUpload](t.Context(), k.c, w.path+"/recipients", table, 200)
	}()
	k.dieAfter(40 * time.Millisecond)
	<-done
	up, err := upload[api.CampaignUpload](t.Context(), k.c, w.path+"/recipients", table, 200)
	must(t, err)
	if want := strings.Count(table, "\n") - 1; up.Added+up.Repeated != want || up.Rejected != 0 {
		t.Errorf("the second time, the list has %+v, want %d numbers", up, want)
	}
}

// dieWhileSending waits until a campaign has some more messages, or is done, and kills the server.
func (k *campaignKills) dieWhileSending(w *watched) {
	before := w.messages()
	eventually(k.h.t, "the campaign sends", func() bool { return w.messages() > before || w.state() == "done" })
	k.dieAfter(150 * time.Millisecond)
}

// pauseAndResume does both, with a kill right behind each: what was paused stays so, and when the queue has run dry, nothing
// follows.
func (k *campaignKills) pauseAndResume(w *watched) {
	t := k.h.t
	t.Helper()
	a, err := k.c.do(t.Context(), "POST", w.path+"/pause", nil)
	must(t, err)
	if a.status == http.StatusConflict {
		t.Log("the campaign was done before it could be paused: this machine is too slow for that part")
		return
	}
	k.dieAfter(0)
	if got := w.state(); got != "paused" {
		t.Errorf("after a pause and a kill the campaign is %s", got)
	}
	eventually(t, "nothing waits in the queue", func() bool { return k.h.count("SELECT count(*) FROM messages WHERE status IN (1, 2)") == 0 })
	before := w.messages()
	pause(t.Context(), time.Second)
	if n := w.messages(); n != before {
		t.Errorf("while it was paused the campaign went from %d to %d messages", before, n)
	}
	call[api.Campaign](t, k.c, "POST", w.path+"/resume", nil, 200)
	k.dieAfter(0)
	t.Logf("paused at %d messages", before)
}

// judge compares a campaign with the simulator's ledger: nobody got it twice, and whole says that everybody got it.
func (w *watched) judge(want int, whole bool) {
	t := w.h.t
	t.Helper()
	batch := int64(w.batch)
	if n := w.messages(); n != want {
		t.Errorf("%q has %d messages, want %d", w.text, n, want)
	}
	if n := count(t, w.h.data, "SELECT count(DISTINCT recipient) FROM messages WHERE batch_id > 0 AND batch_id = $1", batch); n != want {
		t.Errorf("%q has %d recipients, want %d", w.text, n, want)
	}
	sum := sha256.Sum256([]byte(w.text))
	got := map[string]int{}
	for e, err := range simulator.ReadLedger(filepath.Join(w.h.data, "simulator.log")) {
		must(t, err)
		if e.Kind == simulator.SubmissionEntry && e.Verdict == simulator.Accepted && e.TextSHA256 == hex.EncodeToString(sum[:]) {
			got[e.To]++
		}
	}
	wrong := 0
	for number, n := range got {
		if n > 1 {
			if wrong++; wrong <= 10 {
				t.Errorf("%s got %q %d times", number, w.text, n)
			}
		}
	}
	sent := count(t, w.h.data, "SELECT count(*) FROM messages WHERE batch_id > 0 AND batch_id = $1 AND status <> 9", batch)
	t.Logf("%q: %d messages, %d handed over", w.text, want, len(got))
	if whole && len(got) != want || len(got) != sent || !whole && len(got) == 0 {
		t.Errorf("%q was handed over to %d numbers, want %d of %d", w.text, len(got), sent, want)
	}
}
