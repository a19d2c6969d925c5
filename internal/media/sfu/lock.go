package sfu

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ErrInUse is wrapped by what Start and Hold return when another process has
// the state directory.
var ErrInUse = errors.New("in use by another process")

// lock takes an exclusive lock on a file of dir, making the file if need be,
// and writes this process's id into it. The kernel gives the lock back when the
// process ends, however it ends, so a lock that is held proves that its holder
// lives.
func lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			err = ErrInUse
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	err = f.Truncate(0)
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}

// lockSoon is lock, which waits a moment for a lock that is only being looked at.
func lockSoon(path string) (*os.File, error) {
	deadline := time.Now().Add(time.Second)
	for {
		f, err := lock(path)
		if err == nil || !errors.Is(err, ErrInUse) || time.Now().After(deadline) {
			return f, err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// heldByThis keeps what Hold locked from being closed as garbage.
var heldByThis []*os.File

// Hold marks dir as used by this process, the media server, until it ends. It
// waits a moment for a lock that is only being looked at. One goroutine may call
// it at a time.
func Hold(dir string) error {
	f, err := lockSoon(filepath.Join(dir, childLock))
	if err == nil {
		heldByThis = append(heldByThis, f)
	}
	return err
}

// Running reports whether a media server has the state directory dir, or a Foyer
// that keeps one running: while that starts one anew there is none.
func Running(dir string) bool {
	return held(filepath.Join(dir, childLock)) || held(filepath.Join(dir, ownerLock))
}

// held reports whether a living process holds the lock at path.
func held(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB), syscall.EWOULDBLOCK)
}

// holder returns the process that holds the child's lock in dir, or nil if none
// does. The process is opened before the lock is looked at, so that it cannot
// be another that was given the same id since.
func holder(dir string) *os.Process {
	path := filepath.Join(dir, childLock)
	data, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || pid <= 1 {
		return nil
	}
	process, err := os.FindProcess(pid)
	if err != nil || !held(path) {
		return nil
	}
	return process
}
