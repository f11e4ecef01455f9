// Package failpoint marks the places in the program at which a process may die, so that a test can kill it exactly there:
// before a commit, behind it, in the middle of a request to a provider.
//
// A build without the tag "failpoints", and that is every build people get, has nothing of it: [Hit] is empty and costs
// nothing. With the tag, the variable FAILPOINT arms one point ("intent.after", or "intent.after:7" for the seventh
// time that it is passed), and the process that passes it is killed with SIGKILL: nothing is flushed, closed or told.
package failpoint

// Point is the name of a place. Behind each stands its kill point in docs/delivery.md, "Intent before the wire".
type Point string

// The places, by the way of a message.
const (
	StartMigrate   Point = "migrate.before" // K11: the schema is about to be brought up to date
	StartMigration Point = "migrate.mid"    // K11: one migration of several is done; first start only
	StartMigrated  Point = "migrate.after"  // K11
	StartOwner     Point = "start.owner"    // this run is an owner of messages
	RecoverBefore  Point = "recover.before" // K14: what an earlier run left is about to be taken over
	RecoverMid     Point = "recover.mid"    // K14: a part of it is
	RecoverAfter   Point = "recover.after"  // K14

	CommitBefore Point = "commit.before" // a group commit, whatever is in it
	CommitAfter  Point = "commit.after"

	AcceptBefore Point = "accept.before" // K0, one message
	AcceptTx     Point = "accept.tx"     // K0: rows are written, the record of the key is not
	AcceptAfter  Point = "accept.after"  // K1
	BatchBefore  Point = "batch.before"  // K0, many
	BatchAfter   Point = "batch.after"   // K1
	AnswerBefore Point = "answer.before" // K1: handed to the dispatcher, the client not answered

	TickBefore    Point = "tick.before"    // schedules, validity, deadlines
	TickAfter     Point = "tick.after"     //
	ClaimBefore   Point = "claim.before"   //
	ClaimAfter    Point = "claim.after"    // K2
	ReleaseBefore Point = "release.before" // messages in memory are about to go back to the queue
	ReleaseAfter  Point = "release.after"

	IntentBefore  Point = "intent.before" // K2
	IntentTx      Point = "intent.tx"     // the message is sending, the attempt is not there
	IntentAfter   Point = "intent.after"  // K3
	SendBefore    Point = "send.before"   // K3, any provider
	WireBefore    Point = "wire.before"   // K3, HTTP
	WireMid       Point = "wire.mid"      // K4: half of what is written is written
	WireAfter     Point = "wire.after"    // K5: all of it, and no answer yet
	WireAnswered  Point = "wire.answered" // K6: the answer is read
	SendAfter     Point = "send.after"    // K6, any provider
	OutcomeBefore Point = "outcome.before"
	OutcomeTx     Point = "outcome.tx" // the message has moved, the attempt has not ended
	OutcomeAfter  Point = "outcome.after"
	LookBefore    Point = "look.before" // an unknown outcome is about to be looked up
	LookAfter     Point = "look.after"  // the provider has told, nothing is stored

	FanoutBefore Point = "fanout.before" // K7: events are read, nobody has them
	FanoutAfter  Point = "fanout.after"

	CallbackBefore Point = "callback.before" // K8: a provider's call is read
	ReceiptBefore  Point = "receipt.before"  // K8
	ReceiptTx      Point = "receipt.tx"      // the receipt is in, the message has not moved
	ReceiptAfter   Point = "receipt.after"   // K9
	InboundBefore  Point = "inbound.before"  // K8
	InboundTx      Point = "inbound.tx"      // the message is in, its event is not
	InboundAfter   Point = "inbound.after"   // K9
	CallbackAfter  Point = "callback.after"  // K9: stored, not acknowledged

	HookSpread Point = "hook.spread" // events are about to become deliveries
	HookBefore Point = "hook.before" // a delivery is leased, not posted
	HookAfter  Point = "hook.after"  // K10: posted, not marked

	CancelBefore Point = "cancel.before"
	CancelTx     Point = "cancel.tx"
	CancelAfter  Point = "cancel.after"

	SweepBefore Point = "sweep.before" // K12
	SweepTx     Point = "sweep.tx"     // K12
	SweepAfter  Point = "sweep.after"  // K12
	DrainBefore Point = "drain.before" // an orderly stop begins
	DrainAfter  Point = "drain.after"  // hand-overs have ended, the store is open
)

// Points lists them all.
func Points() []Point {
	return []Point{
		StartMigrate, StartMigration, StartMigrated, StartOwner, RecoverBefore, RecoverMid, RecoverAfter, CommitBefore, CommitAfter,
		AcceptBefore, AcceptTx, AcceptAfter, BatchBefore, BatchAfter, AnswerBefore, TickBefore, TickAfter, ClaimBefore, ClaimAfter,
		ReleaseBefore, ReleaseAfter, IntentBefore, IntentTx, IntentAfter, SendBefore, WireBefore, WireMid, WireAfter, WireAnswered, SendAfter,
		OutcomeBefore, OutcomeTx, OutcomeAfter, LookBefore, LookAfter, FanoutBefore, FanoutAfter, CallbackBefore, ReceiptBefore, ReceiptTx,
		ReceiptAfter, InboundBefore, InboundTx, InboundAfter, CallbackAfter, HookSpread, HookBefore, HookAfter, CancelBefore, CancelTx, CancelAfter, SweepBefore, SweepTx,
		SweepAfter, DrainBefore, DrainAfter,
	}
}
