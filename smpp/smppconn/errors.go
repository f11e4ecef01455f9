package smppconn

import (
	"errors"
	"fmt"

	"github.com/smsir/smsir/smpp"
)

// Why a session ended or a request has no response. They are in the chains of what [Conn.Run] and [CallError] tell.
var (
	// ErrClosed: the connection was closed by this side.
	ErrClosed = errors.New("the connection is closed")
	// ErrPeerClosed: the peer closed the connection without an unbind.
	ErrPeerClosed = errors.New("the peer closed the connection")
	// ErrUnbound: one of the sides said unbind.
	ErrUnbound = errors.New("the session is unbound")
	// ErrSessionInitTimer: nobody bound in time.
	ErrSessionInitTimer = errors.New("no bind before the session init timer ended")
	// ErrInactivityTimer: nothing came, not even an answer to enquire_link.
	ErrInactivityTimer = errors.New("nothing came before the inactivity timer ended")
	// ErrResponseTimer: no response came in time. It may still come: see [Call.Late].
	ErrResponseTimer = errors.New("no response before the response timer ended")
	// ErrPDUTimer: a PDU began and was not whole in time.
	ErrPDUTimer = errors.New("a PDU was not whole before the PDU timer ended")
	// ErrState: the state of the session forbids the command.
	ErrState = errors.New("not allowed in this state of the session")
	// ErrFaults: the peer sent too many PDUs in a row that could not be read.
	ErrFaults = errors.New("too many malformed PDUs")
	// ErrBindRefused: the peer's bind was refused.
	ErrBindRefused = errors.New("the bind was refused")
	// ErrForgotten: too many requests were without response for too long.
	ErrForgotten = errors.New("too many responses are late; this one is no longer waited for")
	// ErrAnswered: the request has its response already, or is of a kind that gets none.
	ErrAnswered = errors.New("the request has its response already")
)

// CallError says why a request has no response.
type CallError struct {
	Command smpp.CommandID
	Written bool // false proves that no octet of the request has left; true proves nothing
	Err     error
}

// Error names the request, the reason, and what is known about its octets.
func (e *CallError) Error() string {
	known := "nothing of it was written"
	if e.Written {
		known = "the peer may have it"
	}
	return fmt.Sprintf("smppconn: %s: %v (%s)", e.Command, e.Err, known)
}

// Unwrap gives the reason.
func (e *CallError) Unwrap() error { return e.Err }

// BindError says that the SMSC refused to bind.
type BindError struct {
	Status smpp.CommandStatus
	Text   string // additional_status_info_text, "" if there is none
}

// Error names the error code and what the SMSC says about it.
func (e *BindError) Error() string {
	s := fmt.Sprintf("smppconn: the bind was refused: %s (%s)", e.Status, e.Status.Text())
	if e.Text != "" {
		s += ": " + e.Text
	}
	return s
}
