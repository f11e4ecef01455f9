package smsir_test

import (
	"strings"
	"testing"

	"github.com/smsir/smsir"
)

func TestStorable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"", 4, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "abc"},
		{"aé", 2, "a"},
		{"aé", 3, "aé"},
		{"a\x00b", 9, "a\ufffdb"},
		{"a\xffb", 9, "a\ufffdb"},
		{strings.Repeat("😀", 3), 7, "😀"},
	} {
		if got := smsir.Storable(c.in, c.limit); got != c.want {
			t.Errorf("Storable(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}
