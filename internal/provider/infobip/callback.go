package infobip

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/errmap"
)

// result is one element of what a call tells: a receipt or a reply.
type result struct {
	ID     string  `json:"messageId"`
	To     string  `json:"to"`
	Status *status `json:"status"` // of a receipt
	Error  struct {
		Group     string `json:"groupName"`
		Name      string `json:"name"`
		Text      string `json:"description"`
		Permanent bool   `json:"permanent"`
	} `json:"error"`
	DoneAt       string          `json:"doneAt"`
	CallbackData string          `json:"callbackData"`
	Count        int             `json:"messageCount"`
	Price        json.RawMessage `json:"price"`
	Network      json.RawMessage `json:"mccMnc"`
	// of a reply
	From     string  `json:"from"`
	Text     *string `json:"text"`
	Received string  `json:"receivedAt"`
}

// Callback implements [smsir.CalledBack]: Infobip tells what became of messages, or that people wrote to the account's
// numbers, several at once. The secret in the address, which the door has checked, is the proof.
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if r.Method != http.MethodPost {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "Infobip calls with POST.")
	}
	var call struct {
		Results []json.RawMessage `json:"results"`
	}
	if err := json.Unmarshal(r.Body, &call); err != nil || call.Results == nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no report of Infobip's.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	strange := 0
	for _, raw := range call.Results {
		var one result
		if json.Unmarshal(raw, &one) != nil || one.ID == "" {
			strange++
			continue
		}
		switch {
		case one.Status != nil:
			if receipt, ok := a.receipt(one, raw); ok {
				out.Receipts = append(out.Receipts, receipt)
			}
		case one.From != "" && one.To != "" && one.Text != nil:
			in := smsir.Inbound{Reference: one.ID, From: number(one.From), To: number(one.To), Text: *one.Text, ReceivedAt: moment(one.Received), Raw: clip(raw)}
			if in.ReceivedAt.IsZero() {
				in.ReceivedAt = a.now()
			}
			out.Inbound = append(out.Inbound, in)
		default:
			strange++
		}
	}
	if strange > 0 && strange == len(call.Results) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	return out, nil // what is strange among others must not keep those from being stored
}

// receipt reads what became of a message; false if it says nothing that we know.
func (a *account) receipt(one result, raw json.RawMessage) (smsir.Receipt, bool) {
	out := smsir.Receipt{Reference: one.ID, To: number(one.To), ArrivedAt: a.now(), DoneAt: moment(one.DoneAt), Raw: clip(raw), Price: one.charge(), Network: strings.Trim(string(one.Network), `"`)}
	for _, text := range []string{one.CallbackData, one.ID} {
		if id, err := smsir.ParseID(smsir.PrefixAttempt, text); err == nil && out.Attempt == 0 {
			out.Attempt = id
		}
	}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	s := one.Status
	switch {
	case s.Name == nameDuplicate:
		return smsir.Receipt{}, false // the message that Infobip has goes its way
	case s.Group == "PENDING", s.Name == "DELIVERED_TO_OPERATOR":
		out.Status = smsir.Sent // the operator has it, not the handset
		return out, true
	case s.Group == "DELIVERED":
		out.Status = smsir.Delivered
		return out, true
	case s.Group == "EXPIRED":
		out.Status = smsir.Expired
	case s.Group == "UNDELIVERABLE", s.Group == groupRejected:
		out.Status = smsir.Undelivered
	default:
		return smsir.Receipt{}, false
	}
	out.Code = one.Error.Name
	words := one.Error.Text
	if out.Code == "" || out.Code == "NO_ERROR" || s.Group == groupRejected {
		out.Code, words = s.Name, s.Description
	}
	note, mapped := a.meaning(out.Code, one)
	out.Unmapped = !mapped && out.Code != ""
	// What Infobip rejects never leaves it.
	out.NonSend = s.Group == groupRejected && (note.Class == smsir.ClassRetry || note.Class == smsir.ClassThrottle)
	out.Error = &smsir.Failure{Class: note.Class, Code: strings.ToLower(s.Group), Text: note.Text, ProviderCode: out.Code, ProviderText: words}
	return out, true
}

// meaning is the note on a code. Infobip has hundreds: of one that the table does not have, its own group and its word on
// whether it lasts tell the class.
func (a *account) meaning(code string, one result) (errmap.Note, bool) {
	note, mapped := a.codes.Report(code)
	if !mapped && code == one.Error.Name && !one.Error.Permanent && strings.HasPrefix(one.Error.Group, "HANDSET") {
		note = errmap.Note{Class: smsir.ClassRecipientTemp, Text: "The handset or its network could not take the message."}
	}
	return note, mapped
}

// charge is what Infobip says it takes for all parts; it names no currency while it does not know.
func (one result) charge() smsir.Money {
	var price struct {
		PerMessage json.Number `json:"pricePerMessage"`
		Currency   string      `json:"currency"`
	}
	if json.Unmarshal(one.Price, &price) != nil || price.Currency == "UNKNOWN" {
		return smsir.Money{}
	}
	each := smsir.ParseMoney(price.PerMessage.String(), price.Currency)
	if count := int64(one.Count); count > 1 && count <= 255 && each.Micros < 1<<50 {
		each.Micros *= count
	}
	return each
}

// number is an E.164 number as Infobip writes it, without the plus sign, with it; a short code or a name as it is.
func number(text string) string {
	if len(text) < 8 || strings.Trim(text, "0123456789") != "" {
		return text
	}
	return "+" + text
}

// moment reads a time, the zero time when it is none. Infobip writes the zone without a colon.
func moment(text string) time.Time {
	for _, form := range []string{"2006-01-02T15:04:05.999-0700", time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// maxRaw is how much of a report is kept, in bytes.
const maxRaw = 4 << 10

// clip is a report as it came.
func clip(raw json.RawMessage) string {
	return strings.ToValidUTF8(string(raw[:min(len(raw), maxRaw)]), "")
}
