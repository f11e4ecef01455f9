package e2e

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
)

const (
	vonageApplication = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
	vonageSecret      = "this-is-not-a-secret-of-anybody"
	vonageNumber      = "+12025550130"
)

// vonageFar plays Vonage's Messages API: it takes every message and keeps it.
type vonageFar struct {
	*httptest.Server
	mu    sync.Mutex
	taken []map[string]any
}

func newVonageFar(t *testing.T) *vonageFar {
	f := &vonageFar{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m map[string]any
		if err := json.NewDecoder(r.Body).Decode(&m); err != nil || r.URL.Path != "/v1/messages" || strings.Count(r.Header.Get("Authorization"), ".") != 2 {
			t.Errorf("the far side got %s %s, %v", r.Method, r.URL.Path, err)
		}
		f.mu.Lock()
		f.taken = append(f.taken, m)
		n := len(f.taken)
		f.mu.Unlock()
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(map[string]string{"message_uuid": vonageUUID(n)})
	}))
	t.Cleanup(f.Close)
	return f
}

func vonageUUID(n int) string { return fmt.Sprintf("11111111-bbbb-cccc-dddd-%012x", n) }

func (f *vonageFar) message(t *testing.T, i int) map[string]any {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if i >= len(f.taken) {
		t.Fatalf("the far side got %d messages, want more than %d", len(f.taken), i)
	}
	return f.taken[i]
}

// vonageCall posts an object as Vonage does, signed with a secret ("" for no signature), and wants a status.
func vonageCall(t *testing.T, secret, address string, body map[string]any, want int) {
	t.Helper()
	raw, err := json.Marshal(body)
	must(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(string(raw)))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	if secret != "" {
		claims, err := json.Marshal(map[string]any{
			"iat": time.Now().Unix(), "iss": "Vonage", "payload_hash": fmt.Sprintf("%x", sha256.Sum256(raw)), "application_id": vonageApplication,
		})
		must(t, err)
		enc := base64.RawURLEncoding.EncodeToString
		signed := enc([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc(claims)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(signed))
		req.Header.Set("Authorization", "Bearer "+signed+"."+enc(mac.Sum(nil)))
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != want {
		t.Errorf("callback %s: status %d %s, want %d", raw, resp.StatusCode, answer, want)
	}
}

// TestVonage: a message through Vonage's Messages API, its receipt and its reply, through the whole program, with a
// private key whose line breaks a form has eaten. What is forged or foreign changes nothing; what is replayed, nothing more.
func TestVonage(t *testing.T) {
	t.Parallel()
	far := newVonageFar(t)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(private)
	must(t, err)
	file := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	free, err := net.Listen("tcp", "127.0.0.1:0") // the public address must be known before the server has one
	must(t, err)
	listen := free.Addr().String()
	must(t, free.Close())
	data := t.TempDir()
	s := serve(t, data, "--listen", listen, "--public-url", "http://"+listen)
	c := register(t, s)
	provider := func(name, key string, priority int) api.Provider {
		return call[api.Provider](t, c, "POST", "/v1/providers", api.ProviderCreate{Kind: "vonage", Name: name, Priority: &priority, Settings: map[string]string{
			"application_id": vonageApplication, "private_key": key, "signature_secret": vonageSecret, "default_sender": vonageNumber, "api_url": far.URL,
		}}, 201)
	}
	first, second := provider("Vonage", strings.ReplaceAll(file, "\n", ""), 1), provider("Vonage again", file, 2)
	const to = "+12025550120"
	m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: to, Text: "Your parcel has arrived."}, 202)
	eventually(t, m.ID+" is sent", func() bool { return status(t, c, m.ID) == "sent" })
	got := far.message(t, 0)
	reference, _ := got["client_ref"].(string)
	if got["to"] != to[1:] || got["from"] != vonageNumber[1:] || got["text"] != "Your parcel has arrived." || got["webhook_url"] != first.CallbackURL || !strings.HasPrefix(reference, "att_") {
		t.Errorf("the far side got %v", got)
	}
	report := func(uuid, status, reference string) map[string]any {
		return map[string]any{
			"message_uuid": uuid, "to": to[1:], "from": vonageNumber[1:], "timestamp": "2026-11-23T11:59:00Z", "status": status, "client_ref": reference, "channel": "sms",
		}
	}
	delivered := report(vonageUUID(1), "delivered", reference)
	stop := map[string]any{"channel": "sms", "message_uuid": vonageUUID(99), "to": vonageNumber[1:], "from": to[1:], "message_type": "text", "text": "STOP"}

	// Forged and foreign.
	for _, body := range []map[string]any{delivered, stop} {
		vonageCall(t, strings.Repeat("f", 32), first.CallbackURL, body, 401)
		vonageCall(t, "", first.CallbackURL, body, 503) // it may have been Vonage: it comes again, signed
		vonageCall(t, vonageSecret, first.CallbackURL+"x", body, 404)
	}
	vonageCall(t, vonageSecret, second.CallbackURL, delivered, 200) // genuine, but of another provider
	vonageCall(t, vonageSecret, first.CallbackURL, report(vonageUUID(98), "delivered", ""), 200)
	if got := status(t, c, m.ID); got != "sent" {
		t.Errorf("after forged and foreign callbacks the message is %s, want sent", got)
	}
	if n := count(t, data, "SELECT count(*) FROM suppressions"); n != 0 {
		t.Errorf("a forged STOP made %d suppressions, want 0", n)
	}

	// Genuine, and then again and again.
	before := count(t, data, "SELECT count(*) FROM events")
	for range 20 {
		vonageCall(t, vonageSecret, first.CallbackURL, delivered, 200)
	}
	if got := status(t, c, m.ID); got != "delivered" {
		t.Errorf("after the receipt the message is %s, want delivered", got)
	}
	if n := count(t, data, "SELECT count(*) FROM events"); n != before+1 {
		t.Errorf("20 times the same receipt made %d events, want 1", n-before)
	}
	for range 3 {
		vonageCall(t, vonageSecret, first.CallbackURL, stop, 200)
	}
	if n := count(t, data, "SELECT count(*) FROM inbound"); n != 1 {
		t.Errorf("3 times the same reply made %d inbound messages, want 1", n)
	}
	call[api.Problem](t, c, "POST", "/v1/messages", api.SendRequest{To: to, Text: "Again"}, 422)
	for _, secret := range []string{first.CallbackURL[len(first.CallbackURL)-32:], vonageSecret, file[40:100]} {
		if strings.Contains(s.stderr.String()+s.stdout.String(), secret) {
			t.Errorf("the log tells the secret %s:\n%s", secret, s.stderr)
		}
	}
}
