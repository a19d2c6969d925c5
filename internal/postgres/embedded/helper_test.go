package embedded_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"foyer/internal/postgres/embedded"
)

// patience is how long a test waits for what must happen, on a busy machine.
const patience = 4 * time.Minute

func TestMain(m *testing.M) {
	if role := os.Getenv(envRole); role != "" {
		syscall.Umask(0o077) // as careful people have it
		if err := roles[role](); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	shared, err := os.MkdirTemp("", "foyer-embedded-programs-")
	if err == nil {
		err = os.Chmod(shared, 0o755)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(shared)
	os.Setenv(envShared, shared)
	// These tests wait for other processes more than they compute.
	flag.Parse()
	if err := flag.Set("test.parallel", "4"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	err = goleak.Find()
	for deadline := time.Now().Add(time.Minute); err != nil && time.Now().Before(deadline); { // the machine may be slow to end them
		err = goleak.Find()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	return code
}

// newDir returns a fresh directory that the user who runs Postgres can reach.
func newDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "foyer-embedded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	if dir, err = filepath.EvalSymlinks(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// template makes, once, a directory whose database has one row.
var template = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(os.Getenv(envShared), "template")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	s, err := embedded.Start(ctx, config(dir))
	if err != nil {
		return "", err
	}
	conn, err := pgx.Connect(ctx, s.URL())
	if err == nil {
		_, err = conn.Exec(ctx, "CREATE TABLE kept AS SELECT 'row' AS value")
		err = errors.Join(err, conn.Close(ctx))
	}
	return dir, errors.Join(err, s.Stop(ctx))
})

// newDatabase returns a directory in which Foyer has run before, and where
// checkFilled finds its row.
func newDatabase(t *testing.T) string {
	t.Helper()
	from, err := template()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(newDir(t), "data")
	if out, err := exec.Command("cp", "-a", from, dir).CombinedOutput(); err != nil {
		t.Fatalf("copy the template: %v: %s", err, out)
	}
	return dir
}

// config is for a server in this process, on programs that all tests share.
// It does not wait for the disk, whose speed is not what is tested.
func config(dir string) embedded.Config {
	return embedded.Config{
		DataDir:  dir,
		Binaries: os.Getenv(envShared),
		Log:      slog.New(slog.DiscardHandler),
		Volatile: true,
	}
}

// start starts a server, which is stopped when the test ends.
func start(t *testing.T, cfg embedded.Config) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// stop stops a server before the test ends.
func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// query returns the one text that a query results in.
func query(t *testing.T, url, sql string, args ...any) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var text string
	err = conn.QueryRow(t.Context(), sql, args...).Scan(&text)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// fill makes a table with one row that tells whether anything was lost.
func fill(t *testing.T, url string) {
	t.Helper()
	query(t, url, "CREATE TABLE kept AS SELECT 'row' AS value")
}

// checkFilled makes sure that the row is there.
func checkFilled(t *testing.T, url string) {
	t.Helper()
	if got := query(t, url, "SELECT value FROM kept"); got != "row" {
		t.Errorf("got %q from the row that was committed before", got)
	}
}

// postmaster returns the process id of the server on dir.
func postmaster(t *testing.T, dir string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, "postgres", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	line, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	timeout := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-timeout:
			t.Fatalf("waited in vain: %s", what)
		case <-tick.C:
		}
	}
}

// checkProblem makes sure that err is what a person is to be told: of that
// kind, one line, and naming all these.
func checkProblem(t *testing.T, err, kind error, naming ...string) {
	t.Helper()
	var p *embedded.Problem
	if !errors.As(err, &p) || !errors.Is(err, kind) {
		t.Fatalf("got error %v, want a Problem: %v", err, kind)
	}
	t.Log(err)
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("the error has several lines: %q", err)
	}
	for _, name := range naming {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error %q does not name %q", err, name)
		}
	}
}

// tree describes everything below dir, to see whether a start changed it.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		stat := info.Sys().(*syscall.Stat_t)
		size := info.Size()
		if info.IsDir() {
			size = 0
		}
		fmt.Fprintln(&b, path, info.Mode(), stat.Uid, stat.Gid, size)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}
