package simulator

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"time"

	"github.com/smsir/smsir"
)

// LedgerName is the name of the ledger in the data folder.
const LedgerName = "simulator.log"

// EntryKind says what a line of the ledger tells of.
type EntryKind string

// Kinds of entry.
const (
	SubmissionEntry EntryKind = "submission" // one that reached the carrier, whatever became of it
	ReceiptEntry    EntryKind = "receipt"    // one that the gateway acknowledged
	InboundEntry    EntryKind = "inbound"    // a reply that the gateway acknowledged
)

// Verdict is what the carrier made of a submission.
type Verdict string

// Verdicts.
const (
	Accepted  Verdict = "accepted" // it took the message, whether or not it answered
	Refused   Verdict = "refused"
	Throttled Verdict = "throttled"
)

// Entry is one line of the ledger. Kind, At, Provider, Attempt and Reference are set in every entry (Reference only
// where the verdict is Accepted), the rest as noted. Times are UTC with millisecond precision.
type Entry struct {
	Kind      EntryKind
	At        time.Time
	Provider  smsir.UUID
	Attempt   smsir.ID
	Message   smsir.ID // of a submission
	Reference string   // the carrier's id of the message

	// Of a submission.
	To, From    string
	TextSHA256  string // hexadecimal; the ledger keeps no text of the gateway's
	TextLength  int    // in Unicode characters
	Encoding    string // "gsm7" or "ucs2"
	Segments    int
	Verdict     Verdict
	Code        string       // the carrier's error code, where it refused
	Silent      bool         // no answer left within the response timer
	Mute        bool         // a status query learns nothing of it
	Owes        int          // receipts and replies that the carrier will hand in for it
	Report      smsir.Status // what the receipts say
	ReportAt    time.Time    // when the first is due; also the time of delivery that it gives
	Copies      int          // how many receipts
	ReplyAt     time.Time    // when the reply is due; zero: none
	ReplyText   string       // quotes the start of the text
	AnswerAfter time.Duration

	// Of a receipt or an inbound.
	Copy             int    // of a receipt, from 1
	InboundReference string // of an inbound: the carrier's id of the reply
}

// line is an entry as JSON. It stays flat (no objects or arrays within), because scanning for a key relies on it, and
// its first two keys stay in their places.
type line struct {
	Kind             EntryKind `json:"kind"`
	At               string    `json:"at"`
	Provider         string    `json:"provider"`
	Attempt          string    `json:"attempt"`
	Message          string    `json:"message,omitempty"`
	Reference        string    `json:"reference,omitempty"`
	To               string    `json:"to,omitempty"`
	From             string    `json:"from,omitempty"`
	TextSHA256       string    `json:"text_sha256,omitempty"`
	TextLength       int       `json:"text_length,omitempty"`
	Encoding         string    `json:"encoding,omitempty"`
	Segments         int       `json:"segments,omitempty"`
	Verdict          Verdict   `json:"verdict,omitempty"`
	Code             string    `json:"code,omitempty"`
	AnswerMillis     int64     `json:"answer_ms,omitempty"`
	Silent           bool      `json:"silent,omitempty"`
	Mute             bool      `json:"mute,omitempty"`
	Owes             int       `json:"owes,omitempty"`
	Report           string    `json:"report,omitempty"`
	ReportAt         string    `json:"report_at,omitempty"`
	Copies           int       `json:"copies,omitempty"`
	ReplyAt          string    `json:"reply_at,omitempty"`
	ReplyText        string    `json:"reply_text,omitempty"`
	Copy             int       `json:"copy,omitempty"`
	InboundReference string    `json:"inbound_reference,omitempty"`
}

const timeLayout = "2006-01-02T15:04:05.000Z07:00"

func formatTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

// encode writes e as one line, newline included.
func (e *Entry) encode() ([]byte, error) {
	l := line{
		Kind: e.Kind, At: formatTime(e.At), Provider: e.Provider.Format(smsir.PrefixProvider), Attempt: e.Attempt.Format(smsir.PrefixAttempt),
		Message: e.Message.Format(smsir.PrefixMessage), Reference: e.Reference, To: e.To, From: e.From, TextSHA256: e.TextSHA256,
		TextLength: e.TextLength, Encoding: e.Encoding, Segments: e.Segments, Verdict: e.Verdict, Code: e.Code,
		AnswerMillis: e.AnswerAfter.Milliseconds(), Silent: e.Silent, Mute: e.Mute, Owes: e.Owes, ReportAt: formatTime(e.ReportAt),
		Copies: e.Copies, ReplyAt: formatTime(e.ReplyAt), ReplyText: e.ReplyText, Copy: e.Copy, InboundReference: e.InboundReference,
	}
	if !e.ReportAt.IsZero() {
		l.Report = e.Report.String()
	}
	b, err := json.Marshal(&l)
	if err != nil {
		return nil, fmt.Errorf("ledger entry of attempt %s: %w", l.Attempt, err)
	}
	return append(b, '\n'), nil
}

// decode reads one line.
func decode(b []byte) (Entry, error) {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return Entry{}, err
	}
	e := Entry{
		Kind: l.Kind, Reference: l.Reference, To: l.To, From: l.From, TextSHA256: l.TextSHA256, TextLength: l.TextLength,
		Encoding: l.Encoding, Segments: l.Segments, Verdict: l.Verdict, Code: l.Code, Silent: l.Silent, Mute: l.Mute, Owes: l.Owes,
		Copies: l.Copies, ReplyText: l.ReplyText, Copy: l.Copy, InboundReference: l.InboundReference,
		AnswerAfter: time.Duration(l.AnswerMillis) * time.Millisecond,
	}
	var faults []error
	check := func(err error) { faults = append(faults, err) }
	var err error
	if l.Provider != "" {
		e.Provider, err = smsir.ParseUUID(smsir.PrefixProvider, l.Provider)
		check(err)
	}
	if l.Attempt != "" {
		e.Attempt, err = smsir.ParseID(smsir.PrefixAttempt, l.Attempt)
		check(err)
	}
	if l.Message != "" {
		e.Message, err = smsir.ParseID(smsir.PrefixMessage, l.Message)
		check(err)
	}
	for _, t := range []struct {
		to   *time.Time
		text string
	}{{&e.At, l.At}, {&e.ReportAt, l.ReportAt}, {&e.ReplyAt, l.ReplyAt}} {
		if t.text != "" {
			*t.to, err = time.Parse(time.RFC3339Nano, t.text)
			check(err)
		}
	}
	if l.Report != "" {
		var ok bool
		if e.Report, ok = smsir.ParseStatus(l.Report); !ok {
			check(fmt.Errorf("status %q is unknown", l.Report))
		}
	}
	switch e.Kind {
	case SubmissionEntry, ReceiptEntry, InboundEntry:
	default:
		check(fmt.Errorf("kind %q is unknown", e.Kind))
	}
	return e, errors.Join(faults...)
}

// DamageError says that a line of a ledger cannot be read.
type DamageError struct {
	Path string
	Line int // from 1
	Err  error
}

// Error implements error.
func (e *DamageError) Error() string {
	return fmt.Sprintf("line %d of the simulator's ledger %s is damaged: %v", e.Line, e.Path, e.Err)
}

// Unwrap gives the cause.
func (e *DamageError) Unwrap() error { return e.Err }

// ReadLedger goes through the entries of a ledger in the order in which they were written, up to its last whole line;
// a torn last line is left out, as the carrier cuts it off. It may be read while a carrier writes. It ends at the first
// error: the file cannot be read, or a [*DamageError].
func ReadLedger(path string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		f, err := os.Open(path)
		if err != nil {
			yield(Entry{}, fmt.Errorf("reading the simulator's ledger: %w", err))
			return
		}
		defer func() { _ = f.Close() }()
		stopped := false
		_, err = eachLine(f, func(n int, _ int64, text []byte) error {
			e, err := decode(text)
			if err != nil {
				return &DamageError{path, n, err}
			}
			if !yield(e, nil) {
				stopped = true
				return io.EOF
			}
			return nil
		})
		if err != nil && !stopped {
			yield(Entry{}, err)
		}
	}
}

// maxLine is more than the longest line, in bytes.
const maxLine = 64 << 10

// eachLine calls do with every whole line of r, its number from 1 and its offset, without the newline; the text is
// valid during the call only. It returns the offset behind the last whole line.
func eachLine(r io.Reader, do func(n int, offset int64, text []byte) error) (int64, error) {
	in := bufio.NewReaderSize(r, maxLine)
	offset := int64(0)
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return offset, nil
		case errors.Is(err, bufio.ErrBufferFull):
			for errors.Is(err, bufio.ErrBufferFull) { // a torn line may be long: a file system fills a hole with zeros
				_, err = in.ReadSlice('\n')
			}
			if errors.Is(err, io.EOF) {
				return offset, nil
			}
			return offset, fmt.Errorf("line %d of the simulator's ledger is longer than %d bytes", n, maxLine)
		default:
			return offset, fmt.Errorf("reading the simulator's ledger: %w", err)
		}
		if err := do(n, offset, text[:len(text)-1]); err != nil {
			return offset, err
		}
		offset += int64(len(text))
	}
}

// kindOf reads the kind of a line without decoding it; "" for a line that is none of ours.
func kindOf(text []byte) EntryKind {
	switch {
	case !bytes.HasSuffix(text, []byte(`}`)):
	case bytes.HasPrefix(text, []byte(`{"kind":"submission",`)):
		return SubmissionEntry
	case bytes.HasPrefix(text, []byte(`{"kind":"receipt",`)):
		return ReceiptEntry
	case bytes.HasPrefix(text, []byte(`{"kind":"inbound",`)):
		return InboundEntry
	}
	return ""
}

// valueOf finds the text of a key in a line without decoding it: `"key":"` cannot stand within a JSON string, where a
// quotation mark has a backslash before it, and lines are flat. Only for values without escapes. "" when absent.
func valueOf(text []byte, key string) string {
	_, rest, found := bytes.Cut(text, []byte(`"`+key+`":"`))
	value, _, closed := bytes.Cut(rest, []byte(`"`))
	if !found || !closed {
		return ""
	}
	return string(value)
}

// countOf finds a count in a line without decoding it; 0 when absent.
func countOf(text []byte, key string) (n int) {
	_, rest, found := bytes.Cut(text, []byte(`"`+key+`":`))
	if !found {
		return 0
	}
	for _, c := range rest {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + int(c-'0')
	}
	return n
}
