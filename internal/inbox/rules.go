package inbox

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/keyword"
	"github.com/smsir/smsir/internal/store"
)

// PutCannedReply stores a canned reply: a new one for the zero id.
func (s *Service) PutCannedReply(ctx context.Context, workspace, id smsir.UUID, name, text string, by By) (*store.CannedReply, error) {
	list, err := s.store.CannedReplies(ctx, workspace)
	if err != nil {
		return nil, err
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	r := store.CannedReply{ID: id, Workspace: workspace, CreatedAt: now, UpdatedAt: now}
	action := "canned_reply.updated"
	if id.IsZero() {
		if len(list) >= MaxRules {
			return nil, invalid("name", "There are %d canned replies already. Remove one first.", len(list))
		}
		r.ID, action = smsir.NewUUID(now), "canned_reply.created"
	} else {
		known := false
		for _, old := range list {
			if old.ID == id {
				known, r.CreatedAt = true, old.CreatedAt
			}
		}
		if !known {
			return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such canned reply.")
		}
	}
	if r.Name, err = cleanText("name", name, MaxName); err != nil {
		return nil, err
	}
	if r.Text, err = cleanText("text", text, MaxText); err != nil {
		return nil, err
	}
	return &r, s.store.PutCannedReply(ctx, r, s.audit(workspace, by, action, r.ID.Format(smsir.PrefixCannedReply), r.Name))
}

// DeleteCannedReply forgets one.
func (s *Service) DeleteCannedReply(ctx context.Context, workspace, id smsir.UUID, by By) error {
	return s.store.DeleteCannedReply(ctx, workspace, id, s.audit(workspace, by, "canned_reply.deleted", id.Format(smsir.PrefixCannedReply), ""))
}

// AutoReply returns one rule.
func (s *Service) AutoReply(ctx context.Context, workspace, id smsir.UUID) (*store.AutoReply, error) {
	list, err := s.store.AutoReplies(ctx, workspace)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if list[i].ID == id {
			return &list[i], nil
		}
	}
	return nil, smsir.Errorf(smsir.CodeNotFound, "There is no such automatic answer.")
}

// PutAutoReply stores a rule: a new one, behind the others, for the zero id.
func (s *Service) PutAutoReply(ctx context.Context, r store.AutoReply, by By) (*store.AutoReply, error) {
	now := s.now().UTC().Truncate(time.Millisecond)
	action := "auto_reply.updated"
	if r.ID.IsZero() {
		list, err := s.store.AutoReplies(ctx, r.Workspace)
		if err != nil {
			return nil, err
		}
		if len(list) >= MaxRules {
			return nil, invalid("name", "There are %d automatic answers already. Remove one first.", len(list))
		}
		if len(list) > 0 {
			r.Position = list[len(list)-1].Position + 1
		}
		r.ID, r.CreatedAt, action = smsir.NewUUID(now), now, "auto_reply.created"
	}
	r.UpdatedAt = now
	if err := checkRule(&r); err != nil {
		return nil, err
	}
	return &r, s.store.PutAutoReply(ctx, r, s.audit(r.Workspace, by, action, r.ID.Format(smsir.PrefixAutoReply), r.Name))
}

// DeleteAutoReply forgets a rule.
func (s *Service) DeleteAutoReply(ctx context.Context, workspace, id smsir.UUID, by By) error {
	return s.store.DeleteAutoReply(ctx, workspace, id, s.audit(workspace, by, "auto_reply.deleted", id.Format(smsir.PrefixAutoReply), ""))
}

func checkRule(r *store.AutoReply) (err error) {
	if r.Name, err = cleanText("name", r.Name, MaxName); err != nil {
		return err
	}
	if r.Answer, err = cleanText("answer", r.Answer, MaxText); err != nil {
		return err
	}
	if r.Kind == "any" {
		r.Words, r.Match = nil, ""
	} else if err := checkWords(r); err != nil {
		return err
	}
	if r.Kind != "menu" {
		r.Choices = nil
	} else if err := checkChoices(r); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(answerOf(r)); n > MaxText {
		return invalid("answer", "With its choices, the answer has %d characters. Use at most %d.", n, MaxText)
	}
	return nil
}

func checkWords(r *store.AutoReply) error {
	words := make([]string, 0, len(r.Words))
	for _, w := range r.Words {
		w = strings.TrimSpace(w)
		switch {
		case w == "":
			continue
		case keyword.Plain(w) == "" || utf8.RuneCountInString(w) > MaxName:
			return invalid("words", "%q is no word that people can write. Use letters and digits, at most %d.", w, MaxName)
		case keyword.Known(w):
			return invalid("words", "%q ends or begins consent and has its own answer. Change it under the answers to STOP, START and HELP.", w)
		}
		words = append(words, w)
	}
	if len(words) == 0 {
		return invalid("words", "There is no word to look for. Write at least one.")
	}
	r.Words = words
	if r.Match == "" {
		r.Match = "whole"
	}
	return nil
}

func checkChoices(r *store.AutoReply) error {
	if len(r.Choices) == 0 {
		return invalid("choices", "A menu needs at least one choice.")
	}
	seen := map[string]bool{}
	for i := range r.Choices {
		c := &r.Choices[i]
		var err error
		if c.Key, err = cleanText("choices", c.Key, 10); err != nil {
			return err
		}
		if c.Label, err = cleanText("choices", c.Label, MaxName); err != nil {
			return err
		}
		if c.Answer, err = cleanText("choices", c.Answer, MaxText); err != nil {
			return err
		}
		key := keyword.Plain(c.Key)
		if key == "" || seen[key] || keyword.Known(c.Key) {
			return invalid("choices", "The key %q cannot be used. Give each choice its own key of letters or digits.", c.Key)
		}
		seen[key] = true
	}
	return nil
}

var clock = regexp.MustCompile(`^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$`)

// PutSettings replaces the settings of a workspace's inbox.
func (s *Service) PutSettings(ctx context.Context, workspace smsir.UUID, v store.InboxSettings, by By) error {
	if v.Zone != "" {
		if _, err := time.LoadLocation(v.Zone); err != nil || v.Zone == "Local" {
			return invalid("zone", "%q is no time zone. Use a name such as Africa/Nairobi.", v.Zone)
		}
	}
	for _, o := range v.Hours {
		if o.Day < 0 || o.Day > 6 || !clock.MatchString(o.From) || !clock.MatchString(o.To) || o.From >= o.To {
			return invalid("hours", "A time of the week has a day from 0 (Sunday) to 6, and a beginning before its end, such as 08:00 and 17:00.")
		}
	}
	for field, text := range map[string]*string{"stop": &v.Stop, "start": &v.Start, "help": &v.Help} {
		if strings.TrimSpace(*text) == "" {
			*text = ""
			continue
		}
		var err error
		if *text, err = cleanText(field, *text, MaxText); err != nil {
			return err
		}
		if r := keyword.Read(*text); r.Meaning != keyword.None || keyword.Sounds(*text) != "" {
			return invalid(field, "Another program could take this text for a word of consent, and would answer it. Word it differently.")
		}
	}
	return s.store.PutInboxSettings(ctx, workspace, v, s.audit(workspace, by, "inbox.settings", "", ""))
}
