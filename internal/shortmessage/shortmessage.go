// Package shortmessage reads what a short message of SMPP says: data_coding, user data header, TLVs and octets become
// text, or a part of a longer text, and parts become a whole.
//
// It stands on packages gsm and smpp, which know nothing of each other, and is shared by the adapter of carriers and by our
// own SMSC. It keeps nothing, does no I/O, and never fails: what is wrong is read as well as it can be.
package shortmessage

import (
	"bytes"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/smpp"
)

// Alphabet is what data_coding 0, the default alphabet of an SMSC, stands for.
type Alphabet uint8

// Default alphabets.
const (
	GSM7    Alphabet = iota // one septet in each octet
	Latin1                  // ISO 8859-1
	Guessed                 // GSM 7-bit, or Latin 1 if an octet is beyond it; and ASCII is GSM 7-bit if it has to be
)

// Read is one short message as it was read.
type Read struct {
	Part   smsir.InboundPart // Total is 1 if the message is whole
	Binary bool              // it is no text: Part.Data are its octets
}

// Text is the text of a whole message.
func (r *Read) Text() string { return Join([]smsir.InboundPart{r.Part}, "") }

// Decode reads a short message.
func Decode(class smpp.ESMClass, coding smpp.DataCoding, data []byte, tlvs smpp.TLVs, standard Alphabet) Read {
	var header gsm.UDH
	if class.UDHI() {
		h, octets, err := gsm.ParseUDH(data)
		if err == nil {
			header = h
		}
		data = data[min(octets, len(data)):]
	}
	r := Read{Part: smsir.InboundPart{Total: 1, Number: 1}}
	r.octets(coding, header, data, standard)
	if c, ok := header.Concat(); ok && c.Total > 1 && c.Number >= 1 && c.Number <= c.Total {
		r.Part.Reference, r.Part.Total, r.Part.Number = c.Reference, c.Total, c.Number
	} else if s, ok, err := tlvs.SAR(); ok && err == nil && s.TotalSegments > 1 {
		r.Part.Reference, r.Part.Total, r.Part.Number = s.MsgRefNum, s.TotalSegments, s.SegmentSeqnum
	}
	return r
}

// octets brings the user data into one of two alphabets.
func (r *Read) octets(coding smpp.DataCoding, header gsm.UDH, data []byte, standard Alphabet) {
	ucs2 := func(text string) {
		r.Part.Encoding, r.Part.Data = smsir.EncodingUCS2, gsm.EncodeUCS2(nil, text)
	}
	r.Part.Data = bytes.Clone(data)
	alphabet, ok := coding.Alphabet()
	if !ok {
		r.Binary = true
		return
	}
	switch alphabet {
	case smpp.DataCodingDefault:
		if standard == Latin1 || standard == Guessed && bytes.ContainsFunc(data, func(c rune) bool { return c > 0x7F }) {
			ucs2(fromLatin1(data))
			return
		}
		locking, single := header.Languages()
		r.Part.Encoding, r.Part.Locking, r.Part.Single = smsir.EncodingGSM7, uint8(locking), uint8(single)
	case smpp.DataCodingIA5:
		if standard == Guessed && bytes.ContainsFunc(data, neverTyped) {
			r.Part.Encoding = smsir.EncodingGSM7
			return
		}
		ucs2(fromLatin1(data))
	case smpp.DataCodingLatin1:
		ucs2(fromLatin1(data))
	case smpp.DataCodingUCS2:
		r.Part.Encoding = smsir.EncodingUCS2
	case smpp.DataCodingCyrillic:
		ucs2(fromCharmap(charmap.ISO8859_5, data))
	case smpp.DataCodingHebrew:
		ucs2(fromCharmap(charmap.ISO8859_8, data))
	default:
		r.Binary = true
	}
}

// neverTyped are control codes of ASCII that no text has. Clients that call GSM 7-bit by the number of ASCII (node-smpp
// does) send them for @, $, _ and in front of €.
func neverTyped(c rune) bool { return c < ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r' }

func fromLatin1(data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = rune(b)
	}
	return string(runes)
}

func fromCharmap(m *charmap.Charmap, data []byte) string {
	runes := make([]rune, len(data))
	for i, b := range data {
		runes[i] = m.DecodeByte(b)
	}
	return string(runes)
}

// Join is the text of parts, in the order of their numbers, with gap in the place of those that are missing. Parts that
// follow each other in the same alphabet are read as one, because careless senders tear a character apart.
func Join(parts []smsir.InboundPart, gap string) string {
	var text strings.Builder
	var run *smsir.InboundPart // what is not read yet
	read := func() {
		if run == nil {
			return
		}
		var s string
		if run.Encoding == smsir.EncodingGSM7 {
			s, _ = gsm.DecodeGSM7(run.Data, gsm.Language(run.Locking), gsm.Language(run.Single)) // the best reading
		} else {
			s, _ = gsm.DecodeUCS2(run.Data)
		}
		text.WriteString(s)
		run = nil
	}
	next, total := 1, 1
	for i := range parts {
		p := parts[i]
		total = int(p.Total)
		if int(p.Number) > next {
			read()
			text.WriteString(gap)
		}
		next = int(p.Number) + 1
		if run != nil && run.Encoding == p.Encoding && run.Locking == p.Locking && run.Single == p.Single {
			run.Data = append(bytes.Clone(run.Data), p.Data...)
			continue
		}
		read()
		run = &p
	}
	read()
	if next <= total {
		text.WriteString(gap)
	}
	return text.String()
}
