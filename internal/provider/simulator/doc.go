// Package simulator is in charge of a carrier that plays the outside world: it takes submissions, answers them, and
// hands in delivery reports and replies, as its table of numbers says (docs/simulator.md). Nothing reaches a phone.
//
// One [Carrier] serves an instance; [Kind] makes the kind of provider whose providers all hang on that carrier. The
// carrier remembers in a ledger of its own, a file of JSON lines, and shares nothing else with the gateway: what it
// took and what it reported is evidence apart from the gateway's database, for people and for oracles ([ReadLedger]).
//
// It is not in charge of rates (it takes whatever comes, at any speed), of routing, of retrying a submission or of
// noticing that one comes twice: it takes both and records both, as a carrier would.
//
// What it guarantees on failure: a submission stands in the ledger, synced to disk, before its answer leaves. A program
// killed between the two took the message, and the ledger says so. A report that the gateway did not acknowledge is
// handed in again, also after a restart; one that it acknowledged is handed in again only if the program dies before it
// could note that, or the power fails before the disk did. A submission that cannot be written to the ledger is not
// taken. After a crash the torn last line of the ledger is cut off, nothing else.
package simulator
