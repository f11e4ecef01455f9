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

var consonants = &unicode.RangeTable{R16: []unicode.Range16{
	{Lo: 0x0915, Hi: 0x0939, Stride: 1}, {Lo: 0x0958, Hi: 0x095F, Stride: 1}, {Lo: 0x0978, Hi: 0x097F, Stride: 1}, // Devanagari
	{Lo: 0x0995, Hi: 0x09A8, Stride: 1}, {Lo: 0x09AA, Hi: 0x09B0, Stride: 1}, {Lo: 0x09B2, Hi: 0x09B2, Stride: 1},
	{Lo: 0x09B6, Hi: 0x09B9, Stride: 1}, {Lo: 0x09DC, Hi: 0x09DD, Stride: 1}, {Lo: 0x09DF, Hi: 0x09DF, Stride: 1},
	{Lo: 0x09F0, Hi: 0x09F1, Stride: 1}, // Bengali
	{Lo: 0x0A95, Hi: 0x0AA8, Stride: 1}, {Lo: 0x0AAA, Hi: 0x0AB0, Stride: 1}, {Lo: 0x0AB2, Hi: 0x0AB3, Stride: 1},
	{Lo: 0x0AB5, Hi: 0x0AB9, Stride: 1}, {Lo: 0x0AF9, Hi: 0x0AF9, Stride: 1}, // Gujarati
	{Lo: 0x0B15, Hi: 0x0B28, Stride: 1}, {Lo: 0x0B2A, Hi: 0x0B30, Stride: 1}, {Lo: 0x0B32, Hi: 0x0B33, Stride: 1},
	{Lo: 0x0B35, Hi: 0x0B39, Stride: 1}, {Lo: 0x0B5C, Hi: 0x0B5D, Stride: 1}, {Lo: 0x0B5F, Hi: 0x0B5F, Stride: 1},
	{Lo: 0x0B71, Hi: 0x0B71, Stride: 1},                                                                           // Oriya
	{Lo: 0x0C15, Hi: 0x0C28, Stride: 1}, {Lo: 0x0C2A, Hi: 0x0C39, Stride: 1}, {Lo: 0x0C58, Hi: 0x0C5A, Stride: 1}, // Telugu
	{Lo: 0x0D15, Hi: 0x0D3A, Stride: 1}, // Malayalam
}}

var prepend = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x0600, Hi: 0x0605, Stride: 1}, {Lo: 0x06DD, Hi: 0x06DD, Stride: 1}, {Lo: 0x070F, Hi: 0x070F, Stride: 1},
		{Lo: 0x0890, Hi: 0x0891, Stride: 1}, {Lo: 0x08E2, Hi: 0x08E2, Stride: 1}, {Lo: 0x0D4E, Hi: 0x0D4E, Stride: 1},
	},
	R32: []unicode.Range32{
		{Lo: 0x110BD, Hi: 0x110BD, Stride: 1}, {Lo: 0x110CD, Hi: 0x110CD, Stride: 1}, {Lo: 0x111C2, Hi: 0x111C3, Stride: 1},
		{Lo: 0x1193F, Hi: 0x1193F, Stride: 1}, {Lo: 0x11941, Hi: 0x11941, Stride: 1}, {Lo: 0x11A3A, Hi: 0x11A3A, Stride: 1},
		{Lo: 0x11A84, Hi: 0x11A89, Stride: 1}, {Lo: 0x11D46, Hi: 0x11D46, Stride: 1}, {Lo: 0x11F02, Hi: 0x11F02, Stride: 1},
	},
}

var pictographic = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x203C, Hi: 0x203C, Stride: 1}, {Lo: 0x2049, Hi: 0x2049, Stride: 1}, {Lo: 0x2122, Hi: 0x2122, Stride: 1},
		{Lo: 0x2139, Hi: 0x2139, Stride: 1}, {Lo: 0x2190, Hi: 0x21FF, Stride: 1}, {Lo: 0x2300, Hi: 0x23FF, Stride: 1},
		{Lo: 0x24C2, Hi: 0x24C2, Stride: 1}, {Lo: 0x25A0, Hi: 0x27BF, Stride: 1}, {Lo: 0x2900, Hi: 0x297F, Stride: 1},
		{Lo: 0x2B00, Hi: 0x2BFF, Stride: 1}, {Lo: 0x3030, Hi: 0x3030, Stride: 1}, {Lo: 0x303D, Hi: 0x303D, Stride: 1},
		{Lo: 0x3297, Hi: 0x3297, Stride: 1}, {Lo: 0x3299, Hi: 0x3299, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x1F000, Hi: 0x1FAFF, Stride: 1}, {Lo: 0x1FC00, Hi: 0x1FFFD, Stride: 1}},
}

// looseMarks are the spacing marks (Mc) that do not cling to the character before them.
var looseMarks = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x102B, Hi: 0x102C, Stride: 1}, {Lo: 0x1038, Hi: 0x1038, Stride: 1}, {Lo: 0x1062, Hi: 0x1064, Stride: 1},
		{Lo: 0x1067, Hi: 0x106D, Stride: 1}, {Lo: 0x1083, Hi: 0x1083, Stride: 1}, {Lo: 0x1087, Hi: 0x108C, Stride: 1},
		{Lo: 0x108F, Hi: 0x108F, Stride: 1}, {Lo: 0x109A, Hi: 0x109C, Stride: 1}, {Lo: 0x1A61, Hi: 0x1A61, Stride: 1},
		{Lo: 0x1A63, Hi: 0x1A64, Stride: 1}, {Lo: 0xAA7B, Hi: 0xAA7B, Stride: 1}, {Lo: 0xAA7D, Hi: 0xAA7D, Stride: 1},
	},
	R32: []unicode.Range32{{Lo: 0x11720, Hi: 0x11721, Stride: 1}},
}
