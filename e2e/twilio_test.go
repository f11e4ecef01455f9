package e2e

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // Twilio's signature is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/smsir/smsir/api"
)

const (
	twilioAccount = "AC00000000000000000000000000000001"
	twilioToken   = "0123456789abcdef0123456789abcdef"
	twilioNumber  = "+12025550130"
)

// twilioFar plays Twilio: it takes every message and keeps its form.
type twilioFar struct {
	*httptest.Server
	mu    sync.Mutex
	forms []url.Values
}

func newTwilioFar(t *testing.T) *twilioFar {
	f := &twilioFar{}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		if err := r.ParseForm(); err != nil || user != twilioAccount || password != twilioToken || r.URL.Path != "/2010-04-01/Accounts/"+twilioAccount+"/Messages.json" {
			t.Errorf("the far side got %s %s of %q, %v", r.Method, r.URL.Path, user, err)
		}
		f.mu.Lock()
		f.forms = append(f.forms, r.PostForm)
		n := len(f.forms)
		f.mu.Unlock()
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{"sid": fmt.Sprintf("SM%032x", n), "status": "queued"})
	}))
	t.Cleanup(f.Close)
	return f
}

func (f *twilioFar) form(t *testing.T, i int) url.Values {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	if i >= len(f.forms) {
		t.Fatalf("the far side got %d messages, want more than %d", len(f.forms), i)
	}
	return f.forms[i]
}

// twilioCall posts a form as Twilio does, signed with a token ("" for no signature) for an address, and wants a status.
func twilioCall(t *testing.T, token, address string, form url.Values, want int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(form.Encode()))
	must(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if token != "" {
		mac := hmac.New(sha1.New, []byte(token))
		_, _ = io.WriteString(mac, address)
		for _, name := range slices.Sorted(maps.Keys(form)) {
			_, _ = io.WriteString(mac, name+form.Get(name))
		}
		req.Header.Set("X-Twilio-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	if resp.StatusCode != want {
		t.Errorf("callback %v: status %d %s, want %d", form, resp.StatusCode, body, want)
	}
}

func twilioReport(sid, status string, more ...string) url.Values {
	form := url.Values{"MessageSid": {sid}, "SmsSid": {sid}, "AccountSid": {twilioAccount}, "MessageStatus": {status}, "From": {twilioNumber}}
	for i := 0; i+1 < len(more); i += 2 {
		form.Set(more[i], more[i+1])
	}
	return form
}

// TestTwilio: a message through Twilio, its receipt and its reply, through the whole program. What is forged, replayed
// or foreign changes nothing.
func TestTwilio(t *testing.T) {
	t.Parallel()
	far := newTwilioFar(t)
	free, err := net.Listen("tcp", "127.0.0.1:0") // the public address must be known before the server has one
	must(t, err)
	listen := free.Addr().String()
	must(t, free.Close())
	data := t.TempDir()
	s := serve(t, data, "--listen", listen, "--public-url", "http://"+listen)
	c := register(t, s)
	provider := func(name string, priority int) api.Provider {
		return call[api.Provider](t, c, "POST", "/v1/providers", api.ProviderCreate{Kind: "twilio", Name: name, Priority: &priority, Settings: map[string]string{
			"account_sid": twilioAccount, "auth_token": twilioToken, "default_sender": twilioNumber, "base_url": far.URL,
		}}, 201)
	}
	first, second := provider("Twilio", 1), provider("Twilio again", 2)
	prefix := "http://" + listen + "/callbacks/"
	if !strings.HasPrefix(first.CallbackURL, prefix+first.ID+"/") || second.CallbackURL == first.CallbackURL {
		t.Fatalf("addresses for callbacks: %q and %q", first.CallbackURL, second.CallbackURL)
	}
	send := func(to string) api.Message {
		m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: to, Text: "Your parcel has arrived."}, 202)
		eventually(t, m.ID+" is sent", func() bool { return status(t, c, m.ID) == "sent" })
		return m
	}
	const to = "+12025550120"
	m := send(to)
	form := far.form(t, 0)
	back, sid := form.Get("StatusCallback"), fmt.Sprintf("SM%032x", 1)
	if form.Get("To") != to || form.Get("From") != twilioNumber || form.Get("Body") != "Your parcel has arrived." || form.Get("ValidityPeriod") == "" ||
		!strings.HasPrefix(back, first.CallbackURL+"?attempt=att_") {
		t.Errorf("the far side got %v", form)
	}

	// Forged and foreign.
	delivered := twilioReport(sid, "delivered", "To", to)
	query := strings.TrimPrefix(back, first.CallbackURL)
	twilioCall(t, "", back, delivered, 401)
	twilioCall(t, strings.Repeat("f", 32), back, delivered, 401)
	twilioCall(t, twilioToken, back, twilioReport(sid, "delivered", "To", to, "AccountSid", strings.Replace(twilioAccount, "01", "02", 1)), 401)
	twilioCall(t, twilioToken, first.CallbackURL+"x"+query, delivered, 404)
	twilioCall(t, twilioToken, prefix+first.ID+"/"+strings.TrimPrefix(second.CallbackURL, prefix+second.ID+"/")+query, delivered, 404)
	twilioCall(t, twilioToken, second.CallbackURL+query, delivered, 204) // genuine, but of another provider
	twilioCall(t, twilioToken, first.CallbackURL, twilioReport(fmt.Sprintf("SM%032x", 999), "delivered", "To", to), 204)
	twilioCall(t, twilioToken, back, twilioReport(sid, "received", "To", to), 204)
	stop := url.Values{"MessageSid": {"SM000000000000000000000000000000aa"}, "AccountSid": {twilioAccount}, "From": {to}, "To": {twilioNumber}, "Body": {"STOP"}, "SmsStatus": {"received"}}
	twilioCall(t, "", first.CallbackURL, stop, 401)
	twilioCall(t, strings.Repeat("f", 32), first.CallbackURL, stop, 401)
	if got := status(t, c, m.ID); got != "sent" {
		t.Errorf("after forged and foreign callbacks the message is %s, want sent", got)
	}
	if n := count(t, data, "SELECT count(*) FROM suppressions"); n != 0 {
		t.Errorf("a forged STOP made %d suppressions, want 0", n)
	}

	// Genuine, and then again and again.
	before := count(t, data, "SELECT count(*) FROM events")
	for range 20 {
		twilioCall(t, twilioToken, back, delivered, 204)
	}
	if got := status(t, c, m.ID); got != "delivered" {
		t.Errorf("after the receipt the message is %s, want delivered", got)
	}
	if n := count(t, data, "SELECT count(*) FROM events"); n != before+1 {
		t.Errorf("20 times the same receipt made %d events, want 1", n-before)
	}
	twilioCall(t, twilioToken, back, twilioReport(sid, "undelivered", "To", to, "ErrorCode", "30003"), 204)
	if got := status(t, c, m.ID); got != "delivered" {
		t.Errorf("after a contradiction the message is %s, want delivered for good", got)
	}

	// A provider that was switched off still hears what became of its messages.
	late := send(to)
	off := false
	call[api.Provider](t, c, "PATCH", "/v1/providers/"+first.ID, api.ProviderUpdate{Enabled: &off}, 200)
	twilioCall(t, twilioToken, far.form(t, 1).Get("StatusCallback"), twilioReport(fmt.Sprintf("SM%032x", 2), "undelivered", "To", to, "ErrorCode", "30003"), 204)
	if got := status(t, c, late.ID); got != "undelivered" {
		t.Errorf("after the receipt the second message is %s, want undelivered", got)
	}

	for range 3 {
		twilioCall(t, twilioToken, first.CallbackURL, stop, 200)
	}
	if n := count(t, data, "SELECT count(*) FROM inbound"); n != 1 {
		t.Errorf("3 times the same reply made %d inbound messages, want 1", n)
	}
	call[api.Problem](t, c, "POST", "/v1/messages", api.SendRequest{To: to, Text: "Again"}, 422)
	for _, secret := range []string{first.CallbackURL[len(prefix+first.ID)+1:], second.CallbackURL[len(prefix+second.ID)+1:], twilioToken} {
		if strings.Contains(s.stderr.String()+s.stdout.String(), secret) {
			t.Errorf("the log tells the secret %s:\n%s", secret, s.stderr)
		}
	}
}

// status fetches the status of a message.
func status(t *testing.T, c *client, id string) string {
	t.Helper()
	return call[api.Message](t, c, "GET", "/v1/messages/"+id, nil, 200).Status
}
