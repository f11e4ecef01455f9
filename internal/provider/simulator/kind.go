package simulator

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// Names of the settings.
const (
	settingSeed   = "seed"
	settingAnswer = "answer_ms"
	settingReport = "report_ms"
)

const (
	seedPattern  = `[0-9]{1,15}`
	rangePattern = `[0-9]{1,5}(-[0-9]{1,5})?`
)

// Kind is the kind "simulator": its providers are customers of c. Their settings override the options of c.
func Kind(c *Carrier) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:     "simulator",
		Title:    "Simulator",
		Help:     "A carrier that plays the outside world, for trying things out: nothing reaches a phone and nothing costs anything. Certain numbers behave in certain ways; any other number is delivered within seconds.",
		TestOnly: true,
		Window:   32,
		Ahead:    true,
		Fields: []smsir.Field{
			{
				Name: settingAnswer, Label: "Answer time (ms)", Type: "text", Pattern: rangePattern, Default: formatRange(c.opt.Answer),
				Help: "How long the simulated carrier takes to answer, in milliseconds: a number, or two with a dash between for a range. " +
					fmt.Sprintf("From %d ms on no answer comes in time.", c.opt.ResponseTimer.Milliseconds()),
			},
			{
				Name: settingReport, Label: "Delivery time (ms)", Type: "text", Pattern: rangePattern, Default: formatRange(c.opt.Report),
				Help: "How long after the answer the delivery report comes, in milliseconds: a number, or two with a dash between for a range.",
			},
			{
				Name: settingSeed, Label: "Seed", Type: "number", Pattern: seedPattern, Default: "",
				Help: "Decides every random choice: the same seed and messages give the same times and references. Empty for the seed of this server.",
			},
		},
		Addresses: addresses(),
		Open:      c.open,
	}
}

// addresses is the table of numbers for people.
func addresses() []smsir.AddressNote {
	var notes []smsir.AddressNote
	for nn, k := range scripts() {
		notes = append(notes, smsir.AddressNote{Address: fmt.Sprintf("%s%02d", block, nn), Does: k.does})
	}
	return notes
}

// open makes a provider on c. An empty or missing setting takes its default.
func (c *Carrier) open(cfg smsir.ProviderConfig) (smsir.Provider, error) {
	u := &upstream{carrier: c, id: cfg.ID, seed: c.opt.Seed, answer: c.opt.Answer, report: c.opt.Report}
	if text := cfg.Settings[settingSeed]; text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil || !matches(seedPattern, text) {
			return nil, invalid(settingSeed, "The seed %q is not a whole number of at most 15 digits.", text)
		}
		u.seed = seed
	}
	for _, setting := range []struct {
		name string
		to   *Range
	}{{settingAnswer, &u.answer}, {settingReport, &u.report}} {
		text := cfg.Settings[setting.name]
		if text == "" {
			continue
		}
		r, ok := parseRange(text)
		if !ok {
			return nil, invalid(setting.name, "%q is not a number of milliseconds, nor two with a dash between, the smaller first.", text)
		}
		*setting.to = r
	}
	u.account = c.account(cfg.ID)
	return u, nil
}

func invalid(field, format string, args ...any) error {
	err := smsir.Errorf(smsir.CodeInvalid, format, args...)
	err.Field = field
	return err
}

func matches(pattern, text string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(text)
}

// parseRange reads "20-80" or "50", in milliseconds.
func parseRange(text string) (r Range, ok bool) {
	if !matches(rangePattern, text) {
		return Range{}, false
	}
	low, high, two := strings.Cut(text, "-")
	if !two {
		high = low
	}
	from, err1 := strconv.Atoi(low)
	to, err2 := strconv.Atoi(high)
	if err1 != nil || err2 != nil || from > to {
		return Range{}, false
	}
	return Range{time.Duration(from) * time.Millisecond, time.Duration(to) * time.Millisecond}, true
}

func formatRange(r Range) string {
	return fmt.Sprintf("%d-%d", r.Min.Milliseconds(), r.Max.Milliseconds())
}
