package pgtest

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Freeze stops every process of the server where it stands, as a machine that hangs would: connections stay, and nothing
// answers. Thaw ends it.
func (s *Server) Freeze(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw(t testing.TB) { s.signal(t, syscall.SIGCONT) }

// signal goes to the server and to its backends, which are its children.
func (s *Server) signal(t testing.TB, sig syscall.Signal) {
	t.Helper()
	parent := s.cmd.Process.Pid
	all, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	pids := []int{parent} // first, so that it starts no more of them
	for _, d := range all {
		if pid, err := strconv.Atoi(d.Name()); err == nil && parentOf(pid) == parent {
			pids = append(pids, pid)
		}
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, sig); err != nil && err != syscall.ESRCH { //nolint:errorlint // a number of the system
			t.Fatalf("signal %v to process %d of the server: %v", sig, pid, err)
		}
	}
}

// parentOf is 0 for a process that has ended.
func parentOf(pid int) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name: state and parent
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1]) // a number, as proc(5) has it
	return parent
}
