// Package blob keeps bytes under names: in a folder of this machine (Dir) or in
// an object store that speaks S3's protocol (S3).
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// ErrNone means that there is nothing of that name.
var ErrNone = errors.New("blob: there is none of that name")

// ErrShort means that fewer bytes came than were announced. Nothing is kept then.
var ErrShort = errors.New("blob: fewer bytes than announced")

// Store keeps bytes under names, which are letters, digits and dashes.
type Store interface {
	// Put keeps size bytes of from under a name, in place of those it had. All of
	// them or none: on an error, also ErrShort and from's own, what the name had
	// before stays.
	Put(ctx context.Context, name string, from io.Reader, size int64) error
	// Open reads what a name has. It returns ErrNone.
	Open(ctx context.Context, name string) (io.ReadSeekCloser, error)
	// Remove forgets a name; nil when there is nothing of it.
	Remove(ctx context.Context, name string) error
}

var namePattern = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)

// checkName keeps what is no name from becoming a path.
func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("blob: %q is no name", name)
	}
	return nil
}

// counted reads exactly size bytes, and fails with ErrShort when there are fewer.
type counted struct {
	from   io.Reader
	left   int64
	failed error // what from, or its shortness, said
}

func (c *counted) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.from.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && c.left == 0:
		err = nil // the next call says it
	case errors.Is(err, io.EOF):
		err = ErrShort
	}
	c.failed = err
	return n, err
}
