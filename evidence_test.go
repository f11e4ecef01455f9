package smsir_test

import (
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"pgregory.net/rapid"
)

// TestReceiptsWithDuplicates: of any receipts in any order, with any of them repeated, the first final one decides, for good.
// Another final one stands beside it as late, and nothing else changes the message or makes an event.
func TestReceiptsWithDuplicates(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		kinds := rapid.SliceOfN(rapid.SampledFrom([]smsir.Status{smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Expired}), 1, 12).Draw(rt, "receipts")
		answer := rapid.IntRange(0, len(kinds)).Draw(rt, "answer after")
		m := newMessage(0, smsir.Hold)
		m.Accept(t0, false)
		m.Intend(t0, smsir.UUID{1})
		events := 0
		for i, s := range kinds {
			if i == answer {
				m.Finish(t0, 1, t0, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r"}})
			}
			events += len(m.Receipt(t0, 1, &smsir.Receipt{Status: s}))
		}
		first := slices.IndexFunc(kinds, smsir.Status.AlwaysFinal)
		switch {
		case first < 0:
			if m.Final || m.Status != smsir.Sent {
				rt.Fatalf("%v: %v, want sent", kinds, m.State())
			}
		case !m.Final || m.Status != kinds[first]:
			rt.Fatalf("%v, answer after %d: %v, want %v for good", kinds, answer, m.State(), kinds[first])
		}
		others := map[smsir.Status]bool{}
		for _, s := range kinds[max(first, 0):] {
			if first >= 0 && s.AlwaysFinal() && s != kinds[first] {
				others[s] = true
			}
		}
		if (m.LateReceipt != nil) != (len(others) > 0) || m.LateReceipt != nil && !others[m.LateReceipt.Status] {
			rt.Fatalf("%v: the late receipt is %+v, contradictions are %v", kinds, m.LateReceipt, others)
		}
		if len(others) == 0 && events > 2 {
			rt.Fatalf("%v: %d events of receipts, want at most sent and one end", kinds, events)
		}
	})
}

// TestBackoff: it grows with the attempts and stays within a fifth of its steps.
func TestBackoff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(-3, 100).Draw(rt, "attempts")
		jitter := rapid.Float64Range(0, 0.999999).Draw(rt, "jitter")
		got, middle := smsir.Backoff(n, jitter), smsir.Backoff(n, 0.5)
		if got < middle*4/5-time.Millisecond || got > middle*6/5+time.Millisecond || got < 4*time.Second || got > 72*time.Minute {
			rt.Fatalf("after %d attempts with jitter %v: %v around %v", n, jitter, got, middle)
		}
		if next := smsir.Backoff(n+1, 0.5); next < middle {
			rt.Fatalf("after %d attempts %v, after one more %v", n, middle, next)
		}
	})
}

// TestRetriesKeepWithinTheValidity: a refusal that may be tried again waits for exactly as long as it was told to, never beyond the
// validity, and MaxAttempts times at most; what cannot is over.
func TestRetriesKeepWithinTheValidity(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
		m := smsir.Message{ID: 1, ExpiresAt: now.Add(time.Duration(rapid.IntRange(60, 4*86400).Draw(rt, "validity in seconds")) * time.Second)}
		m.Accept(now, false)
		for tries := 1; !m.Final; tries++ {
			if _, ok := m.Intend(now, smsir.UUID{1}); !ok {
				if now.Before(m.ExpiresAt) {
					rt.Fatalf("no attempt %d at %v, within the validity until %v: %v", tries, now, m.ExpiresAt, m.State())
				}
				return
			}
			begun := now
			now = now.Add(time.Duration(rapid.IntRange(0, 60_000).Draw(rt, "answered after ms")) * time.Millisecond)
			wait := max(smsir.Backoff(m.Attempts, rapid.Float64Range(0, 0.999).Draw(rt, "jitter")), time.Duration(rapid.IntRange(0, 7200).Draw(rt, "Retry-After"))*time.Second)
			m.Finish(now, m.Tries, begun, smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAt: now.Add(wait)})
			again := now.Add(wait)
			switch {
			case tries >= smsir.MaxAttempts:
				if m.Status != smsir.Failed || !m.Final {
					rt.Fatalf("after %d attempts it is %v", tries, m.State())
				}
			case !again.Before(m.ExpiresAt):
				if m.Status != smsir.Expired || !m.Final {
					rt.Fatalf("with the next attempt at %v, behind its validity until %v, it is %v", again, m.ExpiresAt, m.State())
				}
			case m.Status != smsir.Queued || !m.NextAt.Equal(again):
				rt.Fatalf("it is %v and next at %v, want queued and %v", m.State(), m.NextAt, again)
			}
			now = m.NextAt
		}
	})
}
