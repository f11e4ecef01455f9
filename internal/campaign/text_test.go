package campaign_test

import (
	"strings"
	"testing"

	"github.com/smsir/smsir/internal/campaign"
)

func TestRender(t *testing.T) {
	t.Parallel()
	values := map[string]string{"name": "Ada", "class": "4b", "evil": "{{name}} {{7*7}} ${7*7} `id` <?php"}
	for _, tc := range []struct {
		text, want string
		gap        bool
	}{
		{"Hello {{name}}!", "Hello Ada!", false},
		{"{{ Name }}{{class}}", "Ada4b", false},
		{"Hello {{nick|friend}}", "Hello friend", false},
		{"Hello {{name|friend}}", "Hello Ada", false},
		{"Hello {{nick}}.", "Hello .", true},
		{"{{nick|}}x", "x", false},
		{"{{First Name|a|b}}", "a|b", false},
		{"{{evil}}", values["evil"], false}, // values are never read again
		{"{{7*7}} {{}} {{ }} {x} }} {{", "{{7*7}} {{}} {{ }} {x} }} {{", false},
		{"{{ {{name}} }}", "{{ Ada }}", false},
		{"{{{name}}}", "{Ada}", false},
		{"", "", false},
	} {
		got, gap := campaign.ParseText(tc.text).Render(values)
		if got != tc.want || gap != tc.gap {
			t.Errorf("%q: got %q, gap %v; want %q, %v", tc.text, got, gap, tc.want, tc.gap)
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
