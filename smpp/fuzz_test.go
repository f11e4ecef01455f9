package smpp

import (
	"bytes"
	"errors"
	"reflect"
	"runtime/metrics"
	"strings"
	"testing"
	"time"
)

// allocated is the number of octets allocated so far, exact enough for what is large.
func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// withoutPanic decodes b in all ways and checks what holds for any input: no more than 1 MiB is allocated for 64 KiB, an
// error names its place, and what can be read can be written again and reads the same.
func withoutPanic(t *testing.T, b []byte) {
	if len(b) > DefaultMaxLength {
		b = b[:DefaultMaxLength]
	}
	before := allocated()
	_, p, err := Decode(b)
	if n := allocated() - before; n > 1<<20 {
		t.Errorf("%d octets cost %d", len(b), n)
	}
	if err != nil {
		var e *DecodeError
		if !errors.As(err, &e) || e.Field == "" || e.Offset < 0 || e.Offset > len(b) || e.CommandStatus() == ROK || e.Error() == "" {
			t.Errorf("%#v", err)
		}
		return
	}
	again, err := p.AppendPDU(nil, 1)
	if err != nil {
		// Read but not written: times of other lengths, and what the missing NUL of a message_id makes too long.
		if !errors.Is(err, ErrTime) && !errors.Is(err, ErrTooLong) {
			t.Errorf("%+v cannot be written: %v", p, err)
		}
		return
	}
	_, q, err := Decode(again)
	if err != nil || !reflect.DeepEqual(p, q) {
		t.Errorf("%X\nreads  %+v\nwrites %X\nreads  %+v, %v", b, p, again, q, err)
	}
	if s, ok := p.(interface{ Check() error }); ok {
		_ = s.Check()
	}
	if s, ok := p.(interface{ Receipt() (Receipt, error) }); ok {
		_, _ = s.Receipt()
	}
}

// addGolden seeds a fuzz target with the bodies of golden PDUs of the given commands, all if there are none.
func addGolden(f *testing.F, add func([]byte), only ...CommandID) {
	for _, g := range goldens() {
		wanted := len(only) == 0
		for _, c := range only {
			wanted = wanted || g.pdu.CommandID() == c
		}
		if wanted {
			add(readGolden(f, g.name))
		}
	}
}

// framed puts a header for the command before a body.
func framed(c CommandID, body []byte) []byte {
	h := Header{CommandLength: uint32(HeaderLength + len(body)), CommandID: c, SequenceNumber: 1}
	return append(h.Append(nil), body...)
}

// FuzzPDUHeader: any stream, cut into PDUs.
func FuzzPDUHeader(f *testing.F) {
	addGolden(f, func(b []byte) { f.Add(b) })
	for _, s := range []string{"", "\x00\x00\x00\x0f", "\xff\xff\xff\xff", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01\x02\x00", "\x00\x01\x00\x01", "\x00\x01\x00\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if h, err := ParseHeader(b); err == nil && !bytes.Equal(h.Append(nil), b[:HeaderLength]) {
			t.Errorf("%X reads %+v", b, h)
		}
		// Next and Reader agree on where the PDUs are, and what is cut off is never more than there is.
		r := NewReader(bytes.NewReader(b))
		r.SetMaxLength(0)
		for rest := b; ; {
			pdu, next, err := Next(rest, 0)
			got, err2 := r.ReadPDU()
			if err != nil {
				if !errors.Is(err, ErrLength) || !errors.Is(err2, ErrLength) {
					t.Errorf("Next: %v, Reader: %v", err, err2)
				}
				return
			}
			if pdu == nil {
				if err2 == nil {
					t.Errorf("Next wants more, Reader gives %X", got)
				}
				return
			}
			if err2 != nil || !bytes.Equal(got, pdu) || len(pdu)+len(next) != len(rest) {
				t.Fatalf("Next gives %X, Reader %X, %v", pdu, got, err2)
			}
			withoutPanic(t, pdu)
			rest = next
		}
	})
}

// FuzzSubmitSM: any body of submit_sm.
func FuzzSubmitSM(f *testing.F) {
	addGolden(f, func(b []byte) { f.Add(b[HeaderLength:]) }, CommandSubmitSM)
	f.Add([]byte(body("\xff0123456789")))
	f.Fuzz(func(t *testing.T, body []byte) {
		withoutPanic(t, framed(CommandSubmitSM, body))
		withoutPanic(t, framed(CommandSubmitMulti, body))
		withoutPanic(t, framed(CommandReplaceSM, body))
		withoutPanic(t, framed(CommandDataSM, body))
	})
}

// FuzzDeliverSM: any body of deliver_sm, into a new and into a used PDU, and of the responses.
func FuzzDeliverSM(f *testing.F) {
	addGolden(f, func(b []byte) { f.Add(b[HeaderLength:]) }, CommandDeliverSM, CommandSubmitSMResp, CommandQuerySMResp, CommandSubmitMultiResp)
	receipt := readGolden(f, "deliver_sm_receipt")
	f.Fuzz(func(t *testing.T, body []byte) {
		b := framed(CommandDeliverSM, body)
		withoutPanic(t, b)
		var fresh, used DeliverSM
		if err := used.DecodePDU(receipt); err != nil {
			t.Fatal(err)
		}
		err, err2 := fresh.DecodePDU(b), used.DecodePDU(b)
		if !reflect.DeepEqual(err, err2) || !reflect.DeepEqual(fresh, used) {
			t.Errorf("new: %+v, %v\nused: %+v, %v", fresh, err, used, err2)
		}
		for _, c := range []CommandID{CommandDeliverSMResp, CommandSubmitSMResp, CommandDataSMResp, CommandQuerySMResp, CommandSubmitMultiResp} {
			withoutPanic(t, framed(c, body))
		}
	})
}

// FuzzTLV: any optional part, all accessors.
func FuzzTLV(f *testing.F) {
	for _, s := range []string{"", "\x02\x04\x00\x02\x00\x01", "\x04\x24\xff\xff", "\x04\x23\x00\x03\x03\x00\x1b", "\x14\x00\x00\x00", strings.Repeat("\x14\x00\x00\x00", MaxTLVs+1)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		withoutPanic(t, framed(CommandEnquireLink, b))
		var p EnquireLink
		_ = p.DecodePDU(framed(CommandEnquireLink, b))
		if len(p.TLVs) > MaxTLVs {
			t.Errorf("%d TLVs", len(p.TLVs))
		}
		size := 0
		for _, tlv := range p.TLVs {
			size += 4 + len(tlv.Value)
			_ = tlv.Check()
			_ = tlv.Tag.String()
		}
		if size > len(b) {
			t.Errorf("%d octets hold TLVs of %d", len(b), size)
		}
		l := reflect.ValueOf(&p.TLVs)
		for m := range l.Type().Methods() {
			if m.Type.NumIn() == 1 && m.Type.NumOut() >= 2 { // a getter
				out := m.Func.Call([]reflect.Value{l})
				if !out[1].Bool() && m.Name != "SAR" && !out[0].IsZero() && !empty(out[0]) {
					t.Errorf("%s: not there, and %v", m.Name, out[0])
				}
			}
		}
	})
}

func empty(v reflect.Value) bool { return v.Kind() == reflect.Slice && v.Len() == 0 }

// FuzzBind: any body of the binds, their responses and outbind, with the maxima of the standard and without.
func FuzzBind(f *testing.F) {
	addGolden(f, func(b []byte) { f.Add(b[HeaderLength:]) }, CommandBindTransceiver, CommandBindTransmitterResp, CommandBindReceiverResp, CommandOutbind, CommandQuerySM, CommandCancelSM, CommandAlertNotification)
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range []CommandID{CommandBindReceiver, CommandBindTransceiverResp, CommandOutbind, CommandQuerySM, CommandCancelSM, CommandAlertNotification, CommandUnbind} {
			b := framed(c, body)
			withoutPanic(t, b)
			_, strict, err := Decode(b)
			_, lax, errLax := Options{LongStrings: true}.Decode(b)
			if err == nil && (errLax != nil || !reflect.DeepEqual(strict, lax)) {
				t.Errorf("%+v, but with long strings %+v, %v", strict, lax, errLax)
			}
			if p, ok := strict.(*Bind); ok && err == nil &&
				(len(p.SystemID) >= maxSystemID || len(p.Password) >= maxPassword || len(p.SystemType) >= maxSystemType || len(p.AddressRange) >= maxAddressRange) {
				t.Errorf("too long: %#v", p)
			}
		}
	})
}

// FuzzReceiptText: any text of a receipt.
func FuzzReceiptText(f *testing.F) {
	for _, s := range []string{
		"id:3f2a91 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000 text:Hello",
		"ID: 3F2A91, stat: FAILED, err: 002", "text:Hello id:1 stat:EXPIRED", "id: stat: text:", "\x00i\x00d\x00:\x001",
		"submit date:2026-11-23 14:57 done date:0000000000", "",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := ParseReceipt(text)
		if (err != nil) != (r.MessageID == "" && r.Stat == "") {
			t.Errorf("%q: %+v, %v", text, r, err)
		}
		if n := len(r.MessageID) + len(r.Sub) + len(r.Dlvrd) + len(r.SubmitDate) + len(r.DoneDate) + len(r.Stat) + len(r.Err) + len(r.Text); n > 3*len(text) {
			t.Errorf("%d octets give %d", len(text), n)
		}
		for _, date := range []string{r.SubmitDate, r.DoneDate} {
			if at, err := ParseReceiptDate(date, time.UTC); err == nil && !at.IsZero() {
				if again, err := ParseReceiptDate(ReceiptDate(at), time.UTC); 2000 <= at.Year() && at.Year() < 2100 && (err != nil || !again.Equal(at.Truncate(time.Minute))) {
					t.Errorf("%q is %v, written %q, is %v, %v", date, at, ReceiptDate(at), again, err)
				}
			}
		}
		if err != nil || strings.ContainsAny(r.SubmitDate+r.DoneDate, " ") {
			return
		}
		// Written in the standard's order, it reads the same; only what the state was made of may differ.
		again, err := ParseReceipt(r.AppendText(nil))
		if r.Stat == "" {
			r.Stat = r.State.Stat()
		}
		if r.Text = strings.TrimRight(r.Text, "\x00"); r.MessageID == "" && again.MessageID == "" {
			r.Text = again.Text // without an id, a text of fields only may lend it one
		}
		if err != nil || again != r {
			t.Errorf("%q\nreads  %+v\nwrites %q\nreads  %+v, %v", text, r, r.AppendText(nil), again, err)
		}
	})
}

// FuzzSMPPTime: any time.
func FuzzSMPPTime(f *testing.F) {
	for _, s := range []string{"", "020610233429000R", "261123145700008+", "261123145700056-", "000000000000000R", "261131145700000+", "now"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v, err := ParseTime(s)
		if err != nil {
			if !errors.Is(err, ErrTime) || !v.IsZero() {
				t.Errorf("%q: %+v, %v", s, v, err)
			}
			return
		}
		text, err := v.Format()
		again, err2 := ParseTime(text)
		if err != nil && v.Moment.UTC().Year() >= 2000 && v.Moment.UTC().Year() < 2100 || err == nil && (err2 != nil || !again.Moment.Equal(v.Moment) || again.Period != v.Period || again.Relative != v.Relative) {
			t.Errorf("%q is %+v, written %q, is %+v, %v, %v", s, v, text, again, err, err2)
		}
		_ = v.At(time.Unix(0, 0))
	})
}
