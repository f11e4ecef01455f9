package carrier

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// africasTalking is the face of Africa's Talking's bulk SMS: form in, JSON out with status 201 whatever it says, unsigned
// reports to the one address of the account ([Options.Callbacks]), and no place for anything of the client's.
type africasTalking struct{}

// AfricasTalking is the name of this face.
const AfricasTalking = "africastalking"

func (africasTalking) name() string  { return AfricasTalking }
func (africasTalking) dedupes() bool { return false }

func (africasTalking) parts(*taken) int { return 1 }

func (f africasTalking) routes(c *Carrier) {
	c.mux.HandleFunc("POST /version1/messaging", func(w http.ResponseWriter, r *http.Request) {
		b, ok := body(w, r)
		form, err := url.ParseQuery(string(b))
		switch {
		case r.Header.Get("apiKey") == "" || form.Get("username") == "":
			http.Error(w, "The supplied authentication is invalid", http.StatusUnauthorized)
			return
		case !ok || err != nil || form.Get("to") == "" || form.Get("message") == "":
			http.Error(w, "Request is missing required form field 'to' or 'message'", http.StatusBadRequest)
			return
		}
		c.take(w, r, &call{face: f, account: form.Get("username"), to: form.Get("to"), from: form.Get("from"), text: form.Get("message")})
	})
	c.mux.HandleFunc("GET /version1/user", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"UserData": map[string]string{"balance": "KES 1785.50"}})
	})
}

func (africasTalking) reference(n int, draw uint64) string {
	return fmt.Sprintf("ATXid_%016x%08x", draw, n)
}

func (africasTalking) answer(to, reference, status string, code int) reply {
	b, _ := json.Marshal(map[string]any{"SMSMessageData": map[string]any{ //nolint:errchkjson // plain values
		"Message":    "Sent to 1/1 Total Cost: KES 0.8000",
		"Recipients": []map[string]any{{"statusCode": code, "number": to, "status": status, "cost": "KES 0.8000", "messageId": reference}},
	}})
	return reply{status: http.StatusCreated, body: string(b)}
}

func (f africasTalking) accepted(t *taken) reply { return f.answer(t.to, t.reference, "Success", 101) }

func (f africasTalking) refused(s *call, code string) reply {
	n, err := strconv.Atoi(code)
	if err != nil {
		n = 403
	}
	return f.answer(s.to, "None", "Refused", n)
}

func (f africasTalking) throttled(_ *call, retryAfter int) reply {
	a := reply{status: http.StatusTooManyRequests, body: "Too Many Requests"}
	if retryAfter > 0 {
		a.header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return a
}

func (africasTalking) report(c *Carrier, t *taken, r *report) *http.Request {
	if t.callback == "" {
		return nil
	}
	form := url.Values{"id": {t.reference}, "phoneNumber": {t.to}, "networkCode": {"62120"}, "retryCount": {"0"}}
	switch r.status {
	case "sent":
		form.Set("status", "Sent")
	case "delivered":
		form.Set("status", "Success")
	case "undelivered":
		form.Set("status", "Failed")
		form.Set("failureReason", "UserDoesNotExist")
	case "expired":
		form.Set("status", "Expired")
	}
	return formed(c, t.callback, form)
}

func (africasTalking) reply(c *Carrier, t *taken, reference, text string) *http.Request {
	if t.callback == "" || t.from == "" {
		return nil
	}
	return formed(c, t.callback, url.Values{
		"id": {reference}, "from": {t.to}, "to": {t.from}, "text": {text}, "date": {now().Format("2006-01-02 15:04:05")}, "linkId": {""},
	})
}

// formed makes a call with a form; nil if there is no such address.
func formed(c *Carrier, address string, form url.Values) *http.Request {
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}
