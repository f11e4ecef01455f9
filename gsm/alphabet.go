package gsm

import "unicode/utf8"

// escape announces that the next septet is of the single shift table (3GPP TS 23.038 §6.2.1).
const escape = 0x1B

// none marks a code without character and a character without code.
const none = 0xFF

// table is an alphabet or a single shift table in both directions. It is built once and only read.
type table struct {
	chars [128]rune   // by code; -1 where the table has no character
	low   [0x180]byte // codes of the characters below U+0180, none where there is no code
	high  []shifted   // the other characters: Greek capitals, € and ∞, in order of character
}

func newTable() *table {
	t := new(table)
	for i := range t.chars {
		t.chars[i] = -1
	}
	for i := range t.low {
		t.low[i] = none
	}
	return t
}

func (t *table) set(code byte, char rune) {
	t.chars[code] = char
	if int(char) < len(t.low) {
		t.low[char] = code
		return
	}
	i := len(t.high)
	for i > 0 && t.high[i-1].char > char {
		i--
	}
	t.high = append(t.high, shifted{})
	copy(t.high[i+1:], t.high[i:])
	t.high[i] = shifted{code, char}
}

func newAlphabet(chars string) *table {
	t := newTable()
	code := byte(0)
	for _, char := range chars {
		if code != escape {
			t.set(code, char)
		}
		code++
	}
	return t
}

func newShift(parts ...[]shifted) *table {
	t := newTable()
	for _, part := range parts {
		for _, s := range part {
			t.set(s.code, s.char)
		}
	}
	return t
}

// code is the septet of a character, or none.
func (t *table) code(char rune) byte {
	if uint32(char) < uint32(len(t.low)) {
		return t.low[char]
	}
	if len(t.high) == 0 || char < t.high[0].char || char > t.high[len(t.high)-1].char {
		return none
	}
	for _, s := range t.high {
		if s.char == char {
			return s.code
		}
	}
	return none
}

// The tables by [Language]. A nil locking table: the language has none.
var (
	lockingTables = [...]*table{
		DefaultLanguage: newAlphabet(defaultAlphabet),
		Turkish:         newAlphabet(turkishLocking),
		Spanish:         nil,
		Portuguese:      newAlphabet(portugueseLocking),
	}
	singleTables = [...]*table{
		DefaultLanguage: newShift(extension),
		Turkish:         newShift(extension, turkishShift),
		Spanish:         newShift(extension, spanishShift),
		Portuguese:      newShift(extension, portugueseShift),
	}
)

// coder is the pair of tables in force for one message.
type coder struct{ locking, single *table }

// coderOf gives the tables of two languages. A language without such a table, or an unknown one,
// gives the default table, which is what a handset that lacks a table does (TS 23.038 §6.2.1.2.4).
func coderOf(locking, single Language) coder {
	c := coder{lockingTables[DefaultLanguage], singleTables[DefaultLanguage]}
	if int(locking) < len(lockingTables) && lockingTables[locking] != nil {
		c.locking = lockingTables[locking]
	}
	if int(single) < len(singleTables) {
		c.single = singleTables[single]
	}
	return c
}

// cost is the number of septets that a character takes: 1, 2, or 0 when neither table has it.
func (c coder) cost(char rune) int {
	if c.locking.code(char) != none {
		return 1
	}
	if c.single.code(char) != none {
		return 2
	}
	return 0
}

// append adds the septets of a character that has a cost.
func (c coder) append(dst []byte, char rune) []byte {
	if code := c.locking.code(char); code != none {
		return append(dst, code)
	}
	return append(dst, escape, c.single.code(char))
}

// EncodeGSM7 appends the septets of text to dst, one septet in each octet (as SMPP carries data
// coding 0; [Pack] makes the radio form of it). Locking and single name the tables in force:
// [DefaultLanguage] for both is the default alphabet with its extension table.
//
// U+0000 and U+001B are no characters of any table: 0x00 is @ and 0x1B the escape. A character that
// neither table has, or an octet that is not UTF-8, stops the encoding: the error is an
// [*EncodeError] and dst comes back as it was.
func EncodeGSM7(dst []byte, text string, locking, single Language) ([]byte, error) {
	c, start := coderOf(locking, single), len(dst)
	for i, char := range text {
		if c.cost(char) == 0 {
			return dst[:start], &EncodeError{Rune: char, Offset: i}
		}
		dst = c.append(dst, char)
	}
	return dst, nil
}

// DecodeGSM7 reads septets, one in each octet, with the tables of two languages.
//
// Like a handset it reads an escape before a code that the single shift table lacks as that code of
// the locking table (TS 23.038 §6.2.1.1), and an escape before an escape as a space. An octet above
// 0x7F becomes U+FFFD, an escape at the very end a space; the first of these two is reported as a
// [*DecodeError] beside the whole text. Join the septets of a concatenated message before decoding:
// careless senders tear escape pairs.
func DecodeGSM7(septets []byte, locking, single Language) (string, error) {
	var (
		c   = coderOf(locking, single)
		out = make([]byte, 0, len(septets)+8)
		err error
	)
	fail := func(offset int, reason string) {
		if err == nil {
			err = &DecodeError{Encoding: GSM7, Offset: offset, Reason: reason}
		}
	}
	for i := 0; i < len(septets); i++ {
		code := septets[i]
		switch {
		case code > 0x7F:
			fail(i, "octet above 0x7F is no septet")
			out = utf8.AppendRune(out, utf8.RuneError)
		case code != escape:
			out = utf8.AppendRune(out, c.locking.chars[code])
		case i+1 == len(septets):
			fail(i, "escape without a septet behind it")
			out = append(out, ' ')
		case septets[i+1] <= 0x7F: // otherwise the next round reports the octet, and the escape goes
			i++
			out = utf8.AppendRune(out, c.shiftedChar(septets[i]))
		}
	}
	return string(out), err
}

// shiftedChar is what an escape and this code show.
func (c coder) shiftedChar(code byte) rune {
	if code == escape {
		return ' ' // reserved for a further table, TS 23.038 §6.2.1.1 note 1
	}
	if char := c.single.chars[code]; char >= 0 {
		return char
	}
	return c.locking.chars[code]
}
