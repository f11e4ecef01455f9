package routing

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

// Explain says who would take a message, and why, by the rules as they are stored and the providers as
// they are now. Nothing is sent. Errors: invalid, not_found (the message of the question).
func (s *Service) Explain(ctx context.Context, w *store.Workspace, q *api.RouteQuestion) (*api.RouteExplanation, error) {
	m, err := s.message(ctx, w, q)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.ListRoutes(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	t, err := table(w, rows)
	if err != nil {
		return nil, err
	}
	providers, err := s.store.ListProviders(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	kinds := make(map[smsir.UUID]string, len(providers))
	for _, p := range providers {
		kinds[p.ID] = p.Kind
	}
	return answer(m, t, route.Explain(*m, t, s.candidates(w.ID)), kinds), nil
}

// message is what a question is about, as dispatch would ask for it.
func (s *Service) message(ctx context.Context, w *store.Workspace, q *api.RouteQuestion) (*route.Message, error) {
	at := s.now()
	if q.At != nil {
		at = *q.At
	}
	if q.Message == "" {
		return typed(w, q, at)
	}
	if q.To != "" || q.From != "" || q.Class != "" || q.Provider != "" || len(q.Tags) > 0 {
		return nil, invalid("message", "The message says itself where it goes. Give message alone, or to and what else a new message would have.")
	}
	id, err := smsir.ParseID(smsir.PrefixMessage, q.Message)
	if err != nil {
		return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such message.")
	}
	m, err := s.store.Message(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	tried, err := s.store.TriedProviders(ctx, id)
	if err != nil {
		return nil, err
	}
	return &route.Message{
		ID: m.ID, To: m.To, Country: m.Country, From: m.From, Class: m.Class, Tags: m.Tags, Provider: m.Provider, Tried: tried, At: at,
	}, nil
}

// typed reads a question as a send would be read.
func typed(w *store.Workspace, q *api.RouteQuestion, at time.Time) (*route.Message, error) {
	m := &route.Message{Tags: q.Tags, At: at}
	if q.To == "" {
		return nil, invalid("to", "Say which recipient the question is about, or which message.")
	}
	to, err := number.Parse(q.To, w.Country)
	if err != nil {
		return nil, of("to", err)
	}
	m.To, m.Country = to.E164, to.Country
	if q.From != "" {
		from, err := number.ParseSender(q.From, w.Country)
		if err != nil {
			return nil, of("from", err)
		}
		m.From = from.Value
	}
	m.Class, _ = smsir.ParseClass(q.Class) // one of its words, as the tags demand
	if q.Provider != "" {
		if m.Provider, err = smsir.ParseUUID(smsir.PrefixProvider, q.Provider); err != nil {
			return nil, invalid("provider", "This is not the identifier of a provider. Take one of GET /v1/providers, or leave it out.")
		}
	}
	return m, nil
}

// of tells a complaint about a number as one about a field.
func of(field string, err error) error {
	var e *smsir.Error
	if errors.As(err, &e) {
		return invalid(field, "%s", e.Text)
	}
	return err
}

func answer(m *route.Message, t *route.Table, e route.Explanation, kinds map[smsir.UUID]string) *api.RouteExplanation {
	out := &api.RouteExplanation{
		To: m.To, Country: m.Country, At: millis(m.At), LocalTime: m.At.In(t.Zone()).Format("Mon 15:04"),
		Outcome: "sent", Reason: string(e.Reason), Rules: make([]api.RouteAsked, len(e.Rules)), Providers: make([]api.RouteCandidate, len(e.Providers)),
	}
	switch {
	case e.Reason == route.Refused:
		out.Outcome = "refused"
	case len(e.Order) == 0:
		out.Outcome = "waits"
	}
	if e.Rule != nil {
		ref := refOf(e.Rule)
		out.Rule = &ref
	}
	if len(e.Order) > 0 {
		f := e.Failover
		out.Failover = &api.RouteFailover{OnError: &f.OnError, OnDown: &f.OnDown, OnMissingReceiptSeconds: int(f.OnMissingReceipt.Seconds())}
	}
	for i, p := range e.Rules {
		out.Rules[i] = api.RouteAsked{RouteRef: refOf(p.Rule), Result: string(p.Miss), Text: missText[p.Miss]}
	}
	for i, v := range e.Providers {
		out.Providers[i] = api.RouteCandidate{
			ProviderRef: api.ProviderRef{ID: v.ID.Format(smsir.PrefixProvider), Name: v.Name, Kind: kinds[v.ID]},
			Place:       v.Place, Group: v.Group, SharePercent: int(math.Round(v.Share * 100)),
			Health: v.Health.State.String(), HealthUntil: api.Time(v.Health.Until), Why: string(v.Why), Text: whyText[v.Why],
		}
	}
	out.Text = sentences(m, &e)
	return out
}

func refOf(r *route.Rule) api.RouteRef {
	return api.RouteRef{ID: r.ID.Format(smsir.PrefixRoute), Name: r.Name}
}
