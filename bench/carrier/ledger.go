package carrier

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"time"
)

// Kind says what a line of the ledger tells of.
type Kind string

// Kinds of entry.
const (
	Submission Kind = "submission" // one that reached the carrier
	Report     Kind = "report"     // a delivery report that is about to be handed in for the first time
	ReportAck  Kind = "report_ack" // the gateway acknowledged it
	Reply      Kind = "reply"      // a message from a handset, likewise
	ReplyAck   Kind = "reply_ack"
)

// Verdict is what the carrier made of a submission.
type Verdict string

// Verdicts.
const (
	Accepted Verdict = "accepted" // it took the message, whether or not its answer left
	Refused  Verdict = "refused"  // its answer, if one leaves, says that it did not
	Repeated Verdict = "repeated" // it had taken the same key before, and took nothing now
)

// Entry is one line of the ledger. Kind, At and Face are always set, the rest as noted.
type Entry struct {
	Kind Kind      `json:"kind"`
	At   time.Time `json:"at"`
	Face string    `json:"face"`
	// Reference is the carrier's id of the message, where it took one.
	Reference string `json:"reference,omitempty"`

	// Of a submission.
	Account    string  `json:"account,omitempty"` // who logged in
	Key        string  `json:"key,omitempty"`     // what the client planted to know the attempt by, if the face has a place for it
	To         string  `json:"to,omitempty"`      // E.164
	From       string  `json:"from,omitempty"`
	TextSHA256 string  `json:"text_sha256,omitempty"` // hexadecimal
	Segments   int     `json:"segments,omitempty"`    // as the carrier counts them
	Verdict    Verdict `json:"verdict,omitempty"`
	Parts      int     `json:"parts,omitempty"` // ids in the answer, where it took the message; those behind the first are [PartReference]
	Code       string  `json:"code,omitempty"`  // where it refused
	Fault      string  `json:"fault,omitempty"` // what was done to the answer; "": nothing

	// Of a report: sent, delivered, undelivered or expired. Of its acknowledgement too.
	Status  string `json:"status,omitempty"`
	NonSend bool   `json:"non_send,omitempty"` // it says that the message never left the carrier

	// Of a reply and its acknowledgement.
	ReplyReference string `json:"reply_reference,omitempty"`
}

// Ledger is the append-only record of a carrier: JSON lines. It is safe for concurrent use.
type Ledger struct {
	file *os.File

	mu      sync.Mutex
	written int64 // lines

	syncing sync.Mutex
	synced  int64 // lines; guarded by syncing
}

// OpenLedger opens the ledger at path, or makes it. A carrier that is started again appends to what is there.
func OpenLedger(path string) (*Ledger, error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("carrier's ledger: %w", err)
	}
	return &Ledger{file: f}, nil
}

// Append writes an entry; with sync it returns when the entry is on disk. Callers that come together share one sync.
func (l *Ledger) Append(e *Entry, sync bool) error {
	b, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("carrier's ledger: %w", err)
	}
	l.mu.Lock()
	if _, err := l.file.Write(append(b, '\n')); err != nil {
		l.mu.Unlock()
		return fmt.Errorf("carrier's ledger: %w", err)
	}
	l.written++
	mine := l.written
	l.mu.Unlock()
	if !sync {
		return nil
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= mine {
		return nil
	}
	l.mu.Lock()
	all := l.written
	l.mu.Unlock()
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("carrier's ledger: %w", err)
	}
	l.synced = all
	return nil
}

// Close closes the file.
func (l *Ledger) Close() error { return l.file.Close() }

// ReadLedger goes through the entries of a ledger in the order in which they were written. A torn last line, of a carrier
// that was killed, is left out. It ends at the first error.
func ReadLedger(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Entry{}, fmt.Errorf("carrier's ledger: %w", err))
			return
		}
		defer f.Close() //nolint:errcheck // only read
		in := bufio.NewReaderSize(f, 64<<10)
		for n := 1; ; n++ {
			line, err := in.ReadBytes('\n')
			switch {
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				yield(Entry{}, fmt.Errorf("carrier's ledger %s: %w", path, err))
				return
			}
			var e Entry
			dec := json.NewDecoder(bytes.NewReader(line))
			dec.DisallowUnknownFields()
			if err := dec.Decode(&e); err != nil || e.Kind == "" {
				yield(Entry{}, fmt.Errorf("carrier's ledger %s, line %d: it is no entry: %w", path, n, errors.Join(err, errNoKind)))
				return
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

var errNoKind = errors.New("a line names its kind")
