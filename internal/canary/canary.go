// Package canary holds the names of bugs that are put in on purpose, to prove that the tests which promise to find such bugs
// do find them: a suite that lets one live proves nothing (scripts/canaries.sh).
//
// A build without the tag "canaries", and that is every build people get, has none of them: [On] is false and the compiler
// drops what hangs on it. With the tag, the variable CANARY names the one bug that the process has.
package canary

// Bug is the name of one.
type Bug string

// The bugs.
const (
	NoSync          Bug = "no-sync"          // commits are not synced to disk, and nobody checks
	AckEarly        Bug = "ack-early"        // an accept is answered before its commit
	IntentLate      Bug = "intent-late"      // the wire is written before the intent is committed
	GlobalReceipts  Bug = "global-receipts"  // a receipt matches the message of another provider
	RetryTimeout    Bug = "retry-timeout"    // silence is taken for a refusal
	ValidityWraps   Bug = "validity-wraps"   // a validity of a day or more loses its days
	CancelUnguarded Bug = "cancel-unguarded" // what is being sent is told as canceled
	NoReplay        Bug = "no-replay"        // an idempotency key is not looked up
	KeyOutside      Bug = "key-outside"      // the record of a key has a transaction of its own
	OverFinal       Bug = "over-final"       // a receipt changes a message that has ended
	StopUnchecked   Bug = "stop-unchecked"   // opt-outs are not looked at in the intent
	SequenceGap     Bug = "sequence-gap"     // an event is not stored
	LeaseIgnored    Bug = "lease-ignored"    // a node hands over although its lease is over
	BuriedAlive     Bug = "buried-alive"     // a node whose lease is not over is taken for gone
)

// Bugs lists them all.
func Bugs() []Bug {
	return []Bug{
		NoSync, AckEarly, IntentLate, GlobalReceipts, RetryTimeout, ValidityWraps, CancelUnguarded, NoReplay, KeyOutside, OverFinal,
		StopUnchecked, SequenceGap, LeaseIgnored, BuriedAlive,
	}
}
