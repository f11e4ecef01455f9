//go:build !canaries

package canary

// On says whether this process has a bug: never.
func On(Bug) bool { return false }

// Linger does nothing.
func Linger() {}
