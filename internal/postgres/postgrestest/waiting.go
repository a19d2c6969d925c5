package postgrestest

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// UntilWaiting returns when a statement in the test's database waits for another
// transaction: one that begins with some words, if they are given.
func UntilWaiting(ctx context.Context, pool *pgxpool.Pool, begins string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for waiting := false; !waiting; time.Sleep(5 * time.Millisecond) {
		err := pool.QueryRow(ctx, `
			select exists (select from pg_stat_activity
				where datname = current_database() and wait_event_type = 'Lock' and ltrim(query, E' \t\n') ilike $1 || '%')`, begins).Scan(&waiting)
		if err != nil {
			return fmt.Errorf("until a statement waits that begins with %q: %w", begins, err)
		}
	}
	return nil
}
