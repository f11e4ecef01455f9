package e2e

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/bench/chaosproxy"
)

// fill accepts thousands of messages for the carrier, in batches from several clients.
func (s *scene) fill(thousands int) {
	s.t.Helper()
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for range (thousands + 3 - w) / 4 {
				s.crew.Flood(s.t.Context(), 1000, to)
			}
		})
	}
	all.Wait()
	if n := s.crew.Sent(); n < int64(1000*thousands) {
		s.t.Errorf("%d messages accepted, want %d", n, 1000*thousands)
	}
}

// TestRestartWithBacklog (F9): a gateway that is killed with a long queue is ready again soon, and sends soon after.
// SMSIR_CHAOS says how many thousands wait.
func TestRestartWithBacklog(t *testing.T) {
	t.Parallel()
	s := stage(t, nil, "--dispatch-queue-limit", "100000000")
	s.far.SetFaults([]carrier.Fault{{Name: carrier.FaultHang, Arg: "1h", P: 1}})
	s.fill(s.size)
	queued := s.count("SELECT count(*) FROM messages WHERE status = 1")
	s.kill()
	s.far.SetFaults(nil)
	before, start := s.far.Taken(), time.Now()
	s.launch()
	if !s.server.ready() {
		t.Fatalf("the server did not start:\n%s", tail(s.server.stderr.String()))
	}
	eventually(t, "it is ready", func() bool {
		a, err := newClient(s.server.url).do(t.Context(), "GET", "/readyz", nil)
		return err == nil && a.status == 200
	})
	ready := time.Now()
	s.site.Up(s.server.url)
	for s.far.Taken() == before && time.Since(ready) < patience {
		pause(t.Context(), time.Millisecond)
	}
	first := time.Now()
	atMost(t, fmt.Sprintf("ready with %d messages queued", queued), ready.Sub(start), 5*time.Second)
	atMost(t, "first hand-over after that", first.Sub(ready), 2*time.Second)
	if queued < 1000*s.size-1000 {
		t.Errorf("%d messages were queued, want about %d", queued, 1000*s.size)
	}
	if s.size <= 50 {
		s.close()
		return
	}
	s.stopAndJudge() // the rest would take an hour
}

// stopAndJudge stops the gateway as it is and has the oracle judge it.
func (s *scene) stopAndJudge() {
	s.t.Helper()
	s.crew.Wait()
	if code := s.server.stop(); code != 0 {
		s.t.Errorf("exit code %d", code)
	}
	r := judge(s.t, s.dir)
	s.t.Logf("%s kills %d", r.Summary(), s.kills)
	if !r.OK() {
		s.t.Errorf("the oracle found faults\n%s", report(s.t, r))
	}
}

// TestBacklogReleased (F21): a provider that was away comes back to a long queue. It never gets more in a second than its
// limit, and requests are answered meanwhile. SMSIR_CHAOS says how many thousands wait.
func TestBacklogReleased(t *testing.T) {
	t.Parallel()
	limit := 400
	if figures() {
		limit = 800
	}
	s := stage(t, nil)
	eventually(t, "the first message ends", func() bool { return s.count("SELECT count(*) FROM messages WHERE final = 0") == 0 })
	far := httptest.NewServer(s.far)
	t.Cleanup(far.Close)
	proxy, err := chaosproxy.Start(far.Listener.Addr().String(), 0)
	must(t, err)
	for _, p := range call[api.ProviderList](t, s.c, "GET", "/v1/providers", nil, 200).Items {
		if p.Kind == "twilio" {
			call[api.Provider](t, s.c, "PATCH", "/v1/providers/"+p.ID, api.ProviderUpdate{Settings: map[string]string{"base_url": "http://" + proxy.Addr(), "rate": fmt.Sprint(limit)}}, 200)
			continue
		}
		off := false // nobody takes over meanwhile
		call[api.Provider](t, s.c, "PATCH", "/v1/providers/"+p.ID, api.ProviderUpdate{Enabled: &off}, 200)
	}
	must(t, proxy.Close())
	s.fill(s.size)
	queued := s.count("SELECT count(*) FROM messages WHERE status IN (1, 2)")
	proxy, err = chaosproxy.StartAt(proxy.Addr(), far.Listener.Addr().String(), 0)
	must(t, err)
	t.Cleanup(func() { must(t, proxy.Close()) })
	start := time.Now()
	var answers []time.Duration
	sender := s.crew.Sender()
	for s.count("SELECT count(*) FROM messages WHERE status IN (1, 2)") > 0 && time.Since(start) < patience+time.Duration(queued/limit*3)*time.Second {
		begin := time.Now()
		sender.Single(t.Context(), true)
		answers = append(answers, time.Since(begin))
		pause(t.Context(), 50*time.Millisecond)
	}
	s.close()
	most, at := busiest(t, filepath.Join(s.dir, "carrier-twilio.log"))
	t.Logf("%d messages went out in %v", queued, time.Since(start).Round(time.Second))
	figure(t, most <= limit*105/100, fmt.Sprintf("most hand-overs within one second: %d at %s; the limit is %d", most, at.Format("15:04:05.000"), limit))
	atMost(t, "99 of 100 sends beside it answered within", percentile(answers, 99), 500*time.Millisecond)
	if queued < 1000*s.size {
		t.Errorf("%d messages waited, want %d", queued, 1000*s.size)
	}
}

// busiest is how many submissions reached a carrier within one second, at most, and when that second began.
func busiest(t *testing.T, ledger string) (most int, at time.Time) {
	t.Helper()
	var times []time.Time
	for e, err := range carrier.ReadLedger(ledger) {
		must(t, err)
		if e.Kind == carrier.Submission {
			times = append(times, e.At)
		}
	}
	first := 0
	for i := range times {
		for times[i].Sub(times[first]) >= time.Second {
			first++
		}
		if n := i - first + 1; n > most {
			most, at = n, times[first]
		}
	}
	return most, at
}
