package embedded

import (
	"os"

	"golang.org/x/sys/unix"
)

// syncTree returns when everything below dir is on the disk. One call for the
// whole file system is faster than one for each of hundreds of files.
func syncTree(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return os.NewSyscallError("syncfs", unix.Syncfs(int(f.Fd())))
}
