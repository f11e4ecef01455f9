package smpptest

import (
	"errors"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/smsir/smsir/smpp"
)

// SMSC is a scripted carrier. Make one with [NewSMSC].
type SMSC struct {
	script Script

	calling  sync.Mutex // the script is called by one at a time
	mu       sync.Mutex
	submits  []*smpp.SubmitSM
	binds    []*smpp.Bind
	queries  []*smpp.QuerySM
	cancels  []*smpp.CancelSM
	answers  []*smpp.DeliverSMResp
	owed     []smpp.PDU // that wait for a receiver
	sessions map[*Session]bool
	listener net.Listener
	closed   bool
	all      sync.WaitGroup
	stop     chan struct{}
}

// NewSMSC makes a carrier that follows a script.
func NewSMSC(script Script) *SMSC {
	return &SMSC{script: script, sessions: map[*Session]bool{}, stop: make(chan struct{})}
}

// Listen serves on a free port of the loopback and returns its address. [SMSC.Close] ends it.
func (s *SMSC) Listen() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed by Close
	if err != nil {
		return "", err
	}
	s.mu.Lock()
	s.listener = l
	s.mu.Unlock()
	s.all.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.Serve(nc) })
		}
	})
	return l.Addr().String(), nil
}

// Close hangs up on everybody and waits until nothing runs any more.
func (s *SMSC) Close() {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.stop)
	}
	if s.listener != nil {
		_ = s.listener.Close() // the tests are done with it
	}
	for session := range s.sessions {
		session.hangUp()
	}
	s.mu.Unlock()
	s.all.Wait()
}

// HangUp breaks all connections; new ones are served.
func (s *SMSC) HangUp() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		session.hangUp()
	}
}

// Submits are the submit_sm that have come, in order.
func (s *SMSC) Submits() []*smpp.SubmitSM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*smpp.SubmitSM(nil), s.submits...)
}

// Binds are the binds that have come, in order.
func (s *SMSC) Binds() []*smpp.Bind {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*smpp.Bind(nil), s.binds...)
}

// Queries are the query_sm that have come, in order.
func (s *SMSC) Queries() []*smpp.QuerySM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*smpp.QuerySM(nil), s.queries...)
}

// Cancels are the cancel_sm that have come, in order.
func (s *SMSC) Cancels() []*smpp.CancelSM {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*smpp.CancelSM(nil), s.cancels...)
}

// Answers are the deliver_sm_resp that have come, in order.
func (s *SMSC) Answers() []*smpp.DeliverSMResp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*smpp.DeliverSMResp(nil), s.answers...)
}

// Sessions are the bound sessions.
func (s *SMSC) Sessions() (bound []*Session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for session := range s.sessions {
		if session.bound.Load() != 0 {
			bound = append(bound, session)
		}
	}
	return bound
}

// Deliver sends a PDU through a session that receives; an error says that there is none.
func (s *SMSC) Deliver(p smpp.PDU) error {
	for _, session := range s.Sessions() {
		if smpp.CommandID(session.bound.Load()) != smpp.CommandBindTransmitter {
			return session.Send(p)
		}
	}
	return errors.New("smpptest: no receiver is bound")
}

// Serve plays one connection until it ends.
func (s *SMSC) Serve(nc net.Conn) {
	session := &Session{s: s, nc: nc, pending: map[uint32]smpp.PDU{}}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = nc.Close() // too late
		return
	}
	s.sessions[session] = true
	s.mu.Unlock()
	defer func() {
		session.hangUp()
		s.mu.Lock()
		delete(s.sessions, session)
		for _, p := range session.pending {
			s.owed = append(s.owed, p)
		}
		s.mu.Unlock()
	}()
	r := smpp.NewReader(nc)
	r.SetMaxLength(smpp.DefaultMaxLength)
	for {
		b, err := r.ReadPDU()
		if err != nil {
			return
		}
		h, p, err := smpp.Decode(b)
		if err != nil || !session.take(h, p) {
			return
		}
	}
}

// again delivers something once more, now or when a receiver is bound.
func (s *SMSC) again(p smpp.PDU) {
	if s.Deliver(p) == nil {
		return
	}
	s.mu.Lock()
	s.owed = append(s.owed, p)
	s.mu.Unlock()
	if s.script.Redeliver > 0 {
		s.later(s.script.Redeliver, s.settle) // a receiver may have bound meanwhile
	}
}

// settle is called when a receiver has bound: it gets what is owed.
func (s *SMSC) settle() {
	s.mu.Lock()
	owed := s.owed
	s.owed = nil
	s.mu.Unlock()
	for _, p := range owed {
		s.again(p)
	}
}

// later runs f after a while, unless the carrier is closed before.
func (s *SMSC) later(after time.Duration, f func()) {
	if after <= 0 {
		f()
		return
	}
	s.mu.Lock() // Close may not begin to wait between the look and the start
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.all.Go(func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			f()
		case <-s.stop:
		}
	})
}

func (s *SMSC) bindAnswer(p *smpp.Bind) Answer {
	s.mu.Lock()
	s.binds = append(s.binds, p)
	n := len(s.binds)
	s.mu.Unlock()
	if s.script.Bind == nil {
		return Answer{}
	}
	s.calling.Lock()
	defer s.calling.Unlock()
	return s.script.Bind(n, p)
}

func (s *SMSC) submitAnswer(p *smpp.SubmitSM) Answer {
	s.mu.Lock()
	s.submits = append(s.submits, p)
	n := len(s.submits)
	s.mu.Unlock()
	var a Answer
	if s.script.Submit != nil {
		s.calling.Lock()
		a = s.script.Submit(n, p)
		s.calling.Unlock()
	}
	if a.MessageID == "" && !a.NoID {
		a.MessageID = strconv.Itoa(n)
	}
	return a
}
