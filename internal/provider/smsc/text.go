package smsc

import (
	"encoding/hex"

	"golang.org/x/text/encoding/charmap"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/smpp"
)

// userData is what a message from a handset says: septets of GSM 7-bit, or UTF-16.
type userData struct {
	encoding        smsir.Encoding
	locking, single gsm.Language
	data            []byte
	binary          bool // it is no text
}

// decode reads user data without its header by its data_coding.
func (p *profile) decode(coding smpp.DataCoding, header gsm.UDH, data []byte) userData {
	ucs2 := func(text string) userData {
		return userData{encoding: smsir.EncodingUCS2, data: gsm.EncodeUCS2(nil, text)}
	}
	alphabet, ok := coding.Alphabet()
	if !ok {
		return userData{binary: true, data: data}
	}
	switch alphabet {
	case smpp.DataCodingDefault:
		if p.alphabet == alphabetLatin1 {
			return ucs2(fromLatin1(data))
		}
		locking, single := header.Languages()
		return userData{encoding: smsir.EncodingGSM7, locking: locking, single: single, data: data}
	case smpp.DataCodingIA5, smpp.DataCodingLatin1:
		return ucs2(fromLatin1(data))
	case smpp.DataCodingUCS2:
		return userData{encoding: smsir.EncodingUCS2, data: data}
	case smpp.DataCodingCyrillic:
		return ucs2(fromCharmap(charmap.ISO8859_5, data))
	case smpp.DataCodingHebrew:
		return ucs2(fromCharmap(charmap.ISO8859_8, data))
	}
	return userData{binary: true, data: data}
}

// text is the best reading of it.
func (u userData) text() string {
	var text string
	if u.encoding == smsir.EncodingGSM7 {
		text, _ = gsm.DecodeGSM7(u.data, u.locking, u.single) // with replacement characters where it is wrong
	} else {
		text, _ = gsm.DecodeUCS2(u.data)
	}
	return text
}

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

// concatenated is the place of a part in its message, nil if the message is whole.
func concatenated(d *delivery, header gsm.UDH) *smsir.InboundPart {
	if c, ok := header.Concat(); ok && c.Total > 1 && c.Number >= 1 && c.Number <= c.Total {
		return &smsir.InboundPart{Reference: c.Reference, Total: c.Total, Number: c.Number}
	}
	if s, ok, err := d.tlvs.SAR(); ok && err == nil && s.TotalSegments > 1 {
		return &smsir.InboundPart{Reference: s.MsgRefNum, Total: s.TotalSegments, Number: s.SegmentSeqnum}
	}
	return nil
}

// hexadecimal shows octets, at most as many as a record takes.
func hexadecimal(data []byte) string {
	return hex.EncodeToString(data[:min(len(data), 2048)])
}
