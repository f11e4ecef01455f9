package httpd

import (
	"context"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
)

// registerLimits registers what a workspace forbids itself.
func (s *Server) registerLimits(b *builder) {
	const rule = "A send that goes beyond one is refused as a whole (problem `limit_reached`, which names the limit and when it begins anew), however many send at once."
	handle(b, route{Method: "GET", Path: "/v1/limits", ID: "getLimits", Tag: "Limits", Summary: "The limits of the workspace, and what is used up of them"},
		func(c *call, _ *struct{}) (*api.LimitState, error) { return s.limitState(c, c.p.Workspace) })
	handle(b, route{Method: "PUT", Path: "/v1/limits", ID: "putLimits", Tag: "Limits", Summary: "Change the limits of the workspace", Text: rule},
		func(c *call, in *struct{ Body api.WorkspaceLimits }) (*api.LimitState, error) {
			l := store.Limits{
				MessagesPerDay: int64(in.Body.MessagesPerDay), KeyMessagesPerDay: int64(in.Body.KeyMessagesPerDay),
				OTPPerRecipient: int64(in.Body.OTPPerRecipient), Countries: in.Body.Countries,
			}
			var err error
			if l.SpendPerDay, err = amountOf(smsir.LimitSpendPerDay, in.Body.SpendPerDay); err != nil {
				return nil, err
			}
			if l.SpendPerMonth, err = amountOf(smsir.LimitSpendPerMonth, in.Body.SpendPerMonth); err != nil {
				return nil, err
			}
			w, err := s.deps.Accounts.SetLimits(c.ctx(), c.p, l, c.peer())
			if err != nil {
				return nil, err
			}
			return s.limitState(c, w)
		})
}

// amountOf reads an amount of money in millionths; "" is none.
func amountOf(field, text string) (int64, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0, nil
	}
	m := smsir.ParseMoney(text, "any")
	if m.Currency == "" || strings.ContainsAny(text, "+-") {
		return 0, invalid(field, faultFormat, "This is not an amount. Write a decimal number with a point, such as 25 or 0.80.")
	}
	return m.Micros, nil
}

func (s *Server) limitState(c *call, w *store.Workspace) (*api.LimitState, error) {
	l := &w.Limits
	out := &api.LimitState{
		Limits: api.WorkspaceLimits{
			MessagesPerDay: int(l.MessagesPerDay), KeyMessagesPerDay: int(l.KeyMessagesPerDay), OTPPerRecipient: int(l.OTPPerRecipient),
			Countries: append([]string{}, l.Countries...),
		},
		Currency: w.Currency,
	}
	if l.SpendPerDay > 0 {
		out.Limits.SpendPerDay = smsir.FormatMicros(l.SpendPerDay)
	}
	if l.SpendPerMonth > 0 {
		out.Limits.SpendPerMonth = smsir.FormatMicros(l.SpendPerMonth)
	}
	var err error
	out.Use, err = s.limitUse(c.ctx(), w, c.now)
	return out, err
}

// limitUse is what is used up of the limits on a workspace as a whole.
func (s *Server) limitUse(ctx context.Context, w *store.Workspace, now time.Time) ([]api.LimitUse, error) {
	meters := accept.Meters(w, now)
	used, err := s.deps.Store.Used(ctx, w.ID, meters)
	if err != nil {
		return nil, err
	}
	out := make([]api.LimitUse, len(meters))
	for i := range meters {
		out[i] = *api.LimitUseOf(meters[i].Use(used[i]))
	}
	return out, nil
}
