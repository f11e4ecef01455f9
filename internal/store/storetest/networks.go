package storetest

import (
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// testReportNetworks: the network that a report names is kept with the message, whichever of its reports it is and however it
// came; and where no event tells of it, its hour is counted anew.
func testReportNetworks(b *bench) {
	hour := b.at
	delivered := func(reference, network string) smsir.Receipt {
		return smsir.Receipt{Reference: reference, Status: smsir.Delivered, Network: network}
	}
	send := func(reference string) *smsir.Message {
		m := b.accept(true, b.message())[0]
		b.finish(b.mustIntend(m), m.ID, accepted(reference))
		return m
	}
	network := func(name string, m *smsir.Message, final bool, want string) {
		b.Helper()
		status := smsir.Sent
		if final {
			status = smsir.Delivered
		}
		if got := b.state(m.ID, status, final).Network; got != want {
			b.Errorf("%s: network %q, want %q", name, got, want)
		}
	}
	usual := send("usual")
	b.receipt(store.ReceiptApplied, delivered("usual", "63902"))
	network("with the delivery", usual, true, "63902")

	silent := send("silent")
	b.receipt(store.ReceiptApplied, delivered("silent", ""))
	network("never told", silent, true, "")

	before := send("before")
	b.receipt(store.ReceiptNoted, smsir.Receipt{Reference: "before", Status: smsir.Sent, Network: "63903"})
	network("before the delivery", before, false, "63903")
	b.receipt(store.ReceiptApplied, delivered("before", ""))
	network("told earlier", before, true, "63903")

	overtaken := b.accept(true, b.message())[0]
	attempt := b.mustIntend(overtaken)
	b.receipt(store.ReceiptParked, delivered("overtaken", "310260"))
	b.finish(attempt, overtaken.ID, accepted("overtaken"))
	network("before the answer", overtaken, true, "310260")

	rows := map[string]int{}
	must(b.T, "ReportMessages", b.st.ReportMessages(ctx, b.ws, hour, func(r *store.ReportRow) error {
		rows[r.Network]++
		return nil
	}))
	same(b.T, "networks of the hour", rows, map[string]int{"63902": 1, "": 1, "63903": 1, "310260": 1})

	b.markReports(1, 100)
	b.put(b.marks()[0], true)
	again := smsir.Receipt{Reference: "silent", Status: smsir.Delivered, Code: "again", Network: "00101"}
	b.receipt(store.ReceiptNoted, again)
	network("after the end", silent, true, "00101")
	if marks := b.marks(); len(marks) != 1 || !marks[0].Hour.Equal(silent.ID.Time().Truncate(time.Hour)) {
		b.Fatalf("after a network that no event tells: marks %+v, want the message's hour", marks)
	}
	b.markReports(1, 100)
	b.put(b.marks()[0], true)
	again.Code = "once more"
	b.receipt(store.ReceiptNoted, again)
	if marks := b.marks(); len(marks) != 0 {
		b.Fatalf("after a network that is known: marks %+v, want none", marks)
	}
}
