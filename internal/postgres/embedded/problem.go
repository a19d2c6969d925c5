package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// The kinds of Problem that Start reports.
var (
	ErrInUse        = errors.New("data directory in use")
	ErrUnreachable  = errors.New("data directory out of reach of the user that runs Postgres")
	ErrOwner        = errors.New("data directory belongs to another user")
	ErrNotDirectory = errors.New("data directory is no directory")
	ErrReadOnly     = errors.New("data directory cannot be written")
	ErrNoSpace      = errors.New("no space left")
	ErrVersion      = errors.New("data directory of another PostgreSQL version")
	ErrCannotRun    = errors.New("the packed Postgres does not run on this machine")
)

// ErrNotRunning is returned by Running.
var ErrNotRunning = errors.New("no Foyer runs on this data directory")

// Problem is an error that a person can act upon.
type Problem struct {
	Kind  error  // one of the errors above
	Msg   string // one line: what is wrong, and what to do
	Cause error  // may be nil
}

// Error returns Msg.
func (p *Problem) Error() string { return p.Msg }

// Unwrap makes errors.Is find the kind and the cause.
func (p *Problem) Unwrap() []error {
	if p.Cause == nil {
		return []error{p.Kind}
	}
	return []error{p.Kind, p.Cause}
}

func problem(kind, cause error, format string, args ...any) error {
	return &Problem{Kind: kind, Msg: fmt.Sprintf(format, args...), Cause: cause}
}

// explain turns what the operating system says about the directory into a
// Problem where a person can act upon it, and adds op to any other error.
func explain(err error, op, dir string) error {
	var known *Problem
	switch {
	case err == nil || errors.As(err, &known):
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		return noSpace(dir, err)
	case errors.Is(err, syscall.EFBIG):
		return problem(ErrNoSpace, err, "a limit on the size of files keeps the database in %s from being written: raise it (ulimit -f) and start again", dir)
	case errors.Is(err, syscall.EROFS):
		return problem(ErrReadOnly, err, "%s is on a read-only file system: make it writable, or set FOYER_DATA_DIR to a directory that is", dir)
	case errors.Is(err, fs.ErrPermission):
		return problem(ErrReadOnly, err, "Foyer may not write in %s: change its permissions, or set FOYER_DATA_DIR to a directory of its own", dir)
	case errors.Is(err, syscall.ENOTDIR):
		return notDirectory(dir, err)
	}
	return fmt.Errorf("%s: %w", op, err)
}

func noSpace(dir string, cause error) error {
	return problem(ErrNoSpace, cause, "no space is left on the disk that holds %s: free some (a new database takes 120 MB) and start again", dir)
}

func notDirectory(dir string, cause error) error {
	return problem(ErrNotDirectory, cause, "%s is not a directory: set FOYER_DATA_DIR to one, or to a name that does not exist yet", dir)
}

// failed is the error for a program that ended when it should not have. Line
// is the last meaningful line that it wrote.
func failed(op, line, dir string, cause error) error {
	switch {
	case strings.Contains(line, "shared memory"):
		// Its "no space left" is about memory, not about the directory.
	case strings.Contains(line, "No space left on device"), strings.Contains(line, "Disk quota exceeded"):
		return noSpace(dir, fmt.Errorf("%s: %s", op, line))
	case strings.Contains(line, "File too large"):
		return explain(fmt.Errorf("%s: %w", line, syscall.EFBIG), op, dir)
	case strings.Contains(line, "Read-only file system"):
		return explain(fmt.Errorf("%s: %w", line, syscall.EROFS), op, dir)
	case strings.Contains(line, "error while loading shared libraries"), strings.Contains(line, "Library not loaded"):
		return problem(ErrCannotRun, cause, "the packed Postgres lacks a library on this machine (%s): install it, or set DATABASE_URL to use another server", line)
	}
	if line == "" {
		return fmt.Errorf("%s: %w", op, cause)
	}
	return fmt.Errorf("%s: %s (%w)", op, line, cause)
}
