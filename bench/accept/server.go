package main

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/smsir/smsir/api"
)

// profiler is a file of package main that writes a CPU profile between two signals SIGUSR1. It is laid over the server's
// folder for a build with -cpuprofile and is in no other.
//
//go:embed profiler.go.txt
var profiler []byte

// build makes the server, as its users get it, or with the profiler.
func build(ctx context.Context, dir string, profiled bool) (string, error) {
	path := filepath.Join(dir, "smsir")
	args := []string{"build", "-trimpath", "-o", path}
	if profiled {
		root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			return "", fmt.Errorf("find the module: %w", err)
		}
		source, overlay := filepath.Join(dir, "profiler.go"), filepath.Join(dir, "overlay.json")
		replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(strings.TrimSpace(string(root)), "cmd", "smsir", "profiler.go"): source}})
		if err != nil {
			return "", err
		}
		if err := errors.Join(os.WriteFile(source, profiler, 0o600), os.WriteFile(overlay, replace, 0o600)); err != nil {
			return "", err
		}
		args = append(args, "-overlay", overlay)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "github.com/smsir/smsir/cmd/smsir")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
}

// server is the real thing in a process of its own, with one person and several API keys.
type server struct {
	cmd     *exec.Cmd
	data    string
	url     string
	keys    []string // secrets
	profile string   // where the profiler writes
	ended   chan error
}

// keysOfServer is how many API keys send: the rate limit is one of each caller.
const keysOfServer = 8

var (
	addressLine = regexp.MustCompile(`^\s*Web app\s+(http://\S+)$`)
	setupLine   = regexp.MustCompile(`^\s*http://\S+/setup#code=(\S+)$`)
)

// start runs the server on an empty folder and brings it into a mode.
func (b *bench) start(ctx context.Context, name, mode string) (*server, error) {
	s := &server{data: filepath.Join(b.dir, name), profile: filepath.Join(b.dir, name+".pprof"), ended: make(chan error, 1)}
	args := append([]string{"serve", "--listen", "127.0.0.1:0", "--data-dir", s.data, "--log-level", "warn", "--dispatch-queue-limit", "100000000"}, b.args...)
	s.cmd = exec.Command(b.binary, args...) //nolint:gosec,noctx // it is the server that was just built, and ends in order
	s.cmd.Env = append(os.Environ(), "BENCH_CPUPROFILE="+s.profile)
	s.cmd.Stderr = os.Stderr
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	code := ""
	in := bufio.NewScanner(out)
	for code == "" && in.Scan() {
		if m := addressLine.FindStringSubmatch(in.Text()); m != nil {
			s.url = m[1]
		}
		if m := setupLine.FindStringSubmatch(in.Text()); m != nil {
			code = m[1]
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.ended <- s.cmd.Wait()
	}()
	if code == "" {
		s.kill()
		return nil, errors.New("the server printed no setup link")
	}
	if err := s.prepare(ctx, code, mode); err != nil {
		s.kill()
		return nil, err
	}
	return s, nil
}

// prepare registers a person, makes keys and sets the mode.
func (s *server) prepare(ctx context.Context, code, mode string) error {
	var login api.Login
	if err := s.call(ctx, "", "POST", "/v1/auth/register", api.RegisterRequest{
		SetupCode: code, Email: "ada@example.com", Password: "three blue kettles sing",
		Name: "Ada", WorkspaceName: "Example Clinic", Country: "US", TimeZone: "UTC", Client: "app",
	}, &login); err != nil {
		return err
	}
	for i := range keysOfServer {
		var key api.APIKeyCreated
		if err := s.call(ctx, login.Token, "POST", "/v1/api-keys", api.APIKeyCreate{Name: fmt.Sprint("load ", i), Scopes: []string{"messages:send"}}, &key); err != nil {
			return err
		}
		s.keys = append(s.keys, key.Secret)
	}
	on, off := true, false
	switch mode {
	case paused:
		return s.call(ctx, login.Token, "PATCH", "/v1/workspace", api.WorkspaceUpdate{Paused: &on}, nil)
	case unused:
		var all api.ProviderList
		if err := s.call(ctx, login.Token, "GET", "/v1/providers", nil, &all); err != nil {
			return err
		}
		for _, p := range all.Items {
			if err := s.call(ctx, login.Token, "PATCH", "/v1/providers/"+p.ID, api.ProviderUpdate{Enabled: &off}, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// call sends one request and reads its answer, if answer is not nil.
func (s *server) call(ctx context.Context, token, method, path string, body, answer any) error {
	content, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(content))
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body, req.ContentLength = nil, 0
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, text)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(text, answer)
}

// meters are totals that the server tells of itself.
type meters struct {
	cpu        time.Duration
	allocated  float64
	handedOver float64
	commits    float64
	steps      float64
	committing time.Duration // spent in commits with their steps
}

// meters reads /metrics.
func (s *server) meters(ctx context.Context) (m meters, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/metrics", nil)
	if err != nil {
		return m, err
	}
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return m, err
	}
	defer resp.Body.Close()
	in := bufio.NewScanner(resp.Body)
	for in.Scan() {
		name, text, _ := strings.Cut(in.Text(), " ")
		var v float64
		if _, err := fmt.Sscan(text, &v); err != nil {
			continue
		}
		switch {
		case name == "process_cpu_seconds_total":
			m.cpu = time.Duration(v * float64(time.Second))
		case name == "go_memstats_alloc_bytes_total":
			m.allocated = v
		case name == "smsir_store_commit_steps_count":
			m.commits = v
		case name == "smsir_store_commit_steps_sum":
			m.steps = v
		case name == "smsir_store_commit_seconds_sum":
			m.committing = time.Duration(v * float64(time.Second))
		case strings.HasPrefix(name, "smsir_attempts_total{"):
			m.handedOver += v
		}
	}
	if m.cpu == 0 {
		return m, errors.Join(errors.New("/metrics does not tell the processor time"), in.Err())
	}
	return m, in.Err()
}

// stop ends the server in order.
func (s *server) stop() error {
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-s.ended:
		s.ended <- err
		return err
	case <-time.After(time.Minute):
		return errors.New("the server does not end")
	}
}

// kill ends it at once, if it is still there.
func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	err := <-s.ended
	s.ended <- err
}
