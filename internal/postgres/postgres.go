// Package postgres opens the database, brings its schema up to date, runs
// transactions, and translates driver errors once for everybody.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNotFound is returned where a row was asked for by key and there is none.
var ErrNotFound = errors.New("not found")

// Conflict says which constraint a write ran into: that something is there once
// only, or another that the schema names.
type Conflict struct{ Constraint string }

func (c *Conflict) Error() string { return "refused by the constraint " + c.Constraint }

// Querier is what the pool and a transaction have in common.
type Querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Open connects to the database that url names (a connection URL or a
// key=value string) and checks that it answers.
func Open(ctx context.Context, url string) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database address: %w", err)
	}
	config.MaxConns = max(config.MaxConns, 16)
	config.MaxConnIdleTime = 5 * time.Minute
	// Pages and tokens must not wait for ever on one lock.
	setDefault(config.ConnConfig.RuntimeParams, "lock_timeout", "5s")
	setDefault(config.ConnConfig.RuntimeParams, "idle_in_transaction_session_timeout", "30s")
	setDefault(config.ConnConfig.RuntimeParams, "application_name", "foyer")
	// Plans are made once for each connection and kept. Made while a table is
	// almost empty they would read all of it, and go on doing so for a minute
	// after it has filled. Every query of ours has an index.
	setDefault(config.ConnConfig.RuntimeParams, "enable_seqscan", "off")
	setDefault(config.ConnConfig.RuntimeParams, "jit", "off")
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return pool, nil
}

func setDefault(params map[string]string, name, value string) {
	if _, ok := params[name]; !ok {
		params[name] = value
	}
}

// Tx runs do in a transaction: committed when do returns nil, rolled back
// otherwise. Do must make no network call other than to the database.
func Tx(ctx context.Context, pool *pgxpool.Pool, do func(pgx.Tx) error) error {
	return Translate(pgx.BeginFunc(ctx, pool, do))
}

// Codes of Postgres, which names no constraint with others of their class.
const uniqueViolation, integrityViolation = "23505", "23000"

// Translate turns driver errors that callers act upon into ErrNotFound and
// *Conflict, and returns all others as they are.
func Translate(err error) error {
	var refused *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return ErrNotFound
	case errors.As(err, &refused) && (refused.Code == uniqueViolation || refused.Code == integrityViolation):
		return &Conflict{Constraint: refused.ConstraintName}
	}
	return err
}
