package smsir

import "time"

// Look sets the time of the next status query of an unknown message. No move, no event.
func (m *Message) Look(next time.Time) {
	if m.Status == Unknown && !m.Final {
		m.NextAt = next
	}
}

// Follow sets the time of the next question about a sent message, zero for none, unless its time has changed from was, or
// is that of another try. No move, no event.
func (m *Message) Follow(was, next time.Time) {
	if m.Status == Sent && !m.Final && m.NextAt.Equal(was) && !m.sendsAgain() {
		m.NextAt = next
	}
}

// TakeLook reports whether its provider is to be asked about m, which [Message.Tick] has just left alone. It is asked again
// at rest if nobody sets another time.
func (m *Message) TakeLook(now, rest time.Time) bool {
	switch {
	case m.Final:
		return false
	case m.Status == Unknown:
		m.Look(rest)
		return true
	case m.Status == Sent && !m.NextAt.IsZero() && !now.Before(m.NextAt):
		m.NextAt = rest
		return true
	}
	return false
}

// sendsAgain: the NextAt of a sent message that may go out once more (T25) is when it does, and not a look.
func (m *Message) sendsAgain() bool {
	return m.OnUnknown == RetryOnce && !m.PossibleDuplicate && !m.CancelRequested
}
