package smpp

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

func equal(a, b PDU) bool { return reflect.DeepEqual(a, b) }

// cstrings draws C-octet strings of fewer than limit octets.
func cstrings(t *rapid.T, name string, limit int) string {
	if rapid.Bool().Draw(t, name+" empty") {
		return ""
	}
	return string(rapid.SliceOfN(rapid.ByteRange(1, 255), 0, limit-1).Draw(t, name))
}

// times draws what a time field can hold.
func times(t *rapid.T, name string) string {
	if rapid.Bool().Draw(t, name+" empty") {
		return ""
	}
	return string(rapid.SliceOfN(rapid.ByteRange('0', '9'), 15, 15).Draw(t, name)) + rapid.SampledFrom([]string{"+", "-", "R"}).Draw(t, name+" p")
}

func octets(t *rapid.T, name string, most int) []byte {
	b := rapid.SliceOfN(rapid.Byte(), 0, most).Draw(t, name)
	if len(b) == 0 {
		return nil
	}
	return b
}

func optional(t *rapid.T) TLVs {
	n := rapid.IntRange(0, 4).Draw(t, "TLVs")
	var l TLVs
	for range n {
		tag := Tag(rapid.SampledFrom([]uint16{0x0005, 0x0204, 0x0424, 0x0427, 0x1400, 0x3FFF, 0xFFFF, 0}).Draw(t, "tag"))
		l = append(l, TLV{tag, octets(t, "value", 40)})
	}
	return l
}

// fill sets all fields of a PDU by reflection: what is written for one type cannot be forgotten for another.
func fill(t *rapid.T, p PDU) {
	v := reflect.ValueOf(p).Elem()
	for i := range v.NumField() {
		fillField(t, p, v.Type().Field(i).Name, v.Field(i))
	}
}

func fillField(t *rapid.T, p PDU, name string, f reflect.Value) {
	_, bind := p.(*Bind)
	limits := map[string]int{
		"ServiceType": maxServiceType, "SourceAddr": maxAddr, "DestinationAddr": maxAddr, "ESMEAddr": maxLongAddr,
		"SystemID": maxSystemID, "Password": maxPassword, "SystemType": maxSystemType, "AddressRange": maxAddressRange,
		"MessageID": maxMessageID, "DLName": maxDLName,
	}
	switch p.(type) {
	case *DataSM, *AlertNotification:
		limits["SourceAddr"], limits["DestinationAddr"] = maxLongAddr, maxLongAddr
	}
	switch name {
	case "Command":
		if bind {
			f.SetUint(uint64(rapid.SampledFrom([]CommandID{CommandBindReceiver, CommandBindTransmitter, CommandBindTransceiver}).Draw(t, name)))
		}
	case "TLVs":
		f.Set(reflect.ValueOf(optional(t)))
	case "ShortMessage", "Body":
		f.SetBytes(octets(t, name, MaxShortMessage))
	case "ScheduleDeliveryTime", "ValidityPeriod", "FinalDate":
		f.SetString(times(t, name))
	case "DestAddresses":
		var l []DestAddress
		for range rapid.IntRange(1, 5).Draw(t, name) {
			if rapid.Bool().Draw(t, "SME") {
				l = append(l, DestAddress{DestFlag: DestFlagSME, DestAddrTON: 1, DestAddrNPI: 1, DestinationAddr: cstrings(t, name, maxAddr)})
			} else {
				l = append(l, DestAddress{DestFlag: DestFlagDistributionList, DLName: cstrings(t, name, maxDLName)})
			}
		}
		f.Set(reflect.ValueOf(l))
	case "UnsuccessSMEs":
		var l []UnsuccessSME
		for range rapid.IntRange(0, 5).Draw(t, name) {
			l = append(l, UnsuccessSME{1, 1, cstrings(t, name, maxAddr), CommandStatus(rapid.Uint32().Draw(t, name))})
		}
		f.Set(reflect.ValueOf(l))
	default:
		switch f.Kind() {
		case reflect.String:
			f.SetString(cstrings(t, name, limits[name]))
		case reflect.Uint8, reflect.Uint32:
			f.SetUint(rapid.Uint64Range(0, 1<<f.Type().Bits()-1).Draw(t, name))
		default:
			t.Fatalf("%T has a field %s of type %s", p, name, f.Type())
		}
	}
}

// commands lists the command_ids of all PDUs, one of each bind.
func commands() []CommandID {
	var all []CommandID
	for c := range CommandID(0x200) {
		for _, c := range []CommandID{c, c | responseBit} {
			if _, raw := New(c).(*Raw); !raw {
				all = append(all, c)
			}
		}
	}
	return append(all, 0x00000042)
}

// TestRoundTrip: what is written is read back the same, field by field and octet by octet, into a new PDU and into one
// that was used before.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		t.Run(c.String(), func(t *testing.T) {
			t.Parallel()
			used := New(c)
			rapid.Check(t, func(t *rapid.T) {
				p := New(c)
				fill(t, p)
				sequence := rapid.Uint32().Draw(t, "sequence_number")
				before := octets(t, "before", 20)
				b, err := p.AppendPDU(before, sequence)
				if err != nil || !bytes.HasPrefix(b, before) {
					t.Fatalf("%+v: %X, %v", p, b, err)
				}
				b = b[len(before):]
				input := bytes.Clone(b)
				h, got, err := Decode(b)
				if err != nil || !equal(got, p) {
					t.Fatalf("Decode(%X)\n got %+v, %v\nwant %+v", b, got, err, p)
				}
				want := Header{uint32(len(b)), p.CommandID(), 0, sequence}
				if r, ok := p.(Response); ok {
					want.CommandStatus = r.Status()
				}
				if raw, ok := p.(*Raw); ok {
					want.CommandStatus = raw.CommandStatus
				}
				if h != want {
					t.Fatalf("header %+v, want %+v", h, want)
				}
				if err := used.DecodePDU(b); err != nil || !equal(used, p) {
					t.Fatalf("into a used PDU\n got %+v, %v\nwant %+v", used, err, p)
				}
				if !bytes.Equal(b, input) {
					t.Fatalf("decoding changed its input: %X, want %X", b, input)
				}
				clear(b) // nothing of the input is kept
				if !equal(got, p) || !equal(used, p) {
					t.Fatalf("the PDU changes with its input:\n%+v\n%+v\nwant %+v", got, used, p)
				}
			})
		})
	}
}

// TestSlicesDoNotOverlap: to append to one slice of a PDU leaves the others alone.
func TestSlicesDoNotOverlap(t *testing.T) {
	t.Parallel()
	var want SubmitSM
	want.ShortMessage = []byte("Hello")
	want.TLVs = TLVs{{0x1400, []byte("one")}, {0x1401, []byte("two")}, {0x1402, nil}}
	b, err := want.AppendPDU(nil, 1)
	if err != nil {
		t.Fatal(err)
	}
	var p SubmitSM
	for range 2 { // new, then used
		if err := p.DecodePDU(b); err != nil {
			t.Fatal(err)
		}
		_ = append(p.ShortMessage, "XXXXXXXX"...)
		for _, tlv := range p.TLVs {
			_ = append(tlv.Value, "XXXXXXXX"...)
		}
		if !equal(&p, &want) {
			t.Fatalf("got %+v, want %+v", p, want)
		}
	}
}
