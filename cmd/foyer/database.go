package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/config"
	"foyer/internal/postgres"
	"foyer/internal/postgres/embedded"
)

// database is the open database and, when it is ours, its server.
type database struct {
	pool   *pgxpool.Pool
	server *embedded.Server // nil: somebody else's
}

// openDatabase opens the configured database, starting the embedded one when
// none is, and brings its schema up to date.
func openDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (_ *database, err error) {
	db := &database{}
	url := cfg.DatabaseURL
	if url == "" {
		if db.server, err = embedded.Start(ctx, embedded.Config{DataDir: cfg.DataDir, Log: log}); err != nil {
			return nil, err
		}
		url = db.server.URL()
	}
	if db.pool, err = postgres.Open(ctx, url); err == nil {
		err = postgres.Migrate(ctx, db.pool)
	}
	if err != nil {
		return nil, errors.Join(err, db.close())
	}
	return db, nil
}

// shareDatabase is openDatabase for a command that may run beside the service:
// it uses the embedded server that runs already.
func shareDatabase(ctx context.Context, cfg config.Config, log *slog.Logger) (*database, error) {
	if cfg.DatabaseURL == "" {
		url, err := embedded.Running(cfg.DataDir)
		switch {
		case err == nil:
			cfg.DatabaseURL = url
		case !errors.Is(err, embedded.ErrNotRunning):
			return nil, err
		}
	}
	return openDatabase(ctx, cfg, log)
}

// failed is closed when the embedded server ends by itself; nil, which never is,
// for somebody else's.
func (db *database) failed() <-chan struct{} {
	if db.server == nil {
		return nil
	}
	return db.server.Done()
}

func (db *database) close() error {
	if db.pool != nil {
		db.pool.Close()
	}
	if db.server == nil {
		return nil
	}
	const patience = 20 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return db.server.Stop(ctx)
}

func migrate(ctx context.Context, cfg config.Config, stdout, stderr io.Writer) error {
	db, err := shareDatabase(ctx, cfg, slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "The database is up to date.")
	return db.close()
}
