package errmap_test

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	const good = `{"version": "2026-11-23", "source": "https://example.com/errors", "codes": {"21211": {"class": "permanent", "text": "No such number."}}}`
	table, err := errmap.Load([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if note, ok := table.Find("21211"); !ok || note.Class != smsir.ClassPermanent || note.Text != "No such number." {
		t.Errorf("got %+v, %v", note, ok)
	}
	if _, ok := table.Find("1"); ok {
		t.Error("found a code that is not there")
	}
	for name, change := range map[string][2]string{
		"class": {"permanent", "hopeless"}, "text": {"No such number.", ""}, "day": {"2026-11-23", "today"},
		"source": {"https://", ""}, "field": {`"class"`, `"klass"`}, "no codes": {`"21211": {"class": "permanent", "text": "No such number."}`, ""},
	} {
		if _, err := errmap.Load([]byte(strings.Replace(good, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestUnknownCodes(t *testing.T) {
	t.Parallel()
	table, err := errmap.Load([]byte(`{"version": "2026-11-23", "source": "https://example.com/errors", "codes": {"7": {"class": "blocked", "text": "It was held."}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		status int
		code   string
		class  smsir.FailureClass
		mapped bool
	}{
		{400, "7", smsir.ClassBlocked, true},
		{401, "7", smsir.ClassBlocked, true},
		{400, "8", smsir.ClassPermanent, false},
		{401, "8", smsir.ClassConfig, false},
		{402, "8", smsir.ClassConfig, false},
		{403, "", smsir.ClassConfig, false},
		{404, "8", smsir.ClassConfig, false},
		{429, "8", smsir.ClassThrottle, false},
	} {
		if note, mapped := table.Refusal("Example", tt.status, tt.code); note.Class != tt.class || mapped != tt.mapped || note.Text == "" {
			t.Errorf("%d with code %q: got %+v, %v, want class %s, %v", tt.status, tt.code, note, mapped, tt.class, tt.mapped)
		}
	}
	if note, mapped := table.Report("7"); note.Class != smsir.ClassBlocked || !mapped {
		t.Errorf("report with a known code: got %+v, %v", note, mapped)
	}
	if note, mapped := table.Report("8"); note.Class != smsir.ClassPermanent || mapped || note.Text == "" {
		t.Errorf("report with another code: got %+v, %v, want permanent", note, mapped)
	}
}
