package account

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

func never() bool { return false }

// attack tries as often as it is let, from start on for d, and returns how many checks were let through. It never
// succeeds.
func attack(t *testing.T, s *slowdown, email string, ip netip.Addr, from time.Time, d time.Duration) int {
	t.Helper()
	checks := 0
	for now := from; now.Before(from.Add(d)); {
		_, wait := s.begin(email, ip, now, never)
		if wait == 0 {
			checks++
			continue
		}
		if wait < 0 || wait > time.Minute {
			t.Fatalf("wait of %s, want at most a minute", wait)
		}
		now = now.Add(wait)
	}
	return checks
}

func TestGuessingIsPaced(t *testing.T) {
	t.Parallel()
	ip := netip.MustParseAddr("192.0.2.1")
	for _, c := range []struct {
		d        time.Duration
		min, max int
	}{{time.Minute, 5, 10}, {time.Hour, 20, 75}, {24 * time.Hour, 1000, 1460}} {
		if got := attack(t, newSlowdown(), "ada@example.com", ip, start, c.d); got < c.min || got > c.max {
			t.Errorf("checks in %s: got %d, want %d to %d", c.d, got, c.min, c.max)
		}
	}
}

// TestNoMinuteHasMoreThanTenChecks slides a window over an attack that pauses now and then.
func TestNoMinuteHasMoreThanTenChecks(t *testing.T) {
	t.Parallel()
	s, ip := newSlowdown(), netip.MustParseAddr("192.0.2.1")
	var checks []time.Time
	now := start
	for _, pause := range []time.Duration{0, time.Minute, 14 * time.Minute, 15 * time.Minute, 16 * time.Minute} {
		now = now.Add(pause)
		for end := now.Add(3 * time.Minute); now.Before(end); {
			if _, wait := s.begin("ada@example.com", ip, now, never); wait > 0 {
				now = now.Add(wait)
			} else {
				checks = append(checks, now)
			}
		}
	}
	for i := range checks {
		if i >= 10 && checks[i].Sub(checks[i-10]) < time.Minute {
			t.Errorf("eleven checks between %s and %s", checks[i-10], checks[i])
		}
	}
	if len(checks) < 20 {
		t.Errorf("only %d checks in all: pauses are not forgiven", len(checks))
	}
}

func TestOthersAreNotSlowed(t *testing.T) {
	t.Parallel()
	s := newSlowdown()
	attacker := netip.MustParseAddr("192.0.2.1")
	attack(t, s, "ada@example.com", attacker, start, 10*time.Second)
	for _, c := range []struct{ email, ip string }{{"ada@example.com", "192.0.2.2"}, {"bob@example.com", "192.0.2.1"}} {
		if _, wait := s.begin(c.email, netip.MustParseAddr(c.ip), start.Add(10*time.Second), never); wait > 0 {
			t.Errorf("%s from %s waits %s because of an attack on ada@example.com from %s", c.email, c.ip, wait, attacker)
		}
	}
}

// TestAttackFromManyAddresses slows the account for strangers, but not for an address that has signed in before.
func TestAttackFromManyAddresses(t *testing.T) {
	t.Parallel()
	s := newSlowdown()
	known, fallback := netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("198.51.100.2")
	c, _ := s.begin("ada@example.com", known, start, never)
	c.succeed(start)

	let := 0
	for i := range 200 {
		ip := netip.AddrFrom4([4]byte{203, 0, 113, byte(i)})
		if _, wait := s.begin("Ada@Example.com", ip, start.Add(time.Second), never); wait == 0 {
			let++
		}
	}
	if let < 15 || let > 25 {
		t.Errorf("200 addresses at once: %d checks let through, want about 20", let)
	}
	now := start.Add(time.Second)
	if _, wait := s.begin("ada@example.com", netip.MustParseAddr("203.0.113.250"), now, never); wait == 0 {
		t.Error("a stranger is not slowed while the account is attacked")
	}
	if _, wait := s.begin("ada@example.com", known, now, never); wait > 0 {
		t.Errorf("the known device waits %s while the account is attacked", wait)
	}
	if _, wait := s.begin("ada@example.com", fallback, now, func() bool { return true }); wait > 0 {
		t.Errorf("a device with a live session waits %s while the account is attacked", wait)
	}
	if _, wait := s.begin("ada@example.com", netip.MustParseAddr("203.0.113.251"), now.Add(time.Minute), never); wait > 0 {
		t.Errorf("a stranger waits %s a minute later: that is a lock", wait)
	}
}

func TestOnePasswordOnManyAccounts(t *testing.T) {
	t.Parallel()
	s, ip := newSlowdown(), netip.MustParseAddr("2001:db8::1")
	let := 0
	for i := range 500 {
		// The attacker's addresses are all of one /64.
		ip = ip.Next()
		if _, wait := s.begin(fmt.Sprintf("user%d@example.com", i), ip, start, never); wait == 0 {
			let++
		}
	}
	if let < 50 || let > 70 {
		t.Errorf("500 accounts from one network: %d checks let through, want about 60", let)
	}
	if _, wait := s.begin("ada@example.com", netip.MustParseAddr("2001:db8:0:1::1"), start, never); wait > 0 {
		t.Errorf("another /64 waits %s", wait)
	}
}

func TestSuccessForgets(t *testing.T) {
	t.Parallel()
	s, ip := newSlowdown(), netip.MustParseAddr("192.0.2.1")
	for i := range 1000 {
		c, wait := s.begin("ada@example.com", ip, start, never)
		if wait > 0 {
			t.Fatalf("after %d right passwords: wait %s", i, wait)
		}
		c.succeed(start)
	}
	for i := range 1000 {
		c, wait := s.begin("bob@example.com", ip, start, never)
		if wait > 0 {
			t.Fatalf("after %d checks that did not take place: wait %s", i, wait)
		}
		c.drop()
	}
}

// TestRefusedChecksCostNothing: waiting callers that come back too early do not make the wait longer.
func TestRefusedChecksCostNothing(t *testing.T) {
	t.Parallel()
	s, ip := newSlowdown(), netip.MustParseAddr("192.0.2.1")
	var first time.Duration
	for range 100 {
		if _, wait := s.begin("ada@example.com", ip, start, never); wait > 0 {
			if first == 0 {
				first = wait
			} else if wait != first {
				t.Fatalf("the wait grew from %s to %s by asking", first, wait)
			}
		}
	}
	if _, wait := s.begin("ada@example.com", ip, start.Add(first), never); wait > 0 {
		t.Errorf("after the wait of %s: %s more", first, wait)
	}
	if _, wait := s.begin("ada@example.com", ip, start.Add(-time.Hour), never); wait > time.Minute {
		t.Errorf("after the clock was set back: wait %s, want a minute at most", wait)
	}
}

func TestSlowdownIsBounded(t *testing.T) {
	t.Parallel()
	p := &pace{free: 2, most: time.Minute, forget: time.Hour}
	for range 10 {
		p.take("target", start)
	}
	for i := range maxTracked + 5000 {
		p.take(fmt.Sprint(i), start.Add(time.Minute))
	}
	if len(p.entries) > maxTracked {
		t.Errorf("%d entries, want at most %d", len(p.entries), maxTracked)
	}
	if p.entries["target"] == nil {
		t.Error("a flood of other keys makes an attacked one forgotten")
	}
	p.take("later", start.Add(2*time.Hour))
	if len(p.entries) != 1 {
		t.Errorf("%d entries after all were forgotten, want 1", len(p.entries))
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ wait, want time.Duration }{
		{time.Millisecond, time.Second}, {time.Second, time.Second}, {1500 * time.Millisecond, 2 * time.Second}, {time.Minute, time.Minute},
	} {
		err := slowDown(c.wait)
		if got := RetryAfter(fmt.Errorf("login: %w", err)); got != c.want {
			t.Errorf("RetryAfter of %s: got %s, want %s", c.wait, got, c.want)
		}
		if smsir.CodeOf(err) != CodeSlowDown {
			t.Errorf("code: got %q", smsir.CodeOf(err))
		}
	}
	for _, err := range []error{nil, errors.New("x"), credentialsWrong("")} {
		if got := RetryAfter(err); got != 0 {
			t.Errorf("RetryAfter(%v): got %s, want 0", err, got)
		}
	}
}
