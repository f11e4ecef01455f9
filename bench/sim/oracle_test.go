package sim

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/oracle"
)

// TestOracleCatchesFalseCarriers: an oracle that reads a carrier's ledger finds each lie in it. True evidence passes.
func TestOracleCatchesFalseCarriers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if v := play(t, 4242, dir, file{newTemplate(t), false}); !v.ok() {
		t.Fatalf("true evidence: %v\n%s", v.faults, text(t, v.Report))
	}
	path := filepath.Join(dir, "carrier.log")
	truth, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(truth)), "\n")
	// The victim is a message that one carrier has taken once and has reported as delivered.
	victim, name := -1, ""
	for i, l := range lines {
		if !strings.Contains(l, `"verdict":"accepted"`) || !strings.Contains(l, `"parts":1,`) && !strings.Contains(l, `"parts":1}`) {
			continue
		}
		name = names(l)
		told := strings.Join(about(lines, name), "\n")
		if strings.Contains(told, `"kind":"report_ack"`) && strings.Contains(told, `"status":"delivered"`) && !strings.Contains(told, "undelivered") && !strings.Contains(told, "expired") {
			victim = i
			break
		}
	}
	if victim < 0 {
		t.Fatal("the seed has no victim")
	}
	of := func(l string) bool { return names(l) == name }
	for what, change := range map[string]func([]string) []string{
		"a hand-over that was dropped": func(all []string) []string { return slices.DeleteFunc(all, of) },
		"a hand-over that was doubled": func(all []string) []string { return append(all, all[victim]) },
		"another reference": func(all []string) []string {
			for i, l := range all {
				if of(l) {
					all[i] = strings.Replace(l, `"reference":"`, `"reference":"x-`, 1)
				}
			}
			return all
		},
		"another report": func(all []string) []string {
			for i, l := range all {
				if of(l) {
					all[i] = strings.ReplaceAll(l, `"status":"delivered"`, `"status":"undelivered"`)
				}
			}
			return all
		},
		"a report that was acknowledged and is not stored": func(all []string) []string {
			for _, l := range about(all, name) {
				if strings.Contains(l, `"status":"delivered"`) {
					all = append(all, strings.ReplaceAll(l, `"delivered"`, `"expired"`))
				}
			}
			return all
		},
		"refused, and the gateway says accepted": func(all []string) []string {
			all[victim] = strings.Replace(all[victim], `"accepted"`, `"refused"`, 1)
			return slices.DeleteFunc(all, func(l string) bool { return of(l) && !strings.Contains(l, `"submission"`) })
		},
		"another text": func(all []string) []string {
			all[victim] = strings.Replace(all[victim], `"text_sha256":"`, `"text_sha256":"0`, 1)
			return all
		},
	} {
		if err := os.WriteFile(path, []byte(strings.Join(change(slices.Clone(lines)), "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := oracle.Judge(t.Context(), oracle.Evidence{
			Database: filepath.Join(dir, "smsir.db"), Simulator: filepath.Join(dir, "simulator.log"), Client: filepath.Join(dir, "client.log"),
			Carriers: []string{path}, Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC),
		})
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r.OK() {
			t.Errorf("%s is not found:\n%s", what, text(t, r))
		}
	}
}

// names is what a line of the ledger is about: its face and its reference.
func names(line string) string {
	value := func(key string) string {
		_, rest, _ := strings.Cut(line, fmt.Sprintf("%q:\"", key))
		v, _, _ := strings.Cut(rest, `"`)
		return v
	}
	if value("reference") == "" {
		return ""
	}
	return value("face") + " " + value("reference")
}

// about are the lines about a message.
func about(lines []string, name string) (all []string) {
	for _, l := range lines {
		if names(l) == name {
			all = append(all, l)
		}
	}
	return all
}
