package carrier

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// generic is a plain JSON interface that takes a key once: a client may repeat a request until it has an answer.
//
//	POST /messages  Idempotency-Key: KEY  {"to","from","text","callback_url"}  202 {"id","key"}
//
// Reports are {"id","key","to","status"}, replies {"id","from","to","text"}.
type generic struct{}

// Generic is the name of this face.
const Generic = "generic"

func (generic) name() string  { return Generic }
func (generic) dedupes() bool { return true }

func (generic) parts(*taken) int { return 1 }

func (f generic) routes(c *Carrier) {
	c.mux.HandleFunc("POST /messages", func(w http.ResponseWriter, r *http.Request) {
		b, ok := body(w, r)
		var in struct {
			To       string `json:"to"`
			From     string `json:"from"`
			Text     string `json:"text"`
			Callback string `json:"callback_url"`
		}
		if err := json.Unmarshal(b, &in); err != nil || !ok || in.To == "" || in.Text == "" {
			f.refused(nil, "invalid").send(w)
			return
		}
		c.take(w, r, &call{
			face: f, account: r.Header.Get("Authorization"), key: r.Header.Get("Idempotency-Key"), to: in.To, from: in.From, text: in.Text, callback: in.Callback,
		})
	})
}

func (generic) reference(n int, draw uint64) string { return fmt.Sprintf("g-%016x-%d", draw, n) }

func (generic) accepted(t *taken) reply {
	b, _ := json.Marshal(map[string]string{"id": t.reference, "key": t.key}) //nolint:errchkjson // plain values
	return reply{status: http.StatusAccepted, body: string(b)}
}

func (generic) refused(_ *call, code string) reply {
	b, _ := json.Marshal(map[string]string{"error": code}) //nolint:errchkjson // plain values
	return reply{status: http.StatusUnprocessableEntity, body: string(b)}
}

func (generic) throttled(_ *call, retryAfter int) reply {
	a := reply{status: http.StatusTooManyRequests, body: `{"error":"throttled"}`}
	if retryAfter > 0 {
		a.header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	}
	return a
}

func (generic) report(c *Carrier, t *taken, r *report) *http.Request {
	if t.callback == "" {
		return nil
	}
	return posted(c, t.callback, map[string]string{"id": t.reference, "key": t.key, "to": t.to, "status": r.status})
}

func (generic) reply(c *Carrier, t *taken, reference, text string) *http.Request {
	if t.callback == "" {
		return nil
	}
	return posted(c, t.callback, map[string]string{"id": reference, "from": t.to, "to": t.from, "text": text})
}
