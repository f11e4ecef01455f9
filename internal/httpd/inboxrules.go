package httpd

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

// registerInboxRules registers canned replies, automatic answers and reviews.
func (s *Server) registerInboxRules(b *builder) {
	s.registerCanned(b)
	handle(b, route{Method: "GET", Path: "/v1/auto-replies", ID: "listAutoReplies", Tag: "Inbox", Summary: "List the automatic answers"},
		func(c *call, _ *struct{}) (*api.AutoReplyList, error) {
			list, err := s.deps.Store.AutoReplies(c.ctx(), c.p.Workspace.ID)
			out := &api.AutoReplyList{Items: make([]api.AutoReply, len(list))}
			for i := range list {
				out.Items[i] = *autoReplyOf(&list[i])
			}
			return out, err
		})
	handle(b, route{Method: "POST", Path: "/v1/auto-replies", ID: "createAutoReply", Tag: "Inbox", Status: 201, Errors: []int{409}, Summary: "Add an automatic answer"},
		func(c *call, in *struct{ Body api.AutoReplyPut }) (*api.AutoReply, error) {
			r := store.AutoReply{Workspace: c.p.Workspace.ID}
			return s.putAutoReply(c, r, &in.Body)
		})
	handle(b, route{Method: "PUT", Path: "/v1/auto-replies/{id}", ID: "putAutoReply", Tag: "Inbox", Errors: []int{409}, Summary: "Replace an automatic answer"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the answer." example:"aut_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.AutoReplyPut
		},
		) (*api.AutoReply, error) {
			id, err := parseUUID(smsir.PrefixAutoReply, in.ID)
			if err != nil {
				return nil, err
			}
			r, err := s.deps.Inbox.AutoReply(c.ctx(), c.p.Workspace.ID, id)
			if err != nil {
				return nil, err
			}
			return s.putAutoReply(c, *r, &in.Body)
		})
	handle(b, route{Method: "DELETE", Path: "/v1/auto-replies/{id}", ID: "deleteAutoReply", Tag: "Inbox", Summary: "Remove an automatic answer"},
		func(c *call, in *autoReplyID) (*none, error) {
			id, err := parseUUID(smsir.PrefixAutoReply, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Inbox.DeleteAutoReply(c.ctx(), c.p.Workspace.ID, id, c.byInbox())
		})
	handle(b, route{Method: "POST", Path: "/v1/auto-replies/test", ID: "testAutoReplies", Tag: "Inbox", Summary: "What would be answered to a text", Text: "Nothing is sent or stored."}, s.testAutoReplies)
	handle(b, route{Method: "GET", Path: "/v1/inbox/settings", ID: "getInboxSettings", Tag: "Inbox", Summary: "Business hours and the answers to STOP, START and HELP"},
		func(c *call, _ *struct{}) (*api.InboxSettings, error) {
			book, err := s.deps.Inbox.Book(c.ctx(), c.p.Workspace)
			if err != nil {
				return nil, err
			}
			return settingsOf(book.Settings), nil
		})
	handle(b, route{Method: "PUT", Path: "/v1/inbox/settings", ID: "putInboxSettings", Tag: "Inbox", Summary: "Replace business hours and the answers to STOP, START and HELP"},
		func(c *call, in *struct{ Body api.InboxSettings }) (*api.InboxSettings, error) {
			v := store.InboxSettings{Zone: in.Body.Zone, ConsentAnswers: in.Body.ConsentAnswers, Stop: in.Body.Stop, Start: in.Body.Start, Help: in.Body.Help}
			for _, o := range in.Body.Hours {
				v.Hours = append(v.Hours, store.Opening(o))
			}
			return &in.Body, s.deps.Inbox.PutSettings(c.ctx(), c.p.Workspace.ID, v, c.byInbox())
		})
	handle(b, route{Method: "GET", Path: "/v1/opt-out-reviews", ID: "listOptOutReviews", Tag: "Inbox", Summary: "List texts that may be opt-outs"}, s.listReviews)
	handle(b, route{Method: "POST", Path: "/v1/opt-out-reviews/{id}/decide", ID: "decideOptOut", Tag: "Inbox", Errors: []int{409}, Audit: "opt_out_review.decided", Summary: "Say whether a text is an opt-out"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the review." example:"rev_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.OptOutDecision
		},
		) (*api.OptOutReview, error) {
			id, err := parseUUID(smsir.PrefixReview, in.ID)
			if err != nil {
				return nil, err
			}
			r, err := s.deps.Inbox.Decide(c.ctx(), c.p.Workspace.ID, id, in.Body.OptOut, c.byInbox())
			if err != nil {
				return nil, err
			}
			c.tell("", map[bool]string{true: "an opt-out", false: "no opt-out"}[in.Body.OptOut])
			list, err := s.reviewsOf(c, []store.Review{*r})
			if err != nil {
				return nil, err
			}
			return &list[0], nil
		})
}

func (s *Server) registerCanned(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/canned-replies", ID: "listCannedReplies", Tag: "Inbox", Summary: "List the canned replies"},
		func(c *call, _ *struct{}) (*api.CannedReplyList, error) {
			list, err := s.deps.Store.CannedReplies(c.ctx(), c.p.Workspace.ID)
			out := &api.CannedReplyList{Items: make([]api.CannedReply, len(list))}
			for i := range list {
				out.Items[i] = *cannedOf(&list[i])
			}
			return out, err
		})
	handle(b, route{Method: "POST", Path: "/v1/canned-replies", ID: "createCannedReply", Tag: "Inbox", Status: 201, Errors: []int{409}, Summary: "Add a canned reply"},
		func(c *call, in *struct{ Body api.CannedReplyPut }) (*api.CannedReply, error) {
			return s.putCanned(c, smsir.UUID{}, &in.Body)
		})
	handle(b, route{Method: "PUT", Path: "/v1/canned-replies/{id}", ID: "putCannedReply", Tag: "Inbox", Errors: []int{409}, Summary: "Replace a canned reply"},
		func(c *call, in *struct {
			ID   string `path:"id" doc:"Identifier of the reply." example:"can_01k0c2v6sf7m8x0v3w6n9d5qhe"`
			Body api.CannedReplyPut
		},
		) (*api.CannedReply, error) {
			id, err := parseUUID(smsir.PrefixCannedReply, in.ID)
			if err != nil {
				return nil, err
			}
			return s.putCanned(c, id, &in.Body)
		})
	handle(b, route{Method: "DELETE", Path: "/v1/canned-replies/{id}", ID: "deleteCannedReply", Tag: "Inbox", Summary: "Remove a canned reply"},
		func(c *call, in *cannedReplyID) (*none, error) {
			id, err := parseUUID(smsir.PrefixCannedReply, in.ID)
			if err != nil {
				return nil, err
			}
			return &none{}, s.deps.Inbox.DeleteCannedReply(c.ctx(), c.p.Workspace.ID, id, c.byInbox())
		})
}

type cannedReplyID struct {
	ID string `path:"id" doc:"Identifier of the reply." example:"can_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

type autoReplyID struct {
	ID string `path:"id" doc:"Identifier of the answer." example:"aut_01k0c2v6sf7m8x0v3w6n9d5qhe"`
}

func (s *Server) putCanned(c *call, id smsir.UUID, in *api.CannedReplyPut) (*api.CannedReply, error) {
	r, err := s.deps.Inbox.PutCannedReply(c.ctx(), c.p.Workspace.ID, id, in.Name, in.Text, c.byInbox())
	if err != nil {
		return nil, err
	}
	return cannedOf(r), nil
}

func cannedOf(r *store.CannedReply) *api.CannedReply {
	return &api.CannedReply{ID: r.ID.Format(smsir.PrefixCannedReply), CannedReplyPut: api.CannedReplyPut{Name: r.Name, Text: r.Text}, UpdatedAt: r.UpdatedAt.UTC()}
}

func (s *Server) putAutoReply(c *call, r store.AutoReply, in *api.AutoReplyPut) (*api.AutoReply, error) {
	r.Name, r.Kind, r.Active = in.Name, in.Kind, in.Active
	r.AutoRule = store.AutoRule{Words: in.Words, Match: in.Match, Answer: in.Answer, When: in.When}
	for _, k := range in.Choices {
		r.Choices = append(r.Choices, store.MenuChoice(k))
	}
	stored, err := s.deps.Inbox.PutAutoReply(c.ctx(), r, c.byInbox())
	if err != nil {
		return nil, err
	}
	return autoReplyOf(stored), nil
}

func autoReplyOf(r *store.AutoReply) *api.AutoReply {
	out := &api.AutoReply{
		ID: r.ID.Format(smsir.PrefixAutoReply), Position: r.Position, UpdatedAt: r.UpdatedAt.UTC(),
		AutoReplyPut: api.AutoReplyPut{
			Name: r.Name, Kind: r.Kind, Words: r.Words, Match: r.Match, Answer: r.Answer, Choices: make([]api.MenuChoice, len(r.Choices)), When: r.When, Active: r.Active,
		},
	}
	if out.Words == nil {
		out.Words = []string{}
	}
	for i, k := range r.Choices {
		out.Choices[i] = api.MenuChoice(k)
	}
	return out
}

func (s *Server) testAutoReplies(c *call, in *struct{ Body api.AutoReplyTest }) (*api.AutoReplyTested, error) {
	book, err := s.deps.Inbox.Book(c.ctx(), c.p.Workspace)
	if err != nil {
		return nil, err
	}
	at := in.Body.At
	if at.IsZero() {
		at = c.now
	}
	d := book.Decide(in.Body.Text, at)
	out := &api.AutoReplyTested{Kind: d.Kind, Answer: d.Text, Phrase: d.Phrase}
	if d.Rule != nil {
		out.RuleID, out.RuleName = d.Rule.ID.Format(smsir.PrefixAutoReply), d.Rule.Name
	}
	return out, nil
}

func settingsOf(v store.InboxSettings) *api.InboxSettings {
	out := &api.InboxSettings{Zone: v.Zone, Hours: make([]api.Opening, len(v.Hours)), ConsentAnswers: v.ConsentAnswers, Stop: v.Stop, Start: v.Start, Help: v.Help}
	for i, o := range v.Hours {
		out.Hours[i] = api.Opening(o)
	}
	return out
}

func (s *Server) listReviews(c *call, in *struct {
	State  string `query:"state" enum:"open,opted_out,dismissed" default:"open" doc:"Those in this state."`
	Cursor string `query:"cursor" maxLength:"200" doc:"Of the page before."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50" doc:"Texts on a page."`
},
) (*api.OptOutReviewList, error) {
	query := c.query("cursor", "limit")
	mark, err := s.cursors.readMark(c.p.Workspace.ID, query, in.Cursor)
	if err != nil {
		return nil, err
	}
	var before smsir.UUID
	copy(before[:], mark)
	list, err := s.deps.Store.Reviews(c.ctx(), c.p.Workspace.ID, in.State, before, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &api.OptOutReviewList{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.makeMark(c.p.Workspace.ID, query, list[in.Limit-1].ID[:])
	}
	out.Items, err = s.reviewsOf(c, list)
	return out, err
}

func (s *Server) reviewsOf(c *call, list []store.Review) ([]api.OptOutReview, error) {
	var actors []smsir.Actor
	for i := range list {
		if !list[i].By.ID.IsZero() {
			actors = append(actors, list[i].By)
		}
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	out := make([]api.OptOutReview, len(list))
	for i := range list {
		r := &list[i]
		out[i] = api.OptOutReview{
			ID: r.ID.Format(smsir.PrefixReview), ConversationID: r.Conversation.Format(smsir.PrefixConversation), Contact: r.Contact, Ours: r.Ours,
			Text: r.Text, Phrase: r.Phrase, State: r.State, CreatedAt: r.CreatedAt.UTC(), DecidedAt: api.Time(r.DecidedAt),
		}
		if !r.By.ID.IsZero() {
			by := api.ActorOf(r.By, names)
			out[i].By = &by
		}
	}
	return out, nil
}
