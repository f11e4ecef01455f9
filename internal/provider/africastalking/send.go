package africastalking

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// Send implements [smsir.Provider]. There is no place for our attempt in a message, and none for its validity.
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	form := url.Values{"username": {a.user}, "to": {s.To}, "message": {s.Text}, "bulkSMSMode": {"1"}, "enqueue": {"1"}}
	if s.From == "" {
		s.From = a.sender
	}
	if s.From != "" {
		form.Set("from", s.From)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.base+"/version1/messaging", strings.NewReader(form.Encode()))
	if err != nil {
		return smsir.Accepted{}, &smsir.SendError{State: smsir.AttemptNotSent, Class: smsir.ClassConfig, Code: "bad_address", Text: "The address of the API cannot be used.", Err: err}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	a.identify(req)
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// identify logs a request in, and asks for JSON.
func (a *account) identify(req *http.Request) {
	req.Header["apiKey"] = []string{a.key} // as it is documented; names of headers have no case
	req.Header.Set("Accept", "application/json")
}

// recipient is what an answer says of one recipient.
type recipient struct {
	Code   int    `json:"statusCode"`
	Status string `json:"status"`
	ID     string `json:"messageId"`
	Cost   string `json:"cost"` // "KES 0.8000", or "0"
}

// Answers and their codes.
const (
	codeProcessed = 100
	codeQueued    = 102
	unnamed       = "None" // in place of the id of a message that was refused
	// unauthorized is how the answer to wrong credentials begins, which is no JSON.
	unauthorized = "The supplied authentication is invalid"
)

// judge tells what an answer to a submission means. One of HTTP 201 has a verdict of its own for each recipient; when it
// knows none, its message may be a word that says why.
func (a *account) judge(answer outcall.Response) (smsir.Accepted, error) {
	if answer.Status/100 != 2 {
		n := outcall.Negative{Provider: title}
		if body := strings.TrimSpace(string(answer.Body)); answer.Status == http.StatusUnauthorized && strings.HasPrefix(body, unauthorized) {
			n = outcall.Negative{
				Provider: title, Code: "HTTP 401", Text: body, Class: smsir.ClassConfig, Mapped: true,
				Note: "Africa's Talking does not accept the credentials. Check the username and the API key.",
			}
		}
		return smsir.Accepted{}, answer.Judge(n, a.now())
	}
	var got struct {
		Data struct {
			Message    string      `json:"Message"`
			Recipients []recipient `json:"Recipients"`
		} `json:"SMSMessageData"`
	}
	if answer.Truncated || json.Unmarshal(answer.Body, &got) != nil || len(got.Data.Recipients) > 1 {
		return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
	}
	if len(got.Data.Recipients) == 0 {
		return smsir.Accepted{}, a.refuse(answer, got.Data.Message, "")
	}
	r := got.Data.Recipients[0]
	switch {
	case r.Code == 0, r.Code >= codeProcessed && r.Code <= codeQueued && (r.ID == "" || r.ID == unnamed):
		return smsir.Accepted{}, answer.Judge(outcall.Negative{Provider: title}, a.now())
	case r.Code >= codeProcessed && r.Code <= codeQueued:
		return smsir.Accepted{References: []string{r.ID}, NoReceipt: !a.callback, Price: price(r.Cost)}, nil
	}
	return smsir.Accepted{}, a.refuse(answer, strconv.Itoa(r.Code), r.Status)
}

// refuse is what a code comes to; a word that the table does not have is none, and nothing is certain.
func (a *account) refuse(answer outcall.Response, code, words string) *smsir.SendError {
	note, mapped := a.codes.Refusal(title, answer.Status, code)
	if _, err := strconv.Atoi(code); err != nil && !mapped {
		return answer.Judge(outcall.Negative{Provider: title, Text: code}, a.now())
	}
	return answer.Judge(outcall.Negative{Provider: title, Code: code, Text: words, Class: note.Class, Note: note.Text, Mapped: mapped}, a.now())
}

// price reads an amount such as "KES 0.8000".
func price(s string) smsir.Money {
	currency, amount, _ := strings.Cut(s, " ")
	if len(currency) != 3 {
		return smsir.Money{}
	}
	return smsir.ParseMoney(strings.TrimSpace(amount), currency)
}
