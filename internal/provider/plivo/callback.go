package plivo

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/network"
)

// Callback implements [smsir.CalledBack]: Plivo tells what became of a message (the parameter Status), or that somebody
// wrote to one of the account's numbers (the parameter Text).
func (a *account) Callback(_ context.Context, r smsir.CallbackRequest) (smsir.CallbackAnswer, error) {
	refused := smsir.Errorf(smsir.CodeCallbackRefused, "The signature does not fit.")
	query, form, err := parameters(r)
	if err != nil || !a.signed(r, query, form) {
		return smsir.CallbackAnswer{}, refused
	}
	said := form
	if r.Method == http.MethodGet {
		said = query
	}
	id := said.Get("MessageUUID")
	if !idForm.MatchString(id) {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no message.")
	}
	out := smsir.CallbackAnswer{Status: http.StatusOK}
	if said.Get("Status") != "" {
		if receipt, ok := a.receipt(r, query, said); ok {
			out.Receipts = []smsir.Receipt{receipt}
		}
		return out, nil
	}
	if said.Get("From") == "" || said.Get("To") == "" || !said.Has("Text") {
		return smsir.CallbackAnswer{}, smsir.Errorf(smsir.CodeInvalid, "The call names no sender or no recipient, or has no text.")
	}
	out.Inbound = []smsir.Inbound{{Reference: id, From: number(said.Get("From")), To: number(said.Get("To")), Text: said.Get("Text"), ReceivedAt: a.now(), Raw: raw(r)}}
	return out, nil
}

// parameters reads those of the address and those of the body.
func parameters(r smsir.CallbackRequest) (query, form url.Values, err error) {
	address, err := url.Parse(r.URL)
	if err != nil {
		return nil, nil, err
	}
	if query, err = url.ParseQuery(address.RawQuery); err != nil || r.Method == http.MethodGet {
		return query, nil, err
	}
	if kind, _, _ := mime.ParseMediaType(http.Header(r.Header).Get("Content-Type")); kind != "application/x-www-form-urlencoded" {
		return query, nil, http.ErrNotSupported
	}
	form, err = url.ParseQuery(string(r.Body))
	return query, form, err
}

// signed reports whether a request bears a signature of version 3 that one of the auth tokens makes. There are two headers,
// one for the token of the account or subaccount and one for the main account's, and each may hold several signatures,
// one for every token that is valid just now. Version 2 does not cover what a call tells, and does not count.
func (a *account) signed(r smsir.CallbackRequest, query, form url.Values) bool {
	nonce := r.Header["X-Plivo-Signature-V3-Nonce"]
	if len(nonce) != 1 || nonce[0] == "" || r.Method == http.MethodGet && len(r.Body) > 0 {
		return false
	}
	text := signedText(r.URL, query, form, nonce[0])
	fits := false
	for _, name := range []string{"X-Plivo-Signature-V3", "X-Plivo-Signature-Ma-V3"} {
		for _, given := range strings.Split(strings.Join(r.Header[name], ","), ",") {
			for _, token := range a.tokens {
				mac := hmac.New(sha256.New, []byte(token))
				mac.Write([]byte(text))
				want := base64.StdEncoding.EncodeToString(mac.Sum(nil))
				if hmac.Equal([]byte(strings.TrimSpace(given)), []byte(want)) {
					fits = true
				}
			}
		}
	}
	return fits
}

// signedText is what Plivo signs: the address, its parameters and those of the body, each sorted, and the nonce.
// https://www.plivo.com/docs/messaging/concepts/signature-validation
func signedText(address string, query, form url.Values, nonce string) string {
	base, _, _ := strings.Cut(address, "?")
	var b strings.Builder
	b.WriteString(base)
	if len(query) > 0 || len(form) > 0 {
		b.WriteString("?")
	}
	b.WriteString(strings.Join(sorted(query, "="), "&"))
	if len(query) > 0 && len(form) > 0 {
		b.WriteString(".")
	}
	b.WriteString(strings.Join(sorted(form, ""), ""))
	b.WriteString("." + nonce)
	return b.String()
}

// sorted are the parameters, by name and then by value.
func sorted(values url.Values, between string) (all []string) {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range slices.Sorted(slices.Values(values[name])) {
			all = append(all, name+between+value)
		}
	}
	return all
}

// receipt reads what became of a message; false if it says nothing that we know.
func (a *account) receipt(r smsir.CallbackRequest, query, said url.Values) (smsir.Receipt, bool) {
	out := smsir.Receipt{
		Reference: said.Get("MessageUUID"), To: number(said.Get("To")), ArrivedAt: a.now(), DoneAt: moment(said.Get("DeliveryReportTime")), Code: said.Get("ErrorCode"),
		Raw: raw(r), Price: smsir.ParseMoney(said.Get("TotalAmount"), currency), Network: network.Join(said.Get("MCC"), said.Get("MNC")),
	}
	if id, err := smsir.ParseID(smsir.PrefixAttempt, query.Get(attemptParameter)); err == nil {
		out.Attempt = id // the signature covers it
	}
	if !strings.HasPrefix(out.To, "+") {
		out.To = ""
	}
	switch status := said.Get("Status"); status {
	case "queued", "sent":
		out.Status = smsir.Sent
	case "delivered", "read":
		out.Status = smsir.Delivered
	case "failed", "undelivered", "rejected":
		note, mapped := a.codes.Report(out.Code)
		out.Unmapped = !mapped && out.Code != ""
		out.Status = smsir.Undelivered
		if out.Code == codeExpired {
			out.Status = smsir.Expired
		}
		// "failed" is Plivo's word for what never left it; "undelivered" was refused further on.
		out.NonSend = status == "failed" && (note.Class == smsir.ClassRetry || note.Class == smsir.ClassThrottle)
		out.Error = &smsir.Failure{Class: note.Class, Code: status, Text: note.Text, ProviderCode: out.Code}
	default:
		return smsir.Receipt{}, false
	}
	return out, true
}

// codeExpired is the code of a message that waited too long in Plivo's queue.
const codeExpired = "420"

// number is an E.164 number as Plivo writes it, without the plus sign, with it; a short code or a name as it is.
func number(text string) string {
	if len(text) >= 8 && strings.Trim(text, "0123456789") == "" {
		return "+" + text
	}
	return text
}

// moment reads a time, in UTC, the zero time when it is none.
func moment(text string) time.Time {
	for _, form := range []string{"2006-01-02 15:04:05.999999", time.RFC3339} {
		if t, err := time.Parse(form, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// maxRaw is how much of a call is kept, in bytes.
const maxRaw = 4 << 10

// raw is a call as it came, without the path, whose last part is a secret.
func raw(r smsir.CallbackRequest) string {
	text := string(r.Body)
	if r.Method == http.MethodGet {
		_, text, _ = strings.Cut(r.URL, "?")
	}
	return text[:min(len(text), maxRaw)]
}
