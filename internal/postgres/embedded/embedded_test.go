package embedded_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres/embedded"
)

func TestFirstStart(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newDir(t), "made", "by", "start")
	cfg := config(dir)
	cfg.Binaries, cfg.Volatile = "", false // as Foyer has it
	begin := time.Now()
	s := start(t, cfg)
	t.Logf("first start: %v", time.Since(begin).Round(time.Millisecond))

	for sql, want := range map[string]string{
		"SELECT split_part(version(), '.', 1)":                      "PostgreSQL 18",
		"SELECT current_user || current_database()":                 "foyerfoyer",
		"SELECT rolsuper::text FROM pg_roles WHERE rolname='foyer'": "true",
		"SHOW server_encoding":                                      "UTF8",
		"SHOW data_checksums":                                       "on",
		"SHOW fsync":                                                "on",
		"SHOW synchronous_commit":                                   "on",
		"SHOW timezone":                                             "UTC",
		"SHOW listen_addresses":                                     "",
		"SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = current_database()": "bC.UTF-8",
		"SELECT upper('é')": "É",
	} {
		if got := query(t, s.URL(), sql); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}

	pg := uid(t, filepath.Join(dir, "postgres", "data"))
	if os.Geteuid() == 0 && pg == 0 {
		t.Error("the cluster belongs to root")
	}
	for _, name := range []string{"data", "run"} {
		path := filepath.Join(dir, "postgres", name)
		if got := uid(t, path); got != pg {
			t.Errorf("%s belongs to user %d, want %d", path, got, pg)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != 0o700 {
			t.Errorf("%s has mode %o, want 700", path, got)
		}
	}
	stop(t, s)
	for _, name := range []string{"run", "data/postmaster.pid"} {
		if _, err := os.Lstat(filepath.Join(dir, "postgres", name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("after Stop, %s: got error %v, want that it does not exist", name, err)
		}
	}
	checkOldPrograms(t, cfg)
}

func uid(t *testing.T, path string) int {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return int(info.Sys().(*syscall.Stat_t).Uid)
}

func TestRestart(t *testing.T) {
	t.Parallel()
	cfg := config(newDatabase(t))
	s := start(t, cfg)
	stop(t, s)
	cfg.Volatile = false
	fastest := time.Hour
	for range 5 {
		begin := time.Now()
		s := start(t, cfg)
		fastest = min(fastest, time.Since(begin))
		checkFilled(t, s.URL())
		stop(t, s)
	}
	t.Logf("later start: %v", fastest.Round(time.Millisecond))
}

func TestNeverThroughTCP(t *testing.T) {
	t.Parallel()
	cfg := config(newDatabase(t))
	s := start(t, cfg)
	query(t, s.URL(), "ALTER SYSTEM SET listen_addresses = '*'")
	query(t, s.URL(), "ALTER SYSTEM SET unix_socket_permissions = '0777'")
	stop(t, s)
	s = start(t, cfg)
	if got := query(t, s.URL(), "SHOW listen_addresses"); got != "" {
		t.Errorf("after ALTER SYSTEM the server listens on %q", got)
	}
	if got := query(t, s.URL(), "SHOW unix_socket_permissions"); got != "0700" {
		t.Errorf("after ALTER SYSTEM the socket has mode %s", got)
	}
}

// checkOldPrograms makes sure that a start removes programs of other versions
// and what is left of an unfinished extraction.
func checkOldPrograms(t *testing.T, cfg embedded.Config) {
	t.Helper()
	programs := filepath.Join(cfg.DataDir, "postgres", "binaries")
	for _, name := range []string{"0123456789abcdef", "new-UNFINISHED"} {
		if err := os.MkdirAll(filepath.Join(programs, name, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	stop(t, start(t, cfg))
	entries, err := os.ReadDir(programs)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() == "0123456789abcdef" {
		t.Errorf("got programs %v, want those of one version", entries)
	}
}

// TestSharedPrograms has several Foyers that have no programs yet start at
// once on one folder for them.
func TestSharedPrograms(t *testing.T) {
	t.Parallel()
	programs := newDir(t)
	var children []*child
	for range 2 {
		children = append(children, spawn(t, "hold", newDir(t), func(cmd *exec.Cmd) {
			cmd.Env = append(cmd.Env, envBinaries+"="+programs)
		}))
	}
	for _, c := range children {
		c.expect(t, "ready")
	}
	for _, c := range children {
		c.terminate(t)
	}
}

func TestTwoFoyers(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	first := spawn(t, "hold", dir, nil)
	url := first.expect(t, "ready")

	_, err := embedded.Start(t.Context(), config(dir))
	checkProblem(t, err, embedded.ErrInUse, dir, "process "+strconv.Itoa(first.cmd.Process.Pid))
	if got, err := embedded.Running(dir); err != nil || got != url {
		t.Errorf("Running: got %q, %v, want %q", got, err, url)
	}
	checkFilled(t, url)

	first.terminate(t)
	if got, err := embedded.Running(dir); !errors.Is(err, embedded.ErrNotRunning) {
		t.Errorf("Running after the end: got %q, %v, want %v", got, err, embedded.ErrNotRunning)
	}
	checkFilled(t, start(t, config(dir)).URL())
}

func TestStopDisconnectsClients(t *testing.T) {
	t.Parallel()
	s := start(t, config(newDatabase(t)))
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	stop(t, s)
	select {
	case <-s.Done():
	default:
		t.Error("Done is open after Stop")
	}
	if err := s.Err(); err != nil {
		t.Errorf("Err after Stop: %v", err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a client is connected after Stop")
	}
	stop(t, s) // again
}

func TestStopWithoutPatience(t *testing.T) {
	t.Parallel()
	cfg := config(newDatabase(t))
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// A client that stands still, so that the server cannot stop in good order.
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	backend := int(conn.PgConn().PID())
	if err := syscall.Kill(backend, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want that the context had ended", err)
	}
	<-s.Done()
	checkFilled(t, start(t, cfg).URL())
}

func TestServerDies(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	s := start(t, config(dir))
	if err := s.Err(); err != nil {
		t.Errorf("Err of a running server: %v", err)
	}
	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(patience):
		t.Fatal("Done stays open though the server was killed")
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("got error %v, want one that says what happened", err)
	}
	stop(t, s)
	checkFilled(t, start(t, config(dir)).URL())
}

// TestGivenUp ends the context while the first start makes the database.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	parent := newDir(t)
	dir := filepath.Join(parent, "data")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	failed := make(chan error, 1)
	go func() {
		_, err := embedded.Start(ctx, config(dir))
		failed <- err
	}()
	eventually(t, "initdb begins", func() bool { return exists(filepath.Join(dir, "postgres", "new-*", "PG_VERSION")) })
	cancel()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v, want %v", err, context.Canceled)
	}
	if exists(filepath.Join(parent, "*")) {
		t.Errorf("left behind:\n%s", tree(t, parent))
	}
	start(t, config(dir))
}

func exists(pattern string) bool {
	found, err := filepath.Glob(pattern)
	return err == nil && len(found) > 0
}
