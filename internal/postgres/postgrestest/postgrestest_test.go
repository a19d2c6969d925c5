package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { Main(m) }

func TestDatabasesAreSeparate(t *testing.T) {
	t.Parallel()
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			pool := New(t)
			if _, err := pool.Exec(ctx, "CREATE TABLE only_here (id int PRIMARY KEY)"); err != nil {
				t.Fatal(err)
			}
			var version int
			if err := pool.QueryRow(ctx, "SELECT version FROM schema_version").Scan(&version); err != nil {
				t.Fatal(err)
			}
			if version < 1 {
				t.Errorf("got schema version %d, want a migrated database", version)
			}
		})
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("uses it", func(t *testing.T) {
		pool := New(t)
		if err := pool.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	var exists bool
	err := shared.admin.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil {
		t.Fatal(err)
	}
	if name == "" || exists {
		t.Errorf("database %q is there after its test", name)
	}
}

// A database is copied when those who are connected to it have gone, however much
// longer they stay than Postgres waits for.
func TestWaitsForWhoIsConnected(t *testing.T) {
	t.Parallel()
	stays, err := pgx.Connect(t.Context(), URL(t))
	if err != nil {
		t.Fatal(err)
	}
	defer stays.Close(context.Background()) //nolint:errcheck // nothing is lost with it
	s := &instance{admin: shared.admin, template: stays.Config().Database}
	made, failed := make(chan string, 1), make(chan error, 1)
	go func() {
		name, err := s.create()
		if err != nil {
			failed <- err
			return
		}
		made <- name
	}()
	attempts := make(map[time.Time]bool)
	for ; len(attempts) < 2; time.Sleep(20 * time.Millisecond) {
		select {
		case err := <-failed:
			t.Fatal(err)
		case <-made:
			t.Fatal("copied while somebody is connected")
		default:
		}
		var began time.Time
		err := s.admin.QueryRow(t.Context(), `
			select query_start from pg_stat_activity where query like 'CREATE DATABASE % TEMPLATE ' || $1`, s.template).Scan(&began)
		if err == nil {
			attempts[began] = true
		} else if !errors.Is(err, pgx.ErrNoRows) {
			t.Fatal(err)
		}
	}
	if err := stays.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-failed:
		t.Fatal(err)
	case name := <-made:
		if err := s.drop(name); err != nil {
			t.Error(err)
		}
	}
}

// TestAnotherServer lets an instance use a server that was started elsewhere.
func TestAnotherServer(t *testing.T) {
	address := URL(t)
	t.Setenv("FOYER_TEST_DATABASE_URL", address)
	s := &instance{usable: true}
	if err := s.open(); err != nil {
		t.Fatal(err)
	}
	name, err := s.create()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.drop(name); err != nil {
		t.Error(err)
	}
	if err := s.close(); err != nil {
		t.Error(err)
	}
	var exists bool
	if err := shared.admin.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", s.template).Scan(&exists); err != nil {
		t.Fatal(err)
	}
	if exists {
		t.Error("the template is there after close")
	}
}

func TestMainIsNeeded(t *testing.T) {
	t.Parallel()
	if err := new(instance).open(); err == nil {
		t.Error("a server would be started that nobody stops")
	}
}

func TestRemoveAbandoned(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	long := time.Now().Add(-time.Hour)
	lock := func(name string) *os.File {
		t.Helper()
		home := filepath.Join(parent, name, "postgres")
		if err := os.MkdirAll(home, 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(home, "lock"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if err := os.Chtimes(filepath.Join(parent, name), long, long); err != nil {
			t.Fatal(err)
		}
		return f
	}
	living := lock(dirPrefix + "living")
	if err := syscall.Flock(int(living.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	lock(dirPrefix + "killed")
	lock("of-somebody-else")
	lock(dirPrefix + "new")
	if err := os.Chtimes(filepath.Join(parent, dirPrefix+"new"), time.Time{}, time.Now()); err != nil {
		t.Fatal(err)
	}

	removeAbandoned(parent)

	for name, want := range map[string]bool{
		dirPrefix + "living": true,
		dirPrefix + "new":    true,
		dirPrefix + "killed": false,
		"of-somebody-else":   true,
	} {
		_, err := os.Stat(filepath.Join(parent, name))
		if got := !errors.Is(err, os.ErrNotExist); got != want {
			t.Errorf("%s: is there: %t, want %t", name, got, want)
		}
	}
}
