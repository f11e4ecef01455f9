package gsm

// FillBits is the number of zero bits between a user data header of headerOctets octets (the length
// octet included) and the first septet of text, so that the text begins on a septet boundary:
// 0 to 6 (3GPP TS 23.040 §9.2.3.24).
func FillBits(headerOctets int) int {
	return (7 - headerOctets*8%7) % 7
}

// Pack appends septets (one in each octet, the top bit ignored) to dst as the radio interface
// carries them: a bit stream that fills each octet from its lowest bit (3GPP TS 23.038 §6.1.2.1),
// behind fill zero bits, which count modulo 7. Bits left over in the last octet are zero.
func Pack(dst, septets []byte, fill int) []byte {
	bits := uint(((fill % 7) + 7) % 7)
	acc := uint(0)
	for _, s := range septets {
		acc |= uint(s&0x7F) << bits
		bits += 7
		if bits >= 8 {
			dst = append(dst, byte(acc))
			acc >>= 8
			bits -= 8
		}
	}
	if bits > 0 && len(septets) > 0 {
		dst = append(dst, byte(acc))
	}
	return dst
}

// PackedLen is the number of octets that [Pack] appends for so many septets.
func PackedLen(septets, fill int) int {
	if septets <= 0 {
		return 0
	}
	return (septets*7 + ((fill%7)+7)%7 + 7) / 8
}

// Unpack appends count septets of packed, one in each octet, to dst; it skips fill bits first
// (modulo 7, see [FillBits]). The count must come from outside (TP-UDL): seven spare bits look like
// an @. Too few octets give a [*DecodeError] at the first septet that is missing, beside the septets
// that were there.
func Unpack(dst, packed []byte, fill, count int) ([]byte, error) {
	bit := ((fill % 7) + 7) % 7
	for i := range max(count, 0) {
		at, shift := bit>>3, uint(bit&7)
		if bit+7 > len(packed)*8 {
			return dst, &DecodeError{Encoding: GSM7, Offset: i, Reason: "user data is shorter than its length says"}
		}
		s := uint(packed[at]) >> shift
		if shift > 1 {
			s |= uint(packed[at+1]) << (8 - shift)
		}
		dst = append(dst, byte(s&0x7F))
		bit += 7
	}
	return dst, nil
}
