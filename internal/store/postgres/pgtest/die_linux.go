package pgtest

import "syscall"

// dieTogether makes the system end the server when the thread that started it does.
func dieTogether(a *syscall.SysProcAttr) { a.Pdeathsig = syscall.SIGQUIT }
