package smsc

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

func (r *rig) query(s smsir.Submission, references ...string) smsir.AcceptedQuery {
	return smsir.AcceptedQuery{Attempt: s.Attempt, To: s.To, From: s.From, References: references}
}

// TestQueryStates: each message_state of SMPP 3.4 §5.2.28 and SMPP 5.0 §4.7.15 is what a receipt with it would be; what has
// not ended tells nothing.
func TestQueryStates(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		state  smpp.MessageState
		change []string
		want   smsir.Status
		code   string // of the failure
	}{
		{state: smpp.StateScheduled},
		{state: smpp.StateEnroute},
		{state: smpp.StateAccepted},
		{state: smpp.StateUnknown},
		{state: 77},
		{state: smpp.StateDelivered, want: smsir.Delivered},
		{state: smpp.StateExpired, want: smsir.Expired, code: "expired"},
		{state: smpp.StateDeleted, want: smsir.Undelivered, code: "deleted"},
		{state: smpp.StateUndeliverable, want: smsir.Undelivered, code: "undelivered"},
		{state: smpp.StateRejected, want: smsir.Undelivered, code: "rejected"},
		{state: smpp.StateSkipped, want: smsir.Undelivered, code: "undelivered"},
		{state: smpp.StateAccepted, change: []string{settingWords, "ACCEPTD=delivered"}, want: smsir.Delivered},
	} {
		script := smpptest.Script{Query: func(p *smpp.QuerySM) *smpp.QuerySMResp {
			return &smpp.QuerySMResp{MessageID: p.MessageID, MessageState: tc.state, FinalDate: "261130120000000+", ErrorCode: 7}
		}}
		run(t, script, func(r *rig) {
			s := r.submission("x")
			got, failure := r.send(s)
			if failure != nil {
				t.Fatal(failure)
			}
			found, err := r.c.QueryReceipts(r.t.Context(), r.query(s, got.References...))
			if err != nil {
				t.Fatal(err)
			}
			if tc.want == 0 {
				if len(found) != 0 {
					t.Errorf("%s: got %+v, want nothing", tc.state, found)
				}
				return
			}
			if len(found) != 1 || found[0].Status != tc.want || found[0].Reference != got.References[0] || !found[0].Part || found[0].To != s.To ||
				found[0].Code != "007" || !found[0].DoneAt.Equal(time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)) || !strings.Contains(found[0].Raw, tc.state.String()) {
				t.Fatalf("%s: got %+v, want %s", tc.state, found, tc.want)
			}
			if f := found[0].Error; tc.code == "" && f != nil || tc.code != "" && (f == nil || f.Code != tc.code) {
				t.Errorf("%s: failure %+v, want %q", tc.state, f, tc.code)
			}
			if q := r.far.smsc.Queries(); len(q) != 1 || q[0].SourceAddr != "SMSir" || q[0].SourceAddrTON != smpp.TONAlphanumeric {
				t.Errorf("asked with %+v, want the source address of the submit_sm", q)
			}
		}, append([]string{settingQuery, "true"}, tc.change...)...)
	}
}

// TestQueryIDs: the carrier is asked with the id as it wrote it; after a restart, as it writes them now.
func TestQueryIDs(t *testing.T) {
	t.Parallel()
	ids := []string{"00AB12", "00AB13", "0F"}
	script := smpptest.Script{
		Submit: func(n int, _ *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{MessageID: ids[n-1]} },
		Query: func(p *smpp.QuerySM) *smpp.QuerySMResp {
			return &smpp.QuerySMResp{MessageID: p.MessageID, MessageState: smpp.StateDelivered}
		},
	}
	run(t, script, func(r *rig) {
		s := r.submission("x")
		got, _ := r.send(s)
		if !slices.Equal(got.References, []string{"ab12"}) {
			t.Fatalf("reference %q", got.References)
		}
		ask := func(reference string) string {
			t.Helper()
			if found, err := r.c.QueryReceipts(r.t.Context(), r.query(s, reference)); err != nil || len(found) != 1 || found[0].Reference != reference {
				t.Fatalf("asked about %s: %+v, %v", reference, found, err)
			}
			q := r.far.smsc.Queries()
			return q[len(q)-1].MessageID
		}
		if id := ask("ab12"); id != "00AB12" {
			t.Errorf("asked about %q, want the id of the answer", id)
		}
		if id := ask("cd3"); id != "000CD3" {
			t.Errorf("of an earlier run: asked about %q, want it shaped as the others", id)
		}
		for _, text := range []string{"y", "z"} {
			if _, failure := r.send(r.submission(text)); failure != nil {
				t.Errorf("%s was refused: %s", text, describe(failure))
			}
		}
		// The last one is shorter than before: nothing is filled up to a width
		if id := ask("cd3"); id != "CD3" && id != "0CD3" {
			t.Errorf("of an earlier run: asked about %q", id)
		}
	}, settingQuery, "true")
}

// TestQueryParts: each part is asked about; one that is not known, or about which another answer comes, tells nothing.
func TestQueryParts(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Query: func(p *smpp.QuerySM) *smpp.QuerySMResp {
		switch p.MessageID {
		case "1":
			return &smpp.QuerySMResp{MessageID: "1", MessageState: smpp.StateDelivered}
		case "2":
			return &smpp.QuerySMResp{CommandStatus: smpp.RQUERYFAIL}
		}
		return &smpp.QuerySMResp{MessageID: "99", MessageState: smpp.StateDelivered}
	}}
	for setting, want := range map[string][]string{notFoundNothing: {"1 delivered"}, notFoundLost: {"1 delivered", "2 undelivered"}} {
		run(t, script, func(r *rig) {
			s := r.submission(strings.Repeat("long text ", 40))
			got, failure := r.send(s)
			if failure != nil || len(got.References) != 3 {
				t.Fatalf("sent %+v, %v", got, failure)
			}
			found, err := r.c.QueryReceipts(r.t.Context(), r.query(s, got.References...))
			var all []string
			for _, f := range found {
				all = append(all, f.Reference+" "+f.Status.String())
			}
			if err != nil || !slices.Equal(all, want) {
				t.Errorf("%s: got %q, %v; want %q", setting, all, err, want)
			}
			if len(r.far.smsc.Queries()) != 3 {
				t.Errorf("%d questions, want one for each part", len(r.far.smsc.Queries()))
			}
			// An id that is only put together is no proof that the carrier has forgotten the message.
			if found, _ := r.c.QueryReceipts(r.t.Context(), r.query(s, "77")); len(found) != 0 {
				t.Errorf("of an earlier run: %+v", found)
			}
		}, settingQuery, "true", settingNotFound, setting)
	}
}

// TestQueryNotKnown: a carrier that does not know the command is not asked again until it is bound anew, and people are told.
func TestQueryNotKnown(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{
		Query:  func(*smpp.QuerySM) *smpp.QuerySMResp { return &smpp.QuerySMResp{CommandStatus: smpp.RINVCMDID} },
		Cancel: func(*smpp.CancelSM) *smpp.CancelSMResp { return &smpp.CancelSMResp{CommandStatus: smpp.RINVCMDID} },
	}
	run(t, script, func(r *rig) {
		s := r.submission("x")
		got, _ := r.send(s)
		for range 3 {
			if found, err := r.c.QueryReceipts(r.t.Context(), r.query(s, got.References...)); err != nil || len(found) != 0 {
				t.Errorf("got %+v, %v", found, err)
			}
			if deleted, again, err := r.c.Recall(r.t.Context(), r.query(s, got.References...)); err != nil || again || len(deleted) != 0 {
				t.Errorf("recalled: %+v, %v, %v", deleted, again, err)
			}
		}
		if q, c := len(r.far.smsc.Queries()), len(r.far.smsc.Cancels()); q != 1 || c != 1 {
			t.Errorf("asked %d and %d times, want once each", q, c)
		}
		notes := strings.Join(r.c.Notes(), " ")
		for _, want := range []string{"query_sm", "cancel_sm", "RINVCMDID"} {
			if !strings.Contains(notes, want) {
				t.Errorf("notes %q do not mention %s", notes, want)
			}
		}
		r.far.smsc.HangUp()
		r.pass(time.Minute)
		if notes := strings.Join(r.c.Notes(), " "); strings.Contains(notes, "RINVCMDID") {
			t.Errorf("bound anew: %q", notes)
		}
		_, _ = r.c.QueryReceipts(r.t.Context(), r.query(s, got.References...))
		if q := len(r.far.smsc.Queries()); q != 2 {
			t.Errorf("bound anew: asked %d times, want once more", q)
		}
	}, settingQuery, "true", settingCancel, "true")
}

// TestRecall: only ESME_ROK says that the carrier has deleted a part; an answer that decides nothing is asked for again.
func TestRecall(t *testing.T) {
	t.Parallel()
	answers := map[string]smpp.CommandStatus{"1": smpp.ROK, "2": smpp.RCANCELFAIL, "3": smpp.RTHROTTLED}
	script := smpptest.Script{Cancel: func(p *smpp.CancelSM) *smpp.CancelSMResp {
		return &smpp.CancelSMResp{CommandStatus: answers[p.MessageID]}
	}}
	run(t, script, func(r *rig) {
		s := r.submission("x")
		for range 3 {
			if _, failure := r.send(s); failure != nil {
				t.Errorf("refused: %s", describe(failure))
			}
		}
		for id, want := range map[string]string{"1": "1 false", "2": "0 false", "3": "0 true"} {
			deleted, again, err := r.c.Recall(r.t.Context(), r.query(s, id))
			if got := fmt.Sprint(len(deleted), " ", again); err != nil || got != want {
				t.Errorf("%s: got %s, %v; want %s", answers[id], got, err, want)
			}
			if len(deleted) == 1 && (deleted[0].Status != smsir.Undelivered || deleted[0].Reference != id || deleted[0].Error.Code != "canceled_at_provider") {
				t.Errorf("%s: %+v", answers[id], deleted[0])
			}
		}
		for _, c := range r.far.smsc.Cancels() {
			if c.DestinationAddr != "12025550100" || c.SourceAddr != "SMSir" {
				t.Errorf("asked with %+v, want the addresses of the submit_sm", c)
			}
		}
		if !r.c.Recalls() || r.c.QueryAfter() != 0 {
			t.Errorf("recalls %v, query after %v", r.c.Recalls(), r.c.QueryAfter())
		}
		r.far.down.Store(true)
		r.far.smsc.HangUp()
		r.pass(time.Millisecond)
		if _, again, err := r.c.Recall(r.t.Context(), r.query(s, "1")); err == nil || !again {
			t.Errorf("without a connection: %v, %v", again, err)
		}
	}, settingCancel, "true")
}

// TestNoReceiptsButQuery: where no receipts come, query_sm keeps the message open; without it, it ends as sent.
func TestNoReceiptsButQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{"true": false, "false": true} {
		run(t, smpptest.Script{}, func(r *rig) {
			if got, failure := r.send(r.submission("x")); failure != nil || got.NoReceipt != want {
				t.Errorf("query_sm %s: got %+v, %v; want no receipt %v", query, got, failure, want)
			}
			if after := r.c.QueryAfter(); (after == 30*time.Minute) == want {
				t.Errorf("query_sm %s: asked after %v", query, after)
			}
		}, settingReceipts, "none", settingQuery, query, settingQueryAfter, "30")
	}
}
