package keyword_test

import (
	"testing"

	"github.com/smsir/smsir/internal/keyword"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]keyword.Reading{
		"STOP": {Meaning: keyword.Stop, Language: "en"}, " “Stop!” 🙏": {Meaning: keyword.Stop, Language: "en"}, "ＳＴＯＰ": {Meaning: keyword.Stop, Language: "en"},
		"Stop. Thank you": {Meaning: keyword.Stop, Language: "en"}, "OPT-OUT": {Meaning: keyword.Stop, Language: "en"}, "Arrêt": {Meaning: keyword.Stop, Language: "fr"},
		"Désabonner": {Meaning: keyword.Stop, Language: "fr"}, "ACHA": {Meaning: keyword.Stop, Language: "sw"}, "Sitisha": {Meaning: keyword.Stop, Language: "sw"},
		"BAJA": {Meaning: keyword.Stop, Language: "es"}, "parar": {Meaning: keyword.Stop, Language: "pt"}, "إلغاء": {Meaning: keyword.Stop, Language: "ar"},
		"توقف؛ شكرا": {Meaning: keyword.Stop, Language: "ar"},
		"START":      {Meaning: keyword.Start, Language: "en"}, "Anza": {Meaning: keyword.Start, Language: "sw"}, "commencer": {Meaning: keyword.Start, Language: "fr"},
		"ابدأ": {Meaning: keyword.Start, Language: "ar"},
		"help": {Meaning: keyword.Help, Language: "en"}, "INFO?": {Meaning: keyword.Help, Language: "en"}, "Msaada": {Meaning: keyword.Help, Language: "sw"},
		"Aide": {Meaning: keyword.Help, Language: "fr"}, "مساعدة": {Meaning: keyword.Help, Language: "ar"},
		"please stop by tomorrow": {}, "stop by tomorrow": {}, "the bus stop": {}, "": {}, "...": {}, "cancel my appointment": {}, "I need help": {},
	} {
		if got := keyword.Read(text); got != want {
			t.Errorf("Read(%q) = %+v, want %+v", text, got, want)
		}
	}
}

func TestSounds(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"Please remove me from your list": true, "take me OFF this list!": true, "don't text me again": true, "Stop sending me this": true, "please stop": true,
		"Tafadhali niondoe": true, "Sitaki ujumbe wenu": true, "Je ne veux plus de messages": true, "Arrêtez de m'écrire": true, "Ne m’envoyez plus rien": true,
		"No quiero recibir más": true, "não quero receber mais": true, "لا أريد رسائل": true,
		"please stop by tomorrow": false, "can you remove mention of my name": false, "thank you": false, "": false, "I will text you": false, "Nitakuja kesho": false, "Je viendrai demain": false,
	} {
		if got := keyword.Sounds(text); (got != "") != want {
			t.Errorf("Sounds(%q) = %q, want %v", text, got, want)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]bool{"stop": true, "ANZA": true, "help": false, "hours": false} {
		if keyword.Known(word) != want {
			t.Errorf("Known(%q) = %v", word, !want)
		}
	}
	if l := keyword.Languages(); len(l) < 3 || l[0] != "en" || l[1] != "sw" || l[2] != "fr" {
		t.Errorf("languages: %q", l)
	}
}
