package embedded_test

import (
	"errors"
	"syscall"
	"testing"
)

// mountSmall mounts a file system of that size, and reports whether it may.
func mountSmall(t *testing.T, dir, size string) bool {
	t.Helper()
	return mount(t, "tmpfs", dir, "tmpfs", 0, "mode=711,size="+size)
}

// mountReadOnly makes dir a file system of its own, which is read-only, and
// reports whether it may.
func mountReadOnly(t *testing.T, dir string) bool {
	t.Helper()
	return mount(t, dir, dir, "", syscall.MS_BIND, "") &&
		mount(t, "", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}

func mount(t *testing.T, source, dir, kind string, flags uintptr, data string) bool {
	t.Helper()
	err := syscall.Mount(source, dir, kind, flags, data)
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Log("this process may not mount; another test shows the same without")
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if flags&syscall.MS_REMOUNT == 0 {
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	return true
}
