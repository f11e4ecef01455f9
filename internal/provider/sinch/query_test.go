package sinch

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// TestQueryStatus: what the list of batches proves about an attempt whose answer was lost.
func TestQueryStatus(t *testing.T) {
	t.Parallel()
	many := func(n int) (all []map[string]any) {
		for i := range n {
			all = append(all, map[string]any{"id": fmt.Sprintf("01HY%022d", i), "client_reference": fmt.Sprintf("other %d", i)})
		}
		return all
	}
	ours := map[string]any{"id": batch1, "client_reference": attempt.Format(smsir.PrefixAttempt)}
	nameless := map[string]any{"id": "01HX0000000000000000000009"}
	for name, tt := range map[string]struct {
		took  []map[string]any
		after time.Duration // since the start
		deaf  bool
		lies  int
		want  smsir.Verdict
		lists int
	}{
		"ours":                             {[]map[string]any{ours}, time.Second, false, 0, smsir.VerdictAccepted, 1},
		"ours among others":                {append(many(250), ours), time.Second, false, 0, smsir.VerdictAccepted, 1},
		"ours, the filter ignored":         {append([]map[string]any{ours}, many(250)...), time.Second, true, 0, smsir.VerdictAccepted, 3},
		"none, too early to tell":          {nil, settled - time.Second, false, 0, smsir.VerdictUnknown, 1},
		"none":                             {nil, settled, false, 0, smsir.VerdictNotAccepted, 1},
		"none but others":                  {many(250), settled, false, 0, smsir.VerdictNotAccepted, 1},
		"none, the filter ignored":         {many(250), settled, true, 0, smsir.VerdictNotAccepted, 3},
		"none, and one without reference":  {[]map[string]any{nameless}, settled, true, 0, smsir.VerdictNotAccepted, 1},
		"none, longer ago than its memory": {nil, memory, false, 0, smsir.VerdictUnknown, 1},
		"more than can be read":            {many(2100), settled, true, 0, smsir.VerdictUnknown, maxPages},
		"more than it shows":               {many(10), settled, true, 1, smsir.VerdictUnknown, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t)
			f.took, f.deaf, f.lies = tt.took, tt.deaf, tt.lies
			p := newPlan(t, f)
			got, err := p.QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, To: takes, Text: "x", StartedAt: clock().Add(-tt.after)})
			if err != nil || got.Verdict != tt.want || len(f.Calls()) != tt.lists {
				t.Errorf("got %+v, %v after %d lists, want verdict %d after %d", got, err, len(f.Calls()), tt.want, tt.lists)
			}
			if want := map[bool][]string{true: {batch1}}[tt.want == smsir.VerdictAccepted]; !slices.Equal(got.References, want) {
				t.Errorf("got references %q, want %q", got.References, want)
			}
		})
	}
}

// TestQueryAsks: the filter of the list.
func TestQueryAsks(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	if _, err := newPlan(t, f).QueryStatus(t.Context(), smsir.StatusQuery{Attempt: attempt, StartedAt: clock()}); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"client_reference": {"att_00000000004k7"}, "start_date": {"2026-11-29T11:55:05.000Z"}, "page": {"0"}, "page_size": {"100"}}
	if got := f.Calls()[0].Query; got.Encode() != want.Encode() {
		t.Errorf("asked for %v, want %v", got, want)
	}
	if got, err := newPlan(t, f).QueryStatus(t.Context(), smsir.StatusQuery{StartedAt: clock().Add(-time.Hour)}); err != nil || got.Verdict != smsir.VerdictUnknown || len(f.Calls()) != 1 {
		t.Errorf("no attempt: got %+v, %v after %d lists, want nothing known and nothing asked", got, err, len(f.Calls()))
	}
}

// TestQueryFails: what is no list proves nothing.
func TestQueryFails(t *testing.T) {
	t.Parallel()
	f := newFar(t)
	q := smsir.StatusQuery{Attempt: attempt, StartedAt: clock().Add(-time.Hour)}
	if got, err := newPlan(t, f, settingToken, "wrong").QueryStatus(t.Context(), q); err == nil {
		t.Errorf("wrong credentials: got %+v, want an error", got)
	}
	if got, err := newPlan(t, f, settingBase, f.URL+"/elsewhere").QueryStatus(t.Context(), q); err == nil {
		t.Errorf("404: got %+v, want an error", got)
	}
	f.took, f.lies = []map[string]any{{"id": batch1, "client_reference": "x"}}, -1
	f.deaf = true
	if got, err := newPlan(t, f).QueryStatus(t.Context(), q); err == nil {
		t.Errorf("a count that cannot be: got %+v, want an error", got)
	}
}
