package smsc

import (
	"slices"
	"sync"

	"github.com/smsir/smsir"
)

// remembered is how many answers are kept, and how many references of messages.
const remembered = 1 << 16

// answers remembers for a while what the carrier answered, so that late answers are found, receipts can be told from
// each other, and a reference leads back to its message. It forgets the oldest, and everything when the program ends.
type answers struct {
	mu         sync.Mutex
	byAttempt  map[smsir.ID]smsir.StatusAnswer
	attempts   []smsir.ID // in the order of byAttempt
	byRef      map[string]owner
	references []string
	marks      [1 << 16]owner // by user_message_reference
	mark16     uint16
}

// owner is the message behind a reference.
type owner struct {
	attempt smsir.ID
	to      string
	id      string // the reference as the carrier wrote it, if that is known
}

// newAnswers begins to count user_message_reference behind mark: receipts of an earlier run carry those of that run.
func newAnswers(mark uint16) *answers {
	return &answers{byAttempt: map[smsir.ID]smsir.StatusAnswer{}, byRef: map[string]owner{}, mark16: mark}
}

// mark gives a message the next user_message_reference.
func (a *answers) mark(s smsir.Submission) uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.mark16++
	a.marks[a.mark16] = owner{attempt: s.Attempt, to: s.To}
	return a.mark16
}

// marked is the message with a user_message_reference, if it went to that recipient and was not answered with other ids than
// the receipt may mean: the reference may be that of an earlier run, or of a message 65,536 earlier.
func (a *answers) marked(ref uint16, to string, ids []string) (smsir.ID, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o := a.marks[ref]
	if o.attempt == 0 || o.to != to {
		return 0, false
	}
	known := a.byAttempt[o.attempt].References
	if len(known) > 0 && len(ids) > 0 && !slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(known, id) }) {
		return 0, false
	}
	return o.attempt, true
}

func (a *answers) taken(s smsir.Submission, references []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(s.Attempt, smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: references})
	for _, r := range references {
		a.own(s, r, "")
	}
}

// refer notes whom a reference is about, before the whole message is answered: receipts of its parts may come sooner.
// id is the reference as the carrier wrote it.
func (a *answers) refer(s smsir.Submission, reference, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.own(s, reference, id)
}

func (a *answers) own(s smsir.Submission, reference, id string) {
	before, again := a.byRef[reference]
	if !again {
		a.references = append(a.references, reference)
	}
	if id == "" && before.attempt == s.Attempt {
		id = before.id
	}
	a.byRef[reference] = owner{s.Attempt, s.To, id}
	for len(a.references) > remembered {
		delete(a.byRef, a.references[0])
		a.references = a.references[1:]
	}
}

func (a *answers) refused(s smsir.Submission) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.put(s.Attempt, smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted})
}

func (a *answers) put(attempt smsir.ID, answer smsir.StatusAnswer) {
	if _, again := a.byAttempt[attempt]; !again {
		a.attempts = append(a.attempts, attempt)
	}
	a.byAttempt[attempt] = answer
	for len(a.attempts) > remembered {
		delete(a.byAttempt, a.attempts[0])
		a.attempts = a.attempts[1:]
	}
}

func (a *answers) query(attempt smsir.ID) smsir.StatusAnswer {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byAttempt[attempt]
}

// recipient is who the message with a reference went to, "" if it is not remembered.
func (a *answers) recipient(reference string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byRef[reference].to
}

// written is a reference as the carrier wrote it, "" if that is not remembered.
func (a *answers) written(reference string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.byRef[reference].id
}
