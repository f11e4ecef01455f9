package httpd

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/notify"
	"github.com/smsir/smsir/internal/store"
)

// bootstrapMessages is how many of the latest messages the first view shows.
const bootstrapMessages = 20

// bootstrap gathers the first view of the web app. The cursor is read first: whatever happens
// afterwards is in the stream, and may be in the rest of the answer too.
func (s *Server) bootstrap(c *call, _ *struct{}) (*api.Bootstrap, error) {
	ctx, w := c.ctx(), c.p.Workspace
	last, err := s.deps.Store.LastEvent(ctx)
	if err != nil {
		return nil, err
	}
	registration, err := s.deps.Accounts.Registration(ctx)
	if err != nil {
		return nil, err
	}
	me, err := s.me(c)
	if err != nil {
		return nil, err
	}
	page, err := s.deps.Store.ListMessages(ctx, w.ID, store.MessageFilter{Limit: bootstrapMessages})
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(ctx, w.ID, page.Items)
	if err != nil {
		return nil, err
	}
	today, err := spanOf(&summaryInput{}, c.now, zoneOf(w))
	if err != nil {
		return nil, err
	}
	summary, err := s.summary(ctx, w, today)
	if err != nil {
		return nil, err
	}
	providers, err := s.listProviders(c)
	if err != nil {
		return nil, err
	}
	out := &api.Bootstrap{
		Server: api.Server{
			Version: s.deps.Version, Time: c.now.UTC().Truncate(msPrecision), PublicURL: s.baseURL(c), InsecureHTTP: !s.isSecure(c.r),
			DataLoss: s.deps.DataLoss, Registration: string(registration),
		},
		Me: *me, Providers: providers, TestMode: testMode(providers), Today: *summary, Messages: s.messagesOf(c, page.Items, names),
		Cursor: max(last, notify.Beginning).Format(smsir.PrefixEvent),
		Limits: api.Limits{
			Batch: api.MaxBatch, TextLength: maxText, HoldSeconds: int(maxHold / time.Second),
			ValiditySeconds: int(maxValidity / time.Second), DefaultValidity: int(s.deps.DefaultValidity / time.Second),
		},
	}
	if out.Unconfirmed, err = s.unconfirmed(c); err != nil {
		return nil, err
	}
	out.LimitsNear = []api.LimitUse{}
	use, err := s.limitUse(ctx, w, c.now)
	if err != nil {
		return nil, err
	}
	for _, u := range use {
		if u.Near {
			out.LimitsNear = append(out.LimitsNear, u)
		}
	}
	if out.Credit, err = s.creditShown(c); err != nil {
		return nil, err
	}
	if !c.p.Can(account.ProvidersRead) {
		out.Providers = []api.Provider{}
	}
	out.Checklist, err = s.checklist(c, providers, len(page.Items) > 0)
	return out, err
}

// unconfirmed counts the messages whose outcome is unknown now, of those accepted within the longest
// validity and the longest time that an outcome is looked into.
func (s *Server) unconfirmed(c *call) (n int, err error) {
	counts, err := s.deps.Store.Counts(c.ctx(), c.p.Workspace.ID, c.now.Add(-unconfirmedSpan), c.now.Add(time.Hour))
	for _, k := range counts {
		if k.State == (smsir.State{Status: smsir.Unknown}) {
			n += int(k.N)
		}
	}
	return n, err
}

// unconfirmedSpan is the longest validity and the longest time that an outcome is looked into.
const unconfirmedSpan = maxValidity + 72*time.Hour

// testMode reports whether messages can go to providers of a test kind and to no other.
func testMode(providers []api.Provider) bool {
	test := false
	for _, p := range providers {
		if p.Enabled && !p.TestOnly {
			return false
		}
		test = test || p.Enabled
	}
	return test
}

// checklist tells which of the first steps were taken, from the facts.
func (s *Server) checklist(c *call, providers []api.Provider, sent bool) ([]api.SetupCheck, error) {
	members, err := s.deps.Store.Members(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	keys, err := s.deps.Store.APIKeys(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	real := false
	for _, p := range providers {
		real = real || !p.TestOnly
	}
	return []api.SetupCheck{
		{Step: "send_message", Done: sent},
		{Step: "add_provider", Done: real},
		{Step: "invite_member", Done: len(members) > 1},
		{Step: "create_api_key", Done: len(keys) > 0},
	}, nil
}
