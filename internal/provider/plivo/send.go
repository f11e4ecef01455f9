package plivo

import (
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
	"github.com/smsir/smsir/internal/outcall"
)

// attemptParameter carries our attempt in the query of the address for receipts.
const attemptParameter = "attempt"

// Plivo keeps a message in its queue for 5 s to 3 h.
const (
	minExpiry = 5 * time.Second
	maxExpiry = 3 * time.Hour
)

// message is a submission. Plivo chooses the encoding.
type message struct {
	From      string `json:"src,omitempty"`
	Powerpack string `json:"powerpack_uuid,omitempty"`
	To        string `json:"dst"`
	Text      string `json:"text"`
	Type      string `json:"type"`
	Expiry    int    `json:"message_expiry"` // seconds in Plivo's queue
	URL       string `json:"url,omitempty"`
	Method    string `json:"method,omitempty"`
}

// Send implements [smsir.Provider].
func (a *account) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	m := message{From: s.From, To: s.To, Text: s.Text, Type: "sms", Expiry: int(min(max(s.Validity, minExpiry), maxExpiry) / time.Second)}
	switch {
	case m.From != "":
	case a.sender != "":
		m.From = a.sender
	case a.powerpack != "":
		m.Powerpack = a.powerpack
	default:
		return smsir.Accepted{}, &smsir.SendError{
			State: smsir.AttemptNotSent, Class: smsir.ClassPermanent, Code: "no_sender",
			Text: "The message names no sender, and this provider has no default sender and no Powerpack.",
		}
	}
	if a.callback != "" {
		m.URL, m.Method = a.callback+"?"+attemptParameter+"="+s.Attempt.Format(smsir.PrefixAttempt), http.MethodPost
	}
	req, err := outcall.NewJSON(ctx, http.MethodPost, a.resource("Message/"), m)
	if err != nil {
		return smsir.Accepted{}, err
	}
	req.SetBasicAuth(a.id, a.token)
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return a.judge(answer)
}

// told is the answer to a submission.
type told struct {
	IDs     []string        `json:"message_uuid"`
	Invalid []string        `json:"invalid_number"`
	Error   json.RawMessage `json:"error"` // words, or an object
}

var idForm = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)

// judge tells what an answer to a submission means. Plivo refuses with words, not codes: the HTTP status stands for one.
func (a *account) judge(answer outcall.Response) (smsir.Accepted, error) {
	var t told
	readable := json.Unmarshal(answer.Body, &t) == nil && !answer.Truncated
	if answer.Status/100 == 2 && readable && len(t.IDs) == 1 && idForm.MatchString(t.IDs[0]) {
		return smsir.Accepted{References: []string{t.IDs[0]}, NoReceipt: a.callback == ""}, nil
	}
	n := outcall.Negative{Provider: title}
	switch {
	case readable && answer.Status/100 == 2 && len(t.IDs) == 0 && len(t.Invalid) == 1:
		n.Code, n.Text = "invalid_number", t.Invalid[0]
	case readable && answer.Status/100 != 2 && len(t.Error) > 0 && string(t.Error) != "null":
		n.Code, n.Text = "HTTP "+strconv.Itoa(answer.Status), words(t.Error)
	case answer.Status == http.StatusUnauthorized && answer.Header.Get("WWW-Authenticate") != "":
		n.Code, n.Text = "HTTP 401", clip(string(answer.Body)) // it is no JSON then
	}
	if n.Code != "" {
		var note errmap.Note
		if note, n.Mapped = a.codes.Find(strings.ToLower(n.Text)); !n.Mapped {
			note, n.Mapped = a.codes.Refusal(title, answer.Status, n.Code)
		}
		n.Class, n.Note = note.Class, note.Text
	}
	return smsir.Accepted{}, answer.Judge(n, a.now())
}

// words are those of an error: a text as it is, anything else as it is written.
func words(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return clip(text)
	}
	return clip(string(raw))
}

// clip keeps words short enough to be stored.
func clip(text string) string { return strings.ToValidUTF8(text[:min(len(text), 500)], "") }
