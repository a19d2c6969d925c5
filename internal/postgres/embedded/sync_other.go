//go:build unix && !linux

package embedded

import (
	"os"
	"syscall"
)

// syncTree has everything below dir written to the disk, with all else.
func syncTree(*os.Root) error {
	return os.NewSyscallError("sync", syscall.Sync())
}
