package aws

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// contextKey is the name under which an attempt travels with a message of End User Messaging, and comes back.
const contextKey = "smsir_attempt"

// End User Messaging keeps a message for 5 s to 3 days.
const (
	minLife = 5 * time.Second
	maxLife = 72 * time.Hour
)

// textMessage is a submission to End User Messaging.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
type textMessage struct {
	To        string            `json:"DestinationPhoneNumber"`
	From      string            `json:"OriginationIdentity,omitempty"`
	Body      string            `json:"MessageBody"`
	Type      string            `json:"MessageType"`
	ConfigSet string            `json:"ConfigurationSetName,omitempty"`
	Life      int               `json:"TimeToLive"`
	Context   map[string]string `json:"Context"`
}

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	from := s.From
	if from == "" {
		from = a.sender
	}
	req, body, err := a.request(ctx, s, from)
	if err != nil {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassConfig, Code: "bad_address", Text: "The address of the API cannot be used.", Err: err}
	}
	a.signer.sign(req, body, a.now())
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	if a.sns {
		return a.judge(answer, fromSNS(answer))
	}
	return a.judge(answer, fromEUM(answer))
}

func (a *account) request(ctx context.Context, s smsir.Submission, from string) (*http.Request, []byte, error) {
	if a.sns {
		body := []byte(publish(s, from).Encode())
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/", strings.NewReader(string(body)))
		if err != nil {
			return nil, nil, err
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		return req, body, nil
	}
	kind := "TRANSACTIONAL"
	if s.Class == smsir.Bulk {
		kind = "PROMOTIONAL"
	}
	body, err := json.Marshal(textMessage{
		To: s.To, From: from, Body: s.Text, Type: kind, ConfigSet: a.configSet,
		Life: int(min(max(s.Validity, minLife), maxLife) / time.Second), Context: map[string]string{contextKey: s.Attempt.Format(smsir.PrefixAttempt)},
	})
	if err != nil {
		return nil, nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/", strings.NewReader(string(body)))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/x-amz-json-1.0")
	req.Header.Set("X-Amz-Target", "PinpointSMSVoiceV2.SendTextMessage")
	return req, body, nil
}

// publish is a submission to SNS. https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func publish(s smsir.Submission, from string) url.Values {
	form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {s.To}, "Message": {s.Text}}
	kind := "Transactional"
	if s.Class == smsir.Bulk {
		kind = "Promotional"
	}
	attributes := [][2]string{{"AWS.SNS.SMS.SMSType", kind}}
	switch {
	case strings.HasPrefix(from, "+"):
		attributes = append(attributes, [2]string{"AWS.MM.SMS.OriginationNumber", from})
	case from != "":
		attributes = append(attributes, [2]string{"AWS.SNS.SMS.SenderID", from})
	}
	for i, attribute := range attributes {
		entry := "MessageAttributes.entry." + string(rune('1'+i)) + "."
		form.Set(entry+"Name", attribute[0])
		form.Set(entry+"Value.DataType", "String")
		form.Set(entry+"Value.StringValue", attribute[1])
	}
	return form
}

// said is what matters of an answer of either service.
type said struct{ id, code, text string }

// fromEUM reads an answer of End User Messaging: JSON, with the error's name in a field or a header.
func fromEUM(answer outcall.Response) (s said) {
	var body struct {
		ID     string `json:"MessageId"`
		Type   string `json:"__type"`
		Text   string `json:"message"`
		Text2  string `json:"Message"`
		Reason string `json:"Reason"`
	}
	if answer.Truncated || json.Unmarshal(answer.Body, &body) != nil {
		return said{}
	}
	s = said{id: body.ID, code: body.Type, text: body.Text}
	if s.code == "" {
		s.code = answer.Header.Get("X-Amzn-Errortype")
	}
	s.code = errorName(s.code)
	if s.text == "" {
		s.text = body.Text2
	}
	if body.Reason != "" {
		s.text = strings.TrimSpace(s.text + " (" + body.Reason + ")")
		if s.code != "" {
			s.code += ":" + body.Reason
		}
	}
	return s
}

// errorName takes the name out of "com.amazonaws.example#NameException:http://…".
func errorName(text string) string {
	text, _, _ = strings.Cut(text, ":")
	return text[strings.LastIndexByte(text, '#')+1:]
}

// fromSNS reads an answer of SNS, which is XML.
func fromSNS(answer outcall.Response) said {
	var body struct {
		XMLName xml.Name
		ID      string `xml:"PublishResult>MessageId"`
		Code    string `xml:"Error>Code"`
		Text    string `xml:"Error>Message"`
	}
	if answer.Truncated || xml.Unmarshal(answer.Body, &body) != nil {
		return said{}
	}
	switch body.XMLName.Local {
	case "PublishResponse":
		return said{id: body.ID}
	case "ErrorResponse":
		return said{code: body.Code, text: body.Text}
	}
	return said{}
}

var idForm = regexp.MustCompile(`^[0-9A-Za-z-]{8,100}$`)

// judge tells what an answer to a submission means.
func (a *account) judge(answer outcall.Response, s said) (smsir.Accepted, error) {
	if answer.Status == http.StatusOK && s.code == "" && idForm.MatchString(s.id) {
		return smsir.Accepted{References: []string{s.id}, NoReceipt: !a.called}, nil
	}
	n := outcall.Negative{Provider: "AWS", Code: s.code, Text: clip(s.text)}
	if answer.Status/100 == 2 {
		n.Code = "" // AWS never refuses inside of a 200
	}
	if n.Code != "" {
		note, mapped := a.codes.Find(n.Code)
		if !mapped { // with another reason than we know, the name alone
			name, _, _ := strings.Cut(n.Code, ":")
			note, mapped = a.codes.Refusal("AWS", answer.Status, name)
		}
		n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	}
	return smsir.Accepted{}, answer.Judge(n, a.now())
}

// clip keeps words short enough to be stored.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), 500)], "") }
