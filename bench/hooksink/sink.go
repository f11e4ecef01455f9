// Package hooksink receives webhooks as their owner would, badly: it fails, hangs, redirects and asks to wait, takes what is
// signed, and remembers what it took.
//
// It is in charge of the receiver's side of the evidence: which event came how often, with which body. It checks signatures by
// the published rule of Standard Webhooks, with code of its own, and a delivery that is not signed, or too old, counts as a
// fault. It keeps everything in memory; it has nothing to lose.
package hooksink

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Faults are the shares of deliveries, in percent, that are not taken, each in its way.
type Faults struct {
	Fail     int // 500
	Hang     int // no answer until the sender goes away
	Wait     int // 429, with Retry-After: 1
	Redirect int // to another address of the sink
	Drop     int // the connection is closed
	Forget   int // taken, and then the connection is closed: it comes again
}

// Sink is a receiver. It is an [http.Handler], safe for concurrent use.
type Sink struct {
	mu     sync.Mutex
	key    []byte
	rng    *rand.Rand
	faults Faults
	taken  map[string]string // body by webhook-id
	again  int               // deliveries of what was taken before
	wrong  []string          // deliveries that no sender may make; the first twenty
}

// New returns a sink that draws by seed.
func New(seed uint64) *Sink {
	return &Sink{rng: rand.New(rand.NewPCG(seed, 0)), taken: map[string]string{}} //nolint:gosec // chance, not secrets
}

// Secret sets what deliveries are signed with: whsec_ and base64.
func (s *Sink) Secret(secret string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return fmt.Errorf("hooksink: the secret is no base64: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = key
	return nil
}

// SetFaults changes what goes wrong from now on.
func (s *Sink) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// Taken are the ids that were taken, each with its body.
func (s *Sink) Taken() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make(map[string]string, len(s.taken))
	for id, body := range s.taken {
		all[id] = body
	}
	return all
}

// Again is how many deliveries were of what had been taken, and Wrong what came that may not.
func (s *Sink) Again() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.again
}

// Wrong tells the deliveries that no sender may make: unsigned, too old, redirected, or another body for the same id.
func (s *Sink) Wrong() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.wrong...)
}

func (s *Sink) fault(format string, args ...any) {
	if len(s.wrong) < 20 {
		s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
	}
}

// ServeHTTP implements [http.Handler].
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body did not arrive whole", http.StatusBadRequest)
		return
	}
	id := r.Header.Get("webhook-id")
	s.mu.Lock()
	switch {
	case strings.HasSuffix(r.URL.Path, "/elsewhere"):
		s.fault("%s followed a redirect", id)
	case r.Method != http.MethodPost || id == "" || !s.signed(r.Header, id, body):
		s.fault("%s %s is not signed", r.Method, id)
		s.mu.Unlock()
		http.Error(w, "not signed", http.StatusUnauthorized)
		return
	}
	n, f := s.rng.IntN(100), s.faults
	passes := func(share int) bool { n -= share; return n < 0 }
	does := ""
	switch {
	case passes(f.Fail):
		does = "fail"
	case passes(f.Hang):
		does = "hang"
	case passes(f.Wait):
		does = "wait"
	case passes(f.Redirect):
		does = "redirect"
	case passes(f.Drop):
		does = "drop"
	default:
		before, known := s.taken[id]
		if known {
			s.again++
		}
		if known && before != string(body) {
			s.fault("%s came with another body", id)
		}
		s.taken[id] = string(body)
		if passes(f.Forget) {
			does = "drop"
		}
	}
	s.mu.Unlock()
	switch does {
	case "fail":
		http.Error(w, "no", http.StatusInternalServerError)
	case "hang":
		<-r.Context().Done()
	case "wait":
		w.Header().Set("Retry-After", "1")
		w.WriteHeader(http.StatusTooManyRequests)
	case "redirect":
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	case "drop":
		panic(http.ErrAbortHandler)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// signed reports whether one of the signatures is right and the time is now. s.mu is held.
func (s *Sink) signed(h http.Header, id string, body []byte) bool {
	at, err := strconv.ParseInt(h.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return false
	}
	mac := hmac.New(sha256.New, s.key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, at, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for _, got := range strings.Fields(h.Get("webhook-signature")) {
		if hmac.Equal([]byte(got), []byte(want)) {
			return true
		}
	}
	return false
}
