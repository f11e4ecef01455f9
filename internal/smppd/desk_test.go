package smppd

import (
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/config"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is the server over a real database, with real accounts and stage 1.
type desk struct {
	testing.TB
	st       *sqlite.Store
	s        *Server
	smpp     *account.SMPP
	owner    *account.Principal
	provider smsir.UUID
	cancel   func()

	mu     sync.Mutex
	ahead  time.Duration // of the clock
	refuse error         // of stage 1
}

func (d *desk) now() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	return time.Now().Add(d.ahead)
}

func (d *desk) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ahead += t
}

// sender is stage 1 with faults.
type sender struct {
	*accept.Service
	d *desk
}

func (s sender) Send(ctx context.Context, o accept.Order) (*accept.Result, error) {
	s.d.mu.Lock()
	err := s.d.refuse
	s.d.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return s.Service.Send(ctx, o)
}

func newDesk(t testing.TB, change ...func(o *Options)) *desk {
	t.Helper()
	d := &desk{TB: t}
	dir := t.TempDir()
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{Now: d.now})
	if err != nil {
		t.Fatal(err)
	}
	d.st = st
	codes := make(chan string, 4)
	accounts, err := account.New(account.Config{
		Store: st, Session: config.Session{Idle: time.Hour, Absolute: time.Hour}, Registration: config.RegistrationInvitation, Clock: d.now,
		Announce: func(code string, _ time.Time) { codes <- code },
		Starter: func(w smsir.UUID, now time.Time) *store.Provider {
			d.provider = smsir.NewUUID(now)
			return &store.Provider{ID: d.provider, Workspace: w, Kind: "simulator", Name: "Simulator", Enabled: true, CreatedAt: now, UpdatedAt: now}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() { _ = accounts.Run(ctx) })
	in, err := accounts.Register(t.Context(), account.RegisterRequest{
		Email: "owner@example.com", Password: "correct horse battery staple", Name: "Owner", WorkspaceName: "Test", Country: "US", TimeZone: "UTC", SetupCode: <-codes,
	}, account.Peer{})
	if err != nil {
		t.Fatal(err)
	}
	d.owner = in.Principal
	d.smpp = accounts.SMPP(st, func() { d.s.Changed() })
	o := Options{
		Accounts: d.smpp, Store: st, Accept: sender{accept.New(accept.Options{Store: st, Now: d.now}), d}, PlainListen: "127.0.0.1:0", Dir: dir, Now: d.now, Grace: 5 * time.Second,
	}
	for _, c := range change {
		c(&o)
	}
	if d.s, err = New(o); err != nil {
		t.Fatal(err)
	}
	st.OnCommit(d.s.Wake)
	all.Go(func() { _ = d.s.Run(ctx) })
	d.cancel = func() {
		cancel()
		all.Wait()
	}
	t.Cleanup(func() {
		d.cancel()
		_ = st.Close()
	})
	return d
}

// account makes an account and returns its password.
func (d *desk) account(systemID string, change ...func(r *account.SMPPRequest)) (*store.SMPPAccount, string) {
	d.Helper()
	r := account.SMPPRequest{SystemID: systemID}
	for _, c := range change {
		c(&r)
	}
	a, password, err := d.smpp.Create(d.Context(), d.owner, r, account.Peer{})
	if err != nil {
		d.Fatal(err)
	}
	return a, password
}

// dial connects to the server.
func (d *desk) dial() *smpptest.ESME {
	d.Helper()
	d.await("the server listens", func() bool { return len(d.s.Addresses()) > 0 })
	nc, err := net.Dial("tcp", d.s.Addresses()[0].Address)
	if err != nil {
		d.Fatal(err)
	}
	e := smpptest.NewESME(nc)
	d.Cleanup(e.Close)
	return e
}

// bound is a client that has bound.
func (d *desk) bound(command smpp.CommandID, systemID, password string) *smpptest.ESME {
	d.Helper()
	e := d.dial()
	if err := e.Bind(command, systemID, password); err != nil {
		d.Fatal(err)
	}
	return e
}

func (d *desk) await(what string, done func() bool) {
	d.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(30 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			d.Fatalf("waited in vain until %s", what)
		}
	}
}

func submit(change ...func(p *smpp.SubmitSM)) *smpp.SubmitSM {
	p := &smpp.SubmitSM{
		SourceAddrTON: smpp.TONAlphanumeric, SourceAddr: "ACME", DestAddrTON: smpp.TONInternational, DestAddrNPI: smpp.NPIISDN, DestinationAddr: "12025550100",
		RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte("hello"),
	}
	for _, c := range change {
		c(p)
	}
	return p
}

// taken submits, and returns the id.
func (d *desk) taken(e *smpptest.ESME, p smpp.PDU) string {
	d.Helper()
	resp, err := e.Call(p, nil)
	if err != nil {
		d.Fatal(err)
	}
	id := ""
	switch r := resp.(type) {
	case *smpp.SubmitSMResp:
		id = r.MessageID
	case *smpp.DataSMResp:
		id = r.MessageID
	}
	if resp.Status() != smpp.ROK || id == "" {
		d.Fatalf("submitted: %+v, want an id", resp)
	}
	return id
}

// message is the message with an id as customers see it.
func (d *desk) message(id string) *smsir.Message {
	d.Helper()
	n, ok := idOf(id)
	if !ok {
		d.Fatalf("%q is no id", id)
	}
	m, err := d.st.Message(d.Context(), d.owner.Workspace.ID, n)
	if err != nil {
		d.Fatal(err)
	}
	return m
}

// deliver plays the provider: it takes the message and reports on it.
func (d *desk) deliver(m *smsir.Message, status smsir.Status, code string) {
	d.Helper()
	if _, err := d.st.Claim(d.Context(), d.now(), shares(d.owner.Workspace.ID)); err != nil {
		d.Fatal(err)
	}
	attempt := d.st.NewID(d.now())
	if ok, err := d.st.Intend(d.Context(), []store.Intent{{Attempt: attempt, Message: m, Provider: d.provider, Now: d.now()}}); err != nil || !ok[0] {
		d.Fatalf("intend: %v, %v", ok, err)
	}
	ref := idText(attempt)
	if _, err := d.st.Finish(d.Context(), store.Finish{Attempt: attempt, Message: m.ID, Now: d.now(), Outcome: smsir.Outcome{State: smsir.AttemptAccepted, References: []string{ref}}}); err != nil {
		d.Fatal(err)
	}
	r := smsir.Receipt{Provider: d.provider, Reference: ref, To: m.To, Status: status, ArrivedAt: d.now()}
	if status != smsir.Delivered {
		r.Error = &smsir.Failure{Class: smsir.ClassPermanent, Code: "undelivered", Text: "no", ProviderCode: code}
	}
	if _, err := d.st.StoreReceipt(d.Context(), r); err != nil {
		d.Fatal(err)
	}
}

// receipt reads a deliver_sm and answers it.
func (d *desk) receipt(e *smpptest.ESME, status smpp.CommandStatus) *smpp.DeliverSM {
	d.Helper()
	e.Patience = 30 * time.Second
	h, p, err := e.Read()
	if err != nil {
		d.Fatal(err)
	}
	got, ok := p.(*smpp.DeliverSM)
	if !ok {
		d.Fatalf("got %s, want deliver_sm", h.CommandID)
	}
	if err := e.SendAs(&smpp.DeliverSMResp{CommandStatus: status}, h.SequenceNumber); err != nil {
		d.Fatal(err)
	}
	return got
}

// outbox is how much waits for an account.
func (d *desk) outbox(a *store.SMPPAccount) int64 {
	d.Helper()
	waiting, err := d.s.Waiting(d.Context(), d.owner.Workspace.ID)
	if err != nil {
		d.Fatal(err)
	}
	return waiting[a.ID]
}

// shares ask for messages of every class of a workspace.
func shares(workspace smsir.UUID) (all []store.Share) {
	for _, class := range smsir.ByUrgency() {
		all = append(all, store.Share{Line: store.Line{Workspace: workspace, Class: class}, N: 100})
	}
	return all
}
