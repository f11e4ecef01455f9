package account

import (
	"net/mail"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

const (
	maxEmail = 254 // RFC 5321 §4.5.3.1.3, without the angle brackets
	maxName  = 100
)

// checkEmail returns an address without the spaces around it. It judges the form only: whether mail arrives is not
// known.
func checkEmail(field, email string) (string, error) {
	email = strings.TrimSpace(email)
	a, err := mail.ParseAddress(email)
	local, domain, _ := strings.Cut(email, "@")
	if err != nil || a.Address != email || a.Name != "" || local == "" || domain == "" || len(email) > maxEmail ||
		strings.ContainsFunc(email, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) {
		return "", fault(smsir.CodeInvalid, field, "This is not an email address. Write it like name@example.com.")
	}
	return email, nil
}

// checkName returns a name without the spaces around it: 1 to 100 characters on one line.
func checkName(field, name string) (string, error) {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", fault(smsir.CodeInvalid, field, "This is empty. Give 1 to %d characters.", maxName)
	case n > maxName:
		return "", fault(smsir.CodeInvalid, field, "This has %d characters. Give at most %d.", n, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", fault(smsir.CodeInvalid, field, "This has characters that cannot be shown. Remove line breaks and control characters.")
	}
	return name, nil
}

// checkCountry returns the code of a country in upper case.
func checkCountry(field, code string) (string, error) {
	code = strings.ToUpper(strings.TrimSpace(code))
	for i := 0; i+2 <= len(countries); i += 3 {
		if countries[i:i+2] == code {
			return code, nil
		}
	}
	return "", fault(smsir.CodeInvalid, field, "%q is not a country. Give its two-letter code (ISO 3166-1), such as US or KE.", clip(code))
}

// checkTimeZone returns the name of a time zone of the IANA database.
func checkTimeZone(field, name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || name == "Local" {
		return "", fault(smsir.CodeInvalid, field, "Give the name of a time zone, such as Africa/Nairobi or UTC.")
	}
	if _, err := time.LoadLocation(name); err != nil {
		return "", fault(smsir.CodeInvalid, field, "%q is not a time zone. Give a name such as Africa/Nairobi or UTC.", clip(name))
	}
	return name, nil
}

// checkQuiet returns quiet hours, zero for none: two different times of a day.
func checkQuiet(q store.QuietHours) (store.QuietHours, error) {
	if q.From == "" && q.To == "" {
		return q, nil
	}
	for _, clock := range []string{q.From, q.To} {
		if t, err := time.Parse("15:04", clock); err != nil || t.Format("15:04") != clock {
			return q, fault(smsir.CodeInvalid, "quiet_hours", "%q is no time of the day. Write it like 21:00.", clip(clock))
		}
	}
	if q.From == q.To {
		return q, fault(smsir.CodeInvalid, "quiet_hours", "Quiet hours from %s to %s would be the whole day. Give two different times, or take both away.", q.From, q.To)
	}
	return q, nil
}

// checkPhone returns a number in E.164, "" for none.
func checkPhone(phone, country string) (string, error) {
	if phone = strings.TrimSpace(phone); phone == "" {
		return "", nil
	}
	n, err := number.Parse(phone, country)
	if err != nil {
		return "", fault(smsir.CodeInvalid, "phone", "%s", strings.TrimSpace(err.Error()))
	}
	return n.E164, nil
}

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// cleanAgent is a User-Agent header as it is kept: at most 256 bytes on one line.
func cleanAgent(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), 256)], "")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s))
}

// countries are the codes of ISO 3166-1 alpha-2, and XK, which phone numbers of Kosovo use.
const countries = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
	"CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
	"GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
	"KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ " +
	"NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
	"SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
	"UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW"
