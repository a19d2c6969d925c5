package health

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/words"
)

// slow is how long the database may take to answer a question about nothing.
const slow = 50 * time.Millisecond

// Database asks the database something, and how full its connections are.
func Database(pool *pgxpool.Pool) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.database")
		began := time.Now()
		var version string
		var used, most int
		err := pool.QueryRow(ctx, `
			select current_setting('server_version'), (select count(*) from pg_stat_activity where backend_type = 'client backend'),
				current_setting('max_connections')::int`).Scan(&version, &used, &most)
		took := time.Since(began)
		switch {
		case err != nil:
			return broken(part, words.Text("health.database_silent", "error", reason(err)), words.Text("health.database_silent_advice"))
		case used*10 >= most*9:
			return notable(part, words.Text("health.database_full", "used", used, "most", most), words.Text("health.database_full_advice"))
		case took > slow:
			return notable(part, words.Text("health.database_slow", "took", int(took.Milliseconds())), words.Text("health.database_slow_advice"))
		}
		return well(part, words.Text("health.database_well", "version", version, "used", used, "most", most))
	}
}

// Outbox looks whether mails wait for an administrator.
func Outbox(pool *pgxpool.Pool) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.outbox")
		var stuck, late int
		err := pool.QueryRow(ctx, `
			select count(*) filter (where state in ('failed', 'uncertain')),
				count(*) filter (where state = 'waiting' and next_at < now() - interval '10 minutes')
			from mails where lapses_at > now()`).Scan(&stuck, &late)
		switch {
		case err != nil:
			return nil // the database says so
		case stuck > 0:
			return notable(part, words.Text("health.outbox_stuck", "count", stuck), words.Text("health.outbox_stuck_advice"))
		case late > 0:
			return notable(part, words.Text("health.outbox_late", "count", late), words.Text("health.outbox_late_advice"))
		}
		return well(part, words.Text("health.outbox_well"))
	}
}
