package account

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	idle := f.mustLogin("ada@example.com")
	f.alive("at once", ada.Token, true)
	for range 20 { // used every eight hours
		f.clock.advance(8 * time.Hour)
		f.alive("used every 8 hours", ada.Token, true)
	}
	f.alive("not used for 160 hours", idle.Token, false)
	f.clock.advance(8*time.Hour - time.Second)
	f.alive("a second before its absolute end", ada.Token, true)
	f.clock.advance(time.Second)
	f.alive("at its absolute end", ada.Token, false)
}

func TestIdleEndToTheSecond(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pause time.Duration
		live  bool
	}{{12*time.Hour - time.Second, true}, {12 * time.Hour, false}} {
		f := newFixture(t)
		ada := f.owner()
		f.clock.advance(time.Hour)
		f.alive("used after an hour", ada.Token, true)
		f.clock.advance(c.pause)
		f.alive("after a pause of "+c.pause.String(), ada.Token, c.live)
	}
}

func TestRecheckIsNoUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	for range 11 {
		f.clock.advance(time.Hour)
		p, err := f.Recheck(t.Context(), ada.Principal)
		wantNil(t, "Recheck", err)
		if p.User.ID != ada.Principal.User.ID {
			t.Fatalf("Recheck: got %v", p.User)
		}
	}
	f.clock.advance(time.Hour)
	_, err := f.Recheck(t.Context(), ada.Principal)
	wantError(t, "Recheck of a session that nobody used", err, CodeUnauthenticated, "")
	_, err = f.Recheck(t.Context(), nil)
	wantError(t, "Recheck of nobody", err, CodeUnauthenticated, "")
}

func TestUnknownCredentials(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	for _, token := range []string{"", "x", ada.Token[1:], ada.Token + "A", strings.Repeat("A", 43), strings.Repeat("A", 100_000)} {
		_, err := f.Cookie(t.Context(), token)
		wantError(t, "cookie "+clip(token), err, CodeUnauthenticated, "")
		_, err = f.Bearer(t.Context(), token)
		wantError(t, "bearer "+clip(token), err, CodeUnauthenticated, "")
	}
	_, err := f.Bearer(t.Context(), ada.Token)
	wantError(t, "a cookie as bearer token", err, CodeUnauthenticated, "")
	_, err = f.Cookie(t.Context(), f.key(ada, MessagesRead).Secret)
	wantError(t, "an API key as cookie", err, CodeUnauthenticated, "")
}

func TestSessionsList(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	f.clock.advance(time.Second)
	second := f.mustLogin("ada@example.com")
	list, err := f.Sessions(t.Context(), ada.Principal)
	wantNil(t, "Sessions", err)
	if len(list) != 2 || list[0].ID != second.Principal.SessionID || list[1].ID != ada.Principal.SessionID {
		t.Errorf("Sessions: got %v, want the second and the first", list)
	}
	f.clock.advance(11 * time.Hour)
	f.alive("used", ada.Token, true)
	f.clock.advance(11 * time.Hour)
	list, err = f.Sessions(t.Context(), ada.Principal)
	wantNil(t, "Sessions", err)
	if len(list) != 1 || list[0].ID != ada.Principal.SessionID || !list[0].LastSeenAt.Equal(start.Add(11*time.Hour+time.Second)) {
		t.Errorf("Sessions after 22 hours: got %v, want the one in use, with its last use", list)
	}
	_, err = f.Sessions(t.Context(), nil)
	wantError(t, "Sessions of nobody", err, CodeUnauthenticated, "")
}

// countingStore counts what the cache and the throttling of touches spare the database.
type countingStore struct {
	store.Accounts
	loads, touches atomic.Int64
	onLoad         func()
}

func (s *countingStore) SessionByToken(ctx context.Context, h [32]byte, now time.Time) (*store.Session, *store.User, store.Role, error) {
	s.loads.Add(1)
	se, u, r, err := s.Accounts.SessionByToken(ctx, h, now)
	if s.onLoad != nil {
		s.onLoad()
	}
	return se, u, r, err
}

func (s *countingStore) TouchSession(ctx context.Context, id smsir.UUID, now time.Time) error {
	s.touches.Add(1)
	return s.Accounts.TouchSession(ctx, id, now)
}

func (s *countingStore) TouchAPIKey(ctx context.Context, id smsir.UUID, now time.Time) error {
	s.touches.Add(1)
	return s.Accounts.TouchAPIKey(ctx, id, now)
}

func TestCacheAndTouches(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	db := &countingStore{Accounts: f.db}
	s, err := New(Config{Store: db, Session: f.session, Clock: f.clock.now})
	wantNil(t, "New", err)
	use := func() {
		t.Helper()
		if _, err := s.Cookie(t.Context(), ada.Token); err != nil {
			t.Fatalf("Cookie: %v", err)
		}
	}
	want := func(what string, loads, touches int64) {
		t.Helper()
		if db.loads.Load() != loads || db.touches.Load() != touches {
			t.Errorf("%s: got %d loads and %d touches, want %d and %d", what, db.loads.Load(), db.touches.Load(), loads, touches)
		}
	}
	for range 50 {
		use()
	}
	want("50 uses at once", 1, 0)
	f.clock.advance(CacheTime)
	use()
	want("a use after the cache time", 2, 0)
	f.clock.advance(time.Minute)
	for range 50 {
		use()
	}
	want("50 uses a minute later", 3, 1)
	for range 600 {
		f.clock.advance(time.Second)
		use()
	}
	if got := db.touches.Load(); got < 9 || got > 12 {
		t.Errorf("a use each second for ten minutes: got %d touches, want one a minute", got)
	}
	s.cache.forget()
	n := db.loads.Load()
	use()
	if got := db.loads.Load(); got != n+1 {
		t.Errorf("after forget: got %d loads, want 1", got-n)
	}
}

// TestChangeDuringLoadIsNotCached revokes the session after it was read and before it reaches the cache.
func TestChangeDuringLoadIsNotCached(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ada := f.owner()
	second := f.mustLogin("ada@example.com")
	db := &countingStore{Accounts: f.db}
	s, err := New(Config{Store: db, Session: f.session, Clock: f.clock.now})
	wantNil(t, "New", err)
	db.onLoad = func() {
		db.onLoad = nil
		if err := s.RevokeSession(t.Context(), ada.Principal, second.Principal.SessionID, home); err != nil {
			t.Error(err)
		}
	}
	_, _ = s.Cookie(t.Context(), second.Token) // overlaps the revocation: may go either way
	_, err = s.Cookie(t.Context(), second.Token)
	wantError(t, "the request after the revocation", err, CodeUnauthenticated, "")
}

func TestCacheIsBounded(t *testing.T) {
	t.Parallel()
	c := newCache()
	for i := range 2*maxCached + 1 {
		c.put([32]byte{byte(i), byte(i >> 8), byte(i >> 16)}, cached{}, 0)
	}
	if len(c.entries) > maxCached {
		t.Errorf("%d entries, want at most %d", len(c.entries), maxCached)
	}
}
