// Package inbox is in charge of conversations: what people do in them, and what the program answers by itself.
//
// It keeps who reads and answers what, notes, canned replies, the rules of automatic answers and the queue of texts that
// may be opt-outs. A message that comes in is stored with its conversation and a job in one step by the store; [Service.Answer]
// runs that job. Sending is not here: package accept does it, through a function that the assembly sets.
//
// What it guarantees: a message that came in is answered by the program at most once, whatever dies in between, and once if
// an answer is due and nothing refuses it. Between the same two numbers the program answers at most once in five
// minutes; beside that only the confirmation of an opt-out (at most one in that time, too) and the choices of a menu
// that it has sent itself (at most as many as the menu has). It never answers short codes, names or its own numbers, so
// two programs that answer each other fall silent.
package inbox

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Store is what this package needs of the storage contract.
type Store interface {
	store.Inbox
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
	Members(ctx context.Context, workspace smsir.UUID) ([]store.Membership, error)
	Consents(ctx context.Context, workspace smsir.UUID, recipient string, before smsir.UUID, limit int) ([]store.ConsentEntry, error)
	ContactsByPhone(ctx context.Context, workspace smsir.UUID, phones []string) (map[string]store.Contact, error)
	ListMessages(ctx context.Context, workspace smsir.UUID, f store.MessageFilter) (store.MessagePage, error)
	Tell(ctx context.Context, e smsir.Event) error
}

// Outgoing is an automatic answer.
type Outgoing struct {
	Workspace    *store.Workspace
	Conversation smsir.UUID
	To, From     string // From may be ""
	Text         string
	Key          string // the same for the same answer: it is sent once
	Confirmation bool   // of an opt-out, which does not block it
}

// ErrRefused marks an answer that can never be sent.
var ErrRefused = errors.New("the answer was refused")

// Options of [New]. Store and Send are required.
type Options struct {
	Store Store
	// Send accepts an answer, once for each key. An error that trying again cannot mend wraps ErrRefused.
	Send func(ctx context.Context, o Outgoing) error
	Log  *slog.Logger
	Now  func() time.Time
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt   Options
	store Store
	log   *slog.Logger
	now   func() time.Time
}

// New returns a service.
func New(o Options) *Service {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{opt: o, store: o.Store, log: o.Log, now: o.Now}
}

// By is who makes a change.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Bounds of what people enter.
const (
	MaxName  = 80
	MaxNote  = 2000
	MaxText  = 1600
	MaxRules = 100
	MaxWords = 20
)

func (s *Service) audit(workspace smsir.UUID, by By, action, target, detail string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: workspace, Actor: by.Actor, Action: action, Target: target, IP: by.IP, Detail: detail}
}

// told lets those who follow the events see a change. The change is stored already, so that a failure is only noted.
func (s *Service) told(ctx context.Context, workspace, conversation smsir.UUID, by smsir.Actor) {
	e := smsir.Event{Workspace: workspace, Type: smsir.EventConversation, At: s.now(), Data: smsir.EventData{Conversation: conversation.Format(smsir.PrefixConversation)}}
	switch by.Kind {
	case smsir.ActorUser:
		e.Data.Actor = by.ID.Format(smsir.PrefixUser)
	case smsir.ActorKey:
		e.Data.Actor = by.ID.Format(smsir.PrefixKey)
	}
	if err := s.store.Tell(ctx, e); err != nil {
		s.log.Warn("an event about a conversation could not be stored", "err", err)
	}
}

// Change reads, assigns or archives a conversation.
func (s *Service) Change(ctx context.Context, workspace, id smsir.UUID, c store.ConversationChange, by By) error {
	if c.Assignee != nil && !c.Assignee.IsZero() {
		members, err := s.store.Members(ctx, workspace)
		if err != nil {
			return err
		}
		is := false
		for _, m := range members {
			is = is || m.User == *c.Assignee
		}
		if !is {
			return invalid("assignee", "Nobody with this identifier is a member of the workspace.")
		}
	}
	if err := s.store.ChangeConversation(ctx, workspace, id, c); err != nil {
		return err
	}
	s.told(ctx, workspace, id, by.Actor)
	return nil
}

// Replied lets others see that somebody wrote in a conversation.
func (s *Service) Replied(ctx context.Context, workspace, id smsir.UUID, by By) {
	s.told(ctx, workspace, id, by.Actor)
}

// seedLimit is how many earlier messages a new conversation shows.
const seedLimit = 20

// Seed looks up what was sent to a contact before the conversation began, once, when somebody opens it. There is no
// index for it, because it would cost every message a write; the search is bounded as any by recipient.
func (s *Service) Seed(ctx context.Context, c *store.Conversation) error {
	if c.Seeded {
		return nil
	}
	page, err := s.store.ListMessages(ctx, c.Workspace, store.MessageFilter{To: c.Contact, Until: c.CreatedAt.Add(time.Second), Limit: seedLimit})
	if err != nil {
		return err
	}
	var ids []smsir.ID
	for _, m := range page.Items {
		if m.To == c.Contact && (m.From == "" || m.From == c.Ours) {
			ids = append(ids, m.ID)
		}
	}
	return s.store.SeedConversation(ctx, c.ID, ids)
}

// AddNote stores a note.
func (s *Service) AddNote(ctx context.Context, workspace, conversation smsir.UUID, text string, by By) (*store.Note, error) {
	text, err := cleanText("text", text, MaxNote)
	if err != nil {
		return nil, err
	}
	if _, err := s.store.Conversation(ctx, workspace, conversation); err != nil {
		return nil, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	n := store.Note{ID: smsir.NewUUID(now), Workspace: workspace, Conversation: conversation, Text: text, By: by.Actor, CreatedAt: now}
	if err := s.store.AddNote(ctx, n); err != nil {
		return nil, err
	}
	s.told(ctx, workspace, conversation, by.Actor)
	return &n, nil
}

// Decide ends a review: the contact has opted out in its own words, or has not.
func (s *Service) Decide(ctx context.Context, workspace, id smsir.UUID, optOut bool, by By) (*store.Review, error) {
	state := store.ReviewDismissed
	if optOut {
		state = store.ReviewOptedOut
	}
	r, err := s.store.DecideReview(ctx, workspace, id, state, by.Actor, s.now().UTC().Truncate(time.Millisecond))
	if err != nil {
		return nil, err
	}
	s.told(ctx, workspace, r.Conversation, by.Actor)
	return r, nil
}

func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}

// cleanText checks a text that people wrote, and trims it.
func cleanText(field, text string, most int) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		return "", invalid(field, "This is empty. Write something.")
	case n > most:
		return "", invalid(field, "This has %d characters. Use at most %d.", n, most)
	case strings.ContainsFunc(text, func(r rune) bool { return r < 0x20 && r != '\n' && r != '\r' && r != '\t' || r == 0x7f }):
		return "", invalid(field, "This has a control character. Remove it.")
	}
	return text, nil
}
