// Package plivo is in charge of sending SMS through Plivo's Message API (version 1): it hands a message over, and reads
// Plivo's calls with receipts and replies.
//
// It does not retry, store or match anything, and it manages nothing at Plivo: numbers, Powerpacks and the application
// that passes replies on are set up there. Plivo finds a message by its own id only, so a lost answer is cleared up by a
// receipt only.
//
// What it guarantees: "refused" and "not sent" are Plivo's own words or proof, anything else is unknown; a call that is
// not signed with one of the auth tokens changes nothing.
package plivo

import (
	"context"
	_ "embed" // for codes.json
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingAuthID    = "auth_id"
	settingToken     = "auth_token"
	settingToken2    = "auth_token_2"
	settingSender    = "default_sender"
	settingPowerpack = "powerpack_uuid"
	settingBase      = "base_url"
)

const (
	title       = "Plivo"
	defaultBase = "https://api.plivo.com"
	// currency is the one in which Plivo bills; its API names none.
	currency = "USD"
)

// codesFile says what Plivo's error codes mean to us, those of receipts, and the HTTP statuses and words of refusals,
// which have no codes.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "plivo".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "plivo",
		Title:     title,
		Help:      "Sends SMS through a Plivo account, worldwide. You need the auth ID and the auth token from the Plivo console, and a number, a short code, an alphanumeric sender or a Powerpack there.",
		Window:    50,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingAuthID, Label: "Auth ID", Type: "text", Required: true, Pattern: `(MA|SA)[A-Z0-9]{18}`,
				Help: "Starts with MA, or with SA for a subaccount. On the first page of the Plivo console.",
			},
			{
				Name: settingToken, Label: "Auth token", Type: "password", Secret: true, Required: true,
				Help: "Beside the auth ID. It logs in, and Plivo signs its receipts and replies with it.",
			},
			{
				Name: settingToken2, Label: "Other auth token", Type: "password", Secret: true,
				Help: "Only while you change the auth token: signatures made with this one count too. Take it out afterwards.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
			},
			{
				Name: settingPowerpack, Label: "Powerpack UUID", Type: "text", Pattern: `[0-9a-fA-F-]{36}`,
				Help: "Instead of a default sender: Plivo chooses a number of this Powerpack. In the Plivo console under Messaging, Powerpacks.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url", Default: defaultBase,
				Help: "Leave it as it is. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured Plivo account. It is a [smsir.CalledBack], a [smsir.CredentialChecker] and a
// [smsir.BalanceReporter].
type account struct {
	id, token string
	tokens    []string // that sign callbacks
	sender    string
	powerpack string
	base      string
	callback  string // "" while Plivo cannot call back
	http      *outcall.Client
	codes     *errmap.Table
	now       func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("plivo: %w", err)
	}
	a := &account{
		id: s[settingAuthID], token: s[settingToken], sender: s[settingSender], powerpack: s[settingPowerpack],
		base: strings.TrimRight(s[settingBase], "/"), callback: cfg.CallbackURL, codes: codes, now: o.now,
	}
	if !regexp.MustCompile(`^(MA|SA)[A-Z0-9]{18}$`).MatchString(a.id) {
		return nil, invalid(settingAuthID, "The auth ID is required: MA or SA, and 18 capital letters and digits.")
	}
	if a.token == "" {
		return nil, invalid(settingToken, "The auth token is required. It stands beside the auth ID in the Plivo console.")
	}
	a.tokens = []string{a.token}
	if s[settingToken2] != "" {
		a.tokens = append(a.tokens, s[settingToken2])
	}
	if a.sender != "" && a.powerpack != "" {
		return nil, invalid(settingPowerpack, "Plivo takes a sender or a Powerpack, not both. Take one of them out.")
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
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.resource(""), nil)
	if err != nil {
		return smsir.Balance{}, err
	}
	req.SetBasicAuth(a.id, a.token)
	var answer struct {
		Credits string `json:"cash_credits"`
	}
	if err := a.http.Ask(ctx, req, title, &answer); err != nil {
		return smsir.Balance{}, err
	}
	if answer.Credits == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Plivo answered, but without a balance. Check the address of the API if one is set.")
	}
	return smsir.Balance{Amount: answer.Credits, Currency: currency}, nil
}

// resource is the address of something of the account.
func (a *account) resource(path string) string { return a.base + "/v1/Account/" + a.id + "/" + path }
