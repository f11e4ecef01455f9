package inbound_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// desk is the service over a real database, with a clock that the test moves.
type desk struct {
	*testing.T
	st       *sqlite.Store
	s        *inbound.Service
	now      time.Time
	ws       smsir.UUID
	provider smsir.UUID
}

func newDesk(t *testing.T) *desk {
	d := &desk{T: t, now: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), ws: smsir.UUID{1}, provider: smsir.UUID{2}}
	clock := func() time.Time { return d.now }
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{Now: clock})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	user := smsir.UUID{3}
	err = st.Register(t.Context(), store.Registration{
		User:      store.User{ID: user, Email: "owner@example.com", Name: "Owner", CreatedAt: d.now},
		Workspace: &store.Workspace{ID: d.ws, Name: "Test", Country: "US", TimeZone: "UTC", CreatedAt: d.now}, Role: store.Owner,
		Provider: &store.Provider{ID: d.provider, Workspace: d.ws, Kind: "smsc", Name: "carrier", Enabled: true, CreatedAt: d.now, UpdatedAt: d.now},
		Session:  store.Session{ID: smsir.UUID{4}, User: user, Workspace: d.ws, CreatedAt: d.now, ExpiresAt: d.now.Add(time.Hour)},
	})
	if err != nil {
		t.Fatal(err)
	}
	d.st, d.s = st, inbound.New(st, nil, clock)
	return d
}

func (d *desk) part(reference uint16, total, number uint8, data []byte, change ...func(p *smsir.InboundPart)) {
	d.Helper()
	p := &smsir.InboundPart{Reference: reference, Total: total, Number: number, Data: data}
	for _, c := range change {
		c(p)
	}
	if err := d.s.Inbound(d.Context(), smsir.Inbound{Provider: d.provider, From: "+12025550101", To: "+12025550199", ReceivedAt: d.now, Part: p}); err != nil {
		d.Fatal(err)
	}
}

// sweep runs the service for a moment.
func (d *desk) sweep() {
	d.Helper()
	if err := d.s.Sweep(d.Context()); err != nil {
		d.Fatal(err)
	}
}

// texts are the messages that people see, oldest first.
func (d *desk) texts() (all []string) {
	d.Helper()
	list, err := d.st.ListInbound(d.Context(), d.ws, 0, 100)
	if err != nil {
		d.Fatal(err)
	}
	for _, in := range list {
		text := in.Text
		if in.Incomplete {
			text = "incomplete: " + text
		}
		all = append([]string{text}, all...)
	}
	return all
}

func (d *desk) want(want ...string) {
	d.Helper()
	got := d.texts()
	if len(got) != len(want) {
		d.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			d.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestParts: any order, duplicates before and after the end, references that come again, and both widths of them.
func TestParts(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.part(7, 3, 3, []byte("three"))
	d.part(7, 3, 1, []byte("one "))
	d.part(7, 3, 1, []byte("one "))
	d.want()
	d.part(7, 3, 2, []byte("two "))
	d.want("one two three")
	d.part(7, 3, 2, []byte("two ")) // its acknowledgement was lost
	d.want("one two three")
	d.part(0, 2, 2, []byte("b"))
	d.part(0, 2, 1, []byte("a"))
	d.want("one two three", "ab")
	d.part(7, 2, 1, []byte("another total "))
	d.part(7, 3, 1, []byte("next "))
	d.part(7, 2, 2, []byte("ends"))
	d.want("one two three", "ab", "another total ends")
}

// TestContradiction: a part that is there already with other words belongs to a new message; of the old one, what there is
// is handed on.
func TestContradiction(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.part(7, 3, 1, []byte("old "))
	d.part(7, 3, 1, []byte("new "))
	d.part(7, 3, 2, []byte("message "))
	d.sweep()
	d.want("incomplete: old […]")
	d.part(7, 3, 3, []byte("whole"))
	d.want("incomplete: old […]", "new message whole")
}

// TestWait: what waits for a day is handed on with its gaps, and nothing before.
func TestWait(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.part(7, 5, 2, []byte("two "))
	d.part(7, 5, 4, []byte("four"))
	d.now = d.now.Add(24*time.Hour - time.Minute)
	d.sweep()
	d.want()
	d.now = d.now.Add(2 * time.Minute)
	d.sweep()
	d.sweep()
	d.want("incomplete: […]two […]four[…]")
	d.now = d.now.Add(time.Hour)
	d.sweep()
	d.part(7, 5, 2, []byte("two ")) // the old one is forgotten
	d.now = d.now.Add(25 * time.Hour)
	d.sweep()
	d.want("incomplete: […]two […]four[…]", "incomplete: […]two […]")
}

// TestMostOpen: one sender cannot fill the disk with beginnings, and loses none of them.
func TestMostOpen(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for i := range 23 {
		d.part(uint16(i), 2, 1, []byte{'a' + byte(i)})
		d.now = d.now.Add(time.Second)
	}
	d.sweep()
	d.want("incomplete: a[…]", "incomplete: b[…]", "incomplete: c[…]")
}

// TestTorn: characters that the sender tore apart are whole again, and opt-outs are understood.
func TestTorn(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	emoji := gsm.EncodeUCS2(nil, "a😀b")
	ucs2 := func(p *smsir.InboundPart) { p.Encoding = smsir.EncodingUCS2 }
	d.part(1, 2, 1, emoji[:4], ucs2)
	d.part(1, 2, 2, emoji[4:], ucs2)
	d.part(2, 2, 1, []byte("\x1b"))
	d.part(2, 2, 2, []byte("e"))
	turkish := func(p *smsir.InboundPart) { p.Single = uint8(gsm.Turkish) }
	d.part(3, 2, 1, []byte("\x1bs"), turkish)
	d.part(3, 2, 2, []byte("\x1bs"))
	d.part(4, 2, 1, []byte("ST"))
	d.part(4, 2, 2, []byte("OP"))
	list := d.texts()
	if len(list) != 4 || list[0] != "a😀b" || list[1] != "€" || list[2][:2] != "ş" || list[3] != "STOP" {
		t.Errorf("got %q", list)
	}
	blocked, err := d.st.Suppressed(d.Context(), d.ws, []string{"+12025550101"}, "+12025550199")
	if err != nil || !blocked["+12025550101"] {
		t.Errorf("suppressed: %v, %v; want it after STOP in two parts", blocked, err)
	}
}
