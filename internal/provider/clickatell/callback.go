package clickatell

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/smsir/smsir"
)

// call is what Clickatell tells: statuses of messages, and messages from handsets.
// https://www.clickatell.com/developers/api-documentation/one-api-received-message-callback/
type call struct {
	Event struct {
		Statuses []status `json:"messageStatusUpdate"`
		Texts    []text   `json:"moText"`
	} `json:"event"`
}

type status struct {
	Channel   string `json:"channel"`
	ID        string `json:"messageId"`
	Ref       string `json:"clientMessageId"`
	To        string `json:"to"`
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Status    string `json:"status"`
	Detail    string `json:"statusDescription"`
}

type text struct {
	Channel   string `json:"channel"`
	ID        string `json:"messageId"`
	From      string `json:"from"`
	To        string `json:"to"`
	Timestamp int64  `json:"timestamp"`
	Content   string `json:"content"`
}

// maxTold is how many things one call may tell.
const maxTold = 1000

// Callback implements [smsir.CalledBack].
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if r.Method != http.MethodPost || !a.knows(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The call does not bear the name and the password for calls.")
	}
	var c call
	if err := json.Unmarshal(r.Body, &c); err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no JSON of Clickatell's.")
	}
	if n := len(c.Event.Statuses) + len(c.Event.Texts); n == 0 || n > maxTold {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call tells of no message, or of too many.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	raw := strings.ToValidUTF8(string(r.Body[:min(len(r.Body), maxRaw)]), "")
	for _, s := range c.Event.Statuses {
		if receipt, ok := a.receipt(s); ok {
			receipt.Raw = raw
			out.Receipts = append(out.Receipts, receipt)
		}
	}
	for _, t := range c.Event.Texts {
		if !ofSMS(t.Channel) {
			continue
		}
		if t.From == "" || t.To == "" || len(t.ID) > maxID {
			return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "A message names no sender or no recipient.")
		}
		in := smsir.Inbound{Reference: t.ID, From: number(t.From), To: number(t.To), Text: t.Content, ReceivedAt: moment(t.Timestamp), Raw: raw}
		if in.ReceivedAt.IsZero() {
			in.ReceivedAt = a.now()
		}
		out.Inbound = append(out.Inbound, in)
	}
	return out, nil
}

// maxRaw is how much of a call is kept, maxID how long an id may be, in bytes.
const (
	maxRaw = 4 << 10
	maxID  = 64
)

// knows reports whether a call bears the name and the password. While none are set, the secret in the address, which the
// door has checked, is all there is.
func (a *account) knows(r smsir.CallbackRequest) bool {
	if a.user == "" {
		return true
	}
	user, password, ok := (&http.Request{Header: http.Header(r.Header)}).BasicAuth()
	name := subtle.ConstantTimeCompare([]byte(user), []byte(a.user))
	return subtle.ConstantTimeCompare([]byte(password), []byte(a.password))&name == 1 && ok
}

// receipt reads what became of a message; false if it says nothing that we know, or is of another channel.
// https://www.clickatell.com/developers/api-documentation/one-api-message-status-codes-descriptions/
func (a *account) receipt(s status) (smsir.Receipt, bool) {
	if !ofSMS(s.Channel) || len(s.ID) > maxID {
		return smsir.Receipt{}, false
	}
	out := smsir.Receipt{Reference: s.ID, DoneAt: moment(s.Timestamp), ArrivedAt: a.now(), Code: clip(s.Status)}
	if id, err := smsir.ParseID(smsir.PrefixAttempt, s.Ref); err == nil {
		out.Attempt = id
	}
	if to := number(s.To); strings.HasPrefix(to, "+") {
		out.To = to
	}
	if out.Reference == "" && out.Attempt == 0 {
		return smsir.Receipt{}, false
	}
	switch s.Status {
	case "QUEUED", "SCHEDULED", "SENT_TO_SUPPLIER", "EMULATED":
		out.Status = smsir.Sent
		return out, true
	case "DEVICE_ACK", "READ":
		out.Status = smsir.Delivered
		return out, true
	case "EXPIRED":
		out.Status = smsir.Expired
	default:
		if _, known := a.codes.Find(s.Status); !known {
			return smsir.Receipt{}, false // UNKNOWN, or a word that is new
		}
		out.Status = smsir.Undelivered
	}
	note, _ := a.codes.Report(s.Status)
	// A limit of the account stops a message before it leaves; it can go later, or through another provider.
	out.NonSend = note.Class == smsir.ClassThrottle
	out.Error = &smsir.Failure{Class: note.Class, Code: strings.ToLower(s.Status), Text: note.Text, ProviderCode: out.Code, ProviderText: clip(s.Detail)}
	return out, true
}

func ofSMS(channel string) bool { return channel == "" || strings.EqualFold(channel, "sms") }

// number is an E.164 number as Clickatell writes it, without the plus sign, with it; a short code or a name as it is.
func number(text string) string {
	if len(text) >= 8 && len(text) <= 15 && strings.Trim(text, "0123456789") == "" && text[0] != '0' {
		return "+" + text
	}
	return text
}

// moment is a time in milliseconds since 1970, in UTC; the zero time when it is none.
func moment(millis int64) time.Time {
	if millis <= 0 || millis > 1<<46 {
		return time.Time{}
	}
	return time.UnixMilli(millis).UTC()
}
