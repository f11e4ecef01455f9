package sinch

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// batch is a submission: a batch of one. Sinch chooses the encoding.
type batch struct {
	From      string   `json:"from,omitempty"`
	To        []string `json:"to"`
	Body      string   `json:"body"`
	Type      string   `json:"type"`
	Report    string   `json:"delivery_report"`
	ExpireAt  string   `json:"expire_at"`
	Callback  string   `json:"callback_url,omitempty"`
	Reference string   `json:"client_reference"` // our attempt: it comes back with receipts, and can be searched for
}

// Sinch keeps a message for three days; a little is left in any case, because clocks differ.
const (
	minValidity = time.Minute
	maxValidity = 72 * time.Hour
)

// Send implements [smsir.Provider].
func (p *plan) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	b := batch{
		From: s.From, To: []string{s.To}, Body: s.Text, Type: "mt_text", Report: "none", Callback: p.callback,
		ExpireAt: stamp(p.now().Add(min(max(s.Validity, minValidity), maxValidity))), Reference: s.Attempt.Format(smsir.PrefixAttempt),
	}
	if b.From == "" {
		b.From = p.sender
	}
	if p.callback != "" {
		b.Report = "per_recipient"
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, p.batches, b)
	if err != nil {
		return smsir.Accepted{}, err
	}
	p.authorize(req)
	answer, err := p.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return p.judge(answer)
}

// stamp writes a time as Sinch reads it, to the millisecond.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

var idForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// told is the answer to a submission. Errors come in two forms.
type told struct {
	ID    string `json:"id"`
	Code  string `json:"code"`
	Text  string `json:"text"`
	Error struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	} `json:"error"`
}

// judge tells what an answer to a submission means.
func (p *plan) judge(answer outcall.Response) (smsir.Accepted, error) {
	var t told
	readable := json.Unmarshal(answer.Body, &t) == nil && !answer.Truncated
	if answer.Status/100 == 2 && readable && idForm.MatchString(t.ID) {
		return smsir.Accepted{References: []string{t.ID}, NoReceipt: p.callback == ""}, nil
	}
	n := outcall.Negative{Provider: title}
	if readable && answer.Status/100 != 2 {
		n.Code, n.Text = t.Code, t.Text
		if n.Code == "" {
			n.Code, n.Text = t.Error.Status, t.Error.Message
		}
	}
	if n.Code == "" && answer.Status == http.StatusUnauthorized {
		n.Code = "HTTP 401" // who has not logged in has handed nothing over
	}
	note, mapped := p.codes.Refusal(title, answer.Status, n.Code)
	n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	return smsir.Accepted{}, answer.Judge(n, p.now())
}
