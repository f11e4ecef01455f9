package api

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// AppendMessage appends a message as JSON, without the escapes that only HTML needs. The bytes are those
// of encoding/json, which takes several times as long; the gateway answers every send with one.
func AppendMessage(b []byte, m *Message) ([]byte, error) {
	a := appender{b: b}
	a.message(m)
	return a.b, a.err
}

// AppendEvent appends an event as JSON: the bytes of [json.Marshal].
func AppendEvent(b []byte, e *Event) ([]byte, error) {
	a := appender{b: b, html: true}
	a.event(e)
	return a.b, a.err
}

// appender writes JSON by hand, member by member. What is rare it leaves to encoding/json.
type appender struct {
	b    []byte
	html bool // escapes what HTML would misread
	err  error
}

func (a *appender) event(e *Event) {
	a.open()
	a.text("id", e.ID)
	a.text("type", e.Type)
	a.moment("at", e.At)
	a.textIf("message_id", e.MessageID)
	a.numberIf("seq", e.Seq)
	a.name("data")
	a.data(&e.Data)
	a.close()
}

func (a *appender) data(d *EventData) {
	a.open()
	a.textIf("status", d.Status)
	a.truthIf("final", d.Final)
	a.textIf("reason", d.Reason)
	a.numberIf("attempt", d.Attempt)
	a.textIf("provider", d.Provider)
	a.textIf("provider_name", d.ProviderName)
	a.listIf("provider_message_ids", d.References)
	a.momentIf("next_attempt_at", d.NextAt)
	a.momentIf("deadline", d.Deadline)
	a.truthIf("possible_duplicate", d.PossibleDuplicate)
	a.otherIf("late_receipt", d.LateReceipt, d.LateReceipt != nil)
	a.otherIf("error", d.Error, d.Error != nil)
	a.textIf("actor", d.Actor)
	a.textIf("conversation_id", d.Conversation)
	a.textIf("report_id", d.Report)
	a.otherIf("limit", d.Limit, d.Limit != nil)
	a.otherIf("credit", d.Credit, d.Credit != nil)
	a.otherIf("campaign", d.Campaign, d.Campaign != nil)
	if d.Message != nil {
		a.name("message")
		a.message(d.Message)
	}
	a.otherIf("inbound", d.Inbound, d.Inbound != nil)
	a.close()
}

func (a *appender) message(m *Message) {
	a.open()
	a.text("id", m.ID)
	a.text("to", m.To)
	a.text("to_raw", m.ToRaw)
	a.textIf("country", m.Country)
	a.otherIf("network", m.Network, m.Network != nil)
	a.textIf("from", m.From)
	a.text("text", m.Text)
	a.text("class", m.Class)
	a.text("encoding", m.Encoding)
	a.number("segments", m.Segments)
	a.text("status", m.Status)
	a.truth("final", m.Final)
	a.textIf("reason", m.Reason)
	a.momentIf("next_attempt_at", m.NextAttemptAt)
	a.otherIf("waiting", m.Waiting, m.Waiting != nil)
	a.name("created_by")
	a.actor(&m.CreatedBy)
	a.otherIf("provider", m.Provider, m.Provider != nil)
	a.number("attempts", m.Attempts)
	a.otherIf("parts", m.Parts, m.Parts != nil)
	a.moment("accepted_at", m.AcceptedAt)
	a.momentIf("send_at", m.SendAt)
	a.moment("expires_at", m.ExpiresAt)
	a.momentIf("sent_at", m.SentAt)
	a.momentIf("finished_at", m.FinishedAt)
	a.momentIf("receipt_deadline", m.ReceiptDeadline)
	a.momentIf("resolve_deadline", m.ResolveDeadline)
	a.text("on_unknown", m.OnUnknown)
	a.textIf("batch_id", m.BatchID)
	a.textIf("ordering_key", m.OrderingKey)
	a.textIf("client_ref", m.ClientRef)
	a.listIf("tags", m.Tags)
	a.pairsIf("metadata", m.Metadata)
	a.truth("possible_duplicate", m.PossibleDuplicate)
	a.truth("cancel_requested", m.CancelRequested)
	a.truthIf("recallable", m.Recallable)
	a.otherIf("late_receipt", m.LateReceipt, m.LateReceipt != nil)
	a.otherIf("error", m.Error, m.Error != nil)
	a.momentIf("text_removed_at", m.TextRemovedAt)
	a.textIf("text_removed_by", m.TextRemovedBy)
	a.textIf("resend_of", m.ResendOf)
	a.textIf("cost", m.Cost)
	a.textIf("charge", m.Charge)
	a.moment("updated_at", m.UpdatedAt)
	a.close()
}

func (a *appender) actor(by *Actor) {
	a.open()
	a.text("kind", by.Kind)
	a.textIf("id", by.ID)
	a.textIf("name", by.Name)
	a.close()
}

func (a *appender) open()  { a.b = append(a.b, '{') }
func (a *appender) close() { a.b = append(a.b, '}') }

// name begins a member. No value ends with an opening brace.
func (a *appender) name(n string) {
	if a.b[len(a.b)-1] != '{' {
		a.b = append(a.b, ',')
	}
	a.b = append(append(append(a.b, '"'), n...), '"', ':')
}

func (a *appender) text(n, v string) {
	a.name(n)
	a.quote(v)
}

func (a *appender) textIf(n, v string) {
	if v != "" {
		a.text(n, v)
	}
}

func (a *appender) number(n string, v int) {
	a.name(n)
	a.b = strconv.AppendInt(a.b, int64(v), 10)
}

func (a *appender) numberIf(n string, v int) {
	if v != 0 {
		a.number(n, v)
	}
}

func (a *appender) truth(n string, v bool) {
	a.name(n)
	a.b = strconv.AppendBool(a.b, v)
}

func (a *appender) truthIf(n string, v bool) {
	if v {
		a.truth(n, v)
	}
}

func (a *appender) moment(n string, v time.Time) {
	a.name(n)
	b, err := v.AppendText(append(a.b, '"'))
	if err != nil {
		a.err = err
		return
	}
	a.b = append(b, '"')
}

func (a *appender) momentIf(n string, v *time.Time) {
	if v != nil {
		a.moment(n, *v)
	}
}

func (a *appender) listIf(n string, list []string) {
	if len(list) == 0 {
		return
	}
	a.name(n)
	a.b = append(a.b, '[')
	for i, v := range list {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		a.quote(v)
	}
	a.b = append(a.b, ']')
}

func (a *appender) pairsIf(n string, pairs map[string]string) {
	if len(pairs) == 0 {
		return
	}
	a.name(n)
	a.open()
	for i, k := range slices.Sorted(maps.Keys(pairs)) {
		if i > 0 {
			a.b = append(a.b, ',')
		}
		a.quote(k)
		a.b = append(a.b, ':')
		a.quote(pairs[k])
	}
	a.close()
}

func (a *appender) otherIf(n string, v any, there bool) {
	if there {
		a.name(n)
		a.other(v)
	}
}

// quote writes a string; one that needs escapes is left to encoding/json.
func (a *appender) quote(s string) {
	if !a.plain(s) {
		a.other(s)
		return
	}
	a.b = append(append(append(a.b, '"'), s...), '"')
}

// plain reports whether a string stands in JSON as it is.
func (a *appender) plain(s string) bool {
	ascii := true
	for i := range len(s) {
		switch c := s[i]; {
		case c >= utf8.RuneSelf:
			ascii = false
		case c < ' ', c == '"', c == '\\', a.html && (c == '<' || c == '>' || c == '&'):
			return false
		}
	}
	return ascii || utf8.ValidString(s) && !strings.ContainsAny(s, "\u2028\u2029")
}

func (a *appender) other(v any) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(a.html)
	if err := enc.Encode(v); err != nil {
		a.err = err
		return
	}
	a.b = append(a.b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
}
