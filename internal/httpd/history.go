package httpd

import (
	"bytes"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// maxViews bounds the saved views that one person makes in a workspace.
const maxViews = 100

// registerHistory registers what is done with many messages at once, and the searches that people keep.
func (s *Server) registerHistory(b *builder) {
	handle(b, route{
		Method: "POST", Path: "/v1/messages/bulk-cancel", ID: "cancelMessages", Tag: "Messages", Summary: "Cancel many messages", Audit: "message.canceled",
		Text: "Each as POST /v1/messages/{id}/cancel would. The answer counts every outcome; a race that was lost is never counted as canceled.",
	}, s.cancelMessages)
	handleDownload(b, route{
		Method: "GET", Path: "/v1/messages/export", ID: "exportMessages", Tag: "Messages", Gives: csvType, Errors: []int{403},
		Summary: "Download messages as CSV", Text: "Exactly those that GET /v1/messages lists with these filters, newest first. Cells that a spreadsheet would take for formulas begin " +
			"with an apostrophe. More than 10,000 rows need a recent password (problem `reauth_required`).",
	}, "messages.csv", s.exportMessages)
	handle(b, route{Method: "GET", Path: "/v1/views", ID: "listViews", Tag: "Messages", Summary: "List the saved views"},
		func(c *call, _ *struct{}) (*api.ViewList, error) {
			all, err := s.deps.Store.Views(c.ctx(), c.p.Workspace.ID, c.p.Actor.ID)
			if err != nil {
				return nil, err
			}
			out := &api.ViewList{Items: make([]api.View, len(all))}
			for i := range all {
				out.Items[i] = *c.viewOf(&all[i])
			}
			return out, nil
		})
	handle(b, route{
		Method: "POST", Path: "/v1/views", ID: "createView", Tag: "Messages", Status: 201, Errors: []int{409}, Audit: "view.created",
		Summary: "Keep a search", Text: "A view of the team is changed and removed by whoever made it, and by owners and admins.",
	}, s.createView)
	handle(b, route{Method: "PATCH", Path: "/v1/views/{id}", ID: "updateView", Tag: "Messages", Errors: []int{403, 409}, Audit: "view.updated", Summary: "Change a saved view"}, s.updateView)
	handle(b, route{Method: "DELETE", Path: "/v1/views/{id}", ID: "deleteView", Tag: "Messages", Errors: []int{403}, Audit: "view.deleted", Summary: "Remove a saved view"},
		func(c *call, in *viewID) (*none, error) {
			v, err := s.ownView(c, in.ID)
			if err != nil {
				return nil, err
			}
			c.tell("", v.Name)
			return &none{}, s.deps.Store.DeleteView(c.ctx(), v.Workspace, v.ID)
		})
}

type viewID struct {
	ID string `path:"id" doc:"Identifier of the view." example:"viw_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (c *call) viewOf(v *store.View) *api.View {
	return &api.View{
		ID: v.ID.Format(smsir.PrefixView), Name: v.Name, Query: v.Query, Team: v.Team, Mine: v.Owner == c.p.Actor.ID,
		CreatedAt: v.CreatedAt.UTC(), UpdatedAt: v.UpdatedAt.UTC(),
	}
}

func (s *Server) createView(c *call, in *struct{ Body api.ViewCreate }) (*api.View, error) {
	now := c.now.UTC().Truncate(msPrecision)
	v := store.View{
		ID: smsir.NewUUID(now), Workspace: c.p.Workspace.ID, Owner: c.p.Actor.ID, Team: in.Body.Team,
		Name: in.Body.Name, Query: in.Body.Query, CreatedAt: now, UpdatedAt: now,
	}
	if err := checkView(&v); err != nil {
		return nil, err
	}
	c.tell(v.ID.Format(smsir.PrefixView), v.Name)
	return c.viewOf(&v), s.deps.Store.CreateView(c.ctx(), v, maxViews)
}

func (s *Server) updateView(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the view." example:"viw_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.ViewUpdate
},
) (*api.View, error) {
	v, err := s.ownView(c, in.ID)
	if err != nil {
		return nil, err
	}
	if in.Body.Name != nil {
		v.Name = *in.Body.Name
	}
	if in.Body.Query != nil {
		v.Query = *in.Body.Query
	}
	if in.Body.Team != nil {
		v.Team = *in.Body.Team
	}
	if err := checkView(v); err != nil {
		return nil, err
	}
	v.UpdatedAt = c.now.UTC().Truncate(msPrecision)
	c.tell("", v.Name)
	return c.viewOf(v), s.deps.Store.UpdateView(c.ctx(), *v)
}

// ownView is a view that the caller may change.
func (s *Server) ownView(c *call, text string) (*store.View, error) {
	id, err := parseUUID(smsir.PrefixView, text)
	if err != nil {
		return nil, err
	}
	v, err := s.deps.Store.View(c.ctx(), c.p.Workspace.ID, c.p.Actor.ID, id)
	if err != nil {
		return nil, err
	}
	if v.Owner != c.p.Actor.ID && !c.p.Can(account.WorkspaceWrite) {
		return nil, smsir.Errorf(account.CodeForbidden, "Somebody else made this view. Ask that person, or an owner or admin of the workspace.")
	}
	return v, nil
}

// viewFilters are the parameters that a saved view may have.
var viewFilters = planInput(reflect.TypeFor[messageQuery]()).known

// checkView refuses a view that would show nothing but a problem.
func checkView(v *store.View) error {
	if v.Name = strings.TrimSpace(v.Name); v.Name == "" {
		return invalid("name", faultRequired, "A view needs a name.")
	}
	q, err := url.ParseQuery(v.Query)
	if err != nil {
		return invalid("query", faultFormat, "This is not a query such as status=failed&to=5550100.")
	}
	for name := range q {
		if !viewFilters[name] {
			return invalid("query", faultUnknown, "%q is no filter of messages.", clip(name, 40))
		}
	}
	for _, word := range strings.Split(q.Get("status"), ",") {
		if _, ok := smsir.ParseStatus(word); !ok && word != "" {
			return invalid("query", faultChoice, "%q is no status of a message.", clip(word, 40))
		}
	}
	return nil
}

// cancelAtOnce bounds the cancels of one request that run at the same time; the store commits them together.
const cancelAtOnce = 32

func (s *Server) cancelMessages(c *call, in *struct{ Body api.BulkCancel }) (*api.BulkCanceled, error) {
	ids := in.Body.IDs
	out := &api.BulkCanceled{Results: make([]api.BulkResult, len(ids))}
	errs := make([]error, len(ids))
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(cancelAtOnce, len(ids)) {
		wg.Go(func() {
			for i := range next {
				out.Results[i].ID = ids[i]
				out.Results[i].Result, errs[i] = s.cancelOne(c, ids[i])
			}
		})
	}
	for i := range ids {
		next <- i
	}
	close(next)
	wg.Wait()
	for i, r := range out.Results {
		if errs[i] != nil {
			return nil, errs[i]
		}
		switch r.Result {
		case "canceled":
			out.Canceled++
		case "cancel_requested":
			out.CancelRequested++
		case "too_late":
			out.TooLate++
		case "forbidden":
			out.Forbidden++
		case "not_found":
			out.NotFound++
		}
	}
	c.tell("", fmt.Sprintf("%d of %d", out.Canceled+out.CancelRequested, len(ids)))
	return out, nil
}

// cancelOne is the outcome for one message of many. Its error is a fault of the store.
func (s *Server) cancelOne(c *call, id string) (string, error) {
	m, err := s.message(c, id)
	if smsir.CodeOf(err) == smsir.CodeNotFound {
		return "not_found", nil
	}
	if err != nil {
		return "", err
	}
	if !c.p.MayCancel(m.CreatedBy) {
		return "forbidden", nil
	}
	result, _, err := s.cancel(c, m.ID)
	switch {
	case err != nil:
		return "", err
	case result == smsir.CancelDone:
		return "canceled", nil
	case result == smsir.CancelRequested:
		return "cancel_requested", nil
	}
	return "too_late", nil
}

// exportMessages writes what the list shows, a page at a time. Until it knows that the file is a small one, or the caller
// has given a password, nothing leaves.
func (s *Server) exportMessages(c *call, in *messageQuery, file io.Writer) error {
	f, err := filterOf(in)
	if err != nil {
		return err
	}
	if err := s.noteExport(c, "message.exported"); err != nil {
		return err
	}
	f.Limit = 200
	var held bytes.Buffer
	out := &switched{to: &held}
	w, err := sheet.NewWriter(out)
	if err != nil {
		return err
	}
	err = w.Row("accepted_at", "status", "reason", "to", "from", "text", "segments", "encoding", "provider", "attempts", "sent_at", "finished_at", "error",
		"sent_by", "tags", "client_ref", "batch_id", "id", "network", "network_name")
	for rows := 0; err == nil; {
		var page store.MessagePage
		if page, err = s.deps.Store.ListMessages(c.ctx(), c.p.Workspace.ID, f); err != nil {
			return err
		}
		if rows += len(page.Items); rows > largeExport && out.to != file {
			if err = c.p.RequireReauth(); err != nil {
				return err
			}
			out.to = file
			if _, err = held.WriteTo(file); err != nil {
				return err
			}
		}
		names, err := s.names.of(c.ctx(), c.p.Workspace.ID, page.Items)
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if err := w.Row(messageRow(m, names)...); err != nil {
				return err
			}
		}
		if f.Before = page.Next; page.Next == 0 {
			break
		}
	}
	if err == nil {
		err = w.Flush()
	}
	if err == nil && out.to != file {
		_, err = held.WriteTo(file)
	}
	return err
}

// switched writes to where it is told at the time.
type switched struct{ to io.Writer }

// Write implements io.Writer.
func (s *switched) Write(p []byte) (int, error) { return s.to.Write(p) }

// shownText is the text of a message, or in brackets what removed it and when.
func shownText(m *smsir.Message) string {
	why := map[smsir.TextRemoval]string{
		smsir.RemovedByRule: "by the retention rule", smsir.RemovedAsCode: "as a one-time code", smsir.RemovedByHand: "on request",
	}[m.TextRemovedBy]
	if why == "" {
		return m.Text
	}
	return "[text removed " + why + " on " + m.TextRemovedAt.UTC().Format(time.DateOnly) + "]"
}

func messageRow(m *smsir.Message, names api.Names) []string {
	w := api.MessageOf(m, names)
	at := func(t *time.Time) string {
		if t == nil {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	var provider, fault string
	if w.Provider != nil {
		provider = w.Provider.Name
	}
	if w.Error != nil {
		fault = strings.TrimSpace(w.Error.Text + " " + w.Error.ProviderCode + " " + w.Error.ProviderText)
	}
	var network api.Network
	if w.Network != nil {
		network = *w.Network
	}
	by := w.CreatedBy.Name
	if by == "" {
		by = w.CreatedBy.ID
	}
	return []string{
		w.AcceptedAt.Format(time.RFC3339), w.Status, w.Reason, w.To, w.From, shownText(m), strconv.Itoa(w.Segments), w.Encoding, provider, strconv.Itoa(w.Attempts),
		at(w.SentAt), at(w.FinishedAt), fault, by, strings.Join(w.Tags, "; "), w.ClientRef, w.BatchID, w.ID,
		network.Code, network.Name,
	}
}
