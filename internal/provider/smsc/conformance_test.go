package smsc

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// Recipients with a part to play.
const (
	takes     = "12025550120"
	hangs     = "12025550121"
	cuts      = "12025550122"
	breaks    = "12025550123"
	unbinds   = "12025550124"
	elsewhere = "12025550125"
	badNumber = "12025550126"
	busy      = "12025550127"
	slower    = "12025550128"
	sender    = "12025550129"
	replies   = "12025550130"
	nacked    = "12025550131"
	nonsense  = "12025550132"
)

func script(far func() *smpptest.SMSC) smpptest.Script {
	return smpptest.Script{Redeliver: 200 * time.Millisecond, Submit: func(n int, p *smpp.SubmitSM) smpptest.Answer {
		switch p.DestinationAddr {
		case hangs:
			return smpptest.Answer{Silent: true}
		case cuts:
			return smpptest.Answer{Cut: 9}
		case breaks:
			return smpptest.Answer{Cut: -1}
		case unbinds:
			return smpptest.Answer{Unbind: true}
		case elsewhere:
			return smpptest.Answer{Sequence: func(n uint32) uint32 { return n + 1<<20 }}
		case badNumber:
			return smpptest.Answer{Status: smpp.RINVDSTADR, Text: "no such number"}
		case busy:
			return smpptest.Answer{Status: smpp.RSYSERR}
		case slower:
			return smpptest.Answer{Status: smpp.RTHROTTLED}
		case sender:
			return smpptest.Answer{Status: smpp.RINVSRCTON}
		case nacked:
			return smpptest.Answer{Nack: true, Status: smpp.RINVCMDID}
		case nonsense:
			return smpptest.Answer{Nack: true}
		case replies:
			go func() {
				_ = far().Deliver(&smpp.DeliverSM{
					SourceAddrTON: 1, SourceAddrNPI: 1, SourceAddr: p.DestinationAddr,
					DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: p.SourceAddr, ShortMessage: []byte("thank you"),
				})
			}()
		}
		return smpptest.Answer{MessageID: strconv.Itoa(1000000 + n), Receipts: []smpptest.Receipt{{State: smpp.StateDelivered, After: 100 * time.Millisecond, ID: smpptest.Hex}}}
	}}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			var far *carrierSide
			far = newCarrierSide(t, script(func() *smpptest.SMSC { return far.smsc }))
			return &providertest.World{
				Kind: newKind(far.options()), Settings: settings(settingResponse, "2", settingWindow, "100"),
				Seen: func(s smsir.Submission) (n int) {
					for _, p := range far.smsc.Submits() {
						if strings.Contains(string(p.ShortMessage), strings.TrimPrefix(s.Attempt.Format(smsir.PrefixAttempt), "att_")) {
							n++
						}
					}
					return n
				},
				Contacts: func() int { return int(far.contacts.Load()) },
				Down: func() {
					far.down.Store(true)
					far.smsc.HangUp()
				},
			}
		},
		Bubble: true, ResponseTimer: timer, Accepts: "+" + takes, Hangs: "+" + hangs,
		Lost: map[string]string{
			"half an answer": "+" + cuts, "connection lost": "+" + breaks, "unbind": "+" + unbinds, "wrong sequence number": "+" + elsewhere,
			"generic_nack without an error": "+" + nonsense,
		},
		Refusals: []providertest.Refusal{
			{Name: "number", To: "+" + badNumber, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "0x0000000B", ProviderText: "ESME_RINVDSTADR no such number"},
			{Name: "busy", To: "+" + busy, State: smsir.AttemptRefused, Class: smsir.ClassRetry, ProviderCode: "0x00000008", ProviderText: "ESME_RSYSERR"},
			{Name: "throttled", To: "+" + slower, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, ProviderCode: "0x00000058", ProviderText: "ESME_RTHROTTLED"},
			{Name: "profile", To: "+" + sender, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "0x00000048", ProviderText: "ESME_RINVSRCTON"},
			{Name: "nack", To: "+" + nacked, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "0x00000003", ProviderText: "ESME_RINVCMDID"},
		},
		From: "+12025550142", Runner: true, Reports: true, Replies: "+" + replies, Connects: true,
		Queries: true, HangVerdict: smsir.VerdictUnknown, AbsentVerdict: smsir.VerdictUnknown,
	})
}
