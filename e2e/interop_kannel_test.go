package e2e

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// portOf is the port of an address.
func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	return port
}

// freePort is a port that was free a moment ago, for programs that cannot choose one and tell.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // it is only to be free
	return portOf(t, l.Addr().String())
}

// kannel is a running bearerbox with its smsbox.
type kannel struct {
	admin, sendsms string // addresses
	output         *output
}

// startKannel starts Kannel as a customer; messages from handsets are asked for at a URL.
func startKannel(t *testing.T, u *customer, inbound string) *kannel {
	t.Helper()
	boxes := map[string]string{}
	for _, name := range []string{"bearerbox", "smsbox"} {
		path, err := exec.LookPath(name)
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/" + name)
		}
		peer(t, "kannel", "apt-get install kannel", err == nil)
		boxes[name] = path
	}
	settings, err := os.ReadFile("interop/kannel.conf")
	must(t, err)
	admin, sendsms := freePort(t), freePort(t)
	text := strings.NewReplacer(
		"ADMIN_PORT", admin, "SMSBOX_PORT", freePort(t), "SENDSMS_PORT", sendsms, "SMPP_PORT", portOf(t, u.address),
		"SYSTEM_ID", "acme", "PASSWORD", u.password, "INBOUND_URL", inbound,
	).Replace(string(settings))
	file := filepath.Join(t.TempDir(), "kannel.conf")
	must(t, os.WriteFile(file, []byte(text), 0o600))
	k := &kannel{admin: "http://127.0.0.1:" + admin, sendsms: "http://127.0.0.1:" + sendsms, output: newOutput()}
	start := func(name string) {
		cmd := exec.Command(boxes[name], file) //nolint:noctx // ended below, in its own way
		cmd.Dir = filepath.Dir(file)
		out, err := cmd.StderrPipe()
		must(t, err)
		cmd.Stdout = nil
		must(t, cmd.Start())
		var reading sync.WaitGroup
		reading.Go(func() { k.output.read(out) })
		t.Cleanup(func() {
			_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
			reading.Wait()
			_ = cmd.Wait() // it was told to end
		})
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Kannel:\n%s", tail(k.output.String()))
		}
	})
	start("bearerbox")
	until(t, "bearerbox is bound", func() bool { return strings.Contains(k.get(t, k.admin+"/status.txt?password="+u.password), "(online") })
	start("smsbox")
	until(t, "smsbox is connected", func() bool {
		return strings.Contains(k.get(t, k.admin+"/status.txt?password="+u.password), "smsbox:")
	})
	return k
}

// get is the body at an address, "" while there is none.
func (k *kannel) get(t *testing.T, address string) string {
	t.Helper()
	a, err := newClient("").do(t.Context(), "GET", address, nil)
	if err != nil {
		return ""
	}
	return string(a.body)
}

// TestInteropKannel: Kannel as a customer sends plain, Unicode and long messages, gets their receipts, and a text from a handset.
func TestInteropKannel(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	reports := map[string][]string{} // types by message
	var inbound []url.Values
	sink := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		q := r.URL.Query()
		if r.URL.Path == "/receipt" {
			reports[q.Get("n")] = append(reports[q.Get("n")], q.Get("type"))
		} else {
			inbound = append(inbound, q)
		}
		w.WriteHeader(http.StatusOK)
	}))
	t.Cleanup(sink.Close)
	u := customerOf(t, smpptest.Script{Submit: delivers})
	tap := record(t, mustAtoi(t, portOf(t, u.address)))
	u.address = tap.address
	k := startKannel(t, u, sink.URL+"/inbound")
	sends := []string{"Plain @ $ {€}", "Добрый день", strings.Repeat("Long and plain. ", 15), strings.Repeat("Длинно ", 20)}
	for i, text := range sends {
		q := url.Values{
			"username": {"tester"}, "password": {u.password}, "from": {"12025550142"}, "to": {"12025550100"}, "text": {text}, "charset": {"UTF-8"},
			"dlr-mask": {"31"}, "dlr-url": {fmt.Sprintf("%s/receipt?n=%d&type=%%d", sink.URL, i)},
		}
		if strings.ContainsRune(text, 'д') || strings.ContainsRune(text, 'л') {
			q.Set("coding", "2")
		}
		if got := k.get(t, k.sendsms+"/cgi-bin/sendsms?"+q.Encode()); !strings.HasPrefix(got, "0:") && !strings.HasPrefix(got, "3:") {
			t.Fatalf("smsbox says %q to %q", got, text)
		}
	}
	until(t, "all reports of delivery have come", func() bool {
		mu.Lock()
		defer mu.Unlock()
		for i := range sends {
			if all := reports[strconv.Itoa(i)]; len(all) == 0 || all[len(all)-1] != "1" {
				return false
			}
		}
		return true
	})
	history := texts(t, u.c)
	for _, text := range sends {
		if history[text] != "delivered" {
			t.Errorf("%q is %q in the history, want delivered: %q", text, history[text], history)
		}
	}
	if len(history) != len(sends) {
		t.Errorf("history %v, want %d messages", history, len(sends))
	}
	for _, p := range []*smpp.DeliverSM{{ShortMessage: []byte("Hello \x00 \x1Be")}, {DataCoding: smpp.DataCodingUCS2, ShortMessage: []byte("\x04\x14\x04\x30")}} {
		p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = 1, 1, "12025550100"
		p.DestAddrTON, p.DestAddrNPI, p.DestinationAddr = 1, 1, "12025550142"
		must(t, u.far.Deliver(p))
	}
	until(t, "Kannel has the texts from the handset", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(inbound) == 2
	})
	got := map[string]bool{}
	for _, q := range inbound {
		text := q.Get("text")
		if strings.HasPrefix(q.Get("charset"), "UTF-16") && len(text)%2 == 0 {
			var runes []rune
			for i := 0; i < len(text); i += 2 {
				runes = append(runes, rune(text[i])<<8|rune(text[i+1]))
			}
			text = string(runes)
		}
		got[text] = strings.HasSuffix(q.Get("from"), "12025550100") && strings.HasSuffix(q.Get("to"), "12025550142")
	}
	if !got["Hello @ €"] || !got["Да"] {
		t.Errorf("Kannel handed on %v", inbound)
	}
	if l := call[api.SMPPSessionList](t, u.c, "GET", "/v1/smpp/sessions", nil, 200).Items; len(l) != 1 {
		t.Errorf("sessions %+v, want the one of Kannel", l)
	}
	tap.dissect(t, 26)
}

func mustAtoi(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	must(t, err)
	return n
}
