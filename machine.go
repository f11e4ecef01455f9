package smsir

import (
	"fmt"
	"time"
)

// Windows of docs/delivery.md, "Deadlines".
const (
	receiptWindow    = 72 * time.Hour // after the validity: when a sent message is closed without a receipt
	resolveWindow    = 24 * time.Hour // after the validity: when an unknown message is closed
	resolveWindowMax = 72 * time.Hour // after the intent, at the latest
)

// UnknownWait is how long a message with the policy RetryOnce waits for evidence before it is sent again.
const UnknownWait = 20 * time.Second

// move makes one move of the table and returns its event. A move outside the table is a bug of the
// caller: move panics, and the worker's loop reports it with the message's id.
func (m *Message) move(now time.Time, to State, reason Reason) Event {
	if !CanMove(m.State(), to) {
		panic(fmt.Sprintf("message %s: no move from %v to %v", m.ID.Format(PrefixMessage), m.State(), to))
	}
	m.Status, m.Final, m.Reason = to.Status, to.Final, reason
	m.UpdatedAt = now
	if to.Status != Queued && to.Status != Unknown {
		m.NextAt = time.Time{}
	}
	if to.Final {
		m.FinishedAt, m.ReceiptDeadline, m.ResolveDeadline = now, time.Time{}, time.Time{}
	}
	m.charge()
	return m.event(now, EventOf(to.Status))
}

// event makes the next event of m, telling its present state.
func (m *Message) event(now time.Time, t EventType) Event {
	m.Seq++
	e := Event{Workspace: m.Workspace, Message: m.ID, Seq: m.Seq, Type: t, At: now, Data: EventData{
		Status: m.Status.String(), Final: m.Final, Reason: m.Reason, Attempt: m.Tries,
		Provider: m.UsedProvider.Format(PrefixProvider), PossibleDuplicate: m.PossibleDuplicate,
	}}
	if !m.Final {
		if m.Status != Unknown && m.Status != Sent { // their NextAt is the next look, not an attempt
			e.Data.NextAt = timePtr(m.NextAt)
		}
		e.Data.Deadline = timePtr(earliest(m.ReceiptDeadline, m.ResolveDeadline))
	}
	if m.Status != Delivered && m.Status != Sending {
		e.Data.Error = m.Error
	}
	return e
}

// end makes a last move that says "no provider has it". If an earlier attempt of m may have gone
// through, that would be a lie: m becomes unknown instead (T24), and is closed as such (T19). If an
// earlier attempt was accepted, m goes back to waiting for its receipt.
func (m *Message) end(now time.Time, to State, reason Reason) []Event {
	switch {
	case !m.PossibleDuplicate:
		return []Event{m.move(now, to, reason)}
	case !m.SentAt.IsZero():
		m.ReceiptDeadline, m.ResolveDeadline = m.ExpiresAt.Add(receiptWindow), time.Time{}
		return []Event{m.move(now, State{Sent, false}, "")}
	}
	m.NextAt = now.Add(UnknownWait) // the earlier attempt may still be looked up
	if m.Status == Unknown {
		m.Reason = reason
		return nil
	}
	m.ResolveDeadline = earliest(m.ExpiresAt.Add(resolveWindow), now.Add(resolveWindowMax))
	return []Event{m.move(now, State{Unknown, false}, reason)}
}

// Settle ends an unknown message for which nothing is left to try, now that every attempt of it is known not to have gone
// through (T18): it cannot be a duplicate any more. That they are is for the caller to know; an unknown message that may be
// tried again is left alone.
func (m *Message) Settle(now time.Time) []Event {
	to, reason := Failed, m.Reason
	switch {
	case m.Final || m.Status != Unknown || m.Reason == "" && !m.CancelRequested:
		return nil
	case m.CancelRequested:
		to, reason = Canceled, ""
	case m.Reason == ReasonValidity:
		to = Expired
	}
	m.PossibleDuplicate = false
	return []Event{m.move(now, State{to, true}, reason)}
}

func timePtr(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Accept puts a new message into its first state (T1, T2): scheduled while SendAt lies ahead,
// queued otherwise, for the reason and until the time that are set beforehand, if any. undo marks
// the wait as an undo window, which no lateness ends.
func (m *Message) Accept(now time.Time, undo bool) Event {
	m.Status, m.Seq, m.UpdatedAt = Queued, 0, now
	if m.Reason == "" {
		m.Reason = ReasonDue
	}
	if m.SendAt.After(now) {
		m.Status, m.Reason = Scheduled, ""
		m.NextAt = m.SendAt
		if undo {
			m.Reason = ReasonUndoWindow
		}
	}
	return m.event(now, EventAccepted)
}

// AcceptBlocked puts a new message of a bulk request into its end: refused by policy (T2 and T5 at once).
func (m *Message) AcceptBlocked(now time.Time, reason Reason, why *Failure) []Event {
	m.SendAt = time.Time{}
	first := m.Accept(now, false)
	return []Event{first, m.Block(now, reason, why)[0]}
}

// Block ends a waiting message by policy (T5). It does nothing to any other.
func (m *Message) Block(now time.Time, reason Reason, why *Failure) []Event {
	if m.Final || (m.Status != Queued && m.Status != Scheduled) {
		return nil
	}
	m.Error = why
	return m.end(now, State{Blocked, true}, reason)
}

// Fail ends a queued message that no provider will ever take (T10). It does nothing to any other.
func (m *Message) Fail(now time.Time, reason Reason, why *Failure) []Event {
	if m.Final || m.Status != Queued {
		return nil
	}
	m.Error = why
	return m.end(now, State{Failed, true}, reason)
}

// Intend starts the next attempt at a provider (T7). It reports false, and leaves m alone, unless m
// is queued, not canceled and still valid.
func (m *Message) Intend(now time.Time, provider UUID) (Event, bool) {
	if m.Final || m.Status != Queued || m.CancelRequested || !now.Before(m.ExpiresAt) {
		return Event{}, false
	}
	m.Tries++
	m.Attempts++
	m.UsedProvider, m.Parts = provider, Parts{}
	return m.move(now, State{Sending, false}, ""), true
}

// Finish applies the outcome of attempt number n, started at started. It is called once when the
// answer comes, and again if a late answer or a status query resolves an unknown attempt. Of an
// attempt that is not the latest only an acceptance counts, and only while m is unknown.
func (m *Message) Finish(now time.Time, n int, started time.Time, o Outcome) []Event {
	if m.Final {
		return nil
	}
	if m.Status == Queued && m.PossibleDuplicate && o.State == AttemptAccepted {
		return m.finishAccepted(now, o) // just in time: the further attempt has not started (T26)
	}
	if m.Status != Sending && m.Status != Unknown && m.Status != Sent {
		return nil
	}
	if n != m.Tries && (o.State != AttemptAccepted || m.Status != Unknown) {
		return nil
	}
	if o.State == AttemptAccepted {
		return m.finishAccepted(now, o)
	}
	if m.Status == Sent { // a receipt already proved more than this answer can
		return nil
	}
	if o.State == AttemptUnknown {
		return m.finishUnknown(now, started, o)
	}
	if o.Error != nil {
		m.Error = o.Error
	}
	if o.Class == ClassThrottle || o.Class == ClassConfig {
		m.Attempts--
	}
	switch {
	case m.CancelRequested:
		return m.end(now, State{Canceled, true}, "")
	case o.Class == ClassPermanent || o.Class == ClassBlocked || o.Class == ClassRecipientTemp:
		events := m.end(now, State{Failed, true}, ReasonRefused)
		if o.Fraud {
			events = append(events, m.event(now, EventAlert))
		}
		return events
	case m.Attempts >= MaxAttempts:
		return m.end(now, State{Failed, true}, ReasonMaxAttempts)
	case !latest(o.RetryAt, now).Before(m.ExpiresAt):
		return m.end(now, State{Expired, true}, ReasonValidity)
	}
	m.NextAt = latest(o.RetryAt, now)
	return []Event{m.move(now, State{Queued, false}, waitReason(o.Class))}
}

func waitReason(c FailureClass) Reason {
	switch c {
	case ClassThrottle:
		return ReasonThrottled
	case ClassConfig:
		return ReasonRouteConfig
	}
	return ReasonRetryWait
}

func (m *Message) finishAccepted(now time.Time, o Outcome) (events []Event) {
	m.Parts.Total = max(len(o.References)+o.Missing, 1)
	if m.Status != Sent {
		m.Error = nil
		events = append(events, m.sent(now, o.References))
	}
	switch {
	case o.Missing > 0: // the handset gets a part of it at best, and sending it again would double that part
		m.Parts.Failed, m.Error = o.Missing, o.Error
		events = append(events, m.move(now, State{Undelivered, true}, ReasonPartial))
	case m.Parts.Delivered >= m.Parts.Total: // all reports overtook the answer
		events = append(events, m.received(now, Delivered, ""))
	case o.NoReceipt:
		events = append(events, m.move(now, State{Sent, true}, ReasonNoReceipt))
	}
	switch {
	case m.Final:
	case m.CancelRequested && o.Recall:
		m.NextAt = now
	case m.sendsAgain():
		m.NextAt = o.AgainAt
	default:
		m.NextAt = o.LookAt
	}
	return events
}

func (m *Message) sent(now time.Time, references []string) Event {
	m.SentAt, m.ReceiptDeadline, m.ResolveDeadline = now, m.ExpiresAt.Add(receiptWindow), time.Time{}
	e := m.move(now, State{Sent, false}, "")
	e.Data.References = references
	return e
}

func (m *Message) finishUnknown(now, started time.Time, o Outcome) []Event {
	if m.Status == Unknown {
		return nil
	}
	m.Error = o.Error
	m.ResolveDeadline = earliest(m.ExpiresAt.Add(resolveWindow), started.Add(resolveWindowMax))
	m.NextAt = o.RetryAt
	events := []Event{m.move(now, State{Unknown, false}, "")}
	if m.OnUnknown == Alert {
		events = append(events, m.event(now, EventAlert))
	}
	return events
}

// Recover tells a message that was being sent when its node died: whether it went out, nobody
// knows (T11). It is never sent again by itself.
func (m *Message) Recover(now, started time.Time, nextLook time.Time) []Event {
	if m.Final || m.Status != Sending {
		return nil
	}
	return m.finishUnknown(now, started, Outcome{State: AttemptUnknown, RetryAt: nextLook, Error: &Failure{
		Class: ClassUnknown, Code: "node_stopped",
		Text: "The gateway stopped while it was handing the message over, so it may or may not have gone out.",
	}})
}

// Receipt applies one deduplicated delivery report about attempt number n. The network that it names is kept whatever becomes
// of the message, and is no event.
func (m *Message) Receipt(now time.Time, n int, r *Receipt) []Event {
	if r.Network != "" {
		m.Network = r.Network
	}
	if m.Final {
		return m.lateReceipt(now, r)
	}
	if m.Status == Queued && m.PossibleDuplicate {
		return m.receiptInTime(now, r)
	}
	if m.Status != Sending && m.Status != Unknown && m.Status != Sent {
		return nil
	}
	if n != m.Tries && r.Status != Delivered {
		return nil // a former attempt failed: that is known, and a newer one is under way
	}
	switch r.Status {
	case Sent:
		return m.proven(now)
	case Delivered:
		m.Parts.Delivered++
		if m.Parts.Delivered < m.partsOf(r) {
			return m.proven(now)
		}
		m.Error = nil
		return []Event{m.received(now, Delivered, "")}
	case Undelivered, Expired:
		m.Parts.Failed++
		m.Error = r.Error
		if r.NonSend && m.Status == Sent && m.Attempts < MaxAttempts && !m.CancelRequested && now.Before(m.ExpiresAt) {
			m.NextAt, m.ReceiptDeadline, m.SentAt = now.Add(Backoff(m.Attempts, evenly)), time.Time{}, time.Time{}
			return []Event{m.move(now, State{Queued, false}, ReasonRetryWait)}
		}
		return m.notDelivered(now, r)
	}
	return nil
}

// notDelivered ends a message that its provider took and the network did not deliver.
func (m *Message) notDelivered(now time.Time, r *Receipt) []Event {
	to, reason := r.Status, Reason("")
	switch {
	case m.partsOf(r) > 1:
		to, reason = Undelivered, ReasonPartial
	case r.Status == Expired:
		reason = ReasonNetwork
	}
	events := []Event{m.received(now, to, reason)}
	if r.Fraud {
		events = append(events, m.event(now, EventAlert))
	}
	return events
}

// receiptInTime applies a receipt about an earlier attempt of a message whose further attempt has not
// started: proof that the earlier one went through makes it needless (T26).
func (m *Message) receiptInTime(now time.Time, r *Receipt) []Event {
	if r.Status == Delivered {
		m.Parts.Delivered++
		if m.Parts.Delivered >= m.partsOf(r) {
			m.Error = nil
			return []Event{m.received(now, Delivered, "")}
		}
	}
	if m.SentAt.IsZero() && (r.Status == Sent || r.Status == Delivered) {
		return m.proven(now)
	}
	return nil
}

// evenly is the jitter of a wait that a provider's report begins: reports come spread as it is.
const evenly = 0.5

// partsOf is how many reports like r it takes. One that overtook the answer, which tells the parts, is measured by our
// own count of them if it is about a part.
func (m *Message) partsOf(r *Receipt) int {
	if r.Part && m.Parts.Total == 0 {
		return m.Segments
	}
	return m.Parts.Total
}

// proven notes that the provider has the message, if that was not known yet.
func (m *Message) proven(now time.Time) []Event {
	if m.Status == Sent {
		return nil
	}
	m.Error = nil
	return []Event{m.sent(now, nil)}
}

// received ends a message by a receipt; one that overtook the answer proves the sending too.
func (m *Message) received(now time.Time, s Status, reason Reason) Event {
	if m.SentAt.IsZero() {
		m.SentAt = now
	}
	return m.move(now, State{s, true}, reason)
}

func (m *Message) lateReceipt(now time.Time, r *Receipt) []Event {
	if !r.Status.AlwaysFinal() || r.Status == m.Status || (m.LateReceipt != nil && m.LateReceipt.Status == r.Status) {
		return nil
	}
	m.LateReceipt = &LateReceipt{Status: r.Status, At: now, Code: r.Code}
	m.UpdatedAt = now
	e := m.event(now, EventLateReceipt)
	e.Data.LateReceipt = m.LateReceipt
	return []Event{e}
}

// Lateness is how late a scheduled message of a class may start.
type Lateness struct {
	OTP, Other time.Duration
}

func (l Lateness) of(c Class) time.Duration {
	if c == OTP {
		return l.OTP
	}
	return l.Other
}

// Tick applies the clock alone: schedules, validity, and the windows of unknown and sent messages
// (T3, T6, T17, T19, T22, T25). It moves nothing before [Message.DeadlineAt].
func (m *Message) Tick(now time.Time, late Lateness) []Event {
	if m.Final {
		return nil
	}
	over := func(t time.Time) bool { return !t.IsZero() && !now.Before(t) }
	switch m.Status {
	case Scheduled:
		switch {
		case over(m.ExpiresAt):
			return []Event{m.move(now, State{Expired, true}, ReasonValidity)}
		case !over(m.SendAt):
			return nil
		case m.Reason != ReasonUndoWindow && now.Sub(m.SendAt) > late.of(m.Class):
			return []Event{m.move(now, State{Expired, true}, ReasonMissedSchedule)}
		}
		m.NextAt = now
		return []Event{m.move(now, State{Queued, false}, ReasonDue)}
	case Queued:
		if over(m.ExpiresAt) {
			return m.end(now, State{Expired, true}, ReasonValidity)
		}
	case Unknown:
		return m.tickUnknown(now, over)
	case Sent:
		return m.tickSent(now, over)
	}
	return nil
}

// tickSent closes a message whose receipt did not come, or gives it another try where its rule and its
// policy for unknown outcomes both ask for that: nobody knows whether it arrived.
func (m *Message) tickSent(now time.Time, over func(time.Time) bool) []Event {
	switch {
	case over(m.ReceiptDeadline):
		return []Event{m.move(now, State{Sent, true}, ReasonNoReceipt)}
	case !over(m.NextAt):
		return nil
	case !m.sendsAgain(): // its provider is asked
		return nil
	case m.Parts.Delivered == 0 && now.Before(m.ExpiresAt) && m.Attempts < MaxAttempts:
		m.PossibleDuplicate, m.ReceiptDeadline, m.NextAt = true, time.Time{}, now
		return []Event{m.move(now, State{Queued, false}, ReasonRetryWait)}
	}
	m.NextAt = time.Time{}
	return nil
}

func (m *Message) tickUnknown(now time.Time, over func(time.Time) bool) []Event {
	switch {
	case over(m.ResolveDeadline):
		return []Event{m.move(now, State{Unknown, true}, ReasonNeverConfirmed)}
	case m.OnUnknown == RetryOnce && !m.PossibleDuplicate && over(m.UpdatedAt.Add(UnknownWait)) &&
		!m.CancelRequested && now.Before(m.ExpiresAt) && m.Attempts < MaxAttempts:
		m.PossibleDuplicate, m.ResolveDeadline, m.NextAt = true, time.Time{}, now
		return []Event{m.move(now, State{Queued, false}, ReasonRetryWait)}
	}
	return nil
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
