package sqlite_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// TestMemoryIsAsTheDatabase: whatever happens to messages, those that are in memory and the events in memory are what is
// stored.
func TestMemoryIsAsTheDatabase(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRig(t)
	st := r.st.(*sqlite.Store)            //nolint:errcheck,forcetypeassert // newRig makes no other
	chance := rand.New(rand.NewPCG(7, 7)) //nolint:gosec // a test
	type life struct {
		m       *smsir.Message
		attempt smsir.ID
		ref     string
	}
	if n := reflect.TypeFor[smsir.Message]().NumField(); n != 45 {
		t.Errorf("a message has %d fields: see that wtx.born and wtx.moved know the new ones, and count them here", n)
	}
	var all []*life
	moves := map[smsir.Status]int{}
	for range 1000 {
		now := time.Now().UTC()
		var l *life
		if len(all) > 0 {
			l = all[max(0, len(all)-1-chance.IntN(5))]
		}
		step := chance.IntN(12)
		switch {
		case l == nil || step < 1:
			m := r.accept(t, 1)[0]
			if chance.IntN(5) == 0 {
				m = r.rich(t, now)
			}
			all = append(all, &life{m: m})
		case step < 5:
			l.attempt = st.NewID(now)
			if _, err := st.Intend(ctx, []store.Intent{{Attempt: l.attempt, Message: l.m, Provider: r.prov, Now: now}}); err != nil {
				t.Fatal(err)
			}
		case step < 7 && l.attempt != 0:
			l.ref = fmt.Sprint("ref-", l.attempt)
			o := smsir.Outcome{State: smsir.AttemptAccepted, References: []string{l.ref}}
			switch chance.IntN(4) {
			case 0:
				o = smsir.Outcome{State: smsir.AttemptUnknown, Error: &smsir.Failure{Class: smsir.ClassUnknown, Code: "timeout", Text: "No answer."}}
			case 1:
				o.References = append(o.References, l.ref+"-2")
			}
			_, _ = st.Finish(ctx, store.Finish{Attempt: l.attempt, Message: l.m.ID, Now: now, Outcome: o}) // some come too late
		case step < 9 && l.ref != "":
			status := []smsir.Status{smsir.Sent, smsir.Delivered, smsir.Delivered, smsir.Undelivered}[chance.IntN(4)]
			if _, err := st.StoreReceipt(ctx, smsir.Receipt{Provider: r.prov, Reference: l.ref, Status: status, Network: []string{"", "00101"}[chance.IntN(2)], ArrivedAt: now}); err != nil {
				t.Fatal(err)
			}
		case step == 9:
			if _, _, err := st.Cancel(ctx, r.ws, l.m.ID, smsir.Actor{Kind: smsir.ActorKey, ID: r.ws}, now); err != nil {
				t.Fatal(err)
			}
		case step == 10:
			if err := st.Release(ctx, []smsir.ID{l.m.ID}, smsir.ReasonDue, now.Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
		default:
			if err := st.Update(ctx, func(tx sqldb.Tx) error { // a statement that the memory is not told of, and then a failure
				_, err := tx.Exec("UPDATE messages SET text = 'gone' WHERE id = $1", int64(l.m.ID))
				return errors.Join(err, [2]error{nil, errors.New("no")}[chance.IntN(2)])
			}); err != nil && err.Error() != "no" {
				t.Fatal(err)
			}
		}
		var ids []smsir.ID
		for _, l := range all[max(0, len(all)-20):] {
			ids = append(ids, l.m.ID)
		}
		got, err := st.MessagesByID(ctx, ids)
		same(t, "messages", byID(got), err, func() (any, error) {
			stored, err := st.Store.MessagesByID(ctx, ids)
			return byID(stored), err
		})
		for _, m := range got {
			moves[m.Status]++
		}
	}
	if moves[smsir.Delivered] == 0 || moves[smsir.Undelivered] == 0 || moves[smsir.Unknown] == 0 || moves[smsir.Canceled] == 0 {
		t.Errorf("the lives are too quiet: %v", moves)
	}
	last, err := st.LastEvent(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for after := smsir.ID(0); after < last; {
		for _, ws := range []smsir.UUID{{}, r.ws} {
			got, err := st.EventsAfter(ctx, ws, after, 100)
			same(t, "events", got, err, func() (any, error) {
				rows, err := st.Query(ctx, "SELECT "+sqldb.EventColumns+" FROM events WHERE id > $1 ORDER BY id LIMIT 100", int64(after))
				return sqldb.ScanEvents(rows, err)
			})
			if len(got) == 0 {
				t.Fatalf("no event after %d, the last is %d", after, last)
			}
			if !ws.IsZero() {
				after = got[len(got)-1].ID
			}
		}
	}
}

// rich accepts a message with everything that one can have.
func (r *rig) rich(t *testing.T, now time.Time) *smsir.Message {
	m := &smsir.Message{
		ID: r.st.NewID(now), Workspace: r.ws, Batch: r.st.NewID(now), CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: r.prov}, Class: smsir.Bulk,
		To: "+447700900123", ToRaw: "07700 900123", Country: "GB", From: "Clinic", Text: "Hello, ☃", Encoding: 1, Segments: 1, Provider: r.prov,
		OnUnknown: smsir.RetryOnce, ClientRef: fmt.Sprint(now.UnixNano()), Tags: []string{"a"}, Metadata: map[string]string{"b": "c"}, ResendOf: 7,
		AcceptedAt: now, SendAt: now.Add(time.Hour), ExpiresAt: now.Add(24 * time.Hour),
	}
	if _, err := r.st.Accept(t.Context(), &store.Acceptance{Workspace: r.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{m.Accept(now, false)}, Owned: true}); err != nil {
		t.Fatal(err)
	}
	return m
}

func byID(list []*smsir.Message) []*smsir.Message {
	slices.SortFunc(list, func(a, b *smsir.Message) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// same compares what memory says with what the database says, as JSON: times are the same moments there.
func same(t *testing.T, what string, got any, err error, stored func() (any, error)) {
	t.Helper()
	want, err2 := stored()
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	g, _ := json.Marshal(got)
	w, _ := json.Marshal(want)
	if string(g) != string(w) {
		t.Fatalf("%s in memory and in the database:\n%s\n%s", what, g, w)
	}
}
