package twilio

import (
	_ "embed" // for codes.json
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/smsir/smsir"
)

// codesFile says what Twilio's error codes mean to us; its version is the day on which it was compared with Twilio's
// list.
//
//go:embed codes.json
var codesFile []byte

// codeTable is codes.json.
type codeTable struct {
	Version string              `json:"version"`
	Source  string              `json:"source"`
	Codes   map[string]codeNote `json:"codes"`
}

type codeNote struct {
	Class smsir.FailureClass `json:"class"`
	Text  string             `json:"text"`
}

func loadCodes() (*codeTable, error) {
	t := new(codeTable)
	if err := json.Unmarshal(codesFile, t); err != nil {
		return nil, fmt.Errorf("twilio: codes.json: %w", err)
	}
	return t, nil
}

// Codes of Twilio that mean more than their class.
const (
	codeTooManyRequests = 20429
	codeTooManyAtOnce   = 14107
	codeExpired         = 30036
)

// refusal is the note on the code of a refused request. One that the table does not have is for good, unless the status
// says that something is wrong with the account.
func (t *codeTable) refusal(status, code int) codeNote {
	if note, ok := t.Codes[strconv.Itoa(code)]; ok {
		return note
	}
	switch status {
	case 401, 403, 404:
		return codeNote{smsir.ClassConfig, "Twilio does not let this account do that."}
	case 429:
		return codeNote{smsir.ClassThrottle, "Twilio asks to slow down."}
	}
	return codeNote{smsir.ClassPermanent, "Twilio refused the message."}
}

// report is the note on the code of a receipt.
func (t *codeTable) report(code string) codeNote {
	if note, ok := t.Codes[code]; ok {
		return note
	}
	return codeNote{smsir.ClassPermanent, "The message was not delivered."}
}
