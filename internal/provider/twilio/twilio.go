// Package twilio is in charge of sending SMS through Twilio's Messages API (version 2010-04-01): it hands a message over,
// reads Twilio's calls with receipts and replies, and asks what became of a message whose answer was lost.
//
// It does not retry, store or match anything, and it manages nothing at Twilio: senders, messaging services and the
// address for replies are set up there.
//
// What it guarantees: "refused" and "not sent" are Twilio's own words or proof, anything else is unknown; a message is
// told as never accepted only when Twilio's complete list for the recipient has nothing that could be it; a call that
// is not signed with one of the auth tokens changes nothing.
package twilio

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingAccount   = "account_sid"
	settingToken     = "auth_token"
	settingToken2    = "auth_token_2"
	settingKey       = "api_key_sid"
	settingKeySecret = "api_key_secret"
	settingService   = "messaging_service_sid"
	settingSender    = "default_sender"
	settingBase      = "base_url"
)

const defaultBase = "https://api.twilio.com"

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "twilio".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "twilio",
		Title:     "Twilio",
		Help:      "Sends SMS through a Twilio account, worldwide. You need the account SID and the auth token from the Twilio console, and a number, a short code, an alphanumeric sender or a messaging service there.",
		Window:    50,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingAccount, Label: "Account SID", Type: "text", Required: true, Pattern: `AC[0-9a-fA-F]{32}`,
				Help: "Starts with AC. On the first page of the Twilio console, under Account Info.",
			},
			{
				Name: settingToken, Label: "Auth token", Type: "password", Secret: true,
				Help: "Beside the account SID. Twilio signs its receipts and replies with it: without it they are all refused. It also logs in, unless there is an API key.",
			},
			{
				Name: settingToken2, Label: "Other auth token", Type: "password", Secret: true,
				Help: "Only while you change the auth token: signatures made with this one count too. Take it out afterwards.",
			},
			{
				Name: settingKey, Label: "API key SID", Type: "text", Pattern: `SK[0-9a-fA-F]{32}`,
				Help: "Starts with SK. Logs in instead of the auth token, and can be revoked by itself. In the Twilio console under API keys & tokens.",
			},
			{
				Name: settingKeySecret, Label: "API key secret", Type: "password", Secret: true,
				Help: "Shown once, when the API key is created.",
			},
			{
				Name: settingService, Label: "Messaging service SID", Type: "text", Pattern: `MG[0-9a-fA-F]{32}`,
				Help: "Starts with MG. Lets Twilio choose the sender. Messages that name a sender are sent from that one.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none. With a messaging service: one of its senders.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url", Default: defaultBase,
				Help: "Leave it as it is. Another address is for tests, or for a region of Twilio's.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured Twilio account. It is a [smsir.CalledBack], a [smsir.StatusQuerier], a
// [smsir.CredentialChecker] and a [smsir.BalanceReporter].
type account struct {
	sid            string
	user, password string
	tokens         []string // that sign callbacks
	service        string
	sender         string
	base           string
	callback       string // "" while Twilio cannot or must not call back
	http           *outcall.Client
	codes          *codeTable
	now            func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := loadCodes()
	if err != nil {
		return nil, err
	}
	a := &account{
		sid: s[settingAccount], user: s[settingAccount], password: s[settingToken], service: s[settingService], sender: s[settingSender],
		base: strings.TrimRight(s[settingBase], "/"), codes: codes, now: o.now,
	}
	if !regexp.MustCompile(`^AC[0-9a-fA-F]{32}$`).MatchString(a.sid) {
		return nil, invalid(settingAccount, "The account SID is required: AC and 32 digits from 0 to f.")
	}
	for _, name := range []string{settingToken, settingToken2} {
		if s[name] != "" {
			a.tokens = append(a.tokens, s[name])
		}
	}
	switch key, secret := s[settingKey], s[settingKeySecret]; {
	case key != "" && secret == "":
		return nil, invalid(settingKeySecret, "The API key needs its secret. Enter it, or take the key out.")
	case key == "" && secret != "":
		return nil, invalid(settingKey, "The secret of an API key is there, but not the SID of the key. Enter it too.")
	case key != "":
		a.user, a.password = key, secret
	case a.password == "":
		return nil, invalid(settingToken, "Enter the auth token, or an API key with its secret.")
	}
	if a.base == "" {
		a.base = defaultBase
	}
	if u, err := url.Parse(a.base); err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	if len(a.tokens) > 0 { // what nobody could check is not asked for
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
