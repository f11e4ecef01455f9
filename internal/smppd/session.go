package smppd

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	deliverWindow = 20 // deliver_sm without answer in one session
	peerWindow    = 1000
)

// customer is an account with at least one session.
type customer struct {
	id   smsir.UUID
	rate bucket
	news chan struct{} // capacity 1: its outbox may have something

	sessions  map[*session]struct{} // guarded by Server.mu
	mailing   bool                  // guarded by Server.mu: somebody brings its deliveries
	receivers int                   // guarded by Server.mu
	look      bool                  // guarded by Server.mu: the outbox may have something that is not in hand
	hand      []store.SMPPDelivery  // guarded by Server.mu: from the outbox, and nobody else's for a while
}

// session is one connection, before and after its bind.
type session struct {
	s     *Server
	id    smsir.UUID
	conn  *smppconn.Conn
	from  netip.Addr
	tls   bool
	since time.Time
	ctx   context.Context //nolint:containedctx // of the work of this session; ends with the server, not with the session

	bound    atomic.Pointer[bound] // nil before the bind
	customer *customer             // set together with bound
	mode     string
	inHand   atomic.Int64 // requests without answer
	meter    meter
	last     atomic.Pointer[string] // what was refused last
}

// bound is the account of a session as it was last read.
type bound struct {
	account   *store.SMPPAccount
	workspace *store.Workspace
}

// serve handles one connection until it ends.
func (s *Server) serve(nc net.Conn, from netip.Addr, secure bool) {
	n := &session{s: s, id: smsir.NewUUID(s.now()), from: from, tls: secure, since: s.now(), ctx: s.ctx}
	var work sync.WaitGroup
	n.conn = smppconn.New(nc, smppconn.Options{
		Role: smppconn.SMSC, Window: deliverWindow, PeerWindow: peerWindow, PDU: smpp.Options{LongStrings: true},
		OnBind: n.onBind,
		Handle: func(_ context.Context, r *smppconn.Request) { n.handle(&work, r) },
	})
	err := n.conn.Run(s.ctx)
	s.forget(n)
	work.Wait()
	if b := n.bound.Load(); b != nil {
		s.log.Info("an SMPP session ended", "system_id", b.account.SystemID, "from", from.String(), "err", err)
	}
}

// onBind decides about a bind. What is wrong with the system id or the password is not told.
func (n *session) onBind(ctx context.Context, c *smppconn.Conn, p *smpp.Bind) *smpp.BindResp {
	s := n.s
	if wait := s.guard.wait(n.from, s.now()); wait > 0 { // the session init timer ends it long before
		s.binds.WithLabelValues("slowed_down").Inc()
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-c.Done():
			return nil
		case <-ctx.Done():
			return nil
		}
	}
	a, w, err := s.o.Accounts.Bind(ctx, p.SystemID, p.Password)
	if smsir.CodeOf(err) == account.CodeUnauthenticated || err == nil && !allowedFrom(a.Networks, n.from) {
		s.guard.failed(n.from, s.now())
		s.binds.WithLabelValues("refused").Inc()
		reason := "password"
		if err == nil {
			reason = "network"
		}
		n.refusedBind(p.SystemID, reason)
		return refusal(smpp.RBINDFAIL, "")
	}
	if err != nil {
		s.log.Error("a bind could not be checked", "err", err)
		s.binds.WithLabelValues("error").Inc()
		return refusal(smpp.RSYSERR, "")
	}
	s.guard.succeeded(n.from)
	mode := modeOf(p.Command)
	if !slices.Contains(a.Modes, mode) {
		s.binds.WithLabelValues("refused").Inc()
		n.refusedBind(p.SystemID, "mode")
		return refusal(smpp.RBINDFAIL, "This account may not bind as "+mode+".")
	}
	if !s.admit(n, &bound{a, w}, mode) {
		s.binds.WithLabelValues("too_many").Inc()
		n.refusedBind(p.SystemID, "sessions")
		return refusal(smpp.RALYBND, "This account has as many sessions as it may have.")
	}
	s.binds.WithLabelValues("bound").Inc()
	s.log.Info("an SMPP session began", "system_id", a.SystemID, "mode", mode, "from", n.from.String(), "tls", n.tls)
	if err := s.o.Accounts.Bound(ctx, a); err != nil {
		s.log.Warn("the time of a bind could not be noted", "system_id", a.SystemID, "err", err)
	}
	resp := &smpp.BindResp{SystemID: s.o.SystemID}
	if p.InterfaceVersion.HasTLVs() {
		resp.TLVs.SetSCInterfaceVersion(smpp.Version34)
	}
	return resp
}

func refusal(status smpp.CommandStatus, text string) *smpp.BindResp {
	resp := &smpp.BindResp{CommandStatus: status}
	if text != "" {
		resp.TLVs.SetAdditionalStatusInfoText(text)
	}
	return resp
}

func modeOf(c smpp.CommandID) string {
	switch c {
	case smpp.CommandBindTransmitter:
		return store.SMPPTransmitter
	case smpp.CommandBindReceiver:
		return store.SMPPReceiver
	}
	return store.SMPPTransceiver
}

func allowedFrom(networks []string, from netip.Addr) bool {
	if len(networks) == 0 {
		return true
	}
	for _, text := range networks {
		if p, err := netip.ParsePrefix(text); err == nil && p.Contains(from) {
			return true
		}
	}
	return false
}

// admit adds a session to its account, unless that has as many as it may have.
func (s *Server) admit(n *session, b *bound, mode string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.customers[b.account.ID]
	if c == nil {
		c = &customer{id: b.account.ID, sessions: map[*session]struct{}{}, news: make(chan struct{}, 1)}
	}
	if s.stopping || len(c.sessions) >= b.account.Sessions {
		return false
	}
	s.customers[b.account.ID] = c
	delete(s.refusals, b.account.ID)
	c.sessions[n] = struct{}{}
	s.sessions[n.id] = n
	n.customer, n.mode, n.since = c, mode, s.now()
	n.bound.Store(b)
	if mode != store.SMPPTransmitter {
		c.receivers++
		if !c.mailing {
			c.mailing, c.look = true, true
			s.all.Go(func() { s.mail(c) })
		}
		ring(c.news)
	}
	return true
}

// forget removes a session that has ended.
func (s *Server) forget(n *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := n.customer
	if c == nil {
		return
	}
	delete(s.sessions, n.id)
	delete(c.sessions, n)
	if n.mode != store.SMPPTransmitter {
		c.receivers--
		ring(c.news)
	}
	if len(c.sessions) == 0 && s.customers[c.id] == c {
		delete(s.customers, c.id)
	}
}

// recheck ends the session of an account that may not be bound any more, or adopts what has changed.
func (n *session) recheck(ctx context.Context) {
	b := n.bound.Load()
	if b == nil {
		return
	}
	a, w, err := n.s.o.Accounts.Recheck(ctx, b.account)
	switch {
	case smsir.CodeOf(err) == account.CodeUnauthenticated, err == nil && (!allowedFrom(a.Networks, n.from) || !slices.Contains(a.Modes, n.mode)):
		n.s.end(n, "its account has changed")
	case err != nil:
		if ctx.Err() == nil {
			n.s.log.Warn("an SMPP account could not be read again", "system_id", b.account.SystemID, "err", err)
		}
	default:
		n.bound.Store(&bound{a, w})
	}
}

// end unbinds a session in order, beside whatever else goes on.
func (s *Server) end(n *session, why string) {
	s.log.Info("an SMPP session is ended", "system_id", n.bound.Load().account.SystemID, "from", n.from.String(), "why", why)
	s.all.Go(func() {
		ctx, cancel := context.WithTimeout(s.ctx, s.o.Grace)
		defer cancel()
		_ = n.conn.Unbind(ctx) // closed in any case
	})
}

// handle takes a request: quickly, because nothing else of the session is read meanwhile.
func (n *session) handle(work *sync.WaitGroup, r *smppconn.Request) {
	b := n.bound.Load()
	if b == nil { // never: the state of the connection forbids it
		_ = r.Refuse(smpp.RINVBNDSTS)
		return
	}
	var do func(*smppconn.Request, *bound) // answers with respond, once, or ends the session
	counts := false
	switch r.PDU.(type) {
	case *smpp.SubmitSM, *smpp.DataSM:
		do, counts = n.submit, true
	case *smpp.QuerySM:
		do = n.query
	case *smpp.CancelSM:
		do = n.cancel
	case *smpp.ReplaceSM:
		do, counts = n.replace, true
	default: // submit_multi, and what an ESME has no business to send
		_ = r.Refuse(smpp.RINVCMDID)
		return
	}
	switch now := n.s.now(); {
	case n.inHand.Load() >= int64(b.account.Window):
		n.throttle(r, "More requests are without answer than the window of the account allows.")
		return
	case counts && b.account.Rate > 0 && !n.customer.rate.take(now, float64(b.account.Rate)):
		n.throttle(r, "The account submits faster than it may.")
		return
	}
	n.inHand.Add(1)
	n.s.crew.Go(work, func() { do(r, b) })
}

// respond answers a request that handle let through. Its place in the window is free before the answer leaves: the next
// request may be here before Respond returns.
func (n *session) respond(r *smppconn.Request, p smpp.Response) {
	n.inHand.Add(-1)
	_ = r.Respond(p) // fails only when the session is over; then the customer does not know, and may ask
}

func (n *session) throttle(r *smppconn.Request, why string) {
	n.refused(smpp.RTHROTTLED, why)
	n.s.submits.WithLabelValues(smpp.RTHROTTLED.String()).Inc()
	_ = r.Refuse(smpp.RTHROTTLED) // fails only when the session is over
}

// refused remembers for people what was refused last.
func (n *session) refused(status smpp.CommandStatus, why string) {
	text := status.String()
	if why != "" {
		text += ": " + why
	}
	n.last.Store(&text)
}

// bucket paces the submissions of an account.
type bucket struct {
	mu    sync.Mutex
	level float64
	at    time.Time
}

// take lets one through if the rate allows it; a burst is what a second brings.
func (b *bucket) take(now time.Time, rate float64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.at.IsZero() {
		b.level = rate
	}
	b.level = min(rate, b.level+max(0, now.Sub(b.at).Seconds())*rate)
	b.at = now
	if b.level < 1 {
		return false
	}
	b.level--
	return true
}

// meter counts what happens in the last seconds.
type meter struct {
	mu      sync.Mutex
	total   int64
	seconds [10]int64
	last    int64 // Unix second of the latest
}

func (m *meter) add(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	m.total++
	m.seconds[m.last%int64(len(m.seconds))]++
}

// turn forgets the seconds that have passed.
func (m *meter) turn(now time.Time) {
	second := now.Unix()
	for i := m.last + 1; i <= second && i <= m.last+int64(len(m.seconds)); i++ {
		m.seconds[i%int64(len(m.seconds))] = 0
	}
	m.last = max(m.last, second)
}

// read is how many there were in all, and how many a second lately.
func (m *meter) read(now time.Time) (total int64, perSecond float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	var sum int64
	for _, n := range m.seconds {
		sum += n
	}
	return m.total, float64(sum) / float64(len(m.seconds))
}
