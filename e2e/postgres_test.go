package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
)

// TestFromNothingToDeliveredOnPostgres: the main job on PostgreSQL, which is asked for by one setting.
func TestFromNothingToDeliveredOnPostgres(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	dir := t.TempDir()
	s := serve(t, dir, "--store-url", url, "--node-name", "one")
	c := register(t, s)
	boot := call[api.Bootstrap](t, c, "GET", "/v1/bootstrap", nil, 200)
	events := follow(t, c, boot.Cursor)
	m := call[api.Message](t, c, "POST", "/v1/messages", api.SendRequest{To: "(202) 555-0100", Text: "Your parcel has arrived."}, 202)
	events.until("delivered", func(e *api.Event) bool { return e.MessageID == m.ID && e.Data.Final })
	if got := types(about(events.seen, m.ID)); got != "message.accepted message.sending message.sent message.delivered" {
		t.Errorf("told as %s", got)
	}
	if list := call[api.MessageList](t, c, "GET", "/v1/messages?text=PARCEL", nil, 200); len(list.Items) != 1 || list.Items[0].ID != m.ID {
		t.Errorf("the list finds %d messages, want the one", len(list.Items))
	}
	if _, err := os.Stat(filepath.Join(dir, "smsir.db")); !os.IsNotExist(err) {
		t.Errorf("an SQLite database was made as well: %v", err)
	}

	// Who is wrong here is told what to do.
	for what, tc := range map[string]struct {
		dir  string
		args []string
		want string
	}{
		"a second node of the same name": {dir, []string{"--node-name", "one"}, "--node-name"},
		"a node with another key file":   {t.TempDir(), []string{"--node-name", "two"}, "copy secret.key"},
		"a database that is not there":   {dir, []string{"--node-name", "two", "--store-url", url + "x"}, "does not answer"},
	} {
		bad := launchServe(t, tc.dir, append([]string{"--store-url", url}, tc.args...)...)
		if code := bad.exit(); code != 1 || !strings.Contains(bad.stderr.String(), tc.want) {
			t.Errorf("%s: exit code %d, want 1 and a text with %q:\n%s", what, code, tc.want, bad.stderr)
		}
	}

	if code := s.stop(); code != 0 {
		t.Errorf("stopped with exit code %d", code)
	}
	again := serve(t, dir, "--store-url", url, "--node-name", "one")
	c.url = again.url
	if now := call[api.Message](t, c, "GET", "/v1/messages/"+m.ID, nil, 200); now.Status != "delivered" {
		t.Errorf("after a restart it is %s", now.Status)
	}
}

// TestMigrateCommand: the tables can be looked after without starting the gateway.
func TestMigrateCommand(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	migrate := func(verb string, code int, want string) {
		t.Helper()
		s := launch(t, []string{"SMSIR_STORE_URL=" + url}, "migrate", verb)
		if got := s.exit(); got != code || !strings.Contains(s.stdout.String()+s.stderr.String(), want) {
			t.Errorf("migrate %s: exit code %d, want %d and a text with %q:\n%s%s", verb, got, code, want, s.stdout, s.stderr)
		}
	}
	migrate("status", 0, "due         00001_init.sql")
	migrate("up", 0, "changes were made")
	migrate("status", 0, "Nothing is due.")
	migrate("up", 0, "0 changes were made")
	// The next release may have been here, the one after it not.
	pgtest.Exec(t, url, "UPDATE schema_version SET generation = generation + 1")
	migrate("up", 0, "0 changes were made")
	s := serve(t, t.TempDir(), "--store-url", url)
	if code := s.stop(); code != 0 {
		t.Errorf("on the schema of the next release: exit code %d", code)
	}
	pgtest.Exec(t, url, "UPDATE schema_version SET generation = generation + 1")
	migrate("status", 1, "too new")
	refused := launchServe(t, t.TempDir(), "--store-url", url)
	if code := refused.exit(); code != 1 || !strings.Contains(refused.stderr.String(), "too new for this program") {
		t.Errorf("on the schema of the release after the next: exit code %d\n%s", code, refused.stderr)
	}
}
