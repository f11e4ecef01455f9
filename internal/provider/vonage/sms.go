package vonage

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// currency of Vonage's prices and balances, whatever the account pays in.
const currency = "EUR"

// sendSMS hands a message over to the SMS API.
func (a *account) sendSMS(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	form := url.Values{
		"to": {digits(s.To)}, "from": {digits(s.From)}, "text": {s.Text}, "type": {kindOfText(s.Encoding)},
		"client-ref": {s.Attempt.Format(smsir.PrefixAttempt)}, "ttl": {strconv.FormatInt(ttl(s.Validity).Milliseconds(), 10)},
	}
	if a.callback != "" {
		form.Set("callback", a.callback)
	}
	if a.secret == "" {
		form.Set("api_key", a.key)
		form.Set("timestamp", strconv.FormatInt(a.now().Unix(), 10))
		form.Set("sig", sign(a.method, a.signatures[0], form))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.rest+"/sms/json", strings.NewReader(form.Encode()))
	if err != nil {
		return smsir.Accepted{}, badAddress(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if a.secret != "" {
		req.SetBasicAuth(a.key, a.secret)
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judgeSMS(answer, s)
}

func badAddress(err error) error {
	return &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassConfig, Code: "bad_address", Text: "The address of the API cannot be used.", Err: err}
}

// part is what the answer of the SMS API says of one part of the message.
type part struct {
	ID     string `json:"message-id"`
	Status word   `json:"status"`
	Error  string `json:"error-text"`
	Price  word   `json:"message-price"`
}

// judgeSMS tells what an answer of the SMS API means. It has a result for each part, and refuses with HTTP 200.
func (a *account) judgeSMS(answer outcall.Response, s smsir.Submission) (smsir.Accepted, error) {
	var got struct {
		Messages []part `json:"messages"`
	}
	if answer.Status/100 != 2 {
		return smsir.Accepted{}, a.judgeProblem(answer)
	}
	if answer.Truncated || json.Unmarshal(answer.Body, &got) != nil {
		return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
	}
	out := smsir.Accepted{NoReceipt: a.callback == ""}
	var refused []part
	for i, p := range got.Messages {
		switch {
		case p.Status == "0" && p.ID != "":
			out.References = append(out.References, p.ID)
			price := smsir.ParseMoney(string(p.Price), currency)
			out.Price = smsir.Money{Micros: out.Price.Micros + price.Micros, Currency: max(out.Price.Currency, price.Currency)}
		case p.Status == "0" || p.Status == "":
			return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
		default:
			p.ID = fmt.Sprintf("%s/%d", s.Attempt.Format(smsir.PrefixAttempt), i+1)
			refused = append(refused, p)
		}
	}
	switch {
	case len(refused) == 0 && len(out.References) > 0:
		return out, nil
	case len(refused) == 0:
		return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
	case len(out.References) == 0:
		return smsir.Accepted{}, a.refuse(answer, refused[0])
	}
	return a.partly(answer, s, out, refused), nil
}

// refuse is what the refusal of all parts comes to; the first one says why.
func (a *account) refuse(answer outcall.Response, p part) *smsir.SendError {
	note, mapped := a.codes.sms.Refusal(title, answer.Status, string(p.Status))
	e := answer.Judge(outcall.Negative{Provider: title, Code: string(p.Status), Text: p.Error, Class: note.Class, Note: note.Text, Mapped: mapped}, a.now())
	if wait := askedToWait(p.Error); e.Class == smsir.ClassThrottle && e.RetryAfter == 0 {
		e.RetryAfter = wait
	}
	return e
}

var waitForm = regexp.MustCompile(`\[ *([0-9]{1,6}) *\]`)

// askedToWait reads how many milliseconds Vonage asks for in the words "please wait [ 250 ] and retry"; 0 if it does not.
func askedToWait(text string) time.Duration {
	found := waitForm.FindStringSubmatch(text)
	if found == nil {
		return 0
	}
	n, err := strconv.Atoi(found[1])
	if err != nil {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
