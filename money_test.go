package smsir_test

import (
	"testing"

	"github.com/smsir/smsir"
)

func TestParseMoney(t *testing.T) {
	t.Parallel()
	for amount, micros := range map[string]int64{
		"0.0051": 5100, "0": 0, "12": 12_000_000, "-0.00750": 7500, "+1.5": 1_500_000, ".5": 500_000, "3.": 3_000_000,
		"0.0000001": 1, "0.0000010": 1, "0.00000100": 1, "1.9999999": 2_000_000, "9223372036854.775807": 9223372036854775807,
	} {
		if got, want := smsir.ParseMoney(amount, "EUR"), (smsir.Money{Micros: micros, Currency: "EUR"}); got != want {
			t.Errorf("%q: got %+v, want %+v", amount, got, want)
		}
	}
	for _, amount := range []string{"", ".", "-", "x", "1,5", "1e3", "1.2.3", "--1", "0x10", " 1", "9223372036854.775808", "1_0"} {
		if got := smsir.ParseMoney(amount, "EUR"); got != (smsir.Money{}) {
			t.Errorf("%q: got %+v, want no amount", amount, got)
		}
	}
	if got := smsir.ParseMoney("1", ""); got != (smsir.Money{}) {
		t.Errorf("no currency: got %+v, want no amount", got)
	}
}
