package embedded_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"foyer/internal/postgres/embedded"
)

// startFails starts a server where that must fail, and makes sure that
// nothing below parent has changed.
func startFails(t *testing.T, parent, dir string) error {
	t.Helper()
	before := tree(t, parent)
	s, err := embedded.Start(t.Context(), config(dir))
	if err == nil {
		stop(t, s)
		t.Fatal("Start succeeded")
	}
	if after := tree(t, parent); after != before {
		t.Errorf("Start failed and left\n%s\nwhere there was\n%s", after, before)
	}
	return err
}

func TestNotADirectory(t *testing.T) {
	t.Parallel()
	parent := newDir(t)
	file := filepath.Join(parent, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{
		"a file":       file,
		"below a file": filepath.Join(file, "data"),
	} {
		t.Run(name, func(t *testing.T) {
			checkProblem(t, startFails(t, parent, dir), embedded.ErrNotDirectory, file)
		})
	}
}

func TestAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	version := filepath.Join(dir, "postgres", "data", "PG_VERSION")
	if err := os.WriteFile(version, []byte("17\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, startFails(t, filepath.Dir(version), dir), embedded.ErrVersion, dir, "Postgres 17", "Postgres 18")

	if err := os.Remove(version); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, startFails(t, filepath.Dir(version), dir), embedded.ErrVersion, dir, "no Postgres database")

	if err := os.WriteFile(version, []byte("18\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	checkFilled(t, start(t, config(dir)).URL())
}

// TestServerDoesNotStart makes sure that the error repeats what the server
// says about it.
func TestServerDoesNotStart(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	data := filepath.Join(dir, "postgres", "data")
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	err := startFails(t, data, dir)
	t.Log(err)
	if !strings.Contains(err.Error(), "has invalid permissions (Permissions should be") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %q, want one line with the reason and its detail", err)
	}
	if err := os.Chmod(data, 0o700); err != nil {
		t.Fatal(err)
	}
	checkFilled(t, start(t, config(dir)).URL())
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	t.Run("of the system", func(t *testing.T) {
		dir := "/sys/foyer" // where nobody may make anything
		if runtime.GOOS == "darwin" {
			dir = "/foyer"
		}
		_, err := embedded.Start(t.Context(), config(dir))
		checkProblem(t, err, embedded.ErrReadOnly, dir)
	})
	t.Run("new", func(t *testing.T) {
		parent := newDir(t)
		if !makeReadOnly(t, parent) {
			return
		}
		dir := filepath.Join(parent, "data")
		checkProblem(t, startFails(t, parent, dir), embedded.ErrReadOnly, dir)
	})
	t.Run("with a database", func(t *testing.T) {
		dir := newDatabase(t)
		home := filepath.Join(dir, "postgres")
		if !makeReadOnly(t, home) {
			return
		}
		checkProblem(t, startFails(t, dir, dir), embedded.ErrReadOnly, dir)
	})
}

// makeReadOnly makes what is in dir read-only until the test ends. Root, to
// whom modes mean nothing, has to mount it so; where root may not mount, as
// in many containers, it reports false, and the system's own directories have
// to do.
func makeReadOnly(t *testing.T, dir string) bool {
	t.Helper()
	if os.Geteuid() == 0 {
		return mountReadOnly(t, dir)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Error(err)
		}
	})
	return true
}

// TestFullDisk fills a small file system of its own, where it may mount one.
// TestLimitedFiles shows the same everywhere.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]string{
		"for the programs": "20m",
		"for the database": "80m",
	} {
		t.Run(name, func(t *testing.T) {
			dir := newDir(t)
			if !mountSmall(t, dir, size) {
				return
			}
			cfg := config(filepath.Join(dir, "data"))
			cfg.Binaries = ""
			_, err := embedded.Start(t.Context(), cfg)
			checkProblem(t, err, embedded.ErrNoSpace, cfg.DataDir)
			if exists(filepath.Join(dir, "*")) {
				t.Errorf("left behind:\n%s", tree(t, dir))
			}
		})
	}
	t.Run("later", func(t *testing.T) {
		dir := newDir(t)
		if !mountSmall(t, dir, "100m") {
			return
		}
		s := start(t, config(dir))
		fill(t, s.URL())
		stop(t, s)
		filler := filepath.Join(dir, "filler")
		fillDisk(t, filler)
		checkProblem(t, startFails(t, filepath.Join(dir, "postgres", "data"), dir), embedded.ErrNoSpace, dir)
		// Not removed: a child that another test is about to start may hold it
		// open for a moment, and its space with it.
		if err := os.Truncate(filler, 0); err != nil {
			t.Fatal(err)
		}
		checkFilled(t, start(t, config(dir)).URL())
	})
}

// fillDisk writes a file until there is no space left.
func fillDisk(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

func TestLimitedFiles(t *testing.T) {
	t.Parallel()
	parent := newDir(t)
	newDatabase(t) // so that the programs are there
	c := spawn(t, "small", filepath.Join(parent, "data"), nil)
	if got := c.expect(t, "error"); !strings.Contains(got, "limit on the size of files") {
		t.Errorf("got error %q, want one that names the limit", got)
	}
	c.kill()
	if exists(filepath.Join(parent, "*")) {
		t.Errorf("left behind:\n%s", tree(t, parent))
	}
}

// needRoot is for tests of what only a Foyer that runs as root does.
func needRoot(t *testing.T) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	t.Parallel()
}

func TestRootClosedParent(t *testing.T) {
	needRoot(t)
	parent := newDir(t)
	closed := filepath.Join(parent, "home")
	dir := filepath.Join(closed, "checkout", "data")
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, startFails(t, parent, dir), embedded.ErrUnreachable, closed, "FOYER_DATA_DIR")
}

func TestRootClosedDataDir(t *testing.T) {
	needRoot(t)
	parent := newDir(t)
	dir := filepath.Join(parent, "data")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, startFails(t, parent, dir), embedded.ErrUnreachable, "chmod 711 "+dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	start(t, config(dir))
}

func TestRootGivenToRoot(t *testing.T) {
	needRoot(t)
	dir := newDatabase(t)
	data := filepath.Join(dir, "postgres", "data")
	was := uid(t, data)
	if err := os.Chown(data, 0, 0); err != nil {
		t.Fatal(err)
	}
	checkProblem(t, startFails(t, dir, dir), embedded.ErrOwner, data, "chown")
	if err := os.Chown(data, was, was); err != nil {
		t.Fatal(err)
	}
	checkFilled(t, start(t, config(dir)).URL())
}

// TestRootSharesWithUser has root and an ordinary user run Foyer in turns on a
// directory that the user made, and then the user on one that root made.
func TestRootSharesWithUser(t *testing.T) {
	needRoot(t)
	user, exe := unprivileged(t)
	asUser := func(cmd *exec.Cmd) {
		ownPrograms(cmd)
		cmd.Path = exe
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	}
	dir := newDir(t)
	if err := os.Chown(dir, int(user.Uid), int(user.Gid)); err != nil {
		t.Fatal(err)
	}
	c := spawn(t, "hold", dir, asUser)
	fill(t, c.expect(t, "ready"))
	c.terminate(t)

	cfg := config(dir)
	cfg.Binaries = ""
	s := start(t, cfg)
	checkFilled(t, s.URL())
	if got := uid(t, filepath.Join(dir, "postgres", "run")); got != int(user.Uid) {
		t.Errorf("the server runs as user %d, want the owner of the data, %d", got, user.Uid)
	}
	stop(t, s)

	c = spawn(t, "hold", dir, asUser)
	checkFilled(t, c.expect(t, "ready"))
	c.terminate(t)

	roots := newDatabase(t)
	c = spawn(t, "hold", roots, asUser)
	if got := c.expect(t, "error"); !strings.Contains(got, "belongs to user root") {
		t.Errorf("got error %q, want one that names the owner", got)
	}
	c.kill()
}
