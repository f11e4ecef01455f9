package smppd

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/crew"
	"github.com/smsir/smsir/internal/store"
)

// Accounts is what the door needs of package account.
type Accounts interface {
	Bind(ctx context.Context, systemID, password string) (*store.SMPPAccount, *store.Workspace, error)
	Recheck(ctx context.Context, before *store.SMPPAccount) (*store.SMPPAccount, *store.Workspace, error)
	Bound(ctx context.Context, a *store.SMPPAccount) error
}

// Accepter is stage 1.
type Accepter interface {
	Send(ctx context.Context, o accept.Order) (*accept.Result, error)
}

// Store is what the door reads and keeps by itself.
type Store interface {
	store.SMPPAccounts
	store.PartSets
	store.Events
	store.Canceler
	Message(ctx context.Context, workspace smsir.UUID, id smsir.ID) (*smsir.Message, error)
	MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error)
	Replay(ctx context.Context, workspace smsir.UUID, scope, key string, now time.Time) (*store.Replay, error)
	ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) ([]smsir.Inbound, error)
}

// Options of [New]. Accounts, Store and Accept are required.
type Options struct {
	Accounts Accounts
	Store    Store
	Accept   Accepter

	Listen        string         // address with TLS; "" for none
	PlainListen   string         // address without TLS; "" for none
	PlainNetworks []netip.Prefix // who may come without TLS, beside this machine
	CertFile      string         // of the certificate, in PEM; "": one of our own making
	KeyFile       string
	Dir           string // where that one is kept

	SystemID string // that we answer binds with; "SMSir" if ""
	Log      *slog.Logger
	Now      func() time.Time
	Metrics  prometheus.Registerer
	Grace    time.Duration // for sessions at the end; 10 s if 0
}

const (
	recheckEvery = 20 * time.Second
	sweepEvery   = 15 * time.Second
	pollEvery    = time.Second
)

// Server is the door. Make one with [New] and call Run once.
type Server struct {
	o   Options
	log *slog.Logger
	now func() time.Time

	guard *guard
	bell  chan struct{} // capacity 1: accounts changed
	news  chan struct{} // capacity 1: events were committed

	mu        sync.Mutex
	customers map[smsir.UUID]*customer // with a session, by account
	sessions  map[smsir.UUID]*session
	accounts  map[smsir.UUID][]store.SMPPAccount // enabled, by workspace
	refusals  map[smsir.UUID]api.SMPPRefusal     // the last one of an account, until it binds
	listeners []*listener
	stopping  bool

	ctx     context.Context //nolint:containedctx // of everything that Run starts; it ends when the last session has
	all     sync.WaitGroup
	crew    *crew.Crew // of the requests
	binds   *prometheus.CounterVec
	submits *prometheus.CounterVec
	sent    *prometheus.CounterVec
}

// New returns a server that does nothing until Run.
func New(o Options) (*Server, error) {
	if o.Accounts == nil || o.Store == nil || o.Accept == nil {
		return nil, errors.New("smppd: accounts, a store and stage 1 are required")
	}
	if o.SystemID == "" {
		o.SystemID = "SMSir"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Grace == 0 {
		o.Grace = 10 * time.Second
	}
	s := &Server{
		o: o, log: o.Log, now: o.Now, guard: newGuard(), crew: crew.New(), bell: make(chan struct{}, 1), news: make(chan struct{}, 1),
		customers: map[smsir.UUID]*customer{}, sessions: map[smsir.UUID]*session{}, accounts: map[smsir.UUID][]store.SMPPAccount{}, refusals: map[smsir.UUID]api.SMPPRefusal{},
		binds:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_smpp_binds_total", Help: "Binds to the SMPP server by what became of them."}, []string{"result"}),
		submits: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_smpp_submits_total", Help: "Submissions to the SMPP server by the answer."}, []string{"status"}),
		sent:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_smpp_deliveries_total", Help: "Receipts and messages brought to ESMEs by the answer."}, []string{"status"}),
	}
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.binds, s.submits, s.sent, prometheus.NewGaugeFunc(
			prometheus.GaugeOpts{Name: "smsir_smpp_sessions", Help: "Bound sessions of the SMPP server."}, func() float64 {
				s.mu.Lock()
				defer s.mu.Unlock()
				return float64(len(s.sessions))
			}))
	}
	return s, nil
}

// Changed tells that an account was added, changed or removed.
func (s *Server) Changed() { ring(s.bell) }

// Wake tells that events were committed. It never blocks.
func (s *Server) Wake() { ring(s.news) }

func ring(bell chan struct{}) {
	select {
	case bell <- struct{}{}:
	default:
	}
}

// Run serves until ctx ends; then it stops listening, unbinds every session in order, and returns when the last has ended.
func (s *Server) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.mu.Lock()
	s.ctx = work
	s.mu.Unlock()
	var helpers sync.WaitGroup
	helpers.Go(func() { s.feed(work) })
	helpers.Go(func() { s.sweep(work) })
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-s.bell:
			s.look(ctx)
		case <-timer.C:
			s.look(ctx)
			timer.Reset(recheckEvery)
		}
	}
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	s.stopListening()
	s.unbindAll(context.WithoutCancel(ctx))
	stop()
	helpers.Wait()
	s.all.Wait()
	s.crew.Dismiss()
	return nil
}

// look reads the accounts: it opens or closes the door, and ends or adapts the sessions of accounts that changed.
func (s *Server) look(ctx context.Context) {
	list, err := s.o.Store.SMPPAccounts(ctx, smsir.UUID{})
	if err != nil {
		if ctx.Err() == nil {
			s.log.Error("the SMPP accounts could not be read", "err", err)
		}
		return
	}
	byOwner := map[smsir.UUID][]store.SMPPAccount{}
	for _, a := range list {
		if a.Enabled {
			byOwner[a.Workspace] = append(byOwner[a.Workspace], a)
		}
	}
	s.mu.Lock()
	first := len(s.accounts) == 0 && len(byOwner) > 0
	s.accounts = byOwner
	sessions := make([]*session, 0, len(s.sessions))
	for _, n := range s.sessions {
		sessions = append(sessions, n)
	}
	s.mu.Unlock()
	if len(list) > 0 {
		s.listen(ctx)
	} else {
		s.stopListening()
	}
	if first {
		s.Wake()
	}
	for _, n := range sessions {
		n.recheck(ctx)
	}
}

// unbindAll ends all sessions in order.
func (s *Server) unbindAll(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Grace)
	defer cancel()
	s.mu.Lock()
	var all sync.WaitGroup
	for _, n := range s.sessions {
		all.Go(func() { _ = n.conn.Unbind(ctx) }) // closed in any case
	}
	s.mu.Unlock()
	all.Wait()
	s.guard.hangUp()
}
