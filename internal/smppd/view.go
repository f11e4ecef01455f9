package smppd

import (
	"cmp"
	"context"
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// Sessions are the sessions of a workspace on this node, by system id and time.
func (s *Server) Sessions(workspace smsir.UUID) []api.SMPPSession {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []api.SMPPSession{}
	for _, n := range s.sessions {
		b := n.bound.Load()
		if b.account.Workspace != workspace {
			continue
		}
		st := n.conn.Stats()
		v := api.SMPPSession{
			ID: n.id.Format(smsir.PrefixSession), AccountID: b.account.ID.Format(smsir.PrefixSMPP), SystemID: b.account.SystemID, Mode: n.mode,
			From: n.from.String(), TLS: n.tls, BoundAt: n.since.UTC(), LastSeenAt: st.LastRead.UTC(), InHand: int(n.inHand.Load()), Window: b.account.Window, Due: st.Outstanding,
		}
		v.Submitted, v.PerSecond = n.meter.read(s.now())
		if last := n.last.Load(); last != nil {
			v.LastError = *last
		}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b api.SMPPSession) int {
		return cmp.Or(cmp.Compare(a.SystemID, b.SystemID), a.BoundAt.Compare(b.BoundAt))
	})
	return all
}

// LastRefused is the bind of an account that was refused last on this node, nil if it has bound since.
func (s *Server) LastRefused(id smsir.UUID) *api.SMPPRefusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.refusals[id]; ok {
		return &r
	}
	return nil
}

// refusedBind remembers why a bind with the system id of an account was refused, for its owners; system ids that nobody has
// are forgotten at once.
func (n *session) refusedBind(systemID, reason string) {
	s := n.s
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, list := range s.accounts {
		for i := range list {
			if list[i].SystemID == systemID {
				s.refusals[list[i].ID] = api.SMPPRefusal{At: s.now().UTC(), From: n.from.String(), Reason: reason}
				return
			}
		}
	}
}

// Kick unbinds a session of a workspace in order. Error: not_found.
func (s *Server) Kick(workspace, id smsir.UUID) error {
	s.mu.Lock()
	n := s.sessions[id]
	s.mu.Unlock()
	if n == nil || n.bound.Load().account.Workspace != workspace {
		return smsir.Errorf(smsir.CodeNotFound, "There is no such session on this server; it may have ended, or be bound to another node.")
	}
	s.end(n, "somebody asked for it")
	return nil
}

// Addresses are the open addresses of the door; none while there are no accounts.
func (s *Server) Addresses() []api.SMPPAddress {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []api.SMPPAddress{}
	for _, l := range s.listeners {
		all = append(all, api.SMPPAddress{Address: l.Addr().String(), TLS: l.tls != nil, Fingerprint: l.pin})
	}
	return all
}

// Waiting is how many receipts and messages wait for each account of a workspace.
func (s *Server) Waiting(ctx context.Context, workspace smsir.UUID) (map[smsir.UUID]int64, error) {
	return s.o.Store.SMPPWaiting(ctx, workspace)
}
