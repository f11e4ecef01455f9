package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// The tests of this file and its neighbours let other people's SMPP speak with the whole program: folder interop has their
// scripts and settings, scripts/need-smpp.sh installs them.

// peer skips the test when a program is not on this machine, and says how to get it.
func peer(t *testing.T, name, how string, there bool) {
	t.Helper()
	switch {
	case there:
	case required(name):
		t.Fatalf("%s is required (SMSIR_REQUIRE) and not there: %s", name, how)
	default:
		t.Skipf("NOT RUN: %s is not there: %s", name, how)
	}
}

func nodePeer(t *testing.T) {
	t.Helper()
	_, node := exec.LookPath("node")
	_, module := os.Stat("interop/node_modules/smpp/package.json")
	peer(t, "node-smpp", "scripts/need-smpp.sh node-smpp", node == nil && module == nil)
}

// customer is a server with a carrier of ours behind it and one SMPP account.
type customer struct {
	s        *server
	c        *client
	far      *smpptest.SMSC
	password string
	address  string // of the SMPP server
}

// customerOf starts a server whose only provider is a carrier that follows a script.
func customerOf(t *testing.T, script smpptest.Script) *customer {
	t.Helper()
	u := &customer{far: smpptest.NewSMSC(script)}
	t.Cleanup(u.far.Close)
	carrier, err := u.far.Listen()
	must(t, err)
	u.s = serve(t, t.TempDir(), "--smpp-listen", "", "--smpp-plain-listen", "127.0.0.1:0")
	u.c = register(t, u.s)
	useCarrier(t, u.c, carrier)
	u.password = call[api.SMPPAccountChanged](t, u.c, "POST", "/v1/smpp/accounts", map[string]any{
		"system_id": "acme", "senders": []string{"+12025550142"}, "inbound": true, "window": 100,
	}, 201).Password
	until(t, "the SMPP server listens", func() bool {
		for _, a := range call[api.SMPPAccountList](t, u.c, "GET", "/v1/smpp/accounts", nil, 200).Addresses {
			u.address = a.Address
		}
		return u.address != ""
	})
	return u
}

// useCarrier makes an SMPP carrier the only provider.
func useCarrier(t *testing.T, c *client, address string) api.Provider {
	t.Helper()
	for _, p := range call[api.ProviderList](t, c, "GET", "/v1/providers", nil, 200).Items {
		call[api.Provider](t, c, "PATCH", "/v1/providers/"+p.ID, map[string]any{"enabled": false}, 200)
	}
	return call[api.Provider](t, c, "POST", "/v1/providers", map[string]any{
		"kind": "smsc", "name": "Carrier", "settings": map[string]string{"address": address, "system_id": "smsir", "password": "secret", "message_id": "learn"}, "enabled": true,
	}, 201)
}

// delivers answers every submit_sm and confirms its delivery.
func delivers(int, *smpp.SubmitSM) smpptest.Answer {
	return smpptest.Answer{Receipts: []smpptest.Receipt{{State: smpp.StateDelivered, After: 20 * time.Millisecond}}}
}

// texts are those of the history, by status.
func texts(t *testing.T, c *client) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, m := range call[api.MessageList](t, c, "GET", "/v1/messages?limit=100", nil, 200).Items {
		all[m.Text] = m.Status
	}
	return all
}

// script starts a program of folder interop that must end by itself; its output is handed on line by line.
func script(t *testing.T, name string, line func([]byte), args ...string) (wait func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = "interop"
	stderr := newOutput()
	out, err := cmd.StdoutPipe()
	must(t, err)
	errOut, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	var reading sync.WaitGroup
	reading.Go(func() { stderr.read(errOut) })
	reading.Go(func() {
		in := bufio.NewScanner(out)
		in.Buffer(nil, 1<<20)
		for in.Scan() {
			line(in.Bytes())
		}
	})
	return func() {
		t.Helper()
		reading.Wait()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s %s: %v\n%s", name, args[0], err, stderr)
		}
	}
}

// delivered is a deliver_sm as a stranger read it.
type delivered struct {
	ESMClass int    `json:"esm_class"`
	From     string `json:"from"`
	To       string `json:"to"`
	Text     string `json:"text"`
	ID       string `json:"id"`
	State    int    `json:"state"`
}

// TestInteropNodeClient: node-smpp as a customer, with every way to say a text that it has, receipts and an answer in parts.
func TestInteropNodeClient(t *testing.T) {
	t.Parallel()
	nodePeer(t)
	u := customerOf(t, smpptest.Script{Submit: delivers})
	to := map[string]any{
		"source_addr_ton": 1, "source_addr_npi": 1, "source_addr": "12025550142", "dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "12025550100", "registered_delivery": 1,
	}
	submit := func(fields map[string]any) map[string]any {
		for k, v := range to {
			if _, own := fields[k]; !own {
				fields[k] = v
			}
		}
		return fields
	}
	long := strings.Repeat("A long text in one TLV. ", 20)
	job, err := json.Marshal(map[string]any{
		"port": portOf(t, u.address), "system_id": "acme", "password": u.password, "receipts": 6, "inbound": 3,
		"submits": []any{
			submit(map[string]any{"short_message": "Plain @ $ _ {€}"}),
			submit(map[string]any{"short_message": "Добрый день 🌍", "data_coding": 8}),
			submit(map[string]any{"short_message": "Crème brûlée", "data_coding": 3}),
			submit(map[string]any{"message_payload": long}),
			submit(map[string]any{"esm_class": 0x40, "udh": "050003cc0202", "short_message": "and the second."}),
			submit(map[string]any{"esm_class": 0x40, "udh": "050003cc0201", "short_message": "The first part, "}),
			submit(map[string]any{"short_message": "Without a receipt", "registered_delivery": 0}),
			submit(map[string]any{"short_message": "To nobody", "destination_addr": "123"}),
		},
	})
	must(t, err)
	var got struct {
		Bind    struct{ Status int }
		Answers []struct {
			Status int
			ID     string
		}
		Receipts, Inbound []delivered
		Unbind            int
	}
	wait := script(t, "node", func(line []byte) {
		if string(line) == `"submitted"` {
			for _, p := range []*smpp.DeliverSM{
				{ShortMessage: []byte("Whole, with \x00 and \x1Be")},
				{DataCoding: smpp.DataCodingUCS2, ESMClass: smpp.FeatureUDHI, ShortMessage: append([]byte{5, 0, 3, 9, 2, 2}, "\x04\x34\x04\x30"...)},
				{DataCoding: smpp.DataCodingUCS2, ESMClass: smpp.FeatureUDHI, ShortMessage: append([]byte{5, 0, 3, 9, 2, 1}, "\x04\x14\x04\x30\x00 "...)},
				{ShortMessage: []byte(strings.Repeat("0123456789", 16))},
			} {
				p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = 1, 1, "12025550100"
				p.DestAddrTON, p.DestAddrNPI, p.DestinationAddr = 1, 1, "12025550142"
				if err := u.far.Deliver(p); err != nil {
					t.Error(err)
				}
			}
			return
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Errorf("%v in %s", err, line)
		}
	}, "client.js", string(job))
	wait()
	statuses := map[int]int{}
	ids := map[string]bool{}
	for _, a := range got.Answers {
		statuses[a.Status]++
		ids[a.ID] = a.Status == 0
	}
	if statuses[0] != 7 || statuses[int(smpp.RINVDSTADR)] != 1 || len(ids) != 8 {
		t.Errorf("answers %+v, want seven ids and one ESME_RINVDSTADR", got.Answers)
	}
	for _, r := range got.Receipts {
		if !ids[r.ID] || r.State != int(smpp.StateDelivered) || r.ESMClass != 4 || r.From != "12025550100" || r.To != "12025550142" || !strings.HasPrefix(r.Text, "id:"+r.ID+" ") || !strings.Contains(r.Text, "stat:DELIVRD") {
			t.Errorf("receipt %+v", r)
		}
		ids[r.ID] = false // one for each
	}
	inbound := map[string]bool{}
	for _, m := range got.Inbound {
		inbound[m.Text] = m.ESMClass == 0 && m.From == "12025550100" && m.To == "12025550142"
	}
	for _, want := range []string{"Whole, with @ and €", "Да да", strings.Repeat("0123456789", 16)} {
		if !inbound[want] {
			t.Errorf("no answer %q in %+v", want, got.Inbound)
		}
	}
	history := texts(t, u.c)
	for _, want := range []string{"Plain @ $ _ {€}", "Добрый день 🌍", "Crème brûlée", long, "The first part, and the second.", "Without a receipt"} {
		if history[want] != "delivered" {
			t.Errorf("%q is %q in the history, want delivered", want, history[want])
		}
	}
	if len(history) != 6 || got.Unbind != 0 {
		t.Errorf("history %v, unbind %d", history, got.Unbind)
	}
}

// taken is a submit_sm as node-smpp read it.
type taken struct {
	From, To, Text, Validity string
	Coding                   int
	ESMClass                 int `json:"esm_class"`
	Registered               int
	UDH                      []string
}

// TestInteropNodeCarrier: node-smpp as the carrier, with ids in hexadecimal in the answer and in decimal in the receipt.
func TestInteropNodeCarrier(t *testing.T) {
	t.Parallel()
	nodePeer(t)
	cmd := exec.CommandContext(t.Context(), "node", "carrier.js")
	cmd.Dir = "interop"
	in, err := cmd.StdinPipe()
	must(t, err)
	out, err := cmd.StdoutPipe()
	must(t, err)
	cmd.Stderr = os.Stderr
	must(t, cmd.Start())
	type said struct {
		Port     int
		Bind     string
		SystemID string `json:"system_id"`
		Version  int
		Submit   *taken
		Deliver  *int
		Unbind   bool
	}
	lines := make(chan said, 100)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(out); scan.Scan(); {
			var v said
			if err := json.Unmarshal(scan.Bytes(), &v); err != nil {
				t.Errorf("%v in %s", err, scan.Bytes())
			}
			lines <- v
		}
	}()
	next := func(what string) said {
		t.Helper()
		select {
		case v, ok := <-lines:
			if !ok {
				t.Fatalf("the carrier ended before %s", what)
			}
			return v
		case <-time.After(patience):
			t.Fatalf("the carrier does not tell of %s", what)
		}
		return said{}
	}
	carrier := record(t, next("its port").Port)
	s := serve(t, t.TempDir())
	c := register(t, s)
	useCarrier(t, c, carrier.address)
	if v := next("the bind"); v.Bind != "bind_transceiver" || v.SystemID != "smsir" || v.Version != 0x34 {
		t.Errorf("bind %+v", v)
	}
	sends := []string{"Plain @ $ _ {€}", "Добрый день 🌍", strings.Repeat("Long and plain. ", 15), strings.Repeat("Длинно ", 20)}
	for _, text := range sends {
		call[api.Message](t, c, "POST", "/v1/messages", map[string]any{"to": "+12025550100", "from": "+12025550142", "text": text}, http.StatusAccepted)
	}
	until(t, "all are delivered", func() bool {
		for _, text := range sends {
			if texts(t, c)[text] != "delivered" {
				return false
			}
		}
		return true
	})
	until(t, "the answer has come", func() bool {
		l := call[api.InboundList](t, c, "GET", "/v1/inbound", nil, 200).Items
		return len(l) == 1 && l[0].Text == "Grüße aus Łódź 🌍" && l[0].From == "+12025550100" && l[0].To == "+12025550142"
	})
	if code := s.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
	must(t, in.Close())
	parts := map[string][4]string{} // by UDH reference, or what is whole by its text; they come in any order
	got := 0
	for v := range lines {
		switch {
		case v.Submit != nil:
			p := v.Submit
			got++
			if p.From != "12025550142" || p.To != "12025550100" || p.Registered != 1 {
				t.Errorf("submit_sm %+v", p)
			}
			key, number := p.Text, 0
			if len(p.UDH) > 0 {
				key, number = p.UDH[0][:6], int(p.UDH[0][9]-'0')
			}
			of := parts[key]
			of[number] = p.Text
			parts[key] = of
		case v.Deliver != nil && *v.Deliver != 0:
			t.Errorf("a deliver_sm was answered %d", *v.Deliver)
		}
	}
	must(t, cmd.Wait())
	if got != 1+1+2+3 {
		t.Errorf("%d submit_sm, want 7: %v", got, parts)
	}
	arrived := map[string]bool{}
	for _, of := range parts {
		arrived[strings.Join(of[:], "")] = true
	}
	for _, text := range sends {
		if !arrived[text] {
			t.Errorf("node-smpp did not read %q in %q", text, parts)
		}
	}
	carrier.dissect(t, 2*got+5)
}

// TestInteropNetSMPP: Perl's Net::SMPP as a customer.
func TestInteropNetSMPP(t *testing.T) {
	t.Parallel()
	peer(t, "net-smpp", "apt-get install libnet-smpp-perl", exec.CommandContext(t.Context(), "perl", "-MNet::SMPP", "-e", "1").Run() == nil)
	u := customerOf(t, smpptest.Script{Submit: delivers})
	type status struct {
		Status int
		ID     string
		State  int
	}
	var got struct {
		Bind, Submit, Query, Cancel, Unbind status
		EnquireLink                         status `json:"enquire_link"`
		Receipts                            []delivered
	}
	script(t, "perl", func(line []byte) {
		if err := json.Unmarshal(line, &got); err != nil {
			t.Errorf("%v in %s", err, line)
		}
	}, "client.pl", portOf(t, u.address), "acme", u.password, "12025550100", "12025550142", "From a camel")()
	if got.Bind.Status != 0 || got.Submit.Status != 0 || got.Submit.ID == "" || got.EnquireLink.Status != 0 || got.Unbind.Status != 0 {
		t.Errorf("Net::SMPP was told %+v", got)
	}
	if len(got.Receipts) != 1 || got.Receipts[0].ESMClass != 4 || !strings.HasPrefix(got.Receipts[0].Text, "id:"+got.Submit.ID+" ") || !strings.Contains(got.Receipts[0].Text, "stat:DELIVRD") {
		t.Errorf("receipts %+v of %s", got.Receipts, got.Submit.ID)
	}
	if got.Query.Status != 0 || got.Query.ID != got.Submit.ID || got.Query.State != int(smpp.StateDelivered) || got.Cancel.Status != int(smpp.RCANCELFAIL) {
		t.Errorf("query %+v and cancel %+v of a message that was delivered", got.Query, got.Cancel)
	}
	if h := texts(t, u.c); len(h) != 1 || h["From a camel"] != "delivered" {
		t.Errorf("history %v", h)
	}
}
