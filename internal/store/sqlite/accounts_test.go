package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
	"github.com/smsir/smsir/internal/store/storetest"
)

var _ store.Store = (*sqlite.Store)(nil)

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
	st, err := sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(t.TempDir(), "smsir.db")), sqlite.Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return st
}

func TestCampaigns(t *testing.T) {
	t.Parallel()
	storetest.Campaigns(t, fresh)
}

func TestRetention(t *testing.T) {
	t.Parallel()
	storetest.Retention(t, opener(t))
}
