//go:build unix

package seal

import (
	"fmt"
	"io/fs"
	"os"
)

// checkMode refuses a key file that others may read or write.
func checkMode(path string, mode fs.FileMode) error {
	if mode.Perm()&0o077 != 0 {
		return fmt.Errorf("key file %s has mode %04o, others may use it: run chmod 600 %s", path, mode.Perm(), path)
	}
	return nil
}

// syncDir puts the names in a folder on disk.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // only synced
	return d.Sync()
}
