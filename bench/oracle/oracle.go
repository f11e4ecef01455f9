// Package oracle judges a gateway by evidence that it does not control: the ledger that a client kept of its requests and
// their answers, the ledger that the simulator kept of what reached it, and the rows of the database, read with plain SQL.
// It never reads the gateway's logs and calls none of its code but the words and the table of moves of package smsir.
//
// It is in charge of saying which of the invariants I1 to I10 and I12 of docs/delivery.md hold, with counts and with every
// fault named, and of the three numbers that matter most: messages lost, doubled and lied about. It is not in charge of
// making load or of ending the gateway.
//
// A verdict is about a gateway that has stopped, or that stands still: evidence that moves while it is read contradicts
// itself. On failure: evidence that cannot be read is an error; evidence that is there and says something impossible is a
// fault in the report.
package oracle

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/smsir/smsir"
)

// Evidence names the files that a verdict rests on.
type Evidence struct {
	Database  string   // smsir.db of the data folder
	Memory    bool     // Database is one in the memory of this process, as sqlite.Options.Memory makes it
	Postgres  string   // instead of Database: the address of a database in PostgreSQL
	Simulator string   // simulator.log of the data folder
	Carriers  []string // ledgers of carriers outside the gateway (package carrier)
	Client    string   // ledger of the client ([Ledger]); "": what needs it is not looked at
	Stream    string   // what a follower of the event stream got, one event id on a line; "": likewise
	// Now is when the gateway stood still. A deadline that lies before it by more than a minute was missed. Zero: now.
	Now time.Time
}

// Names of the checks, in the order of a report.
const (
	I1     = "I1"
	I2     = "I2"
	I3     = "I3"
	I4     = "I4"
	I5     = "I5"
	I6     = "I6"
	I7     = "I7"
	I8     = "I8"
	I9     = "I9"
	I10    = "I10"
	I12    = "I12"
	P10    = "P10"
	P11    = "P11"
	Stream = "stream"
	Counts = "counts"
	File   = "file"
)

// Check is one line of a report.
type Check struct {
	Name   string
	Title  string
	Looked int      // things that it looked at
	What   string   // what these things are
	Faults []string // what it found, in words; the first thousand
	More   int      // faults beyond those
	Absent bool     // there was no evidence to look at
}

// OK reports whether nothing is wrong.
func (c *Check) OK() bool { return len(c.Faults) == 0 }

// Report is a verdict.
type Report struct {
	Checks   []*Check
	Messages int // in the database
	Lost     int // accepted, and not in the database
	Doubled  int // taken by the provider more often than may be, or stored more than once for one key
	Lying    int // messages whose state contradicts the provider's ledger
	Unknown  int // unknown now, final or not
	Resolved int // were unknown once, and are not now

	Stopped  int // messages that became unknown because a run ended while it handed them over
	Reported int // of these, those about which a carrier has reported
	Prompt   int // of these, those that were told otherwise within a minute of the restart or of the report
}

// OK reports whether every check holds.
func (r *Report) OK() bool {
	for _, c := range r.Checks {
		if !c.OK() {
			return false
		}
	}
	return true
}

// Check finds a check by its name.
func (r *Report) Check(name string) *Check {
	for _, c := range r.Checks {
		if c.Name == name {
			return c
		}
	}
	panic("oracle: no check " + name)
}

// Summary is the closing line.
func (r *Report) Summary() string {
	return fmt.Sprintf("lost %d doubled %d lying %d unknown %d resolved %d", r.Lost, r.Doubled, r.Lying, r.Unknown, r.Resolved)
}

// shown is how many faults of a check WriteTo writes.
const shown = 10

// WriteTo writes the report for people: a line for each check, what is wrong below it, and the summary.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var n int64
	put := func(format string, args ...any) error {
		k, err := fmt.Fprintf(w, format, args...)
		n += int64(k)
		return err
	}
	for _, c := range r.Checks {
		verdict := "pass"
		switch {
		case !c.OK():
			verdict = "FAIL"
		case c.Absent:
			verdict = "none"
		}
		line := fmt.Sprintf("%-7s%s  %-66s %7d %s", c.Name, verdict, c.Title, c.Looked, c.What)
		if !c.OK() {
			line += fmt.Sprintf(", %d wrong", len(c.Faults)+c.More)
		}
		if err := put("%s\n", line); err != nil {
			return n, err
		}
		for i, f := range c.Faults {
			if i == shown {
				if err := put("         … and %d more\n", len(c.Faults)+c.More-shown); err != nil {
					return n, err
				}
				break
			}
			if err := put("         %s\n", f); err != nil {
				return n, err
			}
		}
	}
	return n, put("%s\n", r.Summary())
}

// Judge looks at the evidence. The error is about evidence that cannot be read; what is wrong with the gateway stands in
// the report.
func Judge(ctx context.Context, e Evidence) (*Report, error) {
	if e.Now.IsZero() {
		e.Now = time.Now()
	}
	c := newTrial(e)
	var err error
	if c.wire, err = readWire(e.Simulator, e.Carriers); err != nil {
		return nil, err
	}
	if e.Client != "" {
		if c.requests, err = readRequests(e.Client); err != nil {
			return nil, err
		}
	}
	if e.Stream != "" {
		if c.stream, err = readStream(e.Stream); err != nil {
			return nil, err
		}
	}
	if err := c.readDatabase(ctx, &e); err != nil {
		return nil, err
	}
	c.identify()
	c.judge()
	return c.report, nil
}

// trial holds all evidence about one gateway.
type trial struct {
	now    time.Time
	report *Report
	checks map[string]*Check
	lied   map[smsir.ID]bool

	wire     *wire
	requests []*request
	hasAsked bool
	stream   []smsir.ID
	followed bool

	messages    map[smsir.ID]*message
	order       []*message // by id
	byMark      map[string][]*message
	attempts    map[smsir.ID]*attempt
	events      int
	ids         []event // of every event, in the order of ids
	receipts    map[receiptKey]bool
	inbound     map[reference]bool
	idempotency map[string][]record // by key
	counts      map[bucket]int64
	entries     []creditLine // of the credit ledger
	credits     map[smsir.UUID]standing
	running     map[int64]bool // runs of nodes that have not ended
	shared      bool           // several nodes may use the database
	integrity   []string
}

func newTrial(e Evidence) *trial {
	c := &trial{now: e.Now, report: &Report{}, checks: map[string]*Check{}, lied: map[smsir.ID]bool{}, hasAsked: e.Client != "", shared: e.Postgres != "", followed: e.Stream != ""}
	for _, k := range []Check{
		{Name: I1, Title: "what was accepted is on disk, whole; what was refused is not", What: "answers", Absent: !c.hasAsked},
		{Name: I2, Title: "every message has ended or has a deadline ahead", What: "messages"},
		{Name: I3, Title: "the intent was on disk before the hand-over, once an attempt", What: "hand-overs"},
		{Name: I4, Title: "a further attempt only on proof, or labelled a possible duplicate", What: "attempts"},
		{Name: I5, Title: "what is final never changes", What: "final messages"},
		{Name: I6, Title: "only moves of the table", What: "moves"},
		{Name: I7, Title: "a receipt or reply was stored before it was acknowledged", What: "acknowledgements"},
		{Name: I8, Title: "no state contradicts what the provider did", What: "messages"},
		{Name: I9, Title: "one message for each key, and the same answer every time", What: "keys", Absent: !c.hasAsked},
		{Name: I10, Title: "the credit ledger adds up, and no message is charged twice", What: "messages"},
		{Name: I12, Title: "events without gap, one for each change", What: "events"},
		{Name: P10, Title: "nothing leaves after its validity", What: "hand-overs"},
		{Name: P11, Title: "nothing leaves before its time", What: "hand-overs"},
		{Name: Stream, Title: "the follower got every event once, in order", What: "events", Absent: !c.followed},
		{Name: Counts, Title: "the hourly counts agree with the messages", What: "counts"},
		{Name: File, Title: "the database file is sound", What: "files", Absent: e.Postgres != ""},
	} {
		check := k
		c.checks[k.Name] = &check
		c.report.Checks = append(c.report.Checks, &check)
	}
	return c
}

// maxFaults bounds what a report keeps of one check.
const maxFaults = 1000

func (c *trial) fault(name, format string, args ...any) {
	k := c.checks[name]
	if len(k.Faults) == maxFaults {
		k.More++
		return
	}
	k.Faults = append(k.Faults, fmt.Sprintf(format, args...))
}

func (c *trial) looked(name string, n int) { c.checks[name].Looked += n }

func (c *trial) judge() {
	c.report.Messages = len(c.order)
	c.judgeFile()
	c.judgeRequests()
	c.judgeKeys()
	for _, m := range c.order {
		c.judgeEnd(m)
		c.judgeAttempts(m)
		c.judgeStory(m)
		c.judgeTruth(m)
		c.judgePromptness(m)
	}
	c.judgeWire()
	c.judgeReports()
	c.judgeCounts()
	c.judgeCredit()
	c.judgeOrphans()
	c.judgeStream()
	c.report.Lying = len(c.lied)
}

func msg(id smsir.ID) string { return id.Format(smsir.PrefixMessage) }
func att(id smsir.ID) string { return id.Format(smsir.PrefixAttempt) }
