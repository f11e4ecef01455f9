// Package infobip is in charge of sending SMS through Infobip's SMS API (version 3): it hands a message over under an id of
// ours, reads Infobip's calls with receipts and replies, and asks what became of a message whose answer was lost.
//
// It does not retry, store or match anything, and it manages nothing at Infobip: senders, numbers and the address for
// replies are set up there.
//
// What it guarantees: "refused" and "not sent" are Infobip's own words or proof, anything else is unknown; a message is told
// as never accepted only when Infobip's log says so, of the id that this attempt alone has. Infobip does not sign its
// calls: the secret in their address is the proof, which the door checks before this package sees a call.
package infobip

import (
	"context"
	_ "embed" // for codes.json
	"encoding/json"
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
	settingBase   = "base_url"
	settingKey    = "api_key"
	settingSender = "default_sender"
)

const title = "Infobip"

// codesFile says what Infobip's words mean to us: the names of rejections and of errors, and the codes of requests that
// fail as a whole.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "infobip".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "infobip",
		Title:     title,
		Help:      "Sends SMS through an Infobip account, worldwide. You need the base URL of the account, an API key, and a sender that is registered there.",
		Window:    50,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingBase, Label: "Base URL", Type: "text", Required: true, Pattern: `(https?://)?[A-Za-z0-9.-]+(:[0-9]+)?/?`,
				Help: "Every Infobip account has its own, such as xxxxx.api.infobip.com. On the first page of the Infobip portal, or under Developers.",
			},
			{
				Name: settingKey, Label: "API key", Type: "password", Secret: true, Required: true,
				Help: "In the Infobip portal under Developers, API keys. It needs the scope sms:message:send; sms:logs:read lets SMSir look up messages whose answer was lost, and account-management:manage lets it show the balance.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured Infobip account. It is a [smsir.CalledBack], a [smsir.StatusQuerier], a
// [smsir.CredentialChecker] and a [smsir.BalanceReporter].
type account struct {
	base     string
	key      string
	sender   string
	callback string // "" while Infobip cannot call back
	http     *outcall.Client
	codes    *errmap.Table
	now      func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("infobip: %w", err)
	}
	a := &account{base: strings.TrimRight(s[settingBase], "/"), key: s[settingKey], sender: s[settingSender], callback: cfg.CallbackURL, codes: codes, now: o.now}
	if a.base != "" && !strings.Contains(a.base, "://") {
		a.base = "https://" + a.base
	}
	if !outcall.ValidBase(a.base) {
		return nil, invalid(settingBase, "The base URL is required: a name such as xxxxx.api.infobip.com. It is on the first page of the Infobip portal.")
	}
	if a.key == "" {
		return nil, invalid(settingKey, "The API key is required. It is in the Infobip portal under Developers, API keys.")
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

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)

// Balance implements [smsir.BalanceReporter].
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.base+"/account/1/balance", nil)
	if err != nil {
		return smsir.Balance{}, err
	}
	a.authorize(req)
	var answer struct {
		Balance  json.Number `json:"balance"`
		Currency string      `json:"currency"`
	}
	if err := a.http.Ask(ctx, req, title, &answer); err != nil {
		return smsir.Balance{}, err
	}
	if !decimal.MatchString(answer.Balance.String()) || answer.Currency == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Infobip answered, but without a balance. Check the base URL.")
	}
	return smsir.Balance{Amount: answer.Balance.String(), Currency: answer.Currency}, nil
}

func (a *account) authorize(req *http.Request) { req.Header.Set("Authorization", "App "+a.key) }
