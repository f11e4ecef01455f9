package route

import (
	"time"

	"github.com/smsir/smsir"
)

// Health is what is known of a provider now. The zero value is a provider that is well.
type Health struct {
	State State
	// Share is the part of its messages, 0 to 1, that a [Recovering] provider gets already.
	Share float64
	// Long says of a [Throttled] provider that its pause is too long to wait for where there is another one.
	Long  bool
	Since time.Time // of State; zero if not known
	Until time.Time // when it is looked at again, or its pause ends; zero if not known
}

// State is the state of a provider.
type State uint8

// States of providers. Of these Down, Misconfigured, a long Throttled and, for a part of the messages,
// Recovering make a message go to the next provider, where the rule allows that.
const (
	Up            State = 0
	Throttled     State = 1 // it asked for a pause; messages wait for a short one
	Recovering    State = 2 // it works again, and gets a growing share of its messages
	Probing       State = 3 // whether it works again is to be tried with the next message
	Down          State = 4
	Misconfigured State = 5 // it refuses its settings
)

var stateNames = [...]string{"up", "throttled", "recovering", "probing", "down", "misconfigured"}

// String is the word of the API.
func (s State) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "unknown"
}

// recovery is the salt of the draw that decides who may go to a recovering provider.
const recovery = 1 << 63

// Away reports whether a provider takes nothing now, and others come first where the rule allows that.
func (h Health) Away() bool {
	return h.State == Down || h.State == Misconfigured || h.State == Throttled && h.Long
}

// awayFor reports whether a provider cannot have this message now.
func (h Health) awayFor(id smsir.ID, provider smsir.UUID) bool {
	return h.Away() || h.State == Recovering && uniform(id, provider, recovery) > h.Share
}
