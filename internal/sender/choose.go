package sender

import (
	"context"
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Senders lists those of a workspace as they were within [bookTime].
func (s *Service) senders(ctx context.Context, workspace smsir.UUID) ([]store.Sender, error) {
	now := s.now()
	s.mu.Lock()
	b, ok := s.books[workspace]
	s.mu.Unlock()
	if ok && now.Before(b.until) {
		return b.list, nil
	}
	list, err := s.store.Senders(ctx, workspace)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.books) > 10_000 {
		clear(s.books)
	}
	s.books[workspace] = book{list, now.Add(bookTime)}
	return list, nil
}

// Choose returns the sender of a message to a country that asks for one, or ("") for none: the one asked for; else the default,
// the most particular first (country and class, country, class, any); else "", which leaves it to the provider. A default that
// is not approved for the country is passed over. In a workspace that allows registered senders only, errors: sender_not_registered,
// sender_not_approved, sender_missing.
func (s *Service) Choose(ctx context.Context, w *store.Workspace, from, country string, class smsir.Class) (string, error) {
	if from != "" && !w.Registered {
		return from, nil
	}
	list, err := s.senders(ctx, w.ID)
	if err != nil {
		return "", err
	}
	if from == "" {
		for _, slot := range []store.SenderDefault{{Country: country, Class: class.String()}, {Country: country}, {Class: class.String()}, {}} {
			for i := range list {
				if slices.Contains(list[i].Defaults, slot) && Standing(&list[i], country).Status == store.SenderApproved {
					return list[i].Value, nil
				}
			}
		}
		if !w.Registered {
			return "", nil
		}
		return "", smsir.Errorf(CodeMissing, "This workspace sends from registered senders only, and none is the default for %s messages to %s. Name a sender, or make one the default.",
			class, country)
	}
	i := slices.IndexFunc(list, func(v store.Sender) bool { return v.Value == from })
	if i < 0 {
		return "", smsir.Errorf(CodeNotRegistered, "%s is not among the registered senders of this workspace. Choose one of them, or ask an owner or admin to register it.", from)
	}
	switch at := Standing(&list[i], country); at.Status {
	case store.SenderApproved:
		return from, nil
	case store.SenderRefused:
		return "", smsir.Errorf(CodeNotApproved, "%s was refused for %s: %s Choose another sender.", from, place(country), sentence(at.Note))
	default:
		return "", smsir.Errorf(CodeNotApproved, "%s is not approved for %s yet. Choose another sender, or wait for the approval.", from, place(country))
	}
}

// Known refuses a sender that no message of the workspace could have: one that is not registered or approved nowhere, or ("") none
// where no sender is a default. It asks for no country: a campaign is checked before its recipients are known.
func (s *Service) Known(ctx context.Context, w *store.Workspace, from string) error {
	if !w.Registered {
		return nil
	}
	list, err := s.senders(ctx, w.ID)
	if err != nil {
		return err
	}
	for i := range list {
		v := &list[i]
		if from == "" && len(v.Defaults) > 0 {
			return nil
		}
		if v.Value != from {
			continue
		}
		if slices.ContainsFunc(v.Countries, func(c store.SenderCountry) bool { return c.Status == store.SenderApproved }) {
			return nil
		}
		return smsir.Errorf(CodeNotApproved, "%s is not approved in any country yet. Choose another sender, or wait for the approval.", from)
	}
	if from == "" {
		return smsir.Errorf(CodeMissing, "This workspace sends from registered senders only, and none is a default. Choose a sender.")
	}
	return smsir.Errorf(CodeNotRegistered, "%s is not among the registered senders of this workspace. Choose one of them, or ask an owner or admin to register it.", from)
}

// sentence ends a note with a full stop.
func sentence(note string) string {
	if note == "" || note[len(note)-1] == '.' {
		return note
	}
	return note + "."
}

// Standing says where a sender stands in a country: by its own line, else by that of all other countries, else it is a draft.
// A name is never approved where networks carry none.
func Standing(v *store.Sender, country string) store.SenderCountry {
	for _, want := range []string{country, ""} {
		for _, c := range v.Countries {
			if c.Country != want {
				continue
			}
			if c.Status == store.SenderApproved && Advice(v.Kind, country) == NotSupported {
				return store.SenderCountry{Country: country, Status: store.SenderRefused, Note: "networks there do not carry names as senders"}
			}
			return c
		}
	}
	return store.SenderCountry{Country: country, Status: store.SenderDraft}
}

// Restricted returns, for every workspace, the senders that may go through some providers only, and which.
func (s *Service) Restricted(ctx context.Context) (map[smsir.UUID]map[string][]smsir.UUID, error) {
	all, err := s.store.Senders(ctx, smsir.UUID{})
	if err != nil {
		return nil, err
	}
	restricted := map[smsir.UUID]map[string][]smsir.UUID{}
	for _, v := range all {
		if len(v.Providers) == 0 {
			continue
		}
		if restricted[v.Workspace] == nil {
			restricted[v.Workspace] = map[string][]smsir.UUID{}
		}
		restricted[v.Workspace][v.Value] = v.Providers
	}
	return restricted, nil
}
