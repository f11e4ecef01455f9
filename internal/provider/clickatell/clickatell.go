// Package clickatell is in charge of sending SMS through Clickatell's One API (version 1): it hands a message over, and
// reads Clickatell's calls with receipts and replies.
//
// It does not retry, store or match anything, and it manages nothing at Clickatell: integrations, two-way numbers and the
// addresses for calls are set up there. Clickatell finds a message by its own id only, so a lost answer is cleared up by a
// receipt, which carries our attempt.
//
// What it guarantees: "refused" and "not sent" are Clickatell's own words or proof, anything else is unknown; once a name
// and a password for calls are set, a call without them changes nothing.
package clickatell

import (
	"context"
	_ "embed" // for codes.json
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingKey      = "api_key"
	settingSender   = "default_sender"
	settingUser     = "callback_user"
	settingPassword = "callback_password"
	settingBase     = "base_url"
)

const (
	title       = "Clickatell"
	defaultBase = "https://platform.clickatell.com"
)

// codesFile says what Clickatell's codes mean to us: numbers are the errors of requests, words the statuses of messages.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "clickatell".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "clickatell",
		Title:     title,
		Help:      "Sends SMS through Clickatell's One API, worldwide. You need the API key of an SMS integration from the Clickatell portal.",
		Window:    20,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingKey, Label: "API key", Type: "password", Secret: true, Required: true,
				Help: "Of an integration with SMS. In the Clickatell portal under API integrations.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+?[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "A number of a two-way integration, for messages that name no sender. Leave it empty for a one-way integration: Clickatell chooses the sender then.",
			},
			{
				Name: settingUser, Label: "Name for calls", Type: "text", Pattern: `[!-9;-~]{1,60}`,
				Help: "Clickatell signs nothing. Set a name and a password here and with the callback address in the portal: then calls without them are refused.",
			},
			{
				Name: settingPassword, Label: "Password for calls", Type: "password", Secret: true,
				Help: "Belongs to the name for calls.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url", Default: defaultBase,
				Help: "Leave it as it is. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured Clickatell integration. It is a [smsir.CalledBack], a [smsir.CredentialChecker] and a
// [smsir.BalanceReporter].
type account struct {
	key            string
	sender         string
	user, password string // of calls; both or none
	base           string
	calledBack     bool // there is an address at which Clickatell can call
	http           *outcall.Client
	codes          *errmap.Table
	now            func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("clickatell: %w", err)
	}
	a := &account{
		key: s[settingKey], sender: s[settingSender], user: s[settingUser], password: s[settingPassword],
		base: strings.TrimRight(s[settingBase], "/"), calledBack: cfg.CallbackURL != "", codes: codes, now: o.now,
	}
	switch {
	case a.key == "" || strings.ContainsFunc(a.key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return nil, invalid(settingKey, "The API key is required, without spaces. It stands with the integration in the Clickatell portal.")
	case a.user != "" && a.password == "":
		return nil, invalid(settingPassword, "The name for calls needs its password. Enter it, or take the name out.")
	case a.user == "" && a.password != "":
		return nil, invalid(settingUser, "The password for calls needs its name. Enter it, or take the password out.")
	}
	if a.base == "" {
		a.base = defaultBase
	}
	if !outcall.ValidBase(a.base) {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	a.http = outcall.New(outcall.Options{Timeout: o.timeout})
	return a, nil
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}

// CheckCredentials implements [smsir.CredentialChecker].
func (a *account) CheckCredentials(ctx context.Context) error {
	_, err := a.Balance(ctx)
	return err
}

// Balance implements [smsir.BalanceReporter].
// https://www.clickatell.com/developers/api-documentation/rest-api-get-account-balance/
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.base+"/public-client/balance", nil)
	if err != nil {
		return smsir.Balance{}, err
	}
	req.Header.Set("Authorization", a.key)
	var answer struct {
		Balance  json.Number `json:"balance"` // a number, or a text with one
		Currency string      `json:"currency"`
	}
	if err := a.http.Ask(ctx, req, title, &answer); err != nil {
		return smsir.Balance{}, err
	}
	if answer.Balance == "" || answer.Currency == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Clickatell answered, but without a balance. Check the address of the API if one is set.")
	}
	return smsir.Balance{Amount: answer.Balance.String(), Currency: answer.Currency}, nil
}
