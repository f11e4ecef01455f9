package chaosproxy_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"testing"
	"time"

	"github.com/smsir/smsir/bench/chaosproxy"
)

// echo answers each line with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() //nolint:errcheck // it is over
				in := bufio.NewScanner(c)
				for in.Scan() {
					fmt.Fprintln(c, in.Text())
				}
			}()
		}
	}()
	return l.Addr().String()
}

// TestModes: each state of the network does what it says, and what was held back arrives when it heals.
func TestModes(t *testing.T) {
	t.Parallel()
	p, err := chaosproxy.Start(echo(t), 30*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}()
	dial := func() (net.Conn, *bufio.Reader) {
		t.Helper()
		c, err := net.Dial("tcp", p.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c, bufio.NewReader(c)
	}
	ask := func(c net.Conn, in *bufio.Reader, patience time.Duration) (string, error) {
		_, _ = fmt.Fprintln(c, "hello")
		_ = c.SetReadDeadline(time.Now().Add(patience))
		return in.ReadString('\n')
	}
	const long, short = 20 * time.Second, 50 * time.Millisecond
	for _, m := range []chaosproxy.Mode{chaosproxy.Open, chaosproxy.Slow} {
		p.Set(m)
		c, in := dial()
		if got, err := ask(c, in, long); err != nil || got != "hello\n" {
			t.Errorf("%s: %q, %v", m, got, err)
		}
	}
	for _, m := range []chaosproxy.Mode{chaosproxy.Hole, chaosproxy.HoleOut, chaosproxy.HoleBack} {
		p.Set(m)
		c, in := dial()
		if got, err := ask(c, in, short); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %q, %v; want nothing", m, got, err)
		}
		p.Set(chaosproxy.Open)
		_ = c.SetReadDeadline(time.Now().Add(long))
		if got, err := in.ReadString('\n'); err != nil || got != "hello\n" {
			t.Errorf("%s, healed: %q, %v", m, got, err)
		}
	}
	for _, m := range []chaosproxy.Mode{chaosproxy.Refuse, chaosproxy.Cut} {
		p.Set(chaosproxy.Open)
		c, in := dial()
		if _, err := ask(c, in, long); err != nil {
			t.Errorf("before %s: %v", m, err)
		}
		p.Set(m)
		if got, err := ask(c, in, long); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: %q, %v; want a connection that broke", m, got, err)
		}
	}
	if n := p.Connections(); n < 7 {
		t.Errorf("%d connections passed on", n)
	}
}
