package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// pidFile is where a server writes its process id, in the cluster.
const pidFile = "postmaster.pid"

// orphan is a server process that runs on the cluster though no Foyer does.
type orphan struct {
	pid  int
	head bool // no other orphan is its parent: the server, not one of its children
}

// stopOrphans stops the server that a killed Foyer left behind on the cluster
// at path, and then removes its pid file: the id in it may be anybody's by
// now, and Postgres would not start while a process of that id exists. The
// caller holds the lock on the data directory.
func stopOrphans(ctx context.Context, path string, log *slog.Logger) error {
	steps := []struct {
		signal   syscall.Signal
		patience time.Duration
		all      bool // not only the head
	}{
		{syscall.SIGINT, fastPatience, false},
		{syscall.SIGQUIT, immediatePatience, true},
		{syscall.SIGKILL, immediatePatience, true},
	}
	for _, step := range steps {
		orphans, err := findOrphans(path)
		if err != nil {
			return fmt.Errorf("look for a server left behind: %w", err)
		}
		if len(orphans) == 0 {
			break
		}
		for _, o := range orphans {
			if !o.head && !step.all {
				continue
			}
			log.Info("stopping a postgres that was left behind", "pid", o.pid, "signal", step.signal.String())
			if err := syscall.Kill(o.pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("stop the server left behind (process %d): %w", o.pid, err)
			}
		}
		if err := awaitOrphans(ctx, path, step.patience); err != nil {
			return err
		}
	}
	orphans, err := findOrphans(path)
	if err == nil && len(orphans) > 0 {
		err = fmt.Errorf("process %d still runs", orphans[0].pid)
	}
	if err != nil {
		return fmt.Errorf("stop the server left behind: %w", err)
	}
	if err := os.Remove(filepath.Join(path, pidFile)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return explain(err, "remove the old "+pidFile, filepath.Dir(path))
	}
	return nil
}

// awaitOrphans returns when there are none any more, or after the patience.
func awaitOrphans(ctx context.Context, path string, patience time.Duration) error {
	end := time.NewTimer(patience)
	defer end.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		orphans, err := findOrphans(path)
		if err != nil || len(orphans) == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
		}
	}
}
