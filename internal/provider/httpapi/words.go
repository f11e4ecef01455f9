package httpapi

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/smsir/smsir"
)

// wordForm is that of a name of our own.
var wordForm = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_]*$`)

// numbers says how phone numbers are written for the provider.
type numbers struct {
	format  string // plus, digits, zeros or national
	country string // of national numbers: its digits
	trunk   string // in front of national numbers
}

func (t *tree) numbers(s *spec, n *yaml.Node) {
	o := t.object(n, "numbers")
	s.numbers.format = o.word("format", "plus", "digits", "zeros", "national")
	country, trunk := o.child("country_code"), o.child("trunk_prefix")
	o.done()
	if s.numbers.format != "national" {
		if country != nil || trunk != nil {
			t.fail(n, "numbers", "country_code and trunk_prefix are for the format national only. Take them out.")
		}
		return
	}
	s.numbers.country, s.numbers.trunk = t.text(country, "numbers.country_code"), "0"
	if trunk != nil {
		s.numbers.trunk = t.text(trunk, "numbers.trunk_prefix")
	}
	if t.err == nil && (!regexp.MustCompile(`^[1-9][0-9]{0,2}$`).MatchString(s.numbers.country) || !regexp.MustCompile(`^[0-9]{0,2}$`).MatchString(s.numbers.trunk)) {
		t.fail(n, "numbers", "National numbers need country_code (1 to 3 digits between quotes, such as \"44\"), and trunk_prefix has at most two digits.")
	}
}

// out writes a number in E.164 for the provider. What does not begin with + (a short code, a word) stays as it is. An
// error says that the number has no such form.
func (n numbers) out(number string) (string, error) {
	switch n.format {
	case "digits":
		return withPrefix("", number), nil
	case "zeros":
		return withPrefix("00", number), nil
	case "national":
		if !strings.HasPrefix(number, "+") {
			return number, nil
		}
		rest, ok := strings.CutPrefix(number, "+"+n.country)
		if !ok {
			return "", fmt.Errorf("the number is not one of the country +%s", n.country)
		}
		return n.trunk + rest, nil
	}
	return number, nil
}

var (
	manyDigits = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)
	typography = strings.NewReplacer(" ", "", "-", "", "(", "", ")", "", "tel:", "")
)

// in reads a number of the provider's into E.164. What is none (a word, a short code) stays as it is.
func (n numbers) in(number string) string {
	number = strings.TrimSpace(number)
	bare := typography.Replace(number)
	switch {
	case strings.HasPrefix(bare, "+"):
		if manyDigits.MatchString(bare[1:]) {
			return bare
		}
	case n.format == "national" && n.trunk != "" && !strings.HasPrefix(bare, "00") && strings.HasPrefix(bare, n.trunk):
		if whole := n.country + strings.TrimPrefix(bare, n.trunk); manyDigits.MatchString(whole) {
			return "+" + whole
		}
	case strings.HasPrefix(bare, "00"):
		if manyDigits.MatchString(bare[2:]) {
			return "+" + bare[2:]
		}
	case manyDigits.MatchString(bare):
		if n.format == "national" && n.trunk == "" && !strings.HasPrefix(bare, n.country) {
			return "+" + n.country + bare
		}
		return "+" + bare
	}
	return number
}

// words reads what {{encoding}}, {{class}} and {{from.type}} stand for.
func (t *tree) words(s *spec, n *yaml.Node) {
	s.words = map[string]map[string]string{}
	o := t.object(n, "words")
	for name, keys := range map[string][]string{
		"encoding": {"gsm7", "ucs2"}, "class": {"otp", "transactional", "bulk"}, "sender": {"number", "short", "text"},
	} {
		path := join("words", name)
		below := t.object(o.child(name), path)
		s.words[name] = map[string]string{}
		for _, key := range keys {
			s.words[name][key] = key
			if v := below.child(key); v != nil {
				s.words[name][key] = t.text(v, join(path, key))
			}
		}
		below.done()
	}
	slices.Sort(o.known)
	o.done()
}

// Which placeholders may stand where, secrets aside.
func sendPlaceholder(name string) bool {
	return slices.Contains([]string{
		"to", "from", "from.type", "text", "attempt", "attempt.number", "message", "encoding", "class", "segments", "validity", "validity.minutes",
		"expires", "expires.unix", "callback", "callback.plain", "now", "now.unix",
	}, name)
}

func statusPlaceholder(name string) bool {
	return slices.Contains([]string{"to", "from", "attempt", "attempt.number", "now", "now.unix"}, name)
}

func accountPlaceholder(name string) bool { return name == "now" || name == "now.unix" }

// submitted are the values of a submission. An error says that there is no way to write it for the provider.
func (a *adapter) submitted(s smsir.Submission, now time.Time) (values, *smsir.SendError) {
	if s.From == "" {
		s.From = a.sender
	}
	v, err := a.addressed(s.Attempt, s.To, s.From, now)
	if err != nil {
		return nil, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "bad_number", Text: "A number cannot be written in the form that the provider wants: " + err.Error() + "."}
	}
	if v["from"] == "" && a.spec.send.needs("from") {
		return nil, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender", Text: "The message names no sender, and this provider has no default sender."}
	}
	left := min(max(s.Validity, a.spec.minLeft), a.spec.maxLeft)
	v["text"], v["message"] = s.Text, s.Message.Format(smsir.PrefixMessage)
	if a.spec.hexText && s.Encoding == smsir.EncodingUCS2 {
		v["text"] = ucs2hex(s.Text)
	}
	v["encoding"], v["class"] = a.spec.words["encoding"][s.Encoding.String()], a.spec.words["class"][s.Class.String()]
	v["segments"] = strconv.Itoa(s.Segments)
	v["validity"] = strconv.Itoa(int(left / time.Second))
	v["validity.minutes"] = strconv.Itoa(max(int(left/time.Minute), 1))
	v["expires"] = now.Add(left).UTC().Format(time.RFC3339)
	v["expires.unix"] = strconv.FormatInt(now.Add(left).Unix(), 10)
	if a.address != "" {
		v["callback.plain"] = a.address
		v["callback"] = a.address + "?" + attemptParameter + "=" + v["attempt"]
	}
	return v, nil
}

// addressed are the values that a submission and a question about one share.
func (a *adapter) addressed(attempt smsir.ID, to, from string, now time.Time) (values, error) {
	v := a.account(now)
	var err error
	if v["to"], err = a.spec.numbers.out(to); err != nil {
		return nil, err
	}
	if v["from"], err = a.spec.numbers.out(from); err != nil {
		return nil, err
	}
	v["from.type"] = a.spec.words["sender"][senderType(from)]
	v["attempt"] = attempt.Format(smsir.PrefixAttempt)
	v["attempt.number"] = strconv.FormatInt(int64(attempt), 10)
	return v, nil
}

// senderType tells an international number, a short code and a word apart; "" of none.
func senderType(from string) string {
	switch {
	case from == "":
		return ""
	case strings.HasPrefix(from, "+"):
		return "number"
	case strings.Trim(from, "0123456789") == "":
		return "short"
	}
	return "text"
}

// account are the values that depend on no message.
func (a *adapter) account(now time.Time) values {
	v := make(values, 24)
	for name, value := range a.secrets {
		v[name] = value
	}
	v["now"], v["now.unix"] = now.UTC().Format(time.RFC3339), strconv.FormatInt(now.Unix(), 10)
	return v
}

// headerName reports whether a name can be that of a header.
func headerName(name string) bool {
	return regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$").MatchString(name) &&
		!slices.Contains([]string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Te", "Trailer", "Upgrade"}, http.CanonicalHeaderKey(name))
}
