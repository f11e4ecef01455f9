package gsm

import (
	"unicode"
	"unicode/utf8"
)

// clusterLen is the length in octets of the first extended grapheme cluster of text: what a reader
// takes for one character (Unicode Standard Annex #29, rules GB3 to GB13). It follows the Unicode
// version of the Go library. Text must not be empty.
//
// One liberty: "pictographic" is taken wider than Unicode's Extended_Pictographic, by the symbols
// in between the emoji. The difference only shows between two symbols joined by a zero width joiner,
// which are then kept together.
func clusterLen(text string) int {
	if len(text) > 1 && text[0] < utf8.RuneSelf && text[1] < utf8.RuneSelf {
		if text[0] == '\r' && text[1] == '\n' {
			return 2
		}
		return 1
	}
	char, n := utf8.DecodeRuneInString(text)
	before := classOf(char)
	regional := before == classRegional  // an odd number of regional indicators stands before
	emoji := before == classPictographic // pictographic and extenders stand before (GB11)
	conjunct := indicConsonant(char)     // a consonant and its marks stand before (GB9c)
	linked := false                      // and a virama was among the marks
	for n < len(text) {
		char, size := utf8.DecodeRuneInString(text[n:])
		after := classOf(char)
		switch {
		case joins(before, after):
		case before == classJoiner && after == classPictographic && emoji: // GB11
		case before == classRegional && after == classRegional && regional: // GB12
		case conjunct && linked && indicConsonant(char): // GB9c
		default:
			return n
		}
		regional = after == classRegional && !regional
		emoji = after == classPictographic || emoji && before != classJoiner && (after == classExtend || after == classJoiner)
		switch {
		case indicConsonant(char):
			conjunct, linked = true, false
		case conjunct && indicLinker(char):
			linked = true
		case after != classExtend && after != classJoiner, char == 0x200C:
			conjunct = false
		}
		before, n = after, n+size
	}
	return n
}

// joins says whether two neighbours of these classes never part, whatever stands before them.
func joins(before, after class) bool {
	if before == classCR && after == classLF { // GB3
		return true
	}
	if before <= classLF || after <= classLF { // GB4, GB5
		return false
	}
	switch after {
	case classExtend, classJoiner, classSpacing: // GB9, GB9a
		return true
	case classL, classLV, classLVT:
		if before == classL { // GB6
			return true
		}
	case classV:
		if before == classL || before == classLV || before == classV { // GB6, GB7
			return true
		}
	case classT:
		if before == classLV || before == classV || before == classLVT || before == classT { // GB7, GB8
			return true
		}
	}
	return before == classPrepend // GB9b
}

// class is a character's Grapheme_Cluster_Break property.
type class uint8

const (
	classControl class = iota
	classCR
	classLF // the first three part from everything but each other
	classOther
	classExtend
	classJoiner
	classSpacing
	classPrepend
	classRegional
	classPictographic
	classL
	classV
	classT
	classLV
	classLVT
)

func classOf(char rune) class {
	switch {
	case char == '\r':
		return classCR
	case char == '\n':
		return classLF
	case char < 0x20, char >= 0x7F && char < 0xA0, char == 0xAD:
		return classControl
	case char < 0x300:
		if char == 0xA9 || char == 0xAE {
			return classPictographic
		}
		return classOther
	case char >= 0x1100 && char <= 0x11FF, char >= 0xA960 && char <= 0xA97C, char >= 0xAC00 && char <= 0xD7FB:
		return hangulClass(char)
	case char == 0x200D:
		return classJoiner
	case char >= 0x1F1E6 && char <= 0x1F1FF:
		return classRegional
	case char >= 0x1F3FB && char <= 0x1F3FF, unicode.In(char, unicode.Mn, unicode.Me, unicode.Other_Grapheme_Extend):
		return classExtend
	case unicode.Is(pictographic, char):
		return classPictographic
	case unicode.Is(prepend, char):
		return classPrepend
	case unicode.In(char, unicode.Cf, unicode.Zl, unicode.Zp), char >= 0xE0000 && char <= 0xE0FFF, char >= 0xFFF0 && char <= 0xFFF8, char == 0x2065:
		return classControl
	case char == 0x0E33, char == 0x0EB3, unicode.Is(unicode.Mc, char) && !unicode.Is(looseMarks, char):
		return classSpacing
	}
	return classOther
}

func hangulClass(char rune) class {
	switch {
	case char <= 0x115F, char >= 0xA960 && char <= 0xA97C:
		return classL
	case char <= 0x11A7, char >= 0xD7B0 && char <= 0xD7C6:
		return classV
	case char <= 0x11FF, char >= 0xD7CB:
		return classT
	case char > 0xD7A3:
		return classOther
	case (char-0xAC00)%28 == 0:
		return classLV
	}
	return classLVT
}

// indicLinker and indicConsonant are Indic_Conjunct_Break=Linker and =Consonant for the scripts that
// have had it since Unicode 15.1: Devanagari, Bengali, Gujarati, Oriya, Telugu and Malayalam.
func indicLinker(char rune) bool {
	switch char {
	case 0x094D, 0x09CD, 0x0ACD, 0x0B4D, 0x0C4D, 0x0D4D:
		return true
	}
	return false
}

func indicConsonant(char rune) bool {
	return char >= 0x0915 && char <= 0x0D3A && unicode.Is(consonants, char)
}

// ranges makes a table of pairs of first and last characters, in ascending order.
func ranges(pairs ...rune) *unicode.RangeTable {
	t := new(unicode.RangeTable)
	for i := 0; i+1 < len(pairs); i += 2 {
		if first, last := pairs[i], pairs[i+1]; last <= 0xFFFF {
			t.R16 = append(t.R16, unicode.Range16{Lo: uint16(first), Hi: uint16(last), Stride: 1})
		} else {
			t.R32 = append(t.R32, unicode.Range32{Lo: uint32(first), Hi: uint32(last), Stride: 1})
		}
	}
	return t
}

var consonants = ranges(
	0x0915, 0x0939, 0x0958, 0x095F, 0x0978, 0x097F, // Devanagari
	0x0995, 0x09A8, 0x09AA, 0x09B0, 0x09B2, 0x09B2, 0x09B6, 0x09B9, 0x09DC, 0x09DD, 0x09DF, 0x09DF, 0x09F0, 0x09F1, // Bengali
	0x0A95, 0x0AA8, 0x0AAA, 0x0AB0, 0x0AB2, 0x0AB3, 0x0AB5, 0x0AB9, 0x0AF9, 0x0AF9, // Gujarati
	0x0B15, 0x0B28, 0x0B2A, 0x0B30, 0x0B32, 0x0B33, 0x0B35, 0x0B39, 0x0B5C, 0x0B5D, 0x0B5F, 0x0B5F, 0x0B71, 0x0B71, // Oriya
	0x0C15, 0x0C28, 0x0C2A, 0x0C39, 0x0C58, 0x0C5A, // Telugu
	0x0D15, 0x0D3A, // Malayalam
)

var prepend = ranges(
	0x0600, 0x0605, 0x06DD, 0x06DD, 0x070F, 0x070F, 0x0890, 0x0891, 0x08E2, 0x08E2, 0x0D4E, 0x0D4E,
	0x110BD, 0x110BD, 0x110CD, 0x110CD, 0x111C2, 0x111C3, 0x1193F, 0x1193F, 0x11941, 0x11941, 0x11A3A, 0x11A3A,
	0x11A84, 0x11A89, 0x11D46, 0x11D46, 0x11F02, 0x11F02,
)

var pictographic = ranges(
	0x203C, 0x203C, 0x2049, 0x2049, 0x2122, 0x2122, 0x2139, 0x2139, 0x2190, 0x21FF, 0x2300, 0x23FF,
	0x24C2, 0x24C2, 0x25A0, 0x27BF, 0x2900, 0x297F, 0x2B00, 0x2BFF, 0x3030, 0x3030, 0x303D, 0x303D,
	0x3297, 0x3297, 0x3299, 0x3299, 0x1F000, 0x1FAFF, 0x1FC00, 0x1FFFD,
)

// looseMarks are the spacing marks (Mc) that do not cling to the character before them.
var looseMarks = ranges(
	0x102B, 0x102C, 0x1038, 0x1038, 0x1062, 0x1064, 0x1067, 0x106D, 0x1083, 0x1083, 0x1087, 0x108C,
	0x108F, 0x108F, 0x109A, 0x109C, 0x1A61, 0x1A61, 0x1A63, 0x1A64, 0xAA7B, 0xAA7B, 0xAA7D, 0xAA7D,
	0x11720, 0x11721,
)
