package africastalking

import (
	"context"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/smsir/smsir"
)

// Callback implements [smsir.CalledBack]: a delivery report, a message from a handset, or an opt-out, each a form. That
// it came to the secret address is the proof.
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	kind, _, _ := mime.ParseMediaType(http.Header(r.Header).Get("Content-Type"))
	form, err := url.ParseQuery(string(r.Body))
	if err != nil || r.Method != http.MethodPost || kind != "application/x-www-form-urlencoded" {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no form.")
	}
	told := smsir.CallbackAnswer{Status: http.StatusOK}
	id, phone := form.Get("id"), form.Get("phoneNumber")
	switch {
	case form.Has("status") && id != "":
		a.receipt(form, &told, cut(string(r.Body)))
	case form.Get("from") != "" && form.Get("to") != "":
		told.Inbound = []smsir.Inbound{{Reference: id, From: form.Get("from"), To: form.Get("to"), Text: form.Get("text"), ReceivedAt: a.now(), Raw: cut(string(r.Body))}}
	case phone != "" && form.Get("senderId") != "":
		// Somebody opted out at the carrier, which is as good as a message that says so. It has no id, and may come twice.
		told.Inbound = []smsir.Inbound{{From: phone, To: form.Get("senderId"), Text: "STOP", ReceivedAt: a.now(), Raw: cut(string(r.Body))}}
	default:
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no delivery report, no message and no opt-out.")
	}
	return told, nil
}

// receipt reads a delivery report. A status that we do not know changes nothing.
func (a *account) receipt(form url.Values, told *smsir.CallbackAnswer, raw string) {
	reason, status := form.Get("failureReason"), form.Get("status")
	out := smsir.Receipt{Reference: form.Get("id"), To: form.Get("phoneNumber"), ArrivedAt: a.now(), Code: reason, Network: form.Get("networkCode"), Raw: raw}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	note, mapped := a.codes.Find(reason)
	if !mapped {
		note.Class, note.Text = smsir.ClassRecipientTemp, "The message was not delivered."
	}
	switch status {
	case "Sent", "Submitted", "Buffered":
		out.Status = smsir.Sent
	case "Success":
		out.Status = smsir.Delivered
	case "Rejected", "Failed":
		out.Status = smsir.Undelivered
	case "Expired":
		out.Status = smsir.Expired
	case "AbsentSubscriber":
		out.Status = smsir.Undelivered
		if reason == "" {
			note.Text = "The handset cannot be reached: it is off or out of range."
		}
	default:
		return
	}
	if out.Status == smsir.Undelivered || out.Status == smsir.Expired {
		out.Unmapped = !mapped && reason != ""
		out.Error = &smsir.Failure{Class: note.Class, Code: strings.ToLower(status), Text: note.Text, ProviderCode: reason}
	}
	told.Receipts = []smsir.Receipt{out}
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// cut keeps whole characters only: not every database takes halves.
func cut(text string) string { return strings.ToValidUTF8(text[:min(len(text), maxRaw)], "") }
