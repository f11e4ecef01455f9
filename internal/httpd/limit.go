package httpd

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// limiter holds one token bucket for each caller that sends. A bucket that has been full for a while
// is forgotten: a new one would be full too.
type limiter struct {
	rate    Rate
	limit   []string // of the header
	mu      sync.Mutex
	buckets map[smsir.UUID]*bucket
	swept   time.Time
}

type bucket struct {
	limiter *rate.Limiter
	used    time.Time
}

// sweepEvery is how often idle buckets are looked for.
const sweepEvery = 5 * time.Minute

func newLimiter(r Rate) *limiter {
	if r.PerSecond <= 0 || r.Burst <= 0 {
		r = DefaultSendRate
	}
	return &limiter{rate: r, limit: []string{strconv.Itoa(r.Burst)}, buckets: map[smsir.UUID]*bucket{}}
}

// limitedError is a caller that sends too fast.
type limitedError struct {
	err  *smsir.Error // what the caller sees
	wait time.Duration
}

func (e *limitedError) Error() string { return e.err.Error() }

func (e *limitedError) Unwrap() error { return e.err }

// take counts n messages of a caller and tells the bucket in the RateLimit headers.
func (l *limiter) take(h http.Header, caller smsir.UUID, now time.Time, n int) error {
	b := l.bucket(caller, now)
	ok := b.AllowN(now, n)
	left := max(0, b.TokensAt(now))
	full := math.Ceil((float64(l.rate.Burst) - left) / l.rate.PerSecond)
	is := [...]string{strconv.Itoa(int(left)), strconv.Itoa(int(full))}
	h["Ratelimit-Limit"], h["Ratelimit-Remaining"], h["Ratelimit-Reset"] = l.limit, is[:1:1], is[1:]
	if ok {
		return nil
	}
	wait := time.Duration(math.Ceil((float64(n)-left)/l.rate.PerSecond)) * time.Second
	wait = max(wait, time.Second)
	return &limitedError{wait: wait, err: smsir.Errorf(api.CodeRateLimited,
		"This caller may send %s messages a second. Wait %d seconds.", fmt.Sprint(l.rate.PerSecond), int(wait/time.Second))}
}

func (l *limiter) bucket(caller smsir.UUID, now time.Time) *rate.Limiter {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now.Sub(l.swept) > sweepEvery {
		l.swept = now
		for id, b := range l.buckets {
			if now.Sub(b.used) > sweepEvery && b.limiter.TokensAt(now) >= float64(l.rate.Burst) {
				delete(l.buckets, id)
			}
		}
	}
	b := l.buckets[caller]
	if b == nil {
		b = &bucket{limiter: rate.NewLimiter(rate.Limit(l.rate.PerSecond), l.rate.Burst)}
		l.buckets[caller] = b
	}
	b.used = now
	return b.limiter
}
