package sfu

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// leaseRenewal is how often the supervisor renews the child's lease.
	leaseRenewal = 5 * time.Second
	// leaseTerm is how long the child lives on without a renewal: long enough
	// for Foyer to be restarted, so that calls outlast it.
	leaseTerm = 60 * time.Second
)

// renew renews the lease. A disk that is full is no obstacle while the callback
// URL stays the same: the calls of a media server that runs need no room on it.
func renew(dir, callbackURL string) error {
	path := filepath.Join(dir, leaseFile)
	if before, err := os.ReadFile(path); err != nil || string(before) != callbackURL {
		return replace(path, []byte(callbackURL))
	}
	now := time.Now()
	return os.Chtimes(path, now, now)
}

// CallbackURL returns where the supervisor of dir wants callbacks now. It
// changes when another Foyer adopts the child.
func CallbackURL(dir string) (string, error) {
	data, err := os.ReadFile(filepath.Join(dir, leaseFile))
	return string(data), err
}

// ErrLeaseEnded is returned by WaitLease when the supervisor is gone.
var ErrLeaseEnded = errors.New("sfu: no supervisor has renewed the lease")

// WaitLease blocks until nobody has renewed the lease in dir for a minute, or
// until dir is gone, and then returns ErrLeaseEnded. It returns nil when ctx is
// done first.
//
// It watches for changes rather than comparing times, so that neither a clock
// that is set nor a machine that was asleep ends a lease.
func WaitLease(ctx context.Context, dir string) error {
	return waitLease(ctx, dir, leaseTerm, time.Second)
}

func waitLease(ctx context.Context, dir string, term, interval time.Duration) error {
	path := filepath.Join(dir, leaseFile)
	var last time.Time
	renewed := time.Now()
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
				return ErrLeaseEnded
			}
		case err == nil && !info.ModTime().Equal(last):
			last, renewed = info.ModTime(), time.Now()
		}
		if time.Since(renewed) > term {
			return ErrLeaseEnded
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}
