package smsir_test

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"pgregory.net/rapid"
)

func TestIdentifiersRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		id := smsir.ID(rapid.Int64Range(1, 1<<63-1).Draw(rt, "id"))
		s := id.Format("msg")
		if got, err := smsir.ParseID("msg", s); err != nil || got != id {
			rt.Fatalf("ParseID(%q) = %d, %v; want %d", s, got, err, id)
		}
		u := smsir.NewUUID(time.UnixMilli(rapid.Int64Range(0, 1<<40).Draw(rt, "ms")))
		s = u.Format("usr")
		if got, err := smsir.ParseUUID("usr", s); err != nil || got != u {
			rt.Fatalf("ParseUUID(%q) = %x, %v; want %x", s, got, err, u)
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "msg_", "msg_0000000000000", "usr_0g5t3v2k9qw1a", "msg_zzzzzzzzzzzzz", "msg_0g5t3v2k9qw1!", "msg_0g5t3v2k9qw1a0", "0g5t3v2k9qw1a"} {
		if id, err := smsir.ParseID("msg", s); err == nil {
			t.Errorf("ParseID(%q) = %d, want an error", s, id)
		}
	}
	for _, s := range []string{"usr_", "usr_8zzzzzzzzzzzzzzzzzzzzzzzzz", "key_01kz0000000000000000000000"} {
		if u, err := smsir.ParseUUID("usr", s); err == nil {
			t.Errorf("ParseUUID(%q) = %x, want an error", s, u)
		}
	}
}

func TestGeneratorNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		floor := smsir.IDAt(t0.Add(time.Duration(rapid.IntRange(-1000, 1000).Draw(rt, "floor ms")) * time.Millisecond))
		g, err := smsir.NewGenerator(rapid.IntRange(0, 1023).Draw(rt, "node"), floor)
		if err != nil {
			rt.Fatal(err)
		}
		last, now := floor, t0
		for range rapid.IntRange(1, 200).Draw(rt, "n") {
			now = now.Add(time.Duration(rapid.IntRange(-50, 50).Draw(rt, "step")) * time.Millisecond)
			for range rapid.SampledFrom([]int{1, 1, 5000}).Draw(rt, "burst") {
				id := g.Next(now)
				if id <= last {
					rt.Fatalf("Next = %d after %d", id, last)
				}
				last = id
			}
		}
	})
}

func TestIDCarriesItsTime(t *testing.T) {
	t.Parallel()
	g, err := smsir.NewGenerator(7, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := g.Next(t0).Time(); !got.Equal(t0) {
		t.Errorf("time of a new id = %v, want %v", got, t0)
	}
	if _, err := smsir.NewGenerator(1024, 0); err == nil {
		t.Error("node 1024: want an error")
	}
}
