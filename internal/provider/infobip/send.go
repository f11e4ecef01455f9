package infobip

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// request is a submission: one message to one destination. Infobip chooses the encoding.
type request struct {
	Messages []message `json:"messages"`
}

type message struct {
	Sender       string        `json:"sender"`
	Destinations []destination `json:"destinations"`
	Content      content       `json:"content"`
	Options      sending       `json:"options"`
	Webhooks     *webhooks     `json:"webhooks,omitempty"`
}

type destination struct {
	To string `json:"to"`
	ID string `json:"messageId"` // our attempt
}

type content struct {
	Text string `json:"text"`
}

type sending struct {
	Validity validity `json:"validityPeriod"`
}

type validity struct {
	Amount int    `json:"amount"`
	Unit   string `json:"timeUnit"`
}

type webhooks struct {
	Delivery     delivery `json:"delivery"`
	ContentType  string   `json:"contentType"`
	CallbackData string   `json:"callbackData"` // our attempt, too
}

type delivery struct {
	URL string `json:"url"`
}

// Infobip holds a message for 30 seconds to two days.
const (
	minValidity = 30 * time.Second
	maxValidity = 48 * time.Hour
)

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	from := s.From
	if from == "" {
		from = a.sender
	}
	if from == "" {
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
			Text: "The message names no sender, and this provider has no default sender.",
		}
	}
	id := s.Attempt.Format(smsir.PrefixAttempt)
	m := message{
		Sender: digits(from), Destinations: []destination{{To: digits(s.To), ID: id}}, Content: content{s.Text},
		Options: sending{validity{int(min(max(s.Validity, minValidity), maxValidity) / time.Second), "SECONDS"}},
	}
	if a.callback != "" {
		m.Webhooks = &webhooks{delivery{a.callback}, "application/json", id}
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, a.base+"/sms/3/messages", request{[]message{m}})
	if err != nil {
		return smsir.Accepted{}, err
	}
	a.authorize(req)
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer, id)
}

// digits is a number as Infobip writes it, without the plus sign; a name as it is.
func digits(address string) string { return strings.TrimPrefix(address, "+") }

// status is what Infobip says of a message; its group decides, its name tells why.
type status struct {
	Group       string `json:"groupName"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// told is the answer to a submission. Requests that fail as a whole come in two forms.
type told struct {
	Messages []struct {
		ID     string `json:"messageId"`
		Status status `json:"status"`
	} `json:"messages"`
	Code         string `json:"errorCode"`
	Description  string `json:"description"`
	RequestError struct {
		Exception struct {
			ID   string `json:"messageId"`
			Text string `json:"text"`
		} `json:"serviceException"`
	} `json:"requestError"`
}

const (
	groupRejected = "REJECTED"
	// nameDuplicate says that Infobip has a message of this id. The id is that of one attempt, so it is this one.
	nameDuplicate = "REJECTED_DUPLICATE_MESSAGE_ID"
)

// judge tells what an answer to the submission of id means. Infobip rejects a message inside a 200.
func (a *account) judge(answer outcall.Response, id string) (smsir.Accepted, error) {
	var t told
	readable := json.Unmarshal(answer.Body, &t) == nil && !answer.Truncated
	n := outcall.Negative{Provider: title}
	switch {
	case readable && answer.Status/100 == 2 && len(t.Messages) == 1:
		m := t.Messages[0]
		switch {
		case m.Status.Name == nameDuplicate:
			return smsir.Accepted{References: []string{id}, NoReceipt: a.callback == ""}, nil
		case m.Status.Group == groupRejected:
			n.Code, n.Text = m.Status.Name, m.Status.Description
		case m.ID != "" && m.Status.Group != "":
			return smsir.Accepted{References: []string{m.ID}, NoReceipt: a.callback == ""}, nil
		}
	case readable && answer.Status/100 == 4:
		n.Code, n.Text = t.Code, t.Description
		if n.Code == "" {
			n.Code, n.Text = t.RequestError.Exception.ID, t.RequestError.Exception.Text
		}
	}
	if n.Code == "" && answer.Status == http.StatusUnauthorized {
		n.Code = "E401" // who has not logged in has handed nothing over
	}
	note, mapped := a.codes.Refusal(title, answer.Status, n.Code)
	n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	return smsir.Accepted{}, answer.Judge(n, a.now())
}
