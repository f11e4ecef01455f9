package account

import (
	"context"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Members lists the people of the workspace of p, by role. Permission: members:read.
func (s *Service) Members(ctx context.Context, p *Principal) ([]store.Membership, error) {
	if err := p.Require(MembersRead); err != nil {
		return nil, err
	}
	return s.store.Members(ctx, p.Workspace.ID)
}

// SetRole changes the role of a member and ends their sessions in the workspace. Permission: members:write; only an
// owner makes or changes an owner. Errors: not_found, forbidden, conflict (Field "role"): the last owner stays one.
func (s *Service) SetRole(ctx context.Context, p *Principal, user smsir.UUID, role store.Role, peer Peer) error {
	if err := p.Require(MembersWrite); err != nil {
		return err
	}
	if role.String() == "" {
		return fault(smsir.CodeInvalid, "role", "A role is owner, admin, member or viewer.")
	}
	m, err := s.member(ctx, p, user)
	if err != nil {
		return err
	}
	if err := ownersOnly(p, m.Role, role); err != nil {
		return err
	}
	if m.Role == role {
		return nil
	}
	defer s.cache.forget()
	e := s.audit(p, peer, "member.role_changed", user.Format(smsir.PrefixUser), m.Role.String()+" to "+role.String())
	e.Changed("role", m.Role.String(), role.String())
	return s.store.SetRole(ctx, p.Workspace.ID, user, role, e)
}

// RemoveMember removes a member and ends their sessions in the workspace; anybody may leave by themselves. Errors as of
// SetRole.
func (s *Service) RemoveMember(ctx context.Context, p *Principal, user smsir.UUID, peer Peer) error {
	if p == nil || p.User == nil || p.User.ID != user {
		if err := p.Require(MembersWrite); err != nil {
			return err
		}
	}
	m, err := s.member(ctx, p, user)
	if err != nil {
		return err
	}
	if m.User != p.User.ID {
		if err := ownersOnly(p, m.Role); err != nil {
			return err
		}
	}
	defer s.cache.forget()
	return s.store.SetRole(ctx, p.Workspace.ID, user, 0, s.audit(p, peer, "member.removed", user.Format(smsir.PrefixUser), m.Role.String()))
}

// member finds a member of the workspace of p.
func (s *Service) member(ctx context.Context, p *Principal, user smsir.UUID) (store.Membership, error) {
	list, err := s.store.Members(ctx, p.Workspace.ID)
	if err != nil {
		return store.Membership{}, err
	}
	for _, m := range list {
		if m.User == user {
			return m, nil
		}
	}
	return store.Membership{}, smsir.Errorf(smsir.CodeNotFound, "There is no such member.")
}

// ownersOnly fails when one of the roles is that of an owner and p is not one.
func ownersOnly(p *Principal, roles ...store.Role) error {
	for _, r := range roles {
		if r == store.Owner && p.Role != store.Owner {
			return fault(CodeForbidden, "role", "Only an owner makes, changes or removes an owner. Ask one of them.")
		}
	}
	return nil
}

// InviteAge is how long an invitation is valid.
const InviteAge = 7 * 24 * time.Hour

// NewInvite is a created invitation. Code is shown this once.
type NewInvite struct {
	store.Invite
	Code string // 26 letters and digits; goes into a link
}

// InvitePreview is what the holder of a code may see before registering.
type InvitePreview struct {
	Workspace string // its name
	Email     string // the address that must register
	Role      store.Role
	ExpiresAt time.Time
}

// Invite makes an invitation, valid for [InviteAge], for one email address. Permission: members:write; only an owner
// invites owners. Errors: forbidden, invalid (Field "email" or "role"), conflict (Field "email"): a member already.
func (s *Service) Invite(ctx context.Context, p *Principal, email string, role store.Role, peer Peer) (*NewInvite, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	email, err := checkEmail("email", email)
	if err != nil {
		return nil, err
	}
	if role.String() == "" {
		return nil, fault(smsir.CodeInvalid, "role", "A role is owner, admin, member or viewer.")
	}
	if err := ownersOnly(p, role); err != nil {
		return nil, err
	}
	list, err := s.store.Members(ctx, p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if strings.EqualFold(m.Email, email) {
			return nil, fault(smsir.CodeConflict, "email", "This person is a member of the workspace already. Change the role instead.")
		}
	}
	now, code := millis(s.now()), newCode(26)
	in := store.Invite{
		ID: smsir.NewUUID(now), Workspace: p.Workspace.ID, Email: email, Role: role, CodeHash: codeHash(code), CreatedBy: p.User.ID,
		CreatedAt: now, ExpiresAt: now.Add(InviteAge),
	}
	if err := s.store.CreateInvite(ctx, in, s.audit(p, peer, "invite.created", in.ID.Format(smsir.PrefixInvite), role.String())); err != nil {
		return nil, err
	}
	return &NewInvite{Invite: in, Code: code}, nil
}

// Invites lists the open invitations of the workspace, newest first. Permission: members:write.
func (s *Service) Invites(ctx context.Context, p *Principal) ([]store.Invite, error) {
	if err := p.Require(MembersWrite); err != nil {
		return nil, err
	}
	return s.store.Invites(ctx, p.Workspace.ID, s.now())
}

// RevokeInvite withdraws an invitation. Permission: members:write. Error: not_found.
func (s *Service) RevokeInvite(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	if err := p.Require(MembersWrite); err != nil {
		return err
	}
	return s.store.DeleteInvite(ctx, p.Workspace.ID, id, s.audit(p, peer, "invite.revoked", id.Format(smsir.PrefixInvite), ""))
}

// PreviewInvite tells the holder of a code what it invites to. Error: invite_invalid.
func (s *Service) PreviewInvite(ctx context.Context, code string) (*InvitePreview, error) {
	in, err := s.findInvite(ctx, code, s.now())
	if err != nil {
		return nil, err
	}
	w, err := s.store.Workspace(ctx, in.Workspace)
	if err != nil {
		return nil, err
	}
	return &InvitePreview{Workspace: w.Name, Email: in.Email, Role: in.Role, ExpiresAt: in.ExpiresAt}, nil
}

// AcceptInvite lets a person who has an account already join a workspace; [Service.SwitchWorkspace] goes there. Errors:
// invite_invalid, conflict (already a member).
func (s *Service) AcceptInvite(ctx context.Context, p *Principal, code string, peer Peer) error {
	if err := person(p); err != nil {
		return err
	}
	now := s.now()
	in, err := s.findInvite(ctx, code, now)
	if err != nil {
		return err
	}
	if !strings.EqualFold(in.Email, p.User.Email) {
		return fault(CodeInviteInvalid, "invite", "This invitation is for another email address. Sign in with that one, or ask for an invitation for yours.")
	}
	e := s.audit(p, peer, "invite.accepted", in.ID.Format(smsir.PrefixInvite), in.Role.String())
	e.Workspace = in.Workspace
	err = s.store.AcceptInvite(ctx, *in, p.User.ID, now, e)
	if field, ok := conflictOf(err); ok && field == "invite" {
		return inviteInvalid()
	}
	return err
}
