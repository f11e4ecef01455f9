//go:build !unix

package pgtest

import "os/exec"

func giveAway(string) error { return errMissing }

func unprivileged(*exec.Cmd) {}

func pin() {}

func stop(cmd *exec.Cmd, _ bool) { _ = cmd.Process.Kill() }
