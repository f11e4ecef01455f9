package e2e

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestSMPPThroughAndThrough: a customer submits over SMPP, a carrier takes the message over SMPP, and its receipt and the
// recipient's answer come back to the customer. The customer's connection breaks in between.
func TestSMPPThroughAndThrough(t *testing.T) {
	t.Parallel()
	far := smpptest.NewSMSC(smpptest.Script{SystemID: "carrier", Redeliver: time.Second, Submit: func(_ int, p *smpp.SubmitSM) smpptest.Answer {
		return smpptest.Answer{MessageID: "1234567", Receipts: []smpptest.Receipt{{State: smpp.StateDelivered, After: 200 * time.Millisecond, ID: smpptest.Hex}}}
	}})
	t.Cleanup(far.Close)
	carrier, err := far.Listen()
	must(t, err)
	s := serve(t, t.TempDir(), "--smpp-listen", "127.0.0.1:0", "--smpp-plain-listen", "127.0.0.1:0")
	c := register(t, s)
	for _, p := range call[api.ProviderList](t, c, "GET", "/v1/providers", nil, 200).Items {
		call[api.Provider](t, c, "PATCH", "/v1/providers/"+p.ID, map[string]any{"enabled": false}, 200)
	}
	password := strings.Repeat("p", 8)
	provider := call[api.Provider](t, c, "POST", "/v1/providers", map[string]any{
		"kind": "smsc", "name": "Carrier", "settings": map[string]string{"address": carrier, "system_id": "smsir", "password": password}, "enabled": true,
	}, 201)
	account := call[api.SMPPAccountChanged](t, c, "POST", "/v1/smpp/accounts", map[string]any{"system_id": "acme", "senders": []string{"+12025550142"}, "inbound": true}, 201)

	plain := ""
	until(t, "the SMPP server listens", func() bool {
		for _, a := range call[api.SMPPAccountList](t, c, "GET", "/v1/smpp/accounts", nil, 200).Addresses {
			if !a.TLS {
				plain = a.Address
			}
		}
		return plain != ""
	})
	bind := func() *smpptest.ESME {
		t.Helper()
		nc, err := net.Dial("tcp", plain)
		must(t, err)
		e := smpptest.NewESME(nc)
		t.Cleanup(e.Close)
		e.Patience = patience
		must(t, e.Bind(smpp.CommandBindTransceiver, "acme", account.Password))
		return e
	}
	e := bind()
	resp, err := e.Call(&smpp.SubmitSM{
		SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: "12025550142", DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550100",
		RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte("Your parcel has arrived."),
	}, nil)
	must(t, err)
	submitted, ok := resp.(*smpp.SubmitSMResp)
	if !ok || submitted.CommandStatus != smpp.ROK {
		t.Fatalf("submit_sm_resp %+v", resp)
	}
	e.Close()
	until(t, "the carrier has the message", func() bool { return len(far.Submits()) == 1 })
	p := far.Submits()[0]
	if p.DestinationAddr != "12025550100" || p.SourceAddr != "12025550142" || string(p.ShortMessage) != "Your parcel has arrived." || p.RegisteredDelivery != smpp.ReceiptAlways {
		t.Errorf("the carrier got %+v", p)
	}
	e = bind()
	deliver := func() *smpp.DeliverSM {
		t.Helper()
		for {
			h, p, err := e.Read()
			must(t, err)
			if h.CommandID == smpp.CommandEnquireLink {
				must(t, e.SendAs(&smpp.EnquireLinkResp{}, h.SequenceNumber))
				continue
			}
			got, ok := p.(*smpp.DeliverSM)
			if !ok {
				t.Fatalf("got %s, want deliver_sm", h.CommandID)
			}
			must(t, e.SendAs(&smpp.DeliverSMResp{}, h.SequenceNumber))
			return got
		}
	}
	receipt, err := deliver().Receipt()
	if err != nil || receipt.MessageID != submitted.MessageID || receipt.State != smpp.StateDelivered {
		t.Errorf("receipt %+v, %v; want %s delivered", receipt, err, submitted.MessageID)
	}
	must(t, far.Deliver(&smpp.DeliverSM{
		SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: "12025550100", DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550142", ShortMessage: []byte("Thank you!"),
	}))
	if got := deliver(); string(got.ShortMessage) != "Thank you!" || got.SourceAddr != "12025550100" || got.ESMClass != 0 {
		t.Errorf("answer of the recipient: %+v", got)
	}
	list := call[api.MessageList](t, c, "GET", "/v1/messages", nil, 200)
	if len(list.Items) != 1 || list.Items[0].Status != "delivered" || list.Items[0].CreatedBy.Kind != "smpp_account" || list.Items[0].CreatedBy.Name != "acme" {
		t.Errorf("history %+v", list.Items)
	}
	shown := call[api.Provider](t, c, "GET", "/v1/providers/"+provider.ID, nil, 200)
	if len(shown.Connections) != 1 || !shown.Connections[0].Up {
		t.Errorf("connections %+v, want one that stands", shown.Connections)
	}
	if v := call[api.SMPPSessionList](t, c, "GET", "/v1/smpp/sessions", nil, 200); len(v.Items) != 1 || v.Items[0].SystemID != "acme" {
		t.Errorf("sessions %+v", v)
	}
	go func() { // the server says good-bye, and waits for the answer
		for {
			h, _, err := e.Read()
			if err != nil {
				return
			}
			if h.CommandID == smpp.CommandUnbind {
				_ = e.SendAs(&smpp.UnbindResp{}, h.SequenceNumber)
			}
		}
	}()
	if code := s.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}

// until waits until something is so.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !so() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

// TestSMPPListensForNobody: without an account the SMPP ports are closed.
func TestSMPPListensForNobody(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address := free.Addr().String()
	must(t, free.Close())
	s := serve(t, t.TempDir(), "--smpp-listen", "", "--smpp-plain-listen", address)
	if nc, err := net.DialTimeout("tcp", address, time.Second); err == nil {
		_ = nc.Close()
		t.Errorf("something listens at %s without an account", address)
	} else if errors.Is(err, os.ErrDeadlineExceeded) {
		t.Logf("no answer at %s", address)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}
