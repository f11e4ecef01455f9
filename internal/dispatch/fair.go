package dispatch

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// job is a message in memory, with what its plan says about going on to another provider.
type job struct {
	*smsir.Message
	failover route.Failover
}

// fair is what waits for a provider in one class of traffic. Workspaces take turns and, inside a
// workspace, senders do; each sender's messages keep their order. Where senders have no pace of their
// own, a workspace's messages are one line.
type fair struct {
	groups map[smsir.UUID]*group
	ring   []*group
	next   int
	n      int
}

type group struct {
	workspace smsir.UUID
	lines     map[string]*fifo
	ring      []*fifo
	next      int
}

type fifo struct {
	sender string
	queue  []job
}

// push appends a message and says how many of its sender wait now.
func (f *fair) push(m job, sender string) int {
	g := f.groups[m.Workspace]
	if g == nil {
		if f.groups == nil {
			f.groups = map[smsir.UUID]*group{}
		}
		g = &group{workspace: m.Workspace, lines: map[string]*fifo{}}
		f.groups[m.Workspace] = g
		f.ring = append(f.ring, g)
	}
	q := g.lines[sender]
	if q == nil {
		q = &fifo{sender: sender}
		g.lines[sender] = q
		g.ring = append(g.ring, q)
	}
	q.queue = append(q.queue, m)
	f.n++
	return len(q.queue)
}

// ofSender is how many messages of a sender wait.
func (f *fair) ofSender(workspace smsir.UUID, sender string) int {
	if g := f.groups[workspace]; g != nil {
		if q := g.lines[sender]; q != nil {
			return len(q.queue)
		}
	}
	return 0
}

// pop takes the next message whose sender may send now. Without one it says how long until one may,
// 0 if nothing waits. wait tells how long a sender has to.
func (f *fair) pop(wait func(sender string) time.Duration) (job, time.Duration) {
	soonest := time.Duration(0)
	for i := range f.ring {
		at := (f.next + i) % len(f.ring)
		g := f.ring[at]
		m, pause := g.pop(wait)
		if m.Message == nil {
			if soonest == 0 || pause < soonest {
				soonest = pause
			}
			continue
		}
		f.n--
		f.next = at + 1
		if len(g.ring) == 0 {
			f.ring = append(f.ring[:at], f.ring[at+1:]...)
			f.next = at
			delete(f.groups, g.workspace)
		}
		return m, 0
	}
	return job{}, soonest
}

func (g *group) pop(wait func(sender string) time.Duration) (job, time.Duration) {
	soonest := time.Duration(0)
	for i := range g.ring {
		at := (g.next + i) % len(g.ring)
		q := g.ring[at]
		if pause := wait(q.sender); pause > 0 {
			if soonest == 0 || pause < soonest {
				soonest = pause
			}
			continue
		}
		m := q.queue[0]
		q.queue[0] = job{}
		q.queue = q.queue[1:]
		g.next = at + 1
		if len(q.queue) == 0 {
			g.ring = append(g.ring[:at], g.ring[at+1:]...)
			g.next = at
			delete(g.lines, q.sender)
		}
		return m, 0
	}
	return job{}, soonest
}

// each calls f with everything that waits, in no particular order, until it returns false.
func (f *fair) each(call func(job) bool) {
	for _, g := range f.ring {
		for _, q := range g.ring {
			for _, m := range q.queue {
				if !call(m) {
					return
				}
			}
		}
	}
}

// takeAll empties the queue.
func (f *fair) takeAll() (all []*smsir.Message) {
	f.each(func(m job) bool { all = append(all, m.Message); return true })
	*f = fair{}
	return all
}
