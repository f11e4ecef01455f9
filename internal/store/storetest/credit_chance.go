package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/smsir/smsir"
)

// testCreditByChance: whatever happens to messages in whatever order, the ledger adds up at every step, and in the end nothing
// is held.
func testCreditByChance(b *bench) {
	for seed := range uint64(4) {
		b.chance(rand.New(rand.NewPCG(seed, 17))) //nolint:gosec // the same lives every time
	}
}

func (b *bench) chance(r *rand.Rand) {
	b.mustGrant(40)
	type life struct {
		m        *smsir.Message
		attempts []smsir.ID
	}
	var lives []*life
	failure := &smsir.Failure{Class: smsir.ClassRetry, Code: "no", Text: "no"}
	references := 0
	for range 120 {
		if len(lives) == 0 || r.IntN(6) == 0 {
			m := b.message(func(m *smsir.Message) { m.OnUnknown = smsir.OnUnknown(r.IntN(2)) }) //nolint:gosec // small
			if all, err := b.acceptFor(int64(r.IntN(4)), 0, m); err == nil {
				lives = append(lives, &life{m: all[0]})
			} else if smsir.CodeOf(err) != smsir.CodeNoCredit {
				b.Fatal(err)
			}
			continue
		}
		l := lives[r.IntN(len(lives))]
		switch r.IntN(8) {
		case 0, 1:
			if attempt, ok := b.intend(l.m); ok {
				l.attempts = append(l.attempts, attempt)
			} else if list, err := b.claim(b.now(), 100); err == nil {
				for _, m := range list {
					for _, other := range lives {
						if other.m.ID == m.ID {
							other.m = m
						}
					}
				}
			}
		case 2, 3, 4:
			if len(l.attempts) == 0 {
				continue
			}
			references++
			o := accepted(fmt.Sprint(b.ws, references))
			o.Failover = true
			switch r.IntN(5) {
			case 0:
				o = smsir.Outcome{State: smsir.AttemptRefused, Class: smsir.ClassPermanent, Error: failure}
			case 1:
				o = smsir.Outcome{State: smsir.AttemptNotSent, Class: smsir.ClassRetry, RetryAt: b.now(), Error: failure}
			case 2:
				o = smsir.Outcome{State: smsir.AttemptUnknown, RetryAt: b.now().Add(time.Minute), Error: failure}
			}
			b.finish(l.attempts[len(l.attempts)-1], l.m.ID, o)
		case 5, 6:
			if len(l.attempts) == 0 {
				continue
			}
			status := []smsir.Status{smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Undelivered, smsir.Expired}[r.IntN(5)]
			_, err := b.st.StoreReceipt(ctx, smsir.Receipt{
				Provider: b.provider, Attempt: l.attempts[r.IntN(len(l.attempts))], Status: status, NonSend: status == smsir.Undelivered && r.IntN(2) == 0, Error: failure, ArrivedAt: b.now(),
			})
			if err != nil {
				b.Fatal(err)
			}
		case 7:
			if r.IntN(3) == 0 {
				if _, _, err := b.st.Cancel(ctx, b.ws, l.m.ID, smsir.Actor{}, b.now()); err != nil {
					b.Fatal(err)
				}
				continue
			}
			b.wait(time.Duration(r.IntN(3)) * time.Minute)
			b.tick()
		}
	}
	now, err := b.st.Credit(ctx, b.ws)
	if err != nil {
		b.Fatal(err)
	}
	b.ledger(now.Balance, now.Held)
	b.crash()
	if _, _, err := b.st.Recover(ctx, b.now(), b.now().Add(time.Minute)); err != nil {
		b.Fatal(err)
	}
	for range 8 { // the clock alone ends every message
		b.wait(5 * 24 * time.Hour)
		for b.tick().More {
		}
		for _, l := range lives {
			if err := b.st.Look(ctx, l.m.ID, time.Time{}); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, l := range lives {
		if m, err := b.st.Message(ctx, b.ws, l.m.ID); err != nil || !m.Final {
			b.Errorf("not over: %+v, %v", m, err)
		}
	}
	if now, err = b.st.Credit(ctx, b.ws); err != nil {
		b.Fatal(err)
	}
	b.ledger(now.Balance, 0)
}
