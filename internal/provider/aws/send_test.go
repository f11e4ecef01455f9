package aws

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

func submission(to string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, To: to, Text: `Grüße & "50%" = mehr +1`, Validity: time.Hour}
}

// TestRequestEUM: the body, word for word; the far side checks the signature.
func TestRequestEUM(t *testing.T) {
	t.Parallel()
	id := attempt.Format(smsir.PrefixAttempt)
	const text = `"MessageBody":"Grüße \u0026 \"50%\" = mehr +1"`
	for name, tt := range map[string]struct {
		set       []string
		from      string
		class     smsir.Class
		validity  time.Duration
		want      string
		noReceipt bool
	}{
		"default sender":               {nil, "", smsir.OTP, time.Hour, `{"DestinationPhoneNumber":"+12025550120","OriginationIdentity":"+12025550130",` + text + `,"MessageType":"TRANSACTIONAL","TimeToLive":3600,"Context":{"smsir_attempt":"` + id + `"}}`, true},
		"sender of the message, bulk":  {nil, "ACME", smsir.Bulk, 90 * time.Hour, `{"DestinationPhoneNumber":"+12025550120","OriginationIdentity":"ACME",` + text + `,"MessageType":"PROMOTIONAL","TimeToLive":259200,"Context":{"smsir_attempt":"` + id + `"}}`, true},
		"no sender, configuration set": {[]string{settingSender, "", settingConfig, "set", settingTopic, topic}, "", smsir.Transactional, 0, `{"DestinationPhoneNumber":"+12025550120",` + text + `,"MessageType":"TRANSACTIONAL","ConfigurationSetName":"set","TimeToLive":5,"Context":{"smsir_attempt":"` + id + `"}}`, false},
	} {
		f := newFar(t, false)
		s := submission(takes)
		s.From, s.Class, s.Validity = tt.from, tt.class, tt.validity
		got, err := newAccount(t, f, false, tt.set...).Send(t.Context(), s)
		if err != nil || len(got.References) != 1 || got.NoReceipt != tt.noReceipt {
			t.Fatalf("%s: got %+v, %v, want it accepted, NoReceipt %v", name, got, err, tt.noReceipt)
		}
		c := f.Calls()[0]
		if string(c.Body) != tt.want || c.Header.Get("X-Amz-Target") != "PinpointSMSVoiceV2.SendTextMessage" || c.Header.Get("Content-Type") != "application/x-amz-json-1.0" || c.Path != "/" {
			t.Errorf("%s: got %s with %v,\nwant %s", name, c.Body, c.Header, tt.want)
		}
	}
}

// TestRequestSNS: the form, word for word.
func TestRequestSNS(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set   []string
		from  string
		class smsir.Class
		want  url.Values
	}{
		"a number": {nil, "", smsir.OTP, url.Values{
			"MessageAttributes.entry.1.Name": {"AWS.SNS.SMS.SMSType"}, "MessageAttributes.entry.1.Value.DataType": {"String"}, "MessageAttributes.entry.1.Value.StringValue": {"Transactional"},
			"MessageAttributes.entry.2.Name": {"AWS.MM.SMS.OriginationNumber"}, "MessageAttributes.entry.2.Value.DataType": {"String"}, "MessageAttributes.entry.2.Value.StringValue": {sender},
		}},
		"a sender ID, bulk": {nil, "ACME", smsir.Bulk, url.Values{
			"MessageAttributes.entry.1.Name": {"AWS.SNS.SMS.SMSType"}, "MessageAttributes.entry.1.Value.DataType": {"String"}, "MessageAttributes.entry.1.Value.StringValue": {"Promotional"},
			"MessageAttributes.entry.2.Name": {"AWS.SNS.SMS.SenderID"}, "MessageAttributes.entry.2.Value.DataType": {"String"}, "MessageAttributes.entry.2.Value.StringValue": {"ACME"},
		}},
		"no sender": {[]string{settingSender, ""}, "", smsir.Transactional, url.Values{
			"MessageAttributes.entry.1.Name": {"AWS.SNS.SMS.SMSType"}, "MessageAttributes.entry.1.Value.DataType": {"String"}, "MessageAttributes.entry.1.Value.StringValue": {"Transactional"},
		}},
	} {
		f := newFar(t, true)
		s := submission(takes)
		s.From, s.Class = tt.from, tt.class
		got, err := newAccount(t, f, true, tt.set...).Send(t.Context(), s)
		if err != nil || len(got.References) != 1 || !got.NoReceipt {
			t.Fatalf("%s: got %+v, %v, want it accepted, and no receipt to come", name, got, err)
		}
		maps.Copy(tt.want, url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "PhoneNumber": {takes}, "Message": {s.Text}})
		if c := f.Calls()[0]; !reflect.DeepEqual(c.Form(), tt.want) {
			t.Errorf("%s: got %v,\nwant %v", name, c.Form(), tt.want)
		}
	}
}

// TestCodes: every row of the table, and what a refusal with each code comes to.
func TestCodes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, newFar(t, false), false)
	want := map[smsir.FailureClass]string{
		smsir.ClassConfig:        "AccessDeniedException AccessDeniedException:ACCOUNT_DISABLED AccessDeniedException:INSUFFICIENT_ACCOUNT_REPUTATION AccessDenied AuthorizationError ConflictException:DESTINATION_PHONE_NUMBER_NOT_VERIFIED ConflictException:RESOURCE_NOT_ACTIVE ServiceQuotaExceededException ServiceQuotaExceededException:MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT ResourceNotFoundException NotFound ValidationException:SENDER_ID_NOT_SUPPORTED ValidationException:SENDER_ID_REQUIRES_REGISTRATION UnrecognizedClientException InvalidClientTokenId InvalidSignatureException SignatureDoesNotMatch IncompleteSignature IncompleteSignatureException MissingAuthenticationTokenException ExpiredTokenException RequestExpired OptInRequired NotAuthorized",
		smsir.ClassThrottle:      "ThrottlingException Throttling Throttled TooManyRequestsException RequestLimitExceeded",
		smsir.ClassPermanent:     "ConflictException ValidationException ValidationException:DESTINATION_COUNTRY_BLOCKED InvalidParameter InvalidParameterValue ParameterValueInvalid ValidationError UserError TEXT_BLOCKED TEXT_CARRIER_BLOCKED TEXT_INVALID TEXT_INVALID_MESSAGE TEXT_PROTECT_BLOCKED TEXT_SPAM",
		smsir.ClassBlocked:       "ConflictException:DESTINATION_PHONE_NUMBER_OPTED_OUT OptedOut",
		smsir.ClassUnknown:       "InternalServerException InternalFailure InternalError ServiceUnavailable",
		smsir.ClassRecipientTemp: "TEXT_CARRIER_UNREACHABLE TEXT_TTL_EXPIRED TEXT_UNREACHABLE",
	}
	n := 0
	for class, codes := range want {
		for code := range strings.FieldsSeq(codes) {
			n++
			note := a.codes.Codes[code]
			if note.Class != class || note.Text == "" {
				t.Errorf("code %s: got %q %q, want class %q and a text", code, note.Class, note.Text, class)
			}
			if strings.HasPrefix(code, "TEXT_") {
				continue // of receipts
			}
			name, reason, _ := strings.Cut(code, ":")
			body := `{"__type":"` + name + `","Message":"words"}`
			words := "words"
			if reason != "" {
				body, words = `{"__type":"`+name+`","Message":"words","Reason":"`+reason+`"}`, "words ("+reason+")"
			}
			answer := outcall.Response{Status: 400, Header: http.Header{}, Body: []byte(body)}
			_, err := a.judge(answer, fromEUM(answer))
			var e *smsir.SendError
			if !errors.As(err, &e) || e.Class != class || e.ProviderCode != code || e.ProviderText != words || e.Unmapped {
				t.Errorf("refused with %s: got %v, want class %q and AWS's words", code, err, class)
			}
			if (e.State == smsir.AttemptUnknown) != (class == smsir.ClassUnknown) || (e.State == smsir.AttemptNotSent) != (class == smsir.ClassThrottle) {
				t.Errorf("refused with %s: got state %v", code, e.State)
			}
		}
	}
	if n != len(a.codes.Codes) {
		t.Errorf("codes.json has %d codes, want %d", len(a.codes.Codes), n)
	}
}

// TestAnswers: what is certain, and what is not.
func TestAnswers(t *testing.T) {
	t.Parallel()
	eum, sns := newAccount(t, newFar(t, false), false), newAccount(t, newFar(t, true), true)
	const fault = `<ErrorResponse><Error><Code>InvalidParameter</Code><Message>no</Message></Error></ErrorResponse>`
	for _, tt := range []struct {
		a      *account
		status int
		header string // X-Amzn-ErrorType
		body   string
		state  smsir.AttemptState // 0: accepted
		code   string
	}{
		{eum, 200, "", `{"MessageId":"` + message1 + `"}`, 0, ""},
		{eum, 201, "", `{"MessageId":"` + message1 + `"}`, smsir.AttemptUnknown, "HTTP 201"},
		{eum, 200, "", `{"MessageId":"` + message1, smsir.AttemptUnknown, "HTTP 200"},
		{eum, 200, "", `{"MessageId":"../../../x"}`, smsir.AttemptUnknown, "HTTP 200"},
		{eum, 200, "", `{"__type":"ValidationException"}`, smsir.AttemptUnknown, "HTTP 200"},
		{eum, 400, "ValidationException:http://internal.amazon.com/", `{"message":"no"}`, smsir.AttemptRefused, "ValidationException"},
		{eum, 400, "", `{"__type":"com.amazonaws#ValidationException","message":"no"}`, smsir.AttemptRefused, "ValidationException"},
		{eum, 400, "", `{"__type":"BrandNewException","message":"no"}`, smsir.AttemptRefused, "BrandNewException"},
		{eum, 400, "", `{"__type":"ValidationException","Reason":"BRAND_NEW"}`, smsir.AttemptRefused, "ValidationException:BRAND_NEW"},
		{eum, 400, "", `<html>`, smsir.AttemptUnknown, "HTTP 400"},
		{eum, 400, "", `{}`, smsir.AttemptUnknown, "HTTP 400"},
		{eum, 500, "", `{"__type":"ValidationException"}`, smsir.AttemptUnknown, "ValidationException"},
		{sns, 200, "", `<PublishResponse><PublishResult><MessageId>` + message1 + `</MessageId></PublishResult></PublishResponse>`, 0, ""},
		{sns, 200, "", `<Other><PublishResult><MessageId>` + message1 + `</MessageId></PublishResult></Other>`, smsir.AttemptUnknown, "HTTP 200"},
		{sns, 200, "", fault, smsir.AttemptUnknown, "HTTP 200"},
		{sns, 400, "", fault, smsir.AttemptRefused, "InvalidParameter"},
		{sns, 503, "", strings.Replace(fault, "InvalidParameter", "ServiceUnavailable", 1), smsir.AttemptUnknown, "ServiceUnavailable"},
		{sns, 400, "", `<html><body>x</body></html>`, smsir.AttemptUnknown, "HTTP 400"},
	} {
		read := fromEUM
		if tt.a.sns {
			read = fromSNS
		}
		answer := outcall.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)}
		if tt.header != "" {
			answer.Header.Set("X-Amzn-ErrorType", tt.header)
		}
		got, err := tt.a.judge(answer, read(answer))
		var e *smsir.SendError
		switch {
		case tt.state == 0:
			if err != nil || !slices.Equal(got.References, []string{message1}) {
				t.Errorf("%d %s: got %+v, %v, want it accepted", tt.status, tt.body, got, err)
			}
		case !errors.As(err, &e) || e.State != tt.state || e.ProviderCode != tt.code:
			t.Errorf("%d %s: got %v, want %v [%s]", tt.status, tt.body, err, tt.state, tt.code)
		}
		answer.Truncated = true
		if _, err := tt.a.judge(answer, read(answer)); err == nil {
			t.Errorf("%d %s: an answer that was cut off was taken for a yes", tt.status, tt.body)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		sns    bool
		change []string
		field  string // of the error, "" for none
		base   string // "" for any
	}{
		{false, []string{settingBase, ""}, "", "https://sms-voice.eu-west-1.amazonaws.com"},
		{true, []string{settingBase, ""}, "", "https://sns.eu-west-1.amazonaws.com"},
		{true, []string{settingBase, "", settingRegion, "cn-north-1"}, "", "https://sns.cn-north-1.amazonaws.com.cn"},
		{false, []string{settingConfig, "set", settingTopic, topic}, "", ""},
		{false, []string{settingService, ""}, "", ""},
		{false, []string{settingRegion, ""}, settingRegion, ""},
		{false, []string{settingRegion, "evil.example/x"}, settingRegion, ""},
		{false, []string{settingID, ""}, settingID, ""},
		{false, []string{settingSecret, ""}, settingSecret, ""},
		{false, []string{settingTopic, topic}, settingConfig, ""},
		{false, []string{settingConfig, "set", settingTopic, "arn:aws:sns:evil.example:1:x"}, settingTopic, ""},
		{true, []string{settingConfig, "set"}, settingConfig, ""},
		{true, []string{settingTopic, topic}, settingTopic, ""},
		{false, []string{settingBase, "https://a.example/?x=1"}, settingBase, ""},
	} {
		p, err := Kind().Open(smsir.ProviderConfig{Settings: settings("https://a.example", tt.sns, tt.change...)})
		var e *smsir.Error
		if tt.field == "" && err != nil || tt.field != "" && (!errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != tt.field) {
			t.Errorf("%v: got %v, want an error about %q", tt.change, err, tt.field)
		}
		if tt.base != "" && p.(*account).base != tt.base {
			t.Errorf("%v: address %s, want %s", tt.change, p.(*account).base, tt.base)
		}
	}
}
