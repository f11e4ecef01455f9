package twilio

import (
	_ "embed" // for codes.json
	"fmt"
	"strconv"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
)

// codesFile says what Twilio's error codes mean to us; its version is the day on which it was compared with Twilio's
// list.
//
//go:embed codes.json
var codesFile []byte

// codeTable is codes.json with what is assumed of a code that it does not have.
type codeTable struct{ *errmap.Table }

func loadCodes() (*codeTable, error) {
	t, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("twilio: %w", err)
	}
	return &codeTable{t}, nil
}

// Codes of Twilio that mean more than their class.
const (
	codeTooManyRequests = 20429
	codeTooManyAtOnce   = 14107
	codeExpired         = 30036
)

// refusal is the note on the code of a refused request, and whether the table has it. One that it does not have is for
// good, unless the status says that something is wrong with the account.
func (t *codeTable) refusal(status, code int) (note errmap.Note, mapped bool) {
	if note, ok := t.Find(strconv.Itoa(code)); ok {
		return note, true
	}
	switch status {
	case 401, 403, 404:
		return errmap.Note{Class: smsir.ClassConfig, Text: "Twilio does not let this account do that."}, false
	case 429:
		return errmap.Note{Class: smsir.ClassThrottle, Text: "Twilio asks to slow down."}, false
	}
	return errmap.Note{Class: smsir.ClassPermanent, Text: "Twilio refused the message."}, false
}

// report is the note on the code of a receipt, and whether the table has it.
func (t *codeTable) report(code string) (note errmap.Note, mapped bool) {
	if note, ok := t.Find(code); ok {
		return note, true
	}
	return errmap.Note{Class: smsir.ClassPermanent, Text: "The message was not delivered."}, false
}
