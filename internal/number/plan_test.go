package number

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/nyaruka/phonenumbers"
	"pgregory.net/rapid"
)

var numberTypes = []phonenumbers.PhoneNumberType{
	phonenumbers.FIXED_LINE, phonenumbers.MOBILE, phonenumbers.TOLL_FREE, phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST,
	phonenumbers.PERSONAL_NUMBER, phonenumbers.VOIP, phonenumbers.PAGER,
}

// TestEveryRegion reads the library's example numbers of all regions, typed in several ways.
func TestEveryRegion(t *testing.T) {
	t.Parallel()
	regions, kinds := 0, map[Kind]bool{}
	for region := range phonenumbers.GetSupportedRegions() {
		regions++
		for _, kind := range numberTypes {
			n := phonenumbers.GetExampleNumberForType(region, kind)
			if n == nil {
				continue
			}
			e164 := phonenumbers.Format(n, phonenumbers.E164)
			if kind > phonenumbers.FIXED_LINE_OR_MOBILE && phonenumbers.GetNationalSignificantNumber(n)[0] == '0' {
				continue // toll-free and the like that begin with 0: left out on purpose
			}
			kinds[KindOf(e164)] = true
			national := Number{E164: e164, Country: region}.National()
			for _, raw := range []string{e164, Pretty(e164), national, phonenumbers.Format(n, phonenumbers.RFC3966)} {
				got, err := Parse(raw, region)
				if err != nil || got.E164 != e164 {
					t.Errorf("%s type %d: Parse(%q) = %+v, %v; want %s", region, kind, raw, got, err, e164)
				}
			}
		}
	}
	for _, kind := range []Kind{Mobile, Landline, MobileOrLandline, TollFree, Premium, SharedCost, VoIP, Personal, Pager} {
		if !kinds[kind] {
			t.Errorf("no example number is %s", kind)
		}
	}
	if regions < 240 {
		t.Errorf("the library knows %d regions, once it knew 245", regions)
	}
}

// TestCountryAgreesWithLibrary compares the fast path with the library on numbers that are valid.
func TestCountryAgreesWithLibrary(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	checked, shared := 0, 0
	for _, region := range slices.Sorted(maps.Keys(phonenumbers.GetSupportedRegions())) {
		code := phonenumbers.GetCountryCodeForRegion(region)
		for _, kind := range numberTypes {
			example := phonenumbers.GetExampleNumberForType(region, kind)
			if example == nil {
				continue
			}
			digits := []byte(phonenumbers.GetNationalSignificantNumber(example))
			for range 40 {
				for i := len(digits) - 1; i >= random.IntN(len(digits)); i-- {
					digits[i] = '0' + byte(random.IntN(10))
				}
				n, err := phonenumbers.Parse("+"+plan[code].digits+string(digits), phonenumbers.UNKNOWN_REGION)
				if err != nil || !phonenumbers.IsValidNumber(n) {
					continue
				}
				e164 := phonenumbers.Format(n, phonenumbers.E164)
				want := phonenumbers.GetRegionCodeForNumber(n)
				got, ok := fromE164(e164)
				if !ok && (phonenumbers.GetNumberType(n) == phonenumbers.UAN || phonenumbers.GetNumberType(n) == phonenumbers.VOICEMAIL || e164[len(plan[code].digits)+1] == '0') {
					continue // left out on purpose
				}
				lines := phonenumbers.GetNumberType(n) <= phonenumbers.FIXED_LINE_OR_MOBILE
				if !ok || got != want && (lines || got != plan[code].country) { // +1 800 and the like are everybody's
					t.Errorf("fast path: %s is of %q, %v; the library says %q", e164, got, ok, want)
				}
				checked++
				if want != plan[code].country {
					shared++
				}
			}
		}
	}
	if checked < 5000 || shared < 500 {
		t.Errorf("only %d numbers compared, %d of them of a shared code", checked, shared)
	}
}

// TestNorthAmericanAreas: every area code of +1, the dearest of which hide behind the same digit.
func TestNorthAmericanAreas(t *testing.T) {
	t.Parallel()
	for area, want := range map[string]string{"202": "US", "416": "CA", "876": "JM", "809": "DO", "787": "PR", "242": "BS", "868": "TT"} {
		if got, ok := fromE164("+1" + area + "5550100"); !ok || got != want {
			t.Errorf("+1 %s is of %q, %v; want %s", area, got, ok, want)
		}
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		code     int
		national string
		want     verdict
	}{
		{1, "2025550100", fits},
		{1, "202555010", tooShort},
		{1, "20255501000", tooLong},
		{1, "", tooShort},
		{1, "0025550100", wrongStart},
		{1, "1025550100", wrongStart},
		{44, "7700900123", fits},
		{44, "07700900123", tooLong},
		{44, "0770090012", wrongStart},
		{44, "4000000000", fits}, // no such range today: perhaps tomorrow
		{39, "0612345678", fits},
		{43, "", tooShort},
		{48, "22000000", wrongLength}, // 7 and 9 exist
		{49, "1234567890123", fits},
		{49, "12345678901234", tooLong}, // 16 digits with the code
	} {
		if got := plan[c.code].judge(c.national); got != c.want {
			t.Errorf("judge(+%d, %q) = %d, want %d", c.code, c.national, got, c.want)
		}
	}
}

// TestReadTwice: what was read reads as itself.
func TestReadTwice(t *testing.T) {
	t.Parallel()
	regions := []string{"", "US", "GB", "KE", "DE", "IT", "AR", "MX", "BR", "RU", "JP", "AU", "XX"}
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.OneOf(
			rapid.String(),
			rapid.StringMatching(`[+0]?[0-9 ()./-]{0,24}`),
			rapid.StringMatching(`\+[1-9][0-9]{6,14}`),
			rapid.StringMatching(`0{0,3}[0-9]{5,14}`),
			rapid.StringMatching(`tel:\+?[0-9-]{3,16}(;ext=[0-9])?`),
		).Draw(t, "raw")
		region := rapid.SampledFrom(regions).Draw(t, "region")
		n, err := Parse(raw, region)
		if err != nil {
			return
		}
		for _, other := range regions {
			again, err := Parse(n.E164, other)
			if err != nil || again.E164 != n.E164 || again.Country != n.Country {
				t.Fatalf("Parse(%q, %q) = %+v, read again %+v, %v", raw, region, n, again, err)
			}
		}
		if shown, err := Parse(Pretty(n.E164), ""); err != nil || shown.E164 != n.E164 {
			t.Fatalf("Pretty(%s) = %q reads %+v, %v", n.E164, Pretty(n.E164), shown, err)
		}
		if hidden := strings.Count(Mask(n.E164), "•"); hidden < 4 {
			t.Fatalf("Mask(%s) = %s hides %d digits", n.E164, Mask(n.E164), hidden)
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"+12025550100", "07700 900123", "tel:+1-202-555-0100;ext=5", "+٤٤٧٧٠٠٩٠٠١٢٣", "2.54712E+11", "+44 (0)7700 900123", "011447700900123", ""} {
		f.Add(s, "US")
		f.Add(s, "GB")
		f.Add(s, "")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		n, err := Parse(raw, region)
		if err != nil {
			if n != (Number{}) {
				t.Fatalf("Parse(%q, %q) = %+v with %v", raw, region, n, err)
			}
			return
		}
		again, err := Parse(n.E164, region)
		if err != nil || again.E164 != n.E164 || again.Country != n.Country {
			t.Fatalf("Parse(%q, %q) = %+v, read again %+v, %v", raw, region, n, again, err)
		}
		Mask(n.E164)
		Mask(raw)
	})
}

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, raw, region string }{
		{"e164", "+12025550100", ""},
		{"e164-shared-code", "+447700900123", ""},
		{"international-typed", "+44 7700 900123", ""},
		{"national", "07700 900123", "GB"},
		{"refused", "+1202555010", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Parse(c.raw, c.region)
			}
		})
	}
	b.Run("library-e164", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = phonenumbers.Parse("+12025550100", phonenumbers.UNKNOWN_REGION)
		}
	})
}
