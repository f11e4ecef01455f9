package number

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/smsir/smsir"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, region, e164, country string }{
		// E.164 as it is.
		{"+12025550100", "", "+12025550100", "US"},
		{"+12025550111", "KE", "+12025550111", "US"},
		{"+447700900123", "", "+447700900123", "GB"},
		// Typed with separators.
		{"+1 (202) 555-0100", "", "+12025550100", "US"},
		{"+1.202.555.0100", "", "+12025550100", "US"},
		{"  +44 7700 900 123\n", "", "+447700900123", "GB"},
		{"(+44) 7700/900-123", "", "+447700900123", "GB"},
		{"+44\u00a07700\u2009900\u2013123", "", "+447700900123", "GB"},
		{"\u202a+44 7700 900123\u202c", "", "+447700900123", "GB"}, // as contact programs copy it
		{"'+447700900123", "", "+447700900123", "GB"},
		// Trunk prefix behind the country code.
		{"+44 (0)7700 900123", "", "+447700900123", "GB"},
		{"+4407700900123", "", "+447700900123", "GB"},
		{"+1 1 202 555 0100", "", "+12025550100", "US"},
		// 00, and what a region dials for abroad.
		{"0012025550100", "", "+12025550100", "US"},
		{"00 44 7700 900123", "GB", "+447700900123", "GB"},
		{"00447700900123", "US", "+447700900123", "GB"},
		{"011 44 7700 900123", "US", "+447700900123", "GB"},
		{"0011 44 7700 900123", "AU", "+447700900123", "GB"},
		// National.
		{"07700 900123", "GB", "+447700900123", "GB"},
		{"07700900123", "gb", "+447700900123", "GB"},
		{"7700900123", "GB", "+447700900123", "GB"},
		{"(202) 555-0100", "US", "+12025550100", "US"},
		{"1-202-555-0100", "US", "+12025550100", "US"},
		{"2025550100", "CA", "+12025550100", "US"},
		// Own country code without plus.
		{"447700900123", "GB", "+447700900123", "GB"},
		{"12025550100", "US", "+12025550100", "US"},
		// Links.
		{"tel:+1-202-555-0100", "", "+12025550100", "US"},
		{"TEL:+12025550100;foo=bar", "", "+12025550100", "US"},
		{"tel:7700900123;phone-context=+44", "", "+447700900123", "GB"},
		{"tel:07700900123;phone-context=example.com", "GB", "+447700900123", "GB"},
		{"tel:%2B44%207700%20900123", "", "+447700900123", "GB"},
		{"sms:+12025550100?body=hello", "", "+12025550100", "US"},
		{"smsto:+12025550100", "", "+12025550100", "US"},
		// Digits of other scripts.
		{"+٤٤٧٧٠٠٩٠٠١٢٣", "", "+447700900123", "GB"},
		{"۰۷۷۰۰۹۰۰۱۲۳", "GB", "+447700900123", "GB"},
		{"＋１２０２５５５０１００", "", "+12025550100", "US"},
		{"+४४७७००९००१२३", "", "+447700900123", "GB"},
		{"(２０２)　５５５－０１００", "US", "+12025550100", "US"},
	} {
		got, err := Parse(c.raw, c.region)
		if err != nil || got.E164 != c.e164 || got.Country != c.country || got.Raw != c.raw {
			t.Errorf("Parse(%q, %q) = %+v, %v; want %s, %s and the input", c.raw, c.region, got, err, c.e164, c.country)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, region string
		code        smsir.Code
		says        string // a part of the sentence
	}{
		{"", "US", CodeInvalid, "no number"},
		{"   ", "US", CodeInvalid, "no number"},
		{"+", "US", CodeInvalid, "no digits"},
		{"()", "US", CodeInvalid, "no digits"},
		{"+1", "", CodeTooShort, "+1"},
		{"+1202555010", "", CodeTooShort, "+1"},
		{"+44770090012", "", CodeTooShort, "+44"},
		{"+120255501000", "", CodeTooLong, "+1"},
		{"+4477009001234", "", CodeTooLong, "+44"},
		{"+1202555010012345", "", CodeTooLong, "+1"},
		{"+49" + strings.Repeat("1", 14), "", CodeTooLong, "+49"},
		{"202555010", "US", CodeTooShort, "+1"},
		{"20255501000", "US", CodeTooLong, "+1"},
		{strings.Repeat("2", 20), "US", CodeTooLong, "+1"},
		{"1", "US", CodeTooShort, "+1"},
		{"+0447700900123", "", CodeInvalid, "calling code"},
		{"+999123456789", "", CodeInvalid, "calling code"},
		{"011999123456", "US", CodeInvalid, "calling code"},
		{"+11234567890", "", CodeInvalid, "begins with 1"},
		{"2025550100", "", CodeRegionNeeded, "default country"},
		{"07700900123", "", CodeRegionNeeded, "default country"},
		{"07700900123", "XX", CodeRegionUnknown, "ISO 3166"},
		{"07700900123", "england", CodeRegionUnknown, "ISO 3166"},
		{"447700900123", "US", CodeTooLong, "another country"},
		{"12025550100", "DE", CodeRegionNeeded, "+1 without its plus"},
		{"+1 202 555 0100 x5", "", CodeInvalid, "extension"},
		{"+1 202 555 0100 #5", "", CodeInvalid, "extension"},
		{"tel:+12025550100;ext=5", "", CodeInvalid, "extension"},
		{"*100#", "US", CodeInvalid, "Service codes"},
		{"1-202-CALLNOW", "US", CodeInvalid, "letters"},
		{"2.54712E+11", "US", CodeInvalid, "spreadsheet"},
		{"2,54712E+11", "US", CodeInvalid, "spreadsheet"},
		{"4.47701E11", "US", CodeInvalid, "spreadsheet"},
		{"+12025550100, +12025550101", "", CodeInvalid, "more than one"},
		{"+12025550100\n+12025550101", "", CodeInvalid, "more than one"},
		{"+12025550100+12025550101", "", CodeInvalid, "beginning"},
		{"++12025550100", "", CodeInvalid, "beginning"},
		{"someone@example.com", "US", CodeInvalid, "letters"},
		{"2@example.com", "US", CodeInvalid, "e-mail"},
		{"fax:+12025550100", "", CodeInvalid, "letters"},
		{"+1202555\x000100", "", CodeInvalid, "does not belong"},
		{"+1202555\xff0100", "", CodeInvalid, "does not belong"},
		{"+1202555😀0100", "", CodeInvalid, "does not belong"},
		{strings.Repeat("1", 200), "US", CodeInvalid, "too long"},
	} {
		got, err := Parse(c.raw, c.region)
		var e *smsir.Error
		if !errors.As(err, &e) || e.Code != c.code || e.Cause == "" || !strings.Contains(e.Text, c.says) || got != (Number{}) {
			t.Errorf("Parse(%q, %q) = %+v, %v (%s); want %s, saying %q", c.raw, c.region, got, err, smsir.CodeOf(err), c.code, c.says)
		}
		if err != nil && len(c.raw) > 4 && strings.Contains(strings.ReplaceAll(err.Error(), "+12025550100", ""), strings.TrimLeft(c.raw, "+")) {
			t.Errorf("the error for %q contains the number: %v", c.raw, err)
		}
	}
}

func TestEveryDigitOfEveryScript(t *testing.T) {
	t.Parallel()
	seen := 0
	for char := rune(0x80); char <= unicode.MaxRune; char++ {
		digit, ok := digitOf(char)
		if ok != unicode.IsDigit(char) {
			t.Fatalf("digitOf(%U) = %v", char, ok)
		}
		if !ok {
			continue
		}
		// The ten digits of a script follow one another: the one before is one less, or none or a nine.
		if before, ok := digitOf(char - 1); digit == '0' && ok && before != '9' || digit != '0' && before != digit-1 {
			t.Errorf("digitOf(%U) = %c behind %c", char, digit, before)
		}
		seen++
	}
	if seen < 500 || seen%10 != 0 {
		t.Errorf("%d digits beyond ASCII", seen)
	}
}

func TestKind(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e164 string
		want Kind
		word string
	}{
		{"+12025550100", MobileOrLandline, "mobile_or_landline"},
		{"+447700900123", Mobile, "mobile"},
		{"+442079460123", Landline, "landline"},
		{"+18005550199", TollFree, "toll_free"},
		{"+19005550100", Premium, "premium"},
		{"+449098790123", Premium, "premium"},
		{"+870300000000", Satellite, "satellite"},
		{"+881600000000", Satellite, "satellite"},
		{"not a number", Unknown, "unknown"},
		{"+1", Unknown, "unknown"},
	} {
		if got := KindOf(c.e164); got != c.want || got.String() != c.word {
			t.Errorf("KindOf(%q) = %d %s, want %d %s", c.e164, got, got, c.want, c.word)
		}
	}
	if n, err := Parse("+442079460123", ""); err != nil || n.Kind() != Landline {
		t.Errorf("a landline is read (policy warns): %+v, %v, %s", n, err, n.Kind())
	}
	if got := Kind(99).String(); got != "unknown" {
		t.Errorf("Kind(99) = %q", got)
	}
}

func TestShow(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ e164, pretty, national, mask string }{
		{"+12025550100", "+1 202-555-0100", "(202) 555-0100", "+12••••••100"},
		{"+447700900123", "+44 7700 900123", "07700 900123", "+447••••••123"},
		{"+6834123", "+683 4123", "4123", "+683••••"},
		{"+29051234", "+290 51234", "51234", "+290••••4"},
		{"", "", "", "•••••"},
		{"hello", "hello", "hello", "•••••"},
		{"12345", "12345", "12345", "•••••"},
		{"+99912345678", "+99912345678", "+99912345678", "•••••"},
	} {
		if got := Pretty(c.e164); got != c.pretty {
			t.Errorf("Pretty(%q) = %q, want %q", c.e164, got, c.pretty)
		}
		country, _ := fromE164(c.e164)
		if got := (Number{E164: c.e164, Country: country}).National(); got != c.national {
			t.Errorf("National of %q = %q, want %q", c.e164, got, c.national)
		}
		if got := Mask(c.e164); got != c.mask {
			t.Errorf("Mask(%q) = %q, want %q", c.e164, got, c.mask)
		}
	}
	// The library writes Argentine mobiles wrongly within the country; they are shown as from abroad.
	if got := (Number{E164: "+5491123456789", Country: "AR"}).National(); got != "+54 9 11 2345-6789" {
		t.Errorf("National of an Argentine mobile = %q", got)
	}
	if got := Mask("+254700000000"); got != "+2547•••••000" {
		t.Errorf("Mask of a Kenyan number = %q, want +2547•••••000", got)
	}
}
