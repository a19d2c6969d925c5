package embedded_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres/embedded"
)

// TestKilledWhileWriting kills Foyer with kill -9 at random moments, of its
// start and of its writing, and starts it again at once.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	committed := 0
	for round := range 16 {
		c := spawn(t, "write", dir, nil)
		if round%4 != 3 { // else during the start
			committed = checkRows(t, c.expect(t, "have"), committed)
		}
		moment := time.Duration(random.IntN(150)) * time.Millisecond
		committed = lastRow(c.until(moment), committed)
	}
	c := spawn(t, "write", dir, nil)
	checkRows(t, c.expect(t, "have"), committed)
	t.Logf("%d rows, none lost", committed)
	c.terminate(t)
}

// until kills the child after a while and returns all that it said.
func (c *child) until(moment time.Duration) []string {
	timer := time.AfterFunc(moment, func() { _ = c.cmd.Process.Kill() })
	defer timer.Stop()
	var said []string
	for line := range c.lines {
		said = append(said, line)
	}
	return said
}

// lastRow returns the last row that was said to be committed, or before.
func lastRow(said []string, before int) int {
	for _, line := range said {
		if n, err := strconv.Atoi(strings.TrimPrefix(line, "row ")); err == nil {
			before = n
		}
	}
	return before
}

// checkRows makes sure that what the child found has every row that was
// committed, and returns how many there are: the last one may have been
// committed without a chance to say so.
func checkRows(t *testing.T, have string, committed int) int {
	t.Helper()
	var rows, last int
	if _, err := fmt.Sscan(have, &rows, &last); err != nil {
		t.Fatal(err)
	}
	if rows != last || last < committed || last > committed+1 {
		t.Fatalf("found %d rows up to number %d, want all of %d and at most one more", rows, last, committed)
	}
	return last
}

// TestKilledAtEachStep kills Foyer when a step shows in its directory.
func TestKilledAtEachStep(t *testing.T) {
	t.Parallel()
	steps := []step{
		{"locked", "postgres/lock"},
		{"extracting", "postgres/binaries/new-*/bin/postgres"},
		{"extracted", "postgres/binaries/[0-9a-f]*"},
		{"initdb", "postgres/new-*/PG_VERSION"},
		{"bootstrapped", "postgres/new-*/base/5/PG_VERSION"},
		{"renamed", "postgres/data"},
		{"starting", "postgres/data/postmaster.pid"},
		{"socket", "postgres/run/.s.PGSQL.5432"},
	}
	dir := newDir(t)
	for i, step := range steps {
		t.Run(step.name, func(sub *testing.T) {
			for range 3 {
				if killAt(sub, dir, step, steps[i+1:]) {
					return
				}
				dir = newDir(t) // where every step is to come
			}
			sub.Fatal("it went by unseen, three times")
		})
	}
	t.Run("stopping", func(t *testing.T) {
		c := spawn(t, "write", dir, ownPrograms)
		c.expect(t, "row")
		if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		c.killRunning(t)
	})
	c := spawn(t, "write", dir, ownPrograms)
	committed := lastRow([]string{"row " + c.expect(t, "row")}, 0)
	committed = lastRow(c.terminate(t), committed)
	c = spawn(t, "write", dir, ownPrograms)
	checkRows(t, c.expect(t, "have"), committed)
	if left := unfinished(dir); left != nil {
		t.Errorf("left behind: %v", left)
	}
	c.terminate(t)
}

// step is one that shows by the files of a pattern.
type step struct{ name, shows string }

// killAt starts Foyer and kills it when a step shows. It is false when a later one
// showed first: the files of some are there for a moment only, in which a busy machine
// may not look.
func killAt(t *testing.T, dir string, at step, later []step) (seen bool) {
	t.Helper()
	before := make(map[string]string)
	for _, s := range append([]step{at}, later...) {
		before[s.shows] = shown(dir, s.shows)
	}
	shows := func(s step) bool {
		now := shown(dir, s.shows)
		return now != "" && now != before[s.shows]
	}
	c := spawn(t, "write", dir, ownPrograms)
	eventually(t, at.shows, func() bool {
		seen = shows(at)
		return seen || slices.ContainsFunc(later, shows) || c.hasEnded()
	})
	c.killRunning(t)
	return seen
}

// killRunning kills a child that has not ended by itself.
func (c *child) killRunning(t *testing.T) {
	t.Helper()
	if c.hasEnded() {
		t.Fatalf("the child ended too early: %q", c.kill())
	}
	c.kill()
}

// shown describes the files of that pattern, so that the same name made anew
// is told from one that a killed Foyer left.
func shown(dir, pattern string) string {
	names, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is sound
	var b strings.Builder
	for _, name := range names {
		if info, err := os.Lstat(name); err == nil {
			fmt.Fprintln(&b, name, info.ModTime().UnixNano(), info.Sys().(*syscall.Stat_t).Ino)
		}
	}
	return b.String()
}

func unfinished(dir string) []string {
	var found []string
	for _, pattern := range []string{"postgres/new-*", "postgres/binaries/new-*"} {
		names, _ := filepath.Glob(filepath.Join(dir, pattern)) // the pattern is sound
		found = append(found, names...)
	}
	return found
}

// TestServerEndsWithFoyer kills Foyer and starts no other.
func TestServerEndsWithFoyer(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	c := spawn(t, "hold", dir, nil)
	c.expect(t, "ready")
	pid := postmaster(t, dir)
	if group, err := syscall.Getpgid(pid); err != nil || group != pid {
		t.Errorf("the server is in process group %d (%v), want its own, %d", group, err, pid)
	}
	c.kill()
	if runtime.GOOS == "linux" { // elsewhere the kernel cannot see to it
		eventually(t, "the server ends in good order", func() bool {
			return !exists(filepath.Join(dir, "postgres", "data", "postmaster.pid")) &&
				syscall.Kill(pid, 0) != nil
		})
	}
	checkFilled(t, start(t, config(dir)).URL())
}

// TestServerOutlivesThread starts a server from a thread that ends, which the
// kernel must not take for the end of Foyer.
func TestServerOutlivesThread(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	var s *embedded.Server
	var err error
	started := make(chan struct{})
	go func() {
		defer close(started)
		runtime.LockOSThread() // and never unlocked, so that the thread ends
		s, err = embedded.Start(t.Context(), config(dir))
	}()
	<-started
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		checkFilled(t, s.URL())
	}
	if err := s.Err(); err != nil {
		t.Error(err)
	}
	stop(t, s)
}

// TestLockEndsWithFoyer makes sure that a server which outlives its Foyer does
// not hold the lock, so that the next Foyer gets to stop it.
func TestLockEndsWithFoyer(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	c := spawn(t, "hold", dir, nil)
	c.expect(t, "ready")
	pid := postmaster(t, dir)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil { // it cannot end with its parent
		t.Fatal(err)
	}
	c.kill()
	lock, err := os.Open(filepath.Join(dir, "postgres", "lock"))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		t.Errorf("the lock is held after kill -9: %v", err)
	}
	lock.Close()
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	checkFilled(t, start(t, config(dir)).URL())
}

// orphan runs a server on the stopped cluster of dir that no Foyer looks
// after, as a kernel that does not end children with their parent leaves it.
func orphan(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	programs, err := filepath.Glob(filepath.Join(os.Getenv(envShared), "[0-9a-f]*", "bin", "postgres"))
	if err != nil || len(programs) != 1 {
		t.Fatalf("found programs %v, %v", programs, err)
	}
	data := filepath.Join(dir, "postgres", "data")
	cmd := exec.Command(programs[0], "-D", data, "-c", "listen_addresses=", "-c", "unix_socket_directories="+data)
	cmd.Dir = data
	cmd.SysProcAttr = asOwnerOf(t, data)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	eventually(t, "the orphan is ready", func() bool {
		content, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
		return err == nil && strings.Contains(string(content), "ready")
	})
	return cmd
}

// asOwnerOf has a process run as the owner of path.
func asOwnerOf(t *testing.T, path string) *syscall.SysProcAttr {
	t.Helper()
	attr := &syscall.SysProcAttr{Setsid: true}
	if os.Geteuid() == 0 {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		stat := info.Sys().(*syscall.Stat_t)
		attr.Credential = &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}
	}
	return attr
}

func TestOrphanIsStopped(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	cfg := config(dir)
	cmd := orphan(t, dir)
	url := "postgres://foyer@/foyer?sslmode=disable&port=5432&host=" + filepath.Join(dir, "postgres", "data")
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	checkFilled(t, start(t, cfg).URL())
	if pid := postmaster(t, dir); pid == cmd.Process.Pid {
		t.Errorf("process %d still runs the database", pid)
	}
}

// TestStuckOrphan leaves a server that cannot stop in good order.
func TestStuckOrphan(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	cfg := config(dir)
	cmd := orphan(t, dir)
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := embedded.Start(ctx, cfg); err == nil || ctx.Err() == nil {
		t.Errorf("Start while an orphan stands still: got error %v, want the context's", err)
	}
	checkFilled(t, start(t, cfg).URL())
}

// TestOrphanedBackend leaves a query running whose server is gone.
func TestOrphanedBackend(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	cfg := config(dir)
	s := start(t, cfg)
	conn, err := pgx.Connect(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	failed := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 1e12)")
		failed <- err
	}()
	eventually(t, "the query runs", func() bool {
		return query(t, s.URL(), "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND pid = $1", conn.PgConn().PID()) == "1"
	})
	if err := syscall.Kill(postmaster(t, dir), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Done()
	stop(t, s)
	checkFilled(t, start(t, cfg).URL())
	if err := <-failed; err == nil {
		t.Error("a query outlived its server")
	}
}

// TestReusedProcessID leaves a pid file that names a process which is not the
// server.
func TestReusedProcessID(t *testing.T) {
	t.Parallel()
	dir := newDatabase(t)
	cfg := config(dir)
	s := start(t, cfg)
	data := filepath.Join(dir, "postgres", "data")

	sleeper := exec.Command("sleep", "1000")
	sleeper.SysProcAttr = asOwnerOf(t, data)
	sleeper.Dir = "/"
	if err := sleeper.Start(); err != nil {
		t.Fatal(err)
	}
	defer sleeper.Wait()
	defer sleeper.Process.Kill()
	neighbour := newDatabase(t)
	other := start(t, config(neighbour))
	stop(t, s)

	for name, pid := range map[string]int{
		"a program of the same user":  sleeper.Process.Pid,
		"the server of another Foyer": postmaster(t, neighbour),
		"this very process":           os.Getpid(),
	} {
		t.Run(name, func(t *testing.T) {
			content := fmt.Sprintf("%d\n%s\n1700000000\n5432\n%s\n\n  1234  5678\nready   \n", pid, data, dir)
			if err := os.WriteFile(filepath.Join(data, "postmaster.pid"), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			s := start(t, cfg)
			checkFilled(t, s.URL())
			stop(t, s)
		})
	}
	if err := sleeper.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("the program of the same user was stopped: %v", err)
	}
	query(t, other.URL(), "SELECT 'alive'")
}
