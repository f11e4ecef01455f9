package vonage

import (
	_ "embed" // for the tables
	"encoding/json"
	"fmt"

	"github.com/smsir/smsir/internal/errmap"
)

// The tables say what Vonage's codes mean to us: the status of an answer of the SMS API, the err-code of its receipts,
// and the codes and words of the Messages API, whose answers and receipts share theirs.
var (
	//go:embed codes_sms.json
	codesSMS []byte
	//go:embed codes_receipt.json
	codesReceipt []byte
	//go:embed codes_messages.json
	codesMessages []byte
)

type codes struct{ sms, receipt, messages *errmap.Table }

func loadCodes() (*codes, error) {
	var c codes
	for _, t := range []struct {
		file []byte
		into **errmap.Table
	}{{codesSMS, &c.sms}, {codesReceipt, &c.receipt}, {codesMessages, &c.messages}} {
		table, err := errmap.Load(t.file)
		if err != nil {
			return nil, fmt.Errorf("vonage: %w", err)
		}
		*t.into = table
	}
	return &c, nil
}

// Codes that mean more than their class.
const (
	codeDelivered = "0"    // of a receipt of the SMS API: no error
	codeExpired   = "1360" // of the Messages API
)

// word is a value of Vonage's that is a text in some answers and a number in others.
type word string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *word) UnmarshalJSON(b []byte) error {
	var n json.Number
	if json.Unmarshal(b, &n) == nil && len(b) > 0 && b[0] != '"' {
		*w = word(n)
		return nil
	}
	return json.Unmarshal(b, (*string)(w))
}
