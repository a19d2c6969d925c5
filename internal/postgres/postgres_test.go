package postgres_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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

// A server that says nothing any more, as behind a network that lost the
// connection without a word, is left and another connection made.
func TestListenerLeavesADeadConnection(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	connected := make(chan struct{}, 10)
	heard := make(chan string, 100)
	listener := &postgres.Listener{
		Pool: pool, Log: slog.New(slog.DiscardHandler), Check: 200 * time.Millisecond,
		Connected: func() { connected <- struct{}{} },
		Channels:  map[string]func(string){"test": func(payload string) { heard <- payload }},
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { listener.Run(ctx) })
	defer running.Wait()
	defer cancel()
	<-connected
	// Silence for longer than the check is no reason to leave.
	select {
	case <-connected:
		t.Error("left a connection that was only silent")
	case <-time.After(time.Second):
	}
	// hears waits until it hears what is said, which nobody does in the moment between
	// two connections: it is said again.
	hears := func(payload string) {
		t.Helper()
		for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
			if _, err := pool.Exec(t.Context(), `select pg_notify('test', $1)`, payload); err != nil {
				t.Fatal(err)
			}
			for again := time.After(time.Second); again != nil; {
				select {
				case got := <-heard:
					if got == payload {
						return
					}
				case <-again:
					again = nil
				}
			}
		}
		t.Fatalf("%q is not heard", payload)
	}
	hears("one")
	left := false
	for deadline := time.Now().Add(3 * time.Minute); !left; {
		if time.Now().After(deadline) {
			t.Fatal("still waiting for a server that is stopped")
		}
		for len(connected) > 0 {
			<-connected
		}
		var pid int
		err := pool.QueryRow(t.Context(), `
			select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
			order by backend_start desc limit 1`).Scan(&pid)
		if err != nil {
			t.Fatal(err)
		}
		if syscall.Kill(pid, syscall.SIGSTOP) != nil {
			continue // it has just been left for another, as a busy machine's may be
		}
		select {
		case <-connected:
			left = true
		case <-time.After(30 * time.Second):
		}
		_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
	}
	hears("two")
}
