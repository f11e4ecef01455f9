package inbound_test

import (
	"testing"

	"github.com/smsir/smsir/internal/inbound"
	"github.com/smsir/smsir/internal/store"
)

func TestConsent(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]store.Consent{
		"STOP": store.OptOut, "stop": store.OptOut, " Stop! ": store.OptOut, "“STOP”": store.OptOut, "STOP 🙏": store.OptOut,
		"Stop. Thank you": store.OptOut, "opt out": store.OptOut, "OPT-OUT": store.OptOut, "ＳＴＯＰ": store.OptOut, "Arrêt": store.OptOut,
		"ACHA": store.OptOut, "unsubscribe": store.OptOut, "stop\nplease": store.OptOut,
		"START": store.OptIn, "unstop": store.OptIn, "Anza": store.OptIn,
		"please stop by tomorrow": store.ConsentUnchanged, "stop by tomorrow": store.ConsentUnchanged,
		"": store.ConsentUnchanged, "yes": store.ConsentUnchanged, "the bus stop": store.ConsentUnchanged, "...": store.ConsentUnchanged,
		"cancel my appointment on Friday": store.ConsentUnchanged, "end of the month": store.ConsentUnchanged,
	} {
		if got := inbound.Consent(text); got != want {
			t.Errorf("Consent(%q) = %d, want %d", text, got, want)
		}
	}
}
