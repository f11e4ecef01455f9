package account

import (
	"context"
	"net/netip"
	"sync"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// watch writes audit entries that nobody waits for: refused passwords, whose answer must not tell by its time whether the
// address is known, and keys that are used from a network for the first time. [Service.Run] writes them; what comes while too
// many wait is logged and lost.
type watch struct {
	entries chan func(ctx context.Context) error
	mu      sync.Mutex
	seen    map[keyNetwork]bool
}

type keyNetwork struct {
	key     smsir.UUID
	network netip.Prefix
}

// maxSeen bounds what watch remembers; the audit log remembers the rest.
const maxSeen = 10_000

func newWatch() *watch {
	return &watch{entries: make(chan func(context.Context) error, 256), seen: map[keyNetwork]bool{}}
}

// later has an entry written by Run.
func (s *Service) later(write func(ctx context.Context) error) {
	select {
	case s.watch.entries <- write:
	default:
		s.log.Warn("an audit entry was lost: too many wait to be written")
	}
}

// written writes entries until ctx ends, and then those that wait.
func (s *Service) written(ctx context.Context) {
	run := func(write func(context.Context) error) {
		if err := write(context.WithoutCancel(ctx)); err != nil {
			s.log.ErrorContext(ctx, "an audit entry could not be stored", "err", err)
		}
	}
	for {
		select {
		case write := <-s.watch.entries:
			run(write)
		case <-ctx.Done():
			for {
				select {
				case write := <-s.watch.entries:
					run(write)
				default:
					return
				}
			}
		}
	}
}

// refused notes a wrong password for a person's account, in the workspace where that person would have started. Checks that
// were slowed down are not noted, which bounds the number of entries.
func (s *Service) refused(u *store.User, p *Principal, peer Peer) {
	e := s.audit(p, peer, "session.refused", u.ID.Format(smsir.PrefixUser), "wrong password")
	if p != nil {
		e.Action = "password.refused"
	}
	s.later(func(ctx context.Context) (err error) {
		if p == nil {
			if e.Workspace, err = s.workspaceOf(ctx, u.ID); err != nil {
				return err
			}
		}
		return s.store.AddAudit(ctx, e)
	})
}

// Used notes that an API key came from an address: the first use from each network (an IPv4 network of 24 bits, an IPv6
// network of 48) goes to the audit log. It is cheap after that, and does nothing for people.
func (s *Service) Used(p *Principal, peer Peer) {
	ip := peer.IP.Unmap()
	if !p.IsKey() || !ip.IsValid() {
		return
	}
	bits := 48
	if ip.Is4() {
		bits = 24
	}
	network, err := ip.WithZone("").Prefix(bits)
	if err != nil {
		return
	}
	k := keyNetwork{p.Actor.ID, network}
	s.watch.mu.Lock()
	known := s.watch.seen[k]
	if !known {
		if len(s.watch.seen) >= maxSeen {
			clear(s.watch.seen)
		}
		s.watch.seen[k] = true
	}
	s.watch.mu.Unlock()
	if known {
		return
	}
	e := s.audit(p, peer, "api_key.new_network", p.Actor.ID.Format(smsir.PrefixKey), network.String())
	s.later(func(ctx context.Context) error {
		f := store.AuditFilter{Action: e.Action, Target: e.Target, Limit: 1000}
		for {
			list, err := s.store.Audit(ctx, e.Workspace, f)
			if err != nil {
				return err
			}
			for _, old := range list {
				if old.Detail == e.Detail {
					return nil
				}
			}
			if len(list) < f.Limit {
				return s.store.AddAudit(ctx, e)
			}
			f.Before = list[len(list)-1].ID
		}
	})
}
