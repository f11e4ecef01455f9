package carrier

import (
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// SMPP is the name of the face that speaks SMPP.
const SMPP = "smpp"

// SMSC is a carrier that speaks SMPP, with a ledger like that of the others. Its day is a bad one: of a thousand messages some
// are refused, throttled, taken without an answer, or cut off with the connection; receipts come before the answer, three times
// or late, and again until they are taken. It asks for no password. Safe for concurrent use.
type SMSC struct {
	*smpptest.SMSC
	ledger *Ledger
	fault  func(error)

	mu    sync.Mutex
	rng   *rand.Rand
	taken int
	owed  atomic.Int64
}

// firstID is the id of the first message, so that all have the same length.
const firstID = 1_000_000_001

// OpenSMSC opens one whose ledger is the file at path. Whatever keeps it from telling the truth is handed to fault; it hangs up
// then. Call Close and CloseLedger when nobody will ask it any more.
func OpenSMSC(path string, seed uint64, fault func(error)) (*SMSC, error) {
	ledger, err := OpenLedger(path)
	if err != nil {
		return nil, err
	}
	s := &SMSC{ledger: ledger, fault: fault, rng: rand.New(rand.NewPCG(seed, 5))} //nolint:gosec // faults, not secrets
	s.SMSC = smpptest.NewSMSC(smpptest.Script{SystemID: "carrier", Redeliver: time.Second, Submit: s.submit, Acked: s.acked})
	return s, nil
}

// CloseLedger closes the ledger; close the carrier first.
func (s *SMSC) CloseLedger() error { return s.ledger.Close() }

// Owed is how many receipts nobody has acknowledged yet, due or not.
func (s *SMSC) Owed() int { return int(s.owed.Load()) }

// Taken is how many messages the carrier has.
func (s *SMSC) Taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// submit decides about a message, writes it down with the receipts that will come, and answers.
func (s *SMSC) submit(_ int, p *smpp.SubmitSM) smpptest.Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256(p.UserData())
	e := Entry{Kind: Submission, At: now(), Face: SMPP, To: "+" + p.DestinationAddr, From: p.SourceAddr, TextSHA256: hex.EncodeToString(sum[:]), Segments: 1, Verdict: Refused}
	a := smpptest.Answer{After: time.Duration(s.rng.IntN(20)) * time.Millisecond}
	r := smpptest.Receipt{State: smpp.StateDelivered, After: time.Duration(50+s.rng.IntN(800)) * time.Millisecond, Reference: true}
	status := "delivered"
	switch n := s.rng.IntN(1000); {
	case n < 10:
		a.Status = smpp.RINVDSTADR
	case n < 20:
		a.Status = smpp.RSUBMITFAIL
	case n < 23:
		a.Status = smpp.RTHROTTLED
	case n < 26:
		a.Silent = true
	case n < 30:
		a.Cut = -1
	case n < 34:
		a.Cut = 9
	case n < 80:
		r.Before, r.After = true, 0
	case n < 110:
		r.Times = 3
	case n < 140:
		r.State, status = smpp.StateUndeliverable, "undelivered"
	case n < 150:
		r.State, status = smpp.StateExpired, "expired"
	case n < 170:
		r.After += 2 * time.Second
	}
	if a.Status != smpp.ROK {
		e.Code = a.Status.String()
	} else {
		s.taken++
		a.MessageID = strconv.Itoa(firstID + s.taken)
		e.Verdict, e.Reference, e.Parts = Accepted, a.MessageID, 1
	}
	if err := s.ledger.Append(&e, true); err != nil {
		s.fault(err)
		return smpptest.Answer{Status: smpp.RSYSERR}
	}
	if a.Status == smpp.ROK && p.RegisteredDelivery.Receipt() != 0 {
		if err := s.ledger.Append(&Entry{Kind: Report, At: now(), Face: SMPP, Reference: a.MessageID, Status: status}, false); err != nil {
			s.fault(err)
		}
		a.Receipts = []smpptest.Receipt{r}
		s.owed.Add(int64(max(r.Times, 1)))
	}
	return a
}

// acked writes down that the gateway took a receipt.
func (s *SMSC) acked(p *smpp.DeliverSM) {
	s.owed.Add(-1)
	receipt, err := p.Receipt()
	words := map[smpp.MessageState]string{smpp.StateDelivered: "delivered", smpp.StateUndeliverable: "undelivered", smpp.StateExpired: "expired"}
	if err == nil {
		err = s.ledger.Append(&Entry{Kind: ReportAck, At: now(), Face: SMPP, Reference: receipt.MessageID, Status: words[receipt.State]}, false)
	}
	if err != nil {
		s.fault(err)
	}
}
