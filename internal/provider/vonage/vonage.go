// Package vonage is in charge of sending SMS through Vonage (formerly Nexmo), by its SMS API or by its Messages API: it
// hands a message over, and reads Vonage's calls with receipts and replies of either API.
//
// It does not retry, store, gather or match anything, and it manages nothing at Vonage: numbers, applications and the
// address for replies are set up there. It does not ask Vonage what became of a message whose answer was lost: Vonage's
// reports come late, and that a message is not in them proves nothing.
//
// What it guarantees: "refused" and "not sent" are Vonage's own words or proof, anything else is unknown; a message of
// which Vonage took some parts and refused others is never told as delivered; a call that is not signed with one of the
// signature secrets changes nothing, unless the settings say that the secret address is proof enough.
package vonage

import (
	"context"
	"crypto/rsa"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingAPI         = "api"
	settingKey         = "api_key"
	settingSecret      = "api_secret"
	settingApplication = "application_id"
	settingPrivateKey  = "private_key"
	settingSignature   = "signature_secret"
	settingSignature2  = "signature_secret_2"
	settingMethod      = "signature_method"
	settingProof       = "callback_proof"
	settingSender      = "default_sender"
	settingREST        = "rest_url"
	settingBase        = "api_url"
)

// The APIs.
const (
	apiSMS      = "sms"
	apiMessages = "messages"
)

// What proves that a call comes from Vonage.
const (
	proofSignature = "signature"
	proofAddress   = "address"
)

const (
	defaultREST = "https://rest.nexmo.com"
	defaultBase = "https://api.nexmo.com"
	title       = "Vonage"
)

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

// Kind is the kind "vonage".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "vonage",
		Title:     title,
		Help:      "Sends SMS through a Vonage (Nexmo) account, worldwide. The Messages API needs an application with its private key, the SMS API the API key and its secret; both are in the Vonage dashboard.",
		Window:    30,
		CallsBack: true,
		Fields:    fields(),
		Open:      func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

func fields() []smsir.Field {
	return []smsir.Field{
		{
			Name: settingAPI, Label: "API", Type: "select", Options: []string{apiMessages, apiSMS}, Default: apiMessages,
			Help: "messages: the newer Messages API, whose calls are always signed. sms: the older SMS API. In the API settings of the dashboard, SMS must be set to the same one.",
		},
		{
			Name: settingKey, Label: "API key", Type: "text", Pattern: `[0-9A-Za-z]{4,32}`,
			Help: "On the first page of the Vonage dashboard. Needed for the SMS API; with the Messages API it serves to show the balance.",
		},
		{
			Name: settingSecret, Label: "API secret", Type: "password", Secret: true,
			Help: "Beside the API key. Without it the SMS API is used with the signature secret.",
		},
		{
			Name: settingApplication, Label: "Application ID", Type: "text", Pattern: `[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`,
			Help: "For the Messages API: of an application with the capability Messages, in the dashboard under Applications.",
		},
		{
			Name: settingPrivateKey, Label: "Private key", Type: "text", Secret: true,
			Help: "For the Messages API: the whole file private.key that the dashboard made for the application, from BEGIN to END. Line breaks may be lost.",
		},
		{
			Name: settingSignature, Label: "Signature secret", Type: "password", Secret: true,
			Help: "In the dashboard under API settings. Vonage signs its receipts and replies with it: without it they are refused.",
		},
		{
			Name: settingSignature2, Label: "Other signature secret", Type: "password", Secret: true,
			Help: "Only while you change the signature secret: signatures made with this one count too. Take it out afterwards.",
		},
		{
			Name: settingMethod, Label: "Signature method", Type: "select", Options: []string{"sha512", "sha256", "sha1", "md5", "md5hash"}, Default: "sha256",
			Help: "For the SMS API: as in the dashboard under API settings. Choose SHA-256 HMAC there; Vonage begins with MD5 hash (md5hash).",
		},
		{
			Name: settingProof, Label: "Calls of Vonage are proved by", Type: "select", Options: []string{proofSignature, proofAddress}, Default: proofSignature,
			Help: "signature: only signed calls are believed. address: unsigned calls to the secret address are believed too; only for the SMS API, until Vonage has switched signing on for the account.",
		},
		{
			Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+?[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
			Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none.",
		},
		{
			Name: settingREST, Label: "Address of the SMS API", Type: "url", Default: defaultREST,
			Help: "Leave it as it is. The balance is asked there too. Another address is for tests.",
		},
		{
			Name: settingBase, Label: "Address of the Messages API", Type: "url", Default: defaultBase,
			Help: "Leave it as it is. Another address is for tests, or for a region of Vonage's such as https://api-eu.vonage.com.",
		},
	}
}

// account is one configured Vonage account.
type account struct {
	id          smsir.UUID
	api         string
	key, secret string
	application string
	private     *rsa.PrivateKey
	signatures  [][]byte // secrets that sign calls; the first one signs requests
	method      string
	proof       string
	sender      string
	rest, base  string
	callback    string // "" while Vonage cannot or must not call back
	http        *outcall.Client
	codes       *codes
	now         func() time.Time
	refused     backlog // receipts for parts that Vonage refused
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	set := func(name, unset string) string {
		if s[name] == "" {
			return unset
		}
		return s[name]
	}
	tables, err := loadCodes()
	if err != nil {
		return nil, err
	}
	a := &account{
		id: cfg.ID, api: set(settingAPI, apiMessages), key: s[settingKey], secret: s[settingSecret], application: s[settingApplication],
		method: set(settingMethod, "sha256"), proof: set(settingProof, proofSignature), sender: s[settingSender],
		rest: strings.TrimRight(set(settingREST, defaultREST), "/"), base: strings.TrimRight(set(settingBase, defaultBase), "/"),
		codes: tables, now: o.now,
	}
	a.refused.ring = make(chan struct{}, 1)
	for _, name := range []string{settingSignature, settingSignature2} {
		if s[name] != "" {
			a.signatures = append(a.signatures, []byte(s[name]))
		}
	}
	if err := a.check(s[settingPrivateKey]); err != nil {
		return nil, err
	}
	if len(a.signatures) > 0 || a.proof == proofAddress { // what nobody could check is not asked for
		a.callback = cfg.CallbackURL
	}
	a.http = outcall.New(outcall.Options{Timeout: o.timeout})
	return a, nil
}

// check looks for what is missing or does not fit, and reads the private key.
func (a *account) check(private string) (err error) {
	if _, ok := digests()[a.method]; !ok {
		return invalid(settingMethod, "There is no such signature method.")
	}
	if a.proof != proofSignature && a.proof != proofAddress {
		return invalid(settingProof, "Calls are proved by signature or by address.")
	}
	for _, b := range []struct{ setting, address string }{{settingREST, a.rest}, {settingBase, a.base}} {
		if !outcall.ValidBase(b.address) {
			return invalid(b.setting, "This address has no form that works. Take it out for the usual one.")
		}
	}
	switch a.api {
	case apiSMS:
		if a.key == "" {
			return invalid(settingKey, "The SMS API needs the API key.")
		}
		if a.secret == "" && len(a.signatures) == 0 {
			return invalid(settingSecret, "The SMS API needs the API secret, or the signature secret.")
		}
	case apiMessages:
		if !regexp.MustCompile(`^[0-9a-fA-F-]{36}$`).MatchString(a.application) {
			return invalid(settingApplication, "The Messages API needs the ID of an application: 32 digits from 0 to f in five groups.")
		}
		if a.private, err = parseKey(private); err != nil {
			return invalid(settingPrivateKey, "The Messages API needs the private key of the application: the whole file, from BEGIN PRIVATE KEY to END PRIVATE KEY.")
		}
	default:
		return invalid(settingAPI, "Choose messages or sms.")
	}
	return nil
}

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	if s.From == "" {
		s.From = a.sender
	}
	if s.From == "" {
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
			Text: "The message names no sender, and this provider has no default sender.",
		}
	}
	if a.api == apiSMS {
		return a.sendSMS(ctx, s)
	}
	return a.sendMessage(ctx, s)
}

// Close closes idle connections.
func (a *account) Close() { a.http.Close() }

// Bounds of the time that Vonage is told to try.
const (
	minTTL = 20 * time.Second
	maxTTL = 7 * 24 * time.Hour
)

func ttl(left time.Duration) time.Duration { return min(max(left, minTTL), maxTTL) }

// digits is a number as Vonage writes it, without the plus sign; another sender stays as it is.
func digits(number string) string { return strings.TrimPrefix(number, "+") }

var numberForm = regexp.MustCompile(`^[1-9][0-9]{6,14}$`)

// number is a number of Vonage's in E.164; a short code or an alphanumeric sender stays as it is.
func number(s string) string {
	if numberForm.MatchString(s) {
		return "+" + s
	}
	return s
}

// kindOfText is Vonage's word for how the text travels.
func kindOfText(e smsir.Encoding) string {
	if e == smsir.EncodingGSM7 {
		return "text"
	}
	return "unicode"
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}
