package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir/api"
)

// hookSink is a receiver of events that refuses the first try of each.
type hookSink struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	tried  map[string]string // body by webhook-id
	taken  []api.Event
	faults []string
}

func newHookSink(t *testing.T) *hookSink {
	s := &hookSink{tried: map[string]string{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		id := r.Header.Get("webhook-id")
		s.mu.Lock()
		defer s.mu.Unlock()
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s.secret, "whsec_"))
		m := hmac.New(sha256.New, key)
		fmt.Fprintf(m, "%s.%s.%s", id, r.Header.Get("webhook-timestamp"), body)
		if want := "v1," + base64.StdEncoding.EncodeToString(m.Sum(nil)); err != nil || r.Header.Get("webhook-signature") != want {
			s.faults = append(s.faults, fmt.Sprintf("signature %q, want %q", r.Header.Get("webhook-signature"), want))
		}
		before, again := s.tried[id]
		s.tried[id] = string(body)
		if !again {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var e api.Event
		if err := json.Unmarshal(body, &e); err != nil || e.ID != id || before != string(body) {
			s.faults = append(s.faults, fmt.Sprintf("%s: got %s after %s, %v", id, body, before, err))
		}
		s.taken = append(s.taken, e)
	}))
	t.Cleanup(s.Close)
	return s
}

// TestWebhook follows a message at an address of the workspace, through a receiver that wants everything twice.
func TestWebhook(t *testing.T) {
	t.Parallel()
	far := newHookSink(t)
	s := serve(t, t.TempDir(), "--webhooks-allow-networks", "127.0.0.0/8")
	c := register(t, s)
	hook := call[api.WebhookSecret](t, c, "POST", "/v1/webhooks", map[string]any{"url": far.URL + "/hook"}, 201)
	far.mu.Lock()
	far.secret = hook.Secret
	far.mu.Unlock()
	m := call[api.Message](t, c, "POST", "/v1/messages", map[string]any{"to": "+12025550100", "text": "Hello"}, 202)
	want := "message.accepted message.delivered message.sending message.sent"
	eventually(t, "all events of the message at the webhook", func() bool {
		far.mu.Lock()
		defer far.mu.Unlock()
		seen := map[string]bool{}
		for _, e := range far.taken {
			if e.MessageID == m.ID {
				seen[e.Type] = true
			}
		}
		for kind := range strings.FieldsSeq(want) {
			if !seen[kind] {
				return false
			}
		}
		return true
	})
	far.mu.Lock()
	defer far.mu.Unlock()
	if len(far.faults) > 0 || len(far.taken) != 4 {
		t.Errorf("faults %v; taken %s", far.faults, types(far.taken))
	}
	log := call[api.DeliveryList](t, c, "GET", "/v1/webhooks/"+hook.Webhook.ID+"/deliveries?state=delivered", nil, 200)
	for _, d := range log.Items {
		if d.Attempts != 2 || d.Status != 200 {
			t.Errorf("log: %+v", d)
		}
	}
}
