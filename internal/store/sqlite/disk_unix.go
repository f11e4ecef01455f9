//go:build unix

package sqlite

import "syscall"

// freeBytes is what an ordinary user may still write to the file system of dir.
func freeBytes(dir string) (uint64, bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return uint64(st.Bavail) * uint64(st.Bsize), true //nolint:gosec,unconvert // types differ by system; never negative
}

// DiskSize is the size in bytes of the file system of dir; false where it cannot be known.
func DiskSize(dir string) (uint64, bool) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false
	}
	return uint64(st.Blocks) * uint64(st.Bsize), true //nolint:gosec,unconvert // as above
}
