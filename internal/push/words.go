package push

import (
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

const (
	maxText = 240 // bytes of a reply's text in a notification
	maxWho  = 120 // bytes of a name
)

// payload is what the service worker shows.
type payload struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	Body  string `json:"body"`
	URL   string `json:"url"` // of the app's page, from its root
	Tag   string `json:"tag"`
	Lang  string `json:"lang"`
	Dir   string `json:"dir"`
}

// Words of notifications; {who} is a name or a number.
const (
	wordReply = iota
	wordReplyBody
	wordReplies
	wordRepliesBody
	wordFailed
	wordUndelivered
	wordUnknown
	wordFailureBody
	wordFailures
	wordFailuresBody
	wordCampaign
	wordCampaignBody
	wordTest
	wordTestBody
	wordCount
)

// words are the texts by language, in the order of the names above.
var words = map[string][wordCount]string{
	"en": {
		"Reply from {who}", "Open the inbox to read it.",
		"Several replies", "Open the inbox to read them.",
		"The message to {who} failed", "The message to {who} was not delivered", "It is not known whether the message to {who} went out", "Open it to see why, and what can be done.",
		"Several of your messages did not arrive", "Open the history to see which.",
		"Campaign finished: {who}", "Open it to see the results.",
		"Notifications work", "This is what they look like on this device.",
	},
	"sw": {
		"Jibu kutoka kwa {who}", "Fungua kikasha ulisome.",
		"Majibu kadhaa", "Fungua kikasha uyasome.",
		"Ujumbe kwa {who} umeshindikana", "Ujumbe kwa {who} haukufika", "Haijulikani kama ujumbe kwa {who} ulitumwa", "Ufungue uone sababu na la kufanya.",
		"Baadhi ya ujumbe wako haukufika", "Fungua historia uone ni upi.",
		"Kampeni imekamilika: {who}", "Ifungue uone matokeo.",
		"Arifa zinafanya kazi", "Hivi ndivyo zinavyoonekana kwenye kifaa hiki.",
	},
	"fr": {
		"Réponse de {who}", "Ouvrez la boîte de réception pour la lire.",
		"Plusieurs réponses", "Ouvrez la boîte de réception pour les lire.",
		"L’envoi du message à {who} a échoué", "Le message à {who} n’a pas été distribué", "On ne sait pas si le message à {who} est parti", "Ouvrez-le pour voir pourquoi et que faire.",
		"Plusieurs de vos messages ne sont pas arrivés", "Ouvrez l’historique pour voir lesquels.",
		"Campagne terminée : {who}", "Ouvrez-la pour voir les résultats.",
		"Les notifications fonctionnent", "Voici à quoi elles ressemblent ici.",
	},
	"ar": {
		"رد من {who}", "افتح صندوق الوارد لقراءته.",
		"عدة ردود", "افتح صندوق الوارد لقراءتها.",
		"فشل إرسال الرسالة إلى {who}", "لم تُسلَّم الرسالة إلى {who}", "لا يُعرف هل أُرسلت الرسالة إلى {who}", "افتحها لمعرفة السبب وما يمكن فعله.",
		"لم تصل عدة رسائل من رسائلك", "افتح السجل لمعرفة أيها.",
		"انتهت الحملة: {who}", "افتحها لرؤية النتائج.",
		"الإشعارات تعمل", "هكذا تظهر على هذا الجهاز.",
	},
}

// shown is a notice in the language of a device, with no more than its user wants on a locked screen.
func shown(n *notice, t *store.PushTarget) payload {
	lang, dir := t.Language, "ltr"
	if _, ok := words[lang]; !ok {
		lang = "en"
	}
	who := smsir.Storable(n.Who, maxWho)
	if lang == "ar" {
		dir, who = "rtl", "\u2068"+who+"\u2069" // isolated: a number keeps its order
	}
	title, body := titleOf(n)
	w := words[lang]
	p := payload{ID: n.ID, Title: strings.ReplaceAll(w[title], "{who}", who), Body: w[body], URL: n.URL, Tag: n.Tag, Lang: lang, Dir: dir}
	if n.Kind == kindReply && !n.Several && t.ShowText && n.Text != "" {
		p.Body = n.Text
	}
	return p
}

func titleOf(n *notice) (title, body int) {
	switch {
	case n.Kind == kindReply && n.Several:
		return wordReplies, wordRepliesBody
	case n.Kind == kindReply:
		return wordReply, wordReplyBody
	case n.Kind == kindCampaign:
		return wordCampaign, wordCampaignBody
	case n.Kind == kindTest:
		return wordTest, wordTestBody
	case n.Several:
		return wordFailures, wordFailuresBody
	case n.Status == smsir.Undelivered.String():
		return wordUndelivered, wordFailureBody
	case n.Status == smsir.Unknown.String():
		return wordUnknown, wordFailureBody
	}
	return wordFailed, wordFailureBody
}
