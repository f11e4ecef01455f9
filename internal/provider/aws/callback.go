package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/network"
)

// notification is a call of SNS: a message of a topic, or the question whether an address wants to hear of it.
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
type notification struct {
	Type      string
	MessageID string `json:"MessageId"`
	TopicArn  string
	Subject   *string
	Message   string
	Timestamp string
	Token     string
	Subscribe string `json:"SubscribeURL"`
	Version   string `json:"SignatureVersion"`
	Signature string
	CertURL   string `json:"SigningCertURL"`
}

// Types of calls.
const (
	typeNotification = "Notification"
	typeConfirm      = "SubscriptionConfirmation"
	typeGone         = "UnsubscribeConfirmation"
)

// Callback implements [smsir.CalledBack]. To prove a signature it may have to fetch a certificate of SNS's, once in its
// life, and to a subscription it answers at SNS: both at the address of the topic's region, within callTimeout. Only a
// call that is signed for the topic of the settings gets that far.
func (a *account) Callback(ctx context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	refused := smsir.Errorf(smsir.CodeCallbackRefused, "The call is not signed by SNS for the topic of this provider.")
	var n notification
	if r.Method != http.MethodPost || a.topic == "" || json.Unmarshal(r.Body, &n) != nil || n.TopicArn != a.topic {
		return smsir.CallbackAnswer{}, refused
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	switch ok, err := a.signed(ctx, &n); {
	case err != nil:
		return smsir.CallbackAnswer{}, err // SNS comes again
	case !ok:
		return smsir.CallbackAnswer{}, refused
	}
	switch n.Type {
	case typeConfirm:
		if err := a.confirm(ctx, n.Token); err != nil {
			return smsir.CallbackAnswer{}, err
		}
		return smsir.CallbackAnswer{Status: http.StatusOK}, nil
	case typeGone:
		return smsir.CallbackAnswer{Status: http.StatusOK}, nil
	}
	return a.read(n.Message)
}

// callTimeout bounds what a call may make us wait for; SNS itself waits 15 seconds.
const callTimeout = 10 * time.Second

var tokenForm = regexp.MustCompile(`^[0-9A-Za-z_-]{16,1000}$`)

// confirm tells SNS that the address wants to hear of the topic. The address is made here: that of the call is not used.
func (a *account) confirm(ctx context.Context, token string) error {
	if !tokenForm.MatchString(token) {
		return smsir.Errorf(smsir.CodeInvalid, "The call has no token that works.")
	}
	query := url.Values{"Action": {"ConfirmSubscription"}, "Version": {"2010-03-31"}, "TopicArn": {a.topic}, "Token": {token}, "AuthenticateOnUnsubscribe": {"true"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.home+"/?"+query.Encode(), nil)
	if err != nil {
		return fmt.Errorf("aws: confirm the subscription: %w", err)
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return fmt.Errorf("aws: confirm the subscription: %w", err)
	}
	if answer.Status != http.StatusOK {
		return fmt.Errorf("aws: confirm the subscription: SNS answered with status %d", answer.Status)
	}
	return nil
}

// event is what End User Messaging tells about a message, and reply what somebody wrote to a two-way number.
// https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html
type event struct {
	Type      string            `json:"eventType"`
	Timestamp int64             `json:"eventTimestamp"` // milliseconds since 1970
	ID        string            `json:"messageId"`
	To        string            `json:"destinationPhoneNumber"`
	Status    string            `json:"messageStatus"`
	Detail    string            `json:"messageStatusDescription"`
	Context   map[string]string `json:"context"`
	Price     json.Number       `json:"totalMessagePrice"`
	Fee       json.Number       `json:"totalCarrierFee"`
	MCC       json.RawMessage   `json:"mcc"` // text, and no reason to miss what else an event says
	MNC       json.RawMessage   `json:"mnc"`
}

type reply struct {
	From string  `json:"originationNumber"`
	To   string  `json:"destinationNumber"`
	Body *string `json:"messageBody"`
	ID   string  `json:"inboundMessageId"`
}

// read reads a message of the topic. What is neither an event of a text message nor a reply is of no concern.
func (a *account) read(message string) (smsir.CallbackAnswer, error) {
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	var e event
	var r reply
	if json.Unmarshal([]byte(message), &e) != nil || json.Unmarshal([]byte(message), &r) != nil {
		return out, nil //nolint:nilerr // a topic may carry other things too
	}
	raw := strings.ToValidUTF8(message[:min(len(message), maxRaw)], "")
	switch {
	case strings.HasPrefix(e.Type, "TEXT_"):
		if receipt, ok := a.receipt(e); ok {
			receipt.Raw = raw
			out.Receipts = []smsir.Receipt{receipt}
		}
	case r.Body != nil && r.From != "" && r.To != "" && len(r.ID) <= 100:
		out.Inbound = []smsir.Inbound{{Reference: r.ID, From: r.From, To: r.To, Text: *r.Body, ReceivedAt: a.now(), Raw: raw}}
	}
	return out, nil
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// receipt reads what became of a message; false if it says nothing that we know.
// https://docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-types.html
func (a *account) receipt(e event) (smsir.Receipt, bool) {
	out := smsir.Receipt{Reference: e.ID, ArrivedAt: a.now(), Code: e.Type, Price: price(e), Network: network.Join(bare(e.MCC), bare(e.MNC))}
	if !idForm.MatchString(e.ID) {
		return out, false
	}
	if e.Timestamp > 0 && e.Timestamp < 1<<46 {
		out.DoneAt = time.UnixMilli(e.Timestamp).UTC()
	}
	if id, err := smsir.ParseID(smsir.PrefixAttempt, e.Context[contextKey]); err == nil {
		out.Attempt = id
	}
	if strings.HasPrefix(e.To, "+") {
		out.To = e.To
	}
	switch e.Type {
	case "TEXT_QUEUED", "TEXT_PENDING", "TEXT_SENT", "TEXT_SUCCESSFUL": // the last: the carrier has it
		out.Status = smsir.Sent
		return out, true
	case "TEXT_DELIVERED":
		out.Status = smsir.Delivered
		return out, true
	case "TEXT_TTL_EXPIRED":
		out.Status = smsir.Expired
	default:
		if _, known := a.codes.Find(e.Type); !known {
			return out, false // TEXT_UNKNOWN, or one that is new
		}
		out.Status = smsir.Undelivered
	}
	note, _ := a.codes.Report(e.Type)
	out.Error = &smsir.Failure{Class: note.Class, Code: strings.ToLower(strings.TrimPrefix(e.Type, "TEXT_")), Text: note.Text, ProviderCode: e.Type, ProviderText: clip(e.Detail)}
	return out, true
}

// bare is a word without its quotes.
func bare(word json.RawMessage) string { return strings.Trim(string(word), `"`) }

// price is what AWS takes for a message, all parts and the carrier's fee together, in US dollars.
func price(e event) smsir.Money {
	sum := smsir.ParseMoney(e.Price.String(), "USD")
	if fee := smsir.ParseMoney(e.Fee.String(), "USD"); fee.Micros > 0 && fee.Micros < 1<<40 && sum.Micros < 1<<40 {
		sum.Micros, sum.Currency = sum.Micros+fee.Micros, fee.Currency
	}
	return sum
}
