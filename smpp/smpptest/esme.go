package smpptest

import (
	"fmt"
	"net"
	"time"

	"github.com/smsir/smsir/smpp"
)

// ESME is a client that does what the test says and nothing by itself.
type ESME struct {
	nc       net.Conn
	r        *smpp.Reader
	sequence uint32
	// Chunk is how many octets a write takes; 0 is all.
	Chunk int
	// Patience is how long Read waits; 5 s if 0.
	Patience time.Duration
	early    []early
}

// NewESME makes a client of a connection.
func NewESME(nc net.Conn) *ESME {
	e := &ESME{nc: nc, r: smpp.NewReader(nc)}
	e.r.SetMaxLength(smpp.MaxMaxLength)
	return e
}

// Close hangs up.
func (e *ESME) Close() { _ = e.nc.Close() }

// Write sends octets as they are.
func (e *ESME) Write(b []byte) error {
	chunk := e.Chunk
	if chunk <= 0 {
		chunk = max(len(b), 1)
	}
	for len(b) > 0 {
		n, err := e.nc.Write(b[:min(chunk, len(b))])
		if err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// Send sends a request with the next sequence number, which it returns.
func (e *ESME) Send(p smpp.PDU) (uint32, error) {
	e.sequence++
	return e.sequence, e.SendAs(p, e.sequence)
}

// SendAs sends a PDU with a sequence number.
func (e *ESME) SendAs(p smpp.PDU, sequence uint32) error {
	b, err := smpp.Options{LongStrings: true, MaxLength: smpp.MaxMaxLength}.AppendPDU(nil, p, sequence)
	if err != nil {
		return err
	}
	return e.Write(b)
}

// early is a PDU that came before the response that was waited for.
type early struct {
	h smpp.Header
	p smpp.PDU
}

// Read gives the next PDU of the peer.
func (e *ESME) Read() (smpp.Header, smpp.PDU, error) {
	if len(e.early) > 0 {
		first := e.early[0]
		e.early = e.early[1:]
		return first.h, first.p, nil
	}
	return e.next()
}

func (e *ESME) next() (smpp.Header, smpp.PDU, error) {
	patience := e.Patience
	if patience == 0 {
		patience = 5 * time.Second
	}
	if err := e.nc.SetReadDeadline(now().Add(patience)); err != nil {
		return smpp.Header{}, nil, err
	}
	b, err := e.r.ReadPDU()
	if err != nil {
		return smpp.Header{}, nil, err
	}
	return smpp.Decode(b)
}

// Call sends a request and reads until its response. What the peer sends before is handed to other; if that is nil, it is
// what the next calls of [ESME.Read] give.
func (e *ESME) Call(p smpp.PDU, other func(smpp.Header, smpp.PDU)) (smpp.Response, error) {
	sequence, err := e.Send(p)
	if err != nil {
		return nil, err
	}
	for {
		h, q, err := e.next()
		if err != nil {
			return nil, err
		}
		if r, ok := q.(smpp.Response); ok && h.SequenceNumber == sequence {
			return r, nil
		}
		if other == nil {
			e.early = append(e.early, early{h, q})
			continue
		}
		other(h, q)
	}
}

// Bind binds; an error also says that it was refused.
func (e *ESME) Bind(command smpp.CommandID, systemID, password string) error {
	r, err := e.Call(&smpp.Bind{Command: command, SystemID: systemID, Password: password, InterfaceVersion: smpp.Version34}, nil)
	if err != nil {
		return err
	}
	if s := r.Status(); s != smpp.ROK {
		return fmt.Errorf("smpptest: %s: %s", command, s)
	}
	return nil
}

func now() time.Time { return time.Now() }
