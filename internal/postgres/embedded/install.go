package embedded

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"foyer/internal/postgres/binaries"
)

// programs returns the folder of the extracted programs, extracting them if
// they are not there, and removes those of other Foyer versions.
func (h *home) programs(ctx context.Context, cfg Config, m binaries.Manifest) (string, error) {
	name := m.SHA256[:16]
	if cfg.Binaries != "" {
		return filepath.Join(cfg.Binaries, name), installShared(ctx, cfg.Binaries, name, m)
	}
	err := h.root.Mkdir(binariesName, 0o755)
	if errors.Is(err, os.ErrExist) {
		err = nil
	}
	if err == nil {
		err = h.root.Chmod(binariesName, 0o755) // whatever the umask is
	}
	if err == nil {
		err = h.give(binariesName)
	}
	if err != nil {
		return "", explain(err, "install postgres", h.dir)
	}
	dir, err := h.root.OpenRoot(binariesName)
	if err != nil {
		return "", explain(err, "install postgres", h.dir)
	}
	defer dir.Close()
	if err := install(ctx, dir, name, m, !cfg.Volatile); err != nil {
		return "", explain(err, "install postgres", h.dir)
	}
	if err := h.giveTree(filepath.Join(binariesName, name)); err != nil {
		return "", explain(err, "install postgres", h.dir)
	}
	if err := removeOthers(dir, name); err != nil {
		return "", explain(err, "remove an older postgres", h.dir)
	}
	return h.path(filepath.Join(binariesName, name)), nil
}

// installShared extracts the programs into a folder that other servers use at
// the same time.
func installShared(ctx context.Context, path, name string, m binaries.Manifest) error {
	lock, err := waitLock(ctx, filepath.Join(path, lockName))
	if err != nil {
		return explain(err, "install postgres", path)
	}
	defer lock.Close()
	dir, err := os.OpenRoot(path)
	if err != nil {
		return explain(err, "install postgres", path)
	}
	defer dir.Close()
	if err := removeNew(dir, "."); err != nil {
		return explain(err, "install postgres", path)
	}
	return explain(install(ctx, dir, name, m, true), "install postgres", path)
}

// giveTree is give for a folder and everything in it.
func (h *home) giveTree(name string) error {
	if !h.runner.other || h.keeper.uid == 0 {
		return nil
	}
	if info, err := h.root.Lstat(name); err != nil || ownerOf(info) == h.keeper {
		return err
	}
	return fs.WalkDir(h.root.FS(), filepath.ToSlash(name), func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return h.give(name)
	})
}

// removeOthers removes everything in dir but name.
func removeOthers(dir *os.Root, name string) error {
	entries, err := fs.ReadDir(dir.FS(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() == name {
			continue
		}
		if err := dir.RemoveAll(e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// install extracts the programs into dir/name unless they are there; lasting,
// so that they survive a crash of the machine. The caller holds a lock.
func install(ctx context.Context, dir *os.Root, name string, m binaries.Manifest, lasting bool) error {
	if _, err := dir.Stat(name); err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	temp := newPrefix + rand.Text()
	if err := makeDir(dir, temp, 0o755); err != nil {
		return err
	}
	sub, err := dir.OpenRoot(temp)
	if err != nil {
		return err
	}
	err = extract(ctx, sub, m)
	if err == nil && lasting {
		// Before the name: else there could be the name without the content.
		err = syncTree(sub)
	}
	sub.Close()
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, dir.RemoveAll(temp))
	}
	return nil
}

// extract writes the packed programs into dir and checks that they are the
// ones that m describes.
func extract(ctx context.Context, dir *os.Root, m binaries.Manifest) error {
	archive, err := binaries.Open()
	if err != nil {
		return err
	}
	defer archive.Close()
	sum := sha256.New()
	content := io.TeeReader(archive, sum)
	tr := tar.NewReader(content)
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = extractEntry(dir, h, tr)
		}
		if err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, content); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != m.SHA256 {
		return fmt.Errorf("the packed Postgres is damaged: its hash is %s instead of %s", got, m.SHA256)
	}
	return nil
}

func extractEntry(dir *os.Root, h *tar.Header, content io.Reader) error {
	name := strings.TrimSuffix(h.Name, "/")
	mode := h.FileInfo().Mode().Perm()
	switch h.Typeflag {
	case tar.TypeDir:
		return makeDir(dir, name, mode)
	case tar.TypeSymlink:
		return dir.Symlink(h.Linkname, name)
	}
	f, err := dir.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	if err == nil {
		err = f.Chmod(mode) // whatever the umask is
	}
	return errors.Join(err, f.Close())
}

// makeDir makes a directory of that mode, whatever the umask is.
func makeDir(dir *os.Root, name string, mode os.FileMode) error {
	if err := dir.Mkdir(name, mode); err != nil {
		return err
	}
	return dir.Chmod(name, mode)
}
