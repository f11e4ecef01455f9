package messagebird

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

// platform is a workspace of the Bird platform. It is a [smsir.CalledBack] and a [smsir.CredentialChecker].
type platform struct{ account }

// platformMessage is a submission to the Bird platform. It takes no validity, and chooses the encoding.
type platformMessage struct {
	To       string            `json:"to"`
	From     string            `json:"from"`
	Text     string            `json:"text"`
	Category string            `json:"category"`
	Metadata map[string]string `json:"metadata"` // our attempt: it comes back with receipts
}

// metadataAttempt is the name of our attempt in the metadata.
const metadataAttempt = "attempt"

// Send implements [smsir.Provider].
func (p *platform) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	from, err := p.from(s)
	if err != nil {
		return smsir.Accepted{}, err
	}
	m := platformMessage{To: s.To, From: from, Text: s.Text, Category: category(s.Class), Metadata: map[string]string{metadataAttempt: s.Attempt.Format(smsir.PrefixAttempt)}}
	req, err := outcall.NewJSON(ctx, http.MethodPost, p.base+"/v1/sms/messages", m)
	if err != nil {
		return smsir.Accepted{}, err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	answer, err := p.http.Do(ctx, req)
	if err != nil {
		return smsir.Accepted{}, err
	}
	return p.judge(answer)
}

// category is Bird's word for a class of traffic; carriers see it.
func category(c smsir.Class) string {
	switch c {
	case smsir.OTP:
		return "authentication"
	case smsir.Bulk:
		return "marketing"
	}
	return "transactional"
}

var platformID = regexp.MustCompile(`^sms_[A-Za-z0-9_-]{1,64}$`)

// fault is an error of the Bird platform.
type fault struct {
	Type    string `json:"type"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// judge tells what an answer to a submission means. Of a code that the table does not have, its type tells.
func (p *platform) judge(answer outcall.Response) (smsir.Accepted, error) {
	var told struct {
		ID    string `json:"id"`
		Error fault  `json:"error"`
	}
	readable := json.Unmarshal(answer.Body, &told) == nil && !answer.Truncated
	if answer.Status/100 == 2 && readable && platformID.MatchString(told.ID) {
		return smsir.Accepted{References: []string{told.ID}, NoReceipt: p.callback == ""}, nil
	}
	n, kind := outcall.Negative{Provider: "Bird"}, ""
	if readable && answer.Status/100 != 2 {
		n.Code, n.Text, kind = told.Error.Code, told.Error.Message, told.Error.Type
	}
	if kind == "" && answer.Status == http.StatusUnauthorized {
		kind = noLogin
	}
	if n.Code == "" {
		n.Code = kind
	}
	note, mapped := p.codes.Find(n.Code)
	if !mapped {
		note, mapped = p.codes.Refusal("Bird", answer.Status, kind)
	}
	n.Class, n.Note, n.Mapped = note.Class, note.Text, mapped
	return smsir.Accepted{}, answer.Judge(n, p.now())
}

// CheckCredentials implements [smsir.CredentialChecker]. The platform tells no balance.
func (p *platform) CheckCredentials(ctx context.Context) error {
	req, err := outcall.NewJSON(ctx, http.MethodGet, p.base+"/v1/sms/messages?limit=1", nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+p.key)
	var list struct {
		Data []json.RawMessage `json:"data"`
	}
	return p.http.Ask(ctx, req, "Bird", &list)
}

// event is what a call tells.
type event struct {
	Type string `json:"type"`
	At   string `json:"timestamp"`
	Data struct {
		ID       string         `json:"sms_id"`
		From     string         `json:"from"`
		To       string         `json:"to"`
		Text     *string        `json:"text"`
		Metadata map[string]any `json:"metadata"`
		Error    struct {
			Code        string `json:"code"`
			Description string `json:"description"`
		} `json:"error"`
	} `json:"data"`
}

// Callback implements [smsir.CalledBack]: Bird tells what became of a message, or that somebody wrote to one of the
// workspace's numbers. Events of other kinds change nothing.
func (p *platform) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	if r.Method != http.MethodPost || !p.signed(r) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	}
	var e event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call is no event of Bird's.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	if !strings.HasPrefix(e.Type, "sms.") {
		return out, nil
	}
	if e.Data.ID == "" {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	if e.Type != "sms.received" {
		if receipt, ok := p.receipt(r, e); ok {
			out.Receipts = []smsir.Receipt{receipt}
		}
		return out, nil
	}
	if e.Data.From == "" || e.Data.To == "" || e.Data.Text == nil {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient, or has no text.")
	}
	in := smsir.Inbound{Reference: e.Data.ID, From: number(e.Data.From), To: number(e.Data.To), Text: *e.Data.Text, ReceivedAt: moment(e.At), Raw: clip(string(r.Body))}
	if in.ReceivedAt.IsZero() {
		in.ReceivedAt = p.now()
	}
	out.Inbound = []smsir.Inbound{in}
	return out, nil
}

// window is how far the time of a signature of the platform may be from ours, either way.
const window = 5 * time.Minute

// signed reports whether a request bears a signature that one of the secrets makes: of an id, the time and the body, not
// older or newer than the window. There may be several signatures, while the secret changes there.
// https://www.standardwebhooks.com
func (p *platform) signed(r smsir.CallbackRequest) bool {
	one := func(name string) string {
		if values := r.Header[name]; len(values) == 1 {
			return values[0]
		}
		return ""
	}
	id, at := one("Webhook-Id"), one("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || id == "" || p.now().Sub(time.Unix(seconds, 0)).Abs() > window {
		return false
	}
	fits := false
	for _, secret := range p.secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(r.Body)
		want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
		for given := range strings.SplitSeq(one("Webhook-Signature"), " ") {
			if hmac.Equal([]byte(given), []byte(want)) {
				fits = true
			}
		}
	}
	return fits
}

// receipt reads what became of a message; false if it says nothing that we know.
func (p *platform) receipt(r smsir.CallbackRequest, e event) (smsir.Receipt, bool) {
	out := smsir.Receipt{Reference: e.Data.ID, To: recipient(e.Data.To), ArrivedAt: p.now(), DoneAt: moment(e.At), Raw: clip(string(r.Body))}
	if text, ok := e.Data.Metadata[metadataAttempt].(string); ok {
		out.Attempt = attemptOf(text)
	}
	switch e.Type {
	case "sms.accepted", "sms.sent":
		out.Status = smsir.Sent
	case "sms.delivered":
		out.Status = smsir.Delivered
	case "sms.undelivered", "sms.failed", "sms.rejected", "sms.expired":
		out.Status = smsir.Undelivered
		if e.Type == "sms.expired" {
			out.Status = smsir.Expired
		}
		out.Code = e.Data.Error.Code
		note, mapped := p.reports.Report(out.Code)
		out.Unmapped = !mapped && out.Code != ""
		out.Error = &smsir.Failure{Class: note.Class, Code: strings.TrimPrefix(e.Type, "sms."), Text: note.Text, ProviderCode: out.Code, ProviderText: e.Data.Error.Description}
	default:
		return smsir.Receipt{}, false
	}
	return out, true
}
