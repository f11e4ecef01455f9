package powercut

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// hexed writes a string as the tracer does.
func hexed(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString(`\x` + hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

// scenario is a record in short: lines in which "path" and <path> are hexed, behind a thread and a time.
func scenario(t *testing.T, lines ...string) *Recorder {
	t.Helper()
	var b strings.Builder
	for i, l := range lines {
		thread, rest, ok := strings.Cut(l, ": ")
		if !ok {
			thread, rest = "1", l
		}
		var out strings.Builder
		for j, part := range strings.FieldsFunc(mark(rest), func(r rune) bool { return r == '\x01' || r == '\x02' }) {
			if j%2 == 1 {
				part = hexed(part)
			}
			out.WriteString(part)
		}
		fmt.Fprintf(&b, "%s 1796027601.%06d %s\n", thread, i, out.String())
	}
	r := NewRecorder("/d")
	if err := r.Read(strings.NewReader(b.String())); err != nil {
		t.Fatal(err)
	}
	return r
}

// mark puts marks around what is hexed: what stands in quotes, and paths in angle brackets.
func mark(s string) string {
	var b strings.Builder
	quoted := false
	for i, c := range s {
		switch {
		case c == '"' && !quoted:
			quoted = true
			b.WriteString("\"\x01")
		case c == '"':
			quoted = false
			b.WriteString("\x02\"")
		case c == '<' && i+1 < len(s) && s[i+1] == '/':
			b.WriteString("<\x01")
		case c == '>' && strings.Contains(s[:i], "</") && !strings.HasSuffix(s[:i], "unfinished ...") && !strings.HasSuffix(s[:i], "resumed"):
			b.WriteString("\x02>")
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// at is the disk at the end of a record.
func at(t *testing.T, r *Recorder, opt Options) *Disk {
	t.Helper()
	d := NewDisk(r, opt)
	if err := d.Replay(r.Steps()); err != nil {
		t.Fatal(err)
	}
	return d
}

// drawn are all different contents of a file that a thousand cuts give; "-" where it is not there.
func drawn(d *Disk, name string, mode Mode) []string {
	rng := rand.New(rand.NewPCG(1, uint64(mode)))
	seen := map[string]bool{}
	for range 1000 {
		content, there := d.Cut(rng, mode)[name]
		if !there {
			content = []byte("-")
		}
		seen[string(content)] = true
	}
	var all []string
	for s := range seen {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}

const (
	made   = `openat(AT_FDCWD</>, "/d/f", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3</d/f>`
	folder = `fsync(4</d>) = 0`
	synced = `fsync(3</d/f>) = 0`
	aaaa   = `pwrite64(3</d/f>, "aaaa", 4, 0) = 4`
	bb     = `pwrite64(3</d/f>, "bb", 2, 4) = 2`
	cc     = `pwrite64(3</d/f>, "cc", 2, 1) = 2`
)

// TestWhatADiskMayHold: what was synced is there in every image; what was not is there as the mode has it.
func TestWhatADiskMayHold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		mode  Mode
		want  []string
	}{
		{"a name nobody synced", []string{made, aaaa, synced}, Dropped, []string{"-"}},
		{"a name nobody synced may be there", []string{made, aaaa, synced}, Shuffled, []string{"-", "aaaa"}},
		{"a folder synced before the file was made", []string{folder, made, aaaa, synced}, Dropped, []string{"-"}},
		{"content nobody synced", []string{made, folder, aaaa}, Dropped, []string{""}},
		{"synced", []string{made, folder, aaaa, synced}, Dropped, []string{"aaaa"}},
		{"synced, torn", []string{made, folder, aaaa, synced}, Torn, []string{"aaaa"}},
		{"a later write dropped", []string{made, folder, aaaa, synced, bb}, Dropped, []string{"aaaa"}},
		{"a later write kept", []string{made, folder, aaaa, synced, bb}, Kept, []string{"aaaabb"}},
		{"two writes in order", []string{made, folder, aaaa, bb}, Kept, []string{"aaaabb"}},
		{"two writes, any of them", []string{made, folder, aaaa, bb}, Shuffled, []string{"", "\x00\x00\x00\x00bb", "aaaa", "aaaabb"}},
		{"the later of two over the first", []string{made, folder, aaaa, cc}, Shuffled, []string{"", "\x00cc", "aaaa", "acca"}},
		{"a sync that failed", []string{made, folder, aaaa, `fsync(3</d/f>) = -1 EIO (Input/output error)`}, Dropped, []string{""}},
		{"a sync that has not come back", []string{made, folder, aaaa, `fsync(3</d/f> <unfinished ...>`}, Dropped, []string{""}},
		{"a sync that began before the write came back", []string{
			made, folder, `7: pwrite64(3</d/f>, "aaaa", 4, 0 <unfinished ...>`, `fsync(3</d/f> <unfinished ...>`, `7: <... pwrite64 resumed>) = 4`, `<... fsync resumed>) = 0`,
		}, Dropped, []string{""}},
		{"a sync that began when the write had come back", []string{
			made, folder, `7: pwrite64(3</d/f>, "aaaa", 4, 0 <unfinished ...>`, `7: <... pwrite64 resumed>) = 4`, `fsync(3</d/f> <unfinished ...>`, `<... fsync resumed>) = 0`,
		}, Dropped, []string{"aaaa"}},
		{"a write of which the system took a part", []string{made, folder, `pwrite64(3</d/f>, "aaaa", 4, 0) = 3`, synced}, Dropped, []string{"aaa"}},
		{"a write that failed", []string{made, folder, `pwrite64(3</d/f>, "aaaa", 4, 0) = -1 ENOSPC (No space left on device)`}, Kept, []string{""}},
		{"cut off, not synced", []string{made, folder, aaaa, synced, `ftruncate(3</d/f>, 1) = 0`}, Shuffled, []string{"a", "aaaa"}},
		{"removed, not synced", []string{made, folder, aaaa, synced, `unlink("/d/f") = 0`}, Shuffled, []string{"-", "aaaa"}},
		{"removed", []string{made, folder, aaaa, synced, `unlinkat(AT_FDCWD</d>, "f", 0) = 0`, folder}, Shuffled, []string{"-"}},
		{"written without a name", []string{made, folder, `unlink("/d/f") = 0`, folder, `pwrite64(3</d/f>(deleted), "aaaa", 4, 0) = 4`}, Kept, []string{"-"}},
		{"put in the place of another", []string{
			made, folder, aaaa, synced, `openat(AT_FDCWD</>, "/d/g", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</d/g>`,
			`write(5</d/g>, "new", 3) = 3`, `fsync(5</d/g>) = 0`, `renameat(AT_FDCWD</>, "/d/g", AT_FDCWD</>, "/d/f") = 0`,
		}, Shuffled, []string{"aaaa", "new"}},
		{"put in the place of another without a sync", []string{
			made, folder, aaaa, synced, `openat(AT_FDCWD</>, "/d/g", O_WRONLY|O_CREAT|O_EXCL, 0600) = 5</d/g>`,
			`write(5</d/g>, "new", 3) = 3`, `rename("/d/g", "/d/f") = 0`, folder,
		}, Dropped, []string{""}},
		{"emptied by opening", []string{made, folder, aaaa, synced, `openat(AT_FDCWD</>, "/d/f", O_WRONLY|O_CREAT|O_TRUNC, 0600) = 3</d/f>`}, Kept, []string{""}},
		{"appended", []string{`open("/d/f", O_RDWR|O_CREAT|O_APPEND, 0600) = 3</d/f>`, folder, `write(3</d/f>, "x", 1) = 1`, `write(3</d/f>, "y", 1) = 1`, synced}, Dropped, []string{"xy"}},
		{"about something else", []string{made, folder, `write(9<socket:[77]>, "/d/f", 4) = 4`, `openat(AT_FDCWD</>, "/e/f", O_RDWR|O_CREAT, 0600) = 8</e/f>`}, Kept, []string{""}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := drawn(at(t, scenario(t, c.lines...), Options{}), "f", c.mode); !slices.Equal(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.mode, got, c.want)
			}
		})
	}
	// The world outside loses nothing.
	if got := drawn(at(t, scenario(t, made, aaaa), Options{Outside: []string{"f"}}), "f", Dropped); !slices.Equal(got, []string{"aaaa"}) {
		t.Errorf("outside: got %q", got)
	}
}

// TestTornWrites: a torn write loses whole sectors, some of them are garbage, and no byte beside it changes. Out of order and
// in order differ: in order, what is there is there up to a moment.
func TestTornWrites(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("w", 8192)
	d := at(t, scenario(t, made, folder, `pwrite64(3</d/f>, "`+strings.Repeat("o", 9000)+`", 9000, 0) = 9000`, synced, `pwrite64(3</d/f>, "`+big+`", 8192, 300) = 8192`), Options{})
	whole, torn, dirty := 0, 0, 0
	for _, content := range drawn(d, "f", Torn) {
		if content[:300] != strings.Repeat("o", 300) || content[8492:] != strings.Repeat("o", 9000-8492) {
			t.Fatal("a byte beside the write has changed")
		}
		kept, lost := strings.Count(content, "w"), strings.Count(content, "o")
		switch {
		case kept == 8192:
			whole++
		case kept+lost == 9000:
			torn++
		default:
			dirty++
		}
		for i := 512; i+512 <= 8192; i += 512 {
			if s := content[i : i+512]; strings.Trim(s, "wo") == "" && strings.Contains(s, "w") && strings.Contains(s, "o") {
				t.Fatalf("the sector at %d is old and new", i)
			}
		}
	}
	if torn < 10 || dirty < 10 {
		t.Errorf("%d images are whole, %d torn, %d have garbage", whole, torn, dirty)
	}
	d = at(t, scenario(t, made, folder, aaaa, bb, `pwrite64(3</d/f>, "dd", 2, 6) = 2`), Options{})
	for _, content := range drawn(d, "f", Ordered) {
		for i, c := range content {
			if c == 0 { // a torn first write, before anything behind it
				if strings.ContainsAny(content[i:], "bd") {
					t.Errorf("in order, %q has a later write without an earlier one", content)
				}
			}
		}
	}
}

// TestRecordsThatCannotBeReplayed: what is not understood is an error and not left out.
func TestRecordsThatCannotBeReplayed(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`1 1796027601.000001 copy_file_range(3<` + hexed("/d/f") + `>, NULL, 5<` + hexed("/d/g") + `>, NULL, 9, 0) = 9`,
		`1 1796027601.000001 pwrite64(3<` + hexed("/d/f") + `>, "` + hexed("abc") + `"..., 9000000, 0) = 9000000`,
		`1 1796027601.000001 <... fsync resumed>) = 0`,
		`1 1796027601.000001 rename("` + hexed("/d/f") + `", "` + hexed("/e/f") + `") = 0`,
		`1 17960276 fsync(3<` + hexed("/d/f") + `>) = 0`,
	} {
		if err := NewRecorder("/d").Read(strings.NewReader(line + "\n")); err == nil {
			t.Errorf("%.80s was read", line)
		}
	}
	for _, lines := range [][]string{
		{aaaa},
		{synced},
		{`mkdir("/d/sub", 0700) = 0`},
		{made, aaaa, `openat(AT_FDCWD</>, "/d/f", O_WRONLY) = 3</d/f>`, `write(3</d/f>, "x", 1) = 1`}, // where?
	} {
		r := scenario(t, lines...)
		if err := NewDisk(r, Options{}).Replay(r.Steps()); err == nil {
			t.Errorf("%q was replayed", lines)
		}
	}
}

// TestProgram is the program of TestRealRecord, and nothing in any other run.
func TestProgram(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("POWERCUT_PROGRAM")
	if dir == "" {
		return
	}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.OpenFile(filepath.Join(dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(err)
	for i := range 200 {
		_, err := fmt.Fprintf(f, "%0*d\n", 10+i, i)
		must(err)
		if i == 99 {
			must(f.Sync())
		}
	}
	d, err := os.Open(dir)
	must(err)
	must(d.Sync())
	tmp, err := os.CreateTemp(dir, "new-")
	must(err)
	_, err = tmp.WriteAt(bytes.Repeat([]byte{0, '\n', '"', 255}, 5000), 77)
	must(err)
	must(tmp.Truncate(15_000))
	must(os.Link(tmp.Name(), filepath.Join(dir, "linked")))
	must(os.Rename(tmp.Name(), filepath.Join(dir, "renamed")))
	must(os.Remove(filepath.Join(dir, "linked")))
}

// TestRealRecord: the record of a real program gives the folder that it left, and notices when it is another one.
func TestRealRecord(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath(Tracer); err != nil {
		t.Skipf("%s is not here", Tracer)
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	record := filepath.Join(t.TempDir(), "record")
	args := append(Command(record), os.Args[0], "-test.run=^TestProgram$")
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...) //nolint:gosec // the tracer and this program
	cmd.Env = append(os.Environ(), "POWERCUT_PROGRAM="+dir)
	if out, err := cmd.CombinedOutput(); err != nil { // its output ends when the tracer has
		t.Skipf("no process may be traced here: %v: %s", err, out)
	}
	in, err := os.Open(record) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close() //nolint:errcheck // only read
	r := NewRecorder(dir)
	if err := r.Read(in); err != nil {
		t.Fatal(err)
	}
	d := at(t, r, Options{})
	if err := d.Verify(dir); err != nil {
		t.Error(err)
	}
	image := d.Cut(rand.New(rand.NewPCG(1, 1)), Dropped)
	if lines := bytes.Count(image["log"], []byte("\n")); lines != 100 || len(image) != 1 {
		t.Errorf("without what was not synced there are %d lines in %d files, want 100 in 1", lines, len(image))
	}
	for name, spoil := range map[string]func(string) error{
		"renamed": func(path string) error { return os.Truncate(path, 14_999) },
		"log":     os.Remove,
		"another": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		if err := spoil(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		if err := d.Verify(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("a changed %s was not noticed: %v", name, err)
		}
	}
}
