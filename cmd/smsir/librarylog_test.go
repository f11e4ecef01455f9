package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// TestLibrariesTellNoTexts: what a provider answered stays out of the log, however it gets there.
func TestLibrariesTellNoTexts(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	line := `Unsolicited response received on idle HTTP channel starting with "HTTP/1.1 201 Created\r\n\r\n{\"body\":\"Your code is 123456.\",\"to\":\"+12025550100\"}"; err=<nil>` + "\n"
	n, err := libraryLog{slog.New(slog.NewTextHandler(&out, nil))}.Write([]byte(line))
	if err != nil || n != len(line) {
		t.Errorf("wrote %d, %v", n, err)
	}
	if got := out.String(); !strings.Contains(got, "Unsolicited response") || strings.Contains(got, "123456") || strings.Contains(got, "555") {
		t.Errorf("logged %s", got)
	}
}
