// Package smsir holds the words of the gateway and the state machine of a message.
//
// It is in charge of what a message, an attempt, a receipt, an inbound message, an event and a
// provider are, of the identifiers they carry, and of every move a message may make ([Transitions],
// [Message.Finish], [Message.Receipt], [Message.Tick] and their siblings). It does no I/O, reads no clock
// and holds no state of its own: the caller passes the time and stores the result.
//
// What it guarantees: a method that moves a message either makes one move of the transition table
// and returns the one event that tells of it, or leaves the message exactly as it was. A final
// message never moves again. Evidence may therefore come late, repeated or in any order.
//
// The rules are those of docs/delivery.md.
package smsir
