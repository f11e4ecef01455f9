package smpp

import "fmt"

// DataCoding is data_coding: in which alphabet the user data is written. Values from 0xC0 are data coding schemes of
// GSM, and some peers use those below 0xC0 as such too: 0x10 for a flash message, 0x18 for one in UCS-2.
//
// SMPP 3.4 §5.2.19, SMPP 5.0 §4.7.7
type DataCoding uint8

// Alphabets.
//
// SMPP 3.4 §5.2.19
const (
	DataCodingDefault       DataCoding = 0x00 // SMSC default alphabet: ask the carrier whether GSM 7-bit unpacked, IA5 or Latin 1
	DataCodingIA5           DataCoding = 0x01 // IA5, ASCII
	DataCodingOctets        DataCoding = 0x02 // 8-bit binary
	DataCodingLatin1        DataCoding = 0x03 // ISO 8859-1
	DataCodingBinary        DataCoding = 0x04 // 8-bit binary
	DataCodingJIS           DataCoding = 0x05 // X 0208-1990
	DataCodingCyrillic      DataCoding = 0x06 // ISO 8859-5
	DataCodingHebrew        DataCoding = 0x07 // ISO 8859-8
	DataCodingUCS2          DataCoding = 0x08 // ISO/IEC 10646, big-endian; in practice UTF-16
	DataCodingPictogram     DataCoding = 0x09
	DataCodingISO2022JP     DataCoding = 0x0A // music codes
	DataCodingExtendedKanji DataCoding = 0x0D // JIS X 0212-1990
	DataCodingKSC5601       DataCoding = 0x0E // KS C 5601
)

// dcsMessageClass and the two below are the groups of 3GPP TS 23.038 §4 that SMPP 3.4 §5.2.19 refers to.
const (
	dcsGroupMask    DataCoding = 0xF0
	dcsMessageClass DataCoding = 0xF0
	dcsWaitDiscard  DataCoding = 0xC0
	dcsWaitStore    DataCoding = 0xD0
	dcsWaitUCS2     DataCoding = 0xE0
	dcsEightBit     DataCoding = 0x04
)

// Alphabet is the alphabet alone, as one of the DataCoding constants, without message class or waiting indication:
// 0xF5 gives [DataCodingBinary], 0x18 [DataCodingUCS2]. ok is false for values that SMPP reserves and GSM does not
// define either; the octets are then best kept as binary.
//
// SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4
func (c DataCoding) Alphabet() (alphabet DataCoding, ok bool) {
	switch {
	case c <= DataCodingISO2022JP, c == DataCodingExtendedKanji, c == DataCodingKSC5601:
		return c, true
	case c < 0x10:
		return DataCodingBinary, false
	case c < 0x20, 0x50 <= c && c < 0x60:
		// Not SMPP's but GSM's: general data coding with a message class, marked for automatic deletion or not.
		return gsmAlphabet(c)
	}
	switch c & dcsGroupMask {
	case dcsMessageClass:
		if c&dcsEightBit != 0 {
			return DataCodingBinary, true
		}
		return DataCodingDefault, true
	case dcsWaitDiscard, dcsWaitStore:
		return DataCodingDefault, true
	case dcsWaitUCS2:
		return DataCodingUCS2, true
	}
	return DataCodingBinary, false
}

// gsmAlphabet reads bits 3 and 2 of a general data coding. 3GPP TS 23.038 §4
func gsmAlphabet(c DataCoding) (DataCoding, bool) {
	switch c & 0x0C {
	case 0x00:
		return DataCodingDefault, true
	case 0x04:
		return DataCodingBinary, true
	case 0x08:
		return DataCodingUCS2, true
	}
	return DataCodingBinary, false
}

// MessageClass is the GSM message class: 0 is shown at once and not kept ("flash"), 1 goes to the phone, 2 to the SIM, 3
// to the equipment behind the phone. ok is false if there is none.
//
// SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4
func (c DataCoding) MessageClass() (class int, ok bool) {
	switch c & dcsGroupMask {
	case dcsMessageClass, 0x10, 0x50:
		return int(c & 0x03), true
	}
	return 0, false
}

// String names the alphabet with the octet in hexadecimal.
func (c DataCoding) String() string {
	alphabet, ok := c.Alphabet()
	name := alphabet.name()
	if !ok {
		name = "reserved"
	}
	if class, ok := c.MessageClass(); ok {
		return fmt.Sprintf("%s, class %d (0x%02X)", name, class, uint8(c))
	}
	return fmt.Sprintf("%s (0x%02X)", name, uint8(c))
}

func (c DataCoding) name() string {
	switch c {
	case DataCodingDefault:
		return "SMSC default alphabet"
	case DataCodingIA5:
		return "IA5"
	case DataCodingOctets, DataCodingBinary:
		return "8-bit binary"
	case DataCodingLatin1:
		return "Latin 1"
	case DataCodingJIS:
		return "JIS"
	case DataCodingCyrillic:
		return "Cyrillic"
	case DataCodingHebrew:
		return "Latin/Hebrew"
	case DataCodingUCS2:
		return "UCS-2"
	case DataCodingPictogram:
		return "pictogram"
	case DataCodingISO2022JP:
		return "ISO-2022-JP"
	case DataCodingExtendedKanji:
		return "extended Kanji JIS"
	case DataCodingKSC5601:
		return "KS C 5601"
	}
	return "reserved"
}
