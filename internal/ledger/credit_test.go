package ledger_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/ledger"
	"github.com/smsir/smsir/internal/store"
)

// faulty checks that something was refused for one field, and stored nothing.
func (e *env) faulty(err error, code smsir.Code, field string) {
	e.Helper()
	var fault *smsir.Error
	if !errors.As(err, &fault) || fault.Code != code || fault.Field != field || fault.Text == "" {
		e.Errorf("got %v, want %s of %s", err, code, field)
	}
}

func TestCreditByHand(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	by := ledger.By{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}, IP: "192.0.2.1"}
	add := func(kind smsir.Charge, amount, note, key string) (*store.CreditEntry, error) {
		return e.AddCredit(ctx, e.ws(), ledger.CreditDraft{Kind: kind, Amount: amount, Note: note, Key: key}, by)
	}
	_, err := add(smsir.Grant, "5", "x", "")
	e.faulty(err, smsir.CodeConflict, "amount") // in which currency?
	e.faulty(e.SetCredit(ctx, e.ws(), true, "", by), smsir.CodeConflict, "on")
	if err := e.SetPrices(ctx, e.ws(), "KES", []ledger.Draft{{Destination: "KE", Price: "0.80"}}, by); err != nil {
		t.Fatal(err)
	}
	for _, low := range []string{"-1", "a lot", "1.1234567"} {
		e.faulty(e.SetCredit(ctx, e.ws(), true, low, by), smsir.CodeInvalid, "low")
	}
	if err := e.SetCredit(ctx, e.ws(), true, " 12,50 ", by); err != nil {
		t.Fatal(err)
	}
	if w := e.ws(); !w.CreditOn || w.CreditLow != 12_500_000 {
		t.Errorf("workspace %+v", w)
	}
	for _, amount := range []string{"", "0", "-5", "1e3", "100000000.1", "5 KES", "--5"} {
		_, err := add(smsir.Grant, amount, "x", "")
		e.faulty(err, smsir.CodeInvalid, "amount")
	}
	for _, note := range []string{"", "  ", strings.Repeat("x", ledger.MaxNote+1)} {
		_, err := add(smsir.Grant, "5", note, "")
		e.faulty(err, smsir.CodeInvalid, "note")
	}
	first, err := add(smsir.Grant, "500.25", " invoice 17 ", "k")
	if err != nil || first.Amount != 500_250_000 || first.Note != "invoice 17" || first.Actor != by.Actor {
		t.Fatalf("grant %+v, %v", first, err)
	}
	if again, err := add(smsir.Grant, "500.25", "invoice 17", "k"); err != nil || again.ID != first.ID {
		t.Errorf("the same key again: %+v, %v; want %v", again, err, first.ID)
	}
	_, err = add(smsir.Grant, "500.26", "invoice 17", "k")
	e.faulty(err, smsir.CodeIdempotencyReuse, "Idempotency-Key")
	if _, err := add(smsir.Correction, "-0.25", "typing error", ""); err != nil {
		t.Fatal(err)
	}
	_, err = add(smsir.Correction, "-500.000001", "all of it", "")
	e.faulty(err, smsir.CodeConflict, "amount")
	if c, err := e.Credit(ctx, e.id); err != nil || c != (store.Credit{Balance: 500_000_000}) {
		t.Errorf("credit %+v, %v", c, err)
	}
	log, err := e.st.Audit(ctx, e.id, store.AuditFilter{Action: "credit", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range log {
		got = append(got, a.Action+" "+a.Detail)
	}
	want := "credit.corrected -0.25 KES: typing error; credit.granted 500.25 KES: invoice 17; credit.set on, low below 12.5 KES"
	if s := strings.Join(got, "; "); s != want {
		t.Errorf("audit log %q, want %q", s, want)
	}
}
