package telnyx

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// attemptParameter carries our attempt in the query of the address for receipts.
const attemptParameter = "attempt"

// message is a submission. Telnyx takes no validity.
type message struct {
	From     string `json:"from,omitempty"`
	Profile  string `json:"messaging_profile_id,omitempty"`
	To       string `json:"to"`
	Text     string `json:"text"`
	Type     string `json:"type"`
	Encoding string `json:"encoding,omitempty"`
	Webhook  string `json:"webhook_url,omitempty"`
}

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	m := message{From: s.From, Profile: a.profile, To: s.To, Text: s.Text, Type: "SMS"}
	if m.From == "" {
		m.From = a.sender
	}
	if m.From == "" && m.Profile == "" {
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
			Text: "The message names no sender, and this provider has no default sender and no messaging profile.",
		}
	}
	if s.Encoding == smsir.EncodingUCS2 {
		m.Encoding = "ucs2" // or else the profile's smart encoding may change the text
	}
	if a.callback != "" {
		m.Webhook = a.callback + "?" + attemptParameter + "=" + s.Attempt.Format(smsir.PrefixAttempt)
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, a.base+"/v2/messages", m)
	if err != nil {
		return smsir.Accepted{}, err
	}
	a.authorize(req)
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// fault is one of Telnyx's errors.
type fault struct {
	Code   word   `json:"code"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// words are what Telnyx says about it.
func (f fault) words() string {
	if f.Detail != "" {
		return f.Detail
	}
	return f.Title
}

// cost is what Telnyx charges. It comes as null, too, and its form has changed: what cannot be read is no cost.
type cost struct {
	Amount   word   `json:"amount"`
	Currency string `json:"currency"`
}

func priceOf(raw json.RawMessage) smsir.Money {
	var c cost
	if json.Unmarshal(raw, &c) != nil {
		return smsir.Money{}
	}
	return smsir.ParseMoney(string(c.Amount), c.Currency)
}

// word is a number that comes with or without quotes, as it is written.
type word string

// UnmarshalJSON implements [json.Unmarshaler].
func (w *word) UnmarshalJSON(b []byte) error {
	*w = word(strings.Trim(string(b), `"`))
	if *w == "null" {
		*w = ""
	}
	return nil
}

var idForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// judge tells what an answer to a submission means.
func (a *account) judge(answer outcall.Response) (smsir.Accepted, error) {
	var told struct {
		Data struct {
			ID   string          `json:"id"`
			Cost json.RawMessage `json:"cost"`
		} `json:"data"`
		Errors []fault `json:"errors"`
	}
	readable := json.Unmarshal(answer.Body, &told) == nil && !answer.Truncated
	if answer.Status/100 == 2 && readable && idForm.MatchString(told.Data.ID) {
		return smsir.Accepted{References: []string{told.Data.ID}, NoReceipt: a.callback == "", Price: priceOf(told.Data.Cost)}, nil
	}
	n := outcall.Negative{Provider: title}
	if readable && len(told.Errors) > 0 && answer.Status/100 != 2 {
		note, mapped := a.meaning(told.Errors[0], func(code string) (errmap.Note, bool) { return a.codes.Refusal(title, answer.Status, code) })
		n.Code, n.Text, n.Class, n.Note, n.Mapped = string(told.Errors[0].Code), told.Errors[0].words(), note.Class, note.Text, mapped
	}
	return smsir.Accepted{}, answer.Judge(n, a.now())
}

// codeStop is the code of a message to somebody who has opted out. Carriers' rejections bear it too, so that its words
// have to tell.
const codeStop = "40300"

// meaning is the note on an error, from the table that find looks into.
func (a *account) meaning(f fault, find func(code string) (errmap.Note, bool)) (errmap.Note, bool) {
	if words := f.Title + " " + f.Detail; f.Code == codeStop && !strings.Contains(words, "STOP") && !strings.Contains(words, "block rule") {
		return errmap.Note{Class: smsir.ClassPermanent, Text: "Telnyx or a carrier rejected the message."}, false
	}
	return find(string(f.Code))
}

// attemptOf is our attempt in an address that we gave Telnyx, 0 when it is not there.
func attemptOf(address string) smsir.ID {
	u, err := url.Parse(address)
	if err != nil {
		return 0
	}
	id, err := smsir.ParseID(smsir.PrefixAttempt, u.Query().Get(attemptParameter))
	if err != nil {
		return 0
	}
	return id
}
