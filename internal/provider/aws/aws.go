// Package aws is in charge of sending SMS through Amazon Web Services: through AWS End User Messaging (the action
// SendTextMessage of its SMS and voice API, version 2), or through Amazon SNS (the action Publish). It hands a message
// over, and reads what End User Messaging tells about it through an SNS topic.
//
// It does not retry, store or match anything, and it manages nothing at AWS but one thing: it confirms the subscription
// of its own address to the one topic that the settings name. Neither service finds a message again by anything of ours,
// so a lost answer is cleared up by a receipt only, and with SNS by nothing.
//
// What it guarantees: "refused" and "not sent" are AWS's own words or proof, anything else is unknown; a call that is not
// signed by SNS for the topic of the settings changes nothing; certificates of signatures and confirmations are asked for
// at the SNS of the topic's region only, whatever a call says.
package aws

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
	settingService = "service"
	settingRegion  = "region"
	settingID      = "access_key_id"
	settingSecret  = "secret_access_key"
	settingSender  = "default_sender"
	settingConfig  = "configuration_set"
	settingTopic   = "topic_arn"
	settingBase    = "base_url"
)

// The services.
const (
	serviceEUM = "End User Messaging"
	serviceSNS = "SNS"
)

// codesFile says what AWS's error codes mean to us: words of requests, and the event types of receipts.
//
//go:embed codes.json
var codesFile []byte

// options are what tests change.
type options struct {
	timeout time.Duration // the response timer; 0: that of package outcall
	now     func() time.Time
	sns     string // where the SNS of the topic's region is; "" for AWS's own
}

// Kind is the kind "aws".
func Kind() smsir.ProviderKind { return newKind(options{now: time.Now}) }

const (
	regionForm = `[a-z]{2}(-[a-z]+)+-[0-9]`
	topicForm  = `arn:aws[a-z-]*:sns:` + regionForm + `:[0-9]{12}:[A-Za-z0-9_-]{1,256}`
)

func newKind(o options) smsir.ProviderKind {
	return smsir.ProviderKind{
		Name:      "aws",
		Title:     "Amazon Web Services",
		Help:      "Sends SMS through AWS End User Messaging or Amazon SNS. You need the access key of an IAM user who may do nothing but that.",
		Window:    20,
		CallsBack: true,
		Fields: []smsir.Field{
			{
				Name: settingService, Label: "Service", Type: "select", Options: []string{serviceEUM, serviceSNS}, Default: serviceEUM,
				Help: "End User Messaging reports delivery through a topic; SNS reports nothing to us.",
			},
			{
				Name: settingRegion, Label: "Region", Type: "text", Required: true, Pattern: regionForm,
				Help: "Such as eu-west-1. The one in which your phone numbers and sender IDs are.",
			},
			{
				Name: settingID, Label: "Access key ID", Type: "text", Required: true, Pattern: `[A-Z0-9]{16,128}`,
				Help: "Of an IAM user with the one permission sms-voice:SendTextMessage, or sns:Publish.",
			},
			{
				Name: settingSecret, Label: "Secret access key", Type: "password", Secret: true, Required: true,
				Help: "Shown once, when the access key is created.",
			},
			{
				Name: settingSender, Label: "Default sender", Type: "text", Pattern: `[A-Za-z0-9_:/+-]{1,256}`,
				Help: "For messages that name none. End User Messaging: a phone number with +, a sender ID, or the ID or ARN of either or of a pool. SNS: a sender ID, or a number of yours.",
			},
			{
				Name: settingConfig, Label: "Configuration set", Type: "text", Pattern: `[A-Za-z0-9_:/-]{1,256}`,
				Help: "End User Messaging only: its name. Its event destination sends what becomes of messages to the topic below.",
			},
			{
				Name: settingTopic, Label: "ARN of the topic for receipts", Type: "text", Pattern: topicForm,
				Help: "End User Messaging only: the SNS topic to which the callback address is subscribed. Without it messages end as sent.",
			},
			{
				Name: settingBase, Label: "Address of the API", Type: "url",
				Help: "Leave it empty. Another address is for tests, and for endpoints of a network of your own.",
			},
		},
		Open: func(cfg smsir.ProviderConfig) (smsir.Provider, error) { return open(cfg, o) },
	}
}

// account is one configured access key and service. It is a [smsir.CalledBack].
type account struct {
	sns       bool // not End User Messaging
	signer    signer
	sender    string
	configSet string
	topic     string // "" while nothing is told
	called    bool   // there is an address at which SNS can call, and a topic
	base      string
	home      string // the SNS of the topic's region
	http      *outcall.Client
	certs     certificates
	codes     *errmap.Table
	now       func() time.Time
}

func open(cfg smsir.ProviderConfig, o options) (smsir.Provider, error) {
	s := cfg.Settings
	codes, err := errmap.Load(codesFile)
	if err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	a := &account{
		sns: s[settingService] == serviceSNS, sender: s[settingSender], configSet: s[settingConfig], topic: s[settingTopic], codes: codes, now: o.now,
		signer: signer{id: s[settingID], secret: strings.TrimSpace(s[settingSecret]), region: s[settingRegion], service: "sms-voice"},
		base:   strings.TrimRight(s[settingBase], "/"), home: o.sns,
	}
	host := "sms-voice."
	if a.sns {
		a.signer.service, host = "sns", "sns."
	}
	switch {
	case !regexp.MustCompile("^" + regionForm + "$").MatchString(a.signer.region):
		return nil, invalid(settingRegion, "The region is required. Write such as eu-west-1.")
	case a.signer.id == "":
		return nil, invalid(settingID, "The access key ID is required. It stands with the IAM user in the AWS console.")
	case a.signer.secret == "":
		return nil, invalid(settingSecret, "The secret access key is required. If it is lost, create another access key in the AWS console.")
	case a.sns && a.configSet != "":
		return nil, invalid(settingConfig, "SNS has no configuration sets. Take it out, or choose End User Messaging.")
	case a.sns && a.topic != "":
		return nil, invalid(settingTopic, "SNS does not report what becomes of messages to a topic. Take it out, or choose End User Messaging.")
	case a.topic != "" && !regexp.MustCompile("^"+topicForm+"$").MatchString(a.topic):
		return nil, invalid(settingTopic, "The ARN of the topic has no form that works. Copy it from the SNS console.")
	case a.topic != "" && a.configSet == "":
		return nil, invalid(settingConfig, "Without a configuration set nothing reaches the topic. Enter it, or take the topic out.")
	}
	if a.base == "" {
		a.base = "https://" + host + a.signer.region + "." + domain(a.signer.region)
	}
	if !outcall.ValidBase(a.base) {
		return nil, invalid(settingBase, "The address of the API has no form that works. Take it out for the usual one.")
	}
	if a.topic != "" && a.home == "" {
		region := strings.Split(a.topic, ":")[3]
		a.home = "https://sns." + region + "." + domain(region)
	}
	a.called = a.topic != "" && cfg.CallbackURL != ""
	a.http = outcall.New(outcall.Options{Timeout: o.timeout})
	return a, nil
}

// domain is that of the addresses of a region.
func domain(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

func invalid(field, text string) error {
	err := smsir.Errorf(smsir.CodeInvalid, "%s", text)
	err.Field = field
	return err
}
