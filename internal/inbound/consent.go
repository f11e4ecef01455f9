package inbound

import (
	"strings"
	"unicode"

	"github.com/smsir/smsir/internal/store"
	"golang.org/x/text/unicode/norm"
)

// optOutWords and optInWords are matched as the whole text or as its first word. English words are
// those that carriers require; then Swahili, French, Spanish and Portuguese.
var (
	optOutWords = set("stop", "stopall", "quit", "end", "revoke", "optout", "opt out", "cancel", "unsubscribe",
		"acha", "simama", "sitisha", "ondoa", "arret", "arreter", "desabonner", "alto", "parar", "baja")
	optInWords = set("start", "unstop", "optin", "opt in", "subscribe", "anza", "endelea", "reprendre", "commencer", "alta")
)

func set(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

// Consent reads a text for an opt-out or opt-in. Letter case, accents, punctuation, quotes and emoji
// do not matter. "Stop. Thank you" counts; "please stop by tomorrow" does not: a word further on
// proves nothing. A first word counts only if a sentence ends behind it or nothing but a short
// courtesy follows.
func Consent(text string) store.Consent {
	first, whole := words(text)
	switch {
	case optOutWords[whole] || optOutWords[first]:
		return store.OptOut
	case optInWords[whole] || optInWords[first]:
		return store.OptIn
	}
	return store.ConsentUnchanged
}

// words returns the first sentence and the whole text, folded.
func words(text string) (first, whole string) {
	folded := fold(text)
	whole = join(folded)
	if i := strings.IndexAny(folded, ".!?\n;,"); i >= 0 {
		first = join(folded[:i])
	}
	return first, whole
}

// fold applies NFKD, drops accents and letter case.
func fold(text string) string {
	return strings.ToLower(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return r
	}, norm.NFKD.String(text)))
}

// join keeps letters and digits, one space between words.
func join(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }), " ")
}
