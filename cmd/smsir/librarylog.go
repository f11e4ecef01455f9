package main

import (
	"log"
	"log/slog"
	"strings"
)

// quietLibraries sends what libraries write to the standard logger of the language to ours.
func quietLibraries(to *slog.Logger) {
	log.SetFlags(0)
	log.SetOutput(libraryLog{to})
}

// libraryLog logs a line up to its first quotation mark: net/http quotes the beginning of answers that nobody waits for, and
// a provider repeats the number and the text of a message in them.
type libraryLog struct{ to *slog.Logger }

// Write implements io.Writer.
func (l libraryLog) Write(line []byte) (int, error) {
	text, _, _ := strings.Cut(strings.TrimSpace(string(line)), `"`)
	l.to.Warn("a library has something to say", "text", text)
	return len(line), nil
}
