package upstream

import (
	"slices"
	"strconv"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Settings that every kind has, behind its own: they bound what a provider is given, and the adapter
// does not get to see them. A kind may describe one of them itself, with help of its own; then it does.
const (
	settingRate       = "rate"
	settingSenderRate = "sender_rate"
	settingWindow     = "window"
)

// Limits bound what a provider is given.
type Limits struct {
	Window     int     // sends under way at once; 0: the server's setting
	Rate       float64 // segments a second; 0: no limit
	SenderRate float64 // segments a second of one sender; 0: no limit
}

const ratePattern = `[0-9]{1,5}(\.[0-9]{1,3})?`

// limitFields are the settings that every kind has, with the defaults of a kind.
func limitFields(k *smsir.ProviderKind) []smsir.Field {
	rate := func(f float64) string {
		if f == 0 {
			return ""
		}
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	window := ""
	if k.Window > 0 {
		window = strconv.Itoa(k.Window)
	}
	return []smsir.Field{
		{
			Name: settingRate, Label: "Segments a second", Type: typeNumber, Pattern: ratePattern, Default: rate(k.Rate),
			Help: "The most that is handed over in a second, counted in segments, as your contract says. Empty or 0 for no limit: SMSir slows down by itself when the provider asks for it.",
		},
		{
			Name: settingSenderRate, Label: "Segments a second of one sender", Type: typeNumber, Pattern: ratePattern, Default: rate(k.SenderRate),
			Help: "The most for each sender ID: 1 for a North American long number. Empty or 0 for no limit.",
		},
		{
			Name: settingWindow, Label: "Sends at once", Type: typeNumber, Pattern: `[1-9][0-9]{0,2}|1000`, Default: window,
			Help: "How many sends may wait for the provider's answer at the same time, 1 to 1000. Empty for the server's setting dispatch.window.",
		},
	}
}

// withLimits adds the settings that every kind has, and remembers which are not the adapter's own.
func (k *kind) withLimits() {
	for _, f := range limitFields(&k.ProviderKind) {
		if _, own := k.field(f.Name); !own {
			k.Fields = append(slices.Clip(k.Fields), f)
			k.limits = append(k.limits, f.Name)
		}
	}
}

// Limits are what the settings of a provider allow, or else its kind.
func (s *Service) Limits(p store.Provider) Limits {
	k := s.kind(p.Kind)
	if k == nil {
		return Limits{}
	}
	value := func(name string) float64 {
		f, _ := k.field(name)
		text := p.Settings[name]
		if text == "" {
			text = f.Default
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	return Limits{Window: int(value(settingWindow)), Rate: value(settingRate), SenderRate: value(settingSenderRate)}
}
