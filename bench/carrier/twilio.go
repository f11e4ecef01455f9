package carrier

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the signature of this interface is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// twilio is the face of Twilio's Messages API, version 2010-04-01: form in, JSON out, signed reports to the StatusCallback
// of each message, and a list of messages that can be asked what became of one.
type twilio struct{}

// Twilio is the name of this face.
const Twilio = "twilio"

func (twilio) name() string  { return Twilio }
func (twilio) dedupes() bool { return false }

func (twilio) parts(*taken) int { return 1 }

func (f twilio) routes(c *Carrier) {
	const account = "/2010-04-01/Accounts/{account}"
	c.mux.HandleFunc("POST "+account+"/Messages.json", func(w http.ResponseWriter, r *http.Request) {
		b, ok := body(w, r)
		form, err := url.ParseQuery(string(b))
		user, _, login := r.BasicAuth()
		switch {
		case !login:
			f.problem(http.StatusUnauthorized, "20003", "Authenticate").send(w)
			return
		case !ok || err != nil || form.Get("To") == "":
			f.problem(http.StatusBadRequest, "21604", "A 'To' phone number is required.").send(w)
			return
		case form.Get("Body") == "":
			f.problem(http.StatusBadRequest, "21602", "Message body is required.").send(w)
			return
		}
		s := &call{
			face: f, account: user, to: form.Get("To"), from: form.Get("From"), text: form.Get("Body"), callback: form.Get("StatusCallback"),
			wish: r.PathValue("account"),
		}
		if u, err := url.Parse(s.callback); err == nil {
			s.key = u.Query().Get("attempt")
		}
		c.take(w, r, s)
	})
	c.mux.HandleFunc("GET "+account+"/Messages.json", func(w http.ResponseWriter, r *http.Request) { f.list(c, w, r) })
	c.mux.HandleFunc("GET /2010-04-01/Accounts/{file}", func(w http.ResponseWriter, r *http.Request) {
		answerJSON(w, map[string]string{"sid": strings.TrimSuffix(r.PathValue("file"), ".json"), "status": "active"})
	})
}

func (twilio) problem(status int, code, text string) reply {
	n, err := strconv.Atoi(code)
	if err != nil {
		n = 21211
	}
	b, _ := json.Marshal(map[string]any{"code": n, "message": text, "status": status, "more_info": "https://www.twilio.com/docs/errors/" + strconv.Itoa(n)}) //nolint:errchkjson // plain values
	return reply{status: status, body: string(b)}
}

func (twilio) reference(n int, draw uint64) string { return fmt.Sprintf("SM%016x%016x", draw, n) }

func (f twilio) accepted(t *taken) reply {
	b, _ := json.Marshal(f.shown(t)) //nolint:errchkjson // plain values
	return reply{status: http.StatusCreated, body: string(b)}
}

// shown is a message as this interface shows it.
func (twilio) shown(t *taken) map[string]any {
	return map[string]any{
		"sid": t.reference, "account_sid": t.wish, "to": t.to, "from": t.from, "body": t.text, "status": "queued", "direction": "outbound-api",
		"num_segments": strconv.Itoa(Segments(t.text)), "num_media": "0", "price": nil, "price_unit": "USD", "error_code": nil, "error_message": nil,
		"api_version": "2010-04-01", "date_created": t.at.Format(time.RFC1123Z), "date_updated": t.at.Format(time.RFC1123Z), "date_sent": t.at.Format(time.RFC1123Z),
		"uri": "/2010-04-01/Accounts/" + t.wish + "/Messages/" + t.reference + ".json",
	}
}

func (f twilio) refused(_ *call, code string) reply {
	return f.problem(http.StatusBadRequest, code, "The message was refused.")
}

func (f twilio) throttled(_ *call, retryAfter int) reply {
	a := f.problem(http.StatusTooManyRequests, "20429", "Too Many Requests")
	if retryAfter > 0 {
		a.header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return a
}

func (f twilio) report(c *Carrier, t *taken, r *report) *http.Request {
	if t.callback == "" {
		return nil
	}
	status := r.status
	form := url.Values{"MessageSid": {t.reference}, "SmsSid": {t.reference}, "AccountSid": {t.wish}, "To": {t.to}, "From": {t.from}, "ApiVersion": {"2010-04-01"}}
	switch {
	case r.nonSend:
		status = "failed"
		form.Set("ErrorCode", "30001")
	case status == "undelivered":
		form.Set("ErrorCode", "30003")
	case status == "expired":
		status = "undelivered"
		form.Set("ErrorCode", "30036") // the validity period expired
	}
	form.Set("MessageStatus", status)
	form.Set("SmsStatus", status)
	return f.signed(c, t.callback, form)
}

func (f twilio) reply(c *Carrier, t *taken, reference, text string) *http.Request {
	if t.callback == "" || !strings.HasPrefix(t.from, "+") {
		return nil
	}
	address, _, _ := strings.Cut(t.callback, "?")
	return f.signed(c, address, url.Values{
		"MessageSid": {reference}, "SmsSid": {reference}, "AccountSid": {t.wish}, "From": {t.to}, "To": {t.from}, "Body": {text},
		"NumSegments": {strconv.Itoa(Segments(text))}, "NumMedia": {"0"}, "ApiVersion": {"2010-04-01"},
	})
}

// signed makes a call with the signature over the address and the sorted parameters.
func (twilio) signed(c *Carrier, address string, form url.Values) *http.Request {
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil
	}
	mac := hmac.New(sha1.New, []byte(c.opt.Secret))
	_, _ = io.WriteString(mac, address)
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		_, _ = io.WriteString(mac, name+form.Get(name))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return req
}

// list answers what the carrier has for a recipient, newest first, in pages.
func (f twilio) list(c *Carrier, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	size, _ := strconv.Atoi(q.Get("PageSize"))
	if size < 1 || size > 1000 {
		size = 50
	}
	after, _ := strconv.Atoi(q.Get("PageToken"))
	since, _ := time.Parse(time.RFC3339, q.Get("DateSent>"))
	c.mu.Lock()
	var all []map[string]any
	for i := len(c.taken) - 1; i >= 0; i-- {
		t := c.taken[i]
		if t.face.name() == Twilio && t.wish == r.PathValue("account") && t.to == q.Get("To") && !t.at.Before(since) && (q.Get("From") == "" || q.Get("From") == t.from) {
			all = append(all, f.shown(t))
		}
	}
	c.mu.Unlock()
	all = all[min(after, len(all)):]
	next := any(nil)
	if len(all) > size {
		all = all[:size]
		q.Set("PageToken", strconv.Itoa(after+size))
		next = r.URL.Path + "?" + q.Encode()
	}
	if all == nil {
		all = []map[string]any{}
	}
	answerJSON(w, map[string]any{"messages": all, "next_page_uri": next, "page": 0, "page_size": size, "uri": r.URL.Path})
}
