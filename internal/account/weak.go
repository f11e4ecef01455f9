package account

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"
)

// Length of a password in characters (Unicode code points after NFC).
const (
	MinPassword = 8
	MaxPassword = 128
)

// maxPasswordBytes bounds what is looked at: a character takes four bytes at most, twice that before NFC.
const maxPasswordBytes = 2 * 4 * MaxPassword

// commonText lists words and passwords that attackers try first, one a line, in lower case and sorted; see
// docs/security.md for what it is.
//
//go:embed common.txt
var commonText string

var common = sync.OnceValue(func() map[string]struct{} {
	words := make(map[string]struct{}, 3500)
	for word := range strings.Lines(commonText) {
		if word = strings.TrimSpace(word); word != "" && !strings.HasPrefix(word, "#") {
			words[word] = struct{}{}
		}
	}
	return words
})

// checkPassword refuses a password that is too short, too long, among those tried first, or one of the words that
// belong to the person (email address, name). field names it in the error. Any character is allowed; none is required.
func checkPassword(field, password string, personal ...string) error {
	n := utf8.RuneCount(canonical(password[:min(len(password), maxPasswordBytes)]))
	switch {
	case !utf8.ValidString(password):
		return fault(CodePasswordWeak, field, "The password is not valid Unicode text. Type it again.")
	case n < MinPassword:
		return fault(CodePasswordWeak, field, "The password has %d characters. Use at least %d; a few unrelated words are best.", n, MinPassword)
	case n > MaxPassword || len(password) > maxPasswordBytes:
		return fault(CodePasswordWeak, field, "The password has more than %d characters. Use fewer.", MaxPassword)
	case isPersonal(password, personal):
		return fault(CodePasswordWeak, field, "The password is your email address or name. Choose one that others cannot guess.")
	case isCommon(password):
		return fault(CodePasswordWeak, field, "This password is among those that attackers try first. Choose another; a few unrelated words are best.")
	}
	return nil
}

// isPersonal reports whether password is one of the words, or the local part of one that is an email address.
func isPersonal(password string, words []string) bool {
	squeeze := func(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), "")) }
	p := squeeze(password)
	for _, w := range words {
		local, _, _ := strings.Cut(w, "@")
		if w != "" && (p == squeeze(w) || p == squeeze(local)) {
			return true
		}
	}
	return false
}

// isCommon reports whether a password is a listed word or a simple variation of one (letter case, digits or signs
// around it, look-alike characters), a run or repetition of characters, or a date.
func isCommon(password string) bool {
	p := strings.ToLower(password)
	if isRun(p) || isRepetition(p) || isDate(p) {
		return true
	}
	bare := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	around := utf8.RuneCountInString(p) - utf8.RuneCountInString(bare)
	for _, form := range []string{p, undisguise(p)} {
		if listed(form) {
			return true
		}
	}
	if bare == "" || around > maxAround {
		return false
	}
	return listed(bare) || listed(undisguise(bare)) || isRun(bare) || isRepetition(bare)
}

// maxAround is how many digits and signs around a listed word do not make it a better password: a year and a sign.
const maxAround = 5

func listed(word string) bool {
	_, ok := common()[word]
	return ok
}

// undisguise replaces digits and signs by the letters they stand for.
func undisguise(p string) string {
	return strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s", "!", "i", "+", "t").Replace(p)
}

// isRun reports whether the characters follow each other: 12345678, abcdefgh, 87654321, aaaaaaaa.
func isRun(p string) bool {
	r := []rune(p)
	if len(r) < 3 {
		return false
	}
	step := r[1] - r[0]
	if step < -1 || step > 1 {
		return false
	}
	for i := 2; i < len(r); i++ {
		next := r[i] - r[i-1]
		if wrapped := r[i-1] == '9' && r[i] == '0' && step == 1; next != step && !wrapped {
			return false
		}
	}
	return true
}

// isRepetition reports whether p is one short piece again and again: abcabcabc, 12121212.
func isRepetition(p string) bool {
	r := []rune(p)
	for size := 1; size <= 4 && size*2 <= len(r); size++ {
		if slices.Equal(r[size:], r[:len(r)-size]) {
			return true
		}
	}
	return false
}

// isDate reports whether p is a day of the years 1900 to 2099, in an order and with signs that people use.
func isDate(p string) bool {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune("-/. ", r) {
			return -1
		}
		return r
	}, p)
	for _, layout := range []string{"20060102", "02012006", "01022006"} {
		if d, err := time.Parse(layout, digits); err == nil && d.Year() >= 1900 && d.Year() < 2100 {
			return true
		}
	}
	return false
}
