package smsc

import (
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
)

// Connections implements [smsir.Connected].
func (c *carrier) Connections() []smsir.Connection {
	all := make([]smsir.Connection, 0, len(c.links))
	for _, l := range c.links {
		l.mu.Lock()
		s := smsir.Connection{Name: fmt.Sprintf("%s %d, %s", kindOf(l.mode), l.number, l.address), Up: l.conn != nil, Since: l.since, Error: l.err}
		conn := l.conn
		l.mu.Unlock()
		if conn != nil {
			st := conn.Stats()
			s.Waiting, s.Window = st.Outstanding, c.profile.windowOfLink()
			s.LastSeen = st.LastRead
		}
		all = append(all, s)
	}
	return all
}

// Notes implements [smsir.Connected].
func (c *carrier) Notes() []string {
	var notes []string
	switch form := c.ids.form(); {
	case c.profile.idForm != idLearn:
	case form == "":
		notes = append(notes, "How the message ids of receipts relate to those of answers is not known yet.")
	default:
		notes = append(notes, fmt.Sprintf("Learned about message ids: %s. Set it, so that it is known after a restart too.", form))
	}
	if n := c.unreadable.Load(); n > 0 {
		notes = append(notes, fmt.Sprintf("%d receipts named no message and were dropped.", n))
	}
	notes = append(notes, c.lackingNotes()...)
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.hold) {
		notes = append(notes, fmt.Sprintf("The carrier refuses to bind: %s The next try is at %s UTC.", c.why, c.hold.UTC().Format("15:04")))
	}
	return notes
}

func kindOf(c smpp.CommandID) string {
	switch c {
	case smpp.CommandBindTransmitter:
		return "Transmitter"
	case smpp.CommandBindReceiver:
		return "Receiver"
	}
	return "Transceiver"
}
