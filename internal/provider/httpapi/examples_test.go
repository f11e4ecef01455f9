package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

// bulkSMS is the far side of bulksms.yaml.
func bulkSMS() dialect {
	fail := func(w http.ResponseWriter, status int, word, detail string) {
		answer(w, status, object1{"type": "https://developer.bulksms.com/json/v1/errors#" + word, "title": word, "status": status, "detail": detail})
	}
	message := func(id, to, attempt string) object1 {
		return object1{
			"id": id, "type": "SENT", "from": "", "to": to, "body": "hi", "encoding": "TEXT", "userSuppliedId": attempt,
			"status": object1{"id": "ACCEPTED.null", "type": "ACCEPTED"}, "submission": object1{"id": "1", "date": "2026-11-23T12:00:00Z"},
		}
	}
	return dialect{
		base: "https://api.bulksms.com", path: "/v1/messages",
		read: func(r *http.Request, body []byte) (to, text, attempt string) {
			var m []struct {
				To   []struct{ Address string }
				Body string
				ID   string `json:"userSuppliedId"`
			}
			if r.Method != http.MethodPost || json.Unmarshal(body, &m) != nil || len(m) != 1 || len(m[0].To) != 1 {
				return "", "", ""
			}
			return m[0].To[0].Address, m[0].Body, m[0].ID
		},
		accept: func(w http.ResponseWriter, n int, to string) {
			answer(w, http.StatusCreated, []object1{message(fmt.Sprintf("id%d", n), to, "")})
		},
		refuse: func(w http.ResponseWriter, to string) {
			switch to {
			case invalidN:
				fail(w, http.StatusBadRequest, "bad-request", "The number is not valid")
			case noLogin:
				fail(w, http.StatusUnauthorized, "authentication-failed", "Wrong token")
			default:
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusTooManyRequests)
			}
		},
		another: func(f *far, w http.ResponseWriter, r *http.Request) {
			user, password, _ := r.BasicAuth()
			if user != "user" || password != "hush-hush" {
				fail(w, http.StatusUnauthorized, "authentication-failed", "Wrong token")
				return
			}
			if r.URL.Path == "/v1/profile" {
				answer(w, http.StatusOK, object1{"credits": object1{"balance": 4.5, "limit": 0}})
				return
			}
			attempt, _ := strings.CutPrefix(r.URL.Query().Get("filter"), "userSuppliedId=")
			f.mu.Lock()
			id := f.took[attempt]
			f.mu.Unlock()
			if id == "" {
				answer(w, http.StatusOK, []object1{})
				return
			}
			answer(w, http.StatusOK, []object1{message(id, "", attempt)})
		},
	}
}

// clickSend is the far side of clicksend.yaml.
func clickSend() dialect {
	tell := func(w http.ResponseWriter, status int, word, of, id string) {
		messages := []object1{{"message_id": id, "status": of, "message_price": 0.07, "message_parts": 1}}
		if of == "" {
			messages = []object1{}
		}
		answer(w, status, object1{
			"http_code": status, "response_code": word, "response_msg": "About " + word + of,
			"data": object1{"messages": messages, "currency": object1{"currency_name_short": "USD"}},
		})
	}
	return dialect{
		base: "https://rest.clicksend.com", path: "/v3/sms/send",
		read: func(_ *http.Request, body []byte) (to, text, attempt string) {
			var m struct {
				Messages []struct {
					To, Body string
					Custom   string `json:"custom_string"`
				}
			}
			if json.Unmarshal(body, &m) != nil || len(m.Messages) != 1 {
				return "", "", ""
			}
			return m.Messages[0].To, m.Messages[0].Body, m.Messages[0].Custom
		},
		accept: func(w http.ResponseWriter, n int, _ string) {
			tell(w, http.StatusOK, "SUCCESS", "SUCCESS", fmt.Sprintf("id%d", n))
		},
		refuse: func(w http.ResponseWriter, to string) {
			switch to {
			case invalidN:
				tell(w, http.StatusOK, "SUCCESS", "INVALID_RECIPIENT", "id0")
			case noLogin:
				tell(w, http.StatusUnauthorized, "UNAUTHORIZED", "", "")
			default:
				tell(w, http.StatusOK, "SUCCESS", "THROTTLED", "id0")
			}
		},
		another: func(_ *far, w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "user" || password != "hush-hush" {
				tell(w, http.StatusUnauthorized, "UNAUTHORIZED", "", "")
				return
			}
			answer(w, http.StatusOK, object1{"response_code": "SUCCESS", "data": object1{"balance": "0.74", "_currency": object1{"currency_name_short": "AUD"}}})
		},
	}
}

// kannel is the far side of kannel.yaml.
func kannel() dialect {
	say := func(w http.ResponseWriter, status int, text string) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
	return dialect{
		base: "http://127.0.0.1:13013", path: "/cgi-bin/sendsms",
		read: func(r *http.Request, _ []byte) (to, text, attempt string) {
			q := r.URL.Query()
			dlr, _ := url.Parse(q.Get("dlr-url"))
			return q.Get("to"), q.Get("text"), dlr.Query().Get("attempt")
		},
		accept: func(w http.ResponseWriter, _ int, _ string) {
			say(w, http.StatusAccepted, "0: Accepted for delivery")
		},
		refuse: func(w http.ResponseWriter, to string) {
			switch to {
			case invalidN:
				say(w, http.StatusForbidden, "Not routable. Do not try again.")
			case noLogin:
				say(w, http.StatusForbidden, "Authorization failed for sendsms")
			default:
				w.Header().Set("Retry-After", "3")
				say(w, http.StatusServiceUnavailable, "Temporal failure, try again later.")
			}
		},
		another: func(_ *far, w http.ResponseWriter, _ *http.Request) { say(w, http.StatusNotFound, "Error in request") },
	}
}

func TestBulkSMSConformance(t *testing.T) {
	t.Parallel()
	conformance(t, "bulksms", []providertest.Refusal{
		{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "bad-request", ProviderText: "The number is not valid"},
		{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "authentication-failed", ProviderText: "Wrong token"},
		{Name: "throttled", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429"},
	}, true)
}

func TestClickSendConformance(t *testing.T) {
	t.Parallel()
	conformance(t, "clicksend", []providertest.Refusal{
		{Name: "number, inside of HTTP 200", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "INVALID_RECIPIENT", ProviderText: "About SUCCESSINVALID_RECIPIENT"},
		{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "UNAUTHORIZED", ProviderText: "About UNAUTHORIZED"},
		{Name: "throttled, inside of HTTP 200", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, ProviderCode: "THROTTLED", ProviderText: "About SUCCESSTHROTTLED"},
	}, false)
}

func TestKannelConformance(t *testing.T) {
	t.Parallel()
	conformance(t, "kannel", []providertest.Refusal{
		{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: "Not routable", ProviderText: "Not routable. Do not try again."},
		{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: "Authorization failed", ProviderText: "Authorization failed for sendsms"},
		{Name: "for now", To: slowDown, State: smsir.AttemptRefused, Class: smsir.ClassRetry, RetryAfter: 3 * time.Second, ProviderCode: "Temporal failure", ProviderText: "Temporal failure, try again later."},
	}, false)
}

func submission(to, text string) smsir.Submission {
	return smsir.Submission{Attempt: attempt, Message: 815, To: to, Text: text, Segments: 1, Validity: time.Hour}
}

const tricky = `Grüße & "50%" = <b>\{{to}}` + "\nline 2 +1"

// TestExampleRequests: what leaves, word for word, for the sender of the provider, one of the message, and none.
func TestExampleRequests(t *testing.T) {
	t.Parallel()
	id := attempt.Format(smsir.PrefixAttempt)
	basic := "Basic dXNlcjpodXNoLWh1c2g="
	kannelQuery := func(more url.Values) url.Values {
		q := url.Values{
			"username": {"user"}, "password": {"hush-hush"}, "to": {takes}, "text": {tricky}, "charset": {"UTF-8"}, "coding": {"2"}, "validity": {"60"},
			"dlr-mask": {"31"}, "dlr-url": {callback + "?attempt=" + id + "&type=%d&reply=%A"},
		}
		for name, v := range more {
			q[name] = v
		}
		return q
	}
	for name, tt := range map[string]struct {
		example, from, defaultSender string
		body                         string
		query                        url.Values
		auth                         string
	}{
		"BulkSMS": {
			"bulksms", "", sender, `[{"to":[{"type":"INTERNATIONAL","address":"+12025550120"}],"from":{"type":"INTERNATIONAL","address":"+12025550130"},"body":` + jsonString(tricky) + `,"encoding":"UNICODE","longMessageMaxParts":10,"userSuppliedId":"` + id + `"}]`,
			url.Values{},
			basic,
		},
		"BulkSMS, short code": {
			"bulksms", "12345", sender, `[{"to":[{"type":"INTERNATIONAL","address":"+12025550120"}],"from":{"type":"SHORTCODE","address":"12345"},"body":` + jsonString(tricky) + `,"encoding":"UNICODE","longMessageMaxParts":10,"userSuppliedId":"` + id + `"}]`,
			url.Values{},
			basic,
		},
		"BulkSMS, no sender": {
			"bulksms", "", "", `[{"to":[{"type":"INTERNATIONAL","address":"+12025550120"}],"body":` + jsonString(tricky) + `,"encoding":"UNICODE","longMessageMaxParts":10,"userSuppliedId":"` + id + `"}]`,
			url.Values{},
			basic,
		},
		"ClickSend": {
			"clicksend", "ACME", sender, `{"messages":[{"to":"+12025550120","from":"ACME","body":` + jsonString(tricky) + `,"custom_string":"` + id + `","source":"smsir"}]}`,
			url.Values{},
			basic,
		},
		"Kannel":            {"kannel", "", sender, "", kannelQuery(url.Values{"from": {sender}}), ""},
		"Kannel, no sender": {"kannel", "", "", "", kannelQuery(nil), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, dialects()[tt.example])
			in := f.in(t, tt.example)
			in[settingSender] = tt.defaultSender
			p, _ := opened(t, in, time.Now)
			s := submission(takes, tricky)
			s.From, s.Encoding = tt.from, smsir.EncodingUCS2
			got, err := p.Send(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"id1"}
			if tt.example == "kannel" {
				want = nil
			}
			if !reflect.DeepEqual(got.References, want) || got.NoReceipt {
				t.Errorf("got %+v, want the references %q, and a receipt to come", got, want)
			}
			if wantPrice := (smsir.Money{Micros: 70000, Currency: "USD"}); tt.example == "clicksend" && got.Price != wantPrice {
				t.Errorf("price %+v, want %+v", got.Price, wantPrice)
			}
			c := f.last()
			if c.body != tt.body || !reflect.DeepEqual(url.Values(c.query), tt.query) || c.header.Get("Authorization") != tt.auth {
				t.Errorf("got  %s %v %q,\nwant %s %v %q", c.body, c.query, c.header.Get("Authorization"), tt.body, tt.query, tt.auth)
			}
		})
	}
}

// TestKannelIsCalledOnce: a GET that hands a message over is not repeated on a connection that turns out dead.
func TestKannelIsCalledOnce(t *testing.T) {
	t.Parallel()
	f := newFar(t, kannel())
	p, _ := opened(t, f.in(t, "kannel"), time.Now)
	for i := range 5 {
		first, second := submission(takes, fmt.Sprint("first ", i)), submission(resets, fmt.Sprint("second ", i))
		if _, err := p.Send(t.Context(), first); err != nil {
			t.Fatal(err)
		}
		if _, err := p.Send(t.Context(), second); err == nil {
			t.Fatal("no error of a connection that was reset")
		}
		if f.seen(first) != 1 || f.seen(second) != 1 {
			t.Fatalf("the far side saw %d and %d requests, want 1 and 1", f.seen(first), f.seen(second))
		}
	}
}
