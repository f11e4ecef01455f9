package report

import (
	"context"
	"time"

	"github.com/smsir/smsir/internal/store"
)

// LookForWeeks is what Run does now and then.
func (s *Service) LookForWeeks(ctx context.Context) error { return s.lookForWeeks(ctx) }

// Look is what Run does all the time.
func (s *Service) Look(ctx context.Context) error { return s.look(ctx) }

// CountOne counts an hour without a rest.
func (s *Service) CountOne(ctx context.Context, m store.ReportMark) (time.Duration, error) {
	return s.count(ctx, m)
}
