package httpd

import (
	"context"
	"io"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/sheet"
	"github.com/smsir/smsir/internal/store"
)

// Credits is what the door needs of package ledger for the credit of workspaces.
type Credits interface {
	SetCredit(ctx context.Context, w *store.Workspace, on bool, low string, by ledger.By) error
	Credit(ctx context.Context, workspace smsir.UUID) (store.Credit, error)
	AddCredit(ctx context.Context, w *store.Workspace, d ledger.CreditDraft, by ledger.By) (*store.CreditEntry, error)
	CreditEntries(ctx context.Context, workspace smsir.UUID, f store.CreditFilter) ([]store.CreditEntry, error)
}

// registerCredit registers the credit of workspaces and its ledger.
func (s *Server) registerCredit(b *builder) {
	const rule = "With credit on, a message takes its price (segments by the price list) from the balance in the transaction that accepts it. What there is no credit for is " +
		"refused (problem `no_credit`); in batches and campaigns those rows are recorded as `blocked`. It is charged once, when a provider takes it, however many attempts " +
		"that needs, and given back if it ends here unsent."
	handle(b, route{Method: "GET", Path: "/v1/credit", ID: "getCredit", Tag: "Limits", Summary: "The credit of the workspace", Text: rule},
		func(c *call, _ *struct{}) (*api.Credit, error) { return s.creditOf(c, c.p.Workspace) })
	handle(b, route{
		Method: "PUT", Path: "/v1/credit", ID: "putCredit", Tag: "Limits", Errors: []int{409}, Summary: "Turn credit on or off",
		Text: "Needs a recent password (problem `reauth_required`). Messages that were accepted with a charge are settled or released all the same.",
	}, func(c *call, in *struct{ Body api.CreditSettings }) (*api.Credit, error) {
		if err := c.p.RequireReauth(); err != nil {
			return nil, err
		}
		if err := s.deps.Ledger.SetCredit(c.ctx(), c.p.Workspace, in.Body.On, in.Body.Low, c.byLedger()); err != nil {
			return nil, err
		}
		w, err := s.deps.Store.Workspace(c.ctx(), c.p.Workspace.ID)
		if err != nil {
			return nil, err
		}
		return s.creditOf(c, w)
	})
	handle(b, route{Method: "GET", Path: "/v1/credit/entries", ID: "listCreditEntries", Tag: "Limits", Summary: "Read the credit ledger, newest first"}, s.listCredit)
	handle(b, route{
		Method: "POST", Path: "/v1/credit/entries", ID: "addCredit", Tag: "Limits", Status: 201, Errors: []int{409}, Summary: "Grant or correct credit",
		Text: "Needs a recent password (problem `reauth_required`). With an `Idempotency-Key` a retry adds nothing, and gets the entry of before, however long ago that was.",
	}, func(c *call, in *struct {
		Key  string `header:"Idempotency-Key" maxLength:"255" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
		Body api.CreditChange
	},
	) (*api.CreditEntry, error) {
		if err := c.p.RequireReauth(); err != nil {
			return nil, err
		}
		kind, _ := smsir.ParseCharge(in.Body.Kind)
		e, err := s.deps.Ledger.AddCredit(c.ctx(), c.p.Workspace, ledger.CreditDraft{Kind: kind, Amount: in.Body.Amount, Note: in.Body.Note, Key: in.Key}, c.byLedger())
		if err != nil {
			return nil, err
		}
		out, err := s.creditEntries(c, []store.CreditEntry{*e})
		if err != nil {
			return nil, err
		}
		return &out[0], nil
	})
	handleDownload(b, route{
		Method: "GET", Path: "/v1/credit/entries/export", ID: "exportCreditEntries", Tag: "Limits", Gives: csvType, Errors: []int{403}, Summary: "Download the credit ledger as CSV",
		Text: "Exactly what GET /v1/credit/entries lists with these filters. Needs a recent password (problem `reauth_required`), and is noted in the audit log.",
	}, "credit.csv", s.exportCredit)
}

// creditOf is the credit of the caller's workspace.
func (s *Server) creditOf(c *call, w *store.Workspace) (*api.Credit, error) {
	now, err := s.deps.Ledger.Credit(c.ctx(), w.ID)
	if err != nil {
		return nil, err
	}
	out := &api.Credit{
		On: w.CreditOn, Balance: smsir.FormatMicros(now.Balance), Held: smsir.FormatMicros(now.Held), Currency: w.Currency,
		IsLow: w.CreditOn && now.Balance < w.CreditLow,
	}
	if w.CreditLow > 0 {
		out.Low = smsir.FormatMicros(w.CreditLow)
	}
	return out, nil
}

// creditShown is the credit for the first view: nil where it is off, or is nothing to the caller.
func (s *Server) creditShown(c *call) (*api.Credit, error) {
	if !c.p.Workspace.CreditOn || !c.p.Can(account.CreditRead) {
		return nil, nil //nolint:nilnil // nothing to show
	}
	return s.creditOf(c, c.p.Workspace)
}

// creditQuery are the filters of the credit ledger.
type creditQuery struct {
	Kind    string    `query:"kind" enum:"reserve,settle,release,refund,grant,correction,by_hand" doc:"Only entries of this kind; by_hand: grants and corrections."`
	Message string    `query:"message" maxLength:"64" doc:"Only those of this message."`
	Since   time.Time `query:"since" doc:"At this moment or after."`
	Until   time.Time `query:"until" doc:"Before this moment."`
}

func (in *creditQuery) filter() (f store.CreditFilter, err error) {
	f = store.CreditFilter{From: in.Since, Until: in.Until}
	switch kind, ok := smsir.ParseCharge(in.Kind); {
	case in.Kind == "by_hand":
		f.Kinds = []smsir.Charge{smsir.Grant, smsir.Correction}
	case ok:
		f.Kinds = []smsir.Charge{kind}
	}
	if in.Message != "" {
		if f.Message, err = smsir.ParseID(smsir.PrefixMessage, in.Message); err != nil {
			return f, invalid("query.message", faultFormat, "This must be the identifier of a message, such as msg_0g5t3v2k9qw1a.")
		}
	}
	if !in.Since.IsZero() && !in.Until.IsZero() && !in.Since.Before(in.Until) {
		return f, invalid("query.until", faultRange, "This must be after since.")
	}
	return f, nil
}

func (s *Server) listCredit(c *call, in *struct {
	creditQuery
	Cursor string `query:"cursor" maxLength:"64" doc:"The next of the page before; send it with the same filters."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"Entries on a page."`
},
) (*api.CreditEntryList, error) {
	f, err := in.filter()
	if err != nil {
		return nil, err
	}
	query := c.query("cursor", "limit")
	if f.Before, err = s.cursors.read(c.p.Workspace.ID, query, in.Cursor); err != nil {
		return nil, err
	}
	f.Limit = in.Limit + 1
	list, err := s.deps.Ledger.CreditEntries(c.ctx(), c.p.Workspace.ID, f)
	if err != nil {
		return nil, err
	}
	out := &api.CreditEntryList{}
	if len(list) > in.Limit {
		list = list[:in.Limit]
		out.Next = s.cursors.make(c.p.Workspace.ID, query, list[in.Limit-1].ID)
	}
	out.Items, err = s.creditEntries(c, list)
	return out, err
}

func (s *Server) creditEntries(c *call, list []store.CreditEntry) ([]api.CreditEntry, error) {
	actors := make([]smsir.Actor, len(list))
	for i := range list {
		actors[i] = list[i].Actor
	}
	names, err := s.names.of(c.ctx(), c.p.Workspace.ID, nil, actors...)
	if err != nil {
		return nil, err
	}
	out := make([]api.CreditEntry, len(list))
	for i, e := range list {
		out[i] = api.CreditEntry{
			ID: e.ID.Format(smsir.PrefixCredit), At: e.At.UTC(), Kind: e.Kind.String(), Amount: smsir.FormatMicros(e.Amount), Held: smsir.FormatMicros(e.Held),
			Message: e.Message.Format(smsir.PrefixMessage), Note: e.Note,
		}
		if e.Message == 0 {
			actor := api.ActorOf(e.Actor, names)
			out[i].Actor = &actor
		}
	}
	return out, nil
}

// exportCredit writes what the list shows, a page at a time.
func (s *Server) exportCredit(c *call, in *creditQuery, file io.Writer) error {
	f, err := in.filter()
	if err != nil {
		return err
	}
	if err := c.p.RequireReauth(); err != nil {
		return err
	}
	if err := s.noteExport(c, "credit.exported"); err != nil {
		return err
	}
	w, err := sheet.NewWriter(file)
	if err != nil {
		return err
	}
	if err := w.Row("at", "kind", "amount", "held", "currency", "message_id", "actor", "note"); err != nil {
		return err
	}
	for f.Limit = 500; ; {
		list, err := s.deps.Ledger.CreditEntries(c.ctx(), c.p.Workspace.ID, f)
		if err != nil {
			return err
		}
		page, err := s.creditEntries(c, list)
		if err != nil {
			return err
		}
		for i := range page {
			e, actor := &page[i], ""
			if e.Actor != nil {
				actor = e.Actor.Name
			}
			if err := w.Row(e.At.Format(time.RFC3339Nano), e.Kind, e.Amount, e.Held, c.p.Workspace.Currency, e.Message, actor, e.Note); err != nil {
				return err
			}
		}
		if len(list) < f.Limit {
			return w.Flush()
		}
		f.Before = list[len(list)-1].ID
	}
}
