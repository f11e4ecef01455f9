package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// findKannel looks for its two programs.
func findKannel() (map[string]string, error) {
	boxes := map[string]string{}
	for _, name := range []string{"bearerbox", "smsbox"} {
		path, err := exec.LookPath(name)
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/" + name)
		}
		if err != nil {
			return nil, errors.New("there is no Kannel on this machine; scripts/need-smpp.sh kannel installs it on Debian")
		}
		boxes[name] = path
	}
	return boxes, nil
}

// kannelConf is Kannel with everything in memory, no logs and the window of the measurement.
const kannelConf = `
group = core
admin-port = %[1]s
admin-interface = 127.0.0.1
admin-password = bench
smsbox-port = %[2]s
smsbox-interface = 127.0.0.1
smsbox-max-pending = 1000
box-allow-ip = 127.0.0.1
log-level = 4
dlr-storage = internal
sms-outgoing-queue-limit = 1000000
sms-incoming-queue-limit = 1000000

group = smsc
smsc = smpp
smsc-id = carrier
host = 127.0.0.1
port = %[4]s
smsc-username = bench
smsc-password = bench
system-type = ""
transceiver-mode = 1
msg-id-type = 0x00
max-pending-submits = %[5]d

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = %[2]s
sendsms-port = %[3]s
sendsms-interface = 127.0.0.1
log-level = 4
max-pending-requests = 2000

group = sendsms-user
username = bench
password = bench
`

// kannelBoxes is a running Kannel and the receiver of its reports.
type kannelBoxes struct {
	b       *bench
	cmds    []*exec.Cmd
	ended   []chan error
	sendsms string
	sink    *http.Server
	reports string // address of the sink
	pace    atomic.Pointer[pace]
}

func (b *bench) startKannel(ctx context.Context, boxes map[string]string, dir, carrier string, window int) (*kannelBoxes, error) {
	k := &kannelBoxes{b: b}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed with the server
	if err != nil {
		return nil, err
	}
	k.reports = l.Addr().String()
	k.sink = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p := k.pace.Load(); r.URL.Query().Get("type") == "1" {
			p.got(1)
		} else {
			p.fail(fmt.Errorf("report %s", r.URL))
		}
	})}
	go func() { _ = k.sink.Serve(l) }()
	var ports [3]string
	for i := range ports {
		if ports[i], err = freePort(); err != nil {
			return nil, err
		}
	}
	admin := ports[0]
	k.sendsms = "127.0.0.1:" + ports[2]
	file := filepath.Join(dir, "kannel.conf")
	if err := os.WriteFile(file, fmt.Appendf(nil, kannelConf, admin, ports[1], ports[2], carrier, window), 0o600); err != nil {
		return nil, err
	}
	for _, box := range []struct{ name, ready string }{{"bearerbox", "(online"}, {"smsbox", "smsbox:"}} {
		cmd := exec.Command(boxes[box.name], "-v", "4", file) //nolint:gosec,noctx // it ends in order
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			return nil, errors.Join(err, k.stop())
		}
		ended := make(chan error, 1)
		go func() {
			err := cmd.Wait()
			var exit *exec.ExitError
			if errors.As(err, &exit) {
				err = nil // what it exits with says nothing
			}
			ended <- err
		}()
		k.cmds, k.ended = append(k.cmds, cmd), append(k.ended, ended)
		deadline := time.Now().Add(patience)
		for !strings.Contains(k.status(ctx, admin), box.ready) {
			if time.Now().After(deadline) || ctx.Err() != nil {
				return nil, errors.Join(fmt.Errorf("%s is not ready", box.name), k.stop())
			}
			<-time.After(50 * time.Millisecond)
		}
	}
	return k, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed at once
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

func (k *kannelBoxes) status(ctx context.Context, admin string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://127.0.0.1:"+admin+"/status.txt?password=bench", nil)
	if err != nil {
		return ""
	}
	resp, err := asker.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close() //nolint:errcheck // it is asked again
	b := make([]byte, 16<<10)
	n := 0
	for n < len(b) {
		m, err := resp.Body.Read(b[n:])
		n += m
		if err != nil {
			break
		}
	}
	return string(b[:n])
}

func (k *kannelBoxes) load(ctx context.Context, messages int) (time.Duration, error) {
	p := newPace(messages, k.b.ahead)
	k.pace.Store(p)
	q := url.Values{
		"username": {"bench"}, "password": {"bench"}, "from": {"12025550142"}, "text": {text},
		"dlr-mask": {"3"}, "dlr-url": {"http://" + k.reports + "/?type=%d"},
	}.Encode()
	begin := time.Now()
	err := overHTTP(ctx, k.sendsms, k.b.senders, p, func(_, n int, b []byte) []byte {
		return fmt.Appendf(b, "GET /cgi-bin/sendsms?%s&to=447700900%03d HTTP/1.1\r\nHost: %s\r\n\r\n", q, n%1000, k.sendsms)
	})
	return time.Since(begin), err
}

func (k *kannelBoxes) pids() (all []int) {
	for _, cmd := range k.cmds {
		all = append(all, cmd.Process.Pid)
	}
	return all
}

func (k *kannelBoxes) stop() (err error) {
	for i := len(k.cmds) - 1; i >= 0; i-- {
		err = errors.Join(err, end(k.cmds[i], k.ended[i]))
	}
	return errors.Join(err, k.sink.Close())
}
