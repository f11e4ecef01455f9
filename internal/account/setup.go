package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"strings"
	"sync"
	"time"
)

// SetupAge is how long a setup code is valid.
const SetupAge = 30 * time.Minute

// setupCode is the one-time code of the first person. It lives in the memory of this process only, and so is bound to
// this run and to the data folder that the process holds.
type setupCode struct {
	mu      sync.Mutex
	hash    [32]byte
	until   time.Time     // zero: there is none
	claimed chan struct{} // closed by the first registration
}

// Run makes setup codes and announces them, a new one whenever the last one expires, until somebody has registered; and it
// writes the audit entries that nobody waits for. It returns nil when ctx ends. Without Run nobody can be the first to register.
func (s *Service) Run(ctx context.Context) error {
	var writing sync.WaitGroup
	defer writing.Wait()
	writing.Go(func() { s.written(ctx) })
	defer s.setup.set("", time.Time{})
	for {
		wait := setupRetry
		switch claimed, err := s.Claimed(ctx); {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			s.log.ErrorContext(ctx, "cannot tell whether somebody has registered", "err", err)
		case claimed:
			<-ctx.Done()
			return nil
		default:
			wait = SetupAge
			code, until := groups(newCode(16)), s.now().Add(SetupAge)
			s.setup.set(code, until)
			if s.announce != nil {
				s.announce(code, until)
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-s.setup.claimed:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// setupRetry is the wait after a failure of the store.
const setupRetry = 5 * time.Second

// Claimed reports whether somebody has registered. Until then doors answer setup_required to all but registration.
func (s *Service) Claimed(ctx context.Context) (bool, error) {
	if s.claimed.Load() {
		return true, nil
	}
	some, err := s.store.HasUsers(ctx)
	if err == nil && some {
		s.claim()
	}
	return some, err
}

// claim ends the time of setup codes.
func (s *Service) claim() {
	if s.claimed.CompareAndSwap(false, true) {
		close(s.setup.claimed)
		s.setup.set("", time.Time{})
	}
}

func (c *setupCode) set(code string, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hash, c.until = codeHash(code), until
}

// matches reports whether code is the one of now.
func (c *setupCode) matches(code string, now time.Time) bool {
	h := codeHash(code)
	c.mu.Lock()
	defer c.mu.Unlock()
	return subtle.ConstantTimeCompare(h[:], c.hash[:]) == 1 && now.Before(c.until)
}

// codeAlphabet is Crockford's base 32: no letter that looks like another, nor like a digit.
const codeAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newCode makes a random code of n letters and digits, 5 bits each.
func newCode(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails since Go 1.24: the program ends instead
	for i := range b {
		b[i] = codeAlphabet[b[i]&31]
	}
	return string(b)
}

// groups puts a hyphen after every four characters.
func groups(code string) string {
	var b strings.Builder
	for i := 0; i < len(code); i += 4 {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(code[i:min(i+4, len(code))])
	}
	return b.String()
}

// codeHash is the SHA-256 of a code as people may type it: in either letter case, with or without hyphens and spaces,
// with o for 0 and i or l for 1.
func codeHash(code string) [32]byte {
	plain := strings.Map(func(r rune) rune {
		switch r {
		case '-', ' ', '\t', '\r', '\n':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		return r
	}, code)
	return sha256.Sum256([]byte(strings.ToLower(plain)))
}
