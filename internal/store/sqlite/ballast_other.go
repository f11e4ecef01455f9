//go:build !linux

package sqlite

import (
	"errors"
	"os"
)

// reserve makes a file that has its room on the disk.
func reserve(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600) //nolint:gosec // in the data folder
	if err != nil {
		return err
	}
	return errors.Join(fill(f, size), f.Close())
}
