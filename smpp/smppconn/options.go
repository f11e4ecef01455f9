package smppconn

import (
	"context"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Options of a connection. The zero value is an ESME with the defaults that stand at the fields. A timer of 0 has its
// default; a negative one never ends.
type Options struct {
	Role Role

	// Window is how many requests of this side may be without response at once; 10 if 0.
	Window int
	// PeerWindow is the same for the peer: what comes beyond it is answered with RTHROTTLED and never reaches Handle.
	// 1,000 if 0.
	PeerWindow int
	// MaxUnsent is how many octets may wait to be written before no more is read; 256 KiB if 0.
	MaxUnsent int
	// MaxLate is how many requests are remembered after their response timer has ended; 1,024 if 0.
	MaxLate int

	// PDU are liberties taken with the standard, and the largest PDU once the session is bound.
	PDU smpp.Options

	// SessionInitTimer is how long the connection may be open without a bind; 10 s. SMPP 3.4 §7.2
	SessionInitTimer time.Duration
	// EnquireLinkTimer is how long nothing may come before enquire_link asks; 30 s. SMPP 3.4 §7.2
	EnquireLinkTimer time.Duration
	// InactivityTimer is how long nothing may come, not even an answer to enquire_link, before the session is given up;
	// three times the enquire link timer, which is 90 s. SMPP 3.4 §7.2
	InactivityTimer time.Duration
	// ResponseTimer is how long a response may take; 60 s. SMPP 3.4 §7.2
	ResponseTimer time.Duration
	// PDUTimer is how long a PDU may take from its first octet to its last; 5 s.
	PDUTimer time.Duration
	// WriteTimer is how long the system may take to accept what is written; 10 s.
	WriteTimer time.Duration
	// DrainTimer is how long an unbind waits for responses that are due on either side; 5 s.
	DrainTimer time.Duration

	// OnBind decides about a bind, on the side of the SMSC: the response is sent as it is, and with a status other than
	// ROK the connection is closed behind it. Nothing else is read meanwhile. Nil refuses all binds. The state is still
	// Open; the session is bound before the response leaves.
	OnBind func(ctx context.Context, c *Conn, p *smpp.Bind) *smpp.BindResp
	// OnOutbind is told of an outbind, on the side of the ESME, which may then bind. Nil ignores it.
	OnOutbind func(ctx context.Context, c *Conn, p *smpp.Outbind)
	// Handle gets each request of the peer that needs an answer of the application, and alert_notification, which needs
	// none, in the order of arrival. Nothing is read while it runs: what takes time belongs into another goroutine. Nil
	// refuses all with RINVCMDID.
	Handle func(ctx context.Context, r *Request)
	// Trace is told of every PDU that is read or written, with its secrets hidden. It must be quick.
	Trace func(t Trace)

	// FirstSequenceNumber is that of the first request; 1 if 0.
	FirstSequenceNumber uint32
}

func (o Options) withDefaults() Options {
	number := func(n *int, standard int) {
		if *n <= 0 {
			*n = standard
		}
	}
	timer := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
	}
	number(&o.Window, 10)
	number(&o.PeerWindow, 1000)
	number(&o.MaxUnsent, 256<<10)
	number(&o.MaxLate, 1024)
	timer(&o.SessionInitTimer, 10*time.Second)
	timer(&o.EnquireLinkTimer, 30*time.Second)
	timer(&o.InactivityTimer, 3*max(o.EnquireLinkTimer, 30*time.Second))
	timer(&o.ResponseTimer, time.Minute)
	timer(&o.PDUTimer, 5*time.Second)
	timer(&o.WriteTimer, 10*time.Second)
	timer(&o.DrainTimer, 5*time.Second)
	if o.FirstSequenceNumber == 0 || o.FirstSequenceNumber > smpp.MaxSequenceNumber {
		o.FirstSequenceNumber = 1
	}
	return o
}
