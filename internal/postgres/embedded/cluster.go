package embedded

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// checkCluster makes sure that the database cluster, if there is one, is of
// this major version.
func (h *home) checkCluster(major string) error {
	info, err := h.root.Stat(dataName)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return explain(err, "look at the database", h.dir)
	}
	path := h.path(dataName)
	if !info.IsDir() {
		return notDirectory(path, nil)
	}
	version, err := h.root.ReadFile(filepath.Join(dataName, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return problem(ErrVersion, err, "%s holds no Postgres database: move it away, or set FOYER_DATA_DIR to another directory", path)
	}
	if err != nil {
		return explain(err, "look at the database", h.dir)
	}
	if has := strings.TrimSpace(string(version)); has != major {
		return problem(ErrVersion, nil, "%s holds a database of Postgres %s, and this Foyer carries Postgres %s: use the Foyer that made it, or convert it with pg_upgrade", path, has, major)
	}
	return nil
}

// makeCluster makes the database cluster if there is none.
func (h *home) makeCluster(ctx context.Context, bin string, cfg Config) error {
	if _, err := h.root.Stat(dataName); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	temp := newPrefix + rand.Text()
	err := makeDir(h.root, temp, 0o700)
	if err == nil && h.runner.other {
		err = h.root.Lchown(temp, h.runner.uid, h.runner.gid)
	}
	if err != nil {
		return explain(err, "make the database", h.dir)
	}
	if err := h.initCluster(ctx, bin, h.path(temp), cfg); err != nil {
		return errors.Join(err, h.root.RemoveAll(temp))
	}
	if err := h.root.Rename(temp, dataName); err != nil {
		return explain(err, "make the database", h.dir)
	}
	if cfg.Volatile {
		return nil
	}
	return explain(syncDir(h.root), "make the database", h.dir)
}

// syncDir has the names in dir written to the disk.
func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// initCluster makes a cluster with the superuser and the database foyer in
// the empty directory at path.
func (h *home) initCluster(ctx context.Context, bin, path string, cfg Config) error {
	args := []string{
		"-D", path,
		"--username=foyer",
		"--encoding=UTF8",
		"--locale=C",
		"--locale-provider=builtin", "--builtin-locale=C.UTF-8",
		// Who may reach the socket is decided by the mode of its folder.
		"--auth-local=trust", "--auth-host=reject",
		"--data-checksums",
		"--no-instructions",
	}
	single := []string{"--single", "-D", path, "-c", "exit_on_error=on", "-c", "log_checkpoints=off"}
	if cfg.Volatile {
		args = append(args, "--no-sync")
		single = append(single, "-c", "fsync=off")
	}
	cfg.Log.Info("making the database", "dir", filepath.Dir(path), "user", h.runner.name)
	err := h.run(ctx, command{
		path: filepath.Join(bin, "bin", "initdb"),
		args: args,
		dir:  path,
		log:  cfg.Log,
	})
	if err != nil {
		return err
	}
	return h.run(ctx, command{
		path:  filepath.Join(bin, "bin", "postgres"),
		args:  append(single, "template1"),
		dir:   path,
		log:   cfg.Log,
		stdin: "CREATE DATABASE foyer;\n",
	})
}

// run runs a program to its end.
func (h *home) run(ctx context.Context, c command) error {
	p, err := h.spawn(c)
	if err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		p.kill()
		<-p.done
		return ctx.Err()
	}
}
