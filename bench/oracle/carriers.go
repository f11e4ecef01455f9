package oracle

import (
	"fmt"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/carrier"
	"github.com/smsir/smsir/internal/provider/simulator"
)

// submission is one hand-over as the side that got it wrote it down.
type submission struct {
	at         time.Time
	provider   smsir.UUID // zero: that side does not know
	attempt    smsir.ID
	message    smsir.ID
	reference  string   // where it was taken
	references []string // of its parts, if there are several
	to         string
	textSHA256 string
	taken      bool // the carrier has the message
	repeated   bool // a key that it had taken before: nothing was taken, and nothing refused
	reports    []told
	// byReference says that only the reference leads from a report to the message: who lost the answer cannot match it.
	byReference bool
}

// told is one delivery report about a submission.
type told struct {
	status  smsir.Status
	at      time.Time // handed in no earlier
	nonSend bool
	acked   bool
}

// ack is a report or a reply that the gateway acknowledged.
type ack struct {
	kind      simulator.EntryKind
	reference string
	reply     string // of a reply: its own id
	status    smsir.Status
	from      *submission
}

// carried is a submission in the ledger of a carrier, whose attempt must be found out.
type carried struct {
	*submission
	key string
}

// readCarrier reads the ledger of a carrier outside the gateway. It knows neither messages nor attempts; who they are is
// found out when the database has been read.
func (w *wire) readCarrier(path string) error {
	byReference := map[[2]string]*submission{} // by face and reference
	for e, err := range carrier.ReadLedger(path) {
		if err != nil {
			return err
		}
		switch e.Kind {
		case carrier.Submission:
			s := &submission{at: e.At, reference: e.Reference, to: e.To, textSHA256: e.TextSHA256, taken: e.Verdict == carrier.Accepted, repeated: e.Verdict == carrier.Repeated, byReference: e.Face == carrier.SMPP}
			w.carried = append(w.carried, carried{s, e.Key})
			if s.taken {
				byReference[[2]string{e.Face, e.Reference}] = s
				for i := range e.Parts {
					s.references = append(s.references, carrier.PartReference(e.Reference, i))
				}
			}
			continue
		case carrier.Report, carrier.ReportAck, carrier.Reply, carrier.ReplyAck:
		default:
			return fmt.Errorf("carrier's ledger %s: an entry of kind %q", path, e.Kind)
		}
		s := byReference[[2]string{e.Face, e.Reference}]
		if s == nil {
			return fmt.Errorf("carrier's ledger %s: a report on %q, which it never took", path, e.Reference)
		}
		status, known := smsir.ParseStatus(e.Status)
		if !known && e.Status != "" {
			return fmt.Errorf("carrier's ledger %s: a report of %q", path, e.Status)
		}
		switch e.Kind {
		case carrier.Report:
			s.reports = append(s.reports, told{status: status, at: e.At, nonSend: e.NonSend})
		case carrier.ReportAck:
			for i := range s.reports {
				s.reports[i].acked = s.reports[i].acked || s.reports[i].status == status
			}
			w.acks = append(w.acks, ack{kind: simulator.ReceiptEntry, reference: e.Reference, status: status, from: s})
		case carrier.ReplyAck:
			w.acks = append(w.acks, ack{kind: simulator.InboundEntry, reference: e.Reference, reply: e.ReplyReference, from: s})
		}
	}
	return nil
}

// identify finds the attempt behind each submission to a carrier: by the key that the gateway planted, or else by what
// was handed over, the reference that was given, and the time.
func (c *trial) identify() {
	byContent := map[string][]*message{}
	for _, m := range c.order {
		k := m.recipient + " " + m.textSHA256
		byContent[k] = append(byContent[k], m)
	}
	used := map[smsir.ID]bool{}
	for _, s := range c.wire.carried {
		a := c.planted(s.key)
		if a == nil {
			a = c.likely(s.submission, byContent[s.to+" "+s.textSHA256], used)
		}
		if a != nil {
			used[a.id] = true
			s.attempt, s.message, s.provider = a.id, a.message, a.provider
		}
		if s.taken {
			c.wire.byReference[reference{s.provider, s.reference}] = s.submission
		}
		for _, text := range s.references {
			c.wire.byReference[reference{s.provider, text}] = s.submission
		}
		c.wire.add(s.submission)
	}
}

// planted is the attempt that a key names.
func (c *trial) planted(key string) *attempt {
	id, err := smsir.ParseID(smsir.PrefixAttempt, key)
	if err != nil {
		return nil
	}
	return c.attempts[id]
}

// likely is the attempt that a submission without a key belongs to: the one that has its reference; else the youngest
// that was begun before and that no other submission belongs to.
func (c *trial) likely(s *submission, messages []*message, used map[smsir.ID]bool) (best *attempt) {
	for _, m := range messages {
		for _, a := range m.attempts {
			switch {
			case s.reference != "" && a.reference == s.reference:
				return a
			case used[a.id] || a.started.After(s.at) || a.reference != "" && a.reference != s.reference:
			case best == nil || a.started.After(best.started):
				best = a
			}
		}
	}
	return best
}

// fromSimulator turns a line of the simulator's ledger into a submission.
func fromSimulator(e *simulator.Entry) *submission {
	s := &submission{
		at: e.At, provider: e.Provider, attempt: e.Attempt, message: e.Message, reference: e.Reference, to: e.To, textSHA256: e.TextSHA256,
		taken: e.Verdict == simulator.Accepted,
	}
	if s.taken && !e.ReportAt.IsZero() {
		s.reports = []told{{status: e.Report, at: e.ReportAt}}
	}
	return s
}

// said reports whether the carrier reported a status about s no later than at.
func (s *submission) said(status smsir.Status, at time.Time) bool {
	return slices.ContainsFunc(s.reports, func(t told) bool { return t.status == status && !at.Before(t.at) })
}
