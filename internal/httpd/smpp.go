package httpd

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
)

// SMPP is what the door needs of the SMPP server: its accounts and its sessions.
type SMPP interface {
	Accounts(ctx context.Context, p *account.Principal) ([]store.SMPPAccount, error)
	Account(ctx context.Context, p *account.Principal, id smsir.UUID) (*store.SMPPAccount, error)
	Create(ctx context.Context, p *account.Principal, r account.SMPPRequest, peer account.Peer) (*store.SMPPAccount, string, error)
	Update(ctx context.Context, p *account.Principal, id smsir.UUID, r account.SMPPRequest, peer account.Peer) (*store.SMPPAccount, string, error)
	Delete(ctx context.Context, p *account.Principal, id smsir.UUID, peer account.Peer) error
	Waiting(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]int64, error)
	Sessions(workspace smsir.UUID) []api.SMPPSession
	LastRefused(id smsir.UUID) *api.SMPPRefusal
	Addresses() []api.SMPPAddress
	Kick(workspace, id smsir.UUID) error
}

type smppPath struct {
	ID string `path:"id" doc:"Identifier of the account." example:"smp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// registerSMPP registers the accounts and sessions of the SMPP server.
func (s *Server) registerSMPP(b *builder) {
	const tag = "SMPP"
	handle(b, route{Method: "GET", Path: "/v1/smpp/accounts", ID: "listSMPPAccounts", Tag: tag, Summary: "List the SMPP accounts, and where they bind"}, s.listSMPPAccounts)
	handle(b, route{
		Method: "POST", Path: "/v1/smpp/accounts", ID: "createSMPPAccount", Tag: tag, Status: 201, Errors: []int{403, 409},
		Summary: "Create an SMPP account", Text: "The answer holds the password, this once. Needs a recent password (problem `reauth_required`). With the first account the server begins to listen for binds.",
	}, func(c *call, in *struct{ Body api.SMPPAccountCreate }) (*api.SMPPAccountChanged, error) {
		r := smppRequest(&in.Body.SMPPAccountUpdate)
		r.SystemID = in.Body.SystemID
		a, password, err := s.deps.SMPP.Create(c.ctx(), c.p, r, c.peer())
		if err != nil {
			return nil, err
		}
		return &api.SMPPAccountChanged{Account: smppAccountOf(a, nil), Password: password}, nil
	})
	handle(b, route{Method: "GET", Path: "/v1/smpp/accounts/{id}", ID: "getSMPPAccount", Tag: tag, Summary: "Read an SMPP account"},
		func(c *call, in *smppPath) (*api.SMPPAccount, error) {
			id, err := parseUUID(smsir.PrefixSMPP, in.ID)
			if err != nil {
				return nil, err
			}
			a, err := s.deps.SMPP.Account(c.ctx(), c.p, id)
			if err != nil {
				return nil, err
			}
			waiting, err := s.deps.SMPP.Waiting(c.ctx(), c.p.Workspace.ID)
			if err != nil {
				return nil, err
			}
			out := smppAccountOf(a, waiting)
			out.LastRefused = s.deps.SMPP.LastRefused(a.ID)
			return &out, nil
		})
	handle(b, route{
		Method: "PATCH", Path: "/v1/smpp/accounts/{id}", ID: "updateSMPPAccount", Tag: tag, Errors: []int{403},
		Summary: "Change an SMPP account", Text: "Sessions take the change over at once; those that may not go on are unbound.",
	}, func(c *call, in *struct {
		ID   string `path:"id" doc:"Identifier of the account." example:"smp_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		Body api.SMPPAccountUpdate
	},
	) (*api.SMPPAccountChanged, error) {
		id, err := parseUUID(smsir.PrefixSMPP, in.ID)
		if err != nil {
			return nil, err
		}
		a, password, err := s.deps.SMPP.Update(c.ctx(), c.p, id, smppRequest(&in.Body), c.peer())
		if err != nil {
			return nil, err
		}
		return &api.SMPPAccountChanged{Account: smppAccountOf(a, nil), Password: password}, nil
	})
	handle(b, route{Method: "DELETE", Path: "/v1/smpp/accounts/{id}", ID: "deleteSMPPAccount", Tag: tag, Summary: "Remove an SMPP account", Text: "Its sessions are unbound, and what waits for it is gone."},
		func(c *call, in *smppPath) (*none, error) {
			id, err := parseUUID(smsir.PrefixSMPP, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.SMPP.Delete(c.ctx(), c.p, id, c.peer())
		})
	handle(b, route{Method: "GET", Path: "/v1/smpp/sessions", ID: "listSMPPSessions", Tag: tag, Summary: "List who is bound", Text: "Sessions of the server that answers; others that share its database have their own."},
		func(c *call, _ *struct{}) (*api.SMPPSessionList, error) {
			return &api.SMPPSessionList{Items: s.deps.SMPP.Sessions(c.p.Workspace.ID)}, nil
		})
	handle(b, route{Method: "DELETE", Path: "/v1/smpp/sessions/{id}", ID: "endSMPPSession", Tag: tag, Audit: "smpp_session.ended", Summary: "Unbind a session", Text: "In order: requests under way are answered first. The ESME may bind again."},
		func(c *call, in *struct {
			ID string `path:"id" doc:"Identifier of the session." example:"ses_01k0c2v6sf7m8x0v3w6n9d5qhe"`
		},
		) (*none, error) {
			id, err := parseUUID(smsir.PrefixSession, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.SMPP.Kick(c.p.Workspace.ID, id)
		})
}

func (s *Server) listSMPPAccounts(c *call, _ *struct{}) (*api.SMPPAccountList, error) {
	all, err := s.deps.SMPP.Accounts(c.ctx(), c.p)
	if err != nil {
		return nil, err
	}
	waiting, err := s.deps.SMPP.Waiting(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	out := &api.SMPPAccountList{Items: make([]api.SMPPAccount, len(all)), Addresses: s.deps.SMPP.Addresses()}
	for i := range all {
		out.Items[i] = smppAccountOf(&all[i], waiting)
		out.Items[i].LastRefused = s.deps.SMPP.LastRefused(all[i].ID)
	}
	return out, nil
}

func smppRequest(b *api.SMPPAccountUpdate) account.SMPPRequest {
	return account.SMPPRequest{
		Password: b.Password, Name: b.Name, Networks: b.Networks, Modes: b.Modes, Senders: b.Senders, Class: b.Class,
		Sessions: b.MaxSessions, Window: b.Window, Rate: b.Rate, Inbound: b.Inbound, Enabled: b.Enabled,
	}
}

func smppAccountOf(a *store.SMPPAccount, waiting map[smsir.UUID]int64) api.SMPPAccount {
	list := func(l []string) []string {
		if l == nil {
			return []string{}
		}
		return l
	}
	return api.SMPPAccount{
		ID: a.ID.Format(smsir.PrefixSMPP), SystemID: a.SystemID, Name: a.Name, Networks: list(a.Networks), Modes: list(a.Modes), Senders: list(a.Senders),
		Class: a.Class.String(), MaxSessions: a.Sessions, Window: a.Window, Rate: a.Rate, Inbound: a.Inbound, Enabled: a.Enabled, Waiting: waiting[a.ID],
		CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(), LastBoundAt: api.Time(a.LastBoundAt),
	}
}
