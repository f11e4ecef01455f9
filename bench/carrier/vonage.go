package carrier

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// vonage is the face of Vonage's SMS API: JSON or form in, JSON out with status 200 whatever it says, reports to the
// callback of each message or of the account.
type vonage struct{}

// Vonage is the name of this face.
const Vonage = "vonage"

func (vonage) name() string  { return Vonage }
func (vonage) dedupes() bool { return false }

func (vonage) parts(t *taken) int { return Segments(t.text) }

func (f vonage) routes(c *Carrier) {
	c.mux.HandleFunc("POST /sms/json", func(w http.ResponseWriter, r *http.Request) {
		b, ok := body(w, r)
		fields, err := fieldsOf(r, b)
		account, _, login := r.BasicAuth()
		if !login {
			account = fields["api_key"]
		}
		switch {
		case !ok || err != nil || account == "":
			f.answer("2", "Missing api_key", "", "").send(w)
			return
		case fields["to"] == "" || fields["text"] == "":
			f.answer("2", "Missing to or text", "", "").send(w)
			return
		}
		c.take(w, r, &call{
			face: f, account: account, key: fields["client-ref"], to: "+" + strings.TrimPrefix(fields["to"], "+"), from: fields["from"],
			text: fields["text"], callback: fields["callback"], wish: fields["client-ref"],
		})
	})
	c.mux.HandleFunc("GET /account/get-balance", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, map[string]any{"value": 42.5, "autoReload": false})
	})
}

// fieldsOf reads a body that is JSON or a form.
func fieldsOf(r *http.Request, b []byte) (map[string]string, error) {
	fields := map[string]string{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var all map[string]any
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.UseNumber()
		if err := dec.Decode(&all); err != nil {
			return nil, err
		}
		for k, v := range all {
			fields[k] = fmt.Sprint(v)
		}
		return fields, nil
	}
	form, err := url.ParseQuery(string(b))
	for k := range form {
		fields[k] = form.Get(k)
	}
	return fields, err
}

func (vonage) reference(n int, draw uint64) string {
	return strings.ToUpper(fmt.Sprintf("%08x%08x", uint32(draw), n)) //nolint:gosec // a part of a random number
}

// answer makes the answer with one message in it.
func (vonage) answer(status, problem, to, reference string) reply {
	m := map[string]string{"status": status}
	if status != "0" {
		m["error-text"] = problem
	} else {
		m["to"], m["message-id"], m["remaining-balance"], m["message-price"], m["network"] = to, reference, "42.50", "0.03330000", "310000"
	}
	b, _ := json.Marshal(map[string]any{"message-count": "1", "messages": []map[string]string{m}}) //nolint:errchkjson // plain values
	return reply{status: http.StatusOK, body: string(b)}
}

// accepted names one id for each part, as this interface does.
func (vonage) accepted(t *taken) reply {
	n := Segments(t.text)
	parts := make([]map[string]string, n)
	for i := range parts {
		parts[i] = map[string]string{
			"to": strings.TrimPrefix(t.to, "+"), "message-id": PartReference(t.reference, i), "status": "0",
			"remaining-balance": "42.50", "message-price": "0.03330000", "network": "310000",
		}
		if t.wish != "" {
			parts[i]["client-ref"] = t.wish
		}
	}
	b, _ := json.Marshal(map[string]any{"message-count": strconv.Itoa(n), "messages": parts}) //nolint:errchkjson // plain values
	return reply{status: http.StatusOK, body: string(b)}
}

// PartReference is the id of part i, from 0, of a message that has several; that of the first is the message's own.
func PartReference(reference string, i int) string {
	if i == 0 {
		return reference
	}
	return fmt.Sprintf("%s%02X", reference, i)
}

func (f vonage) refused(_ *call, code string) reply { return f.answer(code, "Refused", "", "") }
func (f vonage) throttled(_ *call, _ int) reply {
	return f.answer("1", "Throughput Rate Exceeded", "", "")
}

func (vonage) report(c *Carrier, t *taken, r *report) *http.Request {
	if t.callback == "" {
		return nil
	}
	status, code := r.status, "0"
	switch r.status {
	case "sent":
		status = "buffered"
	case "undelivered":
		status, code = "failed", "3"
	}
	fields := map[string]string{
		"msisdn": strings.TrimPrefix(t.to, "+"), "to": t.from, "network-code": "310000", "messageId": PartReference(t.reference, r.part), "price": "0.03330000",
		"status": status, "scts": now().Format("0601021504"), "err-code": code, "message-timestamp": now().Format("2006-01-02 15:04:05"),
	}
	if t.wish != "" {
		fields["client-ref"] = t.wish
	}
	return signedFields(c, t.callback, fields)
}

func (vonage) reply(c *Carrier, t *taken, reference, text string) *http.Request {
	if t.callback == "" || t.from == "" {
		return nil
	}
	return signedFields(c, t.callback, map[string]string{
		"msisdn": strings.TrimPrefix(t.to, "+"), "to": strings.TrimPrefix(t.from, "+"), "messageId": reference, "text": text, "type": "text",
		"keyword": strings.ToUpper(strings.Fields(text)[0]), "message-timestamp": now().Format("2006-01-02 15:04:05"),
	})
}

// signedFields makes a call with a signature over the sorted fields (HMAC-SHA256), if there is a secret.
func signedFields(c *Carrier, address string, fields map[string]string) *http.Request {
	if c.opt.Secret != "" {
		fields["timestamp"] = strconv.FormatInt(now().Unix(), 10)
		names := make([]string, 0, len(fields))
		for name := range fields {
			names = append(names, name)
		}
		slices.Sort(names)
		mac := hmac.New(sha256.New, []byte(c.opt.Secret))
		for _, name := range names {
			value := strings.NewReplacer("&", "_", "=", "_").Replace(fields[name])
			_, _ = fmt.Fprintf(mac, "&%s=%s", name, value)
		}
		fields["sig"] = strings.ToUpper(hex.EncodeToString(mac.Sum(nil)))
	}
	return posted(c, address, fields)
}

// posted makes a call with a JSON body; nil if there is no such address.
func posted(c *Carrier, address string, v any) *http.Request {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	req, err := http.NewRequestWithContext(c.ctx, http.MethodPost, address, bytes.NewReader(b))
	if err != nil {
		return nil
	}
	req.Header.Set("Content-Type", "application/json")
	return req
}
