package simulator

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			path := filepath.Join(t.TempDir(), LedgerName)
			c, err := OpenCarrier(path, Options{Seed: 1})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			count := func(counts func(e Entry) bool) (n int) {
				for e, err := range ReadLedger(path) {
					if err != nil {
						t.Fatal(err)
					}
					if counts(e) {
						n++
					}
				}
				return n
			}
			return &providertest.World{
				Kind:     Kind(c),
				Settings: map[string]string{settingAnswer: "20-80", settingReport: "", settingSeed: "7"},
				Seen: func(s smsir.Submission) int {
					return count(func(e Entry) bool { return e.Kind == SubmissionEntry && e.Attempt == s.Attempt })
				},
				Contacts: func() int { return count(func(Entry) bool { return true }) },
				Down:     func() { _ = c.Close() },
			}
		},
		Bubble: true, ResponseTimer: 2 * time.Second,
		Accepts: number(0), Hangs: number(7), Lost: map[string]string{"unknown for ever": number(8)},
		Refusals: []providertest.Refusal{
			{
				Name: "for good", To: number(4), State: smsir.AttemptRefused, Class: smsir.ClassPermanent,
				ProviderCode: "0x0000000B", ProviderText: "ESME_RINVDSTADR invalid destination address",
			},
			{
				Name: "for now", To: number(5), State: smsir.AttemptRefused, Class: smsir.ClassRetry,
				ProviderCode: "0x00000008", ProviderText: "ESME_RSYSERR system error, try again",
			},
			{
				Name: "throttled", To: number(6), State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: time.Second,
				ProviderCode: "0x00000058", ProviderText: "ESME_RTHROTTLED allowed message limits exceeded",
			},
		},
		From: "+12025550142", Runner: true, Reports: true, Replies: number(11),
		Queries: true, HangVerdict: smsir.VerdictAccepted, AbsentVerdict: smsir.VerdictNotAccepted,
	})
}

// TestTableIsDocumented compares docs/simulator.md with what the kind tells, both ways.
func TestTableIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(doc)) {
		if strings.HasPrefix(line, "| `+1 202 555 01") {
			rows++
		}
	}
	notes := addresses()
	if rows != len(notes) {
		t.Errorf("docs/simulator.md has %d rows of numbers, want %d", rows, len(notes))
	}
	for _, n := range notes {
		spaced := fmt.Sprintf("%s %s %s %s", n.Address[:2], n.Address[2:5], n.Address[5:8], n.Address[8:])
		if row := fmt.Sprintf("| `%s` | %s |", spaced, n.Does); !strings.Contains(string(doc), row) {
			t.Errorf("docs/simulator.md lacks the row %q", row)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	r := newRig(t, Options{Seed: 5})
	for _, c := range []struct {
		settings map[string]string
		field    string // of the error; "" for none
		want     upstream
	}{
		{nil, "", upstream{seed: 5, answer: Range{20 * time.Millisecond, 80 * time.Millisecond}, report: Range{500 * time.Millisecond, 3 * time.Second}}},
		{map[string]string{"seed": "9", "answer_ms": "0", "report_ms": "5-10"}, "", upstream{seed: 9, report: Range{5 * time.Millisecond, 10 * time.Millisecond}}},
		{map[string]string{"seed": "-1"}, "seed", upstream{}},
		{map[string]string{"seed": "12345678901234567890"}, "seed", upstream{}},
		{map[string]string{"answer_ms": "80-20"}, "answer_ms", upstream{}},
		{map[string]string{"answer_ms": "fast"}, "answer_ms", upstream{}},
		{map[string]string{"report_ms": "100000"}, "report_ms", upstream{}},
		{map[string]string{"report_ms": "1-"}, "report_ms", upstream{}},
	} {
		p, err := Kind(r.c).Open(smsir.ProviderConfig{ID: rigProvider(), Settings: c.settings})
		if c.field != "" {
			var e *smsir.Error
			if !errors.As(err, &e) || e.Field != c.field || e.Code != smsir.CodeInvalid {
				t.Errorf("Open with %v: got error %v, want code %q of field %q", c.settings, err, smsir.CodeInvalid, c.field)
			}
			continue
		}
		if err != nil {
			t.Errorf("Open with %v: got error %v, want none", c.settings, err)
			continue
		}
		if u := p.(*upstream); u.seed != c.want.seed || u.answer != c.want.answer || u.report != c.want.report {
			t.Errorf("Open with %v: got seed %d, answer %v, report %v, want %d, %v, %v", c.settings, u.seed, u.answer, u.report,
				c.want.seed, c.want.answer, c.want.report)
		}
	}
}
