package inbound

import "context"

// Sweep is one turn of Run.
func (s *Service) Sweep(ctx context.Context) error { return s.sweep(ctx) }
