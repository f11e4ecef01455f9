package providertest

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestGoodAdapter: an adapter without a mistake passes, in a bubble and in real time.
func TestGoodAdapter(t *testing.T) {
	t.Parallel()
	for _, bubble := range []bool{true, false} {
		t.Run(fmt.Sprintf("bubble=%v", bubble), func(t *testing.T) {
			t.Parallel()
			Run(t, fakeHarness("", bubble))
		})
	}
}

// recorder is a test that keeps its failures to itself.
type recorder struct {
	testing.TB
	mu       sync.Mutex
	failures []string
}

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Fatal(args ...any) { r.Fatalf("%s", fmt.Sprint(args...)) }

// failuresOf runs one check on a fake with a mistake, in a bubble.
func failuresOf(t *testing.T, mistake, name string) (failures []string) {
	h := fakeHarness(mistake, true)
	all := checks()
	i := slices.IndexFunc(all, func(c check) bool { return c.name == name })
	if i < 0 {
		t.Fatalf("there is no check %q", name)
	}
	h.enter(t, func(t *testing.T) {
		r := &recorder{TB: t}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			runCheck(r, &h, all[i])
		}()
		<-ended
		failures = r.failures
	})
	return failures
}

// TestMistakesAreFound: every mistake is found by the check that is there for it.
func TestMistakesAreFound(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ mistake, check, says string }{
		{"field twice", "kind", "no other field has"},
		{"opens without a required setting", "open", "got no error"},
		{"refuses without the field", "open", "and that field"},
		{"opens over the network", "open", "must not touch the network"},
		{"is no Runner", "open", "is a smsir.Runner: got false"},
		{"plain error", "refusals", "want a *smsir.SendError"},
		{"references with an error", "refusals", "want the zero Accepted"},
		{"no code", "refusals", "got code"},
		{"own words for the provider's", "refusals", "word for word"},
		{"refused is retry", "refusals", "want refused \"permanent\""},
		{"forgets the delay", "refusals", "retry after"},
		{"reset is not sent", "lost answers", "want unknown"},
		{"silence is refused", "response timer", "want unknown"},
		{"gives up late", "response timer", "returned after"},
		{"sends after the end", "cancelled before", "the far side saw it 1 times, want 0"},
		{"unknown before it began", "cancelled before", "want not_sent"},
		{"cancelled is not sent", "cancelled while waiting", "want unknown"},
		{"ignores the end", "cancelled while waiting", "after its context ended"},
		{"unknown when unreachable", "unreachable", "want not_sent"},
		{"sends twice", "accepts", "the far side saw it 2 times, want 1"},
		{"retries later", "accepts", "the far side saw it 2 times, want 1"},
		{"one reference for all", "concurrent", "was given to"},
		{"leaves a goroutine", "run stops", "left goroutines behind"},
		{"Run returns an error", "run stops", "want nil"},
		{"returns while the sink is at it", "run waits for the sink", "want it to wait"},
		{"no receipts", "receipts", "waited in vain"},
		{"receipts of another provider", "receipts", "provider"},
		{"drops a refused receipt", "receipts not acknowledged", "waited in vain"},
		{"drops a refused receipt", "receipts after another run", "waited in vain"},
		{"changes a refused receipt", "receipts not acknowledged", "came again changed"},
		{"drops a refused reply", "replies", "waited in vain"},
		{"a query takes silence for proof", "status query", "want verdict 2"},
		{"a query ignores the end", "status query", "want an error"},
	} {
		t.Run(c.mistake+"/"+c.check, func(t *testing.T) {
			t.Parallel()
			failures := failuresOf(t, c.mistake, c.check)
			if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, c.says) }) {
				t.Errorf("check %q on an adapter that %s: got failures %q, want one that says %q", c.check, c.mistake, failures, c.says)
			}
		})
	}
}

func TestErrorFaults(t *testing.T) {
	t.Parallel()
	good := smsir.SendError{State: smsir.AttemptRefused, Class: smsir.ClassRetry, Code: "refused", Text: "Refused.", ProviderCode: "1"}
	change := func(f func(e *smsir.SendError)) *smsir.SendError { e := good; f(&e); return &e }
	for _, c := range []struct {
		name string
		e    *smsir.SendError
		fine bool
	}{
		{"good", &good, true},
		{"throttled, not sent", change(func(e *smsir.SendError) {
			e.State, e.Class, e.RetryAfter = smsir.AttemptNotSent, smsir.ClassThrottle, 1
		}), true},
		{"wrong credentials", change(func(e *smsir.SendError) { e.Class = smsir.ClassConfig }), true},
		{"unknown", change(func(e *smsir.SendError) { e.State, e.Class = smsir.AttemptUnknown, smsir.ClassUnknown }), true},
		{"unknown, class retry", change(func(e *smsir.SendError) { e.State = smsir.AttemptUnknown }), false},
		{"unknown, class throttle", change(func(e *smsir.SendError) { e.State, e.Class = smsir.AttemptUnknown, smsir.ClassThrottle }), false},
		{"refused, class unknown", change(func(e *smsir.SendError) { e.Class = smsir.ClassUnknown }), false},
		{"not sent, class blocked", change(func(e *smsir.SendError) { e.State, e.Class = smsir.AttemptNotSent, smsir.ClassBlocked }), false},
		{"accepted", change(func(e *smsir.SendError) { e.State = smsir.AttemptAccepted }), false},
		{"in flight", change(func(e *smsir.SendError) { e.State = smsir.AttemptInflight }), false},
		{"a class nobody knows", change(func(e *smsir.SendError) { e.Class = "later" }), false},
		{"no text", change(func(e *smsir.SendError) { e.Text = "" }), false},
		{"a sentence as code", change(func(e *smsir.SendError) { e.Code = "It was refused" }), false},
		{"no words of the provider", change(func(e *smsir.SendError) { e.ProviderCode = "" }), false},
		{"negative delay", change(func(e *smsir.SendError) { e.RetryAfter = -1 }), false},
		{"delay for ever refused", change(func(e *smsir.SendError) { e.Class, e.RetryAfter = smsir.ClassPermanent, 1 }), false},
	} {
		if faults := errorFaults(c.e); (len(faults) == 0) != c.fine {
			t.Errorf("%s: got faults %q, want fine = %v", c.name, faults, c.fine)
		}
	}
}

func TestFieldFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    smsir.Field
		fine bool
	}{
		{"text", smsir.Field{Label: "L", Help: "H", Type: "text", Pattern: "[0-9]+", Default: "5"}, true},
		{"secret", smsir.Field{Label: "L", Help: "H", Type: "password", Secret: true}, true},
		{"select", smsir.Field{Label: "L", Help: "H", Type: "select", Options: []string{"a"}, Default: "a"}, true},
		{"no label", smsir.Field{Help: "H", Type: "text"}, false},
		{"no help", smsir.Field{Label: "L", Type: "text"}, false},
		{"type nobody knows", smsir.Field{Label: "L", Help: "H", Type: "colour"}, false},
		{"secret with lines", smsir.Field{Label: "L", Help: "H", Type: "text", Secret: true}, true},
		{"secret number", smsir.Field{Label: "L", Help: "H", Type: "number", Secret: true}, false},
		{"secret in the clear", smsir.Field{Label: "L", Help: "H", Type: "password"}, false},
		{"secret with default", smsir.Field{Label: "L", Help: "H", Type: "password", Secret: true, Default: "x"}, false},
		{"select without options", smsir.Field{Label: "L", Help: "H", Type: "select"}, false},
		{"default that is no option", smsir.Field{Label: "L", Help: "H", Type: "select", Options: []string{"a"}, Default: "b"}, false},
		{"pattern that is none", smsir.Field{Label: "L", Help: "H", Type: "text", Pattern: "("}, false},
		{"anchored pattern", smsir.Field{Label: "L", Help: "H", Type: "text", Pattern: "^a$"}, false},
		{"default outside its pattern", smsir.Field{Label: "L", Help: "H", Type: "text", Pattern: "[0-9]+", Default: "x"}, false},
	} {
		if faults := fieldFaults(c.f); (len(faults) == 0) != c.fine {
			t.Errorf("%s: got faults %q, want fine = %v", c.name, faults, c.fine)
		}
	}
}

func TestHarnessMustBeComplete(t *testing.T) {
	t.Parallel()
	if fault := new(Harness).fault(); fault == "" {
		t.Error("an empty harness: got no fault, want one")
	}
	h := fakeHarness("", true)
	if fault := h.fault(); fault != "" {
		t.Errorf("a complete harness: got fault %q, want none", fault)
	}
	h.Refusals = h.Refusals[1:]
	if fault := h.fault(); fault == "" {
		t.Error("a harness without a permanent refusal: got no fault, want one")
	}
}
