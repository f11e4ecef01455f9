package campaign_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

func TestReadTable(t *testing.T) {
	t.Parallel()
	rows := "Name;Mobile\nAda;+12025550100\nBob;nobody\n;\nAda again;(202) 555-0100\nEve;\n"
	got, err := campaign.ReadTable(strings.NewReader(rows), sheet.CSV, "US")
	if err != nil || got.Over || got.Added != 1 || got.Repeated != 1 || got.Rejected != 2 || got.Recipients[0].Values["name"] != "Ada" {
		t.Fatalf("got %+v, %v", got, err)
	}
	if p := got.Problems; len(p) != 2 || p[0].Row != 3 || p[0].Text != "nobody" || p[0].Why == "" || p[1].Row != 6 {
		t.Errorf("problems %+v", p)
	}
	for name, tc := range map[string]struct {
		rows int
		over bool
	}{"full": {campaign.MaxTable, false}, "one too many": {campaign.MaxTable + 1, true}} {
		var b strings.Builder
		for i := range tc.rows {
			fmt.Fprintf(&b, "+44 7700 9%05d\n", i)
		}
		got, err := campaign.ReadTable(strings.NewReader(b.String()), sheet.CSV, "GB")
		if err != nil || got.Over != tc.over || !tc.over && len(got.Recipients) != tc.rows || tc.over && got.Recipients != nil {
			t.Errorf("%s: %d recipients, over %v, %v", name, len(got.Recipients), got.Over, err)
		}
	}
	long, err := campaign.ReadTable(strings.NewReader(strings.Repeat("+12025550100\n", 5001)), sheet.CSV, "US")
	if err != nil || !long.Over {
		t.Errorf("5,001 rows: %+v, %v", long, err)
	}
}

func TestQuietUntilOfACountry(t *testing.T) {
	t.Parallel()
	quiet := store.QuietHours{From: "21:00", To: "08:00"}
	at := time.Date(2026, 3, 2, 20, 0, 0, 0, time.UTC) // 23:00 in Nairobi, 15:00 in New York and 10:00 in Honolulu
	if got, want := campaign.QuietUntil(quiet, "KE", time.UTC, at), time.Date(2026, 3, 3, 5, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("Kenya: got %v, want %v", got, want)
	}
	if got := campaign.QuietUntil(quiet, "US", time.UTC, at); !got.IsZero() {
		t.Errorf("the United States by day: got %v", got)
	}
	if got := campaign.QuietUntil(store.QuietHours{}, "KE", time.UTC, at); !got.IsZero() {
		t.Errorf("without quiet hours: got %v", got)
	}
	for country, want := range map[string]string{"KE": "Africa/Nairobi", "AU": "Australia/Sydney", "CA": "America/Toronto", "BR": "America/Sao_Paulo", "RU": "Europe/Moscow", "": "UTC"} {
		if got := campaign.ZoneOf(country, time.UTC).String(); got != want {
			t.Errorf("%q: got %s, want %s", country, got, want)
		}
	}
}
