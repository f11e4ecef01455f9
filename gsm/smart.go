package gsm

import (
	"strings"
	"unicode/utf8"
)

// Replacement is one exchange that smart encoding made.
type Replacement struct {
	Offset int    // in octets of the text as it was given
	From   string // one character, or a letter with the combining mark behind it
	To     string // what stands there now; "" for a character without width
}

// smartTable maps characters outside the default alphabet to text inside it that a reader takes for
// the same. Letters are never exchanged for other letters: that would change words.
// testdata/smart.json holds the same table for other programs; a test keeps them equal.
var smartTable = newSmartTable()

func newSmartTable() map[rune]string {
	t := make(map[rune]string, 256)
	add := func(to, from string) {
		for _, char := range from {
			t[char] = to
		}
	}
	// Quotation marks, apostrophes, primes.
	add("'", "`´ʹʻʼʽˈˊˋ‘’‚‛′‵‹›❛❜＇")
	add(`"`, "«»˝ʺ“”„‟″‶❝❞〝〞＂")
	// Hyphens, dashes, minus, bullets.
	add("-", "‐‑‒–—―−⁃﹘﹣－•‣⸺")
	// Dots and slashes.
	add("...", "…⋯")
	add("..", "‥")
	add(".", "·∙․")
	add("/", "⁄∕／")
	add("!!", "‼")
	add("?!", "⁈")
	add("!?", "⁉")
	// Spaces of any width, the tabulator and the blank letters.
	add(" ", "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u2800\u3000\u3164\uffa0")
	// Line and paragraph ends.
	add("\n", "\v\u0085\u2028\u2029")
	// No width: soft hyphen, joiners, direction marks, byte order mark, variation selectors.
	add("", "\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\ufe0e\ufe0f\ufeff")
	// Ligatures.
	for from, to := range map[rune]string{'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "st", 'ﬆ': "st"} {
		t[from] = to
	}
	// Greek letters under another number, and Greek capitals that look like Latin ones: the default
	// alphabet leaves them out for that very reason (3GPP TS 23.038 §6.2.1).
	for from, to := range map[rune]string{
		0x2126: "Ω", 0x2206: "Δ", 0x220F: "Π", 0x2211: "Σ", 0x212A: "K", 0x212B: "Å", // signs
		0x0391: "A", 0x0392: "B", 0x0395: "E", 0x0396: "Z", 0x0397: "H", 0x0399: "I", 0x039A: "K", // Greek
		0x039C: "M", 0x039D: "N", 0x039F: "O", 0x03A1: "P", 0x03A4: "T", 0x03A5: "Y", 0x03A7: "X",
	} {
		t[from] = to
	}
	// Full-width forms of ASCII, as East Asian keyboards type them.
	for char := rune(0xFF01); char <= 0xFF5E; char++ {
		if _, done := t[char]; !done && char != '｀' {
			t[char] = string(char - 0xFF01 + '!')
		}
	}
	t['｀'] = "'"
	return t
}

// combining holds the letters of all tables that some programs (file systems, some keyboards) write
// as a plain letter with a combining mark behind it.
var combining = map[rune]map[rune]rune{
	0x0300: {'A': 'À', 'a': 'à', 'e': 'è', 'i': 'ì', 'o': 'ò', 'u': 'ù'},                                         // grave
	0x0301: {'A': 'Á', 'E': 'É', 'I': 'Í', 'O': 'Ó', 'U': 'Ú', 'a': 'á', 'e': 'é', 'i': 'í', 'o': 'ó', 'u': 'ú'}, // acute
	0x0302: {'A': 'Â', 'E': 'Ê', 'O': 'Ô', 'a': 'â', 'e': 'ê', 'o': 'ô'},                                         // circumflex
	0x0303: {'A': 'Ã', 'N': 'Ñ', 'O': 'Õ', 'a': 'ã', 'n': 'ñ', 'o': 'õ'},                                         // tilde
	0x0306: {'G': 'Ğ', 'g': 'ğ'},                                                                                 // breve
	0x0307: {'I': 'İ'},                                                                                           // dot above
	0x0308: {'A': 'Ä', 'O': 'Ö', 'U': 'Ü', 'a': 'ä', 'o': 'ö', 'u': 'ü'},                                         // diaeresis
	0x030A: {'A': 'Å', 'a': 'å'},                                                                                 // ring
	0x0327: {'C': 'Ç', 'S': 'Ş', 'c': 'ç', 's': 'ş'},                                                             // cedilla
}

// smarten exchanges what the tables of opt cannot write. It gives up, naming the character, when
// something is left that they cannot write either: exchanging the rest would then gain nothing.
func smarten(text string, opt *Options) (string, []Replacement, *EncodeError) {
	var (
		out      strings.Builder
		replaced []Replacement
		kept     int // text up to here is in out
	)
	for i := 0; i < len(text); {
		char, size := utf8.DecodeRuneInString(text[i:])
		var to string
		from := size
		mark, markSize := utf8.DecodeRuneInString(text[i+size:])
		if letter, ok := combining[mark][char]; ok && opt.writes(letter) {
			to, from = string(letter), size+markSize
		} else if opt.writes(char) {
			i += size
			continue
		} else if to, ok = smartTable[char]; !ok {
			return "", nil, &EncodeError{Rune: char, Offset: i}
		}
		if replaced == nil {
			out.Grow(len(text))
		}
		out.WriteString(text[kept:i])
		out.WriteString(to)
		replaced = append(replaced, Replacement{Offset: i, From: text[i : i+from], To: to})
		i += from
		kept = i
	}
	out.WriteString(text[kept:])
	return out.String(), replaced, nil
}

// writes says whether some table that the options allow has the character.
func (opt *Options) writes(char rune) bool {
	if coderOf(DefaultLanguage, DefaultLanguage).cost(char) > 0 {
		return true
	}
	for _, l := range opt.Languages {
		c := coderOf(DefaultLanguage, l)
		if opt.Locking {
			c = coderOf(l, l)
		}
		if c.cost(char) > 0 {
			return true
		}
	}
	return false
}
