package dispatch_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
)

// TestAskingOffersTheAttemptAgain: who takes an attempt only once is offered it again, word for word, as long as nothing
// forbids that its bytes leave.
func TestAskingOffersTheAttemptAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*smsir.Message)
		cancel bool
		after  time.Duration
		want   bool
	}{
		"at once":         {func(*smsir.Message) {}, false, 10 * time.Second, true},
		"canceled":        {func(*smsir.Message) {}, true, 2 * time.Minute, false},
		"no more valid":   {func(m *smsir.Message) { m.ExpiresAt = m.AcceptedAt.Add(time.Minute) }, false, 5 * time.Minute, false},
		"after two hours": {func(*smsir.Message) {}, false, 2 * time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := scripted(fail(smsir.AttemptUnknown, smsir.ClassUnknown, 0))
			run(t, one(c), func(w *world) {
				id := w.send(to, tt.change)
				time.Sleep(time.Second)
				if tt.cancel {
					if _, _, err := w.st.Cancel(bg, w.ws, id, smsir.Actor{}, time.Now()); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(tt.after)
				synctest.Wait()
				c.mu.Lock()
				defer c.mu.Unlock()
				last := c.asked[len(c.asked)-1]
				if (last.Again != nil) != tt.want {
					t.Fatalf("the attempt was offered again: %v, want %v", last.Again != nil, tt.want)
				}
				if !tt.want {
					return
				}
				again, first := *last.Again, c.calls[0]
				if again.Validity >= first.Validity || again.Validity <= 0 {
					t.Errorf("validity %v after %v, want what remains", again.Validity, first.Validity)
				}
				if again.Validity = first.Validity; again != first {
					t.Errorf("offered %+v, want %+v", again, first)
				}
			})
		})
	}
}
