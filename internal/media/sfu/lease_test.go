package sfu

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestLease(t *testing.T) {
	t.Parallel()
	const term, interval = 3 * time.Second, 5 * time.Millisecond
	dir := t.TempDir()
	if err := renew(dir, "http://127.0.0.1:1/"); err != nil {
		t.Fatal(err)
	}
	// A clock that is set does not end a lease, nor does it prolong one.
	if err := os.Chtimes(filepath.Join(dir, leaseFile), time.Time{}, time.Now().Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	began := time.Now()
	go func() { ended <- waitLease(t.Context(), dir, term, interval) }()
	for time.Since(began) < 3*term {
		if err := renew(dir, "http://127.0.0.1:2/"); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-ended:
			t.Fatalf("ended after %v, while it was renewed: %v", time.Since(began), err)
		case <-time.After(term / 100):
		}
	}
	if url, err := CallbackURL(dir); err != nil || url != "http://127.0.0.1:2/" {
		t.Errorf("callback URL: %q, %v", url, err)
	}
	// A full disk takes no new file.
	before, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	inode := func() uint64 {
		info, err := os.Stat(filepath.Join(dir, leaseFile))
		if err != nil {
			t.Fatal(err)
		}
		return info.Sys().(*syscall.Stat_t).Ino
	}
	same, last := inode(), time.Now()
	if err := renew(dir, "http://127.0.0.1:2/"); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadDir(dir); err != nil || len(after) != len(before) || inode() != same {
		t.Errorf("renewed with a new file: %v, %v", after, err)
	}
	if err := <-ended; !errors.Is(err, ErrLeaseEnded) {
		t.Errorf("got %v, want ErrLeaseEnded", err)
	}
	if since := time.Since(last); since < term/2 {
		t.Errorf("ended %v after the last renewal, want %v", since, term)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := waitLease(ctx, dir, term, interval); err != nil {
		t.Errorf("told to end: got %v", err)
	}
	if err := waitLease(t.Context(), filepath.Join(dir, "gone"), time.Hour, interval); !errors.Is(err, ErrLeaseEnded) {
		t.Errorf("without a directory: got %v", err)
	}
}
