package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/bench/carrier"
	load "github.com/smsir/smsir/bench/client"
	"github.com/smsir/smsir/bench/oracle"
)

// freeAddress finds an address that a gateway can come back to: providers call it.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close() //nolint:errcheck // it only had to be free
	return l.Addr().String()
}

// carrierFaults is a bad day. What the carrier did not take and did not refuse either is left out, because a look-up proves
// that only after five minutes.
func carrierFaults() []string {
	return []string{
		"drop@p=0.004", "reset:40@p=0.004", "reset:200@p=0.004", "error:500@p=0.004", "garbage@p=0.002", "huge@p=0.002", "twice@p=0.01",
		"slow:2ms@p=0.005", "hang:31s@p=0.0003", "refuse:30004@p=0.01", "refuse:30017@p=0.01", "refuse:21610@p=0.002", "throttle:1@p=0.0005",
		"early@p=0.02", "receipts:3@p=0.03", "shuffled@p=0.03", "late:2s@p=0.02", "undelivered@p=0.02", "expired@p=0.01", "nonsend@p=0.01",
		"contradict@p=0.01", "reply@p=0.02",
	}
}

// startCarrier plays Twilio for the gateway that c is logged in to, with a ledger in dir.
func startCarrier(t *testing.T, c *client, dir string, seed uint64, faults []string) *carrier.Carrier {
	t.Helper()
	all, err := carrier.ParseFaults(faults)
	must(t, err)
	far, err := carrier.Open(filepath.Join(dir, "carrier-twilio.log"), carrier.Options{Seed: seed, Faults: all, Secret: twilioToken})
	must(t, err)
	server := httptest.NewServer(far)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		must(t, far.Close())
	})
	priority := 1
	call[api.Provider](t, c, "POST", "/v1/providers", api.ProviderCreate{Kind: "twilio", Name: "Twilio", Priority: &priority, Settings: map[string]string{
		"account_sid": twilioAccount, "auth_token": twilioToken, "default_sender": twilioNumber, "base_url": server.URL,
	}}, 201)
	return far
}

// newCrew makes clients that keep their ledger in dir. One message goes first, so that there is an event to follow from.
func newCrew(t *testing.T, site *load.Site, dir string, seed uint64, to func(*rand.Rand) string) *load.Crew {
	t.Helper()
	f, err := os.Create(filepath.Join(dir, "client.log"))
	must(t, err)
	t.Cleanup(func() { _ = f.Close() })
	crew := load.New(site, oracle.NewLedger(f), load.Options{Seed: seed, Recipient: to, Fault: func(text string) { t.Error(text) }})
	crew.Request(t.Context(), oracle.Ask{Request: crew.Number(), Op: oracle.Send, Rows: []oracle.Row{{Mark: "first", To: "+12025550100", Text: "first"}}}, api.Options{})
	return crew
}

// siteOf is the site of the gateway that c is logged in to.
func siteOf(c *client) *load.Site {
	s := load.NewSite(c.token)
	s.Up(c.url)
	return s
}

// TestCarrierFaults: each bad thing that a carrier does to a message ends as the contract has it, through the whole program.
func TestCarrierFaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	t.Cleanup(func() { keep(t, dir) })
	listen := freeAddress(t)
	data := filepath.Join(dir, "data")
	s := serve(t, data, "--listen", listen, "--public-url", "http://"+listen)
	c := register(t, s)
	cases := []struct{ fault, status string }{
		{"receipts:1", "delivered"},
		{"refuse:30004", "failed"},
		{"refuse:21610", "failed"},
		{"drop", "delivered"},
		{"reset:40", "delivered"},
		{"error:500", "delivered"},
		{"error:503", "delivered"},
		{"garbage", "delivered"},
		{"twice", "delivered"},
		{"huge", "delivered"},
		{"slow:1ms", "delivered"},
		{"early", "delivered"},
		{"receipts:4", "delivered"},
		{"shuffled", "delivered"},
		{"late:1s", "delivered"},
		{"undelivered", "undelivered"},
		{"expired", "expired"},
		{"contradict", "undelivered"},
		{"reply", "delivered"},
		{"mute", "sent"},
		{"lost", "unknown"},
		{"cut", "unknown"},
		{"redirect", "unknown"},
		{"hang:2s", "delivered"},
	}
	var faults []string
	for i, k := range cases {
		faults = append(faults, fmt.Sprintf("%s@to=+4477009001%02d", k.fault, i))
	}
	far := startCarrier(t, c, dir, 1, faults)
	crew := newCrew(t, siteOf(c), dir, 1, load.Recipients)
	ids := make([]string, len(cases))
	for i := range cases {
		n := crew.Number()
		sent := crew.Request(t.Context(), oracle.Ask{Request: n, Op: oracle.Send, Rows: []oracle.Row{crew.Row(n, 0, fmt.Sprintf("+4477009001%02d", i))}}, api.Options{})
		if len(sent) != 1 {
			t.Fatalf("message %d was not accepted", i)
		}
		ids[i] = sent[0]
	}
	eventually(t, "the carrier owes nothing", func() bool { return far.Owed() == 0 && far.Taken() >= len(cases)-6 })
	for i, k := range cases {
		eventually(t, fmt.Sprintf("%s ends as %s", k.fault, k.status), func() bool { return status(t, c, ids[i]) == k.status })
	}
	pause(t.Context(), 200*time.Millisecond) // what comes after the end must change nothing
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if r := judge(t, dir); !r.OK() || r.Unknown != 3 {
		t.Errorf("the oracle says\n%s", report(t, r))
	}
}
