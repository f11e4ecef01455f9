package smpp

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"
)

// pdu joins a header for the command with a body.
func pdu(c CommandID, sequenceNumber uint32, body string) []byte {
	h := Header{CommandLength: uint32(HeaderLength + len(body)), CommandID: c, SequenceNumber: sequenceNumber}
	return append(h.Append(nil), body...)
}

// body joins the fields of a submit_sm up to registered_delivery... with the rest, which begins with sm_length.
func body(rest string) string {
	return "\x00" + "\x01\x01" + sample1 + "\x00" + "\x01\x01" + sample2 + "\x00" + "\x00\x00\x00" + "\x00" + "\x00" + "\x01\x00\x00\x00" + rest
}

const bodyLength = 1 + 2 + len(sample1) + 1 + 2 + len(sample2) + 1 + 3 + 2 + 4

// TestNastyFrames: lengths that are none.
func TestNastyFrames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		length uint32
		fine   bool
	}{
		{"0", 0, false},
		{"7", 7, false},
		{"15", 15, false},
		{"16", 16, true},
		{"64 KiB", 64 << 10, true},
		{"64 KiB and one", 64<<10 + 1, false},
		{"sign bit", 0x80000000, false},
		{"all ones", 0xFFFFFFFF, false},
	} {
		b := Header{CommandLength: c.length, CommandID: CommandEnquireLink, SequenceNumber: 3}.Append(nil)
		if c.fine {
			b = append(b, make([]byte, c.length-HeaderLength)...)
		}
		got, _, err := Next(b, 0)
		var e *LengthError
		switch {
		case c.fine && (err != nil || len(got) != int(c.length)):
			t.Errorf("%s: %d octets, %v", c.name, len(got), err)
		case !c.fine && (!errors.As(err, &e) || e.CommandLength != c.length || e.SequenceNumber != 3 || !errors.Is(err, ErrLength)):
			t.Errorf("%s: %d octets, %v", c.name, len(got), err)
		}
		// The error comes with the first four octets.
		if _, _, early := Next(b[:4], 0); !c.fine && !errors.Is(early, ErrLength) {
			t.Errorf("%s: with four octets %v", c.name, early)
		}
		// A frame that was cut elsewhere does not get past Decode either.
		if _, _, err := Decode(b[:HeaderLength]); (err == nil) != (c.length == HeaderLength) {
			t.Errorf("%s: Decode of the header alone: %v", c.name, err)
		}
	}
}

// TestNastyPDUs: what a decoder must survive, the error it must name, and what to answer.
func TestNastyPDUs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		b      []byte
		field  string // "": no error
		offset int
		err    error
		answer CommandStatus
	}{
		{"no NUL in any string", pdu(CommandSubmitSM, 1, strings.Repeat("1", 200)), "service_type", 16, ErrTooLong, RINVSERTYP},
		{"no NUL in source_addr", pdu(CommandSubmitSM, 1, "\x00\x01\x01"+strings.Repeat("1", 60)), "source_addr", 19, ErrTooLong, RINVSRCADR},
		{"no NUL to the end", pdu(CommandSubmitSM, 1, "\x00\x01\x01"+sample1), "source_addr", 19, ErrNotTerminated, RINVSRCADR},
		{"source_addr of 20 characters", pdu(CommandQuerySM, 1, "1\x00\x01\x01"+strings.Repeat("1", 20)+"\x00"), "", 0, nil, 0},
		{"source_addr of 21 characters", pdu(CommandQuerySM, 1, "1\x00\x01\x01"+strings.Repeat("1", 21)+"\x00"), "source_addr", 20, ErrTooLong, RINVSRCADR},
		{"system_id of 16 characters", pdu(CommandBindReceiver, 1, strings.Repeat("s", 16)+"\x00\x00\x00\x34\x00\x00\x00"), "system_id", 16, ErrTooLong, RINVSYSID},
		{"password of 9 characters", pdu(CommandBindTransceiver, 1, "s\x00"+"123456789\x00\x00\x34\x00\x00\x00"), "password", 18, ErrTooLong, RINVPASWD},
		{"bind that ends after its name", pdu(CommandBindTransmitter, 1, "esme\x00"), "password", 21, ErrTruncated, RINVCMDLEN},
		{"sm_length 255 with 10 octets", pdu(CommandSubmitSM, 1, body("\xff0123456789")), "short_message", HeaderLength + bodyLength + 1, ErrTruncated, RINVMSGLEN},
		{"sm_length 255 with 255 octets", pdu(CommandSubmitSM, 1, body("\xff"+strings.Repeat("x", 255))), "", 0, nil, 0},
		{"sm_length missing", pdu(CommandSubmitSM, 1, body("")), "sm_length", HeaderLength + bodyLength, ErrTruncated, RINVMSGLEN},
		{"sequence_number 0", pdu(CommandSubmitSM, 0, body("\x02hi")), "", 0, nil, 0},
		{"sequence_number 0x80000000", pdu(CommandSubmitSM, 0x80000000, body("\x02hi")), "", 0, nil, 0},
		{"data_coding 0xF5", pdu(CommandSubmitSM, 1, strings.Replace(body("\x02hi"), "\x01\x00\x00\x00\x02", "\x01\x00\xf5\x00\x02", 1)), "", 0, nil, 0},
		{"TLV length past the end", pdu(CommandSubmitSM, 1, body("\x00\x04\x24\xff\xff12")), "TLV message_payload", HeaderLength + bodyLength + 1, ErrTruncated, RINVOPTPARSTREAM},
		{"unknown TLV past the end", pdu(CommandSubmitSM, 1, body("\x00\x14\x00\x00\x03ab")), "TLV 0x1400", HeaderLength + bodyLength + 1, ErrTruncated, RINVOPTPARSTREAM},
		{"TLV of one octet", pdu(CommandSubmitSM, 1, body("\x00\x04")), "TLV", HeaderLength + bodyLength + 1, ErrTruncated, RINVOPTPARSTREAM},
		{"TLV header of three octets", pdu(CommandEnquireLink, 1, "\x04\x24\x00"), "TLV", 16, ErrTruncated, RINVOPTPARSTREAM},
		{"TLV repeated", pdu(CommandSubmitSM, 1, body("\x00\x02\x04\x00\x02\x00\x01\x02\x04\x00\x02\x00\x02")), "", 0, nil, 0},
		{"as many TLVs as allowed", pdu(CommandSubmitSM, 1, body("\x00"+strings.Repeat("\x14\x00\x00\x00", MaxTLVs))), "", 0, nil, 0},
		{"one TLV too many", pdu(CommandSubmitSM, 1, body("\x00"+strings.Repeat("\x14\x00\x00\x00", MaxTLVs+1))), "TLV", HeaderLength + bodyLength + 1 + 4*MaxTLVs, ErrTooMany, RINVOPTPARSTREAM},
		{"response without body", pdu(CommandSubmitSMResp, 1, ""), "", 0, nil, 0},
		{"response with 64 characters and no NUL", pdu(CommandSubmitSMResp, 1, strings.Repeat("a", 64)), "", 0, nil, 0},
		{"response with 65 characters", pdu(CommandSubmitSMResp, 1, strings.Repeat("a", 65)), "message_id", 16, ErrTooLong, RINVMSGID},
		{"submit_multi to nobody", pdu(CommandSubmitMulti, 1, "\x00\x00\x00\x00\x00"), "number_of_dests", 20, ErrValue, RINVNUMDESTS},
		{"submit_multi with a strange dest_flag", pdu(CommandSubmitMulti, 1, "\x00\x00\x00\x00\x01\x03"), "dest_flag", 21, ErrValue, RINVDESTFLAG},
		{"submit_multi with fewer than it says", pdu(CommandSubmitMulti, 1, "\x00\x00\x00\x00\xff\x01\x01\x01"+sample1+"\x00"), "dest_flag", 36, ErrTruncated, RINVDESTFLAG},
		{"unknown command", pdu(0x00000042, 1, "anything"), "", 0, nil, 0},
		{"unknown response", pdu(0x80000042, 1, ""), "", 0, nil, 0},
	} {
		h, p, err := Decode(c.b)
		if h.SequenceNumber != parseHeader(c.b).SequenceNumber || p == nil {
			t.Errorf("%s: header %+v, PDU %v", c.name, h, p)
		}
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v\n%X", c.name, err, c.b)
			}
			continue
		}
		var e *DecodeError
		if !errors.As(err, &e) || e.Field != c.field || e.Offset != c.offset || !errors.Is(err, c.err) || e.CommandStatus() != c.answer {
			t.Errorf("%s: %v\n%X\nwant %s at offset %d: %v, answer %v", c.name, err, c.b, c.field, c.offset, c.err, c.answer)
		}
	}
}

// TestNastyMessages: what can be read but must not be accepted.
func TestNastyMessages(t *testing.T) {
	t.Parallel()
	sar := func(ref, total, seqnum string) string {
		return "\x02hi\x02\x0c\x00\x02" + ref + "\x02\x0e\x00\x01" + total + "\x02\x0f\x00\x01" + seqnum
	}
	udh := func(rest string) string {
		return strings.Replace(body(rest), "\x00\x00\x00\x00\x00\x01", "\x40\x00\x00\x00\x00\x01", 1)
	}
	schedule := func(s string) string {
		return strings.Replace(body("\x02hi"), "\x00\x00\x00\x00\x00\x01", "\x00\x00\x00"+s+"\x00\x00\x01", 1)
	}
	for _, c := range []struct {
		name, body string
		want       error
		answer     CommandStatus
	}{
		{"nothing wrong", body("\x02hi"), nil, 0},
		{"no text at all", body("\x00"), nil, 0},
		{"payload and short_message", body("\x02hi\x04\x24\x00\x02ho"), ErrTwoMessages, ROPTPARNOTALLWD},
		{"empty payload and short_message", body("\x02hi\x04\x24\x00\x00"), nil, 0},
		{"sm_length 0 and UDHI", udh("\x00"), ErrLength, RINVESMCLASS},
		{"UDHL beyond the end", udh("\x05\x05\x00\x03\xcc\x02"), ErrLength, RINVESMCLASS},
		{"UDHL of all there is", udh("\x06\x05\x00\x03\xcc\x02\x01"), nil, 0},
		{"UDHI with the header in the payload", udh("\x00\x04\x24\x00\x07\x05\x00\x03\xcc\x02\x01A"), nil, 0},
		{"reference 0", body(sar("\x00\x00", "\x02", "\x01")), nil, 0},
		{"part 0", body(sar("\x00\x01", "\x02", "\x00")), ErrValue, RINVOPTPARAMVAL},
		{"part beyond the total", body(sar("\x00\x01", "\x02", "\x03")), ErrValue, RINVOPTPARAMVAL},
		{"total 0", body(sar("\x00\x01", "\x00", "\x00")), ErrValue, RINVOPTPARAMVAL},
		{"part without total", body("\x02hi\x02\x0c\x00\x02\x00\x01\x02\x0f\x00\x01\x01"), ErrValue, RINVOPTPARAMVAL},
		{"port of one octet", body("\x02hi\x02\x0a\x00\x01\x09"), ErrLength, RINVPARLEN},
		{"schedule at once", schedule("000000000000000R"), nil, 0},
		{"schedule on 31 April", schedule("260431000000000+"), ErrTime, RINVSCHED},
		{"schedule of some characters", schedule("tomorrow"), ErrTime, RINVSCHED},
	} {
		var p SubmitSM
		if err := p.DecodePDU(pdu(CommandSubmitSM, 1, c.body)); err != nil {
			t.Errorf("%s: cannot even be read: %v", c.name, err)
			continue
		}
		err := p.Check()
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v\n%+v", c.name, err, c.want, p)
		}
		var e *CheckError
		if errors.As(err, &e) && e.CommandStatus() != c.answer {
			t.Errorf("%s: answer %v, want %v", c.name, e.CommandStatus(), c.answer)
		}
	}
	// A validity period in the past is for the caller to see.
	now := time.Date(2026, 11, 23, 14, 57, 0, 0, time.UTC)
	if v, err := ParseTime("261123145600000+"); err != nil || !v.At(now).Before(now) {
		t.Errorf("%v, %v", v, err)
	}
	for _, p := range []interface{ Check() error }{
		&DataSM{ESMClass: FeatureUDHI}, &ReplaceSM{ValidityPeriod: "x"},
		&SubmitMulti{ReplaceIfPresentFlag: 2},
	} {
		if p.Check() == nil {
			t.Errorf("%+v passes", p)
		}
	}
}

// TestUserData: the message is found in either place.
func TestUserData(t *testing.T) {
	t.Parallel()
	short, payload := []byte("short"), TLVs{{TagMessagePayload, []byte("payload")}}
	for _, c := range []struct {
		p    interface{ UserData() []byte }
		want string
	}{
		{&SubmitSM{}, ""},
		{&SubmitSM{ShortMessage: short}, "short"},
		{&SubmitSM{TLVs: payload}, "payload"},
		{&SubmitSM{ShortMessage: short, TLVs: payload}, "short"},
		{&DeliverSM{TLVs: payload}, "payload"},
		{&SubmitMulti{ShortMessage: short}, "short"},
		{&ReplaceSM{TLVs: payload}, "payload"},
		{&DataSM{TLVs: payload}, "payload"},
		{&DataSM{}, ""},
	} {
		if got := c.p.UserData(); string(got) != c.want {
			t.Errorf("%+v: %q, want %q", c.p, got, c.want)
		}
	}
}

// TestMaxLength: the limit holds for single PDUs too, both ways.
func TestMaxLength(t *testing.T) {
	t.Parallel()
	p := &Raw{Command: 0x42, Body: make([]byte, DefaultMaxLength)}
	large := Options{MaxLength: MaxMaxLength}
	b, err := large.AppendPDU(nil, p, 1)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = Decode(b)
	var e *DecodeError
	if !errors.As(err, &e) || e.Field != "command_length" || !errors.Is(err, ErrTooLong) || e.CommandStatus() != RINVCMDLEN {
		t.Errorf("%d octets: %v", len(b), err)
	}
	if _, q, err := large.Decode(b); err != nil || !equal(p, q) {
		t.Errorf("%d octets with the option: %v", len(b), err)
	}
	if _, err := (Options{MaxLength: 20}).AppendPDU(nil, &SubmitSM{}, 1); !errors.Is(err, ErrTooLong) {
		t.Errorf("a submit_sm in 20 octets: %v", err)
	}
}

// TestFaultyResponseKeepsItsID: what stands before the fault is there.
func TestFaultyResponseKeepsItsID(t *testing.T) {
	t.Parallel()
	p := SubmitSMResp{MessageID: "old", TLVs: TLVs{{1, []byte("old")}}}
	err := p.DecodePDU(pdu(CommandSubmitSMResp, 1, "3f2a91\x00\x04\x28\x00\x01\x09\x00"))
	if err == nil || p.MessageID != "3f2a91" || len(p.TLVs) != 1 || p.TLVs[0].Tag != TagCongestionState {
		t.Errorf("%+v, %v", p, err)
	}
}

// TestWrongPDU: no type takes the PDU of another.
func TestWrongPDU(t *testing.T) {
	t.Parallel()
	for _, a := range goldens() {
		b := readGolden(t, a.name)
		for _, g := range goldens() {
			p := New(g.pdu.CommandID())
			_, raw := p.(*Raw)
			_, bind := p.(*Bind)
			_, bindResp := p.(*BindResp)
			same := p.CommandID() == a.pdu.CommandID() || raw || bind && a.pdu.CommandID().IsBind() ||
				bindResp && (a.pdu.CommandID()&^responseBit).IsBind() && a.pdu.CommandID().IsResponse()
			if err := p.DecodePDU(b); (err == nil) != same || err != nil && !errors.Is(err, ErrCommand) {
				t.Errorf("%T takes %s: %v", p, a.name, err)
			}
		}
	}
}

// TestCannotBeWritten: what the standard's limits do not hold is refused, and dst stays as it was.
func TestCannotBeWritten(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, c := range []struct {
		p     PDU
		field string
		err   error
	}{
		{&Bind{Command: CommandSubmitSM}, "command_id", ErrCommand},
		{&Bind{}, "command_id", ErrCommand},
		{&BindResp{Command: CommandBindTransceiver}, "command_id", ErrCommand},
		{&Bind{Command: CommandBindReceiver, SystemID: long[:16]}, "system_id", ErrTooLong},
		{&Bind{Command: CommandBindReceiver, Password: long[:9]}, "password", ErrTooLong},
		{&Bind{Command: CommandBindReceiver, SystemType: long[:13]}, "system_type", ErrTooLong},
		{&Bind{Command: CommandBindReceiver, AddressRange: long[:41]}, "address_range", ErrTooLong},
		{&SubmitSM{ServiceType: long[:6]}, "service_type", ErrTooLong},
		{&SubmitSM{SourceAddr: long[:21]}, "source_addr", ErrTooLong},
		{&SubmitSM{DestinationAddr: "1\x002"}, "destination_addr", ErrNUL},
		{&SubmitSM{ScheduleDeliveryTime: "now"}, "schedule_delivery_time", ErrTime},
		{&SubmitSM{ValidityPeriod: long[:17]}, "validity_period", ErrTime},
		{&SubmitSM{ShortMessage: []byte(long[:256])}, "short_message", ErrTooLong},
		{&SubmitSM{TLVs: TLVs{{0x1400, make([]byte, 0x10000)}}}, "TLV 0x1400", ErrTooLong},
		{&SubmitSM{TLVs: make(TLVs, MaxTLVs+1)}, "TLV", ErrTooMany},
		{&SubmitSM{TLVs: TLVs{{TagMessagePayload, make([]byte, 0xFFFF)}}}, "command_length", ErrTooLong},
		{&SubmitSMResp{MessageID: long[:65]}, "message_id", ErrTooLong},
		{&SubmitMulti{}, "number_of_dests", ErrTooMany},
		{&SubmitMulti{DestAddresses: make([]DestAddress, 256)}, "number_of_dests", ErrTooMany},
		{&SubmitMulti{DestAddresses: make([]DestAddress, 1)}, "dest_flag", ErrValue},
		{&SubmitMulti{DestAddresses: []DestAddress{{DestFlag: DestFlagDistributionList, DLName: long[:21]}}}, "dl_name", ErrTooLong},
		{&SubmitMultiResp{UnsuccessSMEs: make([]UnsuccessSME, 256)}, "no_unsuccess", ErrTooMany},
		{&Raw{Body: make([]byte, DefaultMaxLength)}, "command_length", ErrTooLong},
	} {
		dst := []byte("before")
		got, err := c.p.AppendPDU(dst, 1)
		var e *EncodeError
		if !errors.As(err, &e) || e.Field != c.field || !errors.Is(err, c.err) || !bytes.Equal(got, dst) {
			t.Errorf("%T: %q, %v; want %s: %v", c.p, got, err, c.field, c.err)
		}
		if strings.Contains(err.Error(), "xxx") {
			t.Errorf("the error repeats the value: %v", err)
		}
	}
}

// TestLongStrings: with the option, carriers that give out long passwords can be served.
func TestLongStrings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 255)
	lax := Options{LongStrings: true}
	for _, p := range []PDU{
		&Bind{Command: CommandBindTransceiver, SystemID: long, Password: long, SystemType: long, AddressRange: long},
		&SubmitSM{ServiceType: long, SourceAddr: long, DestinationAddr: long, ScheduleDeliveryTime: long, ValidityPeriod: "1", ShortMessage: []byte("hi")},
		&SubmitSMResp{MessageID: long},
	} {
		b, err := lax.AppendPDU(nil, p, 1)
		if err != nil {
			t.Errorf("%T: %v", p, err)
			continue
		}
		again := New(p.CommandID())
		if err := again.DecodePDU(b); !errors.Is(err, ErrTooLong) {
			t.Errorf("%T: without the option %v, want %v", p, err, ErrTooLong)
		}
		if err := lax.DecodePDU(b, again); err != nil || !equal(again, p) {
			t.Errorf("%T: %+v, %v", p, again, err)
		}
		if _, err := lax.AppendPDU(nil, &Bind{Command: CommandBindReceiver, Password: long + "x"}, 1); !errors.Is(err, ErrTooLong) {
			t.Errorf("256 characters: %v", err)
		}
	}
}
