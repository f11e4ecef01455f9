//go:build linux

package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/bench/powercut"
	"github.com/smsir/smsir/internal/store/sqlite"
)

// Of a power cut.
const (
	imagesOfASize = 25  // images for each step of SMSIR_CHAOS
	imagesOfARun  = 125 // of one recorded run, at most
	imagesOfStart = 50  // of these, one is such that a gateway is started from it
)

// TestPowerCuts (F4): the gateway runs under load, is killed, started, stopped and started, and every change that it makes to
// its folder is recorded. From the record come images of the disk as a power cut at some moment may leave it: what was not
// synced dropped, out of order, or torn. In each of them the oracle finds what was told before that moment: what was accepted
// is there, what the carrier has is no secret, the database is whole. From some of them a gateway starts and brings everything
// to its end. The carrier is the simulator, whose ledger stands for the world and loses nothing.
func TestPowerCuts(t *testing.T) {
	t.Parallel()
	needTracer(t)
	images := imagesOfASize * int(setting(t, "SMSIR_CHAOS", 1))
	seed := setting(t, "SMSIR_CRASH_SEED", rand.Uint64N(1_000_000))
	t.Logf("SMSIR_CRASH_SEED=%d", seed)
	sum := &outcome{}
	for ; images > 0 && !t.Failed(); images -= imagesOfARun {
		newOutage(t, seed, sum).play(min(images, imagesOfARun))
		seed++
	}
	figure(t, true, fmt.Sprintf("%d images, up to %d messages in one, %d answers looked at; what was not synced: %v; a gateway started from %d", sum.images, sum.most, sum.answers, sum.modes, sum.restarts))
	t.Logf("lost %d doubled %d lying %d unknown %d resolved %d kills %d", sum.lost, sum.doubled, sum.lying, sum.unknown, sum.resolved, sum.images)
}

// needTracer skips where nothing can be recorded, and fails where it must be.
func needTracer(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath(powercut.Tracer); err != nil {
		say := t.Skipf
		if required(powercut.Tracer) {
			say = t.Fatalf
		}
		say("power cuts: NOT RUN, %s is not here (Debian, Ubuntu: sudo apt-get install %s)", powercut.Tracer, powercut.Tracer)
	}
	args := append(powercut.Command("/dev/null"), "true")
	if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil { //nolint:gosec // the tracer
		t.Skipf("power cuts: NOT RUN, no process may be traced here: %v: %s", err, out)
	}
}

// outcome is what all images said together.
type outcome struct {
	images, restarts, most, answers         int
	modes                                   map[string]int
	lost, doubled, lying, unknown, resolved int
}

func (o *outcome) add(r *oracle.Report) {
	o.most = max(o.most, r.Messages)
	o.answers += r.Check(oracle.I1).Looked
	o.lost, o.doubled, o.lying = o.lost+r.Lost, o.doubled+r.Doubled, o.lying+r.Lying
}

// outage is one recorded run and what is made of it.
type outage struct {
	*hammer
	dir        string
	pipe       string    // where the tracer writes
	registered time.Time // when the first person was told to be registered
	token      string
	recorder   *powercut.Recorder
	sum        *outcome
	rng        *rand.Rand
}

func newOutage(t *testing.T, seed uint64, sum *outcome) *outage {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	must(t, err)
	t.Cleanup(func() { keep(t, dir) })
	o := &outage{hammer: newHammer(t, dir, seed), dir: dir, pipe: filepath.Join(t.TempDir(), "record"), sum: sum, rng: rand.New(rand.NewPCG(seed, 4))}
	must(t, os.Mkdir(o.data, 0o700))
	must(t, syscall.Mkfifo(o.pipe, 0o600))
	o.recorder = powercut.NewRecorder(o.data)
	o.under = powercut.Command(o.pipe)
	return o
}

// record starts a gateway whose changes are recorded; the channel tells when the record has ended.
func (o *outage) record() <-chan error {
	o.t.Helper()
	done := make(chan error, 1)
	go func() {
		in, err := os.Open(o.pipe)
		if err == nil {
			err = o.recorder.Read(in)
			_ = in.Close()
		}
		done <- err
	}()
	o.run()
	return done
}

// play makes a record and looks at images of it.
func (o *outage) play(images int) {
	o.t.Helper()
	o.load()
	disk := powercut.NewDisk(o.recorder, options())
	must(o.t, disk.Replay(o.recorder.Steps()))
	if err := disk.Verify(o.data); err != nil {
		o.t.Fatalf("the record is not whole: %v", err)
	}
	cuts := make([]int, images)
	for i := range cuts {
		cuts[i] = 1 + o.rng.IntN(o.recorder.Steps())
	}
	slices.Sort(cuts)
	disk = powercut.NewDisk(o.recorder, options())
	for i, at := range cuts {
		must(o.t, disk.Replay(at))
		mode := powercut.Modes()[i%len(powercut.Modes())]
		o.look(disk.Cut(o.rng, mode), at, mode, i%imagesOfStart == min(images, imagesOfStart)*3/4)
		if o.t.Failed() {
			return
		}
	}
}

// options say what is in the folder besides the database and the key.
func options() powercut.Options {
	return powercut.Options{Outside: []string{"simulator.log"}, Ignore: []string{"smsir.db-shm", "smsir.ballast"}}
}

// load is the run that is recorded: three lives, the first one ended by a kill, and clients that outlive them.
func (o *outage) load() {
	o.t.Helper()
	ended := o.record()
	c := register(o.t, o.server)
	o.registered, o.token = time.Now(), c.token
	o.site = siteOf(c)
	crew := newCrew(o.t, o.site, o.dir, o.rng.Uint64(), load.Recipients)
	working, stop := context.WithCancel(o.t.Context())
	defer stop()
	crew.Mix(working)
	o.busy(working, crew)
	crew.Burst(working, 24)
	o.kill()
	must(o.t, <-ended)
	for life := range 2 {
		ended = o.record()
		o.busy(working, crew)
		if life == 1 {
			stop()
			crew.Wait()
		}
		o.site.Down()
		if code := o.server.stop(); code != 0 {
			o.t.Errorf("exit code %d", code)
		}
		o.server = nil
		must(o.t, <-ended)
	}
}

// busy lets the clients work for a while, longer where the machine has much else to do.
func (o *outage) busy(ctx context.Context, crew *load.Crew) {
	o.t.Helper()
	before := crew.Sent()
	pause(ctx, 1500*time.Millisecond)
	eventually(o.t, "the clients send", func() bool { return crew.Sent() >= before+30 })
}

// look judges one image; with start, a gateway is started from it too.
func (o *outage) look(image powercut.Image, at int, mode powercut.Mode, start bool) {
	o.t.Helper()
	moment := o.recorder.At(at - 1)
	dir := filepath.Join(o.dir, fmt.Sprintf("image-%d-%s", at, mode))
	data := dataOf(dir)
	must(o.t, os.MkdirAll(data, 0o700))
	must(o.t, image.Write(data))
	if _, made := image["simulator.log"]; !made {
		must(o.t, os.WriteFile(filepath.Join(data, "simulator.log"), nil, 0o600))
	}
	must(o.t, os.WriteFile(filepath.Join(data, "smsir.db-shm"), garbage(o.rng), 0o600)) // the map of the log is not to be believed
	must(o.t, oracle.CopyLedger(filepath.Join(dir, "client.log"), filepath.Join(o.dir, "client.log"), moment))
	what := fmt.Sprintf("%s at step %d of %d", mode, at, o.recorder.Steps())
	o.sum.count(mode)

	if o.opens(dir, what, moment) && start && moment.After(o.registered) {
		o.restart(dir, what)
	}
	if !o.t.Failed() {
		must(o.t, os.RemoveAll(dir))
		return
	}
	before := filepath.Join(dir, "before") // as it was when nobody had opened it
	must(o.t, os.Mkdir(before, 0o700))
	must(o.t, image.Write(before))
}

// opens opens the database of an image as a gateway does, takes over from the run that had the power cut, and has the oracle
// judge what there is.
func (o *outage) opens(dir, what string, moment time.Time) bool {
	o.t.Helper()
	s, err := sqlite.Open(o.t.Context(), filepath.Join(dataOf(dir), "smsir.db"), sqlite.Options{})
	if err == nil {
		defer func() { must(o.t, s.Close()) }()
		_, _, err = s.Recover(o.t.Context(), time.Now(), time.Now())
	}
	if err != nil {
		o.t.Errorf("%s: the store does not open: %v", what, err)
		return false
	}
	if moment.After(o.registered) && count(o.t, dataOf(dir), "SELECT count(*) FROM sessions") == 0 {
		o.t.Errorf("%s: the first person was told to be registered, and is not there", what)
	}
	o.verdict(dir, what, moment)
	return !o.t.Failed()
}

func garbage(rng *rand.Rand) []byte {
	b := make([]byte, 32<<10)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// count notes an image.
func (o *outcome) count(mode powercut.Mode) {
	if o.modes == nil {
		o.modes = map[string]int{}
	}
	o.images++
	o.modes[mode.String()]++
}

// verdict has the oracle judge a folder as of a moment.
func (o *outage) verdict(dir, what string, now time.Time) *oracle.Report {
	o.t.Helper()
	r, err := oracle.Judge(o.t.Context(), oracle.Evidence{
		Database: filepath.Join(dataOf(dir), "smsir.db"), Simulator: filepath.Join(dataOf(dir), "simulator.log"), Client: filepath.Join(dir, "client.log"), Now: now,
	})
	must(o.t, err)
	o.sum.add(r)
	if !r.OK() {
		o.t.Errorf("%s: the oracle found faults\n%s", what, report(o.t, r))
	}
	return r
}

// restart starts a gateway from an image and lets everything come to its end. Who was logged in is logged in.
func (o *outage) restart(dir, what string) {
	o.t.Helper()
	h := newHammer(o.t, dir, 1)
	h.run()
	c := newClient(h.server.url)
	c.token = o.token
	if a, err := c.do(o.t.Context(), "GET", "/v1/bootstrap", nil); err != nil || a.status != 200 {
		o.t.Errorf("%s: who was logged in is answered with %+v, %v", what, a, err)
	}
	h.drain(nil)
	if code := h.server.stop(); code != 0 {
		o.t.Errorf("%s: exit code %d", what, code)
	}
	r := o.verdict(dir, what+", after a restart", time.Now())
	o.sum.restarts++
	o.sum.unknown, o.sum.resolved = o.sum.unknown+r.Unknown, o.sum.resolved+r.Resolved
}
