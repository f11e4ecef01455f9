package httpd

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/inbox"
	"github.com/smsir/smsir/internal/store"
)

// Inbox is what the door needs of package inbox.
type Inbox interface {
	Change(ctx context.Context, workspace, id smsir.UUID, c store.ConversationChange, by inbox.By) error
	Seed(ctx context.Context, c *store.Conversation) error
	Replied(ctx context.Context, workspace, id smsir.UUID, by inbox.By)
	AddNote(ctx context.Context, workspace, conversation smsir.UUID, text string, by inbox.By) (*store.Note, error)
	Decide(ctx context.Context, workspace, id smsir.UUID, optOut bool, by inbox.By) (*store.Review, error)
	PutCannedReply(ctx context.Context, workspace, id smsir.UUID, name, text string, by inbox.By) (*store.CannedReply, error)
	DeleteCannedReply(ctx context.Context, workspace, id smsir.UUID, by inbox.By) error
	AutoReply(ctx context.Context, workspace, id smsir.UUID) (*store.AutoReply, error)
	PutAutoReply(ctx context.Context, r store.AutoReply, by inbox.By) (*store.AutoReply, error)
	DeleteAutoReply(ctx context.Context, workspace, id smsir.UUID, by inbox.By) error
	Book(ctx context.Context, w *store.Workspace) (*inbox.Book, error)
	PutSettings(ctx context.Context, workspace smsir.UUID, v store.InboxSettings, by inbox.By) error
}

func (c *call) byInbox() inbox.By { return inbox.By{Actor: c.p.Actor, IP: c.peer().IP.String()} }

// registerInbox registers conversations.
func (s *Server) registerInbox(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/conversations", ID: "listConversations", Tag: "Inbox", Summary: "List conversations, the last one first"}, s.listConversations)
	handle(b, route{Method: "GET", Path: "/v1/inbox/counts", ID: "inboxCounts", Tag: "Inbox", Summary: "How much waits for somebody"},
		func(c *call, _ *struct{}) (*api.InboxCounts, error) {
			n, err := s.deps.Store.InboxCounts(c.ctx(), c.p.Workspace.ID, c.p.Actor.ID)
			return &api.InboxCounts{Unread: n.Unread, Mine: n.Mine, Reviews: n.Reviews}, err
		})
	handle(b, route{Method: "GET", Path: "/v1/conversations/{id}", ID: "getConversation", Tag: "Inbox", Summary: "One conversation"},
		func(c *call, in *conversationID) (*api.Conversation, error) {
			k, err := s.conversation(c, in.ID)
			if err != nil {
				return nil, err
			}
			return s.conversationOf(c, k)
		})
	handle(b, route{Method: "PATCH", Path: "/v1/conversations/{id}", ID: "updateConversation", Tag: "Inbox", Audit: "conversation.updated", Summary: "Read, assign or archive a conversation"}, s.updateConversation)
	handle(b, route{Method: "GET", Path: "/v1/conversations/{id}/messages", ID: "listConversationMessages", Tag: "Inbox", Summary: "The messages of a conversation, newest first"}, s.conversationMessages)
	handleRaw[replyInput, api.Message](b, route{
		Method: "POST", Path: "/v1/conversations/{id}/reply", ID: "replyInConversation", Tag: "Inbox", Status: 202, Limited: true, Errors: []int{409},
		Summary: "Reply in a conversation", Text: "It is accepted as any message is, from the number that was written to; with `send_at` it waits until then. With an `Idempotency-Key` a retry gets the stored answer.",
	}, s.replyInConversation)
	handle(b, route{Method: "GET", Path: "/v1/conversations/{id}/notes", ID: "listNotes", Tag: "Inbox", Summary: "The notes of a conversation"}, s.listNotes)
	handle(b, route{Method: "POST", Path: "/v1/conversations/{id}/notes", ID: "addNote", Tag: "Inbox", Status: 201, Audit: "conversation.noted", Summary: "Note something about a conversation"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the conversation." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.ConversationNoteCreate
		},
		) (*api.ConversationNote, error) {
			id, err := parseUUID(smsir.PrefixConversation, in.ID)
			if err != nil {
				return nil, err
			}
			n, err := s.deps.Inbox.AddNote(c.ctx(), c.p.Workspace.ID, id, in.Body.Text, c.byInbox())
			if err != nil {
				return nil, err
			}
			list, err := s.notesOf(c, []store.Note{*n})
			if err != nil {
				return nil, err
			}
			return &list[0], nil
		})
}

type conversationID struct {
	ID string `path:"id" doc:"Identifier of the conversation." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (s *Server) conversation(c *call, id string) (*store.Conversation, error) {
	u, err := parseUUID(smsir.PrefixConversation, id)
	if err != nil {
		return nil, err
	}
	return s.deps.Store.Conversation(c.ctx(), c.p.Workspace.ID, u)
}

func (s *Server) listConversations(c *call, in *struct {
	Filter  string `query:"filter" enum:"all,unread,mine,archived" default:"all" doc:"all are those that are not archived; mine those that the caller looks after."`
	Search  string `query:"search" maxLength:"100" doc:"A part of the number, of the contact's name or of the last text."`
	Contact string `query:"contact" maxLength:"20" doc:"Only of this number, E.164." example:"+12025550100"`
	Cursor  string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Conversations on a page."`
},
) (*api.ConversationList, error) {
	q := store.ConversationQuery{Archived: in.Filter == "archived", Unread: in.Filter == "unread", Search: in.Search, Contact: in.Contact}
	if in.Filter == "mine" {
		q.Assignee = c.p.Actor.ID
	}
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	var after *store.ConversationMark
	if len(mark) == 24 {
		after = &store.ConversationMark{LastAt: time.UnixMilli(int64(binary.BigEndian.Uint64(mark)))} //nolint:gosec // as it was put there
		copy(after.ID[:], mark[8:])
	}
	list, err := s.deps.Store.Conversations(c.ctx(), c.p.Workspace.ID, q, after, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.ConversationList{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		last := list[in.Limit-1]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, append(binary.BigEndian.AppendUint64(nil, uint64(last.LastAt.UnixMilli())), last.ID[:]...)) //nolint:gosec // not before 1970
	}
	out.Items, err = s.conversationsOf(c, list)
	return out, err
}

// conversationsOf shows conversations with what is known of their contacts.
func (s *Server) conversationsOf(c *call, list []store.Conversation) ([]api.Conversation, error) {
	out := make([]api.Conversation, len(list))
	if len(list) == 0 {
		return out, nil
	}
	phones := make([]string, len(list))
	var actors []smsir.Actor
	for i := range list {
		phones[i] = list[i].Contact
		if !list[i].Assignee.IsZero() {
			actors = append(actors, smsir.Actor{Kind: smsir.ActorUser, ID: list[i].Assignee})
		}
	}
	people, err := s.deps.Store.ContactsByPhone(c.ctx(), c.p.Workspace.ID, phones)
	if err != nil {
		return nil, err
	}
	stops, err := s.deps.Store.SuppressionsOf(c.ctx(), c.p.Workspace.ID, phones)
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	for i := range list {
		k := &list[i]
		out[i] = api.Conversation{
			ID: k.ID.Format(smsir.PrefixConversation), Contact: k.Contact, Ours: k.Ours, LastAt: k.LastAt.UTC(), LastText: k.LastText, TextRemovedAt: api.Time(k.TextRemovedAt), LastOut: k.LastOut,
			Unread: k.Unread, Archived: k.Archived,
		}
		if p, ok := people[k.Contact]; ok {
			out[i].Name, out[i].ContactID = p.Name, p.ID.Format(smsir.PrefixContact)
		}
		if !k.Assignee.IsZero() {
			by := api.ActorOf(smsir.Actor{Kind: smsir.ActorUser, ID: k.Assignee}, names)
			out[i].Assignee = &by
		}
		for _, v := range stops {
			if v.Recipient == k.Contact && (v.Sender == "" || v.Sender == k.Ours) {
				out[i].Suppressed = true
			}
		}
	}
	return out, nil
}

func (s *Server) conversationOf(c *call, k *store.Conversation) (*api.Conversation, error) {
	list, err := s.conversationsOf(c, []store.Conversation{*k})
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

func (s *Server) updateConversation(c *call, in *struct {
	ID   string `path:"id" doc:"Identifier of the conversation." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Body api.ConversationUpdate
},
) (*api.Conversation, error) {
	id, err := parseUUID(smsir.PrefixConversation, in.ID)
	if err != nil {
		return nil, err
	}
	change := store.ConversationChange{Unread: in.Body.Unread, Archived: in.Body.Archived}
	if in.Body.Assignee != nil {
		change.Assignee = new(smsir.UUID)
		if *in.Body.Assignee != "" {
			if *change.Assignee, err = smsir.ParseUUID(smsir.PrefixUser, *in.Body.Assignee); err != nil {
				return nil, invalid("assignee", faultFormat, "This must be an identifier such as usr_….")
			}
		}
	}
	c.told.silent = change.Archived == nil && change.Assignee == nil // whoever reads changes nothing for others
	if err := s.deps.Inbox.Change(c.ctx(), c.p.Workspace.ID, id, change, c.byInbox()); err != nil {
		return nil, err
	}
	k, err := s.deps.Store.Conversation(c.ctx(), c.p.Workspace.ID, id)
	if err != nil {
		return nil, err
	}
	return s.conversationOf(c, k)
}

func (s *Server) conversationMessages(c *call, in *struct {
	ID     string `path:"id" doc:"Identifier of the conversation." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Cursor string `query:"cursor" maxLength:"64" doc:"Of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Messages on a page."`
},
) (*api.ConversationThread, error) {
	k, err := s.conversation(c, in.ID)
	if err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit")
	before, err := s.cursors.read(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	if err := s.deps.Inbox.Seed(c.ctx(), k); err != nil {
		return nil, err
	}
	entries, err := s.deps.Store.Thread(c.ctx(), k.ID, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.ConversationThread{}
	if len(entries) > in.Limit {
		entries = entries[:in.Limit]
		out.Next = s.cursors.make(c.p.Workspace.ID, query, entries[in.Limit-1].ID)
	}
	out.Items, err = s.threadOf(c, entries)
	return out, err
}

// threadOf loads the messages of a thread. One that was deleted since is left out.
func (s *Server) threadOf(c *call, entries []store.ThreadEntry) ([]api.ConversationMessage, error) {
	var sent, came []smsir.ID
	for _, e := range entries {
		if e.Inbound {
			came = append(came, e.ID)
		} else {
			sent = append(sent, e.ID)
		}
	}
	messages, err := s.deps.Store.MessagesByID(c.ctx(), sent)
	if err != nil {
		return nil, err
	}
	inbound, err := s.deps.Store.InboundByID(c.ctx(), c.p.Workspace.ID, came)
	if err != nil {
		return nil, err
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, messages)
	if err != nil {
		return nil, err
	}
	shown := make(map[smsir.ID]api.ConversationMessage, len(entries))
	for _, m := range messages {
		if m.Workspace == c.p.Workspace.ID {
			w := api.MessageOf(m, names)
			shown[m.ID] = api.ConversationMessage{Message: &w}
		}
	}
	for i := range inbound {
		w := api.InboundOf(&inbound[i], names)
		shown[inbound[i].ID] = api.ConversationMessage{Inbound: &w}
	}
	out := make([]api.ConversationMessage, 0, len(entries))
	for _, e := range entries {
		if m, ok := shown[e.ID]; ok {
			out = append(out, m)
		}
	}
	return out, nil
}

type replyInput struct {
	ID   string `path:"id" doc:"Identifier of the conversation." example:"cnv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Key  string `header:"Idempotency-Key" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
	Body api.ConversationReply
}

func (s *Server) replyInConversation(c *call, in *replyInput) (raw, error) {
	k, err := s.conversation(c, in.ID)
	if err != nil {
		return raw{}, err
	}
	o := accept.Order{Requests: []accept.Request{{To: k.Contact, From: inbox.From(k), Text: in.Body.Text, SendAt: timeOf(in.Body.SendAt)}}, Conversation: k.ID}
	out, err := s.order(c, in.Key, &in.Body, o, func(res *accept.Result) (any, error) {
		names, err := s.names.of(c.ctx(), c.p.Workspace.ID, res.Messages)
		if err != nil {
			return nil, err
		}
		return api.MessageOf(res.Messages[0], names), nil
	})
	if err == nil {
		s.deps.Inbox.Replied(c.ctx(), c.p.Workspace.ID, k.ID, c.byInbox())
	}
	return out, err
}

func (s *Server) listNotes(c *call, in *conversationID) (*api.ConversationNotes, error) {
	k, err := s.conversation(c, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := s.deps.Store.Notes(c.ctx(), c.p.Workspace.ID, k.ID)
	if err != nil {
		return nil, err
	}
	out := &api.ConversationNotes{}
	out.Items, err = s.notesOf(c, list)
	return out, err
}

func (s *Server) notesOf(c *call, list []store.Note) ([]api.ConversationNote, error) {
	actors := make([]smsir.Actor, len(list))
	for i := range list {
		actors[i] = list[i].By
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	out := make([]api.ConversationNote, len(list))
	for i, n := range list {
		out[i] = api.ConversationNote{ID: n.ID.Format(smsir.PrefixNote), Text: n.Text, By: api.ActorOf(n.By, names), CreatedAt: n.CreatedAt.UTC()}
	}
	return out, nil
}
