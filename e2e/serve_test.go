package e2e

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/api"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// TestFromNothingToDelivered is the main job: an empty folder, one command, the printed link, a registration, a message,
// and its fate told live.
func TestFromNothingToDelivered(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	boot := call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200)
	if !boot.TestMode || len(boot.Providers) != 1 {
		t.Errorf("test mode %v with %d providers, want the simulator and nothing else", boot.TestMode, len(boot.Providers))
	}
	events := follow(t, c, boot.Cursor)
	m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "(202) 555-0100", Text: "Your parcel has arrived."}, 202)
	if m.Status != "queued" || m.Final || m.To != "+12025550100" || m.CreatedBy.Name != "Ada" {
		t.Errorf("accepted as %+v", m)
	}
	events.until("delivered", func(e *api.Event) bool { return e.MessageID == m.ID && e.Data.Final })
	if got := types(about(events.seen, m.ID)); got != "message.accepted message.sending message.sent message.delivered" {
		t.Errorf("told as %s", got)
	}
	for i, e := range about(events.seen, m.ID) {
		if e.Seq != i+1 {
			t.Errorf("event %s has seq %d, want %d", e.Type, e.Seq, i+1)
		}
	}
	if now := call[api.Message](t, c, "GET", "/v1/messages/"+m.ID, nil, 200); now.Status != "delivered" || !now.Final || now.Attempts != 1 {
		t.Errorf("fetched as %s final=%v after %d attempts, want delivered", now.Status, now.Final, now.Attempts)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
}

// TestEveryNumberReachesItsDocumentedEnd: the table of docs/simulator.md is true from outside.
func TestEveryNumberReachesItsDocumentedEnd(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	events := follow(t, c, "")
	ends := map[string]string{
		"00": "delivered", "01": "delivered", "02": "undelivered", "03": "expired", "04": "failed", "05": "delivered",
		"06": "delivered", "07": "delivered", "08": "unknown", "09": "delivered", "10": "delivered", "11": "delivered",
	}
	open := map[string]string{} // number by message
	for nn := range ends {
		m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+120255501" + nn, Text: "Row " + nn}, 202)
		open[m.ID] = nn
	}
	reply := false
	events.until("the end of each message, and the reply", func(e *api.Event) bool {
		nn := open[e.MessageID]
		switch {
		case e.Type == "inbound.received":
			reply = e.Data.Inbound != nil && e.Data.Inbound.From == "+12025550111" && strings.Contains(e.Data.Inbound.Text, "Row 11")
		case nn != "" && (e.Data.Final || nn == "08" && e.Data.Status == "unknown"):
			if e.Data.Status != ends[nn] {
				t.Errorf("%s ended as %s, want %s", nn, e.Data.Status, ends[nn])
			}
			if nn == "08" && e.Data.Deadline == nil {
				t.Error("08 is unknown and tells no deadline")
			}
			delete(open, e.MessageID)
		}
		return len(open) == 0 && reply
	})
}

// TestNothingAnswersBeforeTheFirstPerson: an empty server has no account, no password and no answer but to the one who
// holds the link.
func TestNothingAnswersBeforeTheFirstPerson(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	c := newClient(s.url)
	call[api.Health](t, c, "GET", "/healthz", nil, 200)
	for _, r := range []struct {
		method, path string
		body         any
	}{
		{"GET", "/v1/me", nil},
		{"GET", "/v1/bootstrap", nil},
		{"GET", "/v1/info", nil},
		{"GET", "/v1/messages", nil},
		{"GET", "/v1/events", nil},
		{"GET", "/metrics", nil},
		{"GET", "/openapi.json", nil},
		{"GET", "/readyz", nil},
		{"POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "hi"}},
		{"POST", "/v1/auth/login", api.LoginRequest{Email: "admin", Password: "admin"}},
		{"POST", "/v1/auth/login", api.LoginRequest{Email: "admin@localhost", Password: "password"}},
	} {
		if p := call[api.Problem](t, c, r.method, r.path, r.body, 403); p.Code != "setup_required" {
			t.Errorf("%s %s: code %q, want setup_required", r.method, r.path, p.Code)
		}
	}
	for _, path := range []string{"/", "/login", "/messages"} {
		if a, err := c.do(t.Context(), "GET", path, nil); err != nil || a.status != 303 || a.header.Get("Location") != "/setup" {
			t.Errorf("GET %s: %+v %v, want 303 to /setup", path, a, err)
		}
	}
	wrong := api.RegisterRequest{Email: email, Password: password, Name: "Eve", WorkspaceName: "Eve", Country: "US", TimeZone: "UTC", Client: "app"}
	call[api.Problem](t, c, "POST", "/v1/auth/register", wrong, 403)
	wrong.SetupCode = "0000-0000-0000-0000"
	if p := call[api.Problem](t, c, "POST", "/v1/auth/register", wrong, 403); p.Code != "setup_code_invalid" {
		t.Errorf("a wrong setup code: %q", p.Code)
	}
	for _, table := range []string{"users", "members", "sessions", "api_keys", "workspaces"} {
		if n := count(t, data, "SELECT count(*) FROM "+table); n != 0 {
			t.Errorf("%d rows in %s before anybody registered", n, table)
		}
	}
	register(t, s)
	if p := call[api.Problem](t, c, "POST", "/v1/auth/login", api.LoginRequest{Email: "admin", Password: "admin"}, 401); p.Code != "credentials_wrong" {
		t.Errorf("admin/admin: %q", p.Code)
	}
}

// count asks the database of a running server, beside it.
func count(t *testing.T, data, query string, args ...any) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(data, "smsir.db")+"?mode=ro&_pragma=busy_timeout(5000)")
	must(t, err)
	defer db.Close() //nolint:errcheck // only read
	must(t, db.QueryRowContext(t.Context(), query, args...).Scan(&n))
	return n
}

// TestSetupLinkIsRenewedUntilUsed: each start prints a link of its own, only the newest works, and once used there is none.
func TestSetupLinkIsRenewedUntilUsed(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	first := serve(t, data)
	old := first.setupCode()
	if code := first.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	second := serve(t, data)
	if second.setupCode() == old {
		t.Error("the second start prints the link of the first")
	}
	c := newClient(second.url)
	request := api.RegisterRequest{SetupCode: old, Email: email, Password: password, Name: "Ada", WorkspaceName: "Clinic", Country: "US", TimeZone: "UTC", Client: "app"}
	if p := call[api.Problem](t, c, "POST", "/v1/auth/register", request, 403); p.Code != "setup_code_invalid" {
		t.Errorf("the link of the first start: %q", p.Code)
	}
	register(t, second)
	request.SetupCode, request.Email = second.setupCode(), "grace@example.com"
	call[api.Problem](t, c, "POST", "/v1/auth/register", request, 403)
	second.stop()
	third := serve(t, data)
	if third.stdout.find(loginLine) == "" || setupLink.MatchString(third.stdout.String()) {
		t.Errorf("after the registration a start prints\n%s", third.stdout)
	}
}

// TestRestartKeepsEverything: accounts, sessions, messages, schedules and the place in the event stream outlive the process.
func TestRestartKeepsEverything(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	c := register(t, s)
	cursor := call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200).Cursor
	events := follow(t, c, cursor)
	done := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "before"}, 202)
	events.until("delivered", func(e *api.Event) bool { return e.MessageID == done.ID && e.Data.Final })
	later := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "later", Options: api.Options{SendAt: in(time.Hour)}}, 202)
	soon := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "soon", Options: api.Options{HoldSeconds: 1}}, 202)
	before := call[api.MessageList](t, c, "GET", "/v1/messages", nil, 200)
	last := events.seen[len(events.seen)-1].ID
	must(t, events.conn.CloseNow())
	if code := s.stop(); code != 0 {
		t.Fatalf("exit code %d", code)
	}

	s = serve(t, data)
	c = &client{http: c.http, url: s.url, token: c.token}
	if me := call[api.Me](t, c, "GET", "/v1/me", nil, 200); me.User == nil || me.User.Email != email {
		t.Errorf("the session is of %+v", me)
	}
	call[api.Login](t, c, "POST", "/v1/auth/login", api.LoginRequest{Email: email, Password: password, Client: "app"}, 200)
	after := call[api.MessageList](t, c, "GET", "/v1/messages", nil, 200)
	if len(after.Items) != len(before.Items) || len(after.Items) != 3 {
		t.Errorf("%d messages before the restart, %d after, want 3", len(before.Items), len(after.Items))
	}
	if m := call[api.Message](t, c, "GET", "/v1/messages/"+later.ID, nil, 200); m.Status != "scheduled" || !m.SendAt.Equal(*later.SendAt) {
		t.Errorf("the scheduled message is %s for %v, want scheduled for %v", m.Status, m.SendAt, later.SendAt)
	}
	events = follow(t, c, last)
	events.until("the end of the message in its undo window", func(e *api.Event) bool { return e.MessageID == soon.ID && e.Data.Final })
	if got := types(about(events.seen, soon.ID)); got != "message.accepted message.queued message.sending message.sent message.delivered" {
		t.Errorf("after the cursor the stream tells %s", got)
	}
	if again := about(events.seen, done.ID); len(again) != 0 {
		t.Errorf("after the cursor the stream repeats %s", types(again))
	}
}

func in(d time.Duration) *time.Time {
	at := time.Now().Add(d).UTC().Truncate(time.Millisecond)
	return &at
}

// TestSecondProcessIsRefused: one process owns a data folder.
func TestSecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	s := serve(t, data)
	second := launchServe(t, data)
	if code := second.exit(); code != 1 {
		t.Errorf("the second process ends with %d, want 1", code)
	}
	if said := second.stderr.String(); !strings.Contains(said, "in use by another smsir process") || strings.Contains(said, "panic") {
		t.Errorf("it says %q", said)
	}
	call[api.Health](t, newClient(s.url), "GET", "/healthz", nil, 200)
	third := launch(t, nil, "serve", "--listen", strings.TrimPrefix(s.url, "http://"), "--data-dir", t.TempDir())
	if code := third.exit(); code != 1 || !strings.Contains(third.stderr.String(), "--listen") {
		t.Errorf("on a port in use it ends with %d and says %q", code, third.stderr)
	}
}

// TestBadConfigurationExits2: what cannot be used is told with its name, before anything is opened.
func TestBadConfigurationExits2(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "smsir.yaml")
	must(t, os.WriteFile(file, []byte("listen: 127.0.0.1:0\nlisten_to: everybody\n"), 0o600))
	data := filepath.Join(t.TempDir(), "data")
	for _, bad := range []struct {
		name  string
		env   []string
		args  []string
		names string // what the message must name
	}{
		{"flag", nil, []string{"serve", "--data-dir", data, "--nonsense"}, "--nonsense"},
		{"value", nil, []string{"serve", "--data-dir", data, "--listen", "nowhere"}, "listen"},
		{"range", nil, []string{"serve", "--data-dir", data, "--shutdown-grace", "1h"}, "shutdown"},
		{"environment", []string{"SMSIR_LOG_LEVEL=loud"}, []string{"serve", "--data-dir", data}, "SMSIR_LOG_LEVEL"},
		{"file", nil, []string{"serve", "--data-dir", data, "--config", file}, "listen_to"},
		{"missing file", nil, []string{"serve", "--data-dir", data, "--config", file + "x"}, file + "x"},
		{"command", nil, []string{"frobnicate"}, "frobnicate"},
	} {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			s := launch(t, bad.env, bad.args...)
			if code := s.exit(); code != 2 {
				t.Errorf("%v: exit code %d, want 2", bad.args, code)
			}
			if said := s.stderr.String(); !strings.Contains(said, bad.names) || strings.Contains(said, "goroutine") {
				t.Errorf("%v: says %q, want it to name %q", bad.args, said, bad.names)
			}
		})
	}
	t.Cleanup(func() {
		if _, err := os.Stat(data); err == nil {
			t.Error("the data folder was made all the same")
		}
	})
}

// TestStatsAndMetricsAnswer: what operators watch is there once somebody has registered.
func TestStatsAndMetricsAnswer(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	c := register(t, s)
	call[api.Health](t, c, "GET", "/readyz", nil, 200)
	call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "+12025550100", Text: "hi"}, 202)
	a, err := newClient(s.url).do(t.Context(), "GET", "/metrics", nil)
	must(t, err)
	for _, name := range []string{"smsir_messages_accepted_total", "smsir_store_commit_seconds", "process_cpu_seconds_total"} {
		if a.status != http.StatusOK || !strings.Contains(string(a.body), name) {
			t.Errorf("/metrics: status %d, without %s", a.status, name)
		}
	}
	a, err = newClient(s.url).do(t.Context(), "GET", "/openapi.json", nil)
	must(t, err)
	want, err := os.ReadFile("../api/openapi.json")
	must(t, err)
	var got, file any
	must(t, json.Unmarshal(a.body, &got))
	must(t, json.Unmarshal(want, &file))
	if same, _ := json.Marshal(got); string(same) != mustMarshal(t, file) {
		t.Error("/openapi.json is not api/openapi.json: run make gen")
	}
}

func mustMarshal(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	must(t, err)
	return string(b)
}
