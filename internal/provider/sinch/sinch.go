// Package sinch is in charge of sending SMS through Sinch's SMS API (XMS, version 1): it hands a message over as a batch of
// one, reads Sinch's calls with receipts and replies, and asks what became of a message whose answer was lost.
//
// It does not retry, store or match anything, and it manages nothing at Sinch: numbers, regions and the address for
// replies are set up there.
//
// What it guarantees: "refused" and "not sent" are Sinch's own words or proof, anything else is unknown; a message is told
// as never accepted only when Sinch's complete list since then has none with our reference; where Sinch signs its calls,
// one that is not signed with one of the secrets within five minutes changes nothing. Where it does not, the secret in the
// address is the proof.
package sinch

import (
	"context"
	_ "embed" // for codes.json
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// Names of the settings.
const (
	settingPlan    = "service_plan_id"
	settingToken   = "api_token"
	settingRegion  = "region"
	settingSecret  = "webhook_secret"
	settingSecret2 = "webhook_secret_2"
	settingSender  = "default_sender"
	settingBase    = "base_url"
)

const title = "Sinch"

// codesFile says what Sinch's error codes mean to us, those of refusals, which are words, and those of receipts, which
// are numbers.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
}

func regions() []string { return []string{"us", "eu", "au", "br", "ca"} }

// Kind is the kind "sinch".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "sinch",
		Title:     title,
		Help:      "Sends SMS through a service plan of Sinch. You need the ID of the service plan and its API token from the Sinch dashboard, and a number, a short code or an alphanumeric sender there.",
		Window:    30,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingPlan, Label: "Service plan ID", Type: "text", Required: true, Pattern: `[A-Za-z0-9_-]{1,64}`,
				Help: "In the Sinch dashboard under SMS, APIs.",
			},
			{
				Name: settingToken, Label: "API token", Type: "password", Secret: true, Required: true,
				Help: "Beside the service plan ID: Show the token.",
			},
			{
				Name: settingRegion, Label: "Region", Type: "select", Options: regions(), Default: "us",
				Help: "Where the service plan is. In the Sinch dashboard beside the service plan.",
			},
			{
				Name: settingSecret, Label: "Webhook secret", Type: "password", Secret: true,
				Help: "Only if Sinch signs its calls to you (HMAC): the secret that you agreed on with Sinch. Then every call must be signed with it. Without it, the secret address of the callbacks is the proof.",
			},
			{
				Name: settingSecret2, Label: "Other webhook secret", Type: "password", Secret: true,
				Help: "Only while you change the webhook secret: signatures made with this one count too. Take it out afterwards.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
				Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none. Without it Sinch chooses, if the service plan has default originators.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url",
				Help: "Leave it empty: the region says it. Another address is for tests.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// plan is one configured service plan. It is a [smsir.CalledBack], a [smsir.StatusQuerier] and a
// [smsir.CredentialChecker].
type plan struct {
	token    string
	secrets  []string // that sign callbacks; none: Sinch does not sign
	sender   string
	batches  string // the address of the batches
	callback string // "" while Sinch cannot call back
	http     *outcall.Client
	codes    *errmap.Table
	now      func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("sinch: %w", err)
	}
	p := &plan{token: s[settingToken], sender: s[settingSender], callback: cfg.CallbackURL, codes: codes, now: o.now}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`).MatchString(s[settingPlan]) {
		return nil, invalid(settingPlan, "The service plan ID is required: letters and digits. It is in the Sinch dashboard under SMS, APIs.")
	}
	if p.token == "" {
		return nil, invalid(settingToken, "The API token is required. It stands beside the service plan ID in the Sinch dashboard.")
	}
	for _, name := range []string{settingSecret, settingSecret2} {
		if s[name] != "" {
			p.secrets = append(p.secrets, s[name])
		}
	}
	base := strings.TrimRight(s[settingBase], "/")
	if base == "" {
		region := s[settingRegion]
		if region == "" {
			region = regions()[0]
		}
		if !slices.Contains(regions(), region) {
			return nil, invalid(settingRegion, "Sinch has no such region. Choose one of: "+strings.Join(regions(), ", ")+".")
		}
		base = "https://" + region + ".sms.api.sinch.com"
	}
	if !outcall.ValidBase(base) {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	p.batches = base + "/xms/v1/" + s[settingPlan] + "/batches"
	p.http = outcall.New(outcall.Options{Timeout: o.timeout})
	return p, nil
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}

// CheckCredentials implements [smsir.CredentialChecker]. Sinch tells no balance here.
func (p *plan) CheckCredentials(ctx context.Context) error {
	req, err := outcall.NewJSON(ctx, http.MethodGet, p.batches+"?page_size=1", nil)
	if err != nil {
		return err
	}
	p.authorize(req)
	return p.http.Ask(ctx, req, title, new(page))
}

func (p *plan) authorize(req *http.Request) { req.Header.Set("Authorization", "Bearer "+p.token) }
