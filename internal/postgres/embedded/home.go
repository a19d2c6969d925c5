package embedded

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The names in the data directory.
const (
	homeName     = "postgres"
	lockName     = "lock"
	binariesName = "binaries"
	dataName     = "data"
	runName      = "run"
	newPrefix    = "new-" // of what is not complete yet
)

// How long and how often to try for a lock that somebody holds.
const (
	lockPatience = 30 * time.Second
	lockPoll     = 20 * time.Millisecond
)

// home is the folder in the data directory that the server keeps to, with the
// lock on it. Files are reached through root, so that a Foyer that runs as
// root cannot be led elsewhere by a link that somebody else planted.
type home struct {
	dir    string // absolute, without links
	root   *os.Root
	lock   *os.File
	runner runner
	keeper owner    // of what Foyer itself makes here
	made   []string // directories that openHome made, outermost first
	swept  bool     // nothing of an earlier Foyer runs here any more
}

// openHome makes the folder in dataDir if need be and locks it.
func openHome(ctx context.Context, dataDir string) (*home, error) {
	path, err := realPath(filepath.Join(dataDir, homeName))
	if err != nil {
		return nil, explain(err, "find the data directory", dataDir)
	}
	h := &home{dir: path}
	if h.runner, err = chooseRunner(h.dir); err != nil {
		return nil, err
	}
	if err := h.checkReach(); err != nil {
		return nil, err
	}
	if err := h.makeDirs(); err != nil {
		return nil, errors.Join(explain(err, "make the data directory", dataDir), h.unmake())
	}
	if h.root, err = os.OpenRoot(h.dir); err != nil {
		return nil, errors.Join(explain(err, "open the data directory", dataDir), h.unmake())
	}
	info, err := h.root.Stat(".")
	if err == nil {
		h.keeper = ownerOf(info)
		h.lock, err = lockHome(ctx, h.root)
	}
	if err != nil {
		h.closeRoot()
		return nil, errors.Join(explain(err, "lock the data directory", dataDir), h.unmake())
	}
	if err = writePID(h.lock); err == nil {
		err = h.give(lockName)
	}
	if err != nil {
		return nil, errors.Join(explain(err, "lock the data directory", dataDir), h.abandon())
	}
	return h, nil
}

// realPath returns path absolute and without symbolic links, whether or not
// it exists yet.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	rest := ""
	for {
		real, err := filepath.EvalSymlinks(abs)
		if err == nil {
			return filepath.Join(real, rest), nil
		}
		if !errors.Is(err, os.ErrNotExist) || abs == filepath.Dir(abs) {
			return "", err
		}
		rest = filepath.Join(filepath.Base(abs), rest)
		abs = filepath.Dir(abs)
	}
}

// makeDirs makes the folder and the directories that lead to it.
func (h *home) makeDirs() error {
	var missing []string
	for dir := h.dir; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return notDirectory(dir, nil)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, os.ErrNotExist) {
			return err
		}
		missing = append(missing, dir)
	}
	mode := os.FileMode(0o700)
	if h.runner.other {
		mode = 0o711 // the user that runs Postgres passes through
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := os.Mkdir(missing[i], mode); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		} else if err != nil {
			continue
		}
		h.made = append(h.made, missing[i])
		if err := os.Chmod(missing[i], mode); err != nil { // whatever the umask is
			return err
		}
	}
	return nil
}

// lockHome takes the lock, which the kernel releases when this process ends
// however it ends. Child processes do not inherit it.
func lockHome(ctx context.Context, root *os.Root) (*os.File, error) {
	for {
		f, err := root.OpenFile(lockName, os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		err = claim(ctx, f, filepath.Dir(root.Name()))
		if err != nil {
			f.Close()
			return nil, err
		}
		// A start that failed removes the directory it had made, and the lock
		// in it: hold the one that others will find.
		held, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, err
		}
		found, err := root.Stat(lockName)
		if err == nil && os.SameFile(held, found) {
			return f, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
}

// claim takes the lock on f. A child that a killed Foyer was about to start
// holds it until it has become another program, so claim is patient, above all
// when the process that the lock names is gone.
func claim(ctx context.Context, f *os.File, dir string) error {
	began := time.Now()
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for !tryLock(f) {
		pid, living := lockHolder(f)
		if waited := time.Since(began); waited > lockPatience || living && waited > 10*lockPoll {
			return problem(ErrInUse, nil, "another Foyer (process %s) is running on %s: stop it, or set FOYER_DATA_DIR to another directory", pid, dir)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// tryLock reports whether it got the lock on f.
func tryLock(f *os.File) bool {
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err == nil
		}
	}
}

// waitLock opens and locks the file, waiting for others to release it.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(lockPoll)
	defer tick.Stop()
	for !tryLock(f) {
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
	return f, nil
}

func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// lockHolder reads the process id from a lock, and tells whether there is
// such a process: the holder may not have written its own yet.
func lockHolder(f *os.File) (string, bool) {
	content := make([]byte, 32)
	n, _ := f.ReadAt(content, 0) // what cannot be read is unknown
	pid, err := strconv.Atoi(strings.TrimSpace(string(content[:n])))
	if err != nil {
		return "unknown", false
	}
	return strconv.Itoa(pid), alive(pid)
}

// alive reports whether there is a process of that id.
func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// path returns the absolute path of a name in the folder.
func (h *home) path(name string) string {
	return filepath.Join(h.dir, name)
}

// give makes the owner of the folder the owner of name in it, so that a Foyer
// that was once run as root does not lock out the one that usually runs.
func (h *home) give(name string) error {
	if !h.runner.other || h.keeper.uid == 0 {
		return nil
	}
	return h.root.Lchown(name, h.keeper.uid, h.keeper.gid)
}

// sweep removes what a Foyer that was killed had not completed.
func (h *home) sweep() error {
	h.swept = true
	for _, dir := range []string{".", binariesName} {
		if err := removeNew(h.root, dir); err != nil {
			return explain(err, "remove an unfinished installation", h.dir)
		}
	}
	return explain(h.removeSocketDir(), "remove the old socket", h.dir)
}

// removeNew removes everything in dir that has the prefix of the unfinished.
func removeNew(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	names, err := f.Readdirnames(-1)
	f.Close()
	if err != nil {
		return err
	}
	for _, name := range names {
		if !strings.HasPrefix(name, newPrefix) {
			continue
		}
		if err := removeBusy(root, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// removeBusy removes a folder in which programs of a killed Foyer may still
// write. They are about to end.
func removeBusy(root *os.Root, name string) error {
	began := time.Now()
	for {
		err := root.RemoveAll(name)
		if !errors.Is(err, syscall.ENOTEMPTY) || time.Since(began) > fastPatience {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// close gives up the lock.
func (h *home) close() error {
	err := h.lock.Truncate(0)
	err = errors.Join(err, h.lock.Close())
	h.closeRoot()
	if err != nil {
		return fmt.Errorf("unlock the data directory: %w", err)
	}
	return nil
}

func (h *home) closeRoot() {
	h.root.Close() // nothing is written through it
}

// abandon undoes what a start that failed has done: all of it if there was
// nothing before, and what is incomplete otherwise.
func (h *home) abandon() error {
	var err error
	if h.swept {
		err = h.sweep()
	}
	_, statErr := h.root.Stat(dataName)
	if errors.Is(statErr, os.ErrNotExist) {
		if len(h.made) > 0 {
			err = errors.Join(err, h.root.RemoveAll(binariesName), h.root.Remove(lockName))
		}
		err = errors.Join(err, h.unmake())
	}
	return errors.Join(err, h.close())
}

// unmake removes the directories that openHome made, if they are empty.
func (h *home) unmake() error {
	for i := len(h.made) - 1; i >= 0; i-- {
		err := os.Remove(h.made[i])
		if err != nil && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}
