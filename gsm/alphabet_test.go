package gsm

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"
	"unicode/utf8"
)

func TestAlphabetsAreComplete(t *testing.T) {
	t.Parallel()
	for name, chars := range map[string]string{
		"default": defaultAlphabet, "turkish": turkishLocking, "portuguese": portugueseLocking,
	} {
		seen := map[rune]int{}
		code := 0
		for _, char := range chars {
			if before, twice := seen[char]; twice {
				t.Errorf("%s: %q stands at 0x%02X and 0x%02X", name, char, before, code)
			}
			seen[char] = code
			code++
		}
		if code != 128 || seen['\x1b'] != 0x1B || seen['a'] != 0x61 || seen['Z'] != 0x5A || seen['0'] != 0x30 {
			t.Errorf("%s: %d codes, ESC at 0x%02X, a at 0x%02X, Z at 0x%02X, 0 at 0x%02X",
				name, code, seen['\x1b'], seen['a'], seen['Z'], seen['0'])
		}
	}
}

// TestEveryCodeRoundTrips goes through all codes of all pairs of tables.
func TestEveryCodeRoundTrips(t *testing.T) {
	t.Parallel()
	languages := []Language{DefaultLanguage, Turkish, Spanish, Portuguese}
	for _, locking := range languages {
		for _, single := range languages {
			checkCodes(t, locking, single)
		}
	}
}

func checkCodes(t *testing.T, locking, single Language) {
	t.Helper()
	for code := range byte(128) {
		for _, septets := range [][]byte{{code}, {escape, code}} {
			if code == escape && len(septets) == 1 {
				continue
			}
			text, err := DecodeGSM7(septets, locking, single)
			if err != nil || utf8.RuneCountInString(text) != 1 {
				t.Errorf("DecodeGSM7(% X, %s, %s) = %q, %v", septets, locking, single, text, err)
			}
			got, err := EncodeGSM7(nil, text, locking, single)
			if err != nil || len(got) > len(septets) {
				t.Errorf("EncodeGSM7(%q, %s, %s) = % X, %v; want % X or shorter", text, locking, single, got, err, septets)
			}
			if len(septets) == 1 && !bytes.Equal(got, septets) {
				t.Errorf("EncodeGSM7(%q, %s, %s) = % X, want % X", text, locking, single, got, septets)
			}
		}
	}
}

func TestSingleShiftCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language Language
		text     string
		want     string
	}{
		{DefaultLanguage, "\f^{}\\[~]|€", "1b0a 1b14 1b28 1b29 1b2f 1b3c 1b3d 1b3e 1b40 1b65"},
		{Turkish, "ĞİŞçğış€|", "1b47 1b49 1b53 1b63 1b67 1b69 1b73 1b65 1b40"},
		{Spanish, "çÁÍÓÚáíóú€", "1b09 1b41 1b49 1b4f 1b55 1b61 1b69 1b6f 1b75 1b65"},
		{Portuguese, "êçÔôÁáÊÀÍÓÚÃÕÂíóúãõâ", "1b05 1b09 1b0b 1b0c 1b0e 1b0f 1b1f 1b41 1b49 1b4f 1b55 1b5b 1b5c 1b61 1b69 1b6f 1b75 1b7b 1b7c 1b7f"},
		{Portuguese, "^€", "1b14 1b65"},
	} {
		want := unhex(t, c.want)
		got, err := EncodeGSM7(nil, c.text, DefaultLanguage, c.language)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("EncodeGSM7(%q, single %s) = % x, %v; want % x", c.text, c.language, got, err, want)
		}
		text, err := DecodeGSM7(want, DefaultLanguage, c.language)
		if err != nil || text != c.text {
			t.Errorf("DecodeGSM7(% x, single %s) = %q, %v; want %q", want, c.language, text, err, c.text)
		}
	}
	// The codes of A.2.3 that give Greek capitals: the default alphabet has them in one septet.
	text, err := DecodeGSM7(unhex(t, "1b12 1b13 1b15 1b16 1b17 1b18 1b19"), DefaultLanguage, Portuguese)
	if want := "ΦΓΩΠΨΣΘ"; text != want || err != nil {
		t.Errorf("Portuguese Greek = %q, %v; want %q", text, err, want)
	}
	// And with the locking table, which lacks them, they take two.
	got, err := EncodeGSM7(nil, "ΦΔ", Portuguese, Portuguese)
	if want := unhex(t, "1b12 10"); !bytes.Equal(got, want) || err != nil {
		t.Errorf("EncodeGSM7(ΦΔ, pt, pt) = % x, %v; want % x", got, err, want)
	}
}

func TestLockingShiftCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		language Language
		text     string
		want     string
	}{
		{Turkish, "€ıĞğŞşİçÇ", "04 07 0b 0c 1c 1d 40 60 09"},
		{Portuguese, "êúíóçÔôÁáªÇÀ∞^\\€Ó|ÂâÊºÍÃÕÚ~ãõ`", "04 06 07 08 09 0b 0c 0e 0f 12 13 14 15 16 17 18 19 1a 1c 1d 1e 24 40 5b 5c 5d 60 7b 7c 7d"},
		{Spanish, "ñÑ", "7d 5d"}, // no such table: the default alphabet
		{Language(99), "ñÑ", "7d 5d"},
	} {
		want := unhex(t, c.want)
		got, err := EncodeGSM7(nil, c.text, c.language, DefaultLanguage)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("EncodeGSM7(%q, locking %s) = % x, %v; want % x", c.text, c.language, got, err, want)
		}
	}
}

func TestDecodeGSM7LikeAHandset(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, septets, want string
		offset              int // of the error, -1 for none
	}{
		{"nothing", "", "", -1},
		{"at sign is 0", "00 41", "@A", -1},
		{"escape before a code without character", "1b 41", "A", -1},
		{"escape before carriage return", "1b 0d", "\r", -1},
		{"escape before escape", "1b 1b 41", " A", -1},
		{"escape at the end", "41 1b", "A ", 1},
		{"octet above 0x7F", "41 80 42", "A\uFFFDB", 1},
		{"escape before an octet above 0x7F", "1b ff 42", "\uFFFDB", 1},
		{"two errors: the first is reported", "ff 1b", "\uFFFD ", 0},
	} {
		text, err := DecodeGSM7(unhex(t, c.septets), DefaultLanguage, DefaultLanguage)
		if text != c.want {
			t.Errorf("%s: DecodeGSM7(%s) = %q, want %q", c.name, c.septets, text, c.want)
		}
		checkDecodeError(t, c.name, err, c.offset)
	}
}

func TestEncodeGSM7Refuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text   string
		char   rune
		offset int
	}{
		{"a\x00", 0, 1},
		{"a\x1bb", 0x1B, 1},
		{"été ç", 'ç', 6},
		{"`", '`', 0},
		{"\t", '\t', 0},
		{"ok 😀", '😀', 3},
		{"bad \xff octet", utf8.RuneError, 4},
		{"ğ", 'ğ', 0},
		{string(utf8.MaxRune), utf8.MaxRune, 0},
	} {
		prefix := []byte{1, 2}
		got, err := EncodeGSM7(prefix, c.text, DefaultLanguage, DefaultLanguage)
		var e *EncodeError
		if !errors.As(err, &e) || e.Rune != c.char || e.Offset != c.offset || !bytes.Equal(got, prefix) {
			t.Errorf("EncodeGSM7(%q) = % x, %v; want an error for %q at %d and the prefix", c.text, got, err, c.char, c.offset)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.ReplaceAll([]byte(s), []byte(" "), nil)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkDecodeError(t *testing.T, name string, err error, offset int) {
	t.Helper()
	if offset < 0 {
		if err != nil {
			t.Errorf("%s: error %v, want none", name, err)
		}
		return
	}
	var e *DecodeError
	if !errors.As(err, &e) || e.Offset != offset {
		t.Errorf("%s: error %v, want a DecodeError at %d", name, err, offset)
	}
}
