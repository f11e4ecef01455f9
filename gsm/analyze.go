package gsm

import "unicode/utf8"

// Reason says why a character makes a message dearer.
type Reason uint8

// The reasons.
const (
	ForcesUCS2  Reason = iota // not in the GSM 7-bit alphabet: the whole message turns to UCS-2
	ForcesShift               // needs a national table, which takes room in every segment
	TwoSeptets                // of the extension table: takes two septets
)

// String is "forces_ucs2", "forces_shift" or "two_septets": the words of the API.
func (r Reason) String() string {
	switch r {
	case ForcesUCS2:
		return "forces_ucs2"
	case ForcesShift:
		return "forces_shift"
	case TwoSeptets:
		return "two_septets"
	}
	return "unknown"
}

// Culprit is a character that makes the message dearer than its length in characters.
type Culprit struct {
	Rune   rune // U+FFFD also stands for an octet that is not UTF-8
	Offset int  // of the first one, in octets of [Analysis.Text]
	Count  int  // how often it stands in the text
	Reason Reason
}

// maxCulprits bounds [Analysis.Costly]: a text in another script would name all its letters.
const maxCulprits = 32

// Analysis tells how a text travels and what it costs.
type Analysis struct {
	Encoding   Encoding
	Language   Language // national single shift table in use
	Locking    Language // national locking shift table in use
	Units      int      // septets or 16-bit code units of the text, headers not counted
	Segments   int      // at least 1; above [MaxSegments] the message cannot be sent, see Err
	PerSegment int      // units that fit into each segment
	UnitsLeft  int      // units that still fit into the last segment

	// Costly names each character that makes the message dearer, once, in order of appearance; the
	// first 32 of them. In a UCS-2 message only those are named that forced it.
	Costly []Culprit

	Text     string        // what is sent: the given text, or with [Options.Smart] perhaps another
	Replaced []Replacement // what Text exchanged, in order

	// Err is why [Split] refuses the text: a [*TooLongError], an [*EncodeError] of [ForceGSM7] (the
	// other fields then tell how the text would travel without it), or an [ErrOptions] (the other
	// fields are then zero but Text). Nil when it does not.
	Err error
}

// Analyze counts the segments of a text and explains the count. It allocates only what it has to
// report. The empty text is one GSM 7-bit segment of 0 units.
func Analyze(text string, opt Options) Analysis {
	if err := opt.check(); err != nil {
		return Analysis{Text: text, Err: err}
	}
	p, sent, replaced := opt.plan(text)
	return Analysis{
		Encoding:   p.encoding,
		Language:   p.single,
		Locking:    p.locking,
		Units:      p.units,
		Segments:   p.segments,
		PerSegment: p.capacity,
		UnitsLeft:  p.capacity - p.last,
		Costly:     opt.culprits(&p, sent),
		Text:       sent,
		Replaced:   replaced,
		Err:        opt.refusal(&p, sent),
	}
}

// culprits names the costly characters of a text that travels by a plan.
func (opt *Options) culprits(p *plan, text string) []Culprit {
	if p.encoding == UCS2 && opt.Force == ForceUCS2 {
		return nil // the caller made it dear, not the text
	}
	if p.encoding == GSM7 && p.locking == DefaultLanguage && p.single == DefaultLanguage && p.units == utf8.RuneCountInString(text) {
		return nil // a septet for each character
	}
	var (
		plain = coderOf(DefaultLanguage, DefaultLanguage)
		used  = coderOf(p.locking, p.single)
		out   []Culprit
	)
	// When each character is in some table that is allowed, those outside the default one forced UCS-2.
	mixed := p.encoding == UCS2
	for _, char := range text {
		if mixed && !opt.writes(char) {
			mixed = false
		}
	}
	for i, char := range text {
		var reason Reason
		switch {
		case p.encoding == UCS2 && (mixed && plain.cost(char) == 0 || !mixed && !opt.writes(char)):
			reason = ForcesUCS2
		case p.encoding == UCS2:
			continue
		case plain.cost(char) == 0:
			reason = ForcesShift
		case used.cost(char) == 2:
			reason = TwoSeptets
		default:
			continue
		}
		out = name(out, char, i, reason)
	}
	return out
}

func name(to []Culprit, char rune, offset int, reason Reason) []Culprit {
	for i := range to {
		if to[i].Rune == char {
			to[i].Count++
			return to
		}
	}
	if len(to) == maxCulprits {
		return to
	}
	if to == nil {
		to = make([]Culprit, 0, 8)
	}
	return append(to, Culprit{Rune: char, Offset: offset, Count: 1, Reason: reason})
}
