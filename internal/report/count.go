package report

import (
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Version is that of what [counter] counts. A database whose cells are of another version is counted anew.
const Version = 2

// MaxValues bounds the values of one dimension in one hour; those that come later are counted together as [store.OtherValue].
const MaxValues = 500

// counter counts the messages of one hour by every dimension.
type counter struct {
	cells [store.LastDimension + 1]map[string]*store.Numbers
}

func newCounter() *counter {
	c := &counter{}
	for i := range c.cells {
		c.cells[i] = map[string]*store.Numbers{}
	}
	return c
}

// add counts a message.
func (c *counter) add(r *store.ReportRow) {
	c.into(store.ByNothing, "", r)
	c.into(store.ByProvider, r.Provider.Format(smsir.PrefixProvider), r)
	c.into(store.ByCountry, r.Country, r)
	c.into(store.ByNetwork, r.Network, r)
	c.into(store.BySender, r.From, r)
	c.into(store.ByTemplate, r.Template.Format(smsir.PrefixTemplate), r)
	c.into(store.ByCampaign, r.Campaign.Format(smsir.PrefixCampaign), r)
	c.into(store.ByPerson, person(r.CreatedBy), r)
	c.into(store.ByClass, r.Class.String(), r)
	if store.CountsAsFailed(r.State) {
		c.into(store.ByReason, reason(r), r)
	}
}

func (c *counter) into(d store.Dimension, value string, r *store.ReportRow) {
	cells := c.cells[d]
	n := cells[value]
	if n == nil {
		if len(cells) >= MaxValues {
			value = store.OtherValue
		}
		if n = cells[value]; n == nil {
			n = &store.Numbers{}
			cells[value] = n
		}
	}
	n.Count(r)
}

// list is what was counted, as it is stored.
func (c *counter) list() []store.ReportCell {
	var all []store.ReportCell
	for d, cells := range c.cells {
		for value, n := range cells {
			all = append(all, store.ReportCell{Dimension: store.Dimension(d), Value: value, Numbers: n}) //nolint:gosec // few
		}
	}
	return all
}

func person(a smsir.Actor) string {
	switch a.Kind {
	case smsir.ActorUser:
		return a.ID.Format(smsir.PrefixUser)
	case smsir.ActorKey:
		return a.ID.Format(smsir.PrefixKey)
	case smsir.ActorSMPP:
		return a.ID.Format(smsir.PrefixSMPP)
	}
	return ""
}

// maxSentence bounds the sentence of a reason, in bytes.
const maxSentence = 300

// reason is why a message failed: our code, and the sentence that came with it.
func reason(r *store.ReportRow) string {
	code, sentence := string(r.Reason), ""
	if r.Error != nil {
		if r.Error.Code != "" {
			code = r.Error.Code
		}
		sentence = r.Error.Text
	}
	if code == "" {
		code = r.State.Status.String()
	}
	if len(sentence) > maxSentence {
		sentence = sentence[:maxSentence]
	}
	sentence = strings.Map(func(c rune) rune {
		if c < ' ' {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(sentence, ""))
	return code + "\n" + sentence
}

// SplitReason takes a value of [store.ByReason] apart.
func SplitReason(value string) (code, sentence string) {
	code, sentence, _ = strings.Cut(value, "\n")
	return code, sentence
}
