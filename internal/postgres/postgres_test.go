package postgres_test

import (
	"bytes"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestMigrateFromSeveralAtOnce(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	if _, err := pool.Exec(t.Context(), `drop schema public cascade; create schema public`); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := postgres.Migrate(t.Context(), pool); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if _, err := pool.Exec(t.Context(), `select id from rooms`); err != nil {
		t.Error(err)
	}
}

// An older program must not work on what a newer one has made.
func TestMigrateRefusesNewerSchema(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	if _, err := pool.Exec(t.Context(), `update schema_version set version = 9999`); err != nil {
		t.Fatal(err)
	}
	if err := postgres.Migrate(t.Context(), pool); err == nil || !strings.Contains(err.Error(), "use a newer foyer") {
		t.Errorf("got %v", err)
	}
}

func TestKeyIsSharedAndKept(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	keys := make([][]byte, 8)
	var group sync.WaitGroup
	for i := range keys {
		group.Go(func() {
			var err error
			if keys[i], err = postgres.Key(t.Context(), pool, "gate"); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, key := range keys {
		if len(key) != 32 || !bytes.Equal(key, keys[0]) {
			t.Errorf("got %x, want the 32 bytes %x", key, keys[0])
		}
	}
	if other, err := postgres.Key(t.Context(), pool, "cookie"); err != nil || bytes.Equal(other, keys[0]) {
		t.Errorf("another name gives the same key: %v", err)
	}
}

func TestTranslate(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	add := func() error {
		return postgres.Tx(t.Context(), pool, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `insert into setup_links (token_hash) values ('x')`)
			return err
		})
	}
	if err := add(); err != nil {
		t.Fatal(err)
	}
	var conflict *postgres.Conflict
	if err := add(); !errors.As(err, &conflict) || conflict.Constraint != "setup_links_pkey" {
		t.Errorf("got %v, want a conflict", err)
	}
	var n int
	err := pool.QueryRow(t.Context(), `select 1 where false`).Scan(&n)
	if err := postgres.Translate(err); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("got %v, want %v", err, postgres.ErrNotFound)
	}
	if postgres.Translate(nil) != nil {
		t.Error("nil is translated into an error")
	}
}
