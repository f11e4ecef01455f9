// Package accept is stage 1: it validates, normalises, polices and counts what a door was asked to
// send, and commits it.
//
// Every door (REST, SMPP, campaigns) goes through it. It does not know HTTP, and it does not send.
// What it guarantees: when [Service.Send] returns messages, they are on disk with their first events
// and, if a key came, with the answer that a retry will get. When it returns an error, nothing was
// stored.
package accept

import (
	"context"
	"crypto/subtle"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/store"
)

// Limits of a request.
const (
	MaxRecipients = 1000 // of one batch
	MaxText       = 1600 // characters
	MaxTags       = 10   //
	MaxTag        = 64   // characters
	MaxMetadata   = 20   // entries
	MaxValue      = 500  // characters of a metadata value
	MaxClientRef  = 128  // characters
	MaxOrdering   = 64   // characters of an ordering key
	MaxHold       = 10 * time.Minute
	MinValidity   = time.Minute
	MaxValidity   = 7 * 24 * time.Hour
	MaxAhead      = 366 * 24 * time.Hour // of send_at
	maxBehind     = time.Minute          // a send_at so far in the past still means now
	otpValidity   = 10 * time.Minute
	clientRefTTL  = 30 * 24 * time.Hour
)

// Options of [New]; only Store is required.
type Options struct {
	Store          store.Accepter
	Now            func() time.Time
	Validity       time.Duration // default of a message; 24 h if 0
	IdempotencyTTL time.Duration // 72 h if 0
	QueueLimit     int64         // messages of one workspace that may wait; none if 0
	// Reserve asks the dispatcher for room in memory, nil if there is none; Poke says that the clock has more to watch.
	Reserve func([]*smsir.Message) store.Reservation
	Poke    func()
	// Waits says why, and until when at first, the queued messages of a workspace cannot be sent now;
	// "" if they can.
	Waits func(workspace smsir.UUID) (smsir.Reason, time.Time)
	// Hurry is called when what messages waited for came while they were stored.
	Hurry func()
	// Sender chooses the sender of a message to a country from the one asked for, which may be "". Its *smsir.Error refuses the
	// message, unless it says that the storage is unavailable. Nil: whatever is asked for.
	Sender func(ctx context.Context, w *store.Workspace, from, country string, class smsir.Class) (string, error)
	// Knows reports whether a provider is enabled in a workspace.
	Knows func(workspace, provider smsir.UUID) bool
	// Prices finds the price list of a workspace that limits what it spends; nil for a server on which none has one.
	Prices  func(ctx context.Context, w *store.Workspace) (*smsir.PriceList, error)
	Metrics prometheus.Registerer
}

// Service accepts messages. It is safe for concurrent use.
type Service struct {
	opt      Options
	backlog  backlog
	accepted *prometheus.CounterVec
}

// New returns a service.
func New(opt Options) *Service {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Validity == 0 {
		opt.Validity = 24 * time.Hour
	}
	if opt.IdempotencyTTL == 0 {
		opt.IdempotencyTTL = 72 * time.Hour
	}
	if opt.Reserve == nil {
		opt.Reserve = func([]*smsir.Message) store.Reservation { return nil }
	}
	if opt.Poke == nil {
		opt.Poke = func() {}
	}
	if opt.Hurry == nil {
		opt.Hurry = func() {}
	}
	if opt.Waits == nil {
		opt.Waits = func(smsir.UUID) (smsir.Reason, time.Time) { return "", time.Time{} }
	}
	if opt.Prices == nil {
		opt.Prices = func(context.Context, *store.Workspace) (*smsir.PriceList, error) { return smsir.NewPriceList(nil), nil }
	}
	if opt.Knows == nil {
		opt.Knows = func(smsir.UUID, smsir.UUID) bool { return true }
	}
	s := &Service{opt: opt, accepted: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_messages_accepted_total", Help: "Messages accepted, by class."}, []string{"class"})}
	if opt.Metrics != nil {
		opt.Metrics.MustRegister(s.accepted)
	}
	return s
}

// Request is one message as it is asked for. Zero fields take the workspace's defaults.
type Request struct {
	To        string // as typed
	Text      string
	From      string
	Class     smsir.Class
	SendAt    time.Time     // not before; excludes Hold
	Hold      time.Duration // undo window
	Validity  time.Duration
	OnUnknown *smsir.OnUnknown
	ClientRef string
	Tags      []string
	Metadata  map[string]string
	Provider  smsir.UUID
	Smart     *bool // smart encoding; nil for the workspace's default
	ResendOf  smsir.ID
	// OrderingKey makes the message start after the one before it with the same key; "" for no order.
	OrderingKey string
}

// Order is everything one request of a door asks for.
type Order struct {
	Workspace    *store.Workspace
	Actor        smsir.Actor
	Requests     []Request
	Batch        bool       // recipients that policy forbids become blocked rows instead of refusing the whole
	In           smsir.ID   // the batch that it adds to, which a campaign has; 0 makes a new one
	SkipInvalid  bool       // invalid rows of a batch are left out and told instead of refusing the whole
	Idempotency  *Key       // nil without a key
	Conversation smsir.UUID // that they are replies in; zero for none
	Confirmation bool       // they tell of an opt-out, which does not block them
	// Replaces is a message that is canceled in the same step, whose place the only one of the order takes; 0 for none. If it
	// cannot be any more, nothing is stored: CodeTooLate.
	Replaces smsir.ID
	// Render makes the answer, before the commit, so that it is stored with the key. It may be nil
	// when there is no key.
	Render func(*Result) (status int, body []byte, err error)
}

// Key makes a retry safe.
type Key struct {
	Scope       string // the endpoint
	Key         string
	Fingerprint [32]byte
	TTL         time.Duration // how long it is kept; 0 for the service's
}

// Result is what was accepted, or what was answered before.
type Result struct {
	Batch      smsir.ID
	Messages   []*smsir.Message // as accepted; copies
	Duplicates []Duplicate
	Skipped    []Skipped
	Status     int    // of the answer that Render made, or of the earlier one
	Body       []byte // likewise
	Replayed   bool
}

// Duplicate is a row that repeats an earlier one of the same request.
type Duplicate struct {
	Index, Of int
	To        string
}

// Skipped is an invalid row that was left out.
type Skipped struct {
	Index   int
	To      string
	Problem Problem
}

// Problem is what is wrong with one row, and how to put it right.
type Problem struct {
	Index       int
	Field, Code string
	Text        string
}

// InvalidError refuses a request because of its rows. Nothing was stored.
type InvalidError struct {
	Problems []Problem
}

// Error names the first problem.
func (e *InvalidError) Error() string {
	if len(e.Problems) == 0 {
		return "invalid request"
	}
	return fmt.Sprintf("%s (row %d, field %s; %d in all)", e.Problems[0].Text, e.Problems[0].Index, e.Problems[0].Field, len(e.Problems))
}

// Send accepts an order. Errors: [*InvalidError]; [*LimitError]; [*CreditError]; [*smsir.Error] with CodeIdempotencyReuse,
// CodeOptedOut, CodeClientRefUsed, CodeQueueFull, CodeStorageFull, CodeStorageDown or
// CodeCommitUnknown.
func (s *Service) Send(ctx context.Context, o Order) (*Result, error) {
	if o.Idempotency != nil {
		replay, err := s.opt.Store.Replay(ctx, o.Workspace.ID, o.Idempotency.Scope, o.Idempotency.Key, s.opt.Now())
		if err != nil {
			return nil, err
		}
		if replay != nil {
			return replayed(replay, o.Idempotency)
		}
	}
	var list *smsir.PriceList
	if priced(o.Workspace) {
		var err error
		if list, err = s.opt.Prices(ctx, o.Workspace); err != nil {
			return nil, err
		}
	}
	if o.Batch && o.Workspace.CreditOn {
		return s.sendWhatFits(ctx, &o, list)
	}
	return s.try(ctx, &o, list, math.MaxInt64)
}

// try accepts an order. Where credit is on, rows that cost more than reach together are blocked.
func (s *Service) try(ctx context.Context, o *Order, list *smsir.PriceList, reach int64) (*Result, error) {
	p, err := s.plan(ctx, o, list, reach)
	if err != nil {
		return nil, err
	}
	if err := p.check(ctx); err != nil {
		return nil, err
	}
	if err := s.backlog.check(ctx, &s.opt, o.Workspace, p.messages); err != nil {
		return nil, err
	}
	return s.commit(ctx, p)
}

func replayed(r *store.Replay, k *Key) (*Result, error) {
	if subtle.ConstantTimeCompare(r.Fingerprint[:], k.Fingerprint[:]) != 1 {
		return nil, &smsir.Error{
			Code: smsir.CodeIdempotencyReuse, Field: "Idempotency-Key",
			Text: "This Idempotency-Key was used with another request. Use a new key for a new request, and the same body for a retry.",
		}
	}
	return &Result{Status: r.Status, Body: r.Body, Replayed: true}, nil
}

// commit stores what a plan made, and hands it to the dispatcher.
func (s *Service) commit(ctx context.Context, p *plan) (*Result, error) {
	a := &store.Acceptance{
		Workspace: p.order.Workspace.ID, Messages: p.messages, Events: p.events, ClientRefs: clientRefTTL,
		Conversation: p.order.Conversation, Confirmation: p.order.Confirmation, Meters: p.meters(),
		Spend:    p.toSpend(),
		Replaces: p.order.Replaces, ReplacedBy: p.order.Actor,
	}
	result := &p.result
	if p.order.Render != nil {
		var err error
		if result.Status, result.Body, err = p.order.Render(result); err != nil {
			return nil, fmt.Errorf("render the answer: %w", err)
		}
	}
	if k := p.order.Idempotency; k != nil {
		ttl := k.TTL
		if ttl == 0 {
			ttl = s.opt.IdempotencyTTL
		}
		a.Idempotency = &store.Idempotency{
			Scope: k.Scope, Key: k.Key, Fingerprint: k.Fingerprint, ExpiresAt: p.now.Add(ttl),
			Status: result.Status, Body: result.Body,
		}
	}
	due := p.due()
	var room store.Reservation
	if len(due) > 0 {
		room = s.opt.Reserve(due)
	}
	over := false // what was reserved
	if a.Owned = room != nil; a.Owned {
		a.Intents = room.Intents()
		defer func() {
			if !over { // a panic: the dispatcher would wait for it at its end
				room.Doubt()
			}
		}()
	}
	before, after := failpoint.AcceptBefore, failpoint.AcceptAfter
	if p.order.Batch {
		before, after = failpoint.BatchBefore, failpoint.BatchAfter
	}
	failpoint.Hit(before)
	replay, err := s.opt.Store.Accept(ctx, a)
	failpoint.Hit(after)
	over = true
	if err != nil || replay != nil {
		switch {
		case a.Owned && smsir.CodeOf(err) == smsir.CodeCommitUnknown:
			room.Doubt()
		case a.Owned:
			room.Release()
		}
		if err != nil {
			return nil, refusal(err, p.order.Workspace)
		}
		return replayed(replay, p.order.Idempotency)
	}
	for _, m := range p.messages {
		s.accepted.WithLabelValues(m.Class.String()).Inc()
	}
	if a.Owned {
		room.Offer()
	}
	if reason, _ := s.opt.Waits(a.Workspace); p.waits && reason == "" {
		s.opt.Hurry()
	}
	if len(due) < len(p.messages) { // something is scheduled; what found no room is asked for when there is
		s.opt.Poke()
	}
	return result, nil
}
