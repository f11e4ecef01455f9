package campaign

import (
	"context"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Progress is how far a campaign is.
type Progress struct {
	At        time.Time // when it was counted
	Waiting   int64     // recipients that are not messages yet, and messages that no provider has
	Sent      int64     // handed over; no receipt yet, or none to come
	Delivered int64
	Failed    int64
	Blocked   int64
	Canceled  int64
	Skipped   int64
	Segments  int64
	PerMinute float64   // messages handed over a minute, lately
	Ends      time.Time // by that, when nothing waits any more; zero when nobody knows
}

// progress remembers the latest counts of campaigns, so that many who look at one do not make the store count for each.
type progress struct {
	mu    sync.Mutex
	known map[smsir.ID]*counted
}

type counted struct {
	mu       sync.Mutex
	at       time.Time
	cost     time.Duration
	counts   []store.BatchCount
	done     int64 // handed over
	perMin   float64
	sampleAt time.Time
}

const (
	countEvery  = 500 * time.Millisecond
	sampleEvery = 5 * time.Second
	maxKnown    = 1000
)

func (p *progress) of(batch smsir.ID) *counted {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.known == nil || len(p.known) > maxKnown {
		p.known = map[smsir.ID]*counted{}
	}
	k := p.known[batch]
	if k == nil {
		k = &counted{}
		p.known[batch] = k
	}
	return k
}

// cost is how long the counting of a batch took last.
func (p *progress) cost(batch smsir.ID) time.Duration {
	k := p.of(batch)
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cost
}

func (p *progress) forget(batch smsir.ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.known, batch)
}

// Progress counts a campaign's messages, at most twice a second and in a twentieth of the time.
func (s *Service) Progress(ctx context.Context, c *store.Campaign) (*Progress, error) {
	k := s.progress.of(c.Batch)
	k.mu.Lock()
	defer k.mu.Unlock()
	if now := s.now(); k.at.IsZero() || now.Sub(k.at) >= max(countEvery, loadShare*k.cost) {
		began := time.Now()
		counts, err := s.opt.Store.BatchCounts(ctx, c.Batch)
		if err != nil {
			return nil, err
		}
		k.counts, k.at, k.cost = counts, now, time.Since(began)
	}
	p := &Progress{At: k.at, Skipped: c.Skipped}
	var messages int64
	for _, n := range k.counts {
		messages += n.N
		p.Segments += n.Segments
		switch n.State.Status {
		case smsir.Scheduled, smsir.Queued, smsir.Sending:
			p.Waiting += n.N
		case smsir.Sent, smsir.Unknown:
			p.Sent += n.N
		case smsir.Delivered:
			p.Delivered += n.N
		case smsir.Undelivered, smsir.Expired, smsir.Failed:
			p.Failed += n.N
		case smsir.Blocked:
			p.Blocked += n.N
		case smsir.Canceled:
			p.Canceled += n.N
		}
	}
	if c.State == store.CampaignRunning || c.State == store.CampaignPaused {
		p.Waiting += max(c.Recipients-messages-c.Skipped, 0)
	}
	k.pace(c, p)
	return p, nil
}

// pace measures how fast messages are handed over: since some seconds ago, at first since the start.
func (k *counted) pace(c *store.Campaign, p *Progress) {
	if c.State != store.CampaignRunning || c.StartedAt.IsZero() {
		return
	}
	done := p.Sent + p.Delivered + p.Failed
	if k.sampleAt.IsZero() {
		k.sampleAt, k.done = c.StartedAt, 0
	}
	if past := k.at.Sub(k.sampleAt); past >= sampleEvery || k.perMin == 0 && past > time.Second {
		k.perMin = float64(done-k.done) / past.Minutes()
		k.sampleAt, k.done = k.at, done
	}
	if p.PerMinute = k.perMin; k.perMin > 0 && p.Waiting > 0 {
		p.Ends = k.at.Add(time.Duration(float64(p.Waiting) / k.perMin * float64(time.Minute)))
	}
}

// Failure is how many messages failed for one cause.
type Failure struct {
	Code string // of the provider's or our own error; otherwise the reason
	Text string // of one of them
	N    int64
}

// Failures are the causes for which messages of a campaign failed, the most frequent first.
func (s *Service) Failures(ctx context.Context, c *store.Campaign) ([]Failure, error) {
	rows, err := s.opt.Store.BatchFailures(ctx, c.Batch, 200)
	if err != nil {
		return nil, err
	}
	var out []Failure
	at := map[string]int{}
	for _, r := range rows {
		f := Failure{Code: string(r.Reason), N: r.N}
		if r.Error != nil {
			f.Text = r.Error.Text
			if r.Error.Code != "" {
				f.Code = r.Error.Code
			}
		}
		if i, ok := at[f.Code]; ok {
			out[i].N += f.N
			continue
		}
		at[f.Code] = len(out)
		out = append(out, f)
	}
	return out, nil
}
