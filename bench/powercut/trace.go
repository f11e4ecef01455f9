package powercut

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Tracer is the program that records.
const Tracer = "strace"

// calls are what changes files, with those that cannot be replayed: they are traced to notice them.
const calls = "open,openat,openat2,creat,write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,ftruncate,truncate,fallocate,unlink,unlinkat," +
	"rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat,rmdir,copy_file_range,sendfile,splice,io_uring_enter"

// Command is the command line that runs a program, whose own is to follow, and records it into a file or a pipe. The process
// that starts it is the parent of the program itself and not of the tracer.
func Command(record string) []string {
	return []string{Tracer, "-D", "-f", "-q", "--seccomp-bpf", "-y", "-xx", "-ttt", "-s", strconv.Itoa(maxWrite), "-e", "signal=none", "-e", "trace=" + calls, "-o", record}
}

// maxWrite is the largest write that is recorded whole, in bytes; a larger one is an error.
const maxWrite = 4 << 20

// op is one change that the system was asked for.
type op struct {
	call     string
	path, to string // names below the folder; "" is the folder itself
	creates  bool   // of an open
	empties  bool   // likewise: what the file held goes
	appends  bool   // likewise
	offset   int64  // of a write; -1 where the file stands
	size     int64  // of a truncation
	data     []byte
	failed   bool
}

// step is the moment in which a change is asked for, or comes back.
type step struct {
	*op
	end bool
	at  time.Time
}

// Recorder reads the records of one or more runs of a program, one after the other.
type Recorder struct {
	dir   string
	steps []step
	open  map[string]*op // that has not come back, by thread; nil: it is about something else
	lost  []*op          // that will never come back
}

// NewRecorder returns a recorder for the folder dir, an absolute path without symbolic links.
func NewRecorder(dir string) *Recorder { return &Recorder{dir: dir} }

// Steps is how many moments are recorded.
func (r *Recorder) Steps() int { return len(r.steps) }

// At is when a moment was.
func (r *Recorder) At(i int) time.Time { return r.steps[i].at }

// Read reads the record of a run to its end, which must have come. What the run was in the middle of when it was killed may
// have happened or not; the folder, as it is then, tells.
func (r *Recorder) Read(in io.Reader) error {
	r.open, r.lost = map[string]*op{}, nil
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<20), 5*maxWrite)
	for n := 1; lines.Scan(); n++ {
		if err := r.line(lines.Bytes()); err != nil {
			return fmt.Errorf("line %d of the record, %.200q: %w", n, lines.Bytes(), err)
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	for _, o := range append(r.lost, slices.Collect(maps.Values(r.open))...) {
		if o == nil {
			continue
		}
		happened, err := r.settle(o)
		if err != nil {
			return err
		}
		o.failed = !happened
		r.steps = append(r.steps, step{op: o, end: true, at: r.steps[len(r.steps)-1].at})
	}
	return nil
}

// settle finds out whether a call happened that never came back. Of a write it may have been a part.
func (r *Recorder) settle(o *op) (bool, error) {
	content, err := os.ReadFile(filepath.Join(r.dir, o.path))
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) && o.path != "" {
		return false, err
	}
	switch o.call {
	case "write":
		for !bytes.HasSuffix(content, o.data) {
			o.data = o.data[:len(o.data)-1]
		}
		return len(o.data) > 0, nil
	case "pwrite64":
		have := content[min(o.offset, int64(len(content))):]
		n := 0
		for n < min(len(have), len(o.data)) && have[n] == o.data[n] {
			n++
		}
		o.data = o.data[:n]
		return n > 0, nil
	case "ftruncate":
		return int64(len(content)) == o.size, nil
	case "open", "openat":
		return there, nil
	case "unlink", "unlinkat", "rename", "renameat", "renameat2":
		return !there, nil
	case "link", "linkat":
		_, err := os.Lstat(filepath.Join(r.dir, o.to))
		return err == nil, nil
	}
	return false, nil // of a sync nobody knows
}

// line reads one: THREAD TIME call(arguments) = result, or a half of it.
func (r *Recorder) line(line []byte) error {
	thread, rest, _ := bytes.Cut(line, []byte(" "))
	rest = bytes.TrimLeft(rest, " ")
	stamp, rest, ok := bytes.Cut(rest, []byte(" "))
	if !ok {
		return fmt.Errorf("no time")
	}
	switch {
	case bytes.HasPrefix(rest, []byte("+++ ")), bytes.HasPrefix(rest, []byte("--- ")):
		return nil
	case bytes.HasPrefix(rest, []byte("<... ")):
		o, begun := r.open[string(thread)]
		delete(r.open, string(thread))
		if !begun {
			return fmt.Errorf("the end of a call that did not begin")
		}
		return r.returned(o, rest, stamp)
	}
	text, unfinished := bytes.CutSuffix(rest, []byte(" <unfinished ...>"))
	call, args, ok := bytes.Cut(text, []byte("("))
	if !ok {
		return fmt.Errorf("no call")
	}
	if !unfinished {
		args = args[:max(bytes.LastIndex(args, []byte(" = ")), 0)]
		args = bytes.TrimSuffix(bytes.TrimRight(args, " "), []byte(")"))
	}
	o, err := r.parse(string(call), args)
	if err != nil {
		return err
	}
	if o != nil {
		at, err := parseTime(stamp)
		if err != nil {
			return err
		}
		r.steps = append(r.steps, step{op: o, at: at})
	}
	if unfinished {
		r.open[string(thread)] = o
		return nil
	}
	return r.returned(o, rest, stamp)
}

// returned notes the result of a call.
func (r *Recorder) returned(o *op, text, stamp []byte) error {
	if o == nil {
		return nil
	}
	i := bytes.LastIndex(text, []byte(" = "))
	if i < 0 {
		return fmt.Errorf("no result")
	}
	result, _, _ := strings.Cut(string(text[i+3:]), " ")
	result, _, _ = strings.Cut(result, "<")
	if result == "?" { // the program ended in it
		r.lost = append(r.lost, o)
		return nil
	}
	n, err := strconv.ParseInt(result, 10, 64)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	o.failed = n < 0
	if o.data != nil && !o.failed {
		o.data = o.data[:n] // it may have been cut short
	}
	at, err := parseTime(stamp)
	r.steps = append(r.steps, step{op: o, end: true, at: at})
	return err
}

// parseTime reads seconds since 1970 with six decimals.
func parseTime(b []byte) (time.Time, error) {
	seconds, micros, ok := strings.Cut(string(b), ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	us, err2 := strconv.ParseInt(micros, 10, 64)
	if !ok || err != nil || err2 != nil || len(micros) != 6 {
		return time.Time{}, fmt.Errorf("time %q", b)
	}
	return time.Unix(s, us*1000).UTC(), nil
}

// parse reads the arguments of a call; nil if it changes nothing in the folder.
func (r *Recorder) parse(call string, list []byte) (*op, error) {
	args := bytes.Split(list, []byte(", "))
	names := r.names(call, args)
	if len(names) == 0 {
		return nil, nil //nolint:nilnil // it is about something else
	}
	o := &op{call: call, path: names[0]}
	last := func() (int64, error) { return strconv.ParseInt(string(args[len(args)-1]), 10, 64) }
	var err error
	switch call {
	case "write", "pwrite64":
		if o.data, err = text(args[1]); err != nil {
			return nil, err
		}
		o.offset = -1
		if call == "pwrite64" {
			o.offset, err = last()
		}
	case "ftruncate":
		o.size, err = last()
	case "fsync", "fdatasync", "unlink", "unlinkat", "fallocate", "mkdir", "mkdirat":
	case "rename", "renameat", "renameat2", "link", "linkat":
		if len(names) != 2 {
			return nil, fmt.Errorf("%s between the folder and another one cannot be replayed", call)
		}
		o.to = names[1]
	case "open", "openat":
		flags := args[min(1, len(args)-1)]
		if call == "openat" {
			flags = args[min(2, len(args)-1)]
		}
		has := func(flag string) bool { return slices.Contains(strings.Split(string(flags), "|"), flag) }
		o.creates, o.empties, o.appends = has("O_CREAT"), has("O_TRUNC"), has("O_APPEND")
	default:
		return nil, fmt.Errorf("%s cannot be replayed", call)
	}
	return o, err
}

// names are the paths in the folder among the arguments: of descriptors, and of strings where the call takes paths.
func (r *Recorder) names(call string, args [][]byte) (all []string) {
	base := ""
	for _, a := range args {
		var path []byte
		var err error
		switch before, inside, isFile := bytes.Cut(a, []byte("<")); {
		case len(a) > 0 && a[0] == '"':
			if strings.Contains(call, "write") {
				continue // the content
			}
			path, err = text(a)
		case isFile && !bytes.ContainsAny(before, "| "):
			end := bytes.LastIndexByte(inside, '>')
			if end < 0 || bytes.HasSuffix(a, []byte("(deleted)")) {
				continue
			}
			path, err = unescape(inside[:end])
			if err == nil && strings.HasSuffix(call, "at") || call == "renameat2" || call == "openat2" {
				base = string(path)
				continue
			}
		default:
			continue
		}
		if err != nil || len(path) == 0 || bytes.HasSuffix(path, []byte(" (deleted)")) {
			continue // a pipe, a socket, or a file without a name
		}
		full := string(path)
		if !filepath.IsAbs(full) {
			full = filepath.Join(base, full)
		}
		if name, ok := r.below(full); ok {
			all = append(all, name)
		}
	}
	return all
}

// below is the name of a path in the folder.
func (r *Recorder) below(path string) (string, bool) {
	if path == r.dir {
		return "", true
	}
	return strings.CutPrefix(filepath.Clean(path), r.dir+"/")
}

// text reads a quoted string.
func text(b []byte) ([]byte, error) {
	inside, ok := bytes.CutPrefix(b, []byte(`"`))
	inside, whole := bytes.CutSuffix(inside, []byte(`"`))
	if !ok || !whole {
		return nil, fmt.Errorf("%.40q is no whole string", b)
	}
	return unescape(inside)
}

// unescape reads \x41\x42 and so on.
func unescape(b []byte) ([]byte, error) {
	if len(b)%4 != 0 {
		return nil, fmt.Errorf("%.40q is not in hexadecimal", b)
	}
	out := make([]byte, len(b)/4)
	for i := range out {
		if b[4*i] != '\\' || b[4*i+1] != 'x' {
			return nil, fmt.Errorf("%.40q is not in hexadecimal", b)
		}
		if _, err := hex.Decode(out[i:i+1], b[4*i+2:4*i+4]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
