// Package postgrestest gives each test a database of its own, with the schema
// of the day, on a real PostgreSQL server.
//
// The server is the one that Foyer carries, started when the first test asks
// for a database; FOYER_TEST_DATABASE_URL names another one to use instead, by
// a URL whose user may create databases. A package's TestMain calls Main:
//
//	func TestMain(m *testing.M) { postgrestest.Main(m) }
package postgrestest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/postgres"
)

// patience is how long any one step may take on a machine that is busy with
// other packages' tests.
const patience = 2 * time.Minute

// Main runs the tests, stops the server and ends the process.
func Main(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) (code int) {
	shared.usable = true
	defer func() {
		if err := shared.close(); err != nil {
			fmt.Fprintln(os.Stderr, "postgrestest:", err)
			code = max(code, 1)
		}
	}()
	return m.Run()
}

// New returns a pool of connections to a fresh, migrated database, which is
// dropped when the test ends.
func New(t testing.TB) *pgxpool.Pool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	pool, err := postgres.Open(ctx, URL(t))
	if err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// URL returns the address of a fresh, migrated database, which is dropped
// when the test ends, whoever is still connected.
func URL(t testing.TB) string {
	t.Helper()
	if err := shared.open(); err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	name, err := shared.create()
	if err != nil {
		t.Fatalf("postgrestest: %v", err)
	}
	t.Cleanup(func() {
		if err := shared.drop(name); err != nil {
			t.Errorf("postgrestest: %v", err)
		}
	})
	return shared.address(name)
}

// shared is the server of this test process. Its databases are as separate as
// servers of their own would be, and made a hundred times faster.
var shared instance

// instance is a server with a migrated database to copy.
type instance struct {
	usable bool // Main will close it

	once     sync.Once
	err      error
	base     *url.URL // of any database on the server
	admin    *pgxpool.Pool
	template string
	stop     func() error // ends the server, if it was started here
}

// open makes the server ready, the first time it is called.
func (s *instance) open() error {
	if !s.usable {
		return errors.New("call postgrestest.Main from this package's TestMain")
	}
	s.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		s.err = s.prepare(ctx)
	})
	return s.err
}

func (s *instance) prepare(ctx context.Context) error {
	address := os.Getenv("FOYER_TEST_DATABASE_URL")
	s.stop = func() error { return nil }
	if address == "" {
		var err error
		if address, s.stop, err = startServer(ctx); err != nil {
			return err
		}
	}
	var err error
	if s.base, err = url.Parse(address); err != nil || s.base.Host == "" && s.base.User == nil {
		return errors.New("FOYER_TEST_DATABASE_URL is not a URL such as postgres://user@host/database")
	}
	if s.admin, err = postgres.Open(ctx, address); err != nil {
		return err
	}
	template := "foyer_template_" + suffix()
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
		return fmt.Errorf("create the template: %w", err)
	}
	s.template = template
	pool, err := postgres.Open(ctx, s.address(template))
	if err != nil {
		return err
	}
	defer pool.Close()
	return postgres.Migrate(ctx, pool)
}

// create makes a database. The name is safe to use in SQL.
func (s *instance) create() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	name := "foyer_test_" + suffix()
	if err := s.execAlone(ctx, "CREATE DATABASE "+name+" TEMPLATE "+s.template); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	return name, nil
}

func (s *instance) drop(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.execAlone(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop a database: %w", err)
	}
	return nil
}

// execAlone executes a statement that nobody else may be connected to a database
// for. Postgres itself waits for five seconds only until those have ended who were
// told to, which a busy machine may not let them do.
func (s *instance) execAlone(ctx context.Context, statement string) error {
	const objectInUse = "55006"
	for {
		_, err := s.admin.Exec(ctx, statement)
		var refused *pgconn.PgError
		if !errors.As(err, &refused) || refused.Code != objectInUse {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// close drops the template and ends the server.
func (s *instance) close() error {
	var errs []error
	if s.template != "" {
		errs = append(errs, s.drop(s.template))
	}
	if s.admin != nil {
		s.admin.Close()
	}
	if s.stop != nil {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}

// address is the URL of another database on the server. A test that holds a lock
// on purpose, or lets many queue for one, is not what a service's limits are for.
func (s *instance) address(name string) string {
	u := *s.base
	u.Path = "/" + name
	query := u.Query()
	query.Set("lock_timeout", "2min")
	query.Set("idle_in_transaction_session_timeout", "10min")
	u.RawQuery = query.Encode()
	return u.String()
}

func suffix() string {
	return strings.ToLower(rand.Text())
}
