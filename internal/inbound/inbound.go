// Package inbound takes messages from handsets and understands what they say about consent.
//
// A nil error means that the message, and the opt-out or opt-in in it, are on disk in one step: from
// then on no new attempt to that number starts. Parts of long messages wait on disk until they are
// together, in any order, at most a day; then what there is of the message is handed on, marked as
// incomplete. Answers are package inbox's.
package inbound

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

// Store is what this package needs of the storage contract.
type Store interface {
	store.Evidence
	store.PartSets
}

// Service takes inbound messages. It is safe for concurrent use.
type Service struct {
	store Store
	log   *slog.Logger
	now   func() time.Time
}

// New returns a service; log and now may be nil.
func New(st Store, log *slog.Logger, now func() time.Time) *Service {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if now == nil {
		now = time.Now
	}
	return &Service{store: st, log: log, now: now}
}

// Bounds of what is kept, in bytes: a text of 255 parts fits.
const (
	maxText = 255 * 160 * 2
	maxWord = 255
)

// Inbound stores one message, or a part of one.
func (s *Service) Inbound(ctx context.Context, in smsir.Inbound) error {
	if in.Provider.IsZero() || in.From == "" {
		return fmt.Errorf("inbound message without a provider or a sender")
	}
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = s.now()
	}
	in.Text, in.Raw = smsir.Storable(in.Text, maxText), smsir.Storable(in.Raw, smsir.RawLimit)
	in.From, in.To, in.Reference = smsir.Storable(in.From, maxWord), smsir.Storable(in.To, maxWord), smsir.Storable(in.Reference, maxWord)
	if in.Part != nil {
		return s.part(ctx, in)
	}
	return s.whole(ctx, in)
}

func (s *Service) whole(ctx context.Context, in smsir.Inbound) error {
	consent := Consent(in.Text)
	failpoint.Hit(failpoint.InboundBefore)
	duplicate, err := s.store.StoreInbound(ctx, in, consent)
	failpoint.Hit(failpoint.InboundAfter)
	if err != nil {
		return fmt.Errorf("store an inbound message: %w", err)
	}
	if consent == store.OptOut && !duplicate {
		s.log.Info("a recipient opted out", "provider", in.Provider.Format(smsir.PrefixProvider))
	}
	return nil
}
