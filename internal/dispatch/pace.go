package dispatch

import "time"

// bucket is a token bucket that counts segments. It may run into debt by one message, so that a long
// one is not refused for ever, and holds no more than a tenth of a second's worth: an upstream that
// allows ten a second counts them in windows of its own.
type bucket struct {
	rate   float64 // segments a second; 0 for no limit
	tokens float64
	at     time.Time
}

const (
	burstTime = 100 * time.Millisecond
	// minPause keeps rounding from making a pump turn for nothing.
	minPause = time.Millisecond
)

func (b *bucket) burst() float64 { return max(1, b.rate*burstTime.Seconds()) }

func (b *bucket) fill(now time.Time) {
	burst := b.burst()
	if b.at.IsZero() {
		b.tokens, b.at = burst, now
		return
	}
	if past := now.Sub(b.at); past > 0 {
		b.tokens, b.at = min(burst, b.tokens+b.rate*past.Seconds()), now
	}
}

// wait is how long until a message may start.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.rate <= 0 {
		return 0
	}
	b.fill(now)
	if b.tokens >= 1 {
		return 0
	}
	return max(time.Duration((1-b.tokens)/b.rate*float64(time.Second)), minPause)
}

func (b *bucket) spend(now time.Time, segments int) {
	if b.rate > 0 {
		b.fill(now)
		b.tokens -= float64(segments)
	}
}

// refund gives back what a message has spent that did not start.
func (b *bucket) refund(now time.Time, segments int) {
	if b.rate > 0 {
		b.fill(now)
		b.tokens = min(b.tokens+float64(segments), b.burst())
	}
}

// gate spaces hand-overs once more, at the wire: what was paced when its slot was taken would otherwise leave all at once behind
// a commit that took long.
type gate struct {
	next time.Time // when the next one would be right on time
}

const (
	gateSlack = 20 * time.Millisecond // how much too early one may be, at most
	gateMost  = time.Second           // how long one is held back at most, such as after the rate has fallen
)

// wait is how long a hand-over waits for its turn, which it takes.
func (g *gate) wait(now time.Time, rate float64, segments int) time.Duration {
	if rate <= 0 {
		return 0
	}
	at := now
	if g.next.After(now) {
		at = g.next
		if latest := now.Add(gateMost); at.After(latest) {
			at = latest
		}
	}
	g.next = at.Add(time.Duration(float64(segments) / rate * float64(time.Second)))
	return max(at.Sub(now)-gateSlack, 0)
}

// pace is how fast a provider is given segments: at most as fast as its settings say, and slower after
// it asked for that. Its rate is halved by a throttle and recovers by a tenth of what it was, each
// second without another one (additive increase, multiplicative decrease).
type pace struct {
	bucket
	ceiling float64   // as configured, segments a second; 0 for none
	ref     float64   // the rate at the last cut
	cut     time.Time // when; what started before it says nothing new
	grown   time.Time // since when the rate has not grown
	gate    gate
	pause   time.Duration
	until   time.Time // nothing starts before it, because the provider asked for a pause
	meter   meter
}

// Bounds of what a throttle makes of the rate and of the pause when the provider does not say how long.
const (
	minRate       = 0.5
	firstThrottle = time.Second
	maxThrottle   = time.Minute
	longThrottle  = 10 * time.Second // the fifth in a row, when the provider does not say how long
	maxAsked      = 24 * time.Hour
)

func newPace(rate float64) pace { return pace{bucket: bucket{rate: rate}, ceiling: rate} }

// wait is how long until a message may start.
func (p *pace) wait(now time.Time) time.Duration {
	if pause := p.until.Sub(now); pause > 0 {
		return pause
	}
	p.recover(now)
	return p.bucket.wait(now)
}

func (p *pace) spend(now time.Time, segments int) {
	p.meter.add(now, segments)
	p.bucket.spend(now, segments)
}

// throttled is told of a refusal for going too fast, of an attempt that started at started. It says
// until when to wait.
func (p *pace) throttled(now, started time.Time, asked time.Duration) time.Time {
	if !started.After(p.cut) {
		return p.until // one of those that were under way at the last cut
	}
	p.pause = min(max(2*p.pause, firstThrottle), maxThrottle)
	pause := p.pause
	if asked > 0 {
		pause = min(asked, maxAsked)
	}
	p.until = now.Add(pause)
	p.ref = p.meter.rate(now)
	if p.rate > 0 {
		p.ref = min(p.ref, p.rate)
	}
	p.ref = max(p.ref, minRate)
	p.fill(now)
	p.rate = max(p.ref/2, minRate)
	p.tokens = min(p.tokens, 1)
	p.cut, p.grown = now, p.until
	return p.until
}

// recover lets the rate grow.
func (p *pace) recover(now time.Time) {
	steps := int(now.Sub(p.grown) / time.Second)
	if p.cut.IsZero() || steps < 1 {
		return
	}
	p.fill(now)
	p.grown = p.grown.Add(time.Duration(steps) * time.Second)
	p.rate += float64(steps) * max(p.ref/10, minRate)
	switch {
	case p.ceiling > 0 && p.rate >= p.ceiling:
		p.rate, p.cut = p.ceiling, time.Time{}
	case p.ceiling == 0 && p.rate >= 4*p.ref:
		p.rate, p.cut = 0, time.Time{} // four times what was too fast: it is as before
	}
}

// long reports whether the pause is so long, or the latest of so many with nothing taken in between, that who has another
// provider should not wait for it.
func (p *pace) long() bool {
	return p.pause > longThrottle || p.until.Sub(p.cut) > longThrottle
}

// answered is told of an attempt that was not throttled.
func (p *pace) answered(started time.Time) {
	if !started.Before(p.until) {
		p.pause = 0
	}
}

// meter measures segments a second over the last seconds.
type meter struct {
	second [meterSeconds]int64
	n      [meterSeconds]int
}

const meterSeconds = 5

func (m *meter) add(now time.Time, n int) {
	s := now.Unix()
	i := s % meterSeconds
	if m.second[i] != s {
		m.second[i], m.n[i] = s, 0
	}
	m.n[i] += n
}

// rate is the most that was started in one of the last seconds.
func (m *meter) rate(now time.Time) float64 {
	most := 0
	for i, s := range m.second {
		if now.Unix()-s < meterSeconds {
			most = max(most, m.n[i])
		}
	}
	return float64(most)
}
