package routing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/route"
	"github.com/smsir/smsir/internal/store"
)

const (
	maxName   = 60
	maxReason = 200
	maxTag    = 64
	minWait   = 30 * time.Second // of a failover on a missing receipt; a receipt needs some time to come
	maxWait   = 24 * time.Hour
)

// check puts a name and what a rule says into a row, and returns it as it is stored.
func (s *Service) check(ctx context.Context, row *store.RouteRule, name string, says api.RouteRule) (*api.RouteRule, error) {
	var err error
	if row.Name, err = checkText("name", name, maxName); err != nil {
		return nil, err
	}
	w, err := s.store.Workspace(ctx, row.Workspace)
	if err != nil {
		return nil, err
	}
	providers, err := s.store.ListProviders(ctx, row.Workspace)
	if err != nil {
		return nil, err
	}
	var compiled route.Rule
	clean, err := compiler{country: w.Country, check: true}.compile(&says, &compiled)
	if err != nil {
		return nil, err
	}
	for g, group := range compiled.Then.Groups {
		for i, t := range group {
			if !slices.ContainsFunc(providers, func(p store.Provider) bool { return p.ID == t.Provider }) {
				return nil, invalid(fmt.Sprintf("then.groups[%d].targets[%d].provider", g, i), "There is no provider with this identifier in the workspace. Take one of GET /v1/providers.")
			}
		}
	}
	document, err := json.Marshal(clean)
	row.Rule = string(document)
	return clean, err
}

// compiler reads what a rule says into the form that decides.
type compiler struct {
	country string // of numbers written without a country code
	// check holds prefixes, countries and senders against what is known of the world's numbers. What is
	// stored was held against it once; it stays valid when that knowledge changes.
	check bool
}

// compile fills into, and returns what the rule says in one way of writing.
func (c compiler) compile(says *api.RouteRule, into *route.Rule) (*api.RouteRule, error) {
	clean := *says
	for _, step := range []func() error{
		func() error { return c.when(&clean.When, &into.When) },
		func() error { return compileTime(&clean.When, &into.When) },
		func() error { return compileThen(&clean.Then, &into.Then) },
		func() error { return compileFailover(&clean.Failover, &into.Failover) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	return &clean, nil
}

func (c compiler) when(w *api.RouteWhen, into *route.When) (err error) {
	read := func(field string, values []string, check func(string) (string, error)) []string {
		if err != nil || !c.check && field != "when.classes" {
			return values
		}
		values, err = each(field, values, check)
		return values
	}
	w.Prefixes = read("when.prefixes", w.Prefixes, prefix)
	w.Countries = read("when.countries", w.Countries, countryCode)
	w.Senders = read("when.senders", w.Senders, func(s string) (string, error) {
		sender, err := number.ParseSender(s, c.country)
		return sender.Value, err
	})
	w.Tags = read("when.tags", w.Tags, func(s string) (string, error) { return checkText("", s, maxTag) })
	w.Classes = read("when.classes", w.Classes, func(s string) (string, error) {
		class, ok := smsir.ParseClass(s)
		if !ok || s == "" {
			return "", smsir.Errorf(smsir.CodeInvalid, "A class is otp, transactional or bulk.")
		}
		into.Classes = append(into.Classes, class)
		return s, nil
	})
	into.Prefixes, into.Countries, into.Senders, into.Tags = w.Prefixes, w.Countries, w.Senders, w.Tags
	return err
}

// each reads the values of a list, and leaves out those that come again.
func each(field string, values []string, read func(string) (string, error)) (clean []string, err error) {
	for i, v := range values {
		v, err := read(v)
		if err != nil {
			var e *smsir.Error
			if errors.As(err, &e) {
				return nil, invalid(fmt.Sprintf("%s[%d]", field, i), "%s", e.Text)
			}
			return nil, err
		}
		if !slices.Contains(clean, v) {
			clean = append(clean, v)
		}
	}
	return clean, nil
}

// prefix reads the begin of a number in E.164, with the spaces and dashes that people write.
func prefix(typed string) (string, error) {
	s := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || strings.ContainsRune("-.()", r) {
			return -1
		}
		return r
	}, typed)
	digits, plus := strings.CutPrefix(s, "+")
	if !plus || digits == "" || digits[0] == '0' || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
		return "", smsir.Errorf(smsir.CodeInvalid, "%q is not the begin of a number. Write a plus sign, the country code and further digits, such as +25571.", clip(typed))
	}
	return s, nil
}

func countryCode(typed string) (string, error) {
	code := strings.ToUpper(strings.TrimSpace(typed))
	if !number.HasNumbers(code) {
		return "", smsir.Errorf(smsir.CodeInvalid, "%q is not a country with phone numbers. Give its two letters (ISO 3166-1), such as US or KE.", clip(typed))
	}
	return code, nil
}

var dayNames = [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} // by time.Weekday

func compileTime(w *api.RouteWhen, into *route.When) (err error) {
	if w.Days, err = each("when.days", w.Days, func(s string) (string, error) {
		i := slices.Index(dayNames[:], s)
		if i < 0 {
			return "", smsir.Errorf(smsir.CodeInvalid, "A day is mon, tue, wed, thu, fri, sat or sun.")
		}
		into.Days = append(into.Days, time.Weekday(i))
		return s, nil
	}); err != nil {
		return err
	}
	if w.From == "" && w.To == "" {
		return nil
	}
	var ok bool
	if into.From, ok = clock(w.From); !ok || into.From == 24*60 {
		return invalid("when.from", "%q is no time of day. Write hours and minutes, 00:00 to 23:59.", clip(w.From))
	}
	if into.To, ok = clock(w.To); !ok {
		return invalid("when.to", "%q is no time of day. Write hours and minutes, 00:00 to 24:00.", clip(w.To))
	}
	if into.From == into.To || into.From == 0 && into.To == 24*60 {
		return invalid("when.to", "From %s to %s is the whole day or no time at all. Leave both out for the whole day.", w.From, w.To)
	}
	if into.To == 0 {
		into.To = 24 * 60
	}
	return nil
}

// clock reads HH:MM as minutes after midnight.
func clock(s string) (minutes int, ok bool) {
	hh, mm, cut := strings.Cut(s, ":")
	if !cut || len(hh) != 2 || len(mm) != 2 {
		return 0, false
	}
	h, err1 := strconv.ParseUint(hh, 10, 8)
	m, err2 := strconv.ParseUint(mm, 10, 8)
	if err1 != nil || err2 != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, false
	}
	return int(h)*60 + int(m), true //nolint:gosec // at most 1,440
}

func compileThen(t *api.RouteThen, into *route.Then) (err error) {
	if t.Refuse {
		if len(t.Groups) > 0 || t.Otherwise != "" {
			return invalid("then", "A rule that refuses messages names no providers. Leave out groups and otherwise, or refuse.")
		}
		if t.Reason, err = checkText("then.reason", t.Reason, maxReason); err != nil {
			return err
		}
		into.Refuse, into.Why = true, t.Reason
		return nil
	}
	if t.Reason != "" {
		return invalid("then.reason", "A reason is for rules that refuse messages. Leave it out, or set refuse.")
	}
	if len(t.Groups) == 0 {
		return invalid("then.groups", "The rule says nothing. Name at least one provider, or refuse the messages.")
	}
	switch t.Otherwise {
	case "":
		t.Otherwise = "wait"
	case "next":
		into.PassOn = true
	case "wait":
	default:
		return invalid("then.otherwise", "While none of its providers is enabled a rule waits (wait) or the next one is asked (next).")
	}
	return compileGroups(t, into)
}

func compileGroups(t *api.RouteThen, into *route.Then) error {
	groups, seen := make([]api.RouteGroup, len(t.Groups)), map[smsir.UUID]bool{}
	for g, group := range t.Groups {
		if len(group.Targets) == 0 {
			return invalid(fmt.Sprintf("then.groups[%d].targets", g), "The group is empty. Name at least one provider, or leave the group out.")
		}
		var targets []route.Target
		for i, target := range group.Targets {
			field := fmt.Sprintf("then.groups[%d].targets[%d].", g, i)
			id, err := smsir.ParseUUID(smsir.PrefixProvider, target.Provider)
			switch {
			case err != nil:
				return invalid(field+"provider", "This is not the identifier of a provider. Take one of GET /v1/providers.")
			case seen[id]:
				return invalid(field+"provider", "The rule names this provider twice. A message goes round its providers by itself; name each once.")
			}
			seen[id] = true
			weight := 1
			if target.Weight != nil {
				weight = *target.Weight
			}
			if weight < 0 || weight > 1000 {
				return invalid(field+"weight", "The weight is %d. Give 0 to 1000.", weight)
			}
			targets = append(targets, route.Target{Provider: id, Weight: weight})
			groups[g].Targets = append(groups[g].Targets, api.RouteTarget{Provider: id.Format(smsir.PrefixProvider), Weight: &weight})
		}
		into.Groups = append(into.Groups, targets)
	}
	t.Groups = groups
	return nil
}

func compileFailover(f *api.RouteFailover, into *route.Failover) error {
	yes := true
	if f.OnError == nil {
		f.OnError = &yes
	}
	if f.OnDown == nil {
		f.OnDown = &yes
	}
	wait := time.Duration(f.OnMissingReceiptSeconds) * time.Second
	const field = "failover.on_missing_receipt_seconds"
	switch {
	case wait != 0 && (wait < minWait || wait > maxWait):
		return invalid(field, "A receipt is waited for %d seconds. Give %d to %d, or 0 for never.", f.OnMissingReceiptSeconds, minWait/time.Second, maxWait/time.Second)
	case wait != 0 && !*f.OnError:
		return invalid(field, "A message whose receipt is missing goes to the next provider; that needs failover on errors too. Set on_error, or wait for receipts for ever.")
	}
	*into = route.Failover{OnError: *f.OnError, OnDown: *f.OnDown, OnMissingReceipt: wait}
	return nil
}

// checkText returns a text without the spaces around it: 1 to limit characters on one line.
func checkText(field, text string, limit int) (string, error) {
	text = strings.TrimSpace(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 || n > limit:
		return "", invalid(field, "This has %d characters. Give 1 to %d.", n, limit)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "", invalid(field, "This has characters that cannot be shown. Remove line breaks and control characters.")
	}
	return text, nil
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
