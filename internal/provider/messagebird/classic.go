package messagebird

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/jws"
	"github.com/smsir/smsir/internal/outcall"
)

// classic is an account of MessageBird's SMS API. It is a [smsir.CalledBack], a [smsir.CredentialChecker] and a
// [smsir.BalanceReporter].
type classic struct{ account }

// message is a submission to the SMS API.
type message struct {
	From       string   `json:"originator"`
	Body       string   `json:"body"`
	Recipients []string `json:"recipients"`
	Type       string   `json:"type"`
	Coding     string   `json:"datacoding"`
	Validity   int      `json:"validity"` // seconds
	Reference  string   `json:"reference"`
	ReportURL  string   `json:"reportUrl,omitempty"`
}

// maxValidity is MessageBird's limit.
const maxValidity = 48 * time.Hour

// Send implements [smsir.Provider].
func (c *classic) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	from, err := c.from(s)
	if err != nil {
		return smsir.Accepted{}, err
	}
	m := message{
		From: strings.TrimPrefix(from, "+"), Body: s.Text, Recipients: []string{strings.TrimPrefix(s.To, "+")}, Type: "sms", Coding: "plain",
		Validity: int(min(max(s.Validity, time.Second), maxValidity) / time.Second), Reference: s.Attempt.Format(smsir.PrefixAttempt), ReportURL: c.callback,
	}
	if s.Encoding == smsir.EncodingUCS2 {
		m.Coding = "unicode"
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, c.base+"/messages", m)
	if err != nil {
		return smsir.Accepted{}, err
	}
	req.Header.Set("Authorization", "AccessKey "+c.key)
	answer, err := c.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return c.judge(answer)
}

var classicID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// judge tells what an answer to a submission means.
func (c *classic) judge(answer outcall.Response) (smsir.Accepted, error) {
	var told struct {
		ID     string `json:"id"`
		Errors []struct {
			Code        int    `json:"code"`
			Description string `json:"description"`
		} `json:"errors"`
	}
	readable := json.Unmarshal(answer.Body, &told) == nil && !answer.Truncated
	if answer.Status/100 == 2 && readable && classicID.MatchString(told.ID) && len(told.Errors) == 0 {
		return smsir.Accepted{References: []string{told.ID}, NoReceipt: c.callback == ""}, nil
	}
	n := outcall.Negative{Provider: title}
	if readable && len(told.Errors) > 0 && told.Errors[0].Code != 0 {
		n.Code, n.Text = strconv.Itoa(told.Errors[0].Code), told.Errors[0].Description
	} else if answer.Status == http.StatusUnauthorized {
		n.Code = noLogin
	}
	note, mapped := c.codes.Refusal(title, answer.Status, n.Code)
	n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	return smsir.Accepted{}, answer.Judge(n, c.now())
}

// CheckCredentials implements [smsir.CredentialChecker].
func (c *classic) CheckCredentials(ctx context.Context) error {
	_, err := c.Balance(ctx)
	return err
}

// Balance implements [smsir.BalanceReporter].
func (c *classic) Balance(ctx context.Context) (smsir.Balance, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, c.base+"/balance", nil)
	if err != nil {
		return smsir.Balance{}, err
	}
	req.Header.Set("Authorization", "AccessKey "+c.key)
	var answer struct {
		Type   string      `json:"type"`
		Amount json.Number `json:"amount"`
	}
	if err := c.http.Ask(ctx, req, title, &answer); err != nil {
		return smsir.Balance{}, err
	}
	if answer.Amount == "" || answer.Type == "" {
		return smsir.Balance{}, smsir.Errorf(smsir.CodeProviderUnreachable, "MessageBird answered, but without a balance. Check the address of the API if one is set.")
	}
	currency := map[string]string{"euros": "EUR", "pounds": "GBP", "dollars": "USD"}[answer.Type]
	if currency == "" {
		currency = answer.Type
	}
	return smsir.Balance{Amount: answer.Amount.String(), Currency: currency}, nil
}

// Callback implements [smsir.CalledBack]: MessageBird tells what became of a message (the parameter status), or that
// somebody wrote to one of the account's numbers.
func (c *classic) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if !c.signed(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	said, err := parameters(r)
	if err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call cannot be read.")
	}
	id := first(said, "id", "message_id")
	if id == "" {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	if said.Has("status") {
		if receipt, ok := c.receipt(r, said, id); ok {
			out.Receipts = []smsir.Receipt{receipt}
		}
		return out, nil
	}
	in := smsir.Inbound{
		Reference: id, From: number(first(said, "originator", "sender")), To: number(first(said, "recipient", "receiver")), Text: first(said, "body", "payload", "message"),
		ReceivedAt: moment(first(said, "createdDatetime")), Raw: c.raw(r),
	}
	if in.From == "" || in.To == "" {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient.")
	}
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = c.now()
	}
	out.Inbound = []smsir.Inbound{in}
	return out, nil
}

// first is the first of some parameters that is not empty.
func first(said url.Values, names ...string) string {
	for _, name := range names {
		if text := said.Get(name); text != "" {
			return text
		}
	}
	return ""
}

// parameters reads what a request tells, in its address, as a form or as JSON.
func parameters(r smsir.CallbackRequest) (url.Values, error) {
	if len(r.Body) == 0 {
		address, err := url.Parse(r.URL)
		if err != nil {
			return nil, err
		}
		return url.ParseQuery(address.RawQuery)
	}
	if kind, _, _ := mime.ParseMediaType(http.Header(r.Header).Get("Content-Type")); kind == "application/x-www-form-urlencoded" {
		return url.ParseQuery(string(r.Body))
	}
	var fields map[string]any
	if err := json.Unmarshal(r.Body, &fields); err != nil {
		return nil, err
	}
	said := url.Values{}
	for name, value := range fields {
		switch v := value.(type) {
		case string:
			said.Set(name, v)
		case float64:
			said.Set(name, strconv.FormatFloat(v, 'f', -1, 64))
		}
	}
	return said, nil
}

// leeway is how far MessageBird's clock and ours may be apart; a token is valid for a minute.
const leeway = 30 * time.Second

// signed reports whether a request bears a token that one of the signing keys makes: of the address as it was called and of
// the body, for a minute.
// https://developers.messagebird.com/api/#verifying-http-requests
func (c *classic) signed(r smsir.CallbackRequest) bool {
	given := r.Header["Messagebird-Signature-Jwt"]
	if len(given) != 1 {
		return false
	}
	raw, err := jws.VerifyHS256(given[0], c.secrets, c.now(), leeway)
	if err != nil {
		return false
	}
	var claims struct {
		Issuer    string          `json:"iss"`
		Expires   json.RawMessage `json:"exp"`
		NotBefore json.RawMessage `json:"nbf"`
		URL       string          `json:"url_hash"`
		Payload   *string         `json:"payload_hash"`
	}
	if json.Unmarshal(raw, &claims) != nil || claims.Issuer != "MessageBird" || claims.Expires == nil || claims.NotBefore == nil {
		return false
	}
	if claims.URL != digest([]byte(r.URL)) || (claims.Payload != nil) != (len(r.Body) > 0) {
		return false
	}
	return claims.Payload == nil || *claims.Payload == digest(r.Body)
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// receipt reads what became of a message; false if it says nothing that we know.
func (c *classic) receipt(r smsir.CallbackRequest, said url.Values, id string) (smsir.Receipt, bool) {
	out := smsir.Receipt{
		Reference: id, Attempt: attemptOf(said.Get("reference")), To: recipient(said.Get("recipient")), ArrivedAt: c.now(), DoneAt: moment(said.Get("statusDatetime")),
		Raw: c.raw(r), Price: smsir.ParseMoney(said.Get("price[amount]"), said.Get("price[currency]")), Network: said.Get("mccmnc"),
	}
	reason := said.Get("statusReason")
	switch status := said.Get("status"); status {
	case "scheduled", "sent", "buffered":
		out.Status = smsir.Sent
	case "delivered":
		out.Status = smsir.Delivered
	case "delivery_failed", "expired":
		out.Status = smsir.Undelivered
		if status == "expired" {
			out.Status = smsir.Expired
		}
		if out.Code = said.Get("statusErrorCode"); out.Code == "0" {
			out.Code = ""
		}
		note, mapped := c.reports.Find(out.Code)
		if !mapped {
			note, mapped = c.reports.Report(strings.ToLower(reason)) // several codes share one
		}
		out.Unmapped = !mapped && out.Code != ""
		out.Error = &smsir.Failure{Class: note.Class, Code: status, Text: note.Text, ProviderCode: out.Code, ProviderText: reason}
	default:
		return smsir.Receipt{}, false
	}
	return out, true
}

// raw is a call as it came, without the path, whose last part is a secret.
func (c *classic) raw(r smsir.CallbackRequest) string {
	if len(r.Body) > 0 {
		return clip(string(r.Body))
	}
	_, query, _ := strings.Cut(r.URL, "?")
	return clip(query)
}
