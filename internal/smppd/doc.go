// Package smppd is the door for customers who speak SMPP: our own SMSC.
//
// It is in charge of listening (TLS as soon as there is an account, plain only where the settings allow it), of who may bind
// and how fast they may submit, of turning submit_sm and data_sm into messages, of answering query_sm and cancel_sm, and of
// bringing receipts and messages from handsets to the ESME that they belong to. It is not in charge of what happens to a
// message: that is packages accept and dispatch; nor of PDUs and sessions: those are smpp and smppconn.
//
// What it guarantees: a submit_sm is answered with ESME_ROK after the message, or the part of a long one, is on disk, and
// with an error only if nothing was kept. If nobody can know whether it was stored, the session is closed without an
// answer. A receipt or message from a handset is on disk from the commit that it tells of until the ESME has answered it,
// for at most 72 hours; it may come twice, never out of another workspace or account. What a part of a long message was
// answered with ESME_ROK for gets a receipt, if one was asked for, even if the rest never comes.
//
// A stranger gets 256 octets a PDU and ten seconds to bind; wrong passwords are slowed down by address, and the answer does
// not tell whether the system id exists.
package smppd
