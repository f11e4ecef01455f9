package campaign

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/store"
)

// Check is what a campaign would do if it started now. Nothing is sent.
type Check struct {
	Recipients int64 // each number once
	Repeated   int64 // numbers that came up more than once and are merged
	Blocked    int64 // of the recipients, those who opted out
	NoNumber   int64 // rows that were taken out because they had none: known to who uploaded them
	Looked     int64 // recipients that were looked at one by one; the shares of the rest are those of these
	Segments   map[int]int64
	Parts      int64 // segments of all
	Unicode    int64 // messages of those looked at that need Unicode
	Empty      int64 // of those looked at, messages without a text or too long
	Gaps       int64 // of those looked at, messages with a variable that has no value
	Longest    *Sample
	Gap        *Sample
	First      *Sample
	Routes     []CheckRoute
	Cost       smsir.Money // of all messages whose price is known, in one currency; without one when it is of none
	Priced     int64       // messages in Cost
	Unpriced   int64       // messages whose price nobody knows
	Starts     time.Time
	Ends       time.Time // zero when nobody knows how fast the providers are
	Approval   bool
	Problems   []string
}

// Sample is a message as somebody would get it.
type Sample struct {
	To, Name, Text string
	Segments       int
	Encoding       string
}

// CheckRoute is who would take the messages of one country.
type CheckRoute struct {
	Country  string
	N        int64 // of those looked at
	Provider string
	Why      string
}

const (
	maxLooked = 20_000 // recipients that a dry run looks at one by one
	maxRoutes = 20     // countries that a dry run asks the routes about
)

// Check makes a dry run. Up to 20,000 recipients are rendered one by one; of larger campaigns the rest is told from
// these.
func (s *Service) Check(ctx context.Context, w *store.Workspace, id smsir.UUID) (*Check, error) {
	c, err := s.opt.Store.Campaign(ctx, w.ID, id)
	if err != nil {
		return nil, err
	}
	if c.State == store.CampaignDraft {
		if err := s.checkMessage(ctx, w, &c.Plan); err != nil {
			return nil, err
		}
	}
	look := &looker{s: s, w: w, c: c, texts: ParseTexts(c.Plan.Texts), countries: map[string]*country{}, out: &Check{Segments: map[int]int64{}, Repeated: c.Repeated}}
	if s.opt.Costs != nil {
		if look.cost, err = s.opt.Costs(ctx, w); err != nil {
			return nil, err
		}
	}
	total, err := s.size(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := look.walk(ctx); err != nil {
		return nil, err
	}
	out := look.out
	out.Recipients = total - look.overlap
	if out.Looked > 0 && out.Looked < out.Recipients {
		look.scale(float64(out.Recipients) / float64(out.Looked))
	}
	if out.Routes, err = look.routes(ctx); err != nil {
		return nil, err
	}
	if err := s.checkVariables(ctx, c, &c.Plan); err != nil {
		out.Problems = append(out.Problems, err.Error())
	}
	if err := checkTexts(c.Plan.Texts, true); err != nil {
		out.Problems = append(out.Problems, err.Error())
	}
	if out.Approval, err = s.needsApproval(ctx, w.ID, out.Recipients); err != nil {
		return nil, err
	}
	if out.Starts, _, err = start(&c.Plan, s.now()); err != nil {
		out.Problems = append(out.Problems, err.Error())
		out.Starts = s.now()
	}
	out.Ends, err = look.ends(ctx)
	return out, err
}

// ends says when the last message would go, by the pace that was asked for and by what the providers take. Quiet hours are
// no time to send in: of the countries that were looked at, the one that is done last counts.
func (l *looker) ends(ctx context.Context) (time.Time, error) {
	p, out := &l.c.Plan, l.out
	var takes time.Duration
	known := false
	if rate := Pace(p, out.Recipients); rate > 0 {
		takes, known = time.Duration(float64(out.Recipients-out.Blocked)/rate*float64(time.Minute)), true
	}
	rate, err := l.s.opt.Rate(ctx, l.w.ID)
	if err != nil {
		return time.Time{}, err
	}
	if rate > 0 {
		takes, known = max(takes, time.Duration(float64(out.Parts)/rate*float64(time.Second))), true
	}
	if !known {
		return time.Time{}, nil
	}
	end := out.Starts.Add(takes)
	if p.Quiet != nil {
		for name := range l.countries {
			if t := loudEnd(p.Quiet, zonesOf(name, zone(p)), out.Starts, takes); t.After(end) {
				end = t
			}
		}
	}
	return end.Truncate(time.Second), nil
}

type country struct {
	n     int64
	first string
}

// looker renders recipients one by one.
type looker struct {
	s         *Service
	w         *store.Workspace
	c         *store.Campaign
	texts     Texts
	countries map[string]*country
	cost      Cost
	overlap   int64 // contacts that stand in the list too
	out       *Check
}

func (l *looker) walk(ctx context.Context) error {
	for after := int64(0); l.out.Looked < maxLooked; {
		list, err := l.s.opt.Store.CampaignRecipients(ctx, l.c.ID, after, pageSize)
		if err != nil {
			return err
		}
		if err := l.page(ctx, list); err != nil {
			return err
		}
		if len(list) < pageSize {
			break
		}
		after = list[len(list)-1].Position
	}
	if l.c.State != store.CampaignDraft && l.c.Walk != "" {
		return nil
	}
	for _, q := range queries(&l.c.Plan) {
		if err := l.contacts(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

func (l *looker) contacts(ctx context.Context, q store.ContactQuery) error {
	for after := (smsir.UUID{}); l.out.Looked < maxLooked; {
		contacts, err := l.s.opt.Store.WalkContacts(ctx, l.c.Workspace, q, after, pageSize)
		if err != nil || len(contacts) == 0 {
			return err
		}
		after = contacts[len(contacts)-1].ID
		phones := make([]string, len(contacts))
		for i := range contacts {
			phones[i] = contacts[i].Phone
		}
		known := map[string]bool{}
		if l.c.Recipients > 0 {
			if known, err = l.s.opt.Store.KnownRecipients(ctx, l.c.ID, phones); err != nil {
				return err
			}
		}
		list := make([]store.Recipient, 0, len(contacts))
		for i := range contacts {
			if known[contacts[i].Phone] {
				l.overlap++
				continue
			}
			list = append(list, recipientOf(&contacts[i]))
		}
		if err := l.page(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

func (l *looker) page(ctx context.Context, list []store.Recipient) error {
	if len(list) == 0 {
		return nil
	}
	phones := make([]string, len(list))
	for i := range list {
		phones[i] = list[i].Phone
	}
	blocked, err := l.s.opt.Store.Suppressed(ctx, l.c.Workspace, phones, l.c.Plan.Sender)
	if err != nil {
		return err
	}
	for i := range list {
		l.one(&list[i], blocked[list[i].Phone])
	}
	return nil
}

func (l *looker) one(r *store.Recipient, blocked bool) {
	out := l.out
	out.Looked++
	if blocked {
		out.Blocked++
		return
	}
	k := l.countries[r.Country]
	if k == nil {
		k = &country{first: r.Phone}
		l.countries[r.Country] = k
	}
	k.n++
	text, gap := l.texts.For(r.Language).Render(valuesOf(r))
	a := gsm.Analyze(text, gsm.Options{Smart: l.w.Smart})
	if text == "" || a.Err != nil || a.Segments == 0 {
		out.Empty++
		return
	}
	l.price(r, a.Segments)
	out.Segments[a.Segments]++
	out.Parts += int64(a.Segments)
	if a.Encoding == gsm.UCS2 {
		out.Unicode++
	}
	sample := &Sample{To: r.Phone, Name: r.Values["name"], Text: a.Text, Segments: a.Segments, Encoding: a.Encoding.String()}
	if out.First == nil {
		out.First = sample
	}
	if out.Longest == nil || a.Segments > out.Longest.Segments || a.Segments == out.Longest.Segments && len(a.Text) > len(out.Longest.Text) {
		out.Longest = sample
	}
	if gap {
		if out.Gaps++; out.Gap == nil {
			out.Gap = sample
		}
	}
}

// price adds what a message costs. Amounts in several currencies are not added up: that of the first counts.
func (l *looker) price(r *store.Recipient, segments int) {
	if l.cost == nil {
		return
	}
	cost, ok := l.cost(r.Phone, r.Country, segments)
	sum := &l.out.Cost
	if !ok || sum.Currency != "" && sum.Currency != cost.Currency {
		l.out.Unpriced++
		return
	}
	l.out.Priced++
	sum.Currency, sum.Micros = cost.Currency, sum.Micros+cost.Micros
}

// scale tells the whole from those that were looked at.
func (l *looker) scale(by float64) {
	out := l.out
	whole := func(n int64) int64 { return int64(float64(n)*by + 0.5) }
	out.Blocked, out.Parts = whole(out.Blocked), whole(out.Parts)
	out.Cost.Micros, out.Priced, out.Unpriced = whole(out.Cost.Micros), whole(out.Priced), whole(out.Unpriced)
	for n, count := range out.Segments {
		out.Segments[n] = whole(count)
	}
}

// routes asks about one number of each country, the largest first.
func (l *looker) routes(ctx context.Context) ([]CheckRoute, error) {
	if l.s.opt.Route == nil {
		return nil, nil
	}
	names := slices.SortedFunc(maps.Keys(l.countries), func(a, b string) int { return int(l.countries[b].n - l.countries[a].n) })
	var out []CheckRoute
	for _, name := range names[:min(len(names), maxRoutes)] {
		k := l.countries[name]
		provider, why, err := l.s.opt.Route(ctx, l.w, k.first, l.c.Plan.Sender)
		if err != nil {
			return nil, err
		}
		out = append(out, CheckRoute{Country: name, N: k.n, Provider: provider, Why: why})
	}
	return out, nil
}

// Rendered is a template as contacts would get it.
type Rendered struct {
	First    *Sample // nil where there is none; likewise those below
	Longest  *Sample
	Gap      *Sample
	Segments map[int]int64
	Gaps     int64
	Looked   int64
	Unknown  []string // variables that no contact field has
}

// Preview renders texts for the contacts of a group, or for all of a workspace: at most 2,000 of them.
func (s *Service) Preview(ctx context.Context, w *store.Workspace, texts map[string]string, group smsir.UUID) (*Rendered, error) {
	if err := checkTexts(texts, false); err != nil {
		return nil, err
	}
	l := &looker{s: s, w: w, c: &store.Campaign{Workspace: w.ID}, texts: ParseTexts(texts), countries: map[string]*country{}, out: &Check{Segments: map[int]int64{}}}
	for after := (smsir.UUID{}); l.out.Looked < 2000; {
		contacts, err := s.opt.Store.WalkContacts(ctx, w.ID, store.ContactQuery{Group: group}, after, pageSize)
		if err != nil {
			return nil, err
		}
		if len(contacts) == 0 {
			break
		}
		for i := range contacts {
			r := recipientOf(&contacts[i])
			l.one(&r, false)
		}
		after = contacts[len(contacts)-1].ID
	}
	if l.out.Looked == 0 {
		l.one(&store.Recipient{}, false)
		l.out.Looked = 0
	}
	out := &Rendered{First: l.out.First, Longest: l.out.Longest, Gap: l.out.Gap, Segments: l.out.Segments, Gaps: l.out.Gaps, Looked: l.out.Looked}
	fields, err := s.opt.Store.ContactFields(ctx, w.ID)
	if err != nil {
		return nil, err
	}
	for _, key := range l.texts.Variables() {
		if key != "name" && key != "phone" && !slices.ContainsFunc(fields, func(f store.ContactField) bool { return f.Key == key }) {
			out.Unknown = append(out.Unknown, key)
		}
	}
	return out, nil
}
