package httpd

import (
	"context"
	"crypto/rand"
	"io/fs"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/notify"
)

// Deps is what a [Server] is made of.
type Deps struct {
	Accounts  Accounts
	Providers Providers
	Routes    Routes
	Audience  Audience
	Campaigns Campaigns
	Reports   Reports
	Retention Retention
	Senders   Senders
	Imports   Imports
	Inbox     Inbox
	Webhooks  Webhooks
	Push      Push
	Accept    Accepter
	SMPP      SMPP
	Ledger    Ledger
	Store     Store
	Hub       *notify.Hub // of the event stream
	Web       fs.FS       // the built web app; nil: none

	Callbacks *Callbacks // the addresses at which providers call back; nil: there are none
	// Opened returns a configured provider, open, whether it is enabled or not. Error: CodeNotFound. It and Sink, which
	// takes what providers tell, are needed where there are callbacks.
	Opened func(ctx context.Context, provider smsir.UUID) (smsir.Provider, error)
	Sink   smsir.Sink
	Health func(provider smsir.UUID) (dispatch.Health, bool) // of an enabled provider; nil: nobody knows
	// Connected returns an enabled provider that holds connections, nil for any other. It may be nil itself.
	Connected func(provider smsir.UUID) smsir.Connected
	// Recalls reports whether a provider can be asked to delete a message that it accepted; nil: none can.
	Recalls func(provider smsir.UUID) bool
	// Why tells of the queued ones of some messages why they wait; nil: nobody knows.
	Why func(ctx context.Context, workspace smsir.UUID, messages []*smsir.Message) map[smsir.ID]dispatch.Wait

	Version   string
	PublicURL string // without a slash at the end; "" as long as it is not known
	// AllowInsecureHTTP lets people log in over plain HTTP from other machines.
	AllowInsecureHTTP bool
	Trusted           Networks // proxies whose forwarding headers are believed
	// Ready reports why this node should get no requests, beside what its store says. May be nil.
	Ready func() error
	// Degraded says why a failover of the database could lose messages, "" if it could not. May be nil.
	Degraded        func() string
	DataLoss        bool // the operator accepted a database that may lose messages
	DefaultValidity time.Duration
	MetricsToken    config.Secret // opens /metrics; "" leaves it to this machine

	CursorKey []byte // of the MAC of cursors; nil makes one, and cursors end with the process
	SendRate  Rate   // of one caller; zero: [DefaultSendRate]

	Gatherer prometheus.Gatherer   // behind /metrics; nil: none
	Metrics  prometheus.Registerer // takes the door's own metrics; nil: nobody
	Log      *slog.Logger          // nil: discard
	Clock    func() time.Time      // nil: time.Now
}

// Server is the HTTP door. It is safe for concurrent use.
type Server struct {
	deps    Deps
	log     *slog.Logger
	now     func() time.Time
	limits  *limiter
	cursors cursors
	names   *nameCache
	metrics *metrics
	streams *streams

	api     *http.ServeMux
	web     http.Handler
	docs    http.Handler
	doc     *document
	spec    []byte
	routes  []registered
	claimed atomic.Bool // somebody has registered; never goes back
}

// New builds the door. It panics on a route that the access table does not have or that cannot be
// described: a mistake of the programmer.
func New(deps Deps) *Server {
	s := &Server{deps: deps, log: deps.Log, now: deps.Clock}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.deps.CursorKey == nil {
		s.deps.CursorKey = make([]byte, 32)
		_, _ = rand.Read(s.deps.CursorKey) // never fails since Go 1.24: the program ends instead
	}
	s.cursors = cursors{key: s.deps.CursorKey}
	s.limits = newLimiter(deps.SendRate)
	s.names = newNameCache(deps.Store, s.now)
	s.metrics = newMetrics(deps.Metrics)
	s.streams = newStreams(&s.deps, s.log)
	s.build()
	s.web, s.docs = s.webApp(deps.Web), s.docsHandler()
	return s
}

// build registers every route.
func (s *Server) build() {
	b := &builder{s: s, mux: http.NewServeMux(), doc: newDocument()}
	s.registerAuth(b)
	s.registerSessions(b)
	s.registerMe(b)
	s.registerWorkspace(b)
	s.registerInvites(b)
	s.registerInstance(b)
	s.registerSend(b)
	s.registerMessages(b)
	s.registerStats(b)
	s.registerReports(b)
	s.registerKeys(b)
	s.registerSMPP(b)
	s.registerProviders(b)
	s.registerRoutes(b)
	s.registerContacts(b)
	s.registerGroups(b)
	s.registerConsent(b)
	s.registerTemplates(b)
	s.registerCampaigns(b)
	s.registerLimits(b)
	s.registerRetention(b)
	s.registerPrices(b)
	s.registerCredit(b)
	s.registerImports(b)
	s.registerInbox(b)
	s.registerInboxRules(b)
	s.registerWebhooks(b)
	s.registerPush(b)
	s.registerAudit(b)
	s.registerSenders(b)
	s.registerEvents(b)
	s.registerHealth(b)
	b.mux.HandleFunc("/", s.noRoute)
	s.api, s.doc, s.routes = b.mux, b.doc, b.routes
	s.spec = b.doc.render()
}

// Handler returns the door as one handler.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// OpenAPI is the OpenAPI 3.1 document as indented JSON, the same bytes every time.
func OpenAPI() []byte {
	s := &Server{now: time.Now}
	s.build()
	return s.spec
}

// NewHTTPServer returns a server with the time limits that a door to the internet needs. WebSocket and
// event streams lift the write limit for themselves.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
