package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"foyer/internal/postgres/embedded"
)

// dirPrefix begins the names of the servers' directories.
const dirPrefix = "foyer-postgrestest-"

// startServer starts a server in a fresh directory. The function it returns
// stops it and removes the directory; it is never nil.
func startServer(ctx context.Context) (address string, stop func() error, err error) {
	stop = func() error { return nil }
	removeAbandoned(os.TempDir())
	cache, err := cacheDir()
	if err != nil {
		return "", stop, err
	}
	dir, err := os.MkdirTemp("", dirPrefix)
	if err != nil {
		return "", stop, err
	}
	// The user that runs Postgres for root passes through.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", stop, errors.Join(err, os.RemoveAll(dir))
	}
	server, err := embedded.Start(ctx, embedded.Config{
		DataDir:  dir,
		Binaries: cache,
		Volatile: true,
		Log:      slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		return "", stop, errors.Join(err, os.RemoveAll(dir))
	}
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		return errors.Join(server.Stop(ctx), os.RemoveAll(dir))
	}
	return server.URL(), stop, nil
}

// cacheDir is the folder where test processes share the extracted programs.
// Nobody else may write in it, and the user that runs Postgres can reach it.
func cacheDir() (string, error) {
	candidates := []string{filepath.Join(os.TempDir(), fmt.Sprintf("foyer-postgres-%d", os.Geteuid()))}
	if os.Geteuid() == 0 {
		// Root's own cache is closed to others.
		candidates = append([]string{"/var/cache/foyer-postgres"}, candidates...)
	} else if own, err := os.UserCacheDir(); err == nil {
		candidates = append([]string{filepath.Join(own, "foyer-postgres")}, candidates...)
	}
	var errs []error
	for _, dir := range candidates {
		err := os.MkdirAll(dir, 0o755)
		if err == nil {
			err = checkOwn(dir)
		}
		if err == nil {
			return dir, nil
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("find a folder for the programs: %w", errors.Join(errs...))
}

// checkOwn makes sure that only this user can put programs into dir.
func checkOwn(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner := int(info.Sys().(*syscall.Stat_t).Uid)
	if !info.IsDir() || owner != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s is not a directory that only its owner, this user, can write", dir)
	}
	return nil
}

// removeAbandoned removes the directories of test processes that were killed.
// Those of living ones are locked. It does what it can: what it leaves, the
// next process may remove.
func removeAbandoned(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, dirPrefix+"*")) // the pattern is sound
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || time.Since(info.ModTime()) < 10*time.Minute {
			continue // too young to tell from one that is being made
		}
		if int(info.Sys().(*syscall.Stat_t).Uid) != os.Geteuid() {
			continue
		}
		lock, err := os.Open(filepath.Join(dir, "postgres", "lock"))
		if err == nil {
			err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
			lock.Close()
		} else if errors.Is(err, os.ErrNotExist) {
			err = nil
		}
		if err == nil {
			_ = os.RemoveAll(dir)
		}
	}
}
