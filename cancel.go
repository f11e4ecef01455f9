package smsir

import "time"

// CancelResult is what became of a request to cancel.
type CancelResult uint8

// Results of [Message.Cancel].
const (
	CancelDone      CancelResult = 1 // canceled; no provider accepted it
	CancelTooLate   CancelResult = 2 // a provider has it, or it has ended
	CancelRequested CancelResult = 3 // an attempt is open; no further one will start
)

// Cancel tries to cancel (T4). While an attempt is open, or an earlier one may have gone through,
// it only makes sure that no further one starts.
func (m *Message) Cancel(now time.Time) (CancelResult, []Event) {
	switch {
	case m.Final || m.Status == Sent:
		return CancelTooLate, nil
	case m.Status != Sending && m.Status != Unknown && !m.PossibleDuplicate:
		return CancelDone, []Event{m.move(now, State{Canceled, true}, "")}
	}
	var events []Event
	if !m.CancelRequested {
		m.CancelRequested, m.UpdatedAt = true, now
		events = append(events, m.event(now, EventCancelRequested))
	}
	if m.Status != Sending && m.Status != Unknown {
		events = append(events, m.end(now, State{Canceled, true}, "")...)
	}
	return CancelRequested, events
}

// Replace cancels a message whose place another takes in the same step (T4), if nothing of it may have left or be leaving:
// false otherwise, and m is as it was.
func (m *Message) Replace(now time.Time) ([]Event, bool) {
	if m.Final || m.PossibleDuplicate || m.Status != Scheduled && m.Status != Queued {
		return nil, false
	}
	return []Event{m.move(now, State{Canceled, true}, ReasonReplaced)}, true
}

// Recall asks for a sent message to be deleted by its provider, once. Only the provider can tell whether it was: until
// then m stays sent.
func (m *Message) Recall(now time.Time) (CancelResult, []Event) {
	if m.Final || m.Status != Sent {
		return m.Cancel(now)
	}
	if m.CancelRequested {
		return CancelRequested, nil
	}
	m.CancelRequested, m.UpdatedAt, m.NextAt = true, now, now
	return CancelRequested, []Event{m.event(now, EventCancelRequested)}
}
