package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// keySetting holds a mark of the newest key that a node has started with. It tells nothing of the key.
const keySetting = "key_mark"

// checkKeys refuses to start with a key file that is not that of this database, or of the other nodes: secrets would not
// open, and cursors and callbacks of one node would be refused by the next. A file may have newer keys than the mark.
func checkKeys(ctx context.Context, st store.Accounts, keys *seal.Keys, path string) error {
	macs, err := keys.MACs("mark")
	if err != nil {
		return err
	}
	marks := make([]string, len(macs)) // newest first
	for i, m := range macs {
		marks[i] = hex.EncodeToString(m[:8])
	}
	for range 2 { // the second time: what a node that started beside this one has stored
		stored, err := st.Setting(ctx, keySetting)
		if err != nil {
			return fmt.Errorf("read the mark of the keys: %w", err)
		}
		if stored != "" && !slices.Contains(marks, stored) {
			return fmt.Errorf("the key file %s is not the one that belongs to this database: copy secret.key from another node of it, or from the backup that was made with it", path)
		}
		if stored == marks[0] {
			return nil
		}
		if err := st.SetSetting(ctx, keySetting, marks[0], store.AuditEntry{At: time.Now().UTC(), Action: "keys.marked", Target: marks[0]}); err != nil {
			return fmt.Errorf("store the mark of the keys: %w", err)
		}
	}
	return nil
}
