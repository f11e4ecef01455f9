package twilio

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// attemptParameter carries our attempt in the query of the address for receipts.
const attemptParameter = "attempt"

// maxValidity is the longest ValidityPeriod that Twilio takes (error 90007).
const maxValidity = 10 * time.Hour

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	form := url.Values{"To": {s.To}, "Body": {s.Text}, "ValidityPeriod": {validity(s.Validity)}}
	switch {
	case s.From != "":
		form.Set("From", s.From)
	case a.sender == "" && a.service == "":
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
			Text: "The message names no sender, and this provider has no default sender and no messaging service.",
		}
	default:
		if a.sender != "" {
			form.Set("From", a.sender)
		}
		if a.service != "" {
			form.Set("MessagingServiceSid", a.service)
		}
	}
	if a.callback != "" {
		form.Set("StatusCallback", a.callback+"?"+attemptParameter+"="+s.Attempt.Format(smsir.PrefixAttempt))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.resource("/Messages.json"), strings.NewReader(form.Encode()))
	if err != nil {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassConfig, Code: "bad_address", Text: "The address of the API cannot be used.", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := a.do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// resource is the address of something of the account.
func (a *account) resource(path string) string {
	return a.base + "/2010-04-01/Accounts/" + a.sid + path
}

func (a *account) do(ctx context.Context, req *http.Request) (outcall.Response, error) {
	req.SetBasicAuth(a.user, a.password)
	req.Header.Set("Accept", "application/json")
	return a.http.Do(ctx, req)
}

// validity is what remains, in whole seconds, as Twilio takes it: 1 to 36,000.
func validity(left time.Duration) string {
	return strconv.Itoa(int(min(max(left, time.Second), maxValidity) / time.Second))
}

// created is what matters of the answer to a submission, and refused of the one that refuses it. The price is negative,
// and mostly not known yet.
type created struct {
	SID      string `json:"sid"`
	Price    string `json:"price"`
	Currency string `json:"price_unit"`
}

type refused struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

var sidForm = regexp.MustCompile(`^(SM|MM)[0-9a-fA-F]{32}$`)

// judge tells what an answer to a submission means. Only two things are certain: a 2xx with the id of the message, and a
// 4xx with a code of Twilio's.
func (a *account) judge(answer outcall.Response) (smsir.Accepted, error) {
	if answer.Status/100 == 2 {
		var c created
		if answer.Truncated || json.Unmarshal(answer.Body, &c) != nil || !sidForm.MatchString(c.SID) {
			return smsir.Accepted{}, unknown(answer, refused{}, "no_reference", "Twilio answered, but without the id of a message.")
		}
		return smsir.Accepted{References: []string{c.SID}, NoReceipt: a.callback == "", Price: smsir.ParseMoney(c.Price, c.Currency)}, nil
	}
	var r refused
	_ = json.Unmarshal(answer.Body, &r) // without a code it is no answer of Twilio's
	note, mapped := a.codes.refusal(answer.Status, r.Code)
	switch {
	case answer.Status == http.StatusTooManyRequests || answer.Status/100 == 4 && (r.Code == codeTooManyRequests || r.Code == codeTooManyAtOnce):
		e := failure(smsir.AttemptNotSent, smsir.ClassThrottle, answer, r)
		e.Code, e.Text, e.RetryAfter = "throttled", "Twilio asks to slow down.", outcall.RetryAfter(answer.Header, a.now())
		return smsir.Accepted{}, e
	case answer.Status/100 == 3:
		return smsir.Accepted{}, unknown(answer, r, "redirected", "The address of the API leads elsewhere. Check the setting.")
	case answer.Status/100 != 4 || r.Code == 0 || note.Class == smsir.ClassUnknown:
		return smsir.Accepted{}, unknown(answer, r, "no_answer", "Twilio gave no answer that tells what became of the message.")
	}
	e := failure(smsir.AttemptRefused, note.Class, answer, r)
	e.Code, e.Text, e.Fraud, e.Unmapped = "refused", note.Text, note.Fraud, !mapped
	if note.Class == smsir.ClassThrottle || note.Class == smsir.ClassRetry {
		e.RetryAfter = outcall.RetryAfter(answer.Header, a.now())
	}
	if e.RetryAfter == 0 && (r.Code == codeDailyLimit || r.Code == codeBrandDailyLimit) {
		e.RetryAfter = min(nextDay(a.now()), maxDayWait)
	}
	return smsir.Accepted{}, e
}

func unknown(answer outcall.Response, r refused, code, text string) *smsir.SendError {
	e := failure(smsir.AttemptUnknown, smsir.ClassUnknown, answer, r)
	e.Code, e.Text = code, text
	return e
}

// failure keeps Twilio's words. Where Twilio gives no code, the HTTP status stands for it.
func failure(state smsir.AttemptState, class smsir.FailureClass, answer outcall.Response, r refused) *smsir.SendError {
	e := &smsir.SendError{State: state, Class: class, ProviderText: r.Message}
	if r.Code != 0 {
		e.ProviderCode = strconv.Itoa(r.Code)
	} else {
		e.ProviderCode = "HTTP " + strconv.Itoa(answer.Status)
	}
	return e
}
