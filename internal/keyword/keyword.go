// Package keyword understands the few words and phrases by which people control what is sent to them: STOP, START and
// HELP in several languages, and phrases that sound like an opt-out without being one of its words.
//
// [Read] is strict: what it calls a stop takes effect at once. [Sounds] is generous: what it finds is shown to a person,
// who decides. Neither does anything about it.
package keyword

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Meaning of a text.
type Meaning uint8

// Meanings.
const (
	None  Meaning = iota
	Stop          // no more messages
	Start         // messages are wanted again
	Help          // who writes, and how to end it
)

// Reading is what a text says.
type Reading struct {
	Meaning  Meaning
	Language string // of the word, ISO 639-1
}

// words by language, folded. The English ones are those that carriers require. A word of several languages is that of the
// first one here.
var words = []struct {
	language          string
	stop, start, help string
}{
	{"en", "stop,stopall,quit,end,revoke,optout,opt out,cancel,unsubscribe", "start,unstop,optin,opt in,subscribe", "help,info"},
	{"sw", "acha,simama,sitisha,ondoa", "anza,endelea", "msaada,saidia"},
	{"fr", "arret,arreter,desabonner,desinscrire", "reprendre,commencer,abonner", "aide"},
	{"es", "alto,baja", "alta", "ayuda"},
	{"pt", "parar,sair", "voltar", "ajuda"},
	{"ar", "توقف,قف,الغاء", "ابدا,اشتراك", "مساعده,مساعدة"},
}

var known = func() map[string]Reading {
	m := map[string]Reading{}
	for _, l := range words {
		for meaning, list := range map[Meaning]string{Stop: l.stop, Start: l.start, Help: l.help} {
			for w := range strings.SplitSeq(list, ",") {
				if _, ok := m[w]; !ok {
					m[w] = Reading{meaning, l.language}
				}
			}
		}
	}
	return m
}()

// Read reads a text for one of the words, as the whole text or as its first sentence. Letter case, accents, punctuation,
// quotes and emoji do not matter. "Stop. Thank you" counts; "please stop by tomorrow" does not: a word further on proves
// nothing.
func Read(text string) Reading {
	folded := fold(text)
	if r, ok := known[join(folded)]; ok {
		return r
	}
	if i := strings.IndexAny(folded, ".!?\n;,،؛؟"); i >= 0 {
		return known[join(folded[:i])]
	}
	return Reading{}
}

// phrases are looked for anywhere in a text, between words. Those that begin with "=" are the whole text.
var phrases = strings.Split(strings.Join([]string{
	"remove me,remove my number,take me off,unsubscribe,opt out,opt me out,stop texting,stop messaging,stop sending,stop writing,stop contacting",
	"do not text,dont text,don t text,do not message,dont message,don t message,do not contact,dont contact,don t contact,do not send,dont send,don t send",
	"leave me alone,delete my number,no more texts,no more sms,=please stop,=stop please,=stop it,=stop now,=stop this,=stop stop",
	"niondoe,niondoeni,msinitumie,usinitumie,acheni kunitumia,acha kunitumia,sitaki ujumbe,sitaki sms,sitaki meseji,toa namba yangu,ondoa namba yangu,futa namba yangu",
	"ne plus recevoir,ne veux plus,arretez de m,desabonnez,desinscrivez,retirez moi,enlevez moi,ne m envoyez plus,ne m ecrivez plus,laissez moi tranquille,supprimez mon numero",
	"no me envien,no envien mas,no quiero recibir,darme de baja,dar de baja,borrame,borren mi numero",
	"nao quero receber,nao me envie,nao envie mais,remova meu numero,remover meu numero",
	"لا ترسل,لا ترسلوا,لا اريد رسايل,لا اريد رسائل,احذف رقمي,احذفوا رقمي,الغاء الاشتراك",
}, ","), ",")

// Sounds returns the phrase by which a text sounds like an opt-out, "" if it does not.
func Sounds(text string) string {
	plain := join(fold(text))
	for _, p := range phrases {
		if whole, ok := strings.CutPrefix(p, "="); ok {
			if plain == whole {
				return whole
			}
		} else if strings.Contains(" "+plain+" ", " "+p+" ") || strings.HasSuffix(p, " m") && strings.Contains(" "+plain, " "+p+" ") {
			return p
		}
	}
	return ""
}

// Plain is a text without letter case, accents, punctuation and emoji: words with one space between them.
func Plain(text string) string { return join(fold(text)) }

// Known reports whether a word ends or begins consent, so that no rule may be about it.
func Known(word string) bool {
	r := known[Plain(word)]
	return r.Meaning == Stop || r.Meaning == Start
}

// Languages lists those that have words.
func Languages() []string {
	all := make([]string, len(words))
	for i, l := range words {
		all[i] = l.language
	}
	return slices.Clip(all)
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
