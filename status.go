package smsir

import "fmt"

// Status says where a message stands. With [Message.Final] it is what users get.
// The values are stored; never renumber them.
type Status uint8

// The states of docs/delivery.md.
const (
	Scheduled   Status = 0  // accepted, waits for its time
	Queued      Status = 1  // accepted, no attempt on the wire
	Sending     Status = 2  // intent committed; bytes may be on the wire
	Unknown     Status = 3  // handed over, no answer; it may or may not have gone
	Sent        Status = 4  // the provider accepted it
	Delivered   Status = 5  // a final positive receipt for all parts; final
	Undelivered Status = 6  // accepted by the provider, then refused by the network; final
	Expired     Status = 7  // its validity ended, here or at the network; final
	Failed      Status = 8  // no provider ever accepted it; final
	Canceled    Status = 9  // canceled; no provider accepted it; final
	Blocked     Status = 10 // our own policy forbids it; final
)

var statusNames = [...]string{
	"scheduled", "queued", "sending", "unknown", "sent", "delivered",
	"undelivered", "expired", "failed", "canceled", "blocked",
}

// Statuses lists every status in the order of its value.
func Statuses() []Status {
	all := make([]Status, len(statusNames))
	for i := range all {
		all[i] = Status(i)
	}
	return all
}

// String is the word of the API and the database documentation.
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// ParseStatus reads a status word.
func ParseStatus(word string) (Status, bool) {
	for i, name := range statusNames {
		if name == word {
			return Status(i), true
		}
	}
	return 0, false
}

// Rank orders evidence: a move never lowers it, except the edges back to queued (invariant I6).
func (s Status) Rank() int {
	if s >= Delivered {
		return 9
	}
	return int(s)
}

// AlwaysFinal reports whether a message with this status is final by definition. Sent and Unknown
// are final only when their window has closed.
func (s Status) AlwaysFinal() bool { return s >= Delivered }

// State is the pair that users get. The zero State is a message that does not exist yet only where
// a [Transition] says so.
type State struct {
	Status Status
	Final  bool
}

// Transition is one line of the table of moves: number, start, end.
type Transition struct {
	T     int    // the number in docs/delivery.md
	From  State  // ignored when Birth
	To    State  //
	Birth bool   // the message comes into being
	Cause string // in words
}

// Transitions is the complete table of moves. Anything that is not in it is a bug, refused by
// [Message] and by the conditional updates of the stores. Callers get a copy.
func Transitions() []Transition {
	open := func(s Status) State { return State{Status: s} }
	done := func(s Status) State { return State{Status: s, Final: true} }
	t := []Transition{
		{T: 1, Birth: true, To: open(Scheduled), Cause: "accepted for later"},
		{T: 2, Birth: true, To: open(Queued), Cause: "accepted"},
		{T: 3, From: open(Scheduled), To: open(Queued), Cause: "its time has come"},
		{T: 7, From: open(Queued), To: open(Sending), Cause: "intent committed"},
		{T: 8, From: open(Sending), To: open(Queued), Cause: "not sent, or refused for now"},
		{T: 9, From: open(Sending), To: open(Sent), Cause: "provider accepted"},
		{T: 10, From: open(Sending), To: done(Failed), Cause: "refused for good"},
		{T: 11, From: open(Sending), To: open(Unknown), Cause: "no proof either way"},
		{T: 12, From: open(Sending), To: done(Canceled), Cause: "cancel requested and not sent"},
		{T: 13, From: open(Sending), To: done(Expired), Cause: "not sent and validity over"},
		{T: 15, From: open(Unknown), To: open(Sent), Cause: "late answer, lookup or receipt"},
		{T: 17, From: open(Unknown), To: open(Queued), Cause: "proved not accepted, or retry_once"},
		{T: 19, From: open(Unknown), To: done(Unknown), Cause: "resolve window closed"},
		{T: 24, From: open(Queued), To: open(Unknown), Cause: "no further attempt, and an earlier one may have gone through"},
		{T: 21, From: open(Sent), To: open(Queued), Cause: "provider reports a definite non-send"},
		{T: 22, From: open(Sent), To: done(Sent), Cause: "no receipt will come"},
		{T: 25, From: open(Sent), To: open(Queued), Cause: "no receipt in time, where rule and message ask for another try"},
		{T: 26, From: open(Queued), To: open(Sent), Cause: "late proof that an earlier attempt went through"},
		{T: 26, From: open(Queued), To: done(Delivered), Cause: "late proof that an earlier attempt went through"},
	}
	for _, from := range []Status{Scheduled, Queued} {
		t = append(t,
			Transition{T: 4, From: open(from), To: done(Canceled), Cause: "canceled"},
			Transition{T: 5, From: open(from), To: done(Blocked), Cause: "policy"},
			Transition{T: 6, From: open(from), To: done(Expired), Cause: "validity over or schedule missed"})
	}
	// A message that is queued and can go nowhere (no provider, attempts used up) fails as in T10.
	t = append(t, Transition{T: 10, From: open(Queued), To: done(Failed), Cause: "no route"})
	t = append(t, Transition{T: 14, From: open(Sending), To: open(Sent), Cause: "receipt before the answer"})
	for _, to := range []Status{Delivered, Undelivered, Expired} {
		t = append(t,
			Transition{T: 14, From: open(Sending), To: done(to), Cause: "final receipt before the answer"},
			Transition{T: 16, From: open(Unknown), To: done(to), Cause: "final receipt"},
			Transition{T: 20, From: open(Sent), To: done(to), Cause: "final receipt"})
	}
	for _, to := range []Status{Failed, Canceled, Expired} {
		t = append(t, Transition{T: 18, From: open(Unknown), To: done(to), Cause: "proved not accepted, nothing left to try"})
	}
	return t
}

// allowed is [Transitions] as a lookup: from (status, not final) to (status, final).
var allowed = func() (m [16][16][2]bool) {
	for _, t := range Transitions() {
		if !t.Birth {
			f := 0
			if t.To.Final {
				f = 1
			}
			m[t.From.Status][t.To.Status][f] = true
		}
	}
	return m
}()

// CanMove reports whether the table of moves has an edge from one state to the other.
func CanMove(from, to State) bool {
	if from.Final || int(from.Status) >= len(statusNames) || int(to.Status) >= len(statusNames) {
		return false
	}
	f := 0
	if to.Final {
		f = 1
	}
	return allowed[from.Status][to.Status][f]
}
