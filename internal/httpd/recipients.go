package httpd

import (
	"io"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/campaign"
	"github.com/smsir/smsir/internal/sheet"
)

// readRecipients reads a table for the compose form.
func (s *Server) readRecipients(c *call, _ *struct{}, file io.Reader) (*api.RecipientTable, error) {
	t, err := campaign.ReadTable(file, c.r.Header.Get("Content-Type"), c.p.Workspace.Country)
	if err != nil {
		return nil, err
	}
	out := &api.RecipientTable{
		Rows: t.Rows, Recipients: make([]api.TableRecipient, len(t.Recipients)), Repeated: t.Repeated,
		Problems: rowProblemsOf(t.Problems), Columns: listOf(t.Columns), Over: t.Over,
	}
	for i, r := range t.Recipients {
		out.Recipients[i] = api.TableRecipient{To: r.Phone, Values: r.Values}
	}
	return out, nil
}

func rowProblemsOf(list []campaign.RowProblem) []api.CampaignRowProblem {
	out := make([]api.CampaignRowProblem, len(list))
	for i, p := range list {
		out[i] = api.CampaignRowProblem{Row: p.Row, Text: sheet.Safe(p.Text), Code: p.Code, Params: p.Params, Why: p.Why}
	}
	return out
}
