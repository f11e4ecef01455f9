package inbox

import (
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/keyword"
)

// TestBuiltIn: no answer of ours is read as consent, or two programs would answer each other; all say the same in each
// language that has words.
func TestBuiltIn(t *testing.T) {
	t.Parallel()
	for _, language := range keyword.Languages() {
		for _, kind := range []string{AnswerStop, AnswerStart, AnswerHelp} {
			text := builtIn[language][kind]
			if !strings.Contains(text, "{name}") {
				t.Errorf("%s %s does not say who writes: %q", language, kind, text)
			}
			text = strings.ReplaceAll(text, "{name}", "Clinic")
			if r, phrase := keyword.Read(text), keyword.Sounds(text); r.Meaning != keyword.None || phrase != "" {
				t.Errorf("%s %s is read as %v, %q: %q", language, kind, r, phrase, text)
			}
		}
	}
}
