package postgres_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/postgres"
	"github.com/smsir/smsir/internal/store/postgres/pgtest"
	"github.com/smsir/smsir/internal/store/sqldb"
	"github.com/smsir/smsir/internal/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// opener gives each test a database of its own, the same one for the same name.
func opener(t *testing.T) storetest.Opener {
	t.Helper()
	var mu sync.Mutex
	urls := map[string]string{}
	return func(t *testing.T, name string, now func() time.Time) store.Store {
		t.Helper()
		mu.Lock()
		url, ok := urls[name]
		if !ok {
			url = pgtest.Copy(t, migrated)
			urls[name] = url
		}
		mu.Unlock()
		return open(t, url, postgres.Options{Now: now})
	}
}

func open(t *testing.T, url string, opt postgres.Options) *postgres.Store {
	t.Helper()
	if opt.PoolSize == 0 {
		opt.PoolSize = 4
	}
	st, err := postgres.Open(context.Background(), url, opt)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return st
}

func TestMessages(t *testing.T) {
	t.Parallel()
	storetest.Messages(t, opener(t))
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	storetest.Accounts(t, fresh)
}

func TestJobs(t *testing.T) {
	t.Parallel()
	storetest.Jobs(t, fresh)
}

func TestAudience(t *testing.T) {
	t.Parallel()
	storetest.Audience(t, fresh)
}

func TestReports(t *testing.T) {
	t.Parallel()
	storetest.Reports(t, opener(t))
}

func TestHistory(t *testing.T) {
	t.Parallel()
	storetest.History(t, fresh)
}

func TestPartSets(t *testing.T) {
	t.Parallel()
	storetest.Parts(t, fresh)
}

func TestInbox(t *testing.T) {
	t.Parallel()
	storetest.Inbox(t, fresh)
}

func TestImports(t *testing.T) {
	t.Parallel()
	storetest.Imports(t, fresh)
}

func TestPush(t *testing.T) {
	t.Parallel()
	storetest.Push(t, fresh)
}

func TestSMPP(t *testing.T) {
	t.Parallel()
	storetest.SMPP(t, fresh)
}

func fresh(t *testing.T) store.Store {
	t.Helper()
	st := open(t, pgtest.Copy(t, migrated), postgres.Options{})
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return st
}

// migrated makes a database one with our tables.
func migrated(url string) error {
	st, err := postgres.Open(context.Background(), url, postgres.Options{})
	if err != nil {
		return err
	}
	return st.Close()
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	storetest.Campaigns(t, fresh)
}

// TestCreditEntriesStay: the database itself refuses to change or remove a line of the credit ledger.
func TestCreditEntriesStay(t *testing.T) {
	t.Parallel()
	st, ok := opener(t)(t, "stay", time.Now).(*postgres.Store)
	if !ok {
		t.Fatal("another store")
	}
	t.Cleanup(func() { _ = st.Close() })
	exec := func(query string) error {
		return st.Update(t.Context(), func(tx sqldb.Tx) error { _, err := tx.Exec(query); return err })
	}
	if err := exec("INSERT INTO credit_entries (id, workspace_id, message_id, kind, amount, held, at) SELECT 1, id, 0, 5, 1, 0, 1 FROM (SELECT '\\x01'::bytea AS id) w"); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"UPDATE credit_entries SET amount = 2", "DELETE FROM credit_entries"} {
		if err := exec(query); err == nil {
			t.Errorf("%s: done", query)
		}
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	storetest.Retention(t, opener(t))
}
