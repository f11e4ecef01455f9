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
