package httpd

import (
	"io"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// noted is what the door notes in the audit log about a call that succeeded.
type noted struct {
	target, detail string
	silent         bool // nothing that others would ask about
}

// tell says what the entry of the call is about: the identifier of an object, "" for the one in the path, and a detail.
func (c *call) tell(target, detail string) { c.told.target, c.told.detail = target, detail }

// note writes the entry of a route that has one. What the call did is done, and stays done when the entry cannot be
// written: that is for the operator to know, not for the caller.
func (c *call) note(r *route) {
	if r.Audit == "" || c.told.silent {
		return
	}
	target := c.told.target
	if target == "" {
		target = c.r.PathValue("id")
	}
	if err := c.s.deps.Store.AddAudit(c.ctx(), c.entry(r.Audit, target, c.told.detail)); err != nil {
		c.s.log.ErrorContext(c.ctx(), "an audit entry could not be stored", "action", r.Audit, "target", target, "err", err)
	}
}

func (c *call) entry(action, target, detail string) store.AuditEntry {
	return store.AuditEntry{
		At: c.now.UTC().Truncate(msPrecision), Workspace: c.p.Workspace.ID, Actor: c.p.Actor, Action: action, Target: target,
		IP: c.peer().IP.String(), Detail: detail,
	}
}

// oneDownload is how long the same download by the same person counts as one.
const oneDownload = 10 * time.Second

// noteExport notes a download before its first byte leaves; without the entry there is none. The detail names the filters,
// not what they look for.
func (s *Server) noteExport(c *call, action string) error {
	var filters []string
	for name := range c.r.URL.Query() {
		filters = append(filters, name)
	}
	detail := "everything"
	if len(filters) > 0 {
		slices.Sort(filters)
		detail = "by " + strings.Join(filters, ", ")
	}
	e := c.entry(action, "", detail)
	// The web app asks first whether a download would be refused, and then downloads: that is one.
	recent, err := s.deps.Store.Audit(c.ctx(), e.Workspace, store.AuditFilter{Actor: e.Actor.ID, Action: action, Since: e.At.Add(-oneDownload), Limit: 10})
	if err != nil || slices.ContainsFunc(recent, func(old store.AuditEntry) bool { return old.Detail == detail && old.IP == e.IP }) {
		return err
	}
	return s.deps.Store.AddAudit(c.ctx(), e)
}

// registerAudit registers the audit log.
func (s *Server) registerAudit(b *builder) {
	const text = "Who did what, when and from where: changes by people, keys and the gateway, log-ins that were refused, exports. Entries are never changed, and hold " +
		"no secret and no text of a message. `instance=true` lists those of the server instead, for operators."
	handle(b, route{Method: "GET", Path: "/v1/audit", ID: "listAudit", Tag: "Audit", Errors: []int{403}, Summary: "Read the audit log, newest first", Text: text}, s.listAudit)
	handleDownload(b, route{
		Method: "GET", Path: "/v1/audit/export", ID: "exportAudit", Tag: "Audit", Gives: csvType, Errors: []int{403},
		Summary: "Download the audit log as CSV", Text: "Exactly what GET /v1/audit lists with these filters. Needs a recent password (problem `reauth_required`), and is noted itself.",
	}, "audit.csv", s.exportAudit)
}

// auditQuery are the filters of the audit log.
type auditQuery struct {
	Actor    string    `query:"actor" maxLength:"64" doc:"Identifier of the user, API key or SMPP account."`
	Action   string    `query:"action" maxLength:"64" doc:"An action such as route.updated, or the noun of several: route."`
	Target   string    `query:"target" maxLength:"64" doc:"Identifier of the object that was changed."`
	Since    time.Time `query:"since" doc:"At this moment or after."`
	Until    time.Time `query:"until" doc:"Before this moment."`
	Instance bool      `query:"instance" doc:"Entries of the server, not of the workspace."`
}

type listAuditInput struct {
	auditQuery
	Cursor string `query:"cursor" maxLength:"64" doc:"The next of the page before; send it with the same filters."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries on a page."`
}

// auditFilter reads the filters, and says whose log is asked for.
func (c *call) auditFilter(in *auditQuery) (workspace smsir.UUID, f store.AuditFilter, err error) {
	f = store.AuditFilter{Action: in.Action, Target: in.Target, Since: in.Since, Until: in.Until}
	if in.Actor != "" {
		prefix, _, _ := strings.Cut(in.Actor, "_")
		if f.Actor, err = smsir.ParseUUID(prefix, in.Actor); err != nil || !slices.Contains([]string{smsir.PrefixUser, smsir.PrefixKey, smsir.PrefixSMPP}, prefix) {
			return workspace, f, invalid("query.actor", faultFormat, "This must be an identifier such as usr_…, key_… or smp_….")
		}
	}
	if !in.Since.IsZero() && !in.Until.IsZero() && !in.Since.Before(in.Until) {
		return workspace, f, invalid("query.until", faultRange, "This must be after since.")
	}
	if in.Instance {
		return workspace, f, c.p.Require(account.InstanceRead)
	}
	return c.p.Workspace.ID, f, nil
}

func (s *Server) listAudit(c *call, in *listAuditInput) (*api.AuditList, error) {
	workspace, f, err := c.auditFilter(&in.auditQuery)
	if err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit")
	if f.Before, err = s.cursors.read(c.p.Workspace.ID, query, in.Cursor); err != nil {
		return nil, err
	}
	f.Limit = in.Limit + 1
	list, err := s.deps.Store.Audit(c.ctx(), workspace, f)
	if err != nil {
		return nil, err
	}
	out := &api.AuditList{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.make(c.p.Workspace.ID, query, list[in.Limit-1].ID)
	}
	out.Items, err = s.auditOf(c, list)
	return out, err
}

func (s *Server) auditOf(c *call, list []store.AuditEntry) ([]api.AuditEntry, error) {
	actors, targets := make([]smsir.Actor, len(list)), make([]string, len(list))
	for i := range list {
		actors[i], targets[i] = list[i].Actor, list[i].Target
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	objects, err := s.deps.Store.TargetNames(c.ctx(), c.p.Workspace.ID, targets)
	if err != nil {
		return nil, err
	}
	out := make([]api.AuditEntry, len(list))
	for i, e := range list {
		out[i] = api.AuditEntry{
			ID: e.ID.Format(smsir.PrefixAudit), At: e.At.UTC(), Actor: api.ActorOf(e.Actor, names), Action: e.Action, Target: e.Target,
			TargetName: objects[e.Target], IP: e.IP, Detail: e.Detail, Changes: make([]api.AuditChange, len(e.Changes)),
		}
		for j, v := range e.Changes {
			out[i].Changes[j] = api.AuditChange(v)
		}
	}
	return out, nil
}

// exportAudit writes what the list shows, a page at a time.
func (s *Server) exportAudit(c *call, in *auditQuery, file io.Writer) error {
	workspace, f, err := c.auditFilter(in)
	if err != nil {
		return err
	}
	if err := c.p.RequireReauth(); err != nil {
		return err
	}
	if err := s.noteExport(c, "audit.exported"); err != nil {
		return err
	}
	w, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	if err := w.Row("at", "actor", "actor_kind", "actor_id", "action", "target", "target_name", "ip", "detail", "changes"); err != nil {
		return err
	}
	for f.Limit = 500; ; {
		list, err := s.deps.Store.Audit(c.ctx(), workspace, f)
		if err != nil {
			return err
		}
		page, err := s.auditOf(c, list)
		if err != nil {
			return err
		}
		for i := range page {
			if err := w.Row(auditRow(&page[i])...); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return w.Flush()
		}
		f.Before = list[len(list)-1].ID
	}
}

func auditRow(e *api.AuditEntry) []string {
	changes := make([]string, len(e.Changes))
	for i, v := range e.Changes {
		changes[i] = v.Field + ": " + v.Before + " → " + v.After
	}
	return []string{
		e.At.Format(time.RFC3339), e.Actor.Name, e.Actor.Kind, e.Actor.ID, e.Action, e.Target, e.TargetName, e.IP, e.Detail, strings.Join(changes, "; "),
	}
}
