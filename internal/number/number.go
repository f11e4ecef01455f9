package number

import (
	"errors"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/smsir/smsir"
)

// Codes of the errors of [Parse].
const (
	CodeInvalid       smsir.Code = "number_invalid"        // not a phone number, or of no country
	CodeTooShort      smsir.Code = "number_too_short"      // digits are missing
	CodeTooLong       smsir.Code = "number_too_long"       // digits too many
	CodeRegionNeeded  smsir.Code = "number_region_needed"  // no country code and no default region
	CodeRegionUnknown smsir.Code = "number_region_unknown" // the default region is no country
)

// Number is a phone number that was read.
type Number struct {
	E164    string // "+12025550100"
	Country string // ISO 3166-1 alpha-2; "" for numbers of no country, such as satellite telephones
	Raw     string // as it was typed
}

// Parse reads a phone number. Region (ISO 3166-1 alpha-2, either case, may be "") is the country of
// numbers typed without a country code.
//
// It takes what people type and paste: spaces, dashes, dots, brackets, slashes and invisible marks
// between the digits; digits of any script; a leading + or 00, or what the region dials for abroad;
// tel: and sms: links; the region's trunk prefix (07… in Kenya), also behind the country code
// (+44 (0)7…); the region's own country code without plus. Letters, extensions and several numbers in
// one are refused.
//
// The error is a [*smsir.Error] with one of the codes above.
func Parse(raw, region string) (Number, error) {
	if country, ok := fromE164(raw); ok {
		return Number{E164: raw, Country: country, Raw: raw}, nil
	}
	digits, plus, err := read(raw)
	if err != nil {
		return Number{}, err
	}
	var e164 string
	switch {
	case plus:
		e164, err = international(digits)
	case region == "":
		if !strings.HasPrefix(digits, "00") {
			return Number{}, smsir.Errorf(CodeRegionNeeded, "The number has no country code. Begin it with + and the country code, as in +12025550100, or choose a default country.").Because("no_country")
		}
		e164, err = international(digits[2:])
	default:
		e164, err = national(digits, strings.ToUpper(region))
	}
	if err != nil {
		return Number{}, err
	}
	country, _ := fromE164(e164)
	return Number{E164: e164, Country: country, Raw: raw}, nil
}

// National is the number as it is written within its country: "(202) 555-0100". Where that would
// not lead back to the number (the library has such cases), and for numbers of no country, it is
// [Pretty].
func (n Number) National() string {
	text := format(n.E164, phonenumbers.NATIONAL)
	back, err := phonenumbers.Parse(text, n.Country)
	if err != nil || phonenumbers.Format(back, phonenumbers.E164) != n.E164 {
		return Pretty(n.E164)
	}
	return text
}

// Kind is what sort of line the number is, by its range. It costs as much as reading a national
// number: keep the answer.
func (n Number) Kind() Kind { return KindOf(n.E164) }

// Pretty is an E.164 number as it is written for people abroad: "+1 202-555-0100". What is not E.164
// comes back unchanged.
func Pretty(e164 string) string { return format(e164, phonenumbers.INTERNATIONAL) }

func format(e164 string, f phonenumbers.PhoneNumberFormat) string {
	if _, ok := fromE164(e164); !ok {
		return e164
	}
	n, err := phonenumbers.Parse(e164, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return e164
	}
	return phonenumbers.Format(n, f)
}

// Mask hides an E.164 number for logs: the calling code, the first and the last three digits stay,
// "+2547•••••123". At least four digits are hidden. Anything that is not E.164 is hidden whole.
func Mask(e164 string) string {
	const dot = "•"
	if _, ok := fromE164(e164); !ok {
		return strings.Repeat(dot, 5)
	}
	code := len(codeOf(e164[1:]).digits) + 1
	show := max(len(e164)-code-4, 0)
	head, tail := 0, min(show, 3)
	if show > 3 {
		head = 1
	}
	return e164[:code+head] + strings.Repeat(dot, len(e164)-code-head-tail) + e164[len(e164)-tail:]
}

// fromE164 is the fast path: whether s is E.164, and of which country.
func fromE164(s string) (country string, ok bool) {
	if len(s) < 8 || len(s) > 16 || s[0] != '+' { // the shortest numbers have 7 digits (Niue, Saint Helena)
		return "", false
	}
	for i := 1; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return "", false
		}
	}
	c := codeOf(s[1:])
	if c == nil {
		return "", false
	}
	national := s[1+len(c.digits):]
	if c.judge(national) != fits {
		return "", false
	}
	return c.countryOf(national), true
}

// international makes E.164 of digits that begin with a calling code.
func international(digits string) (string, error) {
	c := codeOf(digits)
	if c == nil {
		return "", smsir.Errorf(CodeInvalid, "No country has the calling code that this number begins with. Check the digits behind the +.").Because("unknown_prefix")
	}
	if _, ok := fromE164("+" + digits); ok {
		return "+" + digits, nil
	}
	// A trunk prefix behind the country code, or one that a country has given up.
	if n, err := phonenumbers.Parse("+"+digits, phonenumbers.UNKNOWN_REGION); err == nil {
		if e164 := phonenumbers.Format(n, phonenumbers.E164); fit(e164) {
			return e164, nil
		}
	}
	return "", c.complaint(digits[len(c.digits):])
}

func fit(e164 string) bool {
	_, ok := fromE164(e164)
	return ok
}

// national makes E.164 of digits typed in a region.
func national(digits, region string) (string, error) {
	code := phonenumbers.GetCountryCodeForRegion(region)
	if code == 0 {
		return "", smsir.Errorf(CodeRegionUnknown, "The default country is not one that has phone numbers. Use its two letters (ISO 3166), such as US or GB.").Because("region")
	}
	n, err := phonenumbers.Parse(digits, region)
	if err == nil {
		e164 := phonenumbers.Format(n, phonenumbers.E164)
		if fit(e164) {
			return e164, foreign(n, digits, code)
		}
	}
	if strings.HasPrefix(digits, "00") { // of a region that dials something else for abroad
		return international(digits[2:])
	}
	own := plan[code]
	switch {
	case err == nil:
		return "", plan[n.GetCountryCode()].complaint(phonenumbers.GetNationalSignificantNumber(n))
	case errors.Is(err, phonenumbers.ErrInvalidCountryCode):
		return "", smsir.Errorf(CodeInvalid, "No country has the calling code that this number begins with. Check the digits behind the prefix for abroad.").Because("unknown_prefix")
	case errors.Is(err, phonenumbers.ErrNumTooLong):
		return "", own.tooLong()
	default:
		return "", own.tooShort()
	}
}

// foreign refuses digits that are no number of the region but one of another country, typed without
// plus: some regions have numbers of so many lengths that these would pass.
func foreign(n *phonenumbers.PhoneNumber, digits string, code int) error {
	if int(n.GetCountryCode()) != code || phonenumbers.IsValidNumber(n) || !fit("+"+digits) {
		return nil
	}
	if other, err := phonenumbers.Parse("+"+digits, phonenumbers.UNKNOWN_REGION); err == nil && phonenumbers.IsValidNumber(other) {
		return smsir.Errorf(CodeRegionNeeded, "The number looks like one of +%d without its plus. Begin it with + and the country code, as in +12025550100.", other.GetCountryCode()).Because("abroad", "prefix", strconv.Itoa(int(other.GetCountryCode())))
	}
	return nil
}

// complaint says why a national number does not fit.
func (c *callingCode) complaint(national string) error {
	switch c.judge(national) {
	case tooShort:
		return c.tooShort()
	case tooLong:
		return c.tooLong()
	case wrongLength:
		return smsir.Errorf(CodeInvalid, "Numbers of +%s that begin like this one have another length. Check its digits.", c.digits).Because("other_length", "prefix", c.digits)
	default:
		return smsir.Errorf(CodeInvalid, "No number of +%s begins with %s. Leave out a leading 0 or 1 behind the country code and check the digits.", c.digits, national[:1]).Because("no_beginning", "prefix", c.digits, "digit", national[:1])
	}
}

func (c *callingCode) tooShort() error {
	return smsir.Errorf(CodeTooShort, "The number has too few digits for +%s. Check that none is missing; a number of another country begins with + and its country code.", c.digits).Because("too_short", "prefix", c.digits)
}

func (c *callingCode) tooLong() error {
	return smsir.Errorf(CodeTooLong, "The number has too many digits for +%s. Check that it is only one number; a number of another country begins with + and its country code.", c.digits).Because("too_long", "prefix", c.digits)
}
