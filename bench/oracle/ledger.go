package oracle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

// Op is what a client asks for.
type Op string

// What a client may ask for.
const (
	Send   Op = "send"   // POST /v1/messages
	Batch  Op = "batch"  // POST /v1/batches
	Cancel Op = "cancel" // POST /v1/messages/{id}/cancel
)

// MarkName is the name in a message's metadata under which a client puts the mark of the row, by which the oracle
// recognises what it asked for: unique over the whole ledger. What comes over SMPP has no metadata: its mark is its text.
const MarkName = "mark"

// Row is one message that a client asks for.
type Row struct {
	Mark string `json:"mark"`
	To   string `json:"to"` // E.164
	Text string `json:"text"`
}

// Ask is one try of a request, written before its first byte leaves. All tries of a request have its number, key and rows.
type Ask struct {
	Request int    `json:"request"` // from 1
	Try     int    `json:"try"`     // from 1
	Op      Op     `json:"op"`
	Key     string `json:"key,omitempty"`    // Idempotency-Key; "": none
	Rows    []Row  `json:"rows,omitempty"`   // of a send (one) or a batch
	Target  string `json:"target,omitempty"` // of a cancel: msg_…
}

// Answer is what came back for one try. A try without an answer in the ledger, or with Status 0, got none.
type Answer struct {
	Request  int      `json:"request"`
	Try      int      `json:"try"`
	Status   int      `json:"status"` // of HTTP; 0: the connection broke first
	Replayed bool     `json:"replayed,omitempty"`
	Messages []string `json:"messages,omitempty"` // msg_…, in the order of the rows
	Code     string   `json:"code,omitempty"`     // of a problem
	Result   string   `json:"result,omitempty"`   // of a cancel
}

// entry is a line of the ledger.
type entry struct {
	At     time.Time `json:"at"`
	Ask    *Ask      `json:"ask,omitempty"`
	Answer *Answer   `json:"answer,omitempty"`
}

// Ledger is the append-only record that a client keeps: JSON lines. It is safe for concurrent use.
type Ledger struct {
	mu sync.Mutex
	w  io.Writer
}

// NewLedger returns a ledger that appends to w, a line with each call of Write.
func NewLedger(w io.Writer) *Ledger { return &Ledger{w: w} }

// Ask notes what is about to be sent.
func (l *Ledger) Ask(a Ask) error { return l.append(entry{At: time.Now().UTC(), Ask: &a}) }

// Answer notes what came back.
func (l *Ledger) Answer(a Answer) error { return l.append(entry{At: time.Now().UTC(), Answer: &a}) }

func (l *Ledger) append(e entry) error {
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.w.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("client's ledger: %w", err)
	}
	return nil
}

// CopyLedger copies the lines of a ledger that were written before a moment: what a client knew then.
func CopyLedger(to, from string, before time.Time) error {
	all, err := os.ReadFile(from) //nolint:gosec // a ledger
	if err != nil {
		return fmt.Errorf("client's ledger: %w", err)
	}
	var kept []byte
	for line := range bytes.Lines(all) {
		var e struct {
			At time.Time `json:"at"`
		}
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("client's ledger %s: %w", from, err)
		}
		if e.At.Before(before) {
			kept = append(kept, line...)
		}
	}
	return os.WriteFile(to, kept, 0o600)
}

// request is all tries of one request.
type request struct {
	Ask
	tries   int
	answers []Answer
}

// refused reports whether every try was answered, and each with a refusal after which nothing may be stored.
func (r *request) refused() bool {
	for _, a := range r.answers {
		if a.Status < 400 || a.Status >= 500 && a.Status != 507 {
			return false
		}
	}
	return len(r.answers) == r.tries
}

func (a *Answer) success() bool { return a.Status >= 200 && a.Status < 300 }

// readRequests reads a client's ledger.
func readRequests(path string) ([]*request, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("client's ledger: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	byNumber := map[int]*request{}
	var all []*request
	dec := json.NewDecoder(bufio.NewReaderSize(f, 1<<20))
	for line := 1; ; line++ {
		var e entry
		if err := dec.Decode(&e); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("client's ledger %s, line %d: %w", path, line, err)
		}
		switch {
		case e.Ask != nil:
			r := byNumber[e.Ask.Request]
			if r == nil {
				r = &request{Ask: *e.Ask}
				byNumber[e.Ask.Request] = r
				all = append(all, r)
			}
			r.tries++
		case e.Answer != nil:
			r := byNumber[e.Answer.Request]
			if r == nil {
				return nil, fmt.Errorf("client's ledger %s, line %d: an answer to request %d, which nobody asked", path, line, e.Answer.Request)
			}
			r.answers = append(r.answers, *e.Answer)
		default:
			return nil, fmt.Errorf("client's ledger %s, line %d: neither ask nor answer", path, line)
		}
	}
}

// readStream reads what a follower got: one event id on a line.
func readStream(path string) ([]smsir.ID, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("follower's ledger: %w", err)
	}
	defer f.Close() //nolint:errcheck // only read
	var all []smsir.ID
	in := bufio.NewScanner(f)
	for in.Scan() {
		id, err := smsir.ParseID(smsir.PrefixEvent, in.Text())
		if err != nil {
			return nil, fmt.Errorf("follower's ledger %s: %w", path, err)
		}
		all = append(all, id)
	}
	return all, in.Err()
}
