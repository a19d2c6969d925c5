package archive_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"foyer/internal/account"
	"foyer/internal/account/archive"
	"foyer/internal/postgres/postgrestest"
)

func someUser() account.UserID { return account.UserID(uuid.NewString()) }

// A document that is made keeps no connection while nobody reads it, nor a name in
// the folder; until it is closed, its person gets no other one.
func TestWhoDoesNotReadKeepsNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	dir := filepath.Join(t.TempDir(), "data") // not there yet
	store, ana := archive.NewStore(pool, dir), someUser()
	d, err := store.Make(t.Context(), ana)
	if err != nil {
		t.Fatal(err)
	}
	if n := pool.Stat().AcquiredConns(); n != 0 {
		t.Errorf("%d connections are kept", n)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 0 {
		t.Errorf("in the folder: %v, %v", names, err)
	}
	if _, err := store.Make(t.Context(), ana); !errors.Is(err, archive.ErrBusy) {
		t.Errorf("a second one: %v", err)
	}
	made(t, store, someUser())
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	made(t, store, ana)
}

// Of the connections to the database, documents that are being made keep few; who
// is refused, or whose document fails, can have one later.
func TestFewAtOnce(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := archive.NewStore(pool, t.TempDir())
	holds, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer holds.Rollback(context.Background())
	if _, err := holds.Exec(t.Context(), `lock table users in access exclusive mode`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	results := make(chan error, 5)
	for range cap(results) {
		go func() {
			d, err := store.Make(ctx, someUser())
			if err == nil {
				err = d.Close()
			}
			results <- err
		}()
	}
	for range cap(results) - 2 {
		if err := <-results; !errors.Is(err, archive.ErrBusy) {
			t.Errorf("one too many: %v", err)
		}
	}
	if err := holds.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	ana := someUser()
	cancel()
	if _, err := store.Make(ctx, ana); !errors.Is(err, context.Canceled) {
		t.Errorf("for somebody who has gone: %v", err)
	}
	made(t, store, ana)
}
