package embedded_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres/embedded"
)

// The environment of the test binary when it plays Foyer.
const (
	envRole     = "FOYER_EMBEDDED_TEST_ROLE"
	envDir      = "FOYER_EMBEDDED_TEST_DIR"
	envBinaries = "FOYER_EMBEDDED_TEST_BINARIES"
	envShared   = "FOYER_EMBEDDED_TEST_SHARED" // folder of programs for a whole run
)

// roles are what the test binary does when a test runs it as Foyer.
var roles = map[string]func() error{
	"hold":  hold,
	"write": write,
	"small": small,
}

// hold is a Foyer that runs until it is told to stop.
func hold() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	cfg := childConfig()
	cfg.Volatile = true
	s, err := embedded.Start(ctx, cfg)
	if err != nil {
		return err
	}
	fmt.Println("ready", s.URL())
	select {
	case <-ctx.Done():
	case <-s.Done():
	}
	return s.Stop(context.Background())
}

// write is a Foyer that writes rows with consecutive numbers, and says so for
// each when it is committed.
func write() error {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer cancel()
	s, err := embedded.Start(ctx, childConfig())
	if err != nil {
		return err
	}
	err = writeRows(ctx, s.URL())
	if ctx.Err() == nil {
		return err
	}
	return s.Stop(context.Background())
}

func writeRows(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(ctx, "CREATE TABLE IF NOT EXISTS rows (n int PRIMARY KEY, filler text DEFAULT repeat('x', 500))"); err != nil {
		return err
	}
	var rows, last int
	if err := conn.QueryRow(ctx, "SELECT count(*), coalesce(max(n), 0) FROM rows").Scan(&rows, &last); err != nil {
		return err
	}
	fmt.Println("have", rows, last)
	for n := last + 1; ; n++ {
		if _, err := conn.Exec(ctx, "INSERT INTO rows (n) VALUES ($1)", n); err != nil {
			return err
		}
		fmt.Println("row", n)
	}
}

// small is a Foyer that may write no file of more than eight megabytes.
func small() error {
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 8 << 20, Max: 8 << 20}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	return hold()
}

func childConfig() embedded.Config {
	return embedded.Config{
		DataDir:  os.Getenv(envDir),
		Binaries: os.Getenv(envBinaries),
		Log:      slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
}

// child is the test binary playing Foyer.
type child struct {
	cmd   *exec.Cmd
	lines chan string // of its output; closed when it has ended
	ended chan struct{}
}

// spawn starts a child on dir. Change may alter how it is run.
func spawn(t *testing.T, role, dir string, change func(*exec.Cmd)) *child {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), envRole+"="+role, envDir+"="+dir, envBinaries+"="+os.Getenv(envShared))
	if change != nil {
		change(cmd)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{cmd: cmd, lines: make(chan string, 1<<16), ended: make(chan struct{})}
	go c.read(out)
	t.Cleanup(func() { c.kill() })
	return c
}

// ownPrograms has a child extract programs of its own.
func ownPrograms(cmd *exec.Cmd) {
	cmd.Env = append(cmd.Env, envBinaries+"=")
}

func (c *child) read(out io.Reader) {
	defer close(c.lines)
	defer close(c.ended)
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		c.lines <- scanner.Text()
	}
	_ = c.cmd.Wait() // how it ended is in cmd.ProcessState
}

// expect returns the rest of the next line that begins with word.
func (c *child) expect(t *testing.T, word string) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		select {
		case line, ok := <-c.lines:
			if !ok {
				t.Fatalf("the child ended (%v) without saying %q", c.cmd.ProcessState, word)
			}
			if rest, found := strings.CutPrefix(line, word+" "); found {
				return rest
			}
			if strings.HasPrefix(line, "error ") {
				t.Fatalf("child: %s", line)
			}
		case <-timeout:
			t.Fatalf("waited in vain for the child to say %q", word)
		}
	}
}

// hasEnded reports whether the child has ended.
func (c *child) hasEnded() bool {
	select {
	case <-c.ended:
		return true
	default:
		return false
	}
}

// kill kills the child as kill -9 does, and returns what it said meanwhile.
func (c *child) kill() []string {
	_ = c.cmd.Process.Kill() // it may have ended
	var said []string
	for line := range c.lines {
		said = append(said, line)
	}
	return said
}

// terminate asks the child to stop and returns what it said until it did.
func (c *child) terminate(t *testing.T) []string {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	var said []string
	for line := range c.lines {
		said = append(said, line)
	}
	if !c.cmd.ProcessState.Success() {
		t.Errorf("the child ended with %v, want a clean end; it said %q", c.cmd.ProcessState, said)
	}
	return said
}
