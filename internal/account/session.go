package account

import (
	"context"
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Sessions lists the live sessions of the person, newest first. Only people have sessions: forbidden for an API key.
func (s *Service) Sessions(ctx context.Context, p *Principal) ([]store.Session, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	now := s.now()
	list, err := s.store.Sessions(ctx, p.User.ID, now)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(se store.Session) bool {
		return now.Sub(se.LastSeenAt) >= s.session.Idle && se.ID != p.SessionID
	}), nil
}

// RevokeSession ends one session of the person p, be it the current one. Error: not_found.
func (s *Service) RevokeSession(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	defer s.cache.forget()
	return s.store.DeleteSession(ctx, p.User.ID, id, s.audit(p, peer, "session.revoked", id.Format(smsir.PrefixSession), ""))
}

// SelfChange changes what a person says of themselves; nil leaves it as it is.
type SelfChange struct {
	Name  *string
	Phone *string // their own number as typed, for test messages; "" takes it away
}

// UpdateSelf changes the person. Errors: invalid (Field "name" or "phone").
func (s *Service) UpdateSelf(ctx context.Context, p *Principal, c SelfChange, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	u, err := s.store.User(ctx, p.User.ID)
	if err != nil {
		return err
	}
	if c.Name != nil {
		if u.Name, err = checkName("name", *c.Name); err != nil {
			return err
		}
	}
	if c.Phone != nil {
		if u.Phone, err = checkPhone(*c.Phone, p.Workspace.Country); err != nil {
			return err
		}
	}
	defer s.cache.forget()
	return s.store.UpdateUser(ctx, u, s.audit(p, peer, "user.updated", u.ID.Format(smsir.PrefixUser), ""))
}
