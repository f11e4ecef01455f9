package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

const (
	gap      = 5 * time.Minute  // between two automatic answers to one number
	menuLife = 30 * time.Minute // in which the choices of a menu are answers
	// maxAge is how old a message may be when it is answered. An idempotency key lives longer.
	maxAge = 24 * time.Hour
)

// Answer runs the job of a message that came in. It may run twice for the same message.
func (s *Service) Answer(ctx context.Context, workspace smsir.UUID, payload []byte) error {
	var j store.InboundJob
	if err := json.Unmarshal(payload, &j); err != nil {
		return fmt.Errorf("job of an inbound message: %w", err)
	}
	id, err := smsir.ParseID(smsir.PrefixInbound, j.Inbound)
	if err != nil {
		return fmt.Errorf("job of an inbound message: %w", err)
	}
	list, err := s.store.InboundByID(ctx, workspace, []smsir.ID{id})
	if err != nil || len(list) == 0 {
		return err // one that was deleted since needs no answer
	}
	return s.answer(ctx, &list[0])
}

func (s *Service) answer(ctx context.Context, in *smsir.Inbound) error {
	now := s.now()
	if now.Sub(in.ID.Time()) > maxAge {
		return nil
	}
	c, err := s.store.Conversation(ctx, in.Workspace, store.ConversationID(in.Workspace, in.From, in.To))
	if err != nil {
		return err
	}
	b, err := s.book(ctx, c, now)
	if err != nil {
		return err
	}
	d := b.Decide(in.Text, now)
	if d.Kind == AnswerReview {
		return s.review(ctx, in, c, d.Phrase)
	}
	if d.Text == "" {
		return nil
	}
	if due, err := s.due(ctx, in, c, d, now); err != nil || !due {
		return err
	}
	if d.Kind == AnswerRule && len(d.Rule.Choices) > 0 {
		if err := s.store.OpenMenu(ctx, c.ID, d.Rule.ID, len(d.Rule.Choices), now.Add(menuLife)); err != nil {
			return err
		}
	}
	err = s.opt.Send(ctx, Outgoing{
		Workspace: b.Workspace, Conversation: c.ID, To: c.Contact, From: From(c), Text: d.Text,
		Key: in.ID.Format(smsir.PrefixInbound), Confirmation: d.Kind == AnswerStop,
	})
	switch {
	case errors.Is(err, ErrRefused):
		s.log.Warn("an automatic answer was refused", "inbound_id", in.ID.Format(smsir.PrefixInbound), "err", err)
		return nil
	case err != nil:
		return err
	}
	s.told(ctx, c.Workspace, c.ID, smsir.Actor{})
	return nil
}

// book gathers what a decision depends on.
func (s *Service) book(ctx context.Context, c *store.Conversation, now time.Time) (*Book, error) {
	w, err := s.store.Workspace(ctx, c.Workspace)
	if err != nil {
		return nil, err
	}
	b, err := s.Book(ctx, w)
	if err != nil {
		return nil, err
	}
	people, err := s.store.ContactsByPhone(ctx, c.Workspace, []string{c.Contact})
	if err != nil {
		return nil, err
	}
	if b.Language = people[c.Contact].Language; len(b.Language) > 2 {
		b.Language = b.Language[:2]
	}
	if c.MenuUntil.After(now) {
		b.Menu = c.Menu
	}
	return b, nil
}

// Book is the rules and settings of a workspace.
func (s *Service) Book(ctx context.Context, w *store.Workspace) (*Book, error) {
	b := &Book{Workspace: w, Settings: DefaultSettings()}
	settings, err := s.store.InboxSettings(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	if settings != nil {
		b.Settings = *settings
	}
	b.Rules, err = s.store.AutoReplies(ctx, w.ID)
	return b, err
}

// due reports whether a message may be answered by the program, and claims the right to.
func (s *Service) due(ctx context.Context, in *smsir.Inbound, c *store.Conversation, d Decision, now time.Time) (bool, error) {
	if n, err := number.Parse(c.Contact, ""); err != nil || n.E164 != c.Contact {
		return false, nil //nolint:nilerr // a short code or a name
	}
	if own, err := s.store.OwnNumber(ctx, c.Contact); err != nil || own {
		return false, err
	}
	switch d.Kind {
	case AnswerStop:
		fresh, err := s.fresh(ctx, in)
		if err != nil || !fresh {
			return false, err
		}
		return s.store.ClaimAnswer(ctx, c.ID, in.ID, true, now, gap)
	case AnswerChoice:
		return s.store.ClaimChoice(ctx, c.ID, d.Rule.ID, in.ID, now)
	}
	return s.store.ClaimAnswer(ctx, c.ID, in.ID, false, now, gap)
}

// fresh reports whether an opt-out changed anything: a second STOP is not confirmed again.
func (s *Service) fresh(ctx context.Context, in *smsir.Inbound) (bool, error) {
	ledger, err := s.store.Consents(ctx, in.Workspace, in.From, smsir.UUID{}, 50)
	if err != nil {
		return false, err
	}
	below := false
	for _, e := range ledger { // newest first
		switch {
		case e.Inbound == in.ID:
			below = true
		case below && (e.Sender == in.To || e.Sender == ""):
			return e.Allowed, nil
		}
	}
	return true, nil
}

// review asks a person whether a text is an opt-out.
func (s *Service) review(ctx context.Context, in *smsir.Inbound, c *store.Conversation, phrase string) error {
	now := s.now().UTC().Truncate(time.Millisecond)
	added, err := s.store.AddReview(ctx, store.Review{
		ID: smsir.NewUUID(now), Workspace: in.Workspace, Conversation: c.ID, Inbound: in.ID, Contact: c.Contact, Ours: c.Ours,
		Text: in.Text, Phrase: phrase, CreatedAt: now,
	})
	if added {
		s.told(ctx, in.Workspace, c.ID, smsir.Actor{})
	}
	return err
}

// From is the sender of replies in a conversation: the number that was written to, or "" where that cannot send.
func From(c *store.Conversation) string {
	sender, err := number.ParseSender(c.Ours, "")
	if err != nil {
		return ""
	}
	return sender.Value
}
