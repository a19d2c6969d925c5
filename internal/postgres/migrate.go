package postgres

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"foyer/migrations"
)

// Migrate brings the schema up to date. Several programs may call it at once:
// one does the work, the others wait for it.
func Migrate(ctx context.Context, pool *pgxpool.Pool) error {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Release()
	// Waiting for another copy's migration may take longer than a page's lock may.
	if _, err := conn.Exec(ctx, "set lock_timeout = 0"); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "reset lock_timeout") //nolint:errcheck // the connection is reset or dropped
	if _, err := conn.Exec(ctx, "select pg_advisory_lock($1)", migrationLock); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer conn.Exec(context.WithoutCancel(ctx), "select pg_advisory_unlock($1)", migrationLock) //nolint:errcheck // the lock ends with the connection
	if err := migrateOurs(ctx, conn.Conn()); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := migrateRiver(ctx, pool); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	return nil
}

// migrationLock keeps several programs from migrating at once.
const migrationLock = 7_226_301_180_514_449_320 // any number that nobody else uses

func migrateOurs(ctx context.Context, conn *pgx.Conn) error {
	migrator, err := migrate.NewMigrator(ctx, conn, "schema_version")
	if err != nil {
		return err
	}
	if err := migrator.LoadMigrations(fs.FS(migrations.FS)); err != nil {
		return err
	}
	current, err := migrator.GetCurrentVersion(ctx)
	if err != nil {
		return err
	}
	if newest := int32(len(migrator.Migrations)); current > newest {
		return fmt.Errorf("the database has schema %d, this program knows up to %d: use a newer foyer", current, newest)
	}
	return migrator.Migrate(ctx)
}

// migrateRiver brings up River's tables, by River's own steps and not copies of
// them among ours: they cannot all run in one transaction, as each of ours does,
// and the release that needs a new one brings it.
func migrateRiver(ctx context.Context, pool *pgxpool.Pool) error {
	migrator, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}
