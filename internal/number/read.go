package number

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
)

// maxTyped bounds what is looked at: the longest number with every separator is far below.
const maxTyped = 128

// read takes the digits out of what was typed and says whether a plus stood before them.
func read(raw string) (digits string, plus bool, err error) {
	if len(raw) > maxTyped {
		return "", false, smsir.Errorf(CodeInvalid, "This is too long for a phone number. Give one number of at most 15 digits, as in +12025550100.").Because("overlong")
	}
	typed, err := unlink(strings.TrimSpace(raw))
	if err != nil {
		return "", false, err
	}
	typed = strings.TrimPrefix(typed, "'") // a spreadsheet's mark for text
	if typed == "" {
		return "", false, smsir.Errorf(CodeInvalid, "There is no number. Give one with + and country code, as in +12025550100.").Because("empty")
	}
	out := make([]byte, 0, 16)
	for i, char := range typed {
		switch {
		case char >= '0' && char <= '9':
			out = append(out, byte(char))
		case char == '+' || char == '＋':
			if plus || len(out) > 0 {
				return "", false, smsir.Errorf(CodeInvalid, "A + may only stand at the beginning. Give one number, as in +12025550100.").Because("plus_inside")
			}
			plus = true
		case separates(char):
		default:
			digit, ok := digitOf(char)
			if !ok {
				return "", false, misread(typed, i)
			}
			out = append(out, digit)
		}
	}
	if len(out) == 0 {
		return "", false, smsir.Errorf(CodeInvalid, "There are no digits. Give a number with + and country code, as in +12025550100.").Because("no_digits")
	}
	return string(out), plus, nil
}

// separates says whether people put a character between digits, on purpose or without knowing.
func separates(char rune) bool {
	switch char {
	case ' ', '\t', '-', '.', '(', ')', '/', '[', ']', '~', '·', '‧', '∙', '•', '−', '⁄', '（', '）', '．', '／', '～':
		return true
	}
	return char >= 0x80 && unicode.In(char, unicode.Zs, unicode.Pd, unicode.Cf)
}

// digitOf reads a decimal digit of any script. Unicode keeps the ten of a script together, from 0 on.
func digitOf(char rune) (byte, bool) {
	if char < 0x80 {
		return 0, false
	}
	for _, r := range unicode.Nd.R16 {
		if rune(r.Lo) <= char && char <= rune(r.Hi) {
			return '0' + byte((char-rune(r.Lo))%10), true
		}
	}
	for _, r := range unicode.Nd.R32 {
		if rune(r.Lo) <= char && char <= rune(r.Hi) {
			return '0' + byte((char-rune(r.Lo))%10), true
		}
	}
	return 0, false
}

// unlink takes the number out of a tel: (RFC 3966) or sms: (RFC 5724) link.
func unlink(typed string) (string, error) {
	scheme, rest, ok := strings.Cut(typed, ":")
	if !ok {
		return typed, nil
	}
	switch strings.ToLower(scheme) {
	case "tel", "sms", "smsto":
	default:
		return typed, nil // the colon will be refused
	}
	rest, _, _ = strings.Cut(rest, "?")
	if plain, err := url.PathUnescape(rest); err == nil && utf8.ValidString(plain) {
		rest = plain
	}
	parts := strings.Split(strings.TrimPrefix(rest, "//"), ";")
	for _, parameter := range parts[1:] {
		name, value, _ := strings.Cut(parameter, "=")
		switch strings.ToLower(name) {
		case "ext", "isub":
			return "", smsir.Errorf(CodeInvalid, "The number has an extension, which text messages cannot reach. Give the number without it.").Because("extension")
		case "phone-context":
			if strings.HasPrefix(value, "+") && !strings.HasPrefix(parts[0], "+") {
				parts[0] = value + parts[0]
			}
		}
	}
	return strings.TrimSpace(parts[0]), nil
}

// rounded is a long number as a spreadsheet shows and exports it: 2.54712E+11.
var rounded = regexp.MustCompile(`^[0-9]+([.,][0-9]*)?[eE][+]?[0-9]+$`)

// misread says what to do about a character that no number has.
func misread(typed string, at int) error {
	char, _ := utf8.DecodeRuneInString(typed[at:])
	before := typed[:at]
	switch {
	case rounded.MatchString(typed):
		return smsir.Errorf(CodeInvalid, "A spreadsheet has rounded this number, its last digits are lost. Format the column as text and enter the numbers again.").Because("rounded")
	case strings.ContainsRune(",;|&\n\r", char):
		return smsir.Errorf(CodeInvalid, "This looks like more than one number. Give one at a time.").Because("several")
	case char == '@':
		return smsir.Errorf(CodeInvalid, "This looks like an e-mail address. Give a phone number with + and country code, as in +12025550100.").Because("email")
	case strings.ContainsRune("xX#", char) && before != "":
		return smsir.Errorf(CodeInvalid, "The number seems to have an extension, which text messages cannot reach. Give the number without it.").Because("extension")
	case char == '*' || char == '#':
		return smsir.Errorf(CodeInvalid, "Service codes with * or # cannot receive messages. Give a phone number, as in +12025550100.").Because("service_code")
	case unicode.IsLetter(char):
		return smsir.Errorf(CodeInvalid, "A phone number has no letters. Write it in digits, as in +12025550100.").Because("letters")
	}
	return smsir.Errorf(CodeInvalid, "%q does not belong in a phone number. Write it as in +12025550100.", char).Because("sign", "char", string(char))
}
