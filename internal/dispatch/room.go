package dispatch

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// room counts the messages held in memory, by workspace and class, against a bound. It is fair rather
// than strict: bulk may fill half of the memory and transactional traffic three quarters, no queue
// more than a quarter, and every queue may always hold a few. So the backlog of one workspace, or of
// one class, never keeps another's next message from being taken up.
type room struct {
	limit int
	total int
	held  map[store.Line]int
	short map[store.Line]struct{} // queues that were refused for their own size
	tight int                     // the lowest total at which somebody was refused; 0 for none
}

// floor is how many messages every queue may hold whatever the others do.
const floor = 64

func newRoom(limit int) room {
	return room{limit: limit, held: map[store.Line]int{}, short: map[store.Line]struct{}{}}
}

func (r *room) floor() int { return max(1, min(floor, r.limit/16)) }

// ceiling is how many messages one queue may hold.
func (r *room) ceiling() int { return max(r.floor(), r.limit/4) }

// bound is how many messages there may be for a class to take more than its floor.
func (r *room) bound(c smsir.Class) int {
	switch c {
	case smsir.Bulk:
		return r.limit / 2
	case smsir.OTP:
		return r.limit
	}
	return r.limit * 3 / 4
}

// free is how many more messages a queue may hold now.
func (r *room) free(l store.Line) int {
	n := r.held[l]
	return max(r.floor()-n, min(r.ceiling()-n, r.bound(l.Class)-r.total), 0)
}

// refused notes that a queue wanted more than there is, so that give tells when there is some.
func (r *room) refused(l store.Line) {
	if r.held[l] >= r.ceiling() {
		r.short[l] = struct{}{}
		return
	}
	if b := max(r.bound(l.Class), 1); r.tight == 0 || b < r.tight {
		r.tight = b
	}
	if r.held[l] >= r.floor() {
		r.short[l] = struct{}{}
	}
}

func (r *room) take(l store.Line, n int) {
	if n > 0 {
		r.held[l] += n
		r.total += n
	}
}

// give takes room back and reports whether a queue that was refused should be tried again.
func (r *room) give(l store.Line, n int) (again bool) {
	r.total -= n
	if r.held[l] -= n; r.held[l] <= 0 {
		delete(r.held, l)
	}
	if _, short := r.short[l]; short && r.free(l) >= max(1, r.floor()/2) {
		delete(r.short, l)
		again = true
	}
	if r.tight > 0 && r.total <= r.tight*9/10 {
		r.tight = 0
		again = true
	}
	return again
}

// count is how many messages of each queue there are.
func count(messages []*smsir.Message) map[store.Line]int {
	lines := make(map[store.Line]int, 1)
	for _, m := range messages {
		lines[lineOf(m)]++
	}
	return lines
}

func lineOf(m *smsir.Message) store.Line { return store.Line{Workspace: m.Workspace, Class: m.Class} }

// giveRoom gives back room that was promised. The clock hears of it when a queue that was refused may
// hold more again.
func (d *Dispatcher) giveRoom(messages []*smsir.Message) {
	for l, n := range count(messages) {
		d.unreserve(l, n)
	}
}

func (d *Dispatcher) unreserve(l store.Line, n int) {
	if n == 0 {
		return
	}
	d.mu.Lock()
	again := d.room.give(l, n)
	d.mu.Unlock()
	if again {
		d.Poke()
	}
}
