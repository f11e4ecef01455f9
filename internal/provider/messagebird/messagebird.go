// Package messagebird is in charge of sending SMS through MessageBird, which is called Bird today: through its SMS API
// (rest.messagebird.com), or for keys that start with bk_ through the API of the Bird platform. It hands a message over, and
// reads the calls with receipts and replies.
//
// It does not retry, store or match anything, and it manages nothing at MessageBird: numbers, senders and the addresses for
// replies are set up there. Neither API finds a message by our reference, so a lost answer is cleared up by a receipt only.
//
// What it guarantees: "refused" and "not sent" are MessageBird's own words or proof, anything else is unknown; a call that
// is not signed with one of the signing keys, at about this time, changes nothing.
package messagebird

import (
	_ "embed" // for the tables
	"encoding/base64"
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
	settingKey     = "access_key"
	settingSigning = "signing_key"
	settingSigned2 = "signing_key_2"
	settingSender  = "default_sender"
	settingBase    = "base_url"
)

const (
	title       = "MessageBird"
	classicBase = "https://rest.messagebird.com"
	noLogin     = "HTTP 401" // who has not logged in has handed nothing over
)

// codesFile says what the codes of refused requests mean to us, and reportsFile what those of receipts do: the same
// number means something else in either.
//
//go:embed codes.json
var codesFile []byte

//go:embed reports.json
var reportsFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "messagebird".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "messagebird",
		Title:     "MessageBird (Bird)",
		Help:      "Sends SMS through a MessageBird or Bird account. You need an access key, the signing key, and a sender that may be used there.",
		Window:    30,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingKey, Label: "Access key", Type: "password", Secret: true, Required: true,
				Help: "A live key of MessageBird (dashboard, Developers, API access), or a key of the Bird platform, which starts with bk_ and needs the scopes sms:write and sms:read.",
			},
			{
				Name: settingSigning, Label: "Signing key", Type: "password", Secret: true,
				Help: "MessageBird signs its receipts and replies with it: without it they are all refused. In the dashboard under Developers, Settings; on the Bird platform the secret of the webhook, which starts with whsec_ and is shown once.",
			},
			{
				Name: settingSigned2, Label: "Other signing key", Type: "password", Secret: true,
				Help: "Only while you change the signing key: signatures made with this one count too. Take it out afterwards.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url",
				Help: "Leave it empty: the access key says it. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is what the accounts of both APIs have in common.
type account struct {
	key      string
	secrets  [][]byte // that sign callbacks
	sender   string
	base     string
	callback string // "" while nobody can or must call back
	http     *outcall.Client
	codes    *errmap.Table
	reports  *errmap.Table
	now      func() time.Time
}

// platformKey is the form of a key of the Bird platform: its region stands in it.
var platformKey = regexp.MustCompile(`^bk_([a-z0-9]+)_.`)

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	a := account{key: s[settingKey], sender: s[settingSender], base: strings.TrimRight(s[settingBase], "/"), now: o.now}
	var err error
	if a.codes, err = errmap.Load(codesFile); err != nil {
		return nil, fmt.Errorf("messagebird: %w", err)
	}
	if a.reports, err = errmap.Load(reportsFile); err != nil {
		return nil, fmt.Errorf("messagebird: %w", err)
	}
	region := platformKey.FindStringSubmatch(a.key)
	switch {
	case a.key == "":
		return nil, invalid(settingKey, "The access key is required. It is in the dashboard under Developers, API access.")
	case region == nil && strings.HasPrefix(a.key, "bk_"):
		return nil, invalid(settingKey, "This is a key of the Bird platform, but not a whole one: it has the form bk_, a region, _ and more. Copy it again.")
	}
	for _, name := range []string{settingSigning, settingSigned2} {
		if s[name] == "" {
			continue
		}
		secret := []byte(s[name])
		if region != nil {
			if secret, err = base64.StdEncoding.DecodeString(strings.TrimPrefix(s[name], "whsec_")); err != nil || len(secret) == 0 {
				return nil, invalid(name, "This is no secret of a webhook of the Bird platform: it starts with whsec_. Copy it again, or make another one.")
			}
		}
		a.secrets = append(a.secrets, secret)
	}
	if a.base == "" {
		a.base = classicBase
		if region != nil {
			a.base = "https://" + region[1] + ".platform.bird.com"
		}
	}
	if !outcall.ValidBase(a.base) {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	if len(a.secrets) > 0 { // what nobody could check is not asked for
		a.callback = cfg.CallbackURL
	}
	a.http = outcall.New(outcall.Options{Timeout: o.timeout})
	if region != nil {
		return &platform{a}, nil
	}
	return &classic{a}, nil
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}

// from is the sender of a message; the error is that there is none.
func (a *account) from(s smsir.Submission) (string, error) {
	switch {
	case s.From != "":
		return s.From, nil
	case a.sender != "":
		return a.sender, nil
	}
	return "", &smsir.SendError{
		State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
		Text: "The message names no sender, and this provider has no default sender.",
	}
}

// attemptOf is our attempt as it comes back, 0 when it is not there.
func attemptOf(text string) smsir.ID {
	id, err := smsir.ParseID(smsir.PrefixAttempt, text)
	if err != nil {
		return 0
	}
	return id
}

// number is an E.164 number as MessageBird writes it, with or without the plus sign, with it; a short code or a name as it
// is.
func number(text string) string {
	if len(text) < 8 || strings.Trim(text, "0123456789") != "" {
		return text
	}
	return "+" + text
}

// recipient is a number in E.164, "" if it is none.
func recipient(text string) string {
	if n := number(text); strings.HasPrefix(n, "+") {
		return n
	}
	return ""
}

// moment reads a time, the zero time when it is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// clip is a call as it came.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxRaw)], "") }
