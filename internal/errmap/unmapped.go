package errmap

import (
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Unmapped counts the codes that no table has and tells each once a day, so that somebody adds it. It
// is safe for concurrent use.
type Unmapped struct {
	log   *slog.Logger
	now   func() time.Time
	count *prometheus.CounterVec

	mu   sync.Mutex
	day  string
	told map[[2]string]struct{}
}

// maxTold bounds what is remembered of a day.
const maxTold = 10_000

// NewUnmapped returns an [Unmapped]. metrics and now may be nil.
func NewUnmapped(log *slog.Logger, metrics prometheus.Registerer, now func() time.Time) *Unmapped {
	if now == nil {
		now = time.Now
	}
	u := &Unmapped{log: log, now: now, count: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "smsir_unmapped_codes_total", Help: "Answers and reports with a provider's code that no table has, by kind of provider.",
	}, []string{"kind"})}
	if metrics != nil {
		metrics.MustRegister(u.count)
	}
	return u
}

// Tell counts a code of a kind of provider and logs it, the first time on each day.
func (u *Unmapped) Tell(kind, code, text string) {
	u.count.WithLabelValues(kind).Inc()
	day := u.now().UTC().Format(time.DateOnly)
	u.mu.Lock()
	if u.day != day || len(u.told) >= maxTold {
		u.day, u.told = day, map[[2]string]struct{}{}
	}
	key := [2]string{kind, code}
	_, again := u.told[key]
	u.told[key] = struct{}{}
	u.mu.Unlock()
	if !again {
		u.log.Warn("a provider's code is in no table; it is treated as its answer suggests", "kind", kind, "code", code, "text", text)
	}
}
