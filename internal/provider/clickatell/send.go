package clickatell

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// request is a submission. Clickatell chooses the encoding, and has no validity.
// https://www.clickatell.com/developers/api-documentation/one-api-send-plain-text-message/
type request struct {
	Messages []message `json:"messages"`
}

type message struct {
	Channel string `json:"channel"`
	To      string `json:"to"`
	From    string `json:"from,omitempty"` // of a two-way integration
	Content string `json:"content"`
	Ref     string `json:"clientMessageId"` // comes back with every status
}

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	from := s.From
	if from == "" {
		from = a.sender
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, a.base+"/v1/message", request{[]message{{
		Channel: "sms", To: strings.TrimPrefix(s.To, "+"), From: strings.TrimPrefix(from, "+"), Content: s.Text, Ref: s.Attempt.Format(smsir.PrefixAttempt),
	}}})
	if err != nil {
		return smsir.Accepted{}, err
	}
	req.Header.Set("Authorization", a.key)
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// answered is the answer to a submission: of the request, and of each of its messages.
type answered struct {
	Messages []struct {
		ID       string  `json:"apiMessageId"`
		Accepted bool    `json:"accepted"`
		Error    *failed `json:"error"`
	} `json:"messages"`
	Error *failed `json:"error"`
}

type failed struct {
	Code        json.Number `json:"code"`
	Description string      `json:"description"`
}

var idForm = regexp.MustCompile(`^[0-9a-fA-F-]{16,64}$`)

// judge tells what an answer to a submission means: 202 with an accepted message is the only yes. A message can be
// refused inside of a 202 or 207.
func (a *account) judge(answer outcall.Response) (smsir.Accepted, error) {
	var t answered
	if answer.Truncated || json.Unmarshal(answer.Body, &t) != nil {
		t = answered{}
	}
	refused := t.Error
	if len(t.Messages) == 1 {
		m := t.Messages[0]
		if answer.Status/100 == 2 && m.Accepted && m.Error == nil && refused == nil && idForm.MatchString(m.ID) {
			return smsir.Accepted{References: []string{m.ID}, NoReceipt: !a.calledBack}, nil
		}
		if m.Error != nil && !m.Accepted {
			refused = m.Error
		}
	}
	n := outcall.Negative{Provider: title}
	if refused != nil && refused.Code != "" {
		n.Code, n.Text = refused.Code.String(), clip(refused.Description)
		note, mapped := a.codes.Refusal(title, answer.Status, n.Code)
		n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	}
	return smsir.Accepted{}, answer.Judge(n, a.now())
}

// clip keeps words short enough to be stored.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), 500)], "") }
