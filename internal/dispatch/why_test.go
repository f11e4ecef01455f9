package dispatch_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/route"
)

// why asks why a message waits.
func (w *world) why(id smsir.ID) dispatch.Wait {
	w.Helper()
	synctest.Wait()
	m, err := w.st.Message(bg, w.ws, id)
	if err != nil {
		w.Fatal(err)
	}
	if m.Status != smsir.Queued {
		w.Errorf("it does not wait: %v", m.State())
	}
	return w.d.Why(bg, w.ws, []*smsir.Message{m})[id]
}

func (w *world) waits(id smsir.ID, code dispatch.WaitCode, provider byte, until time.Duration, part string) {
	w.Helper()
	got := w.why(id)
	left := time.Duration(0)
	if !got.Until.IsZero() {
		left = time.Until(got.Until)
	}
	if got.Code != code || got.Provider != (smsir.UUID{provider}) || left < until-time.Second || left > until+time.Second || !strings.Contains(got.Text, part) {
		w.Errorf("waits because of %s, provider %v, for %v: %q; want %s, %d, %v, %q", got.Code, got.Provider, left, got.Text, code, provider, until, part)
	}
}

func TestWhyItWaits(t *testing.T) {
	hang := func(ctx context.Context) (smsir.Accepted, error) { <-ctx.Done(); return smsir.Accepted{}, ctx.Err() }
	for name, tc := range map[string]struct {
		carrier *carrier
		change  func(*dispatch.Upstream)
		test    func(w *world)
	}{
		"window": {&carrier{always: hang}, nil, func(w *world) {
			for range 3 {
				w.send(to)
			}
			w.waits(w.send(to), dispatch.WaitWindow, 1, 0, "has not answered 3 earlier messages")
		}},
		"rate": {&carrier{}, func(u *dispatch.Upstream) { u.Rate = 0.1 }, func(w *world) {
			w.send(to)
			w.waits(w.send(to), dispatch.WaitRate, 1, 10*time.Second, "0.1 segments a second")
		}},
		"sender": {&carrier{}, func(u *dispatch.Upstream) { u.SenderRate = 0.1 }, func(w *world) {
			from := func(m *smsir.Message) { m.From = "Clinic" }
			w.send(to, from)
			w.waits(w.send(to, from), dispatch.WaitSenderRate, 1, 10*time.Second, "Clinic")
		}},
		"throttled": {scripted(fail(smsir.AttemptRefused, smsir.ClassThrottle, 40*time.Second)), nil, func(w *world) {
			w.send(to)
			time.Sleep(time.Second)
			w.waits(w.send(to), dispatch.WaitThrottled, 1, 39*time.Second, "slow down")
		}},
		"down": {&carrier{always: fail(smsir.AttemptNotSent, smsir.ClassRetry, 0)}, nil, func(w *world) {
			for range 6 {
				w.send(to)
			}
			time.Sleep(time.Second)
			w.waits(w.send("+12025550177"), dispatch.WaitDown, 1, 10*time.Second, "as scripted")
		}},
		"config": {&carrier{always: fail(smsir.AttemptRefused, smsir.ClassConfig, 0)}, nil, func(w *world) {
			id := w.send(to)
			time.Sleep(time.Second)
			w.waits(id, dispatch.WaitConfig, 1, 32*time.Second, "as scripted")
		}},
		"retry": {scripted(fail(smsir.AttemptRefused, smsir.ClassRetry, 0)), nil, func(w *world) {
			id := w.send(to)
			time.Sleep(time.Second)
			w.waits(id, dispatch.WaitRetry, 1, 4*time.Second, "as scripted")
		}},
		"paused": {&carrier{}, nil, func(w *world) {
			w.paused = []smsir.UUID{w.ws}
			w.d.Changed()
			synctest.Wait()
			w.waits(w.send(to), dispatch.WaitPaused, 0, 0, "paused")
		}},
		"no provider": {&carrier{}, nil, func(w *world) {
			w.ups = nil
			w.d.Changed()
			synctest.Wait()
			w.waits(w.send(to), dispatch.WaitNoProvider, 0, 0, "No provider")
		}},
		"not enabled": {&carrier{}, nil, func(w *world) {
			id := w.send(to, func(m *smsir.Message) { m.Provider = smsir.UUID{7} })
			time.Sleep(time.Second)
			w.waits(id, dispatch.WaitNotEnabled, 7, 59*time.Second, "not enabled")
		}},
		"rule": {&carrier{}, nil, func(w *world) {
			w.rule = route.NewTable(nil, []route.Rule{{ID: smsir.UUID{9}, Name: "Night", Enabled: true, Then: route.Then{Groups: [][]route.Target{{{Provider: smsir.UUID{8}, Weight: 1}}}}}})
			w.d.Changed()
			synctest.Wait()
			id := w.send(to)
			time.Sleep(time.Second)
			w.waits(id, dispatch.WaitRule, 0, 59*time.Second, `"Night"`)
			if rule := w.why(id).Rule; rule != (smsir.UUID{9}) {
				w.Errorf("rule %v", rule)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, func(ws smsir.UUID) []dispatch.Upstream {
				if tc.change == nil {
					tc.change = func(*dispatch.Upstream) {}
				}
				return []dispatch.Upstream{up(1, ws, tc.carrier, tc.change)}
			}, tc.test)
		})
	}
}
