package number

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/smsir/smsir"
)

// Codes of the errors of [ParseSender]; those of [Parse] come up for senders that are numbers.
const (
	CodeSenderInvalid   smsir.Code = "sender_invalid"   // empty, or with a sign that networks refuse
	CodeSenderTooLong   smsir.Code = "sender_too_long"  // more than 11 characters
	CodeSenderNotASCII  smsir.Code = "sender_not_ascii" // letters of another script, accents, emoji
	CodeSenderInvisible smsir.Code = "sender_invisible" // marks that change how others are shown
)

// SenderType is what a sender ID is to the network (the type of number of an address).
type SenderType uint8

// The types.
const (
	LongNumber   SenderType = iota // E.164; recipients can reply
	ShortCode                      // 3 to 8 digits, of one country
	Alphanumeric                   // at most 11 characters; recipients cannot reply
)

// String is "long_number", "short_code" or "alphanumeric": the words of the API.
func (t SenderType) String() string {
	switch t {
	case LongNumber:
		return "long_number"
	case ShortCode:
		return "short_code"
	case Alphanumeric:
		return "alphanumeric"
	}
	return "unknown"
}

// Sender is a sender ID that was read.
type Sender struct {
	Type    SenderType
	Value   string // E.164 with plus, digits, or text
	Country string // of a long number; of a short code the region given; "" for text
}

// maxSenderText is the longest alphanumeric sender: 11 septets fill the address field
// (3GPP TS 23.040 §9.1.2.5).
const maxSenderText = 11

// senderSigns are what networks commonly let pass beside letters, digits and space.
const senderSigns = " &'+-._"

// ParseSender reads a sender ID. Region is the country of numbers typed without country code, and of
// short codes; it may be "".
//
// What has a letter is alphanumeric: at most 11 characters out of A–Z, a–z, 0–9, space and & ' + - . _,
// not beginning with +. Everything beyond ASCII is refused, accents included: some networks show it
// wrongly, and letters of other scripts that look like Latin ones pass for somebody else's name.
// What has no letter is a number: 3 to 6 digits are a short code, 7 or 8 digits too unless they are a
// number in service in the region, everything else goes to [Parse]. A long number may always be
// written with +.
func ParseSender(raw, region string) (Sender, error) {
	if len(raw) > maxTyped {
		return Sender{}, smsir.Errorf(CodeSenderTooLong, "A sender name has at most %d characters. Shorten it.", maxSenderText)
	}
	typed := strings.Trim(raw, " \t\r\n")
	letters := false
	for _, char := range typed {
		if err := checkSenderChar(char, typed); err != nil {
			return Sender{}, err
		}
		letters = letters || char < 0x80 && unicode.IsLetter(char)
	}
	if letters {
		return parseSenderText(typed)
	}
	if !strings.ContainsFunc(typed, unicode.IsDigit) {
		return Sender{}, smsir.Errorf(CodeSenderInvalid, "A sender is a phone number, a short code, or a name with at least one letter. Enter one of these.")
	}
	return parseSenderNumber(typed, strings.ToUpper(region))
}

// checkSenderChar refuses what no sender may contain. Digits of other scripts pass: they make a number.
func checkSenderChar(char rune, typed string) error {
	switch {
	case unicode.In(char, unicode.Cf, unicode.Cc, unicode.Zl, unicode.Zp) || char == unicode.ReplacementChar:
		return smsir.Errorf(CodeSenderInvisible, "The sender has an invisible character (%U), which can make a name look like another. Type it anew instead of pasting it.", char)
	case char < 0x80 || unicode.IsDigit(char) || char == '＋':
		return nil
	case !unicode.IsLetter(char):
		return smsir.Errorf(CodeSenderNotASCII, "A sender name cannot have %q. Use the letters A to Z, digits, space and & ' + - . _ only.", char)
	}
	script := scriptOf(char)
	if script != "Latin" && strings.ContainsFunc(typed, func(r rune) bool { return unicode.Is(unicode.Latin, r) }) {
		return smsir.Errorf(CodeSenderNotASCII, "The sender name mixes scripts: %q (%U) is %s and only looks like its neighbours. Type it in the letters A to Z.", char, char, script)
	}
	return smsir.Errorf(CodeSenderNotASCII, "The sender name has %q (%U, %s), which networks do not carry reliably and which can imitate another name. Use the letters A to Z.", char, char, script)
}

// scriptOf names the script of a letter.
func scriptOf(char rune) string {
	for _, common := range [...]string{"Latin", "Cyrillic", "Greek", "Arabic", "Han"} {
		if unicode.Is(unicode.Scripts[common], char) {
			return common
		}
	}
	for name, table := range unicode.Scripts {
		if unicode.Is(table, char) {
			return name
		}
	}
	return "another script"
}

func parseSenderText(typed string) (Sender, error) {
	for i, char := range typed {
		switch {
		case char >= '0' && char <= '9', char >= 'A' && char <= 'Z', char >= 'a' && char <= 'z':
		case char == '+' && i == 0:
			return Sender{}, smsir.Errorf(CodeSenderInvalid, "Only a number begins with +. Remove the + from the name, or the letters from the number.")
		case !strings.ContainsRune(senderSigns, char):
			return Sender{}, smsir.Errorf(CodeSenderInvalid, "A sender name cannot have %q. Use the letters A to Z, digits, space and & ' + - . _ only.", char)
		}
	}
	if len(typed) > maxSenderText {
		return Sender{}, smsir.Errorf(CodeSenderTooLong, "The sender name has %d characters, networks carry %d. Shorten it.", len(typed), maxSenderText)
	}
	return Sender{Type: Alphanumeric, Value: typed}, nil
}

func parseSenderNumber(typed, region string) (Sender, error) {
	if digits, plus, err := read(typed); err == nil && !plus && len(digits) >= 3 && len(digits) <= 8 {
		if len(digits) < 7 || !inService(digits, region) {
			if phonenumbers.GetCountryCodeForRegion(region) == 0 {
				region = ""
			}
			return Sender{Type: ShortCode, Value: digits, Country: region}, nil
		}
	}
	n, err := Parse(typed, region)
	if err != nil {
		return Sender{}, err
	}
	return Sender{Type: LongNumber, Value: n.E164, Country: n.Country}, nil
}

// inService says whether digits are a number of the region by the metadata.
func inService(digits, region string) bool {
	n, err := phonenumbers.Parse(digits, region)
	return err == nil && phonenumbers.IsValidNumberForRegion(n, region)
}
