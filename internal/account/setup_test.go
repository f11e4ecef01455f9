package account

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
)

// emptyStore answers HasUsers; nothing else is asked.
type emptyStore struct {
	store.Accounts
	users atomic.Bool
	fail  atomic.Bool
}

func (s *emptyStore) HasUsers(context.Context) (bool, error) {
	if s.fail.Load() {
		return false, errors.New("no database")
	}
	return s.users.Load(), nil
}

type announcement struct {
	code  string
	until time.Time
}

// TestSetupCodesAreRenewed runs in virtual time.
func TestSetupCodesAreRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := &emptyStore{}
		var all []announcement
		s, err := New(Config{
			Store: db, Session: config.Session{Idle: time.Hour, Absolute: time.Hour},
			Announce: func(code string, until time.Time) { all = append(all, announcement{code, until}) },
		})
		wantNil(t, "New", err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()

		synctest.Wait()
		if len(all) != 1 || !all[0].until.Equal(time.Now().Add(30*time.Minute)) {
			t.Fatalf("announced at once: got %v, want one code for 30 minutes", all)
		}
		time.Sleep(30*time.Minute - time.Second)
		synctest.Wait()
		if len(all) != 1 || !s.setup.matches(all[0].code, time.Now()) {
			t.Fatalf("after 29:59: got %v, want the first code still valid", all)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if len(all) != 2 || all[1].code == all[0].code {
			t.Fatalf("after 30:01: got %v, want a second code", all)
		}
		if s.setup.matches(all[0].code, time.Now()) || !s.setup.matches(all[1].code, time.Now()) {
			t.Error("after renewal, want the second code valid and the first not")
		}

		// A failing database announces nothing, and does not end it.
		db.fail.Store(true)
		time.Sleep(time.Hour)
		db.fail.Store(false)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if len(all) != 3 {
			t.Fatalf("after the database came back: got %d codes, want 3", len(all))
		}

		// Somebody registers through another process: known at the next renewal.
		db.users.Store(true)
		time.Sleep(2 * time.Hour)
		synctest.Wait()
		if len(all) != 3 || s.setup.matches(all[2].code, time.Now()) {
			t.Errorf("after a registration: got %d codes, want 3 and none of them valid", len(all))
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

func TestSetupCodeEndsWithRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var code string
		s, err := New(Config{
			Store: &emptyStore{}, Session: config.Session{Idle: time.Hour, Absolute: time.Hour},
			Announce: func(c string, _ time.Time) { code = c },
		})
		wantNil(t, "New", err)
		if s.setup.matches("", time.Now()) {
			t.Error("the empty code is valid before Run")
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		if !s.setup.matches(code, time.Now()) {
			t.Errorf("code %q is not valid", code)
		}
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		for _, c := range []string{code, ""} {
			if s.setup.matches(c, time.Now()) {
				t.Errorf("code %q is valid after Run has ended", c)
			}
		}
	})
}

func TestCodesAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	want := codeHash("01ab-cdef")
	for _, typed := range []string{"01abcdef", "01AB-CDEF", " 0 1 a b c d e f\n", "OLAB-CDEF", "oiab-cdef"} {
		if codeHash(typed) != want {
			t.Errorf("%q is not taken for 01ab-cdef", typed)
		}
	}
	if codeHash("01ab-cdee") == want {
		t.Error("another code is taken for it")
	}
	seen := map[string]bool{}
	for range 1000 {
		c := newCode(16)
		if len(c) != 16 || seen[c] {
			t.Fatalf("newCode: got %q twice or of a wrong length", c)
		}
		seen[c] = true
	}
}
