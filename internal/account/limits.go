package account

import (
	"context"
	"slices"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// maxAmount bounds a limit on money, in millionths: a thousand million.
const maxAmount = 1_000_000_000 * 1_000_000

// maxMessages bounds a limit on messages.
const maxMessages = 1_000_000_000

// SetLimits changes what the workspace of p forbids itself; it counts from the next message on. Permission:
// workspace:write. Errors: invalid (Field "messages_per_day", "messages_per_key_per_day", "otp_per_recipient",
// "spend_per_day", "spend_per_month" or "countries").
func (s *Service) SetLimits(ctx context.Context, p *Principal, l store.Limits, peer Peer) (*store.Workspace, error) {
	if err := p.Require(WorkspaceWrite); err != nil {
		return nil, err
	}
	w, err := s.store.Workspace(ctx, p.Workspace.ID)
	if err != nil {
		return nil, err
	}
	for _, n := range []struct {
		field string
		value int64
		most  int64
	}{
		{smsir.LimitMessagesPerDay, l.MessagesPerDay, maxMessages},
		{smsir.LimitKeyMessagesPerDay, l.KeyMessagesPerDay, maxMessages},
		{smsir.LimitOTPPerRecipient, l.OTPPerRecipient, 1000},
		{smsir.LimitSpendPerDay, l.SpendPerDay, maxAmount},
		{smsir.LimitSpendPerMonth, l.SpendPerMonth, maxAmount},
	} {
		if n.value < 0 || n.value > n.most {
			return nil, fault(smsir.CodeInvalid, n.field, "This limit is out of range. Give 0 for no limit.")
		}
	}
	for field, amount := range map[string]int64{smsir.LimitSpendPerDay: l.SpendPerDay, smsir.LimitSpendPerMonth: l.SpendPerMonth} {
		if amount > 0 && w.Currency == "" {
			return nil, fault(smsir.CodeInvalid, field, "A limit on money needs prices. Add a price list first, under Settings, Prices.")
		}
	}
	for i, c := range l.Countries {
		if l.Countries[i], err = checkCountry("countries", c); err != nil {
			return nil, err
		}
	}
	slices.Sort(l.Countries)
	l.Countries = slices.Compact(l.Countries)
	var set []string
	for name, on := range map[string]bool{
		smsir.LimitMessagesPerDay: l.MessagesPerDay > 0, smsir.LimitKeyMessagesPerDay: l.KeyMessagesPerDay > 0, smsir.LimitOTPPerRecipient: l.OTPPerRecipient > 0,
		smsir.LimitSpendPerDay: l.SpendPerDay > 0, smsir.LimitSpendPerMonth: l.SpendPerMonth > 0, "countries": len(l.Countries) > 0,
	} {
		if on {
			set = append(set, name)
		}
	}
	slices.Sort(set)
	w.Limits = l
	defer s.cache.forget()
	return w, s.store.SetLimits(ctx, w.ID, l, s.audit(p, peer, "limits.updated", w.ID.Format(smsir.PrefixWorkspace), strings.Join(set, " ")))
}
