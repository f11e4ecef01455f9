package gsm

import "unicode/utf8"

// plan is how a text will travel.
type plan struct {
	encoding        Encoding
	locking, single Language
	units           int // of the whole text
	segments        int
	last            int // units in the last segment
	capacity        int // units in each segment
}

// cut ends a segment: at an offset of the text, after so many units.
type cut struct{ offset, units int }

// filler puts characters into segments, one after the other.
type filler struct {
	capacity int
	used     int // units in the segment being filled
	units    int // of all segments
	segments int
	record   bool
	cuts     []cut // when record is set: one for each segment
}

// add puts what begins at offset and takes cost units into the segment, or into a new one when it
// does not fit.
func (f *filler) add(offset, cost int) {
	if f.used+cost > f.capacity {
		f.close(offset)
		f.used = 0
	}
	f.used += cost
	f.units += cost
}

func (f *filler) close(offset int) {
	f.segments++
	if f.record {
		f.cuts = append(f.cuts, cut{offset, f.used})
	}
}

// fill puts the whole text into segments of f.capacity units. It is false when the tables lack a
// character of the text.
func (f *filler) fill(text string, e Encoding, c coder, graphemes bool) bool {
	switch {
	case e == GSM7:
		if !f.fillGSM7(text, c, graphemes) {
			return false
		}
	case graphemes:
		f.fillClusters(text)
	default:
		f.fillUCS2(text, 0)
	}
	f.close(len(text))
	return true
}

func (f *filler) fillGSM7(text string, c coder, graphemes bool) bool {
	for i := 0; i < len(text); {
		char, size := rune(text[i]), 1
		if char >= utf8.RuneSelf {
			char, size = utf8.DecodeRuneInString(text[i:])
		}
		cost := c.cost(char)
		if cost == 0 {
			return false
		}
		// The tables have no combining mark nor emoji: CR LF is their only cluster.
		if graphemes && char == '\r' && i+1 < len(text) && text[i+1] == '\n' {
			size, cost = 2, 2
		}
		f.add(i, cost)
		i += size
	}
	return true
}

// fillUCS2 puts text in that stands at base of the whole.
func (f *filler) fillUCS2(text string, base int) {
	for i, char := range text {
		f.add(base+i, unitsUCS2(char))
	}
}

func (f *filler) fillClusters(text string) {
	for i := 0; i < len(text); {
		size, cost := clusterLen(text[i:]), 0
		for _, char := range text[i : i+size] {
			cost += unitsUCS2(char)
		}
		if cost > f.capacity {
			f.fillUCS2(text[i:i+size], i)
		} else {
			f.add(i, cost)
		}
		i += size
	}
}

// unitsUCS2 is the number of 16-bit code units of a character.
func unitsUCS2(char rune) int {
	if char > 0xFFFF {
		return 2
	}
	return 1
}

// try makes the plan for one alphabet; false when it lacks a character of the text.
func (opt *Options) try(text string, e Encoding, locking, single Language) (plan, bool) {
	one, many := opt.headerOctets(shiftOctets(locking, single))
	f := filler{capacity: e.Capacity(many)}
	if !f.fill(text, e, coderOf(locking, single), opt.Graphemes) {
		return plan{}, false
	}
	p := plan{encoding: e, locking: locking, single: single, units: f.units, segments: f.segments, last: f.used, capacity: f.capacity}
	if room := e.Capacity(one); f.units <= room {
		p.segments, p.last, p.capacity = 1, f.units, room
	}
	return p, true
}

// tryGSM7 makes the best plan with GSM 7-bit: the fewest segments, then the fewest tables. It is
// false when no tables that the options allow write the whole text.
func (opt *Options) tryGSM7(text string) (plan, bool) {
	best, found := opt.try(text, GSM7, DefaultLanguage, DefaultLanguage)
	if len(opt.Languages) == 0 || found && best.segments == 1 {
		return best, found
	}
	consider := func(locking, single Language) {
		if p, ok := opt.try(text, GSM7, locking, single); ok && (!found || p.segments < best.segments) {
			best, found = p, true
		}
	}
	for _, single := range opt.Languages {
		consider(DefaultLanguage, single)
	}
	if !opt.Locking {
		return best, found
	}
	for _, locking := range opt.Languages {
		if lockingTables[locking] != nil {
			consider(locking, DefaultLanguage)
		}
	}
	for _, locking := range opt.Languages {
		for _, single := range opt.Languages {
			if lockingTables[locking] != nil {
				consider(locking, single)
			}
		}
	}
	return best, found
}

// plan chooses the alphabet and, with Smart, the text. The options have been checked.
func (opt *Options) plan(text string) (plan, string, []Replacement) {
	if opt.Force != ForceUCS2 {
		if p, ok := opt.tryGSM7(text); ok {
			return p, text, nil
		}
	}
	p, _ := opt.try(text, UCS2, DefaultLanguage, DefaultLanguage)
	if !opt.Smart || opt.Force == ForceUCS2 {
		return p, text, nil
	}
	smart, replaced, left := smarten(text, opt)
	if left != nil || replaced == nil {
		return p, text, nil
	}
	if s, ok := opt.tryGSM7(smart); ok && (s.segments <= p.segments || opt.Force == ForceGSM7) {
		return s, smart, replaced
	}
	return p, text, nil
}

// refusal says why a plan cannot be carried out; nil when it can.
func (opt *Options) refusal(p *plan, text string) error {
	if opt.Force == ForceGSM7 && p.encoding != GSM7 {
		return opt.unencodable(text)
	}
	if p.segments > MaxSegments {
		return &TooLongError{Segments: p.segments}
	}
	return nil
}

// unencodable names the first character that keeps a text out of GSM 7-bit.
func (opt *Options) unencodable(text string) error {
	if opt.Smart {
		if _, _, left := smarten(text, opt); left != nil {
			return left
		}
	}
	for i, char := range text {
		if !opt.writes(char) {
			return &EncodeError{Rune: char, Offset: i}
		}
	}
	// Each character is in some table, but no pair of tables has them all.
	_, err := EncodeGSM7(nil, text, DefaultLanguage, DefaultLanguage)
	return err
}

// cuts finds the ends of the segments of a plan.
func (opt *Options) cuts(p *plan, text string) []cut {
	if p.segments == 1 {
		return []cut{{len(text), p.units}}
	}
	f := filler{capacity: p.capacity, record: true, cuts: make([]cut, 0, p.segments)}
	f.fill(text, p.encoding, coderOf(p.locking, p.single), opt.Graphemes)
	return f.cuts
}
