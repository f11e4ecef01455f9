package errmap_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/smsir/smsir/internal/errmap"
)

func TestUnmappedIsToldOnceADay(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	metrics := prometheus.NewRegistry()
	u := errmap.NewUnmapped(slog.New(slog.NewTextHandler(&log, nil)), metrics, func() time.Time { return now })
	for range 3 {
		u.Tell("carrier", "4711", "who knows")
	}
	u.Tell("carrier", "4712", "")
	now = now.Add(24 * time.Hour)
	u.Tell("carrier", "4711", "who knows")
	if n := strings.Count(log.String(), "code=4711"); n != 2 || strings.Count(log.String(), "\n") != 3 {
		t.Errorf("told %d times in two days, want 2:\n%s", n, log.String())
	}
	families, err := metrics.Gather()
	if err != nil || len(families) != 1 || families[0].GetMetric()[0].GetCounter().GetValue() != 5 {
		t.Errorf("counted %v, %v; want 5", families, err)
	}
}
