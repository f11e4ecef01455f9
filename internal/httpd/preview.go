package httpd

import (
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

func (s *Server) preview(c *call, in *struct{ Body api.PreviewRequest }) (*api.Preview, error) {
	b := &in.Body
	p := s.deps.Accept.Preview(c.p.Workspace, accept.PreviewRequest{To: b.To, Text: b.Text, From: b.From, Smart: b.Smart})
	out := &api.Preview{
		Text: p.Text, Encoding: p.Encoding, Segments: p.Segments, Units: p.Units, PerSegment: p.PerSegment, UnitsLeft: p.UnitsLeft,
		Replaced: replacementsOf(p.Replaced), Costly: costlyOf(p.Text, p.Costly), Duplicates: p.Duplicates,
		Recipients: make([]api.PreviewRecipient, len(p.Recipients)), Problems: rowFaults(p.Problems, nil),
	}
	if p.Language != gsm.DefaultLanguage.String() {
		out.Language = p.Language
	}
	if b.Text == "" {
		out.Segments = 0
	}
	home, at := zoneOf(c.p.Workspace), c.now
	if b.SendAt != nil {
		at = *b.SendAt
	}
	for i, r := range p.Recipients {
		out.Recipients[i] = api.PreviewRecipient{Raw: r.Raw, E164: r.E164, National: r.National, Country: r.Country}
		if r.E164 != "" {
			out.Recipients[i].TimeZone = campaign.ZoneOf(r.Country, home).String()
			out.Recipients[i].QuietUntil = api.Time(campaign.QuietUntil(c.p.Workspace.Quiet, r.Country, home, at))
		}
		if r.Problem != nil {
			out.Recipients[i].Problem = &api.FieldError{Field: "to", Code: r.Problem.Code, Detail: r.Problem.Text}
		}
	}
	if err := s.audienceOf(c, b, out); err != nil {
		return nil, err
	}
	if b.Text == "" || len(b.To) == 0 {
		return out, nil
	}
	costs, err := s.deps.Ledger.Costs(c.ctx(), c.p.Workspace)
	if err != nil {
		return nil, err
	}
	out.Estimate = estimate(out, costs)
	return out, nil
}

// audienceOf says who the recipients are, and which of them must not be written to.
func (s *Server) audienceOf(c *call, b *api.PreviewRequest, out *api.Preview) error {
	var numbers []string
	for _, r := range out.Recipients {
		if r.E164 != "" {
			numbers = append(numbers, r.E164)
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	sender := b.From
	if from, err := number.ParseSender(b.From, c.p.Workspace.Country); err == nil {
		sender = from.Value
	}
	forbidden, err := s.deps.Store.Suppressed(c.ctx(), c.p.Workspace.ID, numbers, sender)
	if err != nil {
		return err
	}
	var people map[string]store.Contact
	if c.p.Can(account.ContactsRead) {
		if people, err = s.deps.Store.ContactsByPhone(c.ctx(), c.p.Workspace.ID, numbers); err != nil {
			return err
		}
	}
	for i := range out.Recipients {
		r := &out.Recipients[i]
		who := people[r.E164]
		r.OptedOut, r.Name, r.Fields = forbidden[r.E164], who.Name, who.Fields
	}
	return nil
}

// estimate is what a send would cost. It is nil when that is known of no recipient. Amounts in several currencies are not
// added up: the first recipient's counts.
func estimate(p *api.Preview, costs *ledger.Costs) *api.Estimate {
	var e api.Estimate
	var sum smsir.Money
	seen := map[string]bool{}
	for _, r := range p.Recipients {
		if r.E164 == "" || r.OptedOut || seen[r.E164] {
			continue
		}
		seen[r.E164] = true
		cost, ok := costs.Of(r.E164, r.Country, p.Segments)
		if !ok || sum.Currency != "" && sum.Currency != cost.Currency {
			e.Unknown++
			continue
		}
		e.Recipients++
		sum.Currency = cost.Currency
		sum.Micros += cost.Micros
	}
	if e.Recipients == 0 {
		return nil
	}
	money := api.MoneyOf(sum)
	e.Amount, e.Currency = money.Amount, money.Currency
	return &e
}

// replacementsOf counts the replacements by character, in the order in which they come first.
func replacementsOf(all []gsm.Replacement) []api.Replacement {
	out := []api.Replacement{}
	at := map[string]int{}
	for _, r := range all {
		i, ok := at[r.From]
		if !ok {
			i = len(out)
			at[r.From] = i
			out = append(out, api.Replacement{From: r.From, To: r.To})
		}
		out[i].Count++
	}
	return out
}

// costlyOf names the characters that make text expensive; their place is counted in characters, not
// in octets, because that is what a text field on a screen can mark.
func costlyOf(text string, all []gsm.Culprit) []api.CostlyCharacter {
	out := make([]api.CostlyCharacter, len(all))
	for i, c := range all {
		out[i] = api.CostlyCharacter{
			Character: string(c.Rune), Index: utf8.RuneCountInString(text[:min(c.Offset, len(text))]),
			Count: c.Count, Reason: c.Reason.String(),
		}
	}
	return out
}
