package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Dir is a folder that keeps each name's bytes as a file of it.
type Dir struct{ root *os.Root }

// unfinished is how the names of files begin that are being written. No name of
// a blob begins so.
const unfinished = "_"

// OpenDir returns a store in a folder, which it makes if it has to. What a
// program that was killed left unfinished there, it removes once it is old.
func OpenDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("folder of files: %w", err)
	}
	d := &Dir{root}
	if err := d.tidy(); err != nil {
		return nil, fmt.Errorf("folder of files: %w", errors.Join(err, root.Close()))
	}
	return d, nil
}

// Close ends the use of the folder.
func (d *Dir) Close() error { return d.root.Close() }

func (d *Dir) tidy() error {
	const old = 24 * time.Hour // others may be writing to the folder just now
	entries, err := fs.ReadDir(d.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if !strings.HasPrefix(entry.Name(), unfinished) {
			continue
		}
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > old {
			err = d.root.Remove(entry.Name())
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// Put implements Store. The bytes are on the disk before it returns.
func (d *Dir) Put(ctx context.Context, name string, from io.Reader, size int64) error {
	if err := checkName(name); err != nil {
		return err
	}
	draft := unfinished + name + "-" + rand.Text()
	file, err := d.root.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	_, err = io.Copy(file, &counted{from: &untilDone{ctx, from}, left: size})
	if err == nil {
		err = file.Sync()
	}
	err = errors.Join(err, file.Close())
	if err == nil {
		err = d.root.Rename(draft, name)
	}
	if err != nil {
		return fmt.Errorf("keep file: %w", errors.Join(err, d.root.Remove(draft)))
	}
	return d.syncFolder()
}

// syncFolder makes that a file has a name outlive a crash of the machine.
func (d *Dir) syncFolder() error {
	folder, err := d.root.Open(".")
	if err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	if err := errors.Join(folder.Sync(), folder.Close()); err != nil {
		return fmt.Errorf("keep file: %w", err)
	}
	return nil
}

// Open implements Store.
func (d *Dir) Open(_ context.Context, name string) (io.ReadSeekCloser, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	file, err := d.root.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	return file, nil
}

// Remove implements Store.
func (d *Dir) Remove(_ context.Context, name string) error {
	if err := checkName(name); err != nil {
		return err
	}
	if err := d.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove file: %w", err)
	}
	return nil
}

// untilDone reads until its context is done.
type untilDone struct {
	ctx  context.Context
	from io.Reader
}

func (r *untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
