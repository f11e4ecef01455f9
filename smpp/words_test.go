package smpp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestCommandIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		command  CommandID
		name     string
		response CommandID
		ok       bool
	}{
		{CommandSubmitSM, "submit_sm", CommandSubmitSMResp, true},
		{CommandBindTransceiver, "bind_transceiver", CommandBindTransceiverResp, true},
		{CommandQueryBroadcastSM, "query_broadcast_sm", CommandQueryBroadcastSMResp, true},
		{CommandEnquireLink, "enquire_link", CommandEnquireLinkResp, true},
		{CommandOutbind, "outbind", 0, false},
		{CommandAlertNotification, "alert_notification", 0, false},
		{CommandGenericNack, "generic_nack", 0, false},
		{CommandSubmitSMResp, "submit_sm_resp", 0, false},
		{CommandAlertNotification | responseBit, "command_id 0x80000102", 0, false},
		{0x42, "command_id 0x00000042", CommandGenericNack, true},
		{0x80000042, "command_id 0x80000042", 0, false},
	} {
		response, ok := c.command.Response()
		if c.command.String() != c.name || response != c.response || ok != c.ok {
			t.Errorf("%s: response %s, %v; want %s: %s, %v", c.command, response, ok, c.name, c.response, c.ok)
		}
	}
}

// TestResponseTo: every request has its response with the status, and what is never answered has none.
func TestResponseTo(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		r := ResponseTo(c, RSYSERR)
		want, ok := c.Response()
		if !ok {
			if r != nil {
				t.Errorf("%s is answered with %T", c, r)
			}
			continue
		}
		if r == nil || r.CommandID() != want || r.Status() != RSYSERR {
			t.Errorf("%s is answered with %T %+v, want %s", c, r, r, want)
			continue
		}
		b, err := r.AppendPDU(nil, 5)
		h, again, err2 := Decode(b)
		if err != nil || err2 != nil || h.CommandStatus != RSYSERR || h.SequenceNumber != 5 || !equal(again, r) {
			t.Errorf("%s: %X reads %+v %+v, %v, %v", c, b, h, again, err, err2)
		}
	}
	if r, ok := ResponseTo(CommandBroadcastSM, RINVCMDID).(*GenericNack); !ok || r.CommandStatus != RINVCMDID {
		t.Errorf("broadcast_sm is answered with %+v", r)
	}
}

func TestCommandStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status     CommandStatus
		name, text string
		vendor     bool
	}{
		{ROK, "ESME_ROK", "No error", false},
		{RTHROTTLED, "ESME_RTHROTTLED", "Throttled", false},
		{RXTAPPN, "ESME_RX_T_APPN", "temporary", false},
		{RINVTLVVAL, "ESME_RINVOPTPARAMVAL", "Invalid optional parameter value", false},
		{RSERTYPUNAUTH, "ESME_RSERTYPUNAUTH", "not authorised", false},
		{0x09, "command_status 0x00000009", "Reserved", false},
		{0x3FF, "command_status 0x000003FF", "Reserved", false},
		{0x400, "command_status 0x00000400", "vendor", true},
		{0x4FF, "command_status 0x000004FF", "vendor", true},
		{0x500, "command_status 0x00000500", "Reserved", false},
	} {
		if c.status.String() != c.name || !strings.Contains(c.status.Text(), c.text) || c.status.IsVendor() != c.vendor {
			t.Errorf("%s %q %v, want %s %q %v", c.status, c.status.Text(), c.status.IsVendor(), c.name, c.text, c.vendor)
		}
	}
	names := map[string]bool{}
	for s := range CommandStatus(0x400) {
		name, text := s.entry()
		if name == "" {
			continue
		}
		if names[name] || text == "" {
			t.Errorf("%s is there twice or without text", name)
		}
		names[name] = true
	}
	// Every code of the delivery contract's table is there.
	for _, name := range strings.Fields(`ROK RINVMSGLEN RINVCMDLEN RINVCMDID RINVBNDSTS RALYBND RINVPRTFLG RINVREGDLVFLG RSYSERR
		RINVSRCADR RINVDSTADR RBINDFAIL RINVPASWD RINVSYSID RCANCELFAIL RREPLACEFAIL RMSGQFUL RINVSERTYP RSUBMITFAIL RINVSRCTON
		RINVSYSTYP RINVREPFLAG RINVNUMMSGS RTHROTTLED RINVSCHED RINVEXPIRY RINVDFTMSGID RX_T_APPN RX_P_APPN RX_R_APPN RQUERYFAIL
		RDELIVERYFAILURE RUNKNOWNERR`) {
		if !names["ESME_"+name] {
			t.Errorf("ESME_%s is missing", name)
		}
	}
}

func TestMessageStates(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word  string
		state MessageState
		ok    bool
		final bool
	}{
		{"SCHEDULED", 0, true, false},
		{"ENROUTE", 1, true, false},
		{"DELIVRD", 2, true, true},
		{"Delivered", 2, true, true},
		{"EXPIRED", 3, true, true},
		{"DELETED", 4, true, true},
		{"UNDELIV", 5, true, true},
		{"UNDELIVERABLE", 5, true, true},
		{"ACCEPTD", 6, true, true},
		{"UNKNOWN", 7, true, false},
		{"REJECTD", 8, true, true},
		{"rejected", 8, true, true},
		{"SKIPPED", 9, true, true},
		{"FAILED", 7, false, false},
		{"BUFFRED", 7, false, false},
		{"NACK", 7, false, false},
		{"", 7, false, false},
	} {
		state, ok := ParseStat(c.word)
		if state != c.state || ok != c.ok || state.IsFinal() != c.final {
			t.Errorf("ParseStat(%q) = %v, %v, final %v; want %v, %v, %v", c.word, state, ok, state.IsFinal(), c.state, c.ok, c.final)
		}
	}
	for s := range MessageState(11) {
		again, ok := ParseStat(s.Stat())
		if want := s <= StateSkipped; ok && again != s && want || !ok || strings.HasPrefix(s.String(), "message_state") == want {
			t.Errorf("%d: %s, %s reads %v, %v", s, s, s.Stat(), again, ok)
		}
	}
}

func TestESMClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		class            ESMClass
		mode, kind       ESMClass
		udhi, replyPath  bool
		receipt          bool
		whatItStandsIfNo string
	}{
		{0x00, ModeDefault, TypeDefault, false, false, false, "message"},
		{0x03, ModeStoreAndForward, TypeDefault, false, false, false, "Kannel's submit_sm"},
		{0x04, ModeDefault, TypeDeliveryReceipt, false, false, true, "receipt"},
		{0x07, ModeStoreAndForward, TypeDeliveryReceipt, false, false, true, "receipt"},
		{0x08, ModeDefault, TypeDeliveryAcknowledgement, false, false, false, "acknowledgement"},
		{0x10, ModeDefault, TypeUserAcknowledgement, false, false, false, "user acknowledgement"},
		{0x18, ModeDefault, TypeConversationAbort, false, false, false, "abort"},
		{0x20, ModeDefault, TypeIntermediateNotification, false, false, true, "notification"},
		{0x24, ModeDefault, TypeDeliveryReceipt | TypeIntermediateNotification, false, false, true, "both"},
		{0x40, ModeDefault, TypeDefault, true, false, false, "with header"},
		{0xC0, ModeDefault, TypeDefault, true, true, false, "with header and reply path"},
		{0x44, ModeDefault, TypeDeliveryReceipt, true, false, true, "receipt with header"},
	} {
		if g := c.class; g.Mode() != c.mode || g.Type() != c.kind || g.UDHI() != c.udhi || g.ReplyPath() != c.replyPath || g.IsReceipt() != c.receipt {
			t.Errorf("0x%02X (%s): mode %d, type 0x%02X, UDHI %v, reply path %v, receipt %v; want %+v",
				uint8(g), c.whatItStandsIfNo, g.Mode(), g.Type(), g.UDHI(), g.ReplyPath(), g.IsReceipt(), c)
		}
	}
}

func TestRegisteredDelivery(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		d                      RegisteredDelivery
		receipt                RegisteredDelivery
		success, failure       bool
		acknowledgements       RegisteredDelivery
		intermediate           bool
		whatItStandsForOnWires string
	}{
		{0x00, ReceiptNone, false, false, 0, false, "nothing"},
		{0x01, ReceiptAlways, true, true, 0, false, "receipt"},
		{0x02, ReceiptFailure, false, true, 0, false, "failure"},
		{0x03, ReceiptSuccess, true, false, 0, false, "success"},
		{0x11, ReceiptAlways, true, true, 0, true, "Kannel"},
		{0x0C, ReceiptNone, false, false, AcknowledgeDelivery | AcknowledgeUser, false, "both acknowledgements"},
		{0xFF, ReceiptSuccess, true, false, AcknowledgeDelivery | AcknowledgeUser, true, "reserved bits"},
	} {
		d := c.d
		if d.Receipt() != c.receipt || d.WantsReceipt(true) != c.success || d.WantsReceipt(false) != c.failure ||
			d.Acknowledgements() != c.acknowledgements || d.WantsIntermediate() != c.intermediate {
			t.Errorf("0x%02X: %d %v %v %d %v; want %+v", uint8(d), d.Receipt(), d.WantsReceipt(true), d.WantsReceipt(false),
				d.Acknowledgements(), d.WantsIntermediate(), c)
		}
	}
}

func TestDataCoding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		coding   DataCoding
		alphabet DataCoding
		ok       bool
		class    int // -1: none
		text     string
	}{
		{0x00, DataCodingDefault, true, -1, "SMSC default alphabet (0x00)"},
		{0x01, DataCodingIA5, true, -1, "IA5 (0x01)"},
		{0x03, DataCodingLatin1, true, -1, "Latin 1 (0x03)"},
		{0x04, DataCodingBinary, true, -1, "8-bit binary (0x04)"},
		{0x08, DataCodingUCS2, true, -1, "UCS-2 (0x08)"},
		{0x0B, DataCodingBinary, false, -1, "reserved (0x0B)"},
		{0x0C, DataCodingBinary, false, -1, "reserved (0x0C)"},
		{0x0E, DataCodingKSC5601, true, -1, "KS C 5601 (0x0E)"},
		{0x10, DataCodingDefault, true, 0, "SMSC default alphabet, class 0 (0x10)"},
		{0x18, DataCodingUCS2, true, 0, "UCS-2, class 0 (0x18)"},
		{0x15, DataCodingBinary, true, 1, "8-bit binary, class 1 (0x15)"},
		{0x1C, DataCodingBinary, false, 0, "reserved, class 0 (0x1C)"},
		{0x80, DataCodingBinary, false, -1, "reserved (0x80)"},
		{0xC8, DataCodingDefault, true, -1, "SMSC default alphabet (0xC8)"},
		{0xE0, DataCodingUCS2, true, -1, "UCS-2 (0xE0)"},
		{0xF0, DataCodingDefault, true, 0, "SMSC default alphabet, class 0 (0xF0)"},
		{0xF5, DataCodingBinary, true, 1, "8-bit binary, class 1 (0xF5)"},
	} {
		alphabet, ok := c.coding.Alphabet()
		class, has := c.coding.MessageClass()
		if alphabet != c.alphabet || ok != c.ok || has != (c.class >= 0) || has && class != c.class || c.coding.String() != c.text {
			t.Errorf("0x%02X: %v, %v, class %d, %v, %q; want %+v", uint8(c.coding), alphabet, ok, class, has, c.coding, c)
		}
	}
}

func TestInterfaceVersions(t *testing.T) {
	t.Parallel()
	for v, want := range map[InterfaceVersion]string{0x00: "3.3 or earlier", 0x03: "3.3 or earlier", 0x33: "3.3", 0x34: "3.4", 0x50: "5.0", 0x51: "5.1", 0xFF: "15.15"} {
		if v.String() != want || v.HasTLVs() != (v >= 0x34) {
			t.Errorf("0x%02X: %s, TLVs %v; want %s", uint8(v), v, v.HasTLVs(), want)
		}
	}
}

// TestNames: each value that the standard names has a name of its own, and others show their number.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  func(uint8) fmt.Stringer
		known string // the octets that have names
	}{
		{func(v uint8) fmt.Stringer { return TON(v) }, "\x00\x01\x02\x03\x04\x05\x06"},
		{func(v uint8) fmt.Stringer { return NPI(v) }, "\x00\x01\x03\x04\x06\x08\x09\x0a\x0e\x12"},
		{func(v uint8) fmt.Stringer { return DestFlag(v) }, "\x01\x02"},
		{func(v uint8) fmt.Stringer { return AddrSubunit(v) }, "\x00\x01\x02\x03\x04"},
		{func(v uint8) fmt.Stringer { return NetworkType(v) }, "\x00\x01\x02\x03\x04\x05\x06\x07\x08"},
		{func(v uint8) fmt.Stringer { return BearerType(v) }, "\x00\x01\x02\x03\x04\x05\x06\x07\x08"},
		{func(v uint8) fmt.Stringer { return NPResolution(v) }, "\x00\x01\x02"},
		{func(v uint8) fmt.Stringer { return PayloadType(v) }, "\x00\x01"},
		{func(v uint8) fmt.Stringer { return PrivacyIndicator(v) }, "\x00\x01\x02\x03"},
		{func(v uint8) fmt.Stringer { return LanguageIndicator(v) }, "\x00\x01\x02\x03\x04\x05"},
		{func(v uint8) fmt.Stringer { return DisplayTime(v) }, "\x00\x01\x02"},
		{func(v uint8) fmt.Stringer { return MSValidityBehaviour(v) }, "\x00\x01\x02\x03\x04"},
		{func(v uint8) fmt.Stringer { return AlertPriority(v) }, "\x00\x01\x02\x03"},
		{func(v uint8) fmt.Stringer { return WaitingType(v) }, "\x00\x01\x02\x03"},
		{func(v uint8) fmt.Stringer { return ITSReplyType(v) }, "\x00\x01\x02\x03\x04\x05\x06\x07\x08"},
		{func(v uint8) fmt.Stringer { return USSDServiceOp(v) }, "\x00\x01\x02\x03\x10\x11\x12\x13"},
		{func(v uint8) fmt.Stringer { return Presentation(v) }, "\x00\x01\x02"},
		{func(v uint8) fmt.Stringer { return Screening(v) }, "\x00\x01\x02\x03"},
		{func(v uint8) fmt.Stringer { return DeliveryFailureReason(v) }, "\x00\x01\x02\x03"},
		{func(v uint8) fmt.Stringer { return MSAvailabilityStatus(v) }, "\x00\x01\x02"},
		{func(v uint8) fmt.Stringer { return NetworkErrorType(v) }, "\x01\x02\x03\x04\x05\x06\x07\x08"},
		{func(v uint8) fmt.Stringer { return MessageState(v) }, "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09"},
	} {
		seen := map[string]bool{}
		for v := range 256 {
			got := c.name(uint8(v)).String()
			numbered := strings.HasSuffix(got, fmt.Sprintf(" %d", v)) && strings.IndexByte(c.known, byte(v)) < 0
			if known := strings.IndexByte(c.known, byte(v)) >= 0; known == numbered || seen[got] || got == "" {
				t.Errorf("%T %d: %q, known %v, seen %v", c.name(0), v, got, known, seen[got])
			}
			seen[got] = true
		}
	}
	codings := map[string]bool{}
	for v := range DataCoding(0x10) {
		codings[v.name()] = true
	}
	if len(codings) != 13 { // 2 and 4 are both binary; three are reserved
		t.Errorf("names of data_coding: %v", codings)
	}
	for v, want := range map[CongestionState]string{0: "0 (idle)", 29: "29 (low load)", 30: "30 (medium load)", 79: "79 (high load)", 80: "80 (optimum load)", 99: "99 (nearing congestion)", 100: "100 (congested)", 101: "101 (reserved)"} {
		if v.String() != want {
			t.Errorf("congestion_state %d: %s, want %s", uint8(v), v, want)
		}
	}
	if got := (NetworkErrorCode{ErrorGSM, 27}).String(); got != "GSM 27" {
		t.Errorf("network_error_code: %q", got)
	}
}

// TestSecretsAreHidden: no verb of fmt shows a password.
func TestSecretsAreHidden(t *testing.T) {
	t.Parallel()
	bind := Bind{Command: CommandBindTransceiver, SystemID: "esme01", Password: "secret08"}
	outbind := Outbind{SystemID: "SMSC", Password: "secret08"}
	for _, v := range []any{bind, &bind, outbind, &outbind, PDU(&bind), []Bind{bind}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
			if got := fmt.Sprintf(verb, v); strings.Contains(got, "secret08") || !strings.Contains(got, "hidden") {
				t.Errorf("%s of %T: %s", verb, v, got)
			}
		}
	}
	if got := (Bind{}).String(); !strings.Contains(got, "password:none") {
		t.Errorf("without password: %s", got)
	}
}

// TestErrorTexts: each says what and where.
func TestErrorTexts(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"smpp: header at offset 3: the PDU ends within it":                  &DecodeError{Field: "header", Offset: 3, Err: ErrTruncated},
		"smpp: submit_sm: source_addr at offset 19: too long":               &DecodeError{CommandSubmitSM, "source_addr", 19, ErrTooLong},
		"smpp: bind_receiver: password: contains NUL":                       &EncodeError{CommandBindReceiver, "password", ErrNUL},
		"smpp: submit_sm: validity_period: not an SMPP time":                &CheckError{CommandSubmitSM, "validity_period", ErrTime},
		"smpp: TLV source_port: wrong length":                               &CheckError{Field: "TLV source_port", Err: ErrLength},
		"smpp: command_length 15 is not in 16..256":                         &LengthError{CommandLength: 15, MaxLength: 256},
		"smpp: the peer does not speak SMPP but, as it seems, TLS":          &LengthError{Peer: "TLS"},
		"smpp: not the text of a delivery receipt":                          ErrReceipt,
		"smpp: command_id 0x00000042: command_length at offset 0: too long": &DecodeError{0x42, "command_length", 0, ErrTooLong},
	} {
		if err.Error() != want {
			t.Errorf("got %q, want %q", err, want)
		}
	}
	for _, c := range []struct {
		field string
		err   error
		want  CommandStatus
	}{
		{"command_length", ErrLength, RINVCMDLEN},
		{"command_id", ErrCommand, RINVCMDID},
		{"system_type", ErrTooLong, RINVSYSTYP},
		{"destination_addr", ErrTooLong, RINVDSTADR},
		{"destination_addr", ErrTruncated, RINVCMDLEN},
		{"dl_name", ErrNotTerminated, RINVDLNAME},
		{"message_id", ErrTooLong, RINVMSGID},
		{"esme_addr", ErrTooLong, RINVCMDLEN},
		{"schedule_delivery_time", ErrTooLong, RINVSCHED},
		{"replace_if_present_flag", ErrValue, RINVREPFLAG},
		{"TLV source_port", ErrLength, RINVTLVLEN},
		{"TLV message_payload", ErrTwoMessages, RTLVNOTALLWD},
	} {
		a, b := &DecodeError{Field: c.field, Err: c.err}, &CheckError{Field: c.field, Err: c.err}
		if a.CommandStatus() != c.want || b.CommandStatus() != c.want || !errors.Is(a, c.err) || !errors.Is(b, c.err) {
			t.Errorf("%s, %v: answers %v and %v, want %v", c.field, c.err, a.CommandStatus(), b.CommandStatus(), c.want)
		}
	}
}
