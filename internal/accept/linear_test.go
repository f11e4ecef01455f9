package accept_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
)

// try is one request with a key, between two ticks of a clock that all clients share.
type try struct {
	key, content int
	begun, ended int64
	replayed     bool
	body         string
	code         smsir.Code // "": it was taken
}

// TestKeysAreLinearizable: sixteen clients use few keys with two contents at the same time. Whatever they are told must be what
// one after the other could have been told, in an order that agrees with who had finished before whom began: of a key, one
// request is accepted; each later one with its content is told the same again, each with another content is refused, and only
// one that met it under way may be told so.
func TestKeysAreLinearizable(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	s := accept.New(accept.Options{Store: e.st, QueueLimit: 1 << 20})
	var clock atomic.Int64
	var mu sync.Mutex
	history := map[int][]try{}
	var clients sync.WaitGroup
	for n := range 16 {
		rng := rand.New(rand.NewPCG(uint64(n), 9))
		clients.Go(func() {
			for i := range 40 {
				h := try{key: i/2 + rng.IntN(3), content: rng.IntN(2)}
				o := e.order(accept.Request{To: "+12025550100", Text: fmt.Sprint("content ", h.content)})
				o.Idempotency = &accept.Key{Scope: "s", Key: fmt.Sprint("key-", h.key), Fingerprint: [32]byte{byte(1 + h.content)}}
				o.Render = func(r *accept.Result) (int, []byte, error) {
					return 202, []byte(r.Messages[0].ID.Format(smsir.PrefixMessage)), nil
				}
				h.begun = clock.Add(1)
				r, err := s.Send(ctx, o)
				h.ended = clock.Add(1)
				if err != nil {
					h.code = smsir.CodeOf(err)
				} else {
					h.replayed, h.body = r.Replayed, string(r.Body)
				}
				mu.Lock()
				history[h.key] = append(history[h.key], h)
				mu.Unlock()
			}
		})
	}
	clients.Wait()
	for key, all := range history {
		judgeKey(t, key, all)
	}
}

// judgeKey looks for an order of the requests with one key.
func judgeKey(t *testing.T, key int, all []try) {
	t.Helper()
	var first *try
	for i, h := range all {
		if h.code == "" && !h.replayed {
			if first != nil {
				t.Fatalf("key %d was accepted twice: %+v and %+v", key, *first, h)
			}
			first = &all[i]
		}
	}
	if first == nil {
		t.Fatalf("key %d was never accepted: %+v", key, all)
	}
	for _, h := range all {
		overlaps := h.begun < first.ended && first.begun < h.ended
		switch {
		case h == *first:
		case h.ended < first.begun:
			t.Errorf("key %d: %+v was answered before the first was accepted, %+v", key, h, *first)
		case h.code == smsir.CodeInFlight && overlaps:
		case h.content != first.content && h.code == smsir.CodeIdempotencyReuse:
		case h.content == first.content && h.code == "" && h.body == first.body:
		default:
			t.Errorf("key %d: %+v after %+v", key, h, *first)
		}
	}
}
