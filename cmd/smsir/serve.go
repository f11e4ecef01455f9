package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/audience"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/dispatch"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/httpd"
	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/inbox"
	"github.com/smsir/smsir/internal/job"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/node"
	"github.com/smsir/smsir/internal/notify"
	"github.com/smsir/smsir/internal/provider/africastalking"
	"github.com/smsir/smsir/internal/provider/aws"
	"github.com/smsir/smsir/internal/provider/clickatell"
	"github.com/smsir/smsir/internal/provider/httpapi"
	"github.com/smsir/smsir/internal/provider/infobip"
	"github.com/smsir/smsir/internal/provider/messagebird"
	"github.com/smsir/smsir/internal/provider/plivo"
	"github.com/smsir/smsir/internal/provider/simulator"
	"github.com/smsir/smsir/internal/provider/sinch"
	"github.com/smsir/smsir/internal/provider/smsc"
	"github.com/smsir/smsir/internal/provider/telnyx"
	"github.com/smsir/smsir/internal/provider/twilio"
	"github.com/smsir/smsir/internal/provider/vonage"
	"github.com/smsir/smsir/internal/push"
	"github.com/smsir/smsir/internal/receipt"
	"github.com/smsir/smsir/internal/report"
	"github.com/smsir/smsir/internal/retention"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/routing"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/sender"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/upstream"
	"github.com/smsir/smsir/internal/webhook"
	"github.com/smsir/smsir/web"
)

type serveCommand struct{ settingFlags }

// Run starts the gateway and blocks until it is told to stop.
func (c *serveCommand) Run(ctx context.Context, p process) error {
	l, err := c.load(p)
	if err != nil {
		return err
	}
	log := newLogger(l.Log, p.err)
	quietLibraries(log)
	return serve(ctx, l.Settings, serveOptions{Out: p.out, Log: log, Ready: p.ready})
}

// serveOptions are what is not a setting.
type serveOptions struct {
	Out   io.Writer // what people read at the start
	Log   *slog.Logger
	Ready func(url string)              // the server answers; may be nil
	Setup func(code string, url string) // a new setup code; nil: it is printed
}

// gateway is everything that serve starts, in the order in which it is built.
type gateway struct {
	s          config.Settings
	o          serveOptions
	metrics    *prometheus.Registry
	store      store.Store
	carrier    *simulator.Carrier
	upstreams  *upstream.Service
	routes     *routing.Service
	senders    *sender.Service
	accounts   *account.Service
	ledger     *ledger.Service
	dispatcher *dispatch.Dispatcher
	accepter   *accept.Service
	inbound    *inbound.Service
	smpp       smppDoor
	inbox      *inbox.Service
	reports    *report.Service
	retention  *retention.Service
	hub        *notify.Hub
	keeper     *node.Keeper // nil on a database for one node
	jobs       *job.Runner
	webhooks   *webhook.Service
	push       *push.Service
	pushJobs   *job.Runner
	listener   net.Listener
	url        string
	fatal      chan error
}

// serve builds store, stages and doors from top to bottom, runs them until ctx ends, and stops them
// in the order: doors, dispatch, notify, store.
func serve(ctx context.Context, s config.Settings, o serveOptions) (err error) {
	g := &gateway{s: s, o: o, metrics: prometheus.NewRegistry(), fatal: make(chan error, 1)}
	g.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if g.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", s.Listen); err != nil {
		return fmt.Errorf("listen on %s: %w. Stop the program that uses this address, or choose another one with --listen", s.Listen, err)
	}
	defer g.listener.Close() //nolint:errcheck // closed by the server already, but for errors below
	g.url = publicURL(s, g.listener.Addr())
	if err := g.openStores(ctx); err != nil {
		return errors.Join(err, g.close())
	}
	server, err := g.build(ctx)
	if err != nil {
		return errors.Join(err, g.close())
	}
	return errors.Join(g.run(ctx, server), g.close())
}

func (g *gateway) openStores(ctx context.Context) (err error) {
	database, err := g.openDatabase(ctx)
	if err != nil {
		return err
	}
	g.store = database
	g.carrier, err = simulator.OpenCarrier(filepath.Join(g.s.DataDir, simulator.LedgerName), simulator.Options{Seed: g.s.Simulator.Seed, Gather: simulatorGather, Log: g.o.Log})
	return err
}

// simulatorGather spares the disk that the gateway's own commits need; no carrier answers faster.
const simulatorGather = 5 * time.Millisecond

// build makes stages and doors. Calls that go against the floors are plain functions, set here.
func (g *gateway) build(ctx context.Context) (*httpd.Server, error) {
	log := g.o.Log
	if err := g.join(ctx); err != nil {
		return nil, err
	}
	sealed, err := upstream.Sealed(ctx, g.store)
	if err != nil {
		return nil, err
	}
	keys, err := seal.Load(g.s.DataDir, sealed)
	if err != nil {
		return nil, err
	}
	if err := checkKeys(ctx, g.store, keys, filepath.Join(g.s.DataDir, seal.FileName)); err != nil {
		return nil, err
	}
	box, err := keys.Box(upstream.Purpose)
	if err != nil {
		return nil, err
	}
	sim := simulator.Kind(g.carrier)
	sim.Window = g.s.Simulator.Window
	kinds := []smsir.ProviderKind{
		sim,
		africastalking.Kind(),
		aws.Kind(),
		clickatell.Kind(),
		infobip.Kind(),
		messagebird.Kind(),
		plivo.Kind(),
		sinch.Kind(),
		smsc.Kind(),
		telnyx.Kind(),
		twilio.Kind(),
		vonage.Kind(),
		httpapi.Kind(), // last in the form: for what has no kind of its own
	}
	callbackKeys, err := keys.MACs("callbacks")
	if err != nil {
		return nil, err
	}
	callbacks := httpd.NewCallbacks(g.s.PublicURL, callbackKeys)
	if g.upstreams, err = upstream.New(upstream.Config{Store: g.store, Kinds: kinds, Box: box, CallbackURL: callbacks.URL, Changed: g.providersChanged, Naming: g.naming}); err != nil {
		return nil, err
	}
	if n, err := g.upstreams.Reseal(ctx); err != nil {
		log.Warn("the secrets of a provider cannot be opened; enter them again", "err", err)
	} else if n > 0 {
		log.Info("secrets were sealed anew with the newest key", "providers", n)
	}
	if g.routes, err = routing.New(routing.Config{
		Store: g.store, Candidates: func(w smsir.UUID) []route.Candidate { return g.dispatcher.Candidates(w) },
		Changed: g.providersChanged, Log: log,
	}); err != nil {
		return nil, err
	}
	g.senders = sender.New(sender.Options{Store: g.store, Changed: g.providersChanged})
	if g.accounts, err = account.New(account.Config{
		Store: g.store, Session: g.s.Session, Registration: g.s.Registration, Announce: g.announce,
		Starter: g.upstreams.Starter, Started: g.providersChanged, Paused: g.providersChanged, Changed: func() { g.tell(node.Accounts) }, Log: log,
	}); err != nil {
		return nil, err
	}
	unmapped := errmap.NewUnmapped(log, g.metrics, nil)
	receipts := receipt.New(receipt.Options{
		Store: g.store, Log: log, Metrics: g.metrics, Now: g.now,
		Unmapped: func(provider smsir.UUID, code, text string) { unmapped.Tell(g.dispatcher.Kind(provider), code, text) },
	})
	g.inbound = inbound.New(g.store, log, g.now)
	reports := sink{receipts, g.inbound, func() { g.jobs.Poke() }}
	g.dispatcher = dispatch.New(dispatch.Options{
		Store: g.store, Open: g.openUpstreams, Routes: g.routes.Tables, Senders: g.senders.Restricted, Paused: g.store.PausedWorkspaces, Log: log, Metrics: g.metrics,
		Sink: reports, Unmapped: unmapped.Tell, Now: g.now, Node: g.dispatchNode(), Late: lateness(g.s.Message), Grace: g.s.ShutdownGrace,
	})
	g.ledger = ledger.New(ledger.Options{Store: g.store, Changed: g.accounts.Changed})
	g.accepter = accept.New(accept.Options{
		Store: g.store, Now: g.now, Prices: g.ledger.List, Validity: g.s.Message.Validity, IdempotencyTTL: g.s.Message.IdempotencyTTL,
		QueueLimit: int64(g.s.Dispatch.QueueLimit), Reserve: g.dispatcher.Reserve, Poke: func() { g.dispatcher.Poke(); g.tell(node.Queue) }, Waits: g.dispatcher.Waits, Hurry: g.dispatcher.Changed, Knows: g.dispatcher.Knows, Sender: g.senders.Choose, Metrics: g.metrics,
	})
	g.hub = notify.New(g.store, g.store, log)
	if g.webhooks, err = g.openWebhooks(keys); err != nil {
		return nil, err
	}
	if err := g.openPush(ctx, keys); err != nil {
		return nil, err
	}
	if err := g.openSMPP(); err != nil {
		return nil, err
	}
	g.store.OnCommit(func() { g.hub.Wake(); g.webhooks.Wake(); g.smpp.Wake(); g.tell(node.Events) })
	campaigns := g.newCampaigns()
	imports := audience.NewImporter(g.store, func() { g.jobs.Poke() }, nil)
	g.inbox = inbox.New(inbox.Options{Store: g.store, Send: g.sendAnswer, Log: log})
	g.reports = report.New(report.Options{Store: g.store, Poke: func() { g.jobs.Poke() }, Log: log, Metrics: g.metrics})
	g.retention = retention.New(retention.Options{Store: g.store, Answers: g.s.Message.IdempotencyTTL, Poke: func() { g.jobs.Poke() }, Log: log, Metrics: g.metrics})
	g.jobs = job.New(job.Options{Store: g.store, Kinds: jobKinds(imports, campaigns, g.inbox, g.reports, g.retention), Log: log, Metrics: g.metrics})
	if err := campaigns.Recover(ctx); err != nil {
		return nil, err
	}
	cursorKey, err := keys.MAC("cursors")
	if err != nil {
		return nil, err
	}
	return httpd.New(httpd.Deps{
		CursorKey: cursorKey,
		Accounts:  g.accounts,
		Providers: g.upstreams,
		Routes:    g.routes,
		Audience:  audience.New(g.store, nil),
		Imports:   imports,
		Campaigns: campaigns,
		Senders:   g.senders,
		Inbox:     g.inbox,
		Reports:   g.reports,
		Retention: g.retention,
		Accept:    g.accepter,
		SMPP:      g.smpp,
		Ledger:    g.ledger,
		Store:     g.store,
		Webhooks:  g.webhooks,
		Push:      g.push,
		Hub:       g.hub,
		Web:       web.FS(),
		Version:   version, PublicURL: g.s.PublicURL, AllowInsecureHTTP: g.s.AllowInsecureHTTP, Trusted: g.s.TrustedProxies,
		DataLoss: g.s.Store.AcceptDataLoss, DefaultValidity: g.s.Message.Validity, MetricsToken: g.s.Metrics.Token,
		Callbacks: callbacks, Opened: g.opened, Sink: reports, Health: g.dispatcher.Health, Connected: g.connected, Why: g.dispatcher.Why, Recalls: g.dispatcher.Recalls, Ready: g.ready, Degraded: g.degraded,
		Gatherer: g.metrics, Metrics: g.metrics, Log: log,
	}), nil
}

// naming are the routing rules that name a provider.
func (g *gateway) naming(ctx context.Context, workspace, provider smsir.UUID) ([]string, error) {
	return g.routes.Naming(ctx, workspace, provider)
}

// opened returns a provider that is called back: the one that sends or, since reports come long after a provider was
// switched off too, one opened for this call.
func (g *gateway) opened(ctx context.Context, id smsir.UUID) (smsir.Provider, error) {
	if p, ok := g.dispatcher.Provider(id); ok {
		return p, nil
	}
	rows, err := g.store.ListProviders(ctx, smsir.UUID{})
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if row.ID == id {
			p, _, err := g.upstreams.Open(ctx, row)
			return p, err
		}
	}
	return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such provider.")
}

// sink joins the two stages that take what providers report.
type sink struct {
	*receipt.Service
	in    *inbound.Service
	added func() // a job
}

// Inbound implements smsir.Sink.
func (s sink) Inbound(ctx context.Context, in smsir.Inbound) error {
	err := s.in.Inbound(ctx, in)
	if err == nil {
		s.added()
	}
	return err
}

func lateness(m config.Message) smsir.Lateness {
	return smsir.Lateness{OTP: min(5*time.Minute, m.MaxLateness), Other: m.MaxLateness}
}

// openUpstreams opens every enabled provider. One that cannot be opened is left out and told; the
// others go on.
func (g *gateway) openUpstreams(ctx context.Context) ([]dispatch.Upstream, error) {
	rows, err := g.store.ListProviders(ctx, smsir.UUID{})
	if err != nil {
		return nil, err
	}
	var all []dispatch.Upstream
	for _, p := range rows {
		if !p.Enabled {
			continue
		}
		provider, kind, err := g.upstreams.Open(ctx, p)
		if err != nil {
			g.o.Log.Error("a provider cannot be opened; it gets no messages", "provider", p.Name, "kind", p.Kind, "err", err)
			continue
		}
		limits := g.upstreams.Limits(p)
		up := dispatch.Upstream{
			Candidate: route.Candidate{ID: p.ID, Name: p.Name, Priority: p.Priority, TestOnly: kind.TestOnly},
			Workspace: p.Workspace, Kind: p.Kind, Window: limits.Window, Rate: limits.Rate, SenderRate: limits.SenderRate, OneNode: kind.OneNode, Ahead: kind.Ahead, Provider: provider, Version: strconv.FormatInt(p.UpdatedAt.UnixMilli(), 10),
		}
		if up.Window == 0 {
			up.Window = g.s.Dispatch.Window
		}
		if kind.TestOnly {
			up.Own = make(map[string]struct{}, len(kind.Addresses))
			for _, a := range kind.Addresses {
				up.Own[a.Address] = struct{}{}
			}
		}
		all = append(all, up)
	}
	return all, nil
}

// fatalGrace is how long a server whose database failed finishes what is under way before it ends with
// an error, for its supervisor to start it again.
const fatalGrace = 5 * time.Second

// run starts everything, tells that it answers, and stops it in order when ctx ends, the server
// fails or the database does.
func (g *gateway) run(ctx context.Context, door *httpd.Server) error {
	stage, stopStages := context.WithCancel(context.WithoutCancel(ctx))
	defer stopStages()
	watch, stopWatch := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWatch()
	bind, stopBinds := context.WithCancel(context.WithoutCancel(ctx))
	defer stopBinds()
	failed := make(chan error, 8)
	stages, watchers, binds := newParts(stage, failed), newParts(watch, failed), newParts(bind, failed)
	if g.keeper != nil { // first and last: everything else works below its lease
		watchers.start(g.keeper.Run)
	}
	watchers.start(g.hub.Run)
	watchers.start(g.webhooks.Run)
	watchers.start(g.push.Run)
	watchers.start(g.pushJobs.Run)
	stages.start(g.dispatcher.Run)
	stages.start(g.jobs.Run)
	stages.start(g.inbound.Run)
	stages.start(g.reports.Run)
	stages.start(g.retention.Run)
	binds.start(g.smpp.Run)
	server := httpd.NewHTTPServer(door.Handler(), g.o.Log)
	go func() {
		if err := server.Serve(g.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- err
		}
	}()
	g.welcome(ctx)
	newParts(ctx, failed).start(g.accounts.Run)

	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	case err = <-g.fatal:
		g.s.ShutdownGrace = min(g.s.ShutdownGrace, fatalGrace)
	}
	fmt.Fprintln(g.o.Out, "Stopping: no new requests, finishing what is under way.")
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.s.ShutdownGrace)
	defer cancel()
	stopBinds()
	door.CloseStreams(grace)
	if shutdown := server.Shutdown(grace); shutdown != nil {
		_ = server.Close()
	}
	binds.Wait()
	stopStages()
	stages.Wait()
	g.tell(node.Queue) // what was given back is for the others
	stopWatch()
	watchers.Wait()
	return err
}

// parts are long-lived parts that are stopped together. The error of one that ends by itself ends the gateway.
type parts struct {
	sync.WaitGroup
	ctx    context.Context //nolint:containedctx // it is what stops them
	failed chan<- error
}

func newParts(ctx context.Context, failed chan<- error) *parts {
	return &parts{ctx: ctx, failed: failed}
}

func (p *parts) start(run func(context.Context) error) {
	p.Go(func() {
		if err := run(p.ctx); err != nil {
			p.failed <- err
		}
	})
}

func (g *gateway) close() error {
	var errs []error
	if g.carrier != nil {
		errs = append(errs, g.carrier.Close())
	}
	if g.store != nil {
		errs = append(errs, g.store.Close())
	}
	return errors.Join(errs...)
}

// welcome says where the gateway is and what to do next.
func (g *gateway) welcome(ctx context.Context) {
	fmt.Fprintf(g.o.Out, "SMSir %s is running.\n\n  Web app   %s\n  API       %s/docs\n  Data      %s\n\n", version, g.url, g.url, g.s.DataDir)
	if claimed, err := g.accounts.Claimed(ctx); err == nil && claimed {
		fmt.Fprintf(g.o.Out, "Log in at %s. Press Ctrl+C to stop.\n", g.url)
	}
	if g.o.Ready != nil {
		g.o.Ready(g.url)
	}
}

// announce shows a new setup code to whoever started the server.
func (g *gateway) announce(code string, until time.Time) {
	if g.o.Setup != nil {
		g.o.Setup(code, g.url)
		return
	}
	fmt.Fprintf(g.o.Out, "Nobody has registered yet. Open this link to become the owner of this gateway\n(valid until %s, for one person):\n\n  %s/setup#code=%s\n\nPress Ctrl+C to stop.\n",
		until.Local().Format("15:04"), g.url, code)
}

// publicURL is the setting, or the address that the server listens on as a browser on this machine
// would write it.
func publicURL(s config.Settings, addr net.Addr) string {
	if s.PublicURL != "" {
		return s.PublicURL
	}
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return "http://" + addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

func newLogger(s config.Log, w io.Writer) *slog.Logger {
	opt := &slog.HandlerOptions{Level: s.Level}
	if s.Format == config.LogJSON {
		return slog.New(slog.NewJSONHandler(w, opt))
	}
	return slog.New(slog.NewTextHandler(w, opt))
}
