package route

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// Rule says for some messages who takes them.
type Rule struct {
	ID       smsir.UUID
	Name     string
	Enabled  bool
	Position int // rules are asked in this order
	When     When
	Then     Then
	Failover Failover
}

// When says which messages a rule is for. Each field that is not empty must hold one of its values;
// an empty one holds for every message. Prefixes and Countries are one condition: either suffices.
type When struct {
	Prefixes  []string // begin of the recipient's number, E.164 with the plus sign
	Countries []string // of the recipient, ISO 3166-1 alpha-2, upper case
	Senders   []string // sender IDs; letter case does not count
	Classes   []smsir.Class
	Tags      []string // the message has at least one of them; exact
	Days      []time.Weekday
	// From and To are a time of day in minutes after midnight, 0 to 1,440: from From, before To. A
	// window with From after To passes midnight and belongs to the day on which it begins. Equal: all day.
	From, To int
}

// Then says what a rule does.
type Then struct {
	Refuse bool   // the message is not sent; it fails with the reason Why
	Why    string // for people
	// Groups are tried in order. Within a group the first try is split by weight, and the others of
	// the group come next.
	Groups [][]Target
	// PassOn lets later rules have the message while none of the rule's providers is enabled;
	// otherwise it waits for one.
	PassOn bool
}

// Target is a provider in a group. Its share of the group's first tries is its weight by the sum of
// all weights; weight 0 makes it a reserve of the group.
type Target struct {
	Provider smsir.UUID
	Weight   int
}

// Failover says what moves a message to the next provider of its plan. None of it ever concerns an
// attempt whose outcome is unknown.
type Failover struct {
	OnError bool // the provider refused it, or provably never got it
	OnDown  bool // the provider is down or refuses its settings: others are tried before it
	// OnMissingReceipt, if positive, sends a message again whose provider accepted it but did not
	// report delivery within that time. The recipient may get it twice. It needs OnError, and the
	// message's own consent: on_unknown is retry_once.
	OnMissingReceipt time.Duration
}

// Table holds the rules of a workspace, in order. It is not changed after [NewTable] and may be used
// concurrently.
type Table struct {
	zone  *time.Location
	rules []Rule
}

// NewTable orders rules by position. Days and times of day are those of zone; nil is UTC. The rules
// must not be changed afterwards.
func NewTable(zone *time.Location, rules []Rule) *Table {
	if zone == nil {
		zone = time.UTC
	}
	sorted := slices.SortedStableFunc(slices.Values(rules), func(a, b Rule) int { return cmp.Compare(a.Position, b.Position) })
	return &Table{zone: zone, rules: sorted}
}

// Miss is why a rule was passed over, or that it was not.
type Miss string

// What became of a rule.
const (
	Matches        Miss = "matches"
	Disabled       Miss = "disabled"
	OtherRecipient Miss = "recipient" // neither prefix nor country
	OtherSender    Miss = "sender"
	OtherClass     Miss = "class"
	OtherTag       Miss = "tag"
	OtherDay       Miss = "day"
	OtherTime      Miss = "time"
	NoneEnabled    Miss = "none_enabled" // it matches, but none of its providers can have the message
	AskedFor       Miss = "asked_for"    // it matches, but the sender asked for a provider
)

// miss tells the first condition that m does not meet.
func (r *Rule) miss(m *Message, zone *time.Location) Miss {
	w := &r.When
	switch {
	case !r.Enabled:
		return Disabled
	case len(w.Prefixes)+len(w.Countries) > 0 && !w.reaches(m):
		return OtherRecipient
	case len(w.Senders) > 0 && !slices.ContainsFunc(w.Senders, func(s string) bool { return strings.EqualFold(s, m.From) }):
		return OtherSender
	case len(w.Classes) > 0 && !slices.Contains(w.Classes, m.Class):
		return OtherClass
	case len(w.Tags) > 0 && !slices.ContainsFunc(w.Tags, func(t string) bool { return slices.Contains(m.Tags, t) }):
		return OtherTag
	}
	if len(w.Days) == 0 && w.From == w.To {
		return Matches
	}
	return w.missTime(m.At.In(zone))
}

func (w *When) reaches(m *Message) bool {
	return m.Country != "" && slices.Contains(w.Countries, m.Country) ||
		slices.ContainsFunc(w.Prefixes, func(p string) bool { return strings.HasPrefix(m.To, p) })
}

func (w *When) missTime(at time.Time) Miss {
	day, minute := at.Weekday(), at.Hour()*60+at.Minute()
	switch {
	case w.From < w.To && (minute < w.From || minute >= w.To):
		return OtherTime
	case w.From > w.To && minute < w.From:
		if minute >= w.To {
			return OtherTime
		}
		day = (day + 6) % 7 // the window began yesterday
	}
	if len(w.Days) > 0 && !slices.Contains(w.Days, day) {
		return OtherDay
	}
	return Matches
}

// choose lists the rule's providers that are enabled, in the order for this message at rest.
func (r *Rule) choose(m *Message, candidates []Candidate, own bool) []choice {
	var order []choice
	for g, group := range r.Then.Groups {
		first := len(order)
		for _, t := range group {
			i := slices.IndexFunc(candidates, func(c Candidate) bool { return c.ID == t.Provider })
			if i < 0 || own && !candidates[i].owns(m.To) || slices.ContainsFunc(order, func(ch choice) bool { return ch.c.ID == t.Provider }) {
				continue
			}
			order = append(order, choice{c: &candidates[i], group: g, draw: draw(m.ID, t)})
		}
		slices.SortStableFunc(order[first:], func(a, b choice) int { return cmp.Compare(a.draw, b.draw) })
	}
	return order
}

// Zone is that of days and times of day.
func (t *Table) Zone() *time.Location { return t.zone }
