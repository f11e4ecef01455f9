package accept

import (
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// PreviewRequest asks what a message would look like. Nothing is stored.
type PreviewRequest struct {
	To    []string
	Text  string
	From  string
	Smart *bool
}

// Preview tells how a text travels, and who its recipients are.
type Preview struct {
	Encoding   string // "gsm7" or "ucs2"
	Language   string
	Units      int
	Segments   int
	PerSegment int
	UnitsLeft  int
	Text       string // after smart encoding
	Replaced   []gsm.Replacement
	Costly     []gsm.Culprit
	Recipients []PreviewRecipient
	Duplicates int
	Problems   []Problem // of text and sender
}

// PreviewRecipient is one recipient as it would be dialled.
type PreviewRecipient struct {
	Raw      string
	E164     string
	Country  string
	National string
	Problem  *Problem
}

// Preview counts, normalises and names problems. The door bounds the recipients of a request.
func (s *Service) Preview(w *store.Workspace, r PreviewRequest) Preview {
	a := gsm.Analyze(r.Text, gsm.Options{Smart: Smart(r.Smart, w.Smart)})
	p := Preview{
		Encoding: a.Encoding.String(), Language: a.Language.String(), Units: a.Units, Segments: a.Segments, PerSegment: a.PerSegment,
		UnitsLeft: a.UnitsLeft, Text: a.Text, Replaced: a.Replaced, Costly: a.Costly,
	}
	seen := map[string]bool{}
	for i, to := range r.To {
		rec := PreviewRecipient{Raw: to}
		n, err := number.Parse(to, w.Country)
		if err != nil {
			c := checker{index: i}
			c.addNumber("to", err)
			rec.Problem = &c.problems[0]
		} else {
			rec.E164, rec.Country, rec.National = n.E164, n.Country, n.National()
			if seen[n.E164] {
				p.Duplicates++
			}
			seen[n.E164] = true
		}
		p.Recipients = append(p.Recipients, rec)
	}
	var m smsir.Message
	c := checker{}
	c.sender(&m, r.From, w.Country)
	if r.Text != "" { // an empty text is only unfinished
		c.text(&m, r.Text, Smart(r.Smart, w.Smart))
	}
	p.Problems = c.problems
	return p
}
