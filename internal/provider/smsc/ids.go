package smsc

import (
	"strconv"
	"strings"
	"sync/atomic"
)

// lessons is how many receipts in a row must agree before the form of ids counts as learned.
const lessons = 3

// idForms brings the ids of answers and receipts into one form. Carriers write the same id in decimal in the one place
// and in hexadecimal in the other, or fill it up with zeros. The form of the answer, in lower case and without zeros in
// front, is the one that is stored.
type idForms struct {
	fixed   string // a setting other than idLearn, or ""
	learned atomic.Value
	last    atomic.Value // the form of the latest receipt that could be told
	agreed  atomic.Int32

	width atomic.Int32 // of ids of answers that are filled up with zeros, 0 if they are not
	upper atomic.Bool  // ids of answers have capitals
}

func newIDForms(setting string) *idForms {
	f := &idForms{}
	if setting != idLearn {
		f.fixed = setting
	}
	return f
}

// canonical is an id without what does not tell it from others.
func (f *idForms) canonical(id string) string {
	id = strings.ToLower(strings.TrimSpace(id))
	if trimmed := strings.TrimLeft(id, "0"); trimmed != "" {
		return trimmed
	}
	return id
}

// note learns how answers write their ids.
func (f *idForms) note(id string) {
	switch n := int32(len(id)); { //nolint:gosec // at most 64 characters
	case len(id) > 1 && id[0] == '0':
		f.width.Store(n)
	case n < f.width.Load():
		f.width.Store(0)
	}
	for i := range len(id) {
		switch c := id[i]; {
		case c >= 'A' && c <= 'Z':
			f.upper.Store(true)
			return
		case c >= 'a' && c <= 'z':
			f.upper.Store(false)
			return
		}
	}
}

// shaped is a canonical id as answers write theirs.
func (f *idForms) shaped(id string) string {
	if f.upper.Load() {
		id = strings.ToUpper(id)
	}
	if n := int(f.width.Load()) - len(id); n > 0 {
		id = strings.Repeat("0", n) + id
	}
	return id
}

// form is the one in force, "" while it is not known.
func (f *idForms) form() string {
	if f.fixed != "" {
		return f.fixed
	}
	learned, _ := f.learned.Load().(string)
	return learned
}

// ofReceipt gives the ids of answers that the id of a receipt may mean, the likeliest first.
func (f *idForms) ofReceipt(id string) []string {
	asIs := f.canonical(id)
	switch f.form() {
	case idAsIs:
		return []string{asIs}
	case idDecimal:
		return present(toDecimal(asIs), asIs)
	case idHex:
		return present(toHex(asIs), asIs)
	}
	return present(asIs, toDecimal(asIs), toHex(asIs))
}

// learn notes that the id of a receipt meant the id of an answer.
func (f *idForms) learn(receipt, answer string) {
	if f.fixed != "" {
		return
	}
	asIs := f.canonical(receipt)
	var form string
	switch answer {
	case asIs:
		form = idAsIs
	case toDecimal(asIs):
		form = idDecimal
	case toHex(asIs):
		form = idHex
	default:
		return
	}
	if toDecimal(asIs) == asIs || toHex(asIs) == asIs {
		return // one digit tells nothing
	}
	if last, _ := f.last.Swap(form).(string); last != form {
		f.agreed.Store(0)
	}
	if f.agreed.Add(1) >= lessons {
		f.learned.Store(form)
	}
}

// toDecimal reads an id as hexadecimal.
func toDecimal(id string) string {
	n, err := strconv.ParseUint(id, 16, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// toHex reads an id as decimal.
func toHex(id string) string {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(n, 16)
}

// present are the different ids that there are.
func present(ids ...string) (all []string) {
	for i, id := range ids {
		if id == "" {
			continue
		}
		seen := false
		for _, other := range ids[:i] {
			seen = seen || other == id
		}
		if !seen {
			all = append(all, id)
		}
	}
	return all
}
