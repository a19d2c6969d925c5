//go:build unix && !linux

package embedded

import "syscall"

// endWithParent does nothing: this system cannot. The next start stops the
// server that was left behind.
func endWithParent(*syscall.SysProcAttr) {}
