package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/smsir/smsir"
)

// journal appends lines to the ledger and finds them again. Callers that come at the same time share one write and one
// sync. It starts no goroutine: the first caller of a batch writes it.
type journal struct {
	file   file
	gather time.Duration // how long a batch that must be synced waits for more

	mu     sync.Mutex
	open   *batch // the one that callers join; nil: the next caller starts one
	blocks []span // of what is written, in the order of the file
	size   int64  // of what is written
	closed bool

	writing sync.Mutex // held by the caller that writes a batch
	broken  error      // guarded by writing: the end of the file is not known any more
}

// file is what a journal needs of an [os.File].
type file interface {
	io.Writer
	io.ReaderAt
	Sync() error
	Truncate(size int64) error
	Close() error
}

// batch is lines that are written together.
type batch struct {
	lines []byte
	sync  bool // a line in it must be on disk before append returns
	span  span // of the attempts in it
	done  chan struct{}
	err   error // set before done is closed
}

// span covers a stretch of the file: where it starts, and the attempts whose submissions stand in it. Attempts are
// ordered by time and so is the file, give or take a little; so few spans cover any one attempt.
type span struct {
	offset   int64
	min, max smsir.ID // 0: no submission in it
}

// blockSize is how much of the file one span covers, in bytes, at least. A look-up reads this much or a little more;
// the spans take 24 bytes of memory each.
const blockSize = 256 << 10

func (s *span) add(other span) {
	if other.max == 0 {
		return
	}
	if s.max == 0 {
		s.min, s.max = other.min, other.max
		return
	}
	s.min, s.max = min(s.min, other.min), max(s.max, other.max)
}

// ErrClosed is the cause of what fails because the carrier is closed.
var ErrClosed = errors.New("the simulator is closed")

// writeError is a failure to write to the ledger.
type writeError struct {
	unsure bool // whether the line stands in the ledger cannot be told
	err    error
}

func (e *writeError) Error() string { return "writing the simulator's ledger: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// openFile opens or makes the file of a ledger; a new one is known to its folder before openFile returns.
func openFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the simulator's ledger: %w", err)
	}
	if folder, err := os.Open(filepath.Dir(path)); err == nil { // not every system can sync a folder
		_ = folder.Sync()
		_ = folder.Close()
	}
	return f, nil
}

// append adds one line, of a submission of attempt or of something else (0), and returns when it is written, so that it
// outlives the program; with sync also synced to disk, so that it outlives the machine's power. An error is a
// [*writeError]. It does not end early: the line would be written all the same.
func (j *journal) append(text []byte, attempt smsir.ID, sync bool) error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return &writeError{err: ErrClosed}
	}
	b, first := j.open, j.open == nil
	if first {
		b = &batch{done: make(chan struct{})}
		j.open = b
	}
	b.lines = append(b.lines, text...)
	b.sync = b.sync || sync
	b.span.add(span{min: attempt, max: attempt})
	j.mu.Unlock()
	if !first {
		<-b.done
		return b.err
	}

	j.writing.Lock() // others join b until the write before it has ended
	defer j.writing.Unlock()
	if sync && j.gather > 0 {
		time.Sleep(j.gather)
	}
	j.mu.Lock()
	j.open = nil
	j.mu.Unlock()
	b.err = j.write(b)
	close(b.done)
	return b.err
}

// write puts a batch on disk. A failed one is cut off again, so that the ledger never tells of a submission that was
// not taken; where even that fails, the journal takes no more.
func (j *journal) write(b *batch) error {
	if j.broken != nil {
		return &writeError{err: j.broken}
	}
	if len(b.lines) == 0 {
		return nil
	}
	_, err := j.file.Write(b.lines)
	if err == nil && b.sync {
		err = j.file.Sync()
	}
	if err != nil {
		if cut := j.file.Truncate(j.size); cut != nil {
			j.broken = errors.Join(err, cut)
			return &writeError{unsure: true, err: j.broken}
		}
		return &writeError{err: err}
	}
	j.mu.Lock()
	j.note(b.span, int64(len(b.lines)))
	j.mu.Unlock()
	return nil
}

// note adds length bytes to the end of the known part of the file.
func (j *journal) note(s span, length int64) {
	if n := len(j.blocks); n == 0 || j.size-j.blocks[n-1].offset >= blockSize {
		j.blocks = append(j.blocks, span{offset: j.size})
	}
	j.blocks[len(j.blocks)-1].add(s)
	j.size += length
}

// submissions finds what the ledger says about an attempt, in the order in which it was written. Everything that was
// appended, or was being appended, before the call is seen.
func (j *journal) submissions(ctx context.Context, attempt smsir.ID) ([]Entry, error) {
	if err := j.append(nil, 0, false); err != nil { // waits for the batch under way
		return nil, err
	}
	j.mu.Lock()
	var stretches [][2]int64
	for i, s := range j.blocks {
		if s.max == 0 || attempt < s.min || attempt > s.max {
			continue
		}
		end := j.size
		if i+1 < len(j.blocks) {
			end = j.blocks[i+1].offset
		}
		stretches = append(stretches, [2]int64{s.offset, end})
	}
	j.mu.Unlock()

	var found []Entry
	key := []byte(`"attempt":"` + attempt.Format(smsir.PrefixAttempt) + `"`)
	for _, s := range stretches {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		_, err := eachLine(io.NewSectionReader(j.file, s[0], s[1]-s[0]), func(n int, _ int64, text []byte) error {
			if kindOf(text) != SubmissionEntry || !bytes.Contains(text, key) {
				return nil
			}
			e, err := decode(text)
			if err == nil {
				found = append(found, e)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("searching the simulator's ledger: %w", err)
		}
	}
	return found, nil
}

// close waits for what is being written. Appends that come later fail.
func (j *journal) close() error {
	j.mu.Lock()
	if j.closed {
		j.mu.Unlock()
		return nil
	}
	j.closed = true
	last := j.open
	j.mu.Unlock()
	if last != nil {
		<-last.done
	}
	j.writing.Lock()
	defer j.writing.Unlock()
	return j.file.Close()
}
