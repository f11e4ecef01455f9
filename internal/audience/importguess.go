package audience

import (
	"strings"
	"unicode"

	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
	"golang.org/x/text/unicode/norm"
)

// hints are the names of columns, folded, by what they are. Names must be equal: "total" and "hotel" are no "tel".
func hints() map[string]string {
	all := map[string]string{}
	for target, names := range map[string]string{
		targetPhone: "phone|phone number|phone no|phone numbers|phonenumber|telephone|telephone number|telephone no|tel|tel no|tel number|mobile|mobile number|" +
			"mobile no|mobile phone|cell|cell number|cell no|cellphone|cell phone|msisdn|gsm|contact number|phone 1|phone 1 value|mobile 1|recipient|" +
			"simu|namba|namba ya simu|nambari ya simu|nambari|numero|numero de telephone|no de telephone|n de telephone|portable|numero de portable|mobile phone number|" +
			"هاتف|الهاتف|رقم الهاتف|جوال|الجوال|رقم الجوال|موبايل|رقم الموبايل|المحمول",
		targetName:     "name|full name|fullname|contact|contact name|display name|parent name|customer name|jina|jina kamili|nom complet|nom et prenom|nom et prenoms|الاسم|الاسم الكامل|اسم",
		targetFirst:    "first name|firstname|given name|forename|jina la kwanza|prenom|prenoms|الاسم الاول",
		targetLast:     "last name|lastname|surname|family name|jina la mwisho|jina la ukoo|nom|nom de famille|اسم العائلة|اللقب",
		targetLanguage: "language|lang|lugha|langue|اللغة",
		targetNotes:    "notes|note|comment|comments|remarks|maelezo|remarques|commentaire|commentaires|ملاحظات",
		targetOptOut:   "opt out|opted out|optout|unsubscribed|do not contact|do not text|dnc|amejiondoa|desabonne|desinscrit|الغاء الاشتراك",
	} {
		for _, n := range strings.Split(names, "|") {
			all[foldName(n)] = target
		}
	}
	return all
}

// foldName is the name of a column without case, accents and whatever stands between its words.
func foldName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(name))), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}

// isHeader says whether the first row names the columns: it has names that we know, or no number at all.
func isHeader(first []string, country string) bool {
	known := hints()
	named := false
	for _, cell := range first {
		if looksLikePhone(cell, country) {
			return false
		}
		named = named || known[foldName(cell)] != "" || strings.IndexFunc(cell, unicode.IsLetter) >= 0
	}
	return named
}

func looksLikePhone(cell, country string) bool {
	if digits := strings.Count(strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return '0'
		}
		return -1
	}, cell), "0"); digits < 7 {
		return false
	}
	_, err := number.Parse(tidyPhone(cell), country)
	return err == nil
}

// guess says what the columns seem to be, by their names and, for the phone number, by what stands in them.
func guess(columns []string, sample [][]string, header bool, fields []store.ContactField, country string) []string {
	known := hints()
	mapping := make([]string, len(columns))
	taken := map[string]bool{}
	take := func(c int, target string) {
		if target != "" && !taken[target] && mapping[c] == "" {
			mapping[c], taken[target] = target, true
		}
	}
	if header {
		for c, name := range columns {
			folded := foldName(name)
			for _, f := range fields {
				if folded == foldName(f.Label) || folded == foldName(f.Key) {
					take(c, targetFields+f.Key)
				}
			}
			take(c, known[folded])
		}
		sample = sample[1:]
	}
	if !taken[targetPhone] {
		best, most := -1, 0
		for c := range columns {
			n := 0
			for _, row := range sample {
				if c < len(row) && looksLikePhone(row[c], country) {
					n++
				}
			}
			if n > most && mapping[c] == "" {
				best, most = c, n
			}
		}
		if best >= 0 {
			take(best, targetPhone)
		}
	}
	switch { // one column of names is the whole name
	case taken[targetName]:
		rename(mapping, targetFirst, "")
		rename(mapping, targetLast, "")
	case taken[targetLast] && !taken[targetFirst]:
		rename(mapping, targetLast, targetName)
	case taken[targetFirst] && !taken[targetLast]:
		rename(mapping, targetFirst, targetName)
	}
	return mapping
}

func rename(mapping []string, from, to string) {
	for c := range mapping {
		if mapping[c] == from {
			mapping[c] = to
		}
	}
}

// tidyPhone takes off what programs put behind numbers that they hold as fractions.
func tidyPhone(cell string) string {
	cell = strings.TrimSpace(cell)
	for _, tail := range []string{".0", ".00"} {
		if digits, ok := strings.CutSuffix(cell, tail); ok && len(digits) > 6 && strings.Trim(digits, "0123456789") == "" {
			return digits
		}
	}
	return cell
}
