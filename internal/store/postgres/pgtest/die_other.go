//go:build unix && !linux

package pgtest

import "syscall"

// dieTogether does nothing here: a test program that is killed leaves its server behind.
func dieTogether(*syscall.SysProcAttr) {}
