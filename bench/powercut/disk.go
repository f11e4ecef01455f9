package powercut

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Disk is a folder as it is replayed: what is on the disk for certain, and what may be.
type Disk struct {
	opt     Options
	steps   []step
	at      int              // the next step
	names   map[string]*file // as the program sees them
	certain map[string]*file // whose names are on the disk
	pending []*naming        // changes of names since
	covers  map[*op][]func() // of a sync under way: what it makes certain
	begun   map[*op]*write
}

// Options of a [Disk].
type Options struct {
	// Outside are files that stand for the rest of the world: they lose nothing.
	Outside []string
	// Ignore are files of no account, such as those that are written through a memory map.
	Ignore []string
}

// file is a file, whatever its names.
type file struct {
	outside bool
	appends bool   // the last open said so, or the file was empty then
	size    int64  // as the program sees it
	content []byte // that is on the disk
	pending []*write
}

// write is a change of a file's content that no sync has covered; data nil: it was cut off, or grew, to size.
type write struct {
	order  int
	offset int64
	data   []byte
	size   int64
	ended  bool
}

// naming is a change of names: what each of them means afterwards, nil nothing.
type naming struct{ to map[string]*file }

// NewDisk returns an empty folder at the beginning of a record.
func NewDisk(r *Recorder, opt Options) *Disk {
	return &Disk{opt: opt, steps: r.steps, names: map[string]*file{}, certain: map[string]*file{}, covers: map[*op][]func(){}, begun: map[*op]*write{}}
}

// Replay goes on to a moment of the record: everything before it has happened.
func (d *Disk) Replay(to int) error {
	for ; d.at < to; d.at++ {
		s := &d.steps[d.at]
		if d.ignored(s.op) {
			continue
		}
		if err := d.play(s); err != nil {
			return fmt.Errorf("replay step %d, %s of %q: %w", d.at, s.call, s.path, err)
		}
	}
	return nil
}

func (d *Disk) ignored(o *op) bool {
	return slices.Contains(d.opt.Ignore, o.path) || (o.call == "mkdir" || o.call == "mkdirat") && o.path == ""
}

func (d *Disk) play(s *step) error {
	switch s.call {
	case "write", "pwrite64", "ftruncate":
		if s.failed {
			return nil
		}
		if s.end {
			return d.wrote(s.op)
		}
		return d.write(s.op)
	case "fsync", "fdatasync":
		if !s.end {
			return d.sync(s.op)
		}
		if !s.failed {
			for _, f := range d.covers[s.op] {
				f()
			}
		}
		delete(d.covers, s.op)
		return nil
	}
	if s.end && !s.failed { // a name changes at some moment of the call; the last one does as well as any other
		return d.name(s.op)
	}
	return nil
}

func (d *Disk) write(o *op) error {
	f := d.names[o.path]
	if f == nil {
		return errors.New("it is not there")
	}
	w := &write{order: d.at, offset: o.offset, data: o.data, size: o.size}
	switch {
	case o.call == "ftruncate":
		f.size = o.size
	case o.offset < 0 && !f.appends:
		return errors.New("where in the file it writes is not known")
	case o.offset < 0:
		w.offset = f.size
		fallthrough
	default:
		f.size = max(f.size, w.offset+int64(len(o.data)))
	}
	f.pending = append(f.pending, w)
	d.begun[o] = w
	return nil
}

// wrote ends a write.
func (d *Disk) wrote(o *op) error {
	w := d.begun[o]
	if w == nil {
		return errors.New("it did not begin")
	}
	delete(d.begun, o)
	w.ended = true
	return nil
}

func (d *Disk) sync(o *op) error {
	if o.path == "" {
		for _, n := range d.pending {
			d.covers[o] = append(d.covers[o], func() { d.certify(n) })
		}
		return nil
	}
	f := d.names[o.path]
	if f == nil {
		return errors.New("it is not there")
	}
	for _, w := range f.pending {
		if w.ended {
			d.covers[o] = append(d.covers[o], func() { f.settle(w) })
		}
	}
	return nil
}

// settle puts a write on the disk for certain, unless another sync has.
func (f *file) settle(w *write) {
	if i := slices.Index(f.pending, w); i >= 0 {
		f.pending = slices.Delete(f.pending, i, i+1)
		f.content = w.apply(f.content)
	}
}

// apply returns content with the write in it; it may change content itself.
func (w *write) apply(content []byte) []byte {
	if w.data == nil {
		return resize(content, w.size)
	}
	content = resize(content, max(int64(len(content)), w.offset+int64(len(w.data))))
	copy(content[w.offset:], w.data)
	return content
}

func resize(b []byte, size int64) []byte {
	if size <= int64(len(b)) {
		return b[:size]
	}
	return append(b, make([]byte, size-int64(len(b)))...)
}

// certify makes a change of names certain, unless it is.
func (d *Disk) certify(n *naming) {
	if i := slices.Index(d.pending, n); i >= 0 {
		d.pending = slices.Delete(d.pending, i, i+1)
		n.apply(d.certain)
	}
}

func (n *naming) apply(names map[string]*file) {
	for name, f := range n.to {
		if f == nil {
			delete(names, name)
		} else {
			names[name] = f
		}
	}
}

// name plays a change of names.
func (d *Disk) name(o *op) error {
	f := d.names[o.path]
	n := &naming{to: map[string]*file{}}
	switch o.call {
	case "open", "openat":
		return d.open(o)
	case "unlink", "unlinkat":
		n.to[o.path] = nil
	case "rename", "renameat", "renameat2":
		n.to[o.path], n.to[o.to] = nil, f
	case "link", "linkat":
		n.to[o.to] = f
	default:
		return errors.New("it cannot be replayed")
	}
	if f == nil {
		return errors.New("it is not there")
	}
	n.apply(d.names)
	d.pending = append(d.pending, n)
	return nil
}

func (d *Disk) open(o *op) error {
	f := d.names[o.path]
	switch {
	case o.path == "":
		return nil
	case strings.Contains(o.path, "/"):
		return errors.New("folders within the folder cannot be replayed")
	case f == nil && !o.creates:
		return errors.New("it is not there")
	case f == nil:
		f = &file{outside: slices.Contains(d.opt.Outside, o.path)}
		n := &naming{to: map[string]*file{o.path: f}}
		n.apply(d.names)
		d.pending = append(d.pending, n)
	case o.empties && f.size > 0:
		f.size = 0
		f.pending = append(f.pending, &write{order: d.at, ended: true})
	}
	f.appends = o.appends || f.size == 0
	return nil
}

// Mode is how a disk loses what was not synced.
type Mode int

// Modes.
const (
	Dropped  Mode = iota // everything
	Ordered              // everything after some moment; the write at that moment is torn
	Shuffled             // some writes and names, whatever their order
	Torn                 // some pieces of writes, and some names; some of the lost pieces are garbage
	Kept                 // nothing, as when only the program is killed
	modes
)

var modeNames = [...]string{"dropped", "ordered", "shuffled", "torn", "kept"}

func (m Mode) String() string { return modeNames[m] }

// Modes lists them all.
func Modes() (all []Mode) {
	for m := range modes {
		all = append(all, m)
	}
	return all
}

// Image is what a disk holds: the content of each file by name.
type Image map[string][]byte

// Write puts an image into a folder, which is there.
func (m Image) Write(dir string) error {
	for name, content := range m {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Cut draws what the disk holds if the power is cut now.
func (d *Disk) Cut(rng *rand.Rand, mode Mode) Image {
	lot := lot{rng: rng, mode: mode, keep: []float64{0.1, 0.5, 0.9}[rng.IntN(3)], until: d.at}
	if mode == Ordered {
		lot.until = d.moment(rng)
	}
	names := maps.Clone(d.certain)
	for _, n := range d.pending {
		if lot.whole() || d.isOutside(n) {
			n.apply(names)
		}
	}
	image := Image{}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := names[name]
		content := slices.Clone(f.content)
		for _, w := range f.pending {
			switch {
			case f.outside:
				content = w.apply(content)
			default:
				content = lot.draw(w, content)
			}
		}
		image[name] = content
	}
	return image
}

func (d *Disk) isOutside(n *naming) bool {
	for _, f := range n.to {
		if f != nil && f.outside {
			return true
		}
	}
	return false
}

// moment draws one of those at which something was written that is not certain yet.
func (d *Disk) moment(rng *rand.Rand) int {
	var all []int
	for _, f := range d.names {
		for _, w := range f.pending {
			if !f.outside {
				all = append(all, w.order)
			}
		}
	}
	slices.Sort(all)
	if len(all) == 0 {
		return d.at
	}
	return all[rng.IntN(len(all))]
}

// lot decides what is kept.
type lot struct {
	rng   *rand.Rand
	mode  Mode
	keep  float64
	until int // of Ordered
}

// whole decides about something that cannot be torn. Names are kept in any order but that of [Dropped] and [Ordered]: a file
// system that keeps the order of writes keeps that of names.
func (l *lot) whole() bool {
	switch l.mode {
	case Dropped:
		return false
	case Shuffled, Torn:
		return l.rng.Float64() < l.keep
	}
	return true
}

// draw decides about one write, and returns the content after it.
func (l *lot) draw(w *write, content []byte) []byte {
	switch {
	case l.mode == Dropped, l.mode == Ordered && w.order > l.until:
		return content
	case l.mode == Kept, l.mode == Ordered && w.order < l.until, w.data == nil:
		if w.data == nil && !l.whole() {
			return content
		}
		return w.apply(content)
	case l.rng.Float64() >= l.keep:
		return content
	case l.mode == Shuffled:
		return w.apply(content)
	}
	return l.tear(w, content)
}

// tear keeps some pieces of a write, as long as a sector or a page, and makes garbage of some of those that it loses.
func (l *lot) tear(w *write, content []byte) []byte {
	piece := []int64{512, 4096}[l.rng.IntN(2)]
	end := w.offset + int64(len(w.data))
	for at := w.offset; at < end; {
		next := min((at/piece+1)*piece, end)
		data := w.data[at-w.offset : next-w.offset]
		switch l.rng.IntN(8) {
		case 0, 1, 2, 3: // kept
			content = (&write{offset: at, data: data}).apply(content)
		case 4: // half written
			garbage := make([]byte, len(data))
			for i := range garbage {
				garbage[i] = byte(l.rng.Uint32())
			}
			content = (&write{offset: at, data: garbage}).apply(content)
		}
		at = next
	}
	return content
}

// Verify compares the folder as the program left it with the replay, in which everything must have happened.
func (d *Disk) Verify(dir string) error {
	var faults []error
	seen := map[string]bool{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		if err != nil || e.IsDir() || slices.Contains(d.opt.Ignore, name) {
			return err
		}
		seen[name] = true
		real, err := os.ReadFile(path) //nolint:gosec // the folder that is tested
		if err != nil {
			return err
		}
		if f := d.names[name]; f == nil {
			faults = append(faults, fmt.Errorf("%s is there, and nobody made it", name))
		} else if replayed := f.now(); !bytes.Equal(real, replayed) {
			faults = append(faults, fmt.Errorf("%s has %d bytes, replayed it has %d; they differ", name, len(real), len(replayed)))
		}
		return nil
	})
	for name := range d.names {
		if !seen[name] && !slices.Contains(d.opt.Ignore, name) {
			faults = append(faults, fmt.Errorf("%s is not there, and nobody removed it", name))
		}
	}
	return errors.Join(append(faults, err)...)
}

// now is the content as the program sees it.
func (f *file) now() []byte {
	content := slices.Clone(f.content)
	for _, w := range f.pending {
		content = w.apply(content)
	}
	return content
}
