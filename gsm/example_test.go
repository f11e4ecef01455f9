package gsm_test

import (
	"fmt"
	"strings"

	"github.com/smsir/smsir/gsm"
)

// How many segments does a text need, and what makes it dear?
func ExampleAnalyze() {
	a := gsm.Analyze("Your total is 20 € – thanks", gsm.Options{})
	fmt.Println(a.Encoding, a.Segments, "segment,", a.UnitsLeft, "units left")
	for _, c := range a.Costly {
		fmt.Printf("%q at octet %d %s\n", c.Rune, c.Offset, c.Reason)
	}
	// Output:
	// ucs2 1 segment, 43 units left
	// '–' at octet 21 forces_ucs2
}

// Smart encoding keeps a message in the GSM 7-bit alphabet and tells what it changed.
func ExampleAnalyze_smart() {
	a := gsm.Analyze("It’s ready…", gsm.Options{Smart: true})
	fmt.Println(a.Text, a.Encoding)
	for _, r := range a.Replaced {
		fmt.Printf("%s -> %s\n", r.From, r.To)
	}
	// Output:
	// It's ready... gsm7
	// ’ -> '
	// … -> ...
}

// A Turkish text of 100 letters is one message with the national table, two without.
func ExampleAnalyze_national() {
	text := strings.Repeat("ığdır ", 16)
	fmt.Println(gsm.Analyze(text, gsm.Options{}).Segments)
	a := gsm.Analyze(text, gsm.Options{Languages: []gsm.Language{gsm.Turkish}})
	fmt.Println(a.Segments, a.Encoding, a.Language, a.PerSegment)
	// Output:
	// 2
	// 1 gsm7 tr 155
}

// Segments ready for SMPP: the short_message of each, with UDHI set in esm_class when there is a header.
func ExampleSplit() {
	segments, err := gsm.Split(strings.Repeat("A", 152)+"€ and 20 more", gsm.Options{Reference: 0x42})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range segments {
		s := &segments[i]
		fmt.Printf("%d/%d data_coding %#02x, header % X, %d septets, short_message of %d octets\n",
			s.Number, s.Total, s.Encoding.DataCoding(), s.UDH, s.Units, len(s.ShortMessage()))
	}
	// Output:
	// 1/2 data_coding 0x00, header 05 00 03 42 02 01, 152 septets, short_message of 158 octets
	// 2/2 data_coding 0x00, header 05 00 03 42 02 02, 14 septets, short_message of 20 octets
}

// The user data of a TPDU: septets packed.
func ExampleSegment_AppendTPUD() {
	segments, _ := gsm.Split("hellohello", gsm.Options{})
	fmt.Printf("TP-UDL %d, TP-UD %X\n", segments[0].UDL(), segments[0].AppendTPUD(nil))
	// Output: TP-UDL 10, TP-UD E8329BFD4697D9EC37
}

// What a received TPDU says: header, then text.
func ExampleParseUserData() {
	userData := []byte{0x05, 0x00, 0x03, 0xCC, 0x02, 0x01, 0xC2, 0x61}
	udh, septets, err := gsm.ParseUserData(userData, 9, true, gsm.GSM7)
	if err != nil {
		fmt.Println(err)
		return
	}
	c, _ := udh.Concat()
	text, err := gsm.Decode(septets, udh, gsm.GSM7)
	fmt.Printf("part %d of %d of message %#x: %q, %v\n", c.Number, c.Total, c.Reference, text, err)
	// Output: part 1 of 2 of message 0xcc: "aa", <nil>
}

// A message to an application port.
func ExampleOptions_header() {
	ports := gsm.Ports{Destination: 5505, Source: 2948, Wide: true}
	segments, _ := gsm.Split("wake up", gsm.Options{Header: gsm.UDH{ports.IE()}})
	fmt.Printf("% X\n", segments[0].UDH)
	// Output: 06 05 04 15 81 0B 84
}

// A broken message is still read as far as it goes.
func ExampleDecodeUCS2() {
	text, err := gsm.DecodeUCS2([]byte{0x04, 0x36, 0xD8, 0x3D})
	fmt.Printf("%s, %v\n", text, err)
	// Output: ж�, gsm: ucs2 at offset 2: surrogate without its partner
}
