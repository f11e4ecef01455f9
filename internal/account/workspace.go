package account

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Place is a workspace with the role of a person in it.
type Place struct {
	Workspace store.Workspace
	Role      store.Role
}

// Workspaces lists the places of the person p, the current workspace among them, the one joined first first.
func (s *Service) Workspaces(ctx context.Context, p *Principal) ([]Place, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	memberships, err := s.store.Memberships(ctx, p.User.ID)
	if err != nil {
		return nil, err
	}
	places := make([]Place, 0, len(memberships))
	for _, m := range memberships {
		w, err := s.store.Workspace(ctx, m.Workspace)
		if err != nil {
			return nil, err
		}
		places = append(places, Place{Workspace: *w, Role: m.Role})
	}
	return places, nil
}

// SwitchWorkspace makes the session of p look at another workspace of that person and returns the new principal. The
// token stays the same. Error: not_found.
func (s *Service) SwitchWorkspace(ctx context.Context, p *Principal, workspace smsir.UUID, peer Peer) (*Principal, error) {
	if err := person(p); err != nil {
		return nil, err
	}
	e := s.audit(p, peer, "session.moved", p.SessionID.Format(smsir.PrefixSession), "")
	e.Workspace = workspace
	err := s.store.MoveSession(ctx, p.User.ID, p.SessionID, workspace, e)
	s.cache.forget()
	if err != nil {
		return nil, err
	}
	return s.Recheck(ctx, p)
}

// WorkspaceChange changes the settings of a workspace; nil leaves one as it is.
type WorkspaceChange struct {
	Name      *string
	Country   *string
	TimeZone  *string
	OnUnknown *smsir.OnUnknown
	Smart     *bool
	Paused    *bool // nothing is dispatched while true
	// QueueCount and QueueAge refuse new messages while so many wait, or one for so long; 0 takes the limit away.
	QueueCount *int64
	QueueAge   *time.Duration
	Registered *bool             // only registered and approved senders
	Quiet      *store.QuietHours // both ends empty: none
}

// UpdateWorkspace changes the workspace of p and returns it. Permission: workspace:write. Errors: invalid (Field "name",
// "country", "time_zone", "on_unknown", "queue_max_count", "queue_max_age_seconds" or "quiet_hours").
func (s *Service) UpdateWorkspace(ctx context.Context, p *Principal, c WorkspaceChange, peer Peer) (*store.Workspace, error) {
	if err := p.Require(WorkspaceWrite); err != nil {
		return nil, err
	}
	w, err := s.store.Workspace(ctx, p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	before := *w
	changed, err := c.apply(w, "name", s.now())
	if err != nil || len(changed) == 0 {
		return w, err
	}
	defer s.cache.forget()
	e := s.audit(p, peer, "workspace.updated", w.ID.Format(smsir.PrefixWorkspace), strings.Join(changed, " "))
	compare(&e, &before, w)
	err = s.store.UpdateWorkspace(ctx, w, e)
	if err != nil {
		return nil, err
	}
	if s.paused != nil && (slices.Contains(changed, "paused") || slices.Contains(changed, "time_zone")) {
		s.paused()
	}
	return w, nil
}

// compare tells what an update of a workspace changed.
func compare(e *store.AuditEntry, a, b *store.Workspace) {
	e.Changed("name", a.Name, b.Name)
	e.Changed("country", a.Country, b.Country)
	e.Changed("time_zone", a.TimeZone, b.TimeZone)
	e.Changed("on_unknown", a.OnUnknown.String(), b.OnUnknown.String())
	e.Changed("smart", strconv.FormatBool(a.Smart), strconv.FormatBool(b.Smart))
	e.Changed("queue_max_count", strconv.FormatInt(a.QueueCount, 10), strconv.FormatInt(b.QueueCount, 10))
	e.Changed("queue_max_age", a.QueueAge.String(), b.QueueAge.String())
	e.Changed("registered_senders_only", strconv.FormatBool(a.Registered), strconv.FormatBool(b.Registered))
	e.Changed("paused", strconv.FormatBool(!a.PausedAt.IsZero()), strconv.FormatBool(!b.PausedAt.IsZero()))
}

// apply makes the change on w and lists what it changed; nameField names the field of its name in an error.
func (c WorkspaceChange) apply(w *store.Workspace, nameField string, now time.Time) (changed []string, err error) {
	for _, field := range []struct {
		name  string
		to    *string
		from  *string
		check func(field, value string) (string, error)
	}{
		{nameField, &w.Name, c.Name, checkName},
		{"country", &w.Country, c.Country, checkCountry},
		{"time_zone", &w.TimeZone, c.TimeZone, checkTimeZone},
	} {
		if field.from == nil {
			continue
		}
		if *field.to, err = field.check(field.name, *field.from); err != nil {
			return nil, err
		}
		changed = append(changed, field.name)
	}
	if c.OnUnknown != nil {
		if *c.OnUnknown > smsir.Alert {
			return nil, fault(smsir.CodeInvalid, "on_unknown", "What happens to messages of unknown outcome is hold, retry_once or alert.")
		}
		w.OnUnknown, changed = *c.OnUnknown, append(changed, "on_unknown")
	}
	if c.Smart != nil {
		w.Smart, changed = *c.Smart, append(changed, "smart")
	}
	if c.QueueCount != nil {
		if *c.QueueCount < 0 {
			return nil, fault(smsir.CodeInvalid, "queue_max_count", "The longest queue is a number of messages, or 0 for the server's limit.")
		}
		w.QueueCount, changed = *c.QueueCount, append(changed, "queue_max_count")
	}
	if c.QueueAge != nil {
		if *c.QueueAge < 0 {
			return nil, fault(smsir.CodeInvalid, "queue_max_age_seconds", "The longest wait is a number of seconds, or 0 for no limit.")
		}
		w.QueueAge, changed = *c.QueueAge, append(changed, "queue_max_age")
	}
	if c.Registered != nil {
		w.Registered, changed = *c.Registered, append(changed, "registered_senders_only")
	}
	if c.Quiet != nil {
		if w.Quiet, err = checkQuiet(*c.Quiet); err != nil {
			return nil, err
		}
		changed = append(changed, "quiet_hours")
	}
	if c.Paused != nil && *c.Paused == w.PausedAt.IsZero() {
		changed = append(changed, "paused")
		if w.PausedAt = (time.Time{}); *c.Paused {
			w.PausedAt = millis(now)
		}
	}
	return changed, nil
}
