// Package africastalking is in charge of sending SMS through Africa's Talking: it hands a message over, and reads the
// calls with delivery reports, incoming messages and opt-outs.
//
// It does not retry, store or match anything, and it manages nothing at Africa's Talking: senders and the addresses for
// its calls are set up there. It does not ask what became of a message whose answer was lost: there is no way to.
//
// What it guarantees: "refused" and "not sent" are the provider's own words or proof, anything else is unknown. Its calls
// are not signed: that they come to the secret address is all the proof there is.
package africastalking

import (
	_ "embed" // for codes.json
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingUser   = "username"
	settingKey    = "api_key"
	settingSender = "default_sender"
	settingBase   = "base_url"
)

const (
	title       = "Africa's Talking"
	sandboxUser = "sandbox" // of everybody's
	liveBase    = "https://api.africastalking.com"
	sandboxBase = "https://api.sandbox.africastalking.com"
)

// codesFile says what the status codes of answers and the reasons of delivery reports mean to us.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "africastalking".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "africastalking",
		Title:     title,
		Help:      "Sends SMS through an Africa's Talking account, to most countries of Africa. You need the username and the API key of an app. For reports and replies, copy the callback address to the SMS callback URLs of its dashboard.",
		Window:    20,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingUser, Label: "Username", Type: "text", Required: true, Pattern: `[0-9A-Za-z._-]{1,64}`,
				Help: "Of the app, in the dashboard of Africa's Talking. With the username sandbox messages go to the simulator there and reach no phone.",
			},
			{
				Name: settingKey, Label: "API key", Type: "password", Secret: true, Required: true,
				Help: "Of the same app, in the dashboard under Settings, API key. A new key works after a few minutes.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ._-]{1,11}`,
				Help: "Short code or alphanumeric sender that is registered for the app, for messages that name none. Empty: the shared sender of Africa's Talking.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url",
				Help: "Leave it empty: it follows from the username. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured app. It is a [smsir.CalledBack].
type account struct {
	user, key string
	sender    string
	base      string
	callback  bool // the gateway has an address for reports
	http      *outcall.Client
	codes     *errmap.Table
	now       func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("africastalking: %w", err)
	}
	a := &account{
		user: s[settingUser], key: s[settingKey], sender: s[settingSender], base: strings.TrimRight(s[settingBase], "/"),
		callback: cfg.CallbackURL != "", codes: codes, now: o.now,
	}
	if !regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`).MatchString(a.user) {
		return nil, invalid(settingUser, "The username is required: letters, digits and . _ - only.")
	}
	if a.key == "" {
		return nil, invalid(settingKey, "The API key is required.")
	}
	switch {
	case a.base == "" && a.user == sandboxUser:
		a.base = sandboxBase
	case a.base == "":
		a.base = liveBase
	case !outcall.ValidBase(a.base):
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	a.http = outcall.New(outcall.Options{Timeout: o.timeout})
	return a, nil
}

// Close closes idle connections.
func (a *account) Close() { a.http.Close() }

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}
