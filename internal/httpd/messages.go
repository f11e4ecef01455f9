package httpd

import (
	"net/http"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/store"
)

// registerMessages registers what reads and cancels messages.
func (s *Server) registerMessages(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/v1/messages", ID: "listMessages", Tag: "Messages", ETag: true,
		Summary: "List messages, newest first", Text: "Filters combine. A search by text, recipient or the like walks the time range; it looks at 100,000 rows at most, then answers " +
			"`partial: true` with a cursor to go on.",
	}, s.listMessages)
	handle(b, route{Method: "GET", Path: "/v1/messages/{id}", ID: "getMessage", Tag: "Messages", ETag: true, Summary: "One message"},
		func(c *call, in *messageID) (*api.Message, error) {
			m, err := s.message(c, in.ID)
			if err != nil {
				return nil, err
			}
			return s.messageOf(c, m)
		})
	handle(b, route{Method: "GET", Path: "/v1/messages/{id}/events", ID: "listMessageEvents", Tag: "Messages", Summary: "The history of a message"}, s.messageEvents)
	handle(b, route{Method: "GET", Path: "/v1/messages/{id}/attempts", ID: "listMessageAttempts", Tag: "Messages", Summary: "The hand-overs of a message to providers"}, s.messageAttempts)
	s.registerCancel(b)
	s.registerHistory(b)
	handle(b, route{Method: "GET", Path: "/v1/inbound", ID: "listInbound", Tag: "Messages", ETag: true, Summary: "List messages from handsets, newest first"}, s.listInbound)
}

type messageID struct {
	ID string `path:"id" doc:"Identifier of the message." example:"msg_0g5t3v2k9qw1a"`
}

// messageQuery are the filters of messages: those of the list, of the export, and of a saved view.
type messageQuery struct {
	Status    []string  `query:"status" enum:"scheduled,queued,sending,unknown,sent,delivered,undelivered,expired,failed,canceled,blocked" doc:"Statuses, separated by commas."`
	To        string    `query:"to" maxLength:"64" doc:"Recipient in E.164, or a part of it."`
	From      string    `query:"from" maxLength:"32" doc:"Sender ID, exact."`
	Text      string    `query:"text" maxLength:"200" doc:"Part of the text, in any letter case."`
	CreatedBy string    `query:"created_by" maxLength:"64" doc:"Identifier of the user or API key that sent it."`
	Batch     string    `query:"batch" maxLength:"64" doc:"Identifier of the batch."`
	ClientRef string    `query:"client_ref" maxLength:"128" doc:"The sender's own reference, exact."`
	Tag       string    `query:"tag" maxLength:"64" doc:"One of its tags."`
	Provider  string    `query:"provider" maxLength:"64" doc:"Identifier of the provider it went to."`
	Since     time.Time `query:"since" doc:"Accepted at this moment or after."`
	Until     time.Time `query:"until" doc:"Accepted before this moment."`
}

type listMessagesInput struct {
	messageQuery
	Cursor string `query:"cursor" maxLength:"64" doc:"The next of the page before; send it with the same filters."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Messages on a page."`
}

func (s *Server) listMessages(c *call, in *listMessagesInput) (*api.MessageList, error) {
	f, err := filterOf(&in.messageQuery)
	f.Limit = in.Limit
	if err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit")
	if f.Before, err = s.cursors.read(c.p.Workspace.ID, query, in.Cursor); err != nil {
		return nil, err
	}
	page, err := s.deps.Store.ListMessages(c.ctx(), c.p.Workspace.ID, f)
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, page.Items)
	if err != nil {
		return nil, err
	}
	return &api.MessageList{
		Items: s.messagesOf(c, page.Items, names), Partial: page.Partial,
		Next: s.cursors.make(c.p.Workspace.ID, query, page.Next),
	}, nil
}

// query is the path and the query of the call without some parameters, in a fixed order: what a
// cursor is bound to.
func (c *call) query(without ...string) string {
	q := c.r.URL.Query()
	for _, name := range without {
		q.Del(name)
	}
	return c.r.URL.Path + "?" + q.Encode()
}

// filterOf reads the filters of a list. An identifier that cannot exist is a fault, not an empty list.
func filterOf(in *messageQuery) (store.MessageFilter, error) {
	f := store.MessageFilter{
		To: in.To, From: in.From, Text: in.Text, ClientRef: in.ClientRef, Tag: in.Tag,
		Since: in.Since, Until: in.Until,
	}
	for _, word := range in.Status {
		status, _ := smsir.ParseStatus(word) // one of its words, as the tags demand
		f.Statuses = append(f.Statuses, status)
	}
	var faults []api.FieldError
	fault := func(name, want string) {
		faults = append(faults, api.FieldError{Field: "query." + name, Code: faultFormat, Detail: "This must be an identifier such as " + want + "."})
	}
	var err error
	if in.CreatedBy != "" {
		if f.CreatedBy, err = smsir.ParseUUID(smsir.PrefixUser, in.CreatedBy); err != nil {
			if f.CreatedBy, err = smsir.ParseUUID(smsir.PrefixKey, in.CreatedBy); err != nil {
				fault("created_by", "usr_… or key_…")
			}
		}
	}
	if in.Provider != "" {
		if f.Provider, err = smsir.ParseUUID(smsir.PrefixProvider, in.Provider); err != nil {
			fault("provider", "prv_…")
		}
	}
	if in.Batch != "" {
		if f.Batch, err = smsir.ParseID(smsir.PrefixBatch, in.Batch); err != nil {
			fault("batch", "bat_…")
		}
	}
	if !in.Since.IsZero() && !in.Until.IsZero() && !in.Since.Before(in.Until) {
		faults = append(faults, api.FieldError{Field: "query.until", Code: faultRange, Detail: "This must be after since."})
	}
	if faults != nil {
		return f, &invalidError{faults}
	}
	return f, nil
}

// message loads a message of the caller's workspace.
func (s *Server) message(c *call, id string) (*smsir.Message, error) {
	n, err := parseID(smsir.PrefixMessage, id)
	if err != nil {
		return nil, err
	}
	return s.deps.Store.Message(c.ctx(), c.p.Workspace.ID, n)
}

func (s *Server) messageOf(c *call, m *smsir.Message) (*api.Message, error) {
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, []*smsir.Message{m})
	if err != nil {
		return nil, err
	}
	w := s.messagesOf(c, []*smsir.Message{m}, names)
	return &w[0], nil
}

// messagesOf shows messages, the queued ones with why they wait.
func (s *Server) messagesOf(c *call, all []*smsir.Message, names *names) []api.Message {
	out := api.MessagesOf(all, names)
	for i, m := range all {
		out[i].Recallable = !m.CancelRequested && s.recallable(m)
	}
	if s.deps.Why == nil {
		return out
	}
	why := s.deps.Why(c.ctx(), c.p.Workspace.ID, all)
	for i, m := range all {
		w, waits := why[m.ID]
		if !waits {
			continue
		}
		out[i].Waiting = &api.Waiting{Code: string(w.Code), Text: w.Text, Until: api.Time(w.Until)}
		if !w.Provider.IsZero() {
			ref := api.ProviderRefOf(w.Provider, names)
			out[i].Waiting.Provider = &ref
		}
		if !w.Rule.IsZero() {
			out[i].Waiting.Rule = w.Rule.Format(smsir.PrefixRoute)
		}
	}
	return out
}

func (s *Server) messageEvents(c *call, in *messageID) (*api.EventList, error) {
	m, err := s.message(c, in.ID)
	if err != nil {
		return nil, err
	}
	events, err := s.deps.Store.MessageEvents(c.ctx(), c.p.Workspace.ID, m.ID)
	if err != nil {
		return nil, err
	}
	out := &api.EventList{Items: make([]api.Event, len(events))}
	for i := range events {
		out.Items[i] = api.EventOf(&events[i])
	}
	return out, nil
}

func (s *Server) messageAttempts(c *call, in *messageID) (*api.AttemptList, error) {
	m, err := s.message(c, in.ID)
	if err != nil {
		return nil, err
	}
	attempts, err := s.deps.Store.Attempts(c.ctx(), c.p.Workspace.ID, m.ID)
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil)
	if err != nil {
		return nil, err
	}
	out := &api.AttemptList{Items: make([]api.Attempt, len(attempts))}
	for i := range attempts {
		out.Items[i] = api.AttemptOf(&attempts[i], names)
	}
	return out, nil
}

// registerCancel registers the cancel, which answers with 200 or 202.
func (s *Server) registerCancel(b *builder) {
	r := route{
		Method: "POST", Path: "/v1/messages/{id}/cancel", ID: "cancelMessage", Tag: "Messages", Status: 200, Errors: []int{409}, Audit: "message.canceled",
		Summary: "Cancel a message", Text: "200: canceled, no provider has it and none ever will. 202: an attempt is open and no further one will start, or the provider that has it is asked to delete it. " +
			"409 `too_late`: a provider has it, or it has ended; the problem holds the message. People cancel what they sent, owners and admins what anybody sent.",
	}
	handleRaw[messageID, api.CancelResult](b, r, s.cancelMessage)
	op := b.doc.spec.Paths[r.Path].Post
	op.Responses["202"] = op.Responses["200"]
}

func (s *Server) cancelMessage(c *call, in *messageID) (raw, error) {
	m, err := s.message(c, in.ID)
	if err != nil {
		return raw{}, err
	}
	if !c.p.MayCancel(m.CreatedBy) {
		return raw{}, smsir.Errorf(account.CodeForbidden, "Somebody else sent this message. Ask that person, or an owner or admin of the workspace.")
	}
	result, m, err := s.cancel(c, m.ID)
	if err != nil {
		return raw{}, err
	}
	w, err := s.messageOf(c, m)
	if err != nil {
		return raw{}, err
	}
	out := api.CancelResult{Result: "canceled", Message: *w}
	status := http.StatusOK
	switch result {
	case smsir.CancelDone:
	case smsir.CancelRequested:
		out.Result, status = "cancel_requested", http.StatusAccepted
	default:
		return raw{}, &tooLateError{*w}
	}
	body, err := appendJSON(out)
	return raw{status, body}, err
}

// cancel cancels a message, or has its provider asked to delete it, where that can be.
func (s *Server) cancel(c *call, id smsir.ID) (smsir.CancelResult, *smsir.Message, error) {
	now := c.now.UTC().Truncate(msPrecision)
	result, m, err := s.deps.Store.Cancel(c.ctx(), c.p.Workspace.ID, id, c.p.Actor, now)
	if err != nil || result != smsir.CancelTooLate || !s.recallable(m) {
		return result, m, err
	}
	return s.deps.Store.Recall(c.ctx(), c.p.Workspace.ID, id, c.p.Actor, now)
}

// recallable reports whether the provider of a sent message can be asked to delete it.
func (s *Server) recallable(m *smsir.Message) bool {
	return m.Status == smsir.Sent && !m.Final && s.deps.Recalls != nil && s.deps.Recalls(m.UsedProvider)
}

type listInboundInput struct {
	Cursor string `query:"cursor" maxLength:"64" doc:"The next of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Messages on a page."`
}

func (s *Server) listInbound(c *call, in *listInboundInput) (*api.InboundList, error) {
	query := c.query("cursor", "limit")
	before, err := s.cursors.read(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	all, err := s.deps.Store.ListInbound(c.ctx(), c.p.Workspace.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil)
	if err != nil {
		return nil, err
	}
	out := &api.InboundList{Items: []api.Inbound{}}
	for i := range all {
		if i == in.Limit {
			out.Next = s.cursors.make(c.p.Workspace.ID, query, all[i-1].ID)
			break
		}
		out.Items = append(out.Items, api.InboundOf(&all[i], names))
	}
	return out, nil
}
