// Package smppconn keeps one SMPP connection, on either side: as the ESME that binds and submits, or as the SMSC that is
// bound to.
//
// It is in charge of the session: binding and unbinding, which command may be sent in which state ([Allowed]), sequence
// numbers, the window, the timers, answering what needs no thought (enquire_link, what could not be read, what the state
// forbids), and joining responses to requests. It is not in charge of listening, of connecting again, of who may bind,
// nor of what messages say.
//
// # Use
//
// [New] takes a connection that is open already ([Dial] opens one, with TLS or without). [Conn.Run] reads it until it
// ends; everything else may be called by any number of goroutines while Run runs. An ESME calls [Conn.Bind]; an SMSC
// decides about binds in [Options.OnBind]. Requests of the peer come to [Options.Handle] in the order of their arrival,
// and are answered with [Request.Respond], at once or later, in any order.
//
// # The window
//
// A slot of the window is reserved before a request is written and free again when its response is there, or when the
// response timer ends. [Conn.Reserve] takes the slot alone, so that what must be on disk before the first octet leaves
// can be stored in between; [Conn.Request] does all in one.
//
// # What is known about a request without response
//
// A [*CallError] says whether any octet of the request may have left. Written = false is a proof: the request was still
// in the queue when it was given up, or the system took none of its octets. Written = true proves nothing: the peer may
// have it or not. A response that comes after the response timer is not lost while the session lives: [Call.Late] waits
// for it.
//
// # Guarantees
//
// A session that has ended leaves no goroutine behind and no call without result. Responses to nothing, second responses
// and those of another command are counted and dropped. A peer cannot make the connection hold more than its window of
// unanswered requests, nor more unsent octets than [Options] allows; before it has bound it gets [smpp.MaxLengthBeforeBind]
// octets a PDU and the session init timer, which no trickle of octets prolongs. Within a session, a PDU that has begun
// must be whole when the PDU timer ends. Nothing panics because of what a peer sends.
//
// # Speed
//
// Requests and responses are encoded into one buffer, and one write carries all that has gathered there: the busier the
// connection, the more PDUs a system call. See the benchmarks for figures.
//
// Timers are named as in SMPP 3.4 §7.2, states as in §2.2.
package smppconn
