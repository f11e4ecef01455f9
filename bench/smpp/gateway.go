package main

import (
	"bufio"
	"bytes"
	"context"
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

// build makes the server as its users get it; for profiles, with the profiler of bench/accept.
func (b *bench) build(ctx context.Context) (string, error) {
	path := filepath.Join(b.dir, "smsir")
	args := []string{"build", "-trimpath", "-o", path}
	if b.profiles != "" {
		root, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}").Output()
		if err != nil {
			return "", fmt.Errorf("find the module: %w", err)
		}
		top := strings.TrimSpace(string(root))
		overlay := filepath.Join(b.dir, "overlay.json")
		replace, err := json.Marshal(map[string]map[string]string{"Replace": {filepath.Join(top, "cmd", "smsir", "profiler.go"): filepath.Join(top, "bench", "accept", "profiler.go.txt")}})
		if err != nil {
			return "", err
		}
		if err := errors.Join(os.WriteFile(overlay, replace, 0o600), os.MkdirAll(b.profiles, 0o750)); err != nil {
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

// gateway is a running SMSir with one person, one SMPP carrier as provider, an API key and an SMPP account.
type gateway struct {
	b        *bench
	cmd      *exec.Cmd
	ended    chan error
	profile  string
	url      string
	token    string // of the person
	key      string
	sessions []*esme       // where it is fed over SMPP
	stream   io.ReadCloser // server-sent events, where it is fed over HTTP
	events   *bufio.Reader // of stream
}

var (
	addressLine = regexp.MustCompile(`^\s*Web app\s+(http://\S+)$`)
	setupLine   = regexp.MustCompile(`^\s*http://\S+/setup#code=(\S+)$`)
)

// smppSessions is how many sessions a customer over SMPP has.
const smppSessions = 2

func (b *bench) startSMSir(ctx context.Context, dir, carrier string, window int, overSMPP bool) (*gateway, error) {
	g := &gateway{b: b, ended: make(chan error, 1), profile: filepath.Join(dir, "pprof")}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--log-level", "warn", "--smpp-listen", "", "--smpp-plain-listen", "127.0.0.1:0"}
	g.cmd = exec.Command(b.binary, args...) //nolint:gosec,noctx // it is the server that was just built, and ends in order
	g.cmd.Env = append(os.Environ(), "BENCH_CPUPROFILE="+g.profile)
	g.cmd.Stderr = os.Stderr
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	code := ""
	in := bufio.NewScanner(out)
	for code == "" && in.Scan() {
		if m := addressLine.FindStringSubmatch(in.Text()); m != nil {
			g.url = m[1]
		}
		if m := setupLine.FindStringSubmatch(in.Text()); m != nil {
			code = m[1]
		}
	}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		g.ended <- g.cmd.Wait()
	}()
	if err := g.prepare(ctx, code, carrier, window, overSMPP); err != nil {
		return nil, errors.Join(err, g.stop())
	}
	return g, nil
}

func (g *gateway) prepare(ctx context.Context, code, carrier string, window int, overSMPP bool) error {
	var login api.Login
	if err := g.call(ctx, "POST", "/v1/auth/register", api.RegisterRequest{
		SetupCode: code, Email: "ada@example.com", Password: "three blue kettles sing",
		Name: "Ada", WorkspaceName: "Example Clinic", Country: "US", TimeZone: "UTC", Client: "app",
	}, &login); err != nil {
		return err
	}
	g.token = login.Token
	var all api.ProviderList
	if err := g.call(ctx, "GET", "/v1/providers", nil, &all); err != nil {
		return err
	}
	for _, p := range all.Items {
		if err := g.call(ctx, "PATCH", "/v1/providers/"+p.ID, map[string]any{"enabled": false}, nil); err != nil {
			return err
		}
	}
	var provider api.Provider
	if err := g.call(ctx, "POST", "/v1/providers", map[string]any{"kind": "smsc", "name": "Carrier", "enabled": true, "settings": map[string]string{
		"address": "127.0.0.1:" + carrier, "system_id": "bench", "password": "bench", "window": fmt.Sprint(window),
	}}, &provider); err != nil {
		return err
	}
	var key api.APIKeyCreated
	if err := g.call(ctx, "POST", "/v1/api-keys", api.APIKeyCreate{Name: "load", Scopes: []string{"messages:send"}}, &key); err != nil {
		return err
	}
	g.key = key.Secret
	if err := g.until(ctx, func() (bool, error) {
		err := g.call(ctx, "GET", "/v1/providers/"+provider.ID, nil, &provider)
		return len(provider.Connections) > 0 && provider.Connections[0].Up, err
	}); err != nil {
		return fmt.Errorf("the provider does not bind: %w", err)
	}
	if !overSMPP {
		return g.listen()
	}
	var account api.SMPPAccountChanged
	if err := g.call(ctx, "POST", "/v1/smpp/accounts", map[string]any{"system_id": "load", "window": window, "max_sessions": smppSessions}, &account); err != nil {
		return err
	}
	address := ""
	if err := g.until(ctx, func() (bool, error) {
		var list api.SMPPAccountList
		err := g.call(ctx, "GET", "/v1/smpp/accounts", nil, &list)
		for _, a := range list.Addresses {
			address = a.Address
		}
		return address != "", err
	}); err != nil {
		return fmt.Errorf("the SMPP server does not listen: %w", err)
	}
	for range smppSessions {
		e, err := bind(ctx, address, "load", account.Password, window)
		if err != nil {
			return err
		}
		g.sessions = append(g.sessions, e)
	}
	return nil
}

// until asks until something is so.
func (g *gateway) until(ctx context.Context, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (g *gateway) load(ctx context.Context, messages int) (time.Duration, error) {
	p := newPace(messages, g.b.ahead)
	begin := time.Now()
	if g.sessions != nil {
		err := overSMPP(ctx, g.sessions, p)
		return time.Since(begin), err
	}
	go g.follow(p) // it ends with the last receipt, or with the stream
	head := "POST /v1/messages HTTP/1.1\r\nHost: " + strings.TrimPrefix(g.url, "http://") + "\r\nAuthorization: Bearer " + g.key + "\r\nContent-Type: application/json\r\nContent-Length: "
	body := fmt.Sprintf(`{"to":"+447700900%%03d","from":"+12025550142","text":%q}`, text)
	head += fmt.Sprintf("%d\r\n\r\n", len(body)-1) // the number has three digits, and stands there with four
	err := overHTTP(ctx, strings.TrimPrefix(g.url, "http://"), g.b.senders, p, func(_, n int, b []byte) []byte {
		return fmt.Appendf(append(b, head...), body, n%1000)
	})
	return time.Since(begin), err
}

// listen opens the event stream.
func (g *gateway) listen() error {
	req, err := http.NewRequest(http.MethodGet, g.url+"/v1/events", nil) //nolint:noctx // it ends with the gateway
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+g.token)
	req.Header.Set("Accept", "text/event-stream")
	resp, err := new(http.Client).Do(req) //nolint:bodyclose // closed by stop; a stream has no end in time
	if err != nil {
		return err
	}
	g.stream = resp.Body
	g.events = bufio.NewReaderSize(resp.Body, 64<<10)
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET /v1/events: %s", resp.Status)
	}
	return nil
}

// follow counts the receipts that the event stream tells of, until all have come.
func (g *gateway) follow(p *pace) {
	for n := 0; n < p.total; {
		line, err := g.events.ReadSlice('\n')
		if err != nil {
			p.fail(fmt.Errorf("the event stream: %w", err))
			return
		}
		if bytes.HasPrefix(line, []byte("data:")) && bytes.Contains(line, []byte(`"message.delivered"`)) {
			n++
			p.got(1)
		}
	}
}

// call sends one request and reads its answer, if answer is not nil.
func (g *gateway) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, g.url+path, content)
	if err != nil {
		return err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if g.token != "" {
		req.Header.Set("Authorization", "Bearer "+g.token)
	}
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	read, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s: status %d: %s", method, path, resp.StatusCode, read)
	case answer == nil:
		return nil
	}
	return json.Unmarshal(read, answer)
}

// meters are totals that the server tells of itself.
type meters struct{ commits, steps, committing float64 }

func (g *gateway) meters(ctx context.Context) (m meters) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, g.url+"/metrics", nil)
	if err != nil {
		return m
	}
	resp, err := asker.Do(req)
	if err != nil {
		return m
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	for in := bufio.NewScanner(resp.Body); in.Scan(); {
		name, text, _ := strings.Cut(in.Text(), " ")
		for _, v := range []struct {
			name string
			to   *float64
		}{{"smsir_store_commit_steps_count", &m.commits}, {"smsir_store_commit_steps_sum", &m.steps}, {"smsir_store_commit_seconds_sum", &m.committing}} {
			if v.name == name {
				_, _ = fmt.Sscan(text, v.to) // 0 if it is no number
			}
		}
	}
	return m
}

func (g *gateway) pids() []int { return []int{g.cmd.Process.Pid} }

// toggle starts or ends the CPU profile.
func (g *gateway) toggle() { _ = g.cmd.Process.Signal(syscall.SIGUSR1) } // an error shows when it is saved

// save ends the profile and moves it to a file.
func (g *gateway) save(to string) error {
	g.toggle()
	for range 200 {
		if b, err := os.ReadFile(g.profile + ".done"); err == nil {
			return os.WriteFile(to, b, 0o600)
		}
		<-time.After(50 * time.Millisecond)
	}
	return errors.New("the server wrote no profile")
}

func (g *gateway) stop() error {
	if g.stream != nil {
		_ = g.stream.Close() // it is only read
	}
	for _, e := range g.sessions {
		_ = e.nc.Close() // everything was answered
	}
	return end(g.cmd, g.ended)
}
