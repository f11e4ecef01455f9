package httpd

import (
	"context"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/sender"
	"github.com/smsir/smsir/internal/store"
)

// Senders is what the door needs of package sender.
type Senders interface {
	Create(ctx context.Context, w *store.Workspace, d sender.Draft, by sender.By) (*store.Sender, error)
	Update(ctx context.Context, workspace, id smsir.UUID, d sender.Draft, by sender.By) (*store.Sender, error)
	Delete(ctx context.Context, workspace, id smsir.UUID, by sender.By) error
}

type senderID struct {
	ID string `path:"id" doc:"Identifier of the sender." example:"snd_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

// usedLately is how far back the use of senders is counted.
const usedLately = 30 * 24 * time.Hour

// registerSenders registers the senders of workspaces.
func (s *Server) registerSenders(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/senders", ID: "listSenders", Tag: "Senders", Summary: "List the registered senders",
		Text: "With `registered_senders_only` of the workspace, messages from other senders, and from those that are not approved for the recipient's country, are " +
			"refused (`sender_not_registered`, `sender_not_approved`, `sender_missing`), whichever way they come.",
	}, s.listSenders)
	handle(b, route{Method: "POST", Path: "/v1/senders", ID: "createSender", Tag: "Senders", Status: 201, Errors: []int{409}, Summary: "Register a sender"},
		func(c *call, in *struct{ Body api.SenderCreate }) (*api.Sender, error) {
			d, err := senderDraft(in.Body.Name, in.Body.Countries, in.Body.Providers, in.Body.Defaults)
			if err != nil {
				return nil, err
			}
			d.Value = in.Body.Value
			return senderOf(s.deps.Senders.Create(c.ctx(), c.p.Workspace, d, c.bySender()))
		})
	handle(b, route{Method: "PATCH", Path: "/v1/senders/{id}", ID: "updateSender", Tag: "Senders", Errors: []int{409}, Summary: "Change a sender"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the sender." example:"snd_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.SenderUpdate
		},
		) (*api.Sender, error) {
			id, err := parseUUID(smsir.PrefixSender, in.ID)
			if err != nil {
				return nil, err
			}
			d, err := senderDraft(in.Body.Name, in.Body.Countries, in.Body.Providers, in.Body.Defaults)
			if err != nil {
				return nil, err
			}
			return senderOf(s.deps.Senders.Update(c.ctx(), c.p.Workspace.ID, id, d, c.bySender()))
		})
	handle(b, route{Method: "DELETE", Path: "/v1/senders/{id}", ID: "deleteSender", Tag: "Senders", Summary: "Remove a sender", Text: "Messages that were accepted with it are sent."},
		func(c *call, in *senderID) (*none, error) {
			id, err := parseUUID(smsir.PrefixSender, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Senders.Delete(c.ctx(), c.p.Workspace.ID, id, c.bySender())
		})
}

func (c *call) bySender() sender.By {
	return sender.By{Actor: c.p.Actor, IP: c.peer().IP.String()}
}

func (s *Server) listSenders(c *call, in *struct {
	Usage bool `query:"usage" doc:"Count how much each was used in the last 30 days."`
},
) (*api.SenderList, error) {
	list, err := s.deps.Store.Senders(c.ctx(), c.p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	used := map[string]store.SenderUse{}
	if in.Usage {
		if used, err = s.deps.Store.SendersUsed(c.ctx(), c.p.Workspace.ID, c.now.Add(-usedLately)); err != nil {
			return nil, err
		}
	}
	out := &api.SenderList{Items: make([]api.Sender, len(list)), RegisteredOnly: c.p.Workspace.Registered}
	for i := range list {
		v, err := senderOf(&list[i], nil)
		if err != nil {
			return nil, err
		}
		if in.Usage {
			u := used[list[i].Value]
			v.Used = &api.SenderUse{Messages: u.Messages, LastAt: api.Time(u.LastAt)}
		}
		out.Items[i] = *v
	}
	return out, nil
}

// senderKinds are the words of the API in the order of their values.
var senderKinds = [...]string{store.SenderNumber: "long_number", store.SenderShortCode: "short_code", store.SenderName: "alphanumeric"}

func senderOf(v *store.Sender, err error) (*api.Sender, error) {
	if err != nil {
		return nil, err
	}
	out := &api.Sender{
		ID: v.ID.Format(smsir.PrefixSender), Value: v.Value, Kind: senderKinds[v.Kind], Name: v.Name, Countries: make([]api.SenderCountry, len(v.Countries)),
		Providers: make([]string, len(v.Providers)), Defaults: make([]api.SenderDefault, len(v.Defaults)), CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
	for i, at := range v.Countries {
		out.Countries[i] = api.SenderCountry{Country: at.Country, Status: at.Status, Note: at.Note, Advice: sender.Advice(v.Kind, at.Country)}
	}
	for i, id := range v.Providers {
		out.Providers[i] = id.Format(smsir.PrefixProvider)
	}
	for i, d := range v.Defaults {
		out.Defaults[i] = api.SenderDefault(d)
	}
	return out, nil
}

func senderDraft(name *string, countries *[]api.SenderCountry, providers *[]string, defaults *[]api.SenderDefault) (d sender.Draft, err error) {
	d.Name = name
	if countries != nil {
		list := make([]store.SenderCountry, len(*countries))
		for i, at := range *countries {
			list[i] = store.SenderCountry{Country: at.Country, Status: at.Status, Note: at.Note}
		}
		d.Countries = &list
	}
	if providers != nil {
		ids, err := parseUUIDs(smsir.PrefixProvider, "providers", *providers)
		if err != nil {
			return d, err
		}
		d.Providers = &ids
	}
	if defaults != nil {
		list := make([]store.SenderDefault, len(*defaults))
		for i, at := range *defaults {
			list[i] = store.SenderDefault(at)
		}
		d.Defaults = &list
	}
	return d, nil
}
