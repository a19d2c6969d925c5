package embedded_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"foyer/internal/postgres/embedded"
)

// TestOddPaths starts a server where the path makes no address of a socket.
func TestOddPaths(t *testing.T) {
	t.Parallel()
	for name, below := range map[string]string{
		"long": strings.Repeat("a-rather-long-name/", 12),
		"odd":  `it's my "data", 100% /?x=y&z#会議`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(newDir(t), below)
			s := start(t, config(dir))
			fill(t, s.URL())
			run := filepath.Join(dir, "postgres", "run")
			folder := checkElsewhere(t, run)
			stop(t, s)
			if exists(folder) || exists(run) {
				t.Errorf("%s or %s is there after Stop", folder, run)
			}
			checkFilled(t, start(t, config(dir)).URL())
		})
	}
}

// checkElsewhere makes sure that run leads to a folder that is closed to all
// but the owner of the cluster, and returns it.
func checkElsewhere(t *testing.T, run string) string {
	t.Helper()
	folder, err := os.Readlink(run)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if !info.IsDir() || info.Mode().Perm() != 0o700 {
		t.Errorf("%s has mode %v, want a directory of mode 700", folder, info.Mode())
	}
	if got, want := uid(t, folder), uid(t, filepath.Join(filepath.Dir(run), "data")); got != want {
		t.Errorf("%s belongs to user %d, want %d", folder, got, want)
	}
	return folder
}

func TestLongPathAfterKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newDir(t), strings.Repeat("a-rather-long-name/", 12))
	c := spawn(t, "hold", dir, nil)
	fill(t, c.expect(t, "ready"))
	run := filepath.Join(dir, "postgres", "run")
	before := checkElsewhere(t, run)
	c.kill()
	checkFilled(t, start(t, config(dir)).URL())
	if after := checkElsewhere(t, run); after == before || exists(before) {
		t.Errorf("the folder that a killed Foyer left, %s, is still there; now it is %s", before, after)
	}
}

// TestPlantedLink makes sure that a link which leads to what is not a
// socket's folder is removed, and not what it leads to.
func TestPlantedLink(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	precious := newDir(t)
	if err := os.WriteFile(filepath.Join(precious, ".s.PGSQL.5432"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(precious, filepath.Join(dir, "postgres", "run")); err != nil {
		t.Fatal(err)
	}
	start(t, config(dir))
	if !exists(filepath.Join(precious, ".s.PGSQL.5432")) {
		t.Error("a start removed files that it did not make")
	}
}

// TestMoved moves the directory while the server is stopped.
func TestMoved(t *testing.T) {
	t.Parallel()
	before := newDatabase(t)
	stop(t, start(t, config(before)))
	after := before + "-moved"
	if err := os.Rename(before, after); err != nil {
		t.Fatal(err)
	}
	checkFilled(t, start(t, config(after)).URL())
}

// TestLinkedHome has the database on another disk.
func TestLinkedHome(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(newDatabase(t), "postgres")
	dir := newDir(t)
	if err := os.Symlink(elsewhere, filepath.Join(dir, "postgres")); err != nil {
		t.Fatal(err)
	}
	s := start(t, config(dir))
	checkFilled(t, s.URL())
	if got, err := embedded.Running(dir); err != nil || got != s.URL() {
		t.Errorf("Running: got %q, %v, want %q", got, err, s.URL())
	}
}
