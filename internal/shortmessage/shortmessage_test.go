package shortmessage_test

import (
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/shortmessage"
	"github.com/smsir/smsir/smpp"
)

func TestDecode(t *testing.T) {
	t.Parallel()
	sar := smpp.TLVs{}
	sar.SetSAR(smpp.SAR{MsgRefNum: 9, TotalSegments: 3, SegmentSeqnum: 2})
	for name, c := range map[string]struct {
		class    smpp.ESMClass
		coding   smpp.DataCoding
		data     string
		tlvs     smpp.TLVs
		standard shortmessage.Alphabet
		text     string
		place    smsir.InboundPart
		binary   bool
	}{
		"GSM 7-bit":                  {data: "a\x00\x1b\x65", text: "a@€"},
		"flash in GSM 7-bit":         {coding: 0x10, data: "\x00", text: "@"},
		"Latin 1 by the profile":     {data: "\xe9@", standard: shortmessage.Latin1, text: "é@"},
		"Latin 1 by its octets":      {data: "\xe9@", standard: shortmessage.Guessed, text: "é@"},
		"GSM 7-bit by its octets":    {data: "\x05@", standard: shortmessage.Guessed, text: "é¡"},
		"IA5":                        {coding: 1, data: "a@", text: "a@"},
		"IA5 that is none":           {coding: 1, data: "a\x00\x1b\x65", standard: shortmessage.Guessed, text: "a@€"},
		"IA5 that is":                {coding: 1, data: "a@\n_", standard: shortmessage.Guessed, text: "a@\n_"},
		"UCS-2":                      {coding: 8, data: "\x04\x16", text: "Ж"},
		"UCS-2 by TS 23.038":         {coding: 0x18, data: "\x04\x16", text: "Ж"},
		"Hebrew":                     {coding: 7, data: "\xe0", text: "א"},
		"binary":                     {coding: 4, data: "\x01\x02", binary: true},
		"a reserved coding":          {coding: 0x0F, data: "x", binary: true},
		"8-bit reference":            {class: smpp.FeatureUDHI, data: "\x05\x00\x03\x07\x02\x01abc", place: smsir.InboundPart{Reference: 7, Total: 2, Number: 1}, text: "abc"},
		"16-bit reference":           {class: smpp.FeatureUDHI, data: "\x06\x08\x04\x01\x02\x02\x01abc", place: smsir.InboundPart{Reference: 258, Total: 2, Number: 1}, text: "abc"},
		"SAR":                        {tlvs: sar, data: "abc", place: smsir.InboundPart{Reference: 9, Total: 3, Number: 2}},
		"part 3 of 2":                {class: smpp.FeatureUDHI, data: "\x05\x00\x03\x07\x02\x03abc", text: "abc"},
		"a header beyond its octets": {class: smpp.FeatureUDHI, data: "\x40\x00\x03", text: ""},
		"no octets but a header":     {class: smpp.FeatureUDHI, data: "", text: ""},
	} {
		got := shortmessage.Decode(c.class, c.coding, []byte(c.data), c.tlvs, c.standard)
		if c.place.Total == 0 {
			c.place = smsir.InboundPart{Total: 1, Number: 1}
		}
		if got.Binary != c.binary || got.Part.Reference != c.place.Reference || got.Part.Total != c.place.Total || got.Part.Number != c.place.Number {
			t.Errorf("%s: got %+v, want %+v, binary %v", name, got, c.place, c.binary)
		}
		if text := got.Text(); !c.binary && c.place.Number == 1 && text != c.text {
			t.Errorf("%s: got %q, want %q", name, text, c.text)
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	part := func(number uint8, data string) smsir.InboundPart {
		return smsir.InboundPart{Total: 4, Number: number, Data: []byte(data)}
	}
	for want, parts := range map[string][]smsir.InboundPart{
		"one two three four": {part(1, "one "), part(2, "two "), part(3, "three "), part(4, "four")},
		"…two …four":         {part(2, "two "), part(4, "four")},
		"one …":              {part(1, "one ")},
		"€…":                 {part(1, "\x1b"), part(2, "\x65")},
	} {
		if got := shortmessage.Join(parts, "…"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
