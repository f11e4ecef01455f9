package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir/api"
)

// pushService is a push service that is too busy for the first try of each topic.
type pushService struct {
	*httptest.Server
	mu     sync.Mutex
	tried  map[string]bool // by topic
	taken  int
	faults []string
}

func newPushService(t *testing.T) *pushService {
	s := &pushService{tried: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(r.Header.Get("Authorization"), "vapid t=") || r.Header.Get("TTL") == "" || len(body) < 103 || len(body) > 4096 {
			s.faults = append(s.faults, r.Method+" with headers that push services refuse")
		}
		if strings.Contains(string(body), "inbox") {
			s.faults = append(s.faults, "the push can be read on its way")
		}
		key := r.Header.Get("Topic")
		if !s.tried[key] {
			s.tried[key] = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		s.taken++
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *pushService) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// TestPush: a reply from a handset reaches a device once, through a push service that is busy at first, and unreadable on
// its way; device and key outlive a restart.
func TestPush(t *testing.T) {
	t.Parallel()
	far := newPushService(t)
	dir := t.TempDir()
	s := serve(t, dir, "--webhooks-allow-networks", "127.0.0.0/8")
	c := register(t, s)
	first := call[api.Push](t, c, "GET", "/v1/push", nil, 200)
	call[api.PushDevice](t, c, "POST", "/v1/push/devices", map[string]any{
		"endpoint": far.URL + "/device", "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4", "auth": "BTBZMqHH6r4Tts7J_aSIgg", "language": "sw",
	}, 201)
	reply := func() {
		call[api.Message](t, c, "POST", "/v1/messages", map[string]any{"to": "+12025550111", "text": "Please answer"}, 202)
	}
	reply()
	eventually(t, "the reply at the device", func() bool { return far.count() == 1 })
	eventually(t, "the device told as reached", func() bool {
		d := call[api.Push](t, c, "GET", "/v1/push", nil, 200).Devices
		return len(d) == 1 && d[0].OKAt != nil
	})
	if code := s.stop(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	s = serve(t, dir, "--webhooks-allow-networks", "127.0.0.0/8")
	c.url = s.url
	if again := call[api.Push](t, c, "GET", "/v1/push", nil, 200); again.PublicKey != first.PublicKey || len(again.Devices) != 1 || again.Devices[0].OKAt == nil {
		t.Errorf("after a restart: %+v, before: %+v", again, first)
	}
	reply()
	eventually(t, "the second reply at the device", func() bool { return far.count() == 2 })
	far.mu.Lock()
	defer far.mu.Unlock()
	if len(far.faults) > 0 {
		t.Errorf("faults: %v", far.faults)
	}
}
