package dispatch

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// TestBucketKeepsItsRate: over any time no more starts than the rate and one burst allow, and no less
// than the rate while somebody waits.
func TestBucketKeepsItsRate(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		rate     float64
		segments int
	}{{1, 1}, {1, 3}, {0.5, 1}, {10, 1}, {250, 2}} {
		b := bucket{rate: tc.rate}
		now, sent := start, 0
		for now.Sub(start) < time.Minute {
			if pause := b.wait(now); pause > 0 {
				now = now.Add(pause)
				continue
			}
			b.spend(now, tc.segments)
			sent += tc.segments
		}
		if most, least := 60*tc.rate+max(1, tc.rate/10)+float64(tc.segments), 60*tc.rate*0.98; float64(sent) > most || float64(sent) < least {
			t.Errorf("rate %v with %d segments: %d in a minute, want %v to %v", tc.rate, tc.segments, sent, least, most)
		}
	}
}

// TestThrottleHalvesAndRecovers: one wave of refusals halves the rate once; it grows back by steps.
func TestThrottleHalvesAndRecovers(t *testing.T) {
	t.Parallel()
	p := newPace(100)
	now := start
	for range 100 {
		if p.wait(now) > 0 {
			now = now.Add(10 * time.Millisecond)
		}
		p.spend(now, 1)
	}
	began := now
	for range 20 {
		p.throttled(now, began, 0)
	}
	if p.rate < 20 || p.rate > 50 || p.pause != time.Second {
		t.Errorf("after one wave: rate %v, pause %v; want a half of at most 100, and one second", p.rate, p.pause)
	}
	if pause := p.wait(now); pause != time.Second {
		t.Errorf("waits %v, want 1 s", pause)
	}
	low := p.rate
	now = now.Add(2 * time.Second)
	p.wait(now)
	if p.rate <= low || p.rate >= 2*low {
		t.Errorf("a second after the pause the rate is %v, was %v; want a little more", p.rate, low)
	}
	now = now.Add(time.Minute)
	p.wait(now)
	if p.rate != 100 || !p.cut.IsZero() {
		t.Errorf("after a minute without a throttle the rate is %v, want 100", p.rate)
	}
	if until := p.throttled(now, now, 90*time.Second); until.Sub(now) != 90*time.Second {
		t.Errorf("asked to wait 90 s, waits %v", until.Sub(now))
	}
	open := newPace(0)
	open.spend(now, 40)
	open.throttled(now, now, 0)
	if open.rate != 20 {
		t.Errorf("without a limit of its own: rate %v after 40 in a second, want 20", open.rate)
	}
	now = now.Add(time.Hour)
	if open.wait(now); open.rate != 0 {
		t.Errorf("still limited to %v after an hour", open.rate)
	}
}

func TestBreaker(t *testing.T) {
	t.Parallel()
	why := &smsir.Failure{Code: "dial_failed"}
	var b breaker
	now := start
	for i := range 5 {
		if opened := b.failed(now, why, 0); opened != (i == 4) {
			t.Fatalf("failure %d opened it: %v", i+1, opened)
		}
	}
	if n := b.slots(now, 32); n != 0 {
		t.Errorf("%d slots while it rests", n)
	}
	b.failed(now, why, 0)
	b.answered(now, 32)
	if !b.open || b.until.Sub(now) != 10*time.Second {
		t.Errorf("what was under way moved it: open %v, until %v", b.open, b.until.Sub(now))
	}
	for _, pause := range []int{10, 20, 30, 30, 30} {
		if got := b.until.Sub(now); got != time.Duration(pause)*time.Second {
			t.Errorf("rests %v, want %v s", got, pause)
		}
		now = b.until
		if n := b.slots(now, 32); n != 1 {
			t.Errorf("%d probes at once", n)
		}
		b.failed(now, why, 0)
	}
	now = b.until
	if !b.answered(now, 4) || b.open {
		t.Fatal("an answered probe does not close it")
	}
	for _, want := range []int{1, 2, 3, 4} {
		if n := b.slots(now, 4); n != want {
			t.Errorf("slow start: %d slots, want %d", n, want)
		}
		b.answered(now, 4)
	}
	b = breaker{}
	opened := 0
	for i := range 40 { // every second one fails: never five in a row
		if i%2 == 0 {
			b.answered(now, 4)
		} else if b.failed(now, why, 0) {
			opened++
		}
	}
	if opened != 1 {
		t.Errorf("half of twenty failing opened it %d times, want once", opened)
	}
	b = breaker{}
	if !b.misconfigured(now, why, 0) || !b.config || b.misconfigured(now, why, 0) {
		t.Error("refused settings open it, once")
	}
	now = b.until
	if b.misconfigured(now, why, 0) || b.until.Sub(now) != time.Minute {
		t.Errorf("the probe is refused too: rests %v, want a minute and no second alert", b.until.Sub(now))
	}
}

// TestFairTakesTurns: workspaces take turns, and so do senders that have a pace of their own.
func TestFairTakesTurns(t *testing.T) {
	t.Parallel()
	var f fair
	push := func(ws byte, sender string, n int) {
		for i := range n {
			f.push(job{Message: &smsir.Message{Workspace: smsir.UUID{ws}, From: sender, Text: fmt.Sprint(ws, sender, i)}}, sender)
		}
	}
	push(1, "", 3)
	push(2, "a", 2)
	push(2, "b", 1)
	push(3, "slow", 2)
	wait := func(sender string) time.Duration {
		if sender == "slow" {
			return time.Second
		}
		return 0
	}
	var got []string
	for {
		m, pause := f.pop(wait)
		if m.Message == nil {
			if pause != time.Second || f.n != 2 {
				t.Errorf("waits %v for %d, want a second for 2", pause, f.n)
			}
			break
		}
		got = append(got, m.Text)
	}
	if want := []string{"10", "2a0", "11", "2b0", "12", "2a1"}; !slices.Equal(got, want) {
		t.Errorf("order %q, want %q", got, want)
	}
	if left := f.takeAll(); len(left) != 2 || f.n != 0 {
		t.Errorf("took %d, %d left", len(left), f.n)
	}
}

// TestRoomKeepsPlaceForOthers: whatever one queue or class holds, another may hold its floor.
func TestRoomKeepsPlaceForOthers(t *testing.T) {
	t.Parallel()
	r := newRoom(20_000)
	line := func(ws byte, c smsir.Class) store.Line { return store.Line{Workspace: smsir.UUID{ws}, Class: c} }
	fill := func(l store.Line) int {
		n := r.free(l)
		r.take(l, n)
		return n
	}
	if n := fill(line(1, smsir.Bulk)); n != 5000 {
		t.Errorf("one queue holds %d, want a quarter", n)
	}
	for ws := byte(2); ws < 20; ws++ {
		fill(line(ws, smsir.Bulk))
	}
	if n := fill(line(1, smsir.OTP)); n != 5000 {
		t.Errorf("bulk left %d for OTPs, want 5000", n)
	}
	for ws := byte(2); ws < 20; ws++ {
		fill(line(ws, smsir.OTP))
	}
	for _, c := range smsir.ByUrgency() {
		if n := fill(line(99, c)); n != floor {
			t.Errorf("a latecomer of class %v holds %d, want %d", c, n, floor)
		}
	}
	late := line(99, smsir.Bulk)
	r.refused(late)
	if r.give(line(1, smsir.Bulk), 1) {
		t.Error("woken when another queue gave a little")
	}
	if r.give(late, floor/2-1) || !r.give(late, 1) {
		t.Error("not woken exactly when half of its floor was free")
	}
	r.refused(line(98, smsir.Bulk)) // for the bulk of all
	woken := 0
	for range 14_000 {
		if r.give(line(1, smsir.OTP), 1) {
			woken++
		}
	}
	if woken != 1 {
		t.Errorf("woken %d times when there was room for bulk again, want once", woken)
	}
}

// TestGateSpacesWhatAStallHeldBack: hand-overs whose intents waited together leave one after the other, at most a twentieth
// above the rate in any second, and nothing waits while there is room.
func TestGateSpacesWhatAStallHeldBack(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{1, 10, 400, 3000} {
		var g gate
		var left []time.Time
		now := start
		for now.Sub(start) < 5*time.Second {
			for range max(int(rate/4), 1) { // paced for this quarter of a second, and held back until its end
				left = append(left, now.Add(g.wait(now, rate, 1)))
			}
			now = now.Add(max(250*time.Millisecond, time.Duration(float64(time.Second)/rate)))
		}
		first, most := 0, 0
		for i := range left {
			for left[i].Sub(left[first]) >= time.Second {
				first++
			}
			most = max(most, i-first+1)
		}
		if limit := max(rate*1.05, rate+1); float64(most) > limit {
			t.Errorf("rate %v: %d left within one second", rate, most)
		}
		if late := left[len(left)-1].Sub(now); late > 0 {
			t.Errorf("rate %v: the last one left %v after the next were due", rate, late)
		}
	}
	g := gate{next: start.Add(time.Hour)} // the rate was far lower
	if wait := g.wait(start, 100, 1); wait > gateMost {
		t.Errorf("held back for %v", wait)
	}
	if wait := (&gate{}).wait(start, 0, 1); wait != 0 {
		t.Errorf("held back for %v without a limit", wait)
	}
}
