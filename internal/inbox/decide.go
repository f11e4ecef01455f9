package inbox

import (
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/keyword"
	"github.com/smsir/smsir/internal/store"
)

// Kinds of a [Decision].
const (
	AnswerNone   = "none"
	AnswerStop   = "stop"
	AnswerStart  = "start"
	AnswerHelp   = "help"
	AnswerChoice = "choice" // of a menu
	AnswerRule   = "rule"
	AnswerReview = "review" // it may be an opt-out: a person decides, and nothing is answered
)

// Decision is what is to be answered to a text.
type Decision struct {
	Kind   string
	Text   string           // "" when nothing is answered
	Rule   *store.AutoReply // of AnswerRule and AnswerChoice
	Phrase string           // of AnswerReview
}

// Book is everything that a decision depends on beside the text.
type Book struct {
	Workspace *store.Workspace
	Rules     []store.AutoReply // in their order
	Settings  store.InboxSettings
	Language  string     // of the contact, "" when nobody knows
	Menu      smsir.UUID // whose choices are answers now
}

// DefaultSettings are those of a workspace that has not chosen any.
func DefaultSettings() store.InboxSettings { return store.InboxSettings{ConsentAnswers: true} }

// Decide says what is to be answered to a text at a time. It decides by consent, then by the menu that is open, then by
// the first rule with a matching word, then by the first rule for any text.
func (b *Book) Decide(text string, now time.Time) Decision {
	reading := keyword.Read(text)
	switch reading.Meaning {
	case keyword.Stop:
		return b.consent(AnswerStop, b.Settings.Stop, reading.Language)
	case keyword.Start:
		return b.consent(AnswerStart, b.Settings.Start, reading.Language)
	}
	plain := keyword.Plain(text)
	if d, ok := b.choice(plain); ok {
		return d
	}
	open := b.open(now)
	if r := b.first(open, func(r *store.AutoReply) bool { return r.Kind != "any" && matches(r, plain) }); r != nil {
		return Decision{Kind: AnswerRule, Text: answerOf(r), Rule: r}
	}
	if reading.Meaning == keyword.Help {
		return b.consent(AnswerHelp, b.Settings.Help, reading.Language)
	}
	if phrase := keyword.Sounds(text); phrase != "" {
		return Decision{Kind: AnswerReview, Phrase: phrase}
	}
	if r := b.first(open, func(r *store.AutoReply) bool { return r.Kind == "any" }); r != nil {
		return Decision{Kind: AnswerRule, Text: answerOf(r), Rule: r}
	}
	return Decision{Kind: AnswerNone}
}

// consent is the answer to a word of consent: the workspace's own text, or ours in the language of the contact or of
// the word.
func (b *Book) consent(kind, own, language string) Decision {
	d := Decision{Kind: kind}
	if !b.Settings.ConsentAnswers {
		return d
	}
	if d.Text = own; own == "" {
		texts, ok := builtIn[b.Language]
		if !ok {
			texts = builtIn[language]
		}
		d.Text = strings.ReplaceAll(texts[kind], "{name}", b.Workspace.Name)
	}
	return d
}

// builtIn are our own answers, by language. None of them may be read as a word of consent or sound like an opt-out, or
// two programs would answer each other.
var builtIn = map[string]map[string]string{
	"en": {
		AnswerStop:  "{name}: you are unsubscribed. This number will not write to you again. Reply START to come back.",
		AnswerStart: "{name}: you are subscribed. Reply HELP for help, STOP to end.",
		AnswerHelp:  "{name}: this number writes to you in the name of {name}. Reply STOP to end it. People read other replies.",
	},
	"sw": {
		AnswerStop:  "{name}: umejiondoa. Namba hii haitakuandikia tena. Jibu ANZA ili kurudi.",
		AnswerStart: "{name}: umejiunga. Jibu MSAADA kwa msaada, ACHA ili kusitisha.",
		AnswerHelp:  "{name}: namba hii inakuandikia kwa niaba ya {name}. Jibu ACHA ili kusitisha. Majibu mengine yanasomwa na watu.",
	},
	"fr": {
		AnswerStop:  "{name} : vous êtes désabonné. Ce numéro ne vous écrira plus. Répondez START pour revenir.",
		AnswerStart: "{name} : vous êtes abonné. Répondez AIDE pour de l'aide, STOP pour arrêter.",
		AnswerHelp:  "{name} : ce numéro vous écrit au nom de {name}. Répondez STOP pour arrêter. Les autres réponses sont lues par des personnes.",
	},
	"es": {
		AnswerStop:  "{name}: ya no está suscrito. Este número no le escribirá más. Responda ALTA para volver.",
		AnswerStart: "{name}: está suscrito. Responda AYUDA para ayuda, BAJA para terminar.",
		AnswerHelp:  "{name}: este número le escribe en nombre de {name}. Responda BAJA para terminar. Las demás respuestas las leen personas.",
	},
	"pt": {
		AnswerStop:  "{name}: a sua inscrição terminou. Este número não voltará a escrever. Responda VOLTAR para regressar.",
		AnswerStart: "{name}: está inscrito. Responda AJUDA para ajuda, SAIR para terminar.",
		AnswerHelp:  "{name}: este número escreve em nome de {name}. Responda SAIR para terminar. As outras respostas são lidas por pessoas.",
	},
	"ar": {
		AnswerStop:  "{name}: انتهى اشتراكك ولن يراسلك هذا الرقم بعد الآن. أرسل START للعودة.",
		AnswerStart: "{name}: أنت مشترك. أرسل HELP للمساعدة أو STOP للإنهاء.",
		AnswerHelp:  "{name}: يراسلك هذا الرقم باسم {name}. أرسل STOP للإنهاء. يقرأ الردود الأخرى أشخاص.",
	},
}

// choice is the answer to a key or label of the open menu.
func (b *Book) choice(plain string) (Decision, bool) {
	if b.Menu.IsZero() || plain == "" {
		return Decision{}, false
	}
	i := slices.IndexFunc(b.Rules, func(r store.AutoReply) bool { return r.ID == b.Menu && r.Active })
	if i < 0 {
		return Decision{}, false
	}
	for _, c := range b.Rules[i].Choices {
		if plain == keyword.Plain(c.Key) || plain == keyword.Plain(c.Label) {
			return Decision{Kind: AnswerChoice, Text: c.Answer, Rule: &b.Rules[i]}, true
		}
	}
	return Decision{}, false
}

// first is the first active rule for which it is the time and which fits.
func (b *Book) first(open bool, fits func(*store.AutoReply) bool) *store.AutoReply {
	for i := range b.Rules {
		r := &b.Rules[i]
		if r.Active && (r.When == "always" || (r.When == "open") == open) && fits(r) {
			return r
		}
	}
	return nil
}

// matches looks for one of a rule's words in a plain text.
func matches(r *store.AutoReply, plain string) bool {
	for _, w := range r.Words {
		w = keyword.Plain(w)
		switch {
		case w == "":
		case plain == w,
			r.Match == "first" && strings.HasPrefix(plain, w+" "),
			r.Match == "contains" && strings.Contains(" "+plain+" ", " "+w+" "):
			return true
		}
	}
	return false
}

// answerOf is what a rule says: of a menu, its choices too.
func answerOf(r *store.AutoReply) string {
	var b strings.Builder
	b.WriteString(r.Answer)
	for _, c := range r.Choices {
		b.WriteString("\n" + c.Key + " " + c.Label)
	}
	return b.String()
}

// open reports whether it is a business hour. Without any hours, it always is.
func (b *Book) open(now time.Time) bool {
	if len(b.Settings.Hours) == 0 {
		return true
	}
	name := b.Settings.Zone
	if name == "" {
		name = b.Workspace.TimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC // checked when it was set
	}
	local := now.In(zone)
	clock := local.Format("15:04")
	return slices.ContainsFunc(b.Settings.Hours, func(o store.Opening) bool {
		return o.Day == int(local.Weekday()) && o.From <= clock && clock < o.To
	})
}
