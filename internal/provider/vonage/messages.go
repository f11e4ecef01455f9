package vonage

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/jws"
	"github.com/smsir/smsir/internal/outcall"
)

// message is a request of the Messages API.
type message struct {
	Type           string     `json:"message_type"`
	Channel        string     `json:"channel"`
	To             string     `json:"to"`
	From           string     `json:"from"`
	Text           string     `json:"text"`
	Reference      string     `json:"client_ref"`
	TTL            int64      `json:"ttl"` // seconds
	SMS            smsOptions `json:"sms"`
	Webhook        string     `json:"webhook_url,omitempty"`
	WebhookVersion string     `json:"webhook_version,omitempty"`
}

type smsOptions struct {
	Encoding string `json:"encoding_type"`
}

// sendMessage hands a message over to the Messages API.
func (a *account) sendMessage(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	m := message{
		Type: "text", Channel: "sms", To: digits(s.To), From: digits(s.From), Text: s.Text, Reference: s.Attempt.Format(smsir.PrefixAttempt),
		TTL: int64(ttl(s.Validity) / time.Second), SMS: smsOptions{kindOfText(s.Encoding)},
	}
	if a.callback != "" {
		m.Webhook, m.WebhookVersion = a.callback, "v1"
	}
	req, err := a.request(ctx, m)
	if err != nil {
		return smsir.Accepted{}, err
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judgeMessage(answer)
}

// request is a signed-in request to the Messages API. The error is a [*smsir.SendError].
func (a *account) request(ctx context.Context, body any) (*http.Request, error) {
	req, err := outcall.NewJSON(ctx, http.MethodPost, a.base+"/v1/messages", body)
	if err != nil {
		return nil, err
	}
	now := a.now()
	token, err := jws.SignRS256(a.private, claims{
		Application: a.application, Issued: now.Unix(), Expires: now.Add(tokenLife).Unix(), ID: rand.Text(),
	})
	if err != nil {
		return nil, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassConfig, Code: "bad_key", Text: "The private key cannot be used to sign.", Err: err}
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}

// tokenLife is how long a token of ours is good; one is made for each request.
const tokenLife = 15 * time.Minute

// claims of a token of ours.
type claims struct {
	Application string `json:"application_id"`
	Issued      int64  `json:"iat"`
	Expires     int64  `json:"exp"`
	ID          string `json:"jti"`
}

var uuidForm = regexp.MustCompile(`^[0-9a-fA-F-]{16,64}$`)

// judgeMessage tells what an answer of the Messages API means.
func (a *account) judgeMessage(answer outcall.Response) (smsir.Accepted, error) {
	if answer.Status/100 != 2 {
		return smsir.Accepted{}, a.judgeProblem(answer)
	}
	var took struct {
		UUID string `json:"message_uuid"`
	}
	if answer.Truncated || json.Unmarshal(answer.Body, &took) != nil || !uuidForm.MatchString(took.UUID) {
		return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
	}
	return smsir.Accepted{References: []string{took.UUID}, NoReceipt: a.callback == ""}, nil
}

// problem is how Vonage refuses (RFC 7807). The code is the fragment of the type.
type problem struct {
	Type   string `json:"type"`
	Title  word   `json:"title"`
	Detail string `json:"detail"`
}

// code is Vonage's code, "" when it gives none.
func (p problem) code() string {
	if _, fragment, ok := strings.Cut(p.Type, "#"); ok && fragment != "" {
		return fragment
	}
	if numberCode.MatchString(string(p.Title)) {
		return string(p.Title)
	}
	return ""
}

var numberCode = regexp.MustCompile(`^[0-9]{4}$`)

func (p problem) words() string {
	if p.Detail != "" {
		return p.Detail
	}
	return string(p.Title)
}

// judgeProblem tells what an answer without success means.
func (a *account) judgeProblem(answer outcall.Response) *smsir.SendError {
	var p problem
	if json.Unmarshal(answer.Body, &p) != nil { // without a code it is no answer of Vonage's
		p = problem{}
	}
	note, mapped := a.codes.messages.Refusal(title, answer.Status, p.code())
	return answer.Judge(outcall.Negative{Provider: title, Code: p.code(), Text: p.words(), Class: note.Class, Note: note.Text, Mapped: mapped}, a.now())
}

// parseKey reads a private key in PEM (PKCS #8 or PKCS #1), also one whose line breaks a form has eaten.
func parseKey(text string) (*rsa.PrivateKey, error) {
	_, rest, ok := strings.Cut(text, "PRIVATE KEY-----")
	body, _, closed := strings.Cut(rest, "-----END")
	if !ok || !closed {
		return nil, errors.New("it has no BEGIN and END")
	}
	body = strings.NewReplacer(`\n`, "", `\r`, "", "\n", "", "\r", "", "\t", "", " ", "").Replace(body)
	der, err := base64.StdEncoding.DecodeString(body)
	if err != nil {
		return nil, err
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("it is not an RSA key")
	}
	return key, nil
}
