package oracle_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/oracle"
)

// evidence is the evidence in a folder.
func evidence(dir string, end time.Time) oracle.Evidence {
	return oracle.Evidence{
		Database: filepath.Join(dir, "smsir.db"), Simulator: filepath.Join(dir, "simulator.log"),
		Client: filepath.Join(dir, "client.log"), Stream: filepath.Join(dir, "stream.log"), Now: end,
	}
}

func judge(t *testing.T, e oracle.Evidence) *oracle.Report {
	t.Helper()
	r, err := oracle.Judge(t.Context(), e)
	must(t, err)
	return r
}

func text(t *testing.T, r *oracle.Report) string {
	t.Helper()
	var b bytes.Buffer
	_, err := r.WriteTo(&b)
	must(t, err)
	return b.String()
}

// seeds is how many victims each class of falsification gets.
const seeds = 6

// TestOracleCatchesEveryFalsification: true evidence passes, and every falsified copy of it fails the check that is there
// for it. An oracle that misses one proves nothing.
func TestOracleCatchesEveryFalsification(t *testing.T) {
	t.Parallel()
	original := t.TempDir()
	end := play(t, original, 7)
	r := judge(t, evidence(original, end))
	if !r.OK() || r.Lost+r.Doubled+r.Lying != 0 || r.Unknown == 0 || r.Resolved == 0 {
		t.Fatalf("true evidence is not found true:\n%s", text(t, r))
	}
	for _, c := range r.Checks {
		if c.Looked == 0 {
			t.Errorf("the world gives %s (%s) nothing to look at", c.Name, c.Title)
		}
	}
	t.Logf("true evidence:\n%s", text(t, r))
	for _, m := range falsifications() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(seeds) {
				s := newScene(t, original, seed)
				m.do(s)
				s.close()
				r := judge(t, evidence(s.dir, end))
				if r.Check(m.fails).OK() {
					t.Errorf("seed %d: %s passes:\n%s", seed, m.fails, text(t, r))
				}
				if n := map[string]int{"lost": r.Lost, "doubled": r.Doubled, "lying": r.Lying}[m.counts]; m.counts != "" && n == 0 {
					t.Errorf("seed %d: %s 0:\n%s", seed, m.counts, text(t, r))
				}
			}
		})
	}
}

// TestReportIsReadable: what a report writes names verdict, faults and the summary.
func TestReportIsReadable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := play(t, dir, 11)
	e := evidence(dir, end)
	e.Client, e.Stream = "", ""
	r := judge(t, e)
	if !r.OK() {
		t.Errorf("without the ledgers of client and follower:\n%s", text(t, r))
	}
	if got := text(t, r); !strings.Contains(got, "I1     none") || !strings.Contains(got, "I8     pass") || !strings.HasSuffix(got, r.Summary()+"\n") {
		t.Errorf("got\n%s", got)
	}
	r.Checks[0].Faults = []string{"something is wrong"}
	if got := text(t, r); r.OK() || !strings.Contains(got, "FAIL") || !strings.Contains(got, "something is wrong") {
		t.Errorf("got\n%s", got)
	}
}

// TestJudgeNamesWhatItCannotRead: evidence that is missing or damaged is an error, not a pass.
func TestJudgeNamesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	end := play(t, dir, 13)
	for name, change := range map[string]func(*oracle.Evidence){
		"database":  func(e *oracle.Evidence) { e.Database += "x" },
		"simulator": func(e *oracle.Evidence) { e.Simulator += "x" },
		"client":    func(e *oracle.Evidence) { e.Client = e.Stream },
		"stream":    func(e *oracle.Evidence) { e.Stream = e.Client },
	} {
		e := evidence(dir, end)
		change(&e)
		if r, err := oracle.Judge(t.Context(), e); err == nil {
			t.Errorf("%s: no error; report:\n%s", name, text(t, r))
		}
	}
}

// scene is a copy of the evidence that a falsification works on.
type scene struct {
	t      *testing.T
	dir    string
	rng    *rand.Rand
	db     *sql.DB
	wire   []string // lines of simulator.log
	client []string
	stream []string
}

func newScene(t *testing.T, original string, seed uint64) *scene {
	t.Helper()
	s := &scene{t: t, dir: t.TempDir(), rng: rand.New(rand.NewPCG(seed, 1))}
	must(t, os.CopyFS(s.dir, os.DirFS(original)))
	db, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "smsir.db")+"?_pragma=ignore_check_constraints(1)&_pragma=synchronous(0)")
	must(t, err)
	db.SetMaxOpenConns(1)
	s.db = db
	s.wire, s.client, s.stream = s.read("simulator.log"), s.read("client.log"), s.read("stream.log")
	return s
}

func (s *scene) read(name string) []string {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	must(s.t, err)
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func (s *scene) close() {
	must(s.t, s.db.Close())
	for name, lines := range map[string][]string{"simulator.log": s.wire, "client.log": s.client, "stream.log": s.stream} {
		must(s.t, os.WriteFile(filepath.Join(s.dir, name), []byte(strings.Join(lines, "\n")+"\n"), 0o600))
	}
}

// exec changes the database; it must change something.
func (s *scene) exec(query string, args ...any) {
	s.t.Helper()
	res, err := s.db.Exec(query, args...)
	must(s.t, err)
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		s.t.Fatalf("%s %v changed nothing (%v)", query, args, err)
	}
}

// schema changes the database in a way that counts no rows.
func (s *scene) schema(query string) {
	s.t.Helper()
	_, err := s.db.Exec(query)
	must(s.t, err)
}

// pick chooses one row of a query that returns ids.
func (s *scene) pick(query string, args ...any) int64 {
	s.t.Helper()
	rows, err := s.db.Query(query, args...)
	must(s.t, err)
	defer rows.Close() //nolint:errcheck // only read
	var ids []int64
	for rows.Next() {
		var id int64
		must(s.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	must(s.t, rows.Err())
	if len(ids) == 0 {
		s.t.Fatalf("%s finds nothing to falsify", query)
	}
	return ids[s.rng.IntN(len(ids))]
}

// line chooses the index of a line that holds every one of some parts.
func (s *scene) line(lines []string, parts ...string) int {
	s.t.Helper()
	var found []int
	for i, l := range lines {
		all := true
		for _, p := range parts {
			all = all && strings.Contains(l, p)
		}
		if all {
			found = append(found, i)
		}
	}
	if len(found) == 0 {
		s.t.Fatalf("no line holds %q", parts)
	}
	return found[s.rng.IntN(len(found))]
}

// edit replaces part of a line; the part must be there.
func (s *scene) edit(lines []string, i int, before, after string) {
	s.t.Helper()
	if !strings.Contains(lines[i], before) {
		s.t.Fatalf("line %s has no %q", lines[i], before)
	}
	lines[i] = strings.Replace(lines[i], before, after, 1)
}

// value reads a text value of a line.
func (s *scene) value(line, key string) string {
	s.t.Helper()
	_, rest, found := strings.Cut(line, fmt.Sprintf(`"%s":"`, key))
	if !found {
		s.t.Fatalf("line %s has no %s", line, key)
	}
	v, _, _ := strings.Cut(rest, `"`)
	return v
}
