//go:build !unix

package sqlite

// freeBytes is not known on this system; a full disk is then met as SQLITE_FULL.
func freeBytes(string) (uint64, bool) { return 0, false }

// DiskSize is not known on this system.
func DiskSize(string) (uint64, bool) { return 0, false }
