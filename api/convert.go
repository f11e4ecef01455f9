package api

import (
	"strconv"
	"time"

	"github.com/smsir/smsir"
)

// MessageOf shows a message. names may be nil.
func MessageOf(m *smsir.Message, names Names) Message {
	w := Message{
		ID: m.ID.Format(smsir.PrefixMessage), To: m.To, ToRaw: m.ToRaw, Country: m.Country, From: m.From, Text: m.Text,
		Class: m.Class.String(), Encoding: m.Encoding.String(), Segments: m.Segments,
		Status: m.Status.String(), Final: m.Final, Reason: string(m.Reason),
		CreatedBy: ActorOf(m.CreatedBy, names), Attempts: m.Attempts,
		AcceptedAt: m.AcceptedAt.UTC(), SendAt: Time(m.SendAt), ExpiresAt: m.ExpiresAt.UTC(),
		SentAt: Time(m.SentAt), FinishedAt: Time(m.FinishedAt),
		ReceiptDeadline: Time(m.ReceiptDeadline), ResolveDeadline: Time(m.ResolveDeadline),
		OnUnknown: m.OnUnknown.String(), BatchID: m.Batch.Format(smsir.PrefixBatch), ClientRef: m.ClientRef, OrderingKey: m.OrderingKey,
		Tags: m.Tags, Metadata: m.Metadata, PossibleDuplicate: m.PossibleDuplicate, CancelRequested: m.CancelRequested,
		TextRemovedAt: Time(m.TextRemovedAt), TextRemovedBy: m.TextRemovedBy.String(),
		Error: FailureOf(m.Error), ResendOf: m.ResendOf.Format(smsir.PrefixMessage), UpdatedAt: m.UpdatedAt.UTC(),
	}
	if !m.Final && (m.Status == smsir.Queued || m.Status == smsir.Scheduled) {
		w.NextAttemptAt = Time(m.NextAt)
	}
	if m.Network != "" {
		w.Network = &Network{Code: m.Network}
		if names != nil {
			w.Network.Name = names.Network(m.Network)
		}
	}
	if m.Cost > 0 {
		w.Cost, w.Charge = smsir.FormatMicros(m.Cost), chargeWords[m.Charge]
	}
	if m.Parts.Total > 0 {
		w.Parts = &Parts{Total: m.Parts.Total, Delivered: m.Parts.Delivered, Failed: m.Parts.Failed}
	}
	if m.LateReceipt != nil {
		w.LateReceipt = &LateReceipt{Status: m.LateReceipt.Status.String(), At: m.LateReceipt.At.UTC(), Code: m.LateReceipt.Code}
	}
	used := m.UsedProvider
	if used.IsZero() {
		used = m.Provider
	}
	if !used.IsZero() {
		ref := ProviderRefOf(used, names)
		w.Provider = &ref
	}
	return w
}

// chargeWords are what [Message] says of its charge.
var chargeWords = map[smsir.Charge]string{smsir.Reserved: "reserved", smsir.Settled: "settled", smsir.Released: "released", smsir.Refunded: "refunded"}

// MessagesOf shows messages in their order; never nil.
func MessagesOf(ms []*smsir.Message, names Names) []Message {
	all := make([]Message, len(ms))
	for i, m := range ms {
		all[i] = MessageOf(m, names)
	}
	return all
}

// ActorOf shows who caused something.
func ActorOf(a smsir.Actor, names Names) Actor {
	w := Actor{Kind: a.Kind.String()}
	switch a.Kind {
	case smsir.ActorUser:
		w.ID = a.ID.Format(smsir.PrefixUser)
	case smsir.ActorKey:
		w.ID = a.ID.Format(smsir.PrefixKey)
	case smsir.ActorSMPP:
		w.ID = a.ID.Format(smsir.PrefixSMPP)
	default:
		return w
	}
	if names != nil {
		w.Name = names.Actor(a.ID)
	}
	return w
}

// ProviderRefOf names a provider.
func ProviderRefOf(id smsir.UUID, names Names) ProviderRef {
	w := ProviderRef{ID: id.Format(smsir.PrefixProvider)}
	if names != nil {
		w.Name, w.Kind = names.Provider(id)
	}
	return w
}

// FailureOf shows a failure; nil for nil.
func FailureOf(f *smsir.Failure) *Failure {
	if f == nil {
		return nil
	}
	return &Failure{Class: string(f.Class), Code: f.Code, Text: f.Text, ProviderCode: f.ProviderCode, ProviderText: f.ProviderText}
}

// AttemptOf shows an attempt.
func AttemptOf(a *smsir.Attempt, names Names) Attempt {
	w := Attempt{
		ID: a.ID.Format(smsir.PrefixAttempt), Number: a.Number, Provider: ProviderRefOf(a.Provider, names),
		State: a.State.String(), StartedAt: a.StartedAt.UTC(), EndedAt: Time(a.EndedAt),
		References: a.References, Price: MoneyOf(a.Price), Error: FailureOf(a.Error),
	}
	if w.References == nil {
		w.References = []string{}
	}
	if w.EndedAt != nil {
		ms := a.EndedAt.Sub(a.StartedAt).Milliseconds()
		w.DurationMS = &ms
	}
	return w
}

// MoneyOf shows an amount; nil for none.
func MoneyOf(m smsir.Money) *Money {
	if m.Currency == "" {
		return nil
	}
	return &Money{Amount: smsir.FormatMicros(m.Micros), Currency: m.Currency}
}

// InboundOf shows a message from a handset.
func InboundOf(in *smsir.Inbound, names Names) Inbound {
	w := Inbound{
		ID: in.ID.Format(smsir.PrefixInbound), From: in.From, To: in.To, Text: in.Text, ReceivedAt: in.ReceivedAt.UTC(), Incomplete: in.Incomplete, TextRemovedAt: Time(in.TextRemovedAt),
	}
	if !in.Provider.IsZero() {
		ref := ProviderRefOf(in.Provider, names)
		w.Provider = &ref
	}
	return w
}

// EventOf shows an event without the name of its provider and without the message or inbound message it is about.
func EventOf(e *smsir.Event) Event {
	w := Event{
		ID: e.ID.Format(smsir.PrefixEvent), Type: string(e.Type), At: e.At.UTC(), Seq: e.Seq,
		MessageID: e.Message.Format(smsir.PrefixMessage),
	}
	d := &e.Data
	w.Data = EventData{
		Status: d.Status, Final: d.Final, Reason: string(d.Reason), Attempt: d.Attempt, Provider: d.Provider,
		References: d.References, NextAt: d.NextAt, Deadline: d.Deadline, PossibleDuplicate: d.PossibleDuplicate,
		Error: FailureOf(d.Error), Actor: d.Actor, Conversation: d.Conversation, Limit: LimitUseOf(d.Limit), Credit: CreditLeftOf(d.Credit), Report: d.Report,
	}
	if d.LateReceipt != nil {
		w.Data.LateReceipt = &LateReceipt{Status: d.LateReceipt.Status.String(), At: d.LateReceipt.At.UTC(), Code: d.LateReceipt.Code}
	}
	w.Data.Campaign = campaignNow(d.Campaign, w.At)
	return w
}

func campaignNow(c *smsir.CampaignProgress, at time.Time) *CampaignNow {
	if c == nil {
		return nil
	}
	return &CampaignNow{ID: c.Campaign, State: c.State, Reason: c.Reason, Recipients: int(c.Recipients), Progress: CampaignProgress{
		Waiting: int(c.Waiting), Sent: int(c.Sent), Delivered: int(c.Delivered), Failed: int(c.Failed), Blocked: int(c.Blocked), Canceled: int(c.Canceled),
		Skipped: int(c.Skipped), Segments: int(c.Segments), PerMinute: c.PerMinute, EndsAt: c.EndsAt, CountedAt: at,
	}}
}

// Time is t in UTC, or nil for the zero time: "none".
func Time(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// CreditLeftOf shows how far credit has fallen; nil for none.
func CreditLeftOf(c *smsir.CreditLeft) *CreditLeft {
	if c == nil {
		return nil
	}
	return &CreditLeft{Balance: smsir.FormatMicros(c.Balance), Low: smsir.FormatMicros(c.Low), Currency: c.Currency}
}

// LimitUseOf shows how much of a limit is used up; nil for none.
func LimitUseOf(u *smsir.LimitUse) *LimitUse {
	if u == nil {
		return nil
	}
	show := func(n int64) string {
		if u.Currency != "" {
			return smsir.FormatMicros(n)
		}
		return strconv.FormatInt(n, 10)
	}
	return &LimitUse{Name: u.Name, Used: show(u.Used), Limit: show(u.Limit), Currency: u.Currency, Until: u.Until, Near: u.Used >= u.Limit-u.Limit/5}
}
