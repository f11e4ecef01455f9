// Package network is in charge of the codes of mobile networks: how providers write them, and the names that people know.
// A code is the mobile country code and the mobile network code one after the other (ITU-T E.212): five digits, or six where the
// network code has three.
//
// It does not say which network a number belongs to: numbers are ported, so that only a provider that has just delivered to
// one can tell. The table of names is small and grows old; a code without a name is as good as any other.
package network

import (
	_ "embed"
	"strings"
	"sync"
)

//go:embed networks.csv
var table string

// names reads the table, once.
var names = sync.OnceValue(func() map[string]string {
	all := map[string]string{}
	for line := range strings.Lines(table) {
		code, rest, _ := strings.Cut(strings.TrimSpace(line), ",")
		if _, name, ok := strings.Cut(rest, ","); ok && code[0] != '#' {
			all[code] = name
		}
	}
	return all
})

// Name is what people call the network of a code; "" where the table does not have it.
func Name(code string) string { return names()[code] }

// Parse reads a code as a provider wrote it: digits, perhaps with a dash, a slash, a colon or a space between the two parts.
// It returns "" for anything else: providers also write names, ids of their own, and words for "unknown" into such fields.
func Parse(text string) string {
	text = strings.TrimSpace(text)
	if mcc, mnc, parted := cut(text); parted {
		return Join(mcc, mnc)
	}
	if len(text) < 5 {
		return ""
	}
	return Join(text[:3], text[3:])
}

func cut(text string) (mcc, mnc string, parted bool) {
	if i := strings.IndexAny(text, "-/: "); i >= 0 {
		return text[:i], text[i+1:], true
	}
	return "", "", false
}

// Join makes a code of its two parts as a provider wrote them; "" if they are none. Some write the network code as a number,
// without the zero that it begins with.
func Join(mcc, mnc string) string {
	mcc, mnc = strings.TrimSpace(mcc), strings.TrimSpace(mnc)
	if len(mnc) == 1 {
		mnc = "0" + mnc
	}
	if len(mcc) != 3 || len(mnc) < 2 || len(mnc) > 3 || strings.Trim(mcc+mnc, "0123456789") != "" || !assigned(mcc) {
		return ""
	}
	return mcc + mnc
}

// assigned reports whether a country code is of a geographic zone (2 to 7), of networks of several countries or of one's own
// (901 and up), or of test networks (001); E.212 has no others.
func assigned(mcc string) bool {
	return mcc == "001" || mcc[0] >= '2' && mcc[0] <= '7' || mcc > "900"
}
