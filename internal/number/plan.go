package number

import (
	_ "embed"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// planText is what the fast path knows of the world's numbering plans. It is computed from the
// metadata of the libphonenumber port by TestPlanMatchesLibrary, which fails when the two differ.
//
//go:embed plan.txt
var planText string

var plan = parsePlan(planText)

// callingCode is the plan of one country calling code (ITU-T E.164).
type callingCode struct {
	digits  string     // without plus: "254"
	country string     // ISO 3166 alpha-2 of its main country, "" for a code of no country
	lengths [10]uint16 // bit n: a national number of n digits with this first digit exists
	any     uint16     // bit n: a national number of n digits exists
	shares  map[string]string
	depths  uint16 // bit n: shares has leading digits of length n
}

// parsePlan reads plan.txt. It is a part of the program: an error in it is a panic, which any test
// would meet.
func parsePlan(text string) *[1000]*callingCode {
	codes := new([1000]*callingCode)
	var last *callingCode
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		fields := strings.Fields(line)
		switch {
		case line == "", line[0] == '#':
		case line[0] == '\t':
			for _, leading := range fields[1:] {
				last.shares[leading] = fields[0]
				last.depths |= 1 << len(leading)
			}
		default:
			last = parseCode(fields)
			n, err := strconv.Atoi(last.digits)
			if err != nil {
				panic(fmt.Sprintf("plan.txt: %q: %v", line, err))
			}
			codes[n] = last
		}
	}
	return codes
}

func parseCode(fields []string) *callingCode {
	c := &callingCode{digits: fields[0][1:], country: fields[1], shares: map[string]string{}}
	if c.country == "001" {
		c.country = ""
	}
	for _, field := range fields[2:] {
		first, lengths, _ := strings.Cut(field, ":")
		for span := range strings.SplitSeq(lengths, ",") {
			from, to, ok := strings.Cut(span, "-")
			if !ok {
				to = from
			}
			a, err := strconv.Atoi(from)
			b, err2 := strconv.Atoi(to)
			if err != nil || err2 != nil {
				panic(fmt.Sprintf("plan.txt: %q is no length", span))
			}
			for n := a; n <= b; n++ {
				c.lengths[first[0]-'0'] |= 1 << n
				c.any |= 1 << n
			}
		}
	}
	return c
}

// codeOf finds the calling code that digits begin with; nil when there is none.
func codeOf(digits string) *callingCode {
	n := 0
	for i := 0; i < len(digits) && i < 3; i++ {
		n = n*10 + int(digits[i]-'0')
		if n == 0 {
			return nil
		}
		if c := plan[n]; c != nil {
			return c
		}
	}
	return nil
}

// countryOf is the country of a national number: of the longest leading digits that are listed, else
// the main one.
func (c *callingCode) countryOf(national string) string {
	for depth := c.depths; depth != 0; {
		n := bits.Len16(depth) - 1
		depth &^= 1 << n
		if n <= len(national) {
			if country, ok := c.shares[national[:n]]; ok {
				return country
			}
		}
	}
	return c.country
}

// HasNumbers reports whether country (ISO 3166-1 alpha-2, upper case) has phone numbers of its own.
func HasNumbers(country string) bool {
	return country != "" && country != "001" && phonenumbers.GetCountryCodeForRegion(country) != 0
}

// verdict says how a national number fits the plan.
type verdict uint8

const (
	fits verdict = iota
	tooShort
	tooLong
	wrongLength // between two lengths that exist
	wrongStart  // no number begins so
)

// never says whether no number can begin with a digit: a 0 where none does (it is a trunk prefix), and
// a 0 or 1 in North America.
func (c *callingCode) never(first byte) bool {
	return c.lengths[first-'0'] == 0 && (first == '0' || first == '1' && c.digits == "1")
}

// judge looks at the first digit and the length of a national number. A first digit that the plan
// does not know passes with any length known for the calling code: numbering plans grow faster than
// programs are updated, and a carrier's refusal does less harm than ours.
func (c *callingCode) judge(national string) verdict {
	if national == "" {
		return tooShort
	}
	lengths := c.lengths[national[0]-'0']
	if lengths == 0 {
		lengths = c.any
	}
	n := len(national)
	switch {
	case n+len(c.digits) > 15 || n >= bits.Len16(lengths): // ITU-T E.164 §6.1: 15 digits
		return tooLong
	case n < bits.TrailingZeros16(lengths):
		return tooShort
	case c.never(national[0]):
		return wrongStart
	case lengths&(1<<n) == 0:
		return wrongLength
	}
	return fits
}
