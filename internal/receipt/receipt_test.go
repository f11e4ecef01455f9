package receipt_test

import (
	"context"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/receipt"
	"github.com/smsir/smsir/internal/store"
)

// kept is a store that remembers the last receipt.
type kept struct {
	store.Evidence
	smsir.Receipt
}

func (k *kept) StoreReceipt(_ context.Context, r smsir.Receipt) (store.ReceiptResult, error) {
	k.Receipt = r
	return store.ReceiptApplied, nil
}

// TestNetwork: a network is stored in one form, however an adapter tells it, and what is none is not stored.
func TestNetwork(t *testing.T) {
	t.Parallel()
	for told, want := range map[string]string{"63902": "63902", "639-02": "63902", "": "", "Safaricom": "", "GB-FIXED": "", "null": ""} {
		k := &kept{}
		r := smsir.Receipt{Provider: smsir.UUID{1}, Reference: "1", Status: smsir.Delivered, Network: told}
		if err := receipt.New(receipt.Options{Store: k}).Receipt(t.Context(), r); err != nil || k.Network != want {
			t.Errorf("%q was stored as %q, %v, want %q", told, k.Network, err, want)
		}
	}
}
