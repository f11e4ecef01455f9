// Package carrier is a carrier outside the gateway: a server with the faces of several providers' HTTP interfaces, which
// takes submissions, answers them well or badly, reports what became of them, and writes down what really reached it.
//
// It is in charge of evidence and of malice: its ledger ([ReadLedger]) is what an oracle holds a gateway's claims against,
// and its faults ([Fault]) are what carriers and networks do on bad days, chosen by recipient or by chance, and changeable
// while it runs. It shares no code with the gateway's adapters, nor with its counting of segments. It is no model of any
// provider's prices, rules or limits.
//
// What it guarantees on failure: a submission stands in the ledger, synced to disk, before the first byte of an answer
// leaves; a report that was not acknowledged is handed in again until Close. Its memory does not survive it: what it owed
// when it ended is owed no more.
package carrier
