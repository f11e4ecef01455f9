package sender

import "github.com/smsir/smsir/internal/store"

// What is known about names as senders in a country.
const (
	NotSupported = "not_supported" // networks replace or refuse them
	Registration = "registration"  // networks drop them unless somebody has registered them, by way of a provider
)

// advice is what the published rules of networks and large providers agree on. A country that is missing is one where names
// mostly pass, or of which nothing sure is known; a provider may still want more.
var advice = map[string]string{
	"US": NotSupported, "CA": NotSupported,
	"AE": Registration, "EG": Registration, "GH": Registration, "ID": Registration, "IN": Registration, "JO": Registration, "KE": Registration,
	"KW": Registration, "LK": Registration, "NG": Registration, "PH": Registration, "QA": Registration, "RW": Registration, "SA": Registration,
	"SG": Registration, "TH": Registration, "TR": Registration, "TZ": Registration, "UG": Registration, "VN": Registration, "ZM": Registration,
}

// Advice says what a sender needs in a country: [NotSupported], [Registration], or "" for nothing known.
func Advice(kind store.SenderKind, country string) string {
	if kind != store.SenderName {
		return ""
	}
	return advice[country]
}
