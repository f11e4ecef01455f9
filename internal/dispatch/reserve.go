package dispatch

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/canary"
	"github.com/smsir/smsir/internal/store"
)

// reservation implements [store.Reservation].
type reservation struct {
	d       *Dispatcher
	life    int64 // of this node, in which the intents are committed
	due     []*smsir.Message
	begun   []begun // the first ones of due
	intents []store.Intent
}

// begun is a message that has a slot before it is stored.
type begun struct {
	lane *lane
	job
}

// Reserve promises room in memory for messages of a workspace that are about to be stored as owned by this node, and nil
// without room for all of them or without a provider that could take them: then they wait in the database. Those for which a
// provider has a free slot, with nothing before them, start with the step that stores them. The messages belong to the
// dispatcher from then on.
func (d *Dispatcher) Reserve(messages []*smsir.Message) store.Reservation {
	r := &reservation{d: d, due: messages}
	if !r.takeRoom() {
		return nil
	}
	r.begin()
	return r
}

// takeRoom takes the room, and keeps the dispatcher from ending before the reservation does.
func (r *reservation) takeRoom() (ok bool) {
	d := r.d
	d.mu.Lock()
	defer d.mu.Unlock()
	if r.life, ok = d.life(); d.stopping || d.ctx == nil || !ok {
		return false
	}
	lines := count(r.due)
	for l, n := range lines {
		if !d.serves(l.Workspace) {
			return false
		}
		if d.room.free(l) < n {
			d.room.refused(l)
			return false
		}
	}
	for l, n := range lines {
		d.room.take(l, n)
	}
	d.sending.Add(1)
	return true
}

// begin takes slots for the first messages that can have one. A large batch takes none: its commit takes long, and the slots
// would be empty all the while.
func (r *reservation) begin() {
	if len(r.due) > intentBatch || canary.On(canary.IntentLate) { // that is a bug of Intend
		return
	}
	for _, m := range r.due {
		l, plan := r.d.laneFor(m)
		j := job{m, plan.Failover}
		if l == nil || !l.begin(j) {
			return
		}
		now := r.d.opt.Now()
		r.begun = append(r.begun, begun{l, j})
		r.intents = append(r.intents, store.Intent{Attempt: r.d.opt.Store.NewID(now), Message: m, Provider: l.up.ID, Now: now})
	}
}

// Intents implements [store.Reservation].
func (r *reservation) Intents() []store.Intent { return r.intents }

// Offer implements [store.Reservation].
func (r *reservation) Offer() {
	defer r.d.sending.Done()
	rest := r.due[len(r.begun):]
	var stayed []*smsir.Message
	for i, b := range r.begun {
		if b.Status != smsir.Sending { // its intent did not apply, and the queue finds out why
			b.lane.unbegin(b.job)
			stayed = append(stayed, b.Message)
			continue
		}
		h := &handOver{lane: b.lane, job: b.job, attempt: r.intents[i].Attempt, life: r.life, started: r.intents[i].Now}
		r.d.crew.Go(&r.d.sending, h.run)
	}
	r.d.offer(append(stayed, rest...))
}

// Release implements [store.Reservation].
func (r *reservation) Release() {
	defer r.d.sending.Done()
	r.unbegin()
	r.d.giveRoom(r.due)
}

// Doubt implements [store.Reservation]. What was stored is ours, and only the store can tell; a message may be stored whose
// intent did not apply.
func (r *reservation) Doubt() {
	defer r.d.sending.Done()
	r.unbegin()
	for _, in := range r.intents {
		r.d.sending.Go(func() {
			r.d.withdraw(in)
			r.d.giveBack([]*smsir.Message{in.Message}, smsir.ReasonDue, r.d.opt.Now())
		})
	}
	r.d.offer(r.due[len(r.begun):])
}

func (r *reservation) unbegin() {
	for _, b := range r.begun {
		b.lane.unbegin(b.job)
	}
}
