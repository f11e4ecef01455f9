// Package httpapi is in charge of providers that are described instead of programmed: an operator writes down in YAML
// how an aggregator's HTTP interface takes messages, answers, refuses and reports, and this adapter does it.
//
// It is not in charge of what no description can say: OAuth, request signatures, several requests for one message,
// messages fetched by polling. Such a provider gets an adapter of its own. It does not retry, store or match anything.
//
// What it guarantees, whatever a description says: it is read and checked whole when the provider is saved, never at
// the first message; a value of a message can change only the place where the description put it, never the server, the
// structure of a body or another header; only an answer of 200 to 299 that meets its rule is "accepted", only words or a
// status that the description names are "refused", and anything else once a byte has left is unknown; a call that does
// not prove where it comes from changes nothing; no secret stands in an error or in what is kept of a call.
package httpapi

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingDescription = "description"
	settingSender      = "default_sender"
	settingSecret      = "secret_" // with a number from 1 to maxSecrets
)

// maxSecrets is how many secrets a description can use.
const maxSecrets = 4

// maxDescription bounds a description, in bytes.
const maxDescription = 16 << 10

// attemptParameter carries our attempt in the query of the address for receipts.
const attemptParameter = "attempt"

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of the description, or of package outcall
	now     func() time.Time
}

// Kind is the kind "httpapi".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	k := smsir.ProviderKind{
		Name:      "httpapi",
		Title:     "Any HTTP interface",
		Help:      "Sends SMS through any provider with an HTTP interface, which you describe in YAML: the request, how its answers are read, and how it reports delivery and replies. Complete examples are in docs/providers/examples.",
		Window:    20,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingDescription, Label: "Description", Type: "textarea", Required: true,
				Help: "How the interface works, in YAML; docs/providers/httpapi.md explains every key. Keys and passwords do not belong here: write {{secret.1}}, and the value below.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ._&-]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
	for i := range maxSecrets {
		n := strconv.Itoa(i + 1)
		k.Fields = append(k.Fields, smsir.Field{
			Name: settingSecret + n, Label: "Secret " + n, Type: "password", Secret: true,
			Help: "Stands where the description says {{secret." + n + "}}. Leave it empty if it does not.",
		})
	}
	return k
}

// adapter is one configured provider. It is a [smsir.CalledBack]; whether it is believed in anything is for the
// description to say.
type adapter struct {
	spec    *spec
	secrets values // by placeholder
	sender  string
	address string // at which the provider may call back, "" while there is none or it would not be read
	http    *outcall.Client
	now     func() time.Time
}

// An adapter with the add-ons that its description has.
type (
	asking struct {
		*adapter
		querier
	}
	checking struct {
		*adapter
		checker
	}
	reporting struct {
		*adapter
		checker
		reporter
	}
	askingChecking struct {
		*adapter
		querier
		checker
	}
	askingAll struct {
		*adapter
		querier
		checker
		reporter
	}
)

// open reads the settings.
func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	a, err := newAdapter(cfg, o)
	if err != nil {
		return nil, err
	}
	asks, checks, reports := a.spec.status != nil || a.spec.dedupe != nil, a.spec.check != nil || a.spec.balance != nil, a.spec.balance != nil
	switch q, c, r := (querier{a}), (checker{a}), (reporter{a}); {
	case asks && reports:
		return askingAll{a, q, c, r}, nil
	case asks && checks:
		return askingChecking{a, q, c}, nil
	case asks:
		return asking{a, q}, nil
	case reports:
		return reporting{a, c, r}, nil
	case checks:
		return checking{a, c}, nil
	}
	return a, nil
}

func newAdapter(cfg smsir.ProviderConfig, o options) (*adapter, error) {
	text := cfg.Settings[settingDescription]
	if strings.TrimSpace(text) == "" {
		return nil, invalid(settingDescription, "The description is required. Start from one of the examples in docs/providers/examples.")
	}
	if len(text) > maxDescription {
		return nil, invalid(settingDescription, fmt.Sprintf("The description is longer than %d bytes. Shorten it.", maxDescription))
	}
	s, fault := parse(text)
	if fault != nil {
		return nil, fault
	}
	a := &adapter{spec: s, secrets: values{}, sender: cfg.Settings[settingSender], now: o.now}
	for i := range maxSecrets {
		n := strconv.Itoa(i + 1)
		value := cfg.Settings[settingSecret+n]
		if value != "" {
			a.secrets["secret."+n] = value
		}
		if value == "" && s.usedSecret["secret."+n] {
			return nil, invalid(settingSecret+n, "The description uses {{secret."+n+"}}, but secret "+n+" is empty. Enter it.")
		}
	}
	if err := a.checkKeys(); err != nil {
		return nil, err
	}
	if s.callback != nil {
		a.address = cfg.CallbackURL
	}
	timeout := s.timeout
	if o.timeout > 0 {
		timeout = o.timeout
	}
	a.http = outcall.New(outcall.Options{Timeout: timeout})
	return a, nil
}

// checkKeys refuses keys of signatures that are not encoded as the description says.
func (a *adapter) checkKeys() error {
	if a.spec.callback == nil {
		return nil
	}
	sig, encoding := &a.spec.callback.signature, ""
	switch {
	case sig.standard:
		encoding = "base64"
	case sig.hmac != nil:
		encoding = sig.hmac.key
	}
	for _, t := range sig.secrets {
		secret, empty := t.render(a.secrets, same)
		if key, err := keyOf(strings.TrimPrefix(secret, "whsec_"), encoding); !empty && (err != nil || len(key) == 0) {
			field := strings.Replace(t.names()[0], "secret.", settingSecret, 1)
			return invalid(field, "This key of signatures is not "+encoding+". Copy it again, or change callback.signature in the description.")
		}
	}
	return nil
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}

// hides takes the secrets out of what the provider says: some repeat the request in an error.
func (a *adapter) hides(text string) string {
	var pairs []string
	for _, secret := range a.secrets {
		if len(secret) >= 6 { // a shorter one could be a part of any word
			pairs = append(pairs, secret, "•••")
		}
	}
	if len(pairs) == 0 || !slices.ContainsFunc(pairs, func(s string) bool { return strings.Contains(text, s) }) {
		return text
	}
	return strings.NewReplacer(pairs...).Replace(text)
}
