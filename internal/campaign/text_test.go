package campaign_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/campaign"
)

func TestRender(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("../../testdata/variables.json") // the web app renders the same
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Values map[string]string
		Texts  []struct {
			Text, Want string
			Gap        bool
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Texts) < 10 {
		t.Fatalf("%d texts, %v", len(file.Texts), err)
	}
	for _, tc := range file.Texts {
		got, gap := campaign.ParseText(tc.Text).Render(file.Values)
		if got != tc.Want || gap != tc.Gap {
			t.Errorf("%q: got %q, gap %v; want %q, %v", tc.Text, got, gap, tc.Want, tc.Gap)
		}
	}
}

func TestTextsByLanguage(t *testing.T) {
	t.Parallel()
	texts := campaign.ParseTexts(map[string]string{"": "Hello {{name}}", "sw": "Habari {{jina}}", "pt-BR": "Oi"})
	for language, want := range map[string]string{"": "Hello ", "sw": "Habari ", "sw-KE": "Habari ", "pt-BR": "Oi", "pt": "Hello ", "fr": "Hello "} {
		if got, _ := texts.For(language).Render(nil); got != want {
			t.Errorf("%q: %q, want %q", language, got, want)
		}
	}
	if got := strings.Join(texts.Variables(), ","); got != "jina,name" {
		t.Errorf("variables %q", got)
	}
}

// FuzzTemplate checks that rendering is one pass: with the values cut out again nothing but the text is left, and values
// arrive as they are.
func FuzzTemplate(f *testing.F) {
	f.Add("Hello {{name|friend}}", "{{name}}")
	f.Add("{{ {{a}} }}", "}}{{")
	f.Add("{{{{name}}}}|{{x|{{y}}}}", "$1\\0")
	f.Fuzz(func(t *testing.T, text, value string) {
		parsed := campaign.ParseText(text)
		keys := parsed.Variables()
		if len(keys) == 0 {
			if got, gap := parsed.Render(map[string]string{"name": value}); got != text || gap {
				t.Fatalf("no variables, but %q became %q (gap %v)", text, got, gap)
			}
			return
		}
		if value == "" {
			return
		}
		values := map[string]string{}
		for _, k := range keys {
			values[k] = value
		}
		got, gap := parsed.Render(values)
		if gap {
			t.Fatalf("%q with all values has a gap", text)
		}
		if strings.Count(got, value) < len(keys) && !strings.Contains(value, "{") && !strings.Contains(value, "}") {
			t.Fatalf("%q: value %q is not there %d times in %q", text, value, len(keys), got)
		}
		bare, _ := parsed.Render(map[string]string{})
		if len(got) > len(text)+strings.Count(text, "{{")*len(value) || len(bare) > len(text) {
			t.Fatalf("%q grew to %q with %q", text, got, value)
		}
	})
}
