package accept

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// message makes the message of row i and tells its cost, or says everything that is wrong with it.
func (p *plan) message(ctx context.Context, i int) (m *smsir.Message, cost int64, problems []Problem, err error) {
	r, w := &p.order.Requests[i], p.order.Workspace
	c := checker{index: i}
	m = &smsir.Message{
		Workspace: w.ID, Batch: p.result.Batch, CreatedBy: p.order.Actor, Class: r.Class, ToRaw: r.To,
		Provider: r.Provider, OnUnknown: w.OnUnknown, ClientRef: r.ClientRef, Tags: r.Tags, Metadata: r.Metadata, ResendOf: r.ResendOf, OrderingKey: r.OrderingKey, AcceptedAt: p.now,
	}
	if r.OnUnknown != nil {
		m.OnUnknown = *r.OnUnknown
	}
	c.recipient(m, r.To, w)
	c.sender(m, r.From, w.Country)
	c.text(m, r.Text, Smart(r.Smart, w.Smart))
	c.times(m, r, p.now, p.s.opt.Validity)
	c.labels(r)
	if len(c.problems) == 0 && p.list != nil {
		cost = c.price(m, p.list, p.now)
	}
	if !r.Provider.IsZero() && !p.s.opt.Knows(w.ID, r.Provider) {
		c.add("provider", "provider_unknown", "There is no enabled provider with this id in the workspace. Leave the field out to let the routes decide.")
	}
	if err := p.chooseSender(ctx, &c, m); err != nil {
		return nil, 0, nil, err
	}
	if len(c.problems) > 0 {
		return nil, 0, c.problems, nil
	}
	m.ID = p.s.opt.Store.NewID(p.now)
	return m, cost, nil, nil
}

// chooseSender applies the workspace's rules of senders. Replies and confirmations of opt-outs come from the number that
// was written to, whatever the rules say.
func (p *plan) chooseSender(ctx context.Context, c *checker, m *smsir.Message) error {
	if p.s.opt.Sender == nil || len(c.problems) > 0 || p.order.Confirmation || !p.order.Conversation.IsZero() {
		return nil
	}
	from, err := p.s.opt.Sender(ctx, p.order.Workspace, m.From, m.Country, m.Class)
	var refused *smsir.Error
	switch {
	case err == nil:
		m.From = from
	case !smsir.Unavailable(err) && errors.As(err, &refused):
		c.add("from", string(refused.Code), "%s", refused.Text)
	default:
		return err
	}
	return nil
}

// Smart is the choice of a request, or else the workspace's.
func Smart(asked *bool, workspace bool) bool {
	if asked != nil {
		return *asked
	}
	return workspace
}

type checker struct {
	index    int
	problems []Problem
}

func (c *checker) add(field, code, format string, args ...any) {
	c.problems = append(c.problems, Problem{Index: c.index, Field: field, Code: code, Text: fmt.Sprintf(format, args...)})
}

func (c *checker) recipient(m *smsir.Message, raw string, w *store.Workspace) {
	n, err := number.Parse(raw, w.Country)
	if err != nil {
		c.addNumber("to", err)
		return
	}
	m.To, m.Country = n.E164, n.Country
	if allowed := w.Limits.Countries; len(allowed) > 0 && !slices.Contains(allowed, m.Country) {
		c.add("to", "country_not_allowed", "%s is in %s, and this workspace sends to %s only. An owner or admin can change that under Settings, Limits.",
			m.To, cmp.Or(m.Country, "no country"), strings.Join(allowed, ", "))
	}
}

func (c *checker) sender(m *smsir.Message, raw, region string) {
	if raw == "" {
		return
	}
	s, err := number.ParseSender(raw, region)
	if err != nil {
		c.addNumber("from", err)
		return
	}
	m.From = s.Value
}

func (c *checker) addNumber(field string, err error) {
	var se *smsir.Error
	if errors.As(err, &se) {
		c.add(field, string(se.Code), "%s", se.Text)
		return
	}
	c.add(field, "number_invalid", "%s", err)
}

func (c *checker) text(m *smsir.Message, text string, smart bool) {
	switch n := utf8.RuneCountInString(text); {
	case text == "":
		c.add("text", "text_missing", "The text is empty. Write at least one character.")
		return
	case !utf8.ValidString(text):
		c.add("text", "text_not_utf8", "The text is not valid UTF-8. Send it in UTF-8.")
		return
	case n > MaxText:
		c.add("text", "text_too_long", "The text has %d characters, %d more than the %d that one message may have. Shorten it, or send it as several messages.", n, n-MaxText, MaxText)
		return
	}
	if i := strings.IndexFunc(text, forbidden); i >= 0 {
		c.add("text", "text_control_character", "The text has a control character (U+%04X) at byte %d. Remove it.", text[i], i)
		return
	}
	a := gsm.Analyze(text, gsm.Options{Smart: smart})
	if a.Err != nil {
		c.add("text", "text_too_long", "%s", a.Err)
		return
	}
	m.Text, m.Segments = a.Text, a.Segments
	if a.Encoding == gsm.UCS2 {
		m.Encoding = smsir.EncodingUCS2
	}
}

// forbidden are control characters that no handset shows; tab, line feed, form feed and carriage
// return stay.
func forbidden(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\f' && r != '\r' || r == 0x7f
}

func (c *checker) times(m *smsir.Message, r *Request, now time.Time, validity time.Duration) {
	if r.Class == smsir.OTP {
		validity = otpValidity
	}
	if r.Validity != 0 {
		validity = r.Validity
		if validity < MinValidity || validity > MaxValidity {
			c.add("validity_seconds", "validity_out_of_range", "The validity is %d seconds. Give 60 to 604,800 (seven days).", int64(r.Validity/time.Second))
		}
	}
	start := now
	switch {
	case r.Hold < 0 || r.Hold > MaxHold:
		c.add("hold_seconds", "hold_out_of_range", "The undo window is %d seconds. Give 0 to %d.", int64(r.Hold/time.Second), int64(MaxHold/time.Second))
	case r.Hold > 0 && !r.SendAt.IsZero():
		c.add("hold_seconds", "hold_with_send_at", "A scheduled message needs no undo window: it can be canceled until its time. Give send_at or hold_seconds, not both.")
	case r.Hold > 0:
		start = now.Add(r.Hold)
	case r.SendAt.IsZero():
	case r.SendAt.Before(now.Add(-maxBehind)):
		c.add("send_at", "send_at_past", "The time %s has passed. Give a time ahead, or leave send_at out to send at once.", r.SendAt.UTC().Format(time.RFC3339))
	case r.SendAt.After(now.Add(MaxAhead)):
		c.add("send_at", "send_at_too_far", "The time %s is more than a year ahead. Schedule it later.", r.SendAt.UTC().Format(time.RFC3339))
	case r.SendAt.After(now):
		start = r.SendAt.UTC().Truncate(time.Millisecond)
	}
	if start.After(now) {
		m.SendAt = start
	}
	if canary.On(canary.ValidityWraps) {
		validity %= 24 * time.Hour
	}
	m.ExpiresAt = start.Add(validity)
}

func (c *checker) labels(r *Request) {
	if len(r.Tags) > MaxTags {
		c.add("tags", "too_many_tags", "%d tags are too many. Give at most %d.", len(r.Tags), MaxTags)
	}
	for _, t := range r.Tags {
		if t == "" || utf8.RuneCountInString(t) > MaxTag {
			c.add("tags", "tag_length", "A tag has 1 to %d characters; %q does not.", MaxTag, clip(t))
		}
	}
	if len(r.Metadata) > MaxMetadata {
		c.add("metadata", "too_much_metadata", "%d entries are too many. Give at most %d.", len(r.Metadata), MaxMetadata)
	}
	for k, v := range r.Metadata {
		if k == "" || utf8.RuneCountInString(k) > MaxTag || utf8.RuneCountInString(v) > MaxValue {
			c.add("metadata", "metadata_length", "A metadata name has 1 to %d characters and a value at most %d; %q does not.", MaxTag, MaxValue, clip(k))
		}
	}
	if utf8.RuneCountInString(r.OrderingKey) > MaxOrdering || strings.ContainsFunc(r.OrderingKey, unicode.IsControl) {
		c.add("ordering_key", "ordering_key_form", "The ordering_key has at most %d characters and no control characters. Use a shorter one, such as the id of the conversation.", MaxOrdering)
	}
	if utf8.RuneCountInString(r.ClientRef) > MaxClientRef {
		c.add("client_ref", "client_ref_length", "The client_ref has more than %d characters. Use a shorter one.", MaxClientRef)
	}
}

func clip(s string) string {
	r := []rune(s)
	if len(r) > 20 {
		return string(r[:20]) + "…"
	}
	return s
}
