package embedded_test

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// sameForAll matches the tests that are not run twice: what they show has
// nothing to do with who runs Foyer, and they take long.
const sameForAll = "^TestRoot|^TestAsUnprivilegedUser$|^TestSharedPrograms$|^TestStuckOrphan$"

// TestAsUnprivilegedUser runs the other tests once more when they were started
// as root: a Foyer that is not root does things differently.
func TestAsUnprivilegedUser(t *testing.T) {
	if os.Geteuid() != 0 {
		return // they run so already
	}
	t.Parallel()
	cred, exe := unprivileged(t)
	temp := newDir(t)
	if err := os.Chown(temp, int(cred.Uid), int(cred.Gid)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "-test.v", "-test.skip="+sameForAll)
	cmd.Dir = temp
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + temp, "HOME=" + temp}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Errorf("as user %d: %v\n%s", cred.Uid, err, out.String())
	}
	t.Logf("as user %d: %d tests passed", cred.Uid, bytes.Count(out.Bytes(), []byte("--- PASS")))
}

// unprivileged returns a user without rights, and a copy of the test binary
// which that user can run.
func unprivileged(t *testing.T) (*syscall.Credential, string) {
	t.Helper()
	u, err := user.Lookup("nobody")
	if err != nil {
		t.Fatal(err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		t.Fatal(err)
	}
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	exe := filepath.Join(newDir(t), "embedded.test")
	to, err := os.OpenFile(exe, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, exe
}
