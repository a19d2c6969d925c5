package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// Patience with a server that was asked to stop, in the order of the signals.
const (
	fastPatience      = 5 * time.Second
	immediatePatience = 6 * time.Second // Postgres kills its own children after five
)

// command is a program to run as the user that runs Postgres.
type command struct {
	path  string
	args  []string
	dir   string // working directory
	stdin string
	log   *slog.Logger
}

// process is a child process.
type process struct {
	pid  int
	os   *os.Process
	done chan struct{} // closed when it has ended
	err  error         // why it ended; read it after done
}

// spawn starts a program. It ends with this process, where the kernel can see
// to that.
func (h *home) spawn(c command) (*process, error) {
	output := &output{log: c.log}
	cmd := exec.Command(c.path, c.args...)
	cmd.Dir = c.dir
	// Messages are in English, for they are read by this package, and nothing
	// that happens to be in Foyer's environment changes what the server does.
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin"}
	if c.stdin != "" {
		cmd.Stdin = strings.NewReader(c.stdin)
	}
	cmd.Stdout, cmd.Stderr = output, output
	cmd.WaitDelay = time.Second // for output that a grandchild keeps open
	// In a session of its own, so that an interrupt typed at the terminal
	// reaches Foyer alone, which then stops the server in good order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	endWithParent(cmd.SysProcAttr)
	if h.runner.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(h.runner.uid), Gid: uint32(h.runner.gid)}
	}
	p := &process{done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel takes the end of the thread that made the child for the
		// end of the parent, so this one stays for as long as the child does.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		if err == nil {
			p.pid, p.os = cmd.Process.Pid, cmd.Process
		}
		started <- err
		if err != nil {
			return
		}
		err = cmd.Wait()
		if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
			p.err = failed(filepath.Base(c.path), output.reason(), h.dir, err)
		}
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, h.cannotRun(c.path, err)
	}
	return p, nil
}

// cannotRun explains why a program could not be started.
func (h *home) cannotRun(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return problem(ErrCannotRun, err, "the packed Postgres does not run on this machine, which may lack the GNU C library: set DATABASE_URL to use another server")
	case errors.Is(err, syscall.EPERM):
		return problem(ErrCannotRun, err, "Foyer runs as root but may not start Postgres as user %s: run Foyer as an ordinary user", h.runner.name)
	case errors.Is(err, syscall.EACCES):
		return problem(ErrUnreachable, err, "user %s may not run programs in %s (is it mounted noexec?): set FOYER_DATA_DIR to another directory", h.runner.name, h.dir)
	}
	return fmt.Errorf("start %s: %w", filepath.Base(path), err)
}

// ended returns why the process ended, and nil while it runs.
func (p *process) ended() error {
	select {
	case <-p.done:
		if p.err != nil {
			return p.err
		}
		return errors.New("postgres: stopped by somebody else")
	default:
		return nil
	}
}

// kill ends the process and whatever it started. They are a process group.
func (p *process) kill() {
	_ = syscall.Kill(-p.pid, syscall.SIGKILL) // it may have ended already
}

// stop stops a server: its clients are disconnected and it writes a
// checkpoint; without the checkpoint when ctx ends first.
func (p *process) stop(ctx context.Context) error {
	if p.ended() != nil {
		return nil
	}
	_ = p.os.Signal(syscall.SIGINT) // it may have ended already
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	_ = p.os.Signal(syscall.SIGQUIT)
	patience := time.NewTimer(immediatePatience)
	defer patience.Stop()
	select {
	case <-p.done:
	case <-patience.C:
		p.kill()
		<-p.done
	}
	return fmt.Errorf("stop postgres: stopped without a checkpoint: %w", ctx.Err())
}
