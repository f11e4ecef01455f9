package httpd

import (
	"unicode/utf8"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/accept"
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
	for i, r := range p.Recipients {
		out.Recipients[i] = api.PreviewRecipient{Raw: r.Raw, E164: r.E164, National: r.National, Country: r.Country}
		if r.Problem != nil {
			out.Recipients[i].Problem = &api.FieldError{Field: "to", Code: r.Problem.Code, Detail: r.Problem.Text}
		}
	}
	return out, nil
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
