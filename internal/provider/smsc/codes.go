package smsc

import (
	_ "embed" // for codes.json
	"fmt"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/smpp"
)

// codesFile says what the values of command_status mean to us.
//
//go:embed codes.json
var codesFile []byte

// code is a command_status as codes.json and the messages to people write it.
func code(s smpp.CommandStatus) string { return fmt.Sprintf("0x%08X", uint32(s)) }

// meaning is the note on the command_status of a refused message, and whether it is known: the settings win over the
// table. What neither has may work later, because nobody said that it is for good.
func (c *carrier) meaning(s smpp.CommandStatus) (errmap.Note, bool) {
	note, known := c.codes.Find(code(s))
	if class, ok := c.profile.codes[s]; ok {
		text := note.Text
		if !known {
			text = "The carrier refused the message with an error of its own."
		}
		return errmap.Note{Class: class, Text: text}, true
	}
	if known {
		return note, true
	}
	return errmap.Note{Class: smsir.ClassRetry, Text: "The carrier refused the message with an error that is not in the table. Ask the carrier what it means, and say so in the settings."}, false
}
