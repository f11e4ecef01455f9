package httpd

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// countingNames counts how often it is asked.
type countingNames struct {
	providers, actors int
	fail              error
}

func (c *countingNames) ProviderNames(context.Context, smsir.UUID) (map[smsir.UUID]store.Provider, error) {
	c.providers++
	return map[smsir.UUID]store.Provider{{1}: {Name: "Carrier", Kind: "simulator"}}, c.fail
}

func (c *countingNames) ActorNames(_ context.Context, _ smsir.UUID, ids []smsir.UUID) (map[smsir.UUID]string, error) {
	c.actors += len(ids)
	return map[smsir.UUID]string{{2}: "Ada"}, c.fail
}

func TestNameCache(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &countingNames{}
	c := newNameCache(s, func() time.Time { return now })
	space := smsir.UUID{9}
	ada := &smsir.Message{CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}}
	gone := &smsir.Message{CreatedBy: smsir.Actor{Kind: smsir.ActorKey, ID: smsir.UUID{3}}}
	system := &smsir.Message{}
	look := func(wantProviders, wantActors int, messages ...*smsir.Message) *names {
		t.Helper()
		n, err := c.of(t.Context(), space, messages)
		if err != nil {
			t.Fatal(err)
		}
		if s.providers != wantProviders || s.actors != wantActors {
			t.Fatalf("the store was asked for providers %d and for actors %d times, want %d and %d", s.providers, s.actors, wantProviders, wantActors)
		}
		return n
	}
	n := look(1, 1, ada)
	if name, kind := n.Provider(smsir.UUID{1}); name != "Carrier" || kind != "simulator" || n.Actor(smsir.UUID{2}) != "Ada" {
		t.Errorf("names: %q %q %q", name, kind, n.Actor(smsir.UUID{2}))
	}
	look(1, 1, ada, system)
	look(1, 2, ada, gone) // only who is not known yet
	look(1, 2, gone)      // who has no name is not asked for again
	c.forget(space)
	look(2, 4, ada, gone)
	now = now.Add(nameAge)
	look(3, 5, ada)
	now = now.Add(nameAge)
	s.fail = errors.New("down")
	if _, err := c.of(t.Context(), space, []*smsir.Message{ada}); !errors.Is(err, s.fail) {
		t.Errorf("a store that fails: %v", err)
	}
	s.fail = nil
	look(5, 6, ada)
}

func TestIdleBucketsAreForgotten(t *testing.T) {
	t.Parallel()
	l := newLimiter(Rate{PerSecond: 1, Burst: 10})
	now := time.Now()
	for i := range 100 {
		if err := l.take(http.Header{}, smsir.UUID{byte(i + 1)}, now, 5); err != nil {
			t.Fatal(err)
		}
	}
	busy := smsir.UUID{1}
	now = now.Add(sweepEvery + time.Second)
	if err := l.take(http.Header{}, busy, now, 10); err != nil {
		t.Fatal(err)
	}
	if len(l.buckets) != 1 {
		t.Errorf("%d buckets are kept, want 1", len(l.buckets))
	}
	if err := l.take(http.Header{}, busy, now, 1); problemCode(err) != "rate_limited" {
		t.Errorf("a caller that was swept over: %v", err)
	}
}
