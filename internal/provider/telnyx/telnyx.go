// Package telnyx is in charge of sending SMS through Telnyx's Messaging API (version 2): it hands a message over, and
// reads Telnyx's calls with receipts and replies.
//
// It does not retry, store or match anything, and it manages nothing at Telnyx: numbers, messaging profiles and the
// address for replies are set up there. Telnyx cannot be asked about a message whose id is not known, so a lost answer is
// cleared up by a receipt only.
//
// What it guarantees: "refused" and "not sent" are Telnyx's own words or proof, anything else is unknown; a call that is
// not signed with Telnyx's key within five minutes changes nothing.
package telnyx

import (
	"context"
	"crypto/ed25519"
	_ "embed" // for codes.json
	"encoding/base64"
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
	settingKey     = "api_key"
	settingPublic  = "public_key"
	settingPublic2 = "public_key_2"
	settingProfile = "messaging_profile_id"
	settingSender  = "default_sender"
	settingBase    = "base_url"
)

const (
	title       = "Telnyx"
	defaultBase = "https://api.telnyx.com"
)

// codesFile says what Telnyx's error codes mean to us.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "telnyx".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "telnyx",
		Title:     title,
		Help:      "Sends SMS through a Telnyx account. You need an API key, and a number or an alphanumeric sender that belongs to a messaging profile there.",
		Window:    50,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingKey, Label: "API key", Type: "password", Secret: true, Required: true,
				Help: "A key of API version 2; it starts with KEY. In the Telnyx portal under API Keys. It is shown once, when it is created.",
			},
			{
				Name: settingPublic, Label: "Public key", Type: "text", Pattern: `[A-Za-z0-9+/]{43}=`,
				Help: "44 characters. In the Telnyx portal under API Keys, Public Key. Telnyx signs its receipts and replies so that this key can check them: without it they are all refused.",
			},
			{
				Name: settingPublic2, Label: "Other public key", Type: "text", Pattern: `[A-Za-z0-9+/]{43}=`,
				Help: "Only while Telnyx changes the key: signatures that fit this one count too. Take it out afterwards.",
			},
			{
				Name: settingProfile, Label: "Messaging profile ID", Type: "text", Pattern: `[0-9a-fA-F-]{36}`,
				Help: "Required for alphanumeric senders, and for messages without a sender, where Telnyx then chooses a number of the profile (number pool). In the Telnyx portal under Messaging.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url", Default: defaultBase,
				Help: "Leave it as it is. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured Telnyx account. It is a [smsir.CalledBack], a [smsir.CredentialChecker] and a
// [smsir.BalanceReporter].
type account struct {
	key      string
	public   []ed25519.PublicKey // whose signatures count
	profile  string
	sender   string
	base     string
	callback string // "" while Telnyx cannot or must not call back
	http     *outcall.Client
	codes    *errmap.Table
	now      func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("telnyx: %w", err)
	}
	a := &account{
		key: s[settingKey], profile: s[settingProfile], sender: s[settingSender], base: strings.TrimRight(s[settingBase], "/"),
		codes: codes, now: o.now,
	}
	if a.key == "" {
		return nil, invalid(settingKey, "The API key is required. It is in the Telnyx portal under API Keys.")
	}
	for _, name := range []string{settingPublic, settingPublic2} {
		if s[name] == "" {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(s[name])
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, invalid(name, "This is no public key of Telnyx's: it has 44 characters, the last of which is an equals sign. Copy it again.")
		}
		a.public = append(a.public, key)
	}
	if a.base == "" {
		a.base = defaultBase
	}
	if !outcall.ValidBase(a.base) {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	if len(a.public) > 0 { // what nobody could check is not asked for
		a.callback = cfg.CallbackURL
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

// Balance implements [smsir.BalanceReporter]: what may be spent, the credit that Telnyx gives included.
func (a *account) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.base+"/v2/balance", nil)
	if err != nil {
		return smsir.Balance{}, err
	}
	a.authorize(req)
	var answer struct {
		Data struct {
			Available string `json:"available_credit"`
			Currency  string `json:"currency"`
		} `json:"data"`
	}
	if err := a.http.Ask(ctx, req, title, &answer); err != nil {
		return smsir.Balance{}, err
	}
	if answer.Data.Available == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "Telnyx answered, but without a balance. Check the address of the API if one is set.")
	}
	return smsir.Balance{Amount: answer.Data.Available, Currency: answer.Data.Currency}, nil
}

func (a *account) authorize(req *http.Request) { req.Header.Set("Authorization", "Bearer "+a.key) }
