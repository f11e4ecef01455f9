package accept

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// otpWindow is the period in which one recipient gets so many OTPs: each ten minutes of the clock.
const otpWindow = 10 * time.Minute

// LimitError refuses an order that goes beyond a limit of its workspace. Its code is CodeLimitReached.
type LimitError struct {
	Name  string    // of the limit
	Until time.Time // when it begins anew
	Text  string    // all of it, for people
	Left  int64     // what would still fit
	err   error
}

// Error is the text.
func (e *LimitError) Error() string { return e.Text }

// Unwrap gives the error with the code.
func (e *LimitError) Unwrap() error { return e.err }

// Day and Month are the periods that a moment lies in, by the clock of the workspace.
func Day(w *store.Workspace, at time.Time) (from, until time.Time) {
	at = at.In(location(w))
	y, m, d := at.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, at.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, at.Location())
}

// Month is [Day] for the month.
func Month(w *store.Workspace, at time.Time) (from, until time.Time) {
	at = at.In(location(w))
	y, m, _ := at.Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, at.Location()), time.Date(y, m+1, 1, 0, 0, 0, 0, at.Location())
}

func location(w *store.Workspace) *time.Location {
	if zone, err := time.LoadLocation(w.TimeZone); err == nil {
		return zone
	}
	return time.UTC
}

// Meters are those of a workspace as a whole that its limits ask for, in the periods of a moment. They add nothing yet.
func Meters(w *store.Workspace, at time.Time) []store.Meter {
	day, dayEnds := Day(w, at)
	month, monthEnds := Month(w, at)
	l := &w.Limits
	var all []store.Meter
	for _, m := range []store.Meter{
		{Name: smsir.LimitMessagesPerDay, Limit: l.MessagesPerDay, From: day, Until: dayEnds},
		{Name: smsir.LimitSpendPerDay, Limit: l.SpendPerDay, From: day, Until: dayEnds, Currency: w.Currency},
		{Name: smsir.LimitSpendPerMonth, Limit: l.SpendPerMonth, From: month, Until: monthEnds, Currency: w.Currency},
	} {
		if m.Limit > 0 {
			m.Warn = m.Limit - m.Limit/5
			all = append(all, m)
		}
	}
	return all
}

// meters are what the messages of an order use up of their workspace's limits.
func (p *plan) meters() []store.Meter {
	w := p.order.Workspace
	l := &w.Limits
	if l.MessagesPerDay|l.KeyMessagesPerDay|l.OTPPerRecipient|l.SpendPerDay|l.SpendPerMonth == 0 {
		return nil
	}
	open := slices.Clone(p.messages)
	open = slices.DeleteFunc(open, func(m *smsir.Message) bool { return m.Final }) // blocked: it goes nowhere
	if len(open) == 0 {
		return nil
	}
	var spend int64
	for i, m := range p.messages {
		if !m.Final && p.list != nil {
			spend += p.costs[i]
		}
	}
	all := Meters(w, p.now)
	for i := range all {
		if all[i].Add = int64(len(open)); all[i].Name != smsir.LimitMessagesPerDay {
			all[i].Add = spend
		}
	}
	if by := p.order.Actor; l.KeyMessagesPerDay > 0 && (by.Kind == smsir.ActorKey || by.Kind == smsir.ActorSMPP) {
		from, until := Day(w, p.now)
		all = append(all, store.Meter{
			Name: smsir.LimitKeyMessagesPerDay + ":" + by.ID.Format(smsir.PrefixKey), From: from, Until: until, Add: int64(len(open)), Limit: l.KeyMessagesPerDay,
		})
	}
	if l.OTPPerRecipient > 0 {
		all = append(all, otpMeters(open, l.OTPPerRecipient, p.now)...)
	}
	return all
}

// otpMeters are one for each recipient of an OTP.
func otpMeters(messages []*smsir.Message, limit int64, now time.Time) []store.Meter {
	from := now.Truncate(otpWindow)
	var all []store.Meter
	at := map[string]int{}
	for _, m := range messages {
		if m.Class != smsir.OTP {
			continue
		}
		i, known := at[m.To]
		if !known {
			i, at[m.To] = len(all), len(all)
			all = append(all, store.Meter{Name: smsir.LimitOTPPerRecipient + ":" + m.To, From: from, Until: from.Add(otpWindow), Limit: limit})
		}
		all[i].Add++
	}
	return all
}

// priced reports whether messages of a workspace need a price to be accepted: without one, no limit on money can hold, and
// there is nothing to take from its credit.
func priced(w *store.Workspace) bool {
	return w.CreditOn || w.Limits.SpendPerDay|w.Limits.SpendPerMonth != 0
}

// price finds what a message costs its workspace.
func (c *checker) price(m *smsir.Message, list *smsir.PriceList, now time.Time) (micros int64) {
	price, ok := list.Of(m.To, m.Country, now)
	if !ok {
		c.add("to", "price_unknown", "The price list has no price for %s, and this workspace counts what it spends. Ask an owner to add one under Settings, Prices.", m.To)
	}
	return price.Micros * int64(m.Segments)
}

// refusal says in words what limit an order does not fit, when it begins anew and who can raise it.
func refusal(err error, w *store.Workspace) error {
	var short *store.CreditError
	if errors.As(err, &short) {
		return noCredit(short, w)
	}
	var full *store.FullError
	if !errors.As(err, &full) {
		return err
	}
	m := &full.Meter
	name, whom, _ := strings.Cut(m.Name, ":")
	left := max(m.Limit-full.Used, 0)
	var text string
	switch name {
	case smsir.LimitOTPPerRecipient:
		text = fmt.Sprintf("%s has got %d one-time codes in these ten minutes; the limit is %d.", whom, full.Used, m.Limit)
	case smsir.LimitKeyMessagesPerDay:
		text = fmt.Sprintf("This key or account has sent %d of its %d messages for today; this request has %d.", full.Used, m.Limit, m.Add)
	case smsir.LimitMessagesPerDay:
		text = fmt.Sprintf("This workspace has sent %d of its %d messages for today; this request has %d.", full.Used, m.Limit, m.Add)
	default:
		period := "today"
		if name == smsir.LimitSpendPerMonth {
			period = "this month"
		}
		text = fmt.Sprintf("This workspace has %s %s left to spend %s; this request costs %s.", smsir.FormatMicros(left), m.Currency, period, smsir.FormatMicros(m.Add))
	}
	text += fmt.Sprintf(" It begins anew at %s. An owner or admin can raise it under Settings, Limits.", m.Until.In(location(w)).Format(time.RFC3339))
	return &LimitError{
		Name: name, Until: m.Until, Text: text, Left: left,
		err: &smsir.Error{Code: smsir.CodeLimitReached, Field: "limits." + name, Text: text, Err: full},
	}
}
