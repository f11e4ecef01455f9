package inbound

import (
	"github.com/smsir/smsir/internal/keyword"
	"github.com/smsir/smsir/internal/store"
)

// Consent reads a text for an opt-out or opt-in, as [keyword.Read] does.
func Consent(text string) store.Consent {
	switch keyword.Read(text).Meaning {
	case keyword.Stop:
		return store.OptOut
	case keyword.Start:
		return store.OptIn
	}
	return store.ConsentUnchanged
}
