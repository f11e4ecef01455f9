package number

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Kind is what sort of line a number is, as far as its range tells. In many countries ported and
// shared ranges make it a guess; it is good for warnings and for policy, not for refusing to read.
type Kind uint8

// The kinds. Unknown also covers ranges that the metadata does not have.
const (
	Unknown Kind = iota
	Mobile
	Landline         // text messages mostly do not arrive
	MobileOrLandline // ranges that both use, as in North America
	TollFree
	Premium
	SharedCost
	VoIP
	Personal
	Pager
	UAN // universal access number
	Voicemail
	Satellite
)

var kindNames = [...]string{
	Unknown: "unknown", Mobile: "mobile", Landline: "landline", MobileOrLandline: "mobile_or_landline",
	TollFree: "toll_free", Premium: "premium", SharedCost: "shared_cost", VoIP: "voip", Personal: "personal",
	Pager: "pager", UAN: "uan", Voicemail: "voicemail", Satellite: "satellite",
}

// String is the kind in the words of the API: "mobile_or_landline".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Unknown]
}

// satellites are the leading digits of satellite networks (ITU-T E.164 §6: GMSS and Inmarsat, and two
// networks under +882).
var satellites = [...]string{"+870", "+881", "+88213", "+88216"}

// fictionMobiles is the British range for drama, which the metadata rightly does not assign.
const fictionMobiles = "+447700900"

// KindOf tells the kind of an E.164 number; [Unknown] for anything else.
func KindOf(e164 string) Kind {
	if !fit(e164) {
		return Unknown
	}
	for _, leading := range satellites {
		if strings.HasPrefix(e164, leading) {
			return Satellite
		}
	}
	if strings.HasPrefix(e164, fictionMobiles) {
		return Mobile
	}
	n, err := phonenumbers.Parse(e164, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return Unknown
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.MOBILE:
		return Mobile
	case phonenumbers.FIXED_LINE:
		return Landline
	case phonenumbers.FIXED_LINE_OR_MOBILE:
		return MobileOrLandline
	case phonenumbers.TOLL_FREE:
		return TollFree
	case phonenumbers.PREMIUM_RATE:
		return Premium
	case phonenumbers.SHARED_COST:
		return SharedCost
	case phonenumbers.VOIP:
		return VoIP
	case phonenumbers.PERSONAL_NUMBER:
		return Personal
	case phonenumbers.PAGER:
		return Pager
	case phonenumbers.UAN:
		return UAN
	case phonenumbers.VOICEMAIL:
		return Voicemail
	}
	return Unknown
}
