package simulator

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/smsir/smsir"
)

// Options are the settings of a [Carrier]; the zero value is good.
type Options struct {
	// Seed decides every random choice, together with the id of the attempt.
	Seed uint64
	// Now is the wall clock; nil: time.Now.
	Now func() time.Time
	// ResponseTimer is how long a submission waits for the carrier's answer; 0: 2 s.
	ResponseTimer time.Duration
	// Answer is the time from a submission to its answer; zero: 20 to 80 ms.
	Answer Range
	// Report is the time from the answer to the receipt; zero: 0.5 to 3 s.
	Report Range
	// Gather is how long a submission waits for others to share its sync of the ledger; 0: not at all. It spares the
	// disk of a gateway on the same machine.
	Gather time.Duration
	// Log takes what people should know of the carrier itself; nil: nothing.
	Log *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ResponseTimer == 0 {
		o.ResponseTimer = 2 * time.Second
	}
	if o.Answer == (Range{}) {
		o.Answer = Range{20 * time.Millisecond, 80 * time.Millisecond}
	}
	if o.Report == (Range{}) {
		o.Report = Range{500 * time.Millisecond, 3 * time.Second}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// Carrier is the outside world of one instance. Safe for concurrent use. What it keeps in memory is what it still owes,
// a bounded memory of recent attempts and refused messages, and 24 bytes for every 256 KiB of ledger.
type Carrier struct {
	opt     Options
	table   []script
	journal *journal

	mu       sync.Mutex
	accounts map[smsir.UUID]*account // by provider
	seen     *counter                // submissions taken, by attempt
	refusals *counter                // submissions refused, by message
}

// Memories of the carrier, in entries. An attempt that is submitted again after so many others gets the reference of its
// first submission again; a message that is tried again after so many others were refused is refused anew.
const (
	seenLimit     = 1 << 16
	refusalsLimit = 1 << 14
)

// reportLife is how long after its time a report is still handed in, as a carrier gives up on one some day.
const reportLife = 7 * 24 * time.Hour

// OpenCarrier opens the carrier whose ledger is the file at path, and makes the file if it is not there; the folder
// must be. It goes on where the ledger ends: what was owed is owed. A torn last line is cut off and logged. It fails
// with a [*DamageError] where a whole line is not one of a ledger, or when the file cannot be used. One carrier at a
// time may have a ledger open.
func OpenCarrier(path string, opt Options) (*Carrier, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	c := &Carrier{
		opt: opt.withDefaults(), table: scripts(), journal: &journal{file: f, gather: opt.Gather}, accounts: map[smsir.UUID]*account{},
		seen: newCounter(seenLimit), refusals: newCounter(refusalsLimit),
	}
	if err := c.replay(f, path); err != nil {
		_ = f.Close()
		return nil, err
	}
	return c, nil
}

// Close waits for what is being written and closes the ledger. Submissions that come later are not taken; end the
// providers' Run before it, or what they hand in meanwhile is handed in again after the next start.
func (c *Carrier) Close() error {
	if err := c.journal.close(); err != nil {
		return fmt.Errorf("closing the simulator's ledger: %w", err)
	}
	return nil
}

// replay builds the memory from the ledger. Lines are scanned, not decoded, except those that still owe something.
func (c *Carrier) replay(f *os.File, path string) error {
	type debt struct {
		text  []byte
		owes  int
		acked map[string]bool // by the copy of a receipt; "" is the reply
		line  int
	}
	debts := map[string]*debt{} // by reference
	end, err := eachLine(f, func(n int, _ int64, text []byte) error {
		kind := kindOf(text)
		var attempt smsir.ID
		var err error
		if id := valueOf(text, "attempt"); id != "" {
			attempt, err = smsir.ParseID(smsir.PrefixAttempt, id)
		}
		if kind == "" || err != nil {
			return &DamageError{path, n, errors.New("it is not a line of a ledger")}
		}
		reference := valueOf(text, "reference")
		if kind == SubmissionEntry {
			c.journal.note(span{min: attempt, max: attempt}, int64(len(text)+1))
			if Verdict(valueOf(text, "verdict")) != Accepted {
				message, err := smsir.ParseID(smsir.PrefixMessage, valueOf(text, "message"))
				if err == nil {
					c.refusals.add(message)
				}
				return nil
			}
			c.seen.add(attempt)
			if owes := countOf(text, "owes"); owes > 0 {
				debts[reference] = &debt{text: append([]byte(nil), text...), owes: owes, acked: map[string]bool{}, line: n}
			}
			return nil
		}
		c.journal.note(span{}, int64(len(text)+1))
		if d := debts[reference]; d != nil {
			d.acked[reportKey(kind, countOf(text, "copy"))] = true
			if len(d.acked) >= d.owes {
				delete(debts, reference)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := c.cutTail(f, end); err != nil {
		return err
	}

	now, dropped := c.opt.Now(), 0
	for _, d := range debts {
		e, err := decode(d.text)
		if err != nil {
			return &DamageError{path, d.line, err}
		}
		for _, r := range reportsOf(&e) {
			switch {
			case d.acked[reportKey(r.kind, r.copy)]:
			case now.Sub(r.due) > reportLife:
				dropped++
			default:
				c.account(e.Provider).push(r)
			}
		}
	}
	if dropped > 0 {
		c.opt.Log.Info("reports of the simulator are too old to hand in", "reports", dropped)
	}
	return nil
}

// cutTail cuts off what stands behind the last whole line: a program was killed while it wrote.
func (c *Carrier) cutTail(f *os.File, end int64) error {
	info, err := f.Stat()
	if err != nil {
		return fmt.Errorf("opening the simulator's ledger: %w", err)
	}
	if info.Size() == end {
		return nil
	}
	if err := f.Truncate(end); err != nil {
		return fmt.Errorf("cutting off the torn last line of the simulator's ledger: %w", err)
	}
	c.opt.Log.Warn("cut off a torn last line of the simulator's ledger", "bytes", info.Size()-end)
	return nil
}

// account is what the carrier keeps for one provider.
func (c *Carrier) account(provider smsir.UUID) *account {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.accounts[provider]
	if a == nil {
		a = &account{wake: make(chan struct{}, 1)}
		c.accounts[provider] = a
	}
	return a
}

// judge decides what becomes of a submission. The decision counts at once; unjudge takes it back.
func (c *Carrier) judge(u *upstream, s *smsir.Submission) (*Entry, *script) {
	now := c.opt.Now().UTC().Truncate(time.Millisecond)
	sum := sha256.Sum256([]byte(s.Text))
	e := &Entry{
		Kind: SubmissionEntry, At: now, Provider: u.id, Attempt: s.Attempt, Message: s.Message, To: clip(s.To), From: clip(s.From),
		TextSHA256: hex.EncodeToString(sum[:]), TextLength: utf8.RuneCountInString(s.Text), Encoding: s.Encoding.String(),
		Segments: s.Segments, Verdict: Accepted,
	}
	k := scriptOf(c.table, s.To)
	repeat, refused := 0, false
	c.mu.Lock()
	if k.refusals > 0 && c.refusals.count(s.Message) < k.refusals {
		c.refusals.add(s.Message)
		refused = true
	} else {
		repeat = c.seen.count(s.Attempt)
		c.seen.add(s.Attempt)
	}
	c.mu.Unlock()

	d := drawsOf(u.seed, s.Attempt, repeat)
	e.AnswerAfter = d.within(drawAnswer, orElse(k.answer, u.answer))
	if e.Silent = k.silent || e.AnswerAfter >= c.opt.ResponseTimer; e.Silent {
		e.AnswerAfter = c.opt.ResponseTimer
	}
	if refused {
		e.Verdict, e.Code = k.refusal.verdict, k.refusal.wireCode
		return e, k
	}
	e.Reference = fmt.Sprintf("sim-%016x", d.number(drawReference))
	c.plan(e, k, d, u, s.Text)
	return e, k
}

// plan writes into e what the carrier will do with a message that it took.
func (c *Carrier) plan(e *Entry, k *script, d draws, u *upstream, text string) {
	if e.Mute = k.mute; e.Mute {
		return
	}
	e.Report, e.Copies = k.status, k.copies
	e.ReportAt = e.At.Add(e.AnswerAfter + d.within(drawReport, orElse(k.report, u.report)))
	if k.early {
		e.Silent, e.AnswerAfter = false, min(earlyAnswer, c.opt.ResponseTimer*3/4)
		e.ReportAt = e.At.Add(earlyReport)
	}
	e.Owes = e.Copies
	if k.reply != (Range{}) {
		e.ReplyAt = e.ReportAt.Add(d.within(drawReply, k.reply))
		e.ReplyText = "Reply to: " + excerpt(text)
		e.InboundReference = fmt.Sprintf("sim-in-%016x", d.number(drawReplyReference))
		e.Owes++
	}
}

// unjudge takes back what judge counted for an entry that is not in the ledger.
func (c *Carrier) unjudge(e *Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.Verdict == Accepted {
		c.seen.drop(e.Attempt)
	} else {
		c.refusals.drop(e.Message)
	}
}

func orElse(r, other Range) Range {
	if r == (Range{}) {
		return other
	}
	return r
}

// excerpt is the start of a text.
func excerpt(text string) string {
	n := 0
	for i := range text {
		if n == replyExcerpt {
			return text[:i] + "…"
		}
		n++
	}
	return text
}

// clip bounds an address, so that no submission makes a line that is too long.
func clip(address string) string {
	if len(address) > 64 {
		return strings.ToValidUTF8(address[:64], "")
	}
	return address
}

// counter counts by id, for the most recent ids only.
type counter struct {
	counts map[smsir.ID]int
	recent []smsir.ID // a ring; each id of counts stands in it once, dropped ones too
	next   int
}

func newCounter(limit int) *counter {
	return &counter{counts: map[smsir.ID]int{}, recent: make([]smsir.ID, limit)}
}

func (c *counter) count(id smsir.ID) int { return c.counts[id] }

func (c *counter) add(id smsir.ID) {
	if _, known := c.counts[id]; !known {
		delete(c.counts, c.recent[c.next])
		c.recent[c.next] = id
		c.next = (c.next + 1) % len(c.recent)
	}
	c.counts[id]++
}

func (c *counter) drop(id smsir.ID) { c.counts[id] = max(c.counts[id]-1, 0) }
