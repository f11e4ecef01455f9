// Package receipt is stage 4: it takes delivery reports from providers and has them stored, matched
// and applied before they are acknowledged.
//
// The matching and the moves are one atomic step of the store; this package guards the way in and
// counts what comes. A nil error means that the report is on disk.
package receipt

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/network"
	"github.com/smsir/smsir/internal/store"
)

// Service takes receipts. It is safe for concurrent use.
type Service struct {
	store   store.Evidence
	log     *slog.Logger
	now     func() time.Time
	results *prometheus.CounterVec
	moved   func()
	strange func(provider smsir.UUID, code, text string)
}

// Options of [New]; only Store is required.
type Options struct {
	Store   store.Evidence
	Log     *slog.Logger
	Now     func() time.Time
	Metrics prometheus.Registerer
	Moved   func() // called after a receipt moved a message
	// Unmapped is told of a provider's code that no table has; may be nil.
	Unmapped func(provider smsir.UUID, code, text string)
}

// New returns a service.
func New(opt Options) *Service {
	s := &Service{store: opt.Store, log: opt.Log, now: opt.Now, moved: opt.Moved, strange: opt.Unmapped}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.moved == nil {
		s.moved = func() {}
	}
	s.results = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_receipts_total", Help: "Delivery reports by what became of them."}, []string{"result"})
	if opt.Metrics != nil {
		opt.Metrics.MustRegister(s.results)
	}
	return s
}

var resultNames = map[store.ReceiptResult]string{
	store.ReceiptApplied: "applied", store.ReceiptNoted: "noted",
	store.ReceiptDuplicate: "duplicate", store.ReceiptParked: "parked",
}

// maxWord bounds codes and references, in bytes.
const maxWord = 255

// Receipt stores one report. It refuses a report that tells no status, or that names nothing it
// could be about: those are faults of the adapter.
func (s *Service) Receipt(ctx context.Context, r smsir.Receipt) error {
	switch r.Status {
	case smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Expired:
	default:
		return fmt.Errorf("receipt with status %v: want sent, delivered, undelivered or expired", r.Status)
	}
	if r.Provider.IsZero() || (r.Reference == "" && r.Attempt == 0) {
		return fmt.Errorf("receipt without a provider, or without a reference or attempt")
	}
	if r.ArrivedAt.IsZero() {
		r.ArrivedAt = s.now()
	}
	r.Network = network.Parse(r.Network) // "" for what is no code of a network
	r.Raw, r.Code, r.Reference = smsir.Storable(r.Raw, smsir.RawLimit), smsir.Storable(r.Code, maxWord), smsir.Storable(r.Reference, maxWord)
	if r.Unmapped && s.strange != nil {
		text := ""
		if r.Error != nil {
			text = r.Error.ProviderText
		}
		s.strange(r.Provider, r.Code, text)
	}
	failpoint.Hit(failpoint.ReceiptBefore)
	result, err := s.store.StoreReceipt(ctx, r)
	failpoint.Hit(failpoint.ReceiptAfter)
	if err != nil {
		return fmt.Errorf("store a receipt: %w", err)
	}
	s.results.WithLabelValues(resultNames[result]).Inc()
	if result == store.ReceiptParked {
		s.log.Debug("a receipt matches no attempt yet", "provider", r.Provider.Format(smsir.PrefixProvider))
	}
	if result == store.ReceiptApplied {
		s.moved()
	}
	return nil
}
