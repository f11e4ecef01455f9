package e2e

import (
	"bufio"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for something that must happen before it calls it a failure. It is no measure of
// how fast anything is.
const patience = time.Minute

// output collects what a process writes, and wakes those who wait for a line of it.
type output struct {
	mu    sync.Mutex
	text  strings.Builder
	grown chan struct{} // closed and replaced when text grows
	ended bool
}

func newOutput() *output { return &output{grown: make(chan struct{})} }

// read collects from r until it ends.
func (o *output) read(r io.Reader) {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		o.mu.Lock()
		o.text.WriteString(line)
		o.ended = err != nil
		close(o.grown)
		o.grown = make(chan struct{})
		o.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits for a match of pattern and returns its first group; "" when the output ends without one.
func (o *output) find(pattern *regexp.Regexp) string {
	timeout := time.After(patience)
	for {
		o.mu.Lock()
		match, grown, ended := pattern.FindStringSubmatch(o.text.String()), o.grown, o.ended
		o.mu.Unlock()
		switch {
		case match != nil:
			return match[1]
		case ended:
			return ""
		}
		select {
		case <-grown:
		case <-timeout:
			return ""
		}
	}
}

// server is one run of the program.
type server struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *output
	stderr *output
	url    string        // http://127.0.0.1:…
	done   chan struct{} // closed when the process has ended
	code   int           // its exit code then; -1 when a signal ended it
}

var (
	addressLine = regexp.MustCompile(`(?m)^\s*Web app\s+(http://\S+)$`)
	setupLink   = regexp.MustCompile(`(http://\S+/setup#code=\S+)\n`)
	loginLine   = regexp.MustCompile(`(?m)^(Log in at http://\S+)\.`)
)

// launch starts the program with a command line. It does not wait for anything.
func launch(t *testing.T, env []string, args ...string) *server {
	t.Helper()
	path, err := binary()
	must(t, err)
	return launchPath(t, path, env, args...)
}

// launchPath starts a build of the program.
func launchPath(t *testing.T, path string, env []string, args ...string) *server {
	t.Helper()
	s := &server{t: t, cmd: exec.Command(path, args...), stdout: newOutput(), stderr: newOutput(), done: make(chan struct{})}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "CANARY"} { // and no SMSIR_…
		if v, ok := os.LookupEnv(name); ok {
			s.cmd.Env = append(s.cmd.Env, name+"="+v)
		}
	}
	s.cmd.Env = append(s.cmd.Env, env...)
	out, err := s.cmd.StdoutPipe()
	must(t, err)
	errOut, err := s.cmd.StderrPipe()
	must(t, err)
	must(t, s.cmd.Start())
	var reading sync.WaitGroup
	reading.Go(func() { s.stdout.read(out) })
	reading.Go(func() { s.stderr.read(errOut) })
	go func() {
		defer close(s.done)
		reading.Wait()
		err := s.cmd.Wait()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			s.stderr.mu.Lock()
			s.stderr.text.WriteString("e2e: wait: " + err.Error())
			s.stderr.mu.Unlock()
		}
		s.code = s.cmd.ProcessState.ExitCode()
	}()
	t.Cleanup(func() {
		killed := s.ended() && s.code < 0 // there may have been hundreds of these
		s.kill()
		if t.Failed() && !killed {
			t.Logf("%v\nstandard output:\n%s\nstandard error:\n%s", args, s.stdout, tail(s.stderr.String()))
		}
	})
	return s
}

// tail is the end of a long text.
func tail(text string) string {
	const most = 4000
	if len(text) > most {
		return "…" + text[len(text)-most:]
	}
	return text
}

// serve starts the server on a free port with its data in a folder, and waits until it answers.
func serve(t *testing.T, data string, args ...string) *server {
	t.Helper()
	s := launchServe(t, data, args...)
	if !s.ready() {
		t.Fatalf("the server did not start:\n%s\n%s", s.stdout, s.stderr)
	}
	return s
}

func launchServe(t *testing.T, data string, args ...string) *server {
	t.Helper()
	return launch(t, nil, append([]string{"serve", "--listen", "127.0.0.1:0", "--smpp-listen", "127.0.0.1:0", "--data-dir", data}, args...)...)
}

// ready waits for the address, which is printed when the server answers; false if the process ended before.
func (s *server) ready() bool {
	s.url = s.stdout.find(addressLine)
	return s.url != ""
}

// setup waits for the link of the first registration.
func (s *server) setup() string {
	s.t.Helper()
	link := s.stdout.find(setupLink)
	if link == "" {
		s.t.Fatalf("no setup link was printed:\n%s", s.stdout)
	}
	return link
}

// setupCode is the code of the setup link.
func (s *server) setupCode() string {
	s.t.Helper()
	_, code, _ := strings.Cut(s.setup(), "#code=")
	return code
}

// kill ends the process without giving it a chance (SIGKILL), and waits for its end.
func (s *server) kill() {
	_ = s.cmd.Process.Kill() // it may have ended
	<-s.done
}

// ended reports whether the process has.
func (s *server) ended() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

// stop asks the process to end (SIGTERM) and returns its exit code.
func (s *server) stop() int {
	s.t.Helper()
	must(s.t, s.cmd.Process.Signal(syscall.SIGTERM))
	return s.exit()
}

// exit waits for the end of the process and returns its exit code.
func (s *server) exit() int {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(patience):
		s.t.Fatalf("the process does not end:\n%s\n%s", s.stdout, tail(s.stderr.String()))
	}
	return s.code
}
