package smsc

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smpptest"
)

// TestSubmit: what is written, by setting.
func TestSubmit(t *testing.T) {
	t.Parallel()
	base := func(change func(p *smpp.SubmitSM)) *smpp.SubmitSM {
		p := &smpp.SubmitSM{
			SourceAddrTON: 5, SourceAddr: "SMSir", DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: "12025550100",
			ValidityPeriod: "000000010000000R", RegisteredDelivery: 1, ShortMessage: []byte("Hi \x00 there"), // @ is septet 0
		}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		settings []string
		from     string
		text     string
		want     *smpp.SubmitSM
	}{
		"as it comes": {want: base(func(*smpp.SubmitSM) {})},
		"long number": {from: "+12025550142", want: base(func(p *smpp.SubmitSM) {
			p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = 1, 1, "12025550142"
		})},
		"short code": {from: "12345", want: base(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 3, "12345" })},
		"addresses": {settings: []string{settingShort, "6/9", settingTo, "2/8", settingPlus, "true"}, from: "12345", want: base(func(p *smpp.SubmitSM) {
			p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr, p.DestAddrTON, p.DestAddrNPI, p.DestinationAddr = 6, 9, "12345", 2, 8, "+12025550100"
		})},
		"default sender": {settings: []string{settingSender, "54321"}, from: "-", want: base(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 3, "54321" })},
		"no sender":      {from: "-", want: base(func(p *smpp.SubmitSM) { p.SourceAddrTON, p.SourceAddr = 0, "" })},
		"UCS-2":          {text: "Ж", want: base(func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = 8, []byte{0x04, 0x16} })},
		"Latin 1":        {settings: []string{settingAlphabet, alphabetLatin1}, text: "Hi é @", want: base(func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = 3, []byte("Hi \xe9 @") })},
		"Latin 1, other": {settings: []string{settingAlphabet, alphabetLatin1}, text: "€", want: base(func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = 8, []byte{0x20, 0xAC} })},
		"all in UCS-2":   {settings: []string{settingAlphabet, alphabetUCS2, settingUCS2, "24"}, text: "A", want: base(func(p *smpp.SubmitSM) { p.DataCoding, p.ShortMessage = 24, []byte{0, 'A'} })},
		"profile": {
			settings: []string{settingGSM7, "241", settingValidity, "false", settingReceipts, "failures", settingServiceType, "CMT", settingTLVs, "0x1400=12345, 0x1401=hex:0A0b"},
			want: base(func(p *smpp.SubmitSM) {
				p.DataCoding, p.ValidityPeriod, p.RegisteredDelivery, p.ServiceType = 241, "", 2, "CMT"
				p.TLVs.Add(0x1400, []byte("12345\x00"))
				p.TLVs.Add(0x1401, []byte{0x0A, 0x0B})
			}),
		},
		"reference": {settings: []string{settingReference, "true"}, want: base(func(p *smpp.SubmitSM) { p.TLVs.SetUserMessageReference(1<<15 + 1) })},
		"payload": {settings: []string{settingLong, longPayload}, want: base(func(p *smpp.SubmitSM) {
			p.TLVs.SetMessagePayload(p.ShortMessage)
			p.ShortMessage = nil
		})},
	} {
		run(t, smpptest.Script{}, func(r *rig) {
			text := c.text
			if text == "" {
				text = "Hi @ there"
			}
			s := r.submission(text)
			switch c.from {
			case "":
			case "-":
				s.From = ""
			default:
				s.From = c.from
			}
			if _, failure := r.send(s); failure != nil {
				t.Errorf("%s: %v", name, failure)
				return
			}
			if diff := cmp.Diff(c.want, r.far.smsc.Submits()[0]); diff != "" {
				t.Errorf("%s: -want +got\n%s", name, diff)
			}
		}, c.settings...)
	}
}

// TestLongMessages: the parts, and a reference for each.
func TestLongMessages(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 40) // 153 + 153 + 94
	for form, parts := range map[string]int{longUDH: 3, longUDH16: 3, longSAR: 3, longPayload: 1} {
		run(t, smpptest.Script{}, func(r *rig) {
			got, failure := r.send(r.submission(text))
			if failure != nil || len(got.References) != parts {
				t.Fatalf("%s: got %q, %v; want %d references", form, got.References, failure, parts)
			}
			var joined []byte
			reference := map[string]bool{}
			submits := r.far.smsc.Submits()
			if len(submits) != parts {
				t.Fatalf("%s: %d submit_sm, want %d", form, len(submits), parts)
			}
			byNumber := map[int][]byte{}
			for _, p := range submits {
				data := p.UserData()
				switch form {
				case longUDH, longUDH16:
					n := int(data[0]) + 1
					if !p.ESMClass.UDHI() || n != map[string]int{longUDH: 6, longUDH16: 7}[form] || data[n-2] != 3 {
						t.Errorf("%s: esm_class %#x, header %x", form, p.ESMClass, data[:n])
					}
					reference[string(data[3:n-2])] = true
					byNumber[int(data[n-1])] = data[n:]
				case longSAR:
					sar, ok, err := p.TLVs.SAR()
					if !ok || err != nil || sar.TotalSegments != 3 || p.ESMClass != 0 {
						t.Errorf("%s: %+v, %v, %v", form, sar, ok, err)
					}
					reference[fmt.Sprint(sar.MsgRefNum)] = true
					byNumber[int(sar.SegmentSeqnum)] = data
				default:
					reference[""] = true
					byNumber[1] = data
				}
			}
			for i := 1; i <= parts; i++ {
				joined = append(joined, byNumber[i]...)
			}
			if string(joined) != text || len(reference) != 1 {
				t.Errorf("%s: joined %q with %d references, want the text and one", form, joined, len(reference))
			}
		}, settingLong, form)
	}
}

// TestPartRefused: the carrier took one part and refused another, so that the message is told as partial; a part that came
// too fast goes again on the same connection, with the same reference.
func TestPartRefused(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("0123456789", 40)
	number := func(p *smpp.SubmitSM) byte { return p.ShortMessage[5] }
	refuse := func(which byte, status smpp.CommandStatus, times int) smpptest.Script {
		return smpptest.Script{Submit: func(_ int, p *smpp.SubmitSM) smpptest.Answer {
			if number(p) == which && times > 0 {
				times--
				return smpptest.Answer{Status: status}
			}
			return smpptest.Answer{}
		}}
	}
	run(t, refuse(2, smpp.RINVMSGLEN, 1), func(r *rig) {
		got, failure := r.send(r.submission(long))
		if failure != nil || got.Missing != 1 || len(got.References) != 2 || got.MissingError == nil || got.MissingError.ProviderCode != "0x00000001" {
			t.Errorf("second refused: got %+v, %v; want two references and one part missing", got, failure)
		}
	})
	run(t, refuse(1, smpp.RINVMSGLEN, 1), func(r *rig) {
		if got, failure := r.send(r.submission(long)); failure == nil || failure.State != smsir.AttemptRefused || len(r.far.smsc.Submits()) != 1 {
			t.Errorf("first refused: got %+v, %v after %d submit_sm; want it refused after one", got, failure, len(r.far.smsc.Submits()))
		}
	})
	run(t, refuse(2, smpp.RTHROTTLED, 2), func(r *rig) {
		start := time.Now()
		got, failure := r.send(r.submission(long))
		if failure != nil || got.Missing != 0 || len(got.References) != 3 || time.Since(start) != 3*time.Second {
			t.Errorf("second throttled twice: got %+v, %v after %v; want all taken after 1 s and 2 s", got, failure, time.Since(start))
		}
		references := map[byte]int{}
		for _, p := range r.far.smsc.Submits() {
			references[p.ShortMessage[3]]++
		}
		if len(references) != 1 || len(r.far.smsc.Submits()) != 5 || len(r.far.smsc.Binds()) != 1 {
			t.Errorf("references %v on %d connections, want one for all five submit_sm on one", references, len(r.far.smsc.Binds()))
		}
	})
	run(t, refuse(2, smpp.RTHROTTLED, 100), func(r *rig) {
		if got, failure := r.send(r.submission(long)); failure != nil || got.Missing != 1 {
			t.Errorf("second throttled for ever: got %+v, %v; want one part missing", got, failure)
		}
	})
	run(t, refuse(1, smpp.RTHROTTLED, 1), func(r *rig) {
		if _, failure := r.send(r.submission(long)); failure == nil || failure.Class != smsir.ClassThrottle || failure.State != smsir.AttemptNotSent {
			t.Errorf("first throttled: got %v, want the dispatcher to decide", failure)
		}
	})
}

// TestLateAnswer: an answer that comes after the timer is told when the dispatcher asks.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text    string
		answer  smpptest.Answer
		verdict smsir.Verdict
		refs    int
	}{
		"taken":          {"x", smpptest.Answer{After: 90 * time.Second, MessageID: "77"}, smsir.VerdictAccepted, 1},
		"refused":        {"x", smpptest.Answer{After: 90 * time.Second, Status: smpp.RSYSERR}, smsir.VerdictNotAccepted, 0},
		"never":          {"x", smpptest.Answer{Silent: true}, smsir.VerdictUnknown, 0},
		"first of three": {strings.Repeat("0123456789", 40), smpptest.Answer{After: 90 * time.Second}, smsir.VerdictUnknown, 0},
	} {
		run(t, smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer { return c.answer }}, func(r *rig) {
			s := r.submission(c.text)
			if _, failure := r.send(s); failure == nil || failure.State != smsir.AttemptUnknown {
				t.Errorf("%s: got %s, want unknown", name, describe(failure))
			}
			query := func() smsir.StatusAnswer {
				a, err := r.c.QueryStatus(t.Context(), smsir.StatusQuery{Attempt: s.Attempt})
				if err != nil {
					t.Error(err)
				}
				return a
			}
			if got := query(); got.Verdict != smsir.VerdictUnknown {
				t.Errorf("%s: before the answer the verdict is %d", name, got.Verdict)
			}
			r.pass(time.Minute)
			if got := query(); got.Verdict != c.verdict || len(got.References) != c.refs {
				t.Errorf("%s: verdict %d, references %q; want %d and %d of them", name, got.Verdict, got.References, c.verdict, c.refs)
			}
		})
	}
}

// TestTooLate: a message whose validity ends while it waits for a place in the window is not written.
func TestTooLate(t *testing.T) {
	t.Parallel()
	script := smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer {
		return smpptest.Answer{After: 10 * time.Second, MessageID: "77"}
	}}
	run(t, script, func(r *rig) {
		var all sync.WaitGroup
		all.Go(func() {
			if _, failure := r.send(r.submission("first")); failure != nil {
				t.Errorf("the first was refused: %s", describe(failure))
			}
		})
		synctest.Wait()
		_, err := r.c.Send(smsir.StartBy(r.t.Context(), time.Now().Add(5*time.Second)), r.submission("second"))
		var failure *smsir.SendError
		if !errors.As(err, &failure) || failure.State != smsir.AttemptNotSent || failure.Code != "too_late" {
			t.Errorf("got %v, want that it was too late", err)
		}
		all.Wait()
		if _, failure := r.send(r.submission("third")); failure != nil || len(r.far.smsc.Submits()) != 2 {
			t.Errorf("%d submissions (%s), want two: the place was given back, and the second was not written", len(r.far.smsc.Submits()), describe(failure))
		}
	}, settingBinds, "1", settingWindow, "1", settingMode, modeTransceiver)
}

// TestCodes: the settings win over the table, and what neither has is told as unmapped.
func TestCodes(t *testing.T) {
	t.Parallel()
	for status, want := range map[smpp.CommandStatus]struct {
		class    smsir.FailureClass
		unmapped bool
	}{
		0x0B:   {smsir.ClassPermanent, false},
		0x0A:   {smsir.ClassThrottle, false}, // by the settings
		0x14:   {smsir.ClassThrottle, false},
		0x0400: {smsir.ClassBlocked, false}, // by the settings
		0x0401: {smsir.ClassRetry, true},
		0xC3:   {smsir.ClassConfig, false},
	} {
		run(t, smpptest.Script{Submit: func(int, *smpp.SubmitSM) smpptest.Answer { return smpptest.Answer{Status: status} }}, func(r *rig) {
			_, failure := r.send(r.submission("x"))
			if failure == nil || failure.Class != want.class || failure.Unmapped != want.unmapped || failure.Text == "" {
				t.Errorf("%s: got %+v, want class %s, unmapped %v", status, failure, want.class, want.unmapped)
			}
		}, settingCodes, "0x400=blocked, 10=throttle")
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, value string }{
		{settingAddress, "smpp.example.net"},
		{settingAddress, ":2775"},
		{settingAddress, "host:0"},
		{settingAddress, "host:70000"},
		{settingAddress, " "},
		{settingBinds, "0"},
		{settingBinds, "17"},
		{settingBinds, "x"},
		{settingWindow, "0"},
		{settingMode, "both"},
		{settingVersion, "4"},
		{settingTo, "1"},
		{settingTo, "a/b"},
		{settingTo, "1/300"},
		{settingGSM7, "256"},
		{settingLong, "no"},
		{settingTLS, "yes"},
		{settingCodes, "0x400"},
		{settingCodes, "x=retry"},
		{settingCodes, "0x400=unknown"},
		{settingCodes, "0=retry"},
		{settingWords, "FAILED=lost"},
		{settingTLVs, "0x1400"},
		{settingTLVs, "0x14000=1"},
		{settingTLVs, "0x1400=hex:0"},
		{settingNetwork, "0x14000"},
		{settingNetwork, "network"},
		{settingNetwork, "0x1403,0x1404,0x1405"},
		{settingZone, "Mars"},
		{settingIDForm, "guess"},
		{settingReceipts, "some"},
		{settingEnquire, "0"},
		{settingResponse, "3601"},
		{settingAlphabet, "EBCDIC"},
	} {
		_, err := readProfile(settings(c.name, c.value))
		var e *smsir.Error
		if !errors.As(err, &e) || e.Field != c.name || e.Code != smsir.CodeInvalid || e.Text == "" {
			t.Errorf("%s=%q: got %v, want a fault of that setting", c.name, c.value, err)
		}
	}
	if _, err := readProfile(settings(settingTLS, "on", settingPin, "12:34")); err == nil {
		t.Error("a fingerprint that is none was taken")
	}
	p, err := readProfile(settings(settingAddress, "a.example.net:1, b.example.net:2", settingBinds, "3", settingWindow, "10", settingMode, modeBoth))
	if err != nil || len(p.addresses) != 2 || len(p.modes()) != 4 || p.windowOfLink() != 4 {
		t.Errorf("got %+v, %v", p, err)
	}
}
