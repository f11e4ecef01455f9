package number

import (
	"errors"
	"strings"
	"testing"

	"github.com/smsir/smsir"
)

func TestParseSender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, region string
		want        Sender
		word        string
	}{
		{"+12025550100", "", Sender{LongNumber, "+12025550100", "US"}, "long_number"},
		{" 07700 900123 ", "GB", Sender{LongNumber, "+447700900123", "GB"}, "long_number"},
		{"+44 (0)7700 900123", "US", Sender{LongNumber, "+447700900123", "GB"}, "long_number"},
		{"٠٧٧٠٠٩٠٠١٢٣", "GB", Sender{LongNumber, "+447700900123", "GB"}, "long_number"},
		{"123", "us", Sender{ShortCode, "123", "US"}, "short_code"},
		{"40404", "", Sender{ShortCode, "40404", ""}, "short_code"},
		{"404-04", "XX", Sender{ShortCode, "40404", ""}, "short_code"},
		{"1234567", "US", Sender{ShortCode, "1234567", "US"}, "short_code"},
		{"32123456", "DK", Sender{LongNumber, "+4532123456", "DK"}, "long_number"},
		{"SMSir", "US", Sender{Alphanumeric, "SMSir", ""}, "alphanumeric"},
		{"My Shop 24/7"[:10], "", Sender{Alphanumeric, "My Shop 24", ""}, "alphanumeric"},
		{"A&B's-x+y._", "", Sender{Alphanumeric, "A&B's-x+y._", ""}, "alphanumeric"},
		{"1234567890A", "", Sender{Alphanumeric, "1234567890A", ""}, "alphanumeric"},
		{"\tInfo\n", "", Sender{Alphanumeric, "Info", ""}, "alphanumeric"},
	} {
		got, err := ParseSender(c.raw, c.region)
		if err != nil || got != c.want || got.Type.String() != c.word {
			t.Errorf("ParseSender(%q, %q) = %+v (%s), %v; want %+v", c.raw, c.region, got, got.Type, err, c.want)
		}
		if again, err := ParseSender(got.Value, got.Country); err != nil || again != got {
			t.Errorf("ParseSender(%q, %q), read again = %+v, %v; want %+v", got.Value, got.Country, again, err, got)
		}
	}
	if got := SenderType(9).String(); got != "unknown" {
		t.Errorf("SenderType(9) = %q", got)
	}
}

func TestParseSenderRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, region string
		code        smsir.Code
		says        string
	}{
		{"", "US", CodeSenderInvalid, "letter"},
		{"   ", "US", CodeSenderInvalid, "letter"},
		{"-_-", "US", CodeSenderInvalid, "letter"},
		{"TwelveChars1", "", CodeSenderTooLong, "12 characters"},
		{strings.Repeat("a", 1000), "", CodeSenderTooLong, "11 characters"},
		{"Shop 😀", "", CodeSenderNotASCII, "😀"},
		{"Café", "", CodeSenderNotASCII, "Latin"},
		{"Sch\u00f6n", "", CodeSenderNotASCII, "A to Z"},
		{"MPES\u0410", "", CodeSenderNotASCII, "mixes scripts"},
		{"MPES\u0410", "", CodeSenderNotASCII, "Cyrillic"},
		{"\u041c-\u0420\u0415\u0405\u0410", "", CodeSenderNotASCII, "imitate"},
		{"\u0391BC", "", CodeSenderNotASCII, "Greek"},
		{"ＳＭＳ", "", CodeSenderNotASCII, "Latin"},
		{"ትምህርት", "", CodeSenderNotASCII, "Ethiopic"},
		{"Pay\u202eofni", "", CodeSenderInvisible, "U+202E"},
		{"Pay\u200b", "", CodeSenderInvisible, "U+200B"},
		{"Pay\x00", "", CodeSenderInvisible, "U+0000"},
		{"Pay\nme", "", CodeSenderInvisible, "U+000A"},
		{"Pay\xff", "", CodeSenderInvisible, "U+FFFD"},
		{"+Info", "", CodeSenderInvalid, "Only a number begins with +"},
		{"Info٣", "", CodeSenderInvalid, "'٣'"},
		{"Info@x", "", CodeSenderInvalid, "'@'"},
		{"[Info]", "", CodeSenderInvalid, "'['"},
		{"<script>", "", CodeSenderInvalid, "'<'"},
		{"=cmd", "", CodeSenderInvalid, "'='"},
		{"+12", "", CodeTooShort, "+1"},
		{"12", "US", CodeTooShort, "+1"},
		{"123456789012", "", CodeRegionNeeded, "country code"}, // digits only are no name
		{"+1234567890123", "", CodeTooLong, "+1"},
	} {
		got, err := ParseSender(c.raw, c.region)
		var e *smsir.Error
		if !errors.As(err, &e) || e.Code != c.code || !strings.Contains(e.Text, c.says) || got != (Sender{}) {
			t.Errorf("ParseSender(%q, %q) = %+v, %v (%s); want %s, saying %q", c.raw, c.region, got, err, smsir.CodeOf(err), c.code, c.says)
		}
	}
}

func FuzzParseSender(f *testing.F) {
	for _, s := range []string{"SMSir", "+12025550100", "40404", "Café", "\u202e", "A&B", "1234567"} {
		f.Add(s, "US")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		s, err := ParseSender(raw, region)
		if err != nil {
			return
		}
		if again, err := ParseSender(s.Value, s.Country); err != nil || again.Value != s.Value || again.Type != s.Type {
			t.Fatalf("ParseSender(%q, %q) = %+v, read again: %+v, %v", raw, region, s, again, err)
		}
		if s.Type == Alphanumeric && len(s.Value) > maxSenderText {
			t.Fatalf("ParseSender(%q) = %q", raw, s.Value)
		}
	})
}
