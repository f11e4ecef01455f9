//go:build linux

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	load "github.com/smsir/smsir/bench/client"
)

// TestDiskFull (F10): a small disk fills up under load, is freed, and fills up again. While it is full the gateway refuses;
// what it accepted is there; and it goes on by itself. It needs root, for a disk of its own.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	cycles := int(setting(t, "SMSIR_CHAOS", 1))
	dir := t.TempDir()
	if err := os.Mkdir(dataOf(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	disk := fmt.Sprintf("size=%dm", 24*max(cycles, 1)) // the messages of all cycles stay on it
	if err := syscall.Mount("tmpfs", dataOf(dir), "tmpfs", 0, disk); err != nil {
		t.Skipf("disk full: NOT RUN, a disk of its own cannot be mounted here: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dataOf(dir), syscall.MNT_DETACH) })
	h := newHammer(t, dir, 1)
	h.args = append(h.args, "--store-min-free-bytes", "1B")
	h.run()
	c := register(t, h.server)
	h.site = siteOf(c)
	crew := newCrew(t, h.site, dir, 1, load.Recipients)
	h.far = startCarrier(t, c, dir, 1, nil)
	s := &scene{hammer: h, crew: crew, c: c, dir: dir, size: cycles}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	for range 4 {
		crew.Hire(ctx, 10*time.Millisecond, func(ctx context.Context, sender *load.Sender) { sender.Batch(ctx, true) })
	}
	var back []time.Duration
	filler := filepath.Join(dataOf(dir), "filler")
	for range cycles {
		before := crew.Sent()
		eventually(t, "messages are accepted", func() bool { return crew.Sent() > before+100 })
		fill(t, filler)
		refused := crew.Refused()
		eventually(t, "the gateway refuses for want of space", func() bool { return crew.Refused() > refused })
		pause(ctx, 500*time.Millisecond)
		must(t, os.Remove(filler))
		freed, full := time.Now(), crew.Sent()
		eventually(t, "it accepts again without a restart", func() bool { return crew.Sent() > full })
		back = append(back, time.Since(freed))
		if t.Failed() {
			break
		}
	}
	stop()
	s.close()
	atMost(t, fmt.Sprintf("accepting again after %d times without space", cycles), percentile(back, 100), 5*time.Second)
	if n := h.kills; n != 0 {
		t.Errorf("%d restarts", n)
	}
}

// fill writes until the disk takes nothing more.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	defer f.Close() //nolint:errcheck // it is full
	for piece := make([]byte, 64<<10); len(piece) > 0; {
		if _, err := f.Write(piece); err != nil {
			piece = piece[:len(piece)/2]
		}
	}
}
