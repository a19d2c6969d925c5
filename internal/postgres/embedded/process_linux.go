package embedded

import "syscall"

// endWithParent has the kernel stop the child in good order when the thread
// that started it ends, as it does when this process is killed.
func endWithParent(attr *syscall.SysProcAttr) {
	attr.Pdeathsig = syscall.SIGINT
}
