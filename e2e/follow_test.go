package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	load "github.com/smsir/smsir/bench/client"
)

// follower watches the event stream of a gateway that comes and goes, as a good client does: it resumes from the last
// event it has, and writes down each one it gets. Whether it got all of them is the oracle's question.
type follower struct {
	t     *testing.T
	site  *load.Site
	token string
	file  *os.File
	done  sync.WaitGroup
	stop  context.CancelFunc

	mu      sync.Mutex
	cursor  string
	resumed int // connections after the first
}

// startFollower follows from a cursor, which becomes the first line of the file stream.log in dir.
func startFollower(t *testing.T, s *load.Site, token string, dir, cursor string) *follower {
	t.Helper()
	file, err := os.Create(filepath.Join(dir, "stream.log"))
	must(t, err)
	_, err = fmt.Fprintln(file, cursor)
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	f := &follower{t: t, site: s, token: token, file: file, cursor: cursor, stop: cancel}
	f.done.Go(func() { f.run(ctx) })
	t.Cleanup(f.end)
	return f
}

// end stops it and closes its file.
func (f *follower) end() {
	f.stop()
	f.done.Wait()
	_ = f.file.Close()
}

func (f *follower) run(ctx context.Context) {
	for first := true; ; first = false {
		up := f.site.Conn(ctx)
		if up == nil {
			return
		}
		c := newClient(up.URL())
		c.token = f.token
		if !first {
			f.mu.Lock()
			f.resumed++
			f.mu.Unlock()
		}
		f.watch(ctx, c)
		if !pause(ctx, 20*time.Millisecond) {
			return
		}
	}
}

// watch follows until the connection ends.
func (f *follower) watch(ctx context.Context, c *client) {
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := dial(dialing, c, f.last())
	if err != nil {
		return // it was killed before it answered
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	for {
		e, err := next(ctx, conn)
		if err != nil {
			return
		}
		if e.Type == "resync" {
			f.t.Errorf("the stream after %s cannot be resumed", f.last())
			return
		}
		f.mu.Lock()
		f.cursor = e.ID
		_, err = fmt.Fprintln(f.file, e.ID)
		f.mu.Unlock()
		if err != nil {
			f.t.Errorf("follower's ledger: %v", err)
			return
		}
	}
}

// last is the last event it has.
func (f *follower) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cursor
}
