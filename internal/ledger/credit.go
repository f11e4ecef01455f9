package ledger

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of what people enter about credit.
const (
	MaxNote      = 200                   // characters
	maxAmount    = 100_000_000 * 1000000 // millionths of one grant or correction
	maxCreditKey = 255
)

// CreditDraft is a grant or a correction as people enter it.
type CreditDraft struct {
	Kind   smsir.Charge // Grant or Correction
	Amount string       // a decimal number; that of a correction may have a minus sign
	Note   string       // why: an invoice, a complaint
	Key    string       // makes a retry safe; "" for none
}

// SetCredit turns credit on or off, and sets the balance below which people are told: a decimal number, "" for never. Errors:
// conflict (Field "on") where there is no price list to count by; invalid (Field "low").
func (s *Service) SetCredit(ctx context.Context, w *store.Workspace, on bool, low string, by By) error {
	if on && w.PricesVersion == 0 {
		return &smsir.Error{Code: smsir.CodeConflict, Field: "on", Text: "There is no price list yet, so no message could be charged. Make one under Prices first."}
	}
	below, ok := readAmount(low)
	if low = strings.TrimSpace(low); low == "" {
		below, ok = 0, true
	}
	if !ok || below < 0 {
		return &smsir.Error{Code: smsir.CodeInvalid, Field: "low", Text: "Give the balance as a decimal number, such as 50 or 12.50, or leave it empty."}
	}
	detail := map[bool]string{true: "on", false: "off"}[on]
	if below > 0 {
		detail += ", low below " + smsir.FormatMicros(below) + " " + w.Currency
	}
	defer s.opt.Changed()
	return s.opt.Store.SetCredit(ctx, w.ID, on, below, store.AuditEntry{
		At: s.now(), Workspace: w.ID, Actor: by.Actor, IP: by.IP, Action: "credit.set", Target: w.ID.Format(smsir.PrefixWorkspace), Detail: detail,
		Changes: creditChanges(w, on, below),
	})
}

func creditChanges(w *store.Workspace, on bool, low int64) (all []store.Change) {
	word := map[bool]string{true: "on", false: "off"}
	if on != w.CreditOn {
		all = append(all, store.Change{Field: "on", Before: word[w.CreditOn], After: word[on]})
	}
	if low != w.CreditLow {
		all = append(all, store.Change{Field: "low", Before: smsir.FormatMicros(w.CreditLow), After: smsir.FormatMicros(low)})
	}
	return all
}

// Credit is how a workspace stands.
func (s *Service) Credit(ctx context.Context, workspace smsir.UUID) (store.Credit, error) {
	return s.opt.Store.Credit(ctx, workspace)
}

// AddCredit grants credit or corrects it, and returns the entry. With a key that was used for the same before, nothing is added
// and that entry is returned. Errors: invalid with Field "amount" or "note"; conflict (Field "amount"); idempotency_key_reused.
func (s *Service) AddCredit(ctx context.Context, w *store.Workspace, d CreditDraft, by By) (*store.CreditEntry, error) {
	fault := func(field, text string) error {
		return &smsir.Error{Code: smsir.CodeInvalid, Field: field, Text: text}
	}
	micros, ok := readAmount(d.Amount)
	d.Note = strings.TrimSpace(d.Note)
	switch {
	case w.Currency == "":
		return nil, &smsir.Error{Code: smsir.CodeConflict, Field: "amount", Text: "There is no price list yet, so it is not known what currency this is. Make one under Prices first."}
	case !ok || micros == 0:
		return nil, fault("amount", "Give the amount as a decimal number with at most six places, such as 500 or 12.50.")
	case micros < 0 && d.Kind == smsir.Grant:
		return nil, fault("amount", "A grant adds credit. Take some away by a correction.")
	case micros > maxAmount || micros < -maxAmount:
		return nil, fault("amount", "One entry is at most a hundred million. Check the amount.")
	case d.Note == "":
		return nil, fault("note", "Say why, so that it can be understood later: an invoice, an agreement, a complaint.")
	case utf8.RuneCountInString(d.Note) > MaxNote:
		return nil, fault("note", "The note has more than 200 characters. Shorten it.")
	case len(d.Key) > maxCreditKey:
		return nil, fault("Idempotency-Key", "The key has more than 255 characters. Use a shorter one.")
	}
	now := s.now()
	e, err := s.opt.Store.AddCredit(ctx, store.CreditEntry{
		ID: s.opt.Store.NewID(now), Workspace: w.ID, Kind: d.Kind, Amount: micros, At: now, Actor: by.Actor, Note: d.Note, Key: d.Key,
	}, store.AuditEntry{
		At: now, Workspace: w.ID, Actor: by.Actor, IP: by.IP, Action: "credit." + map[bool]string{true: "granted", false: "corrected"}[d.Kind == smsir.Grant],
		Target: w.ID.Format(smsir.PrefixWorkspace), Detail: smsir.FormatMicros(micros) + " " + w.Currency + ": " + d.Note,
	})
	if err == nil && (e.Kind != d.Kind || e.Amount != micros || e.Note != d.Note) {
		return nil, &smsir.Error{
			Code: smsir.CodeIdempotencyReuse, Field: "Idempotency-Key",
			Text: "This Idempotency-Key was used with another grant or correction. Use a new key for a new one, and the same body for a retry.",
		}
	}
	return e, err
}

// CreditEntries lists entries, newest first.
func (s *Service) CreditEntries(ctx context.Context, workspace smsir.UUID, f store.CreditFilter) ([]store.CreditEntry, error) {
	return s.opt.Store.CreditEntries(ctx, workspace, f)
}

// readAmount reads a decimal number with or without a minus sign, in millionths.
func readAmount(text string) (micros int64, ok bool) {
	text, minus := strings.CutPrefix(strings.TrimSpace(text), "-")
	text = strings.Replace(text, ",", ".", 1)
	if !amountForm.MatchString(text) {
		return 0, false
	}
	micros = smsir.ParseMoney(text, "any").Micros
	if minus {
		micros = -micros
	}
	return micros, true
}
