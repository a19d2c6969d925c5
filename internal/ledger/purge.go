package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/postgres"
)

// Retention says for how long what the ledger holds, and what is sent of it, is
// kept; zero: for good.
type Retention struct {
	Calls time.Duration // who was in which call: attendance too
	Audit time.Duration // who changed who may do what
	// SignIns is for log-ins: they say much about people, and are of use for a short
	// time.
	SignIns    time.Duration
	Deliveries time.Duration // of webhooks
}

// purging says what goes when its time is over: statements that each delete up to
// $2 rows older than $1.
type purging struct {
	what       string
	keep       time.Duration
	statements []string
}

// atOnce is how many rows a purge deletes in one transaction.
const atOnce = 5000

func (r Retention) purgings() []purging {
	return []purging{
		{"calls", r.Calls, []string{
			`delete from ledger where ctid = any(array(select ctid from ledger where at < now() - $1::interval and topic = 'call' limit $2))`,
			`delete from grants where id = any(array(select id from grants where issued_at < now() - $1::interval
				and (left_at is not null or revoked_at is not null) and coalesce(left_at, revoked_at) < now() - $1::interval limit $2))`,
			`delete from calls where id = any(array(select id from calls where ended_at < now() - $1::interval limit $2))`,
			// Guests are known by what is left of them only. Whom a room is closed to stays.
			`delete from guests where id = any(array(select id from guests where created_at < now() - $1::interval
				and not exists (select from grants where grants.guest_id = guests.id)
				and not exists (select from sessions where sessions.guest_id = guests.id)
				and not exists (select from lobby where lobby.guest_id = guests.id)
				and not exists (select from bans where bans.guest_id = guests.id) limit $2))`,
		}},
		{"audit", r.Audit, []string{
			`delete from ledger where ctid = any(array(select ctid from ledger
				where at < now() - $1::interval and topic in ('access', 'site') and kind <> 'purged' limit $2))`,
		}},
		{"log-ins", r.SignIns, []string{
			`delete from ledger where ctid = any(array(select ctid from ledger where at < now() - $1::interval and topic = 'sign_in' limit $2))`,
		}},
		{"deliveries", r.Deliveries, []string{
			`delete from deliveries where id = any(array(select id from deliveries where created_at < now() - $1::interval limit $2))`,
		}},
	}
}

// Purge deletes what is older than it is to be kept, and leaves an entry about
// how much that was. Several nodes may do it at once: one does.
func Purge(ctx context.Context, pool *pgxpool.Pool, keep Retention) error {
	for _, p := range keep.purgings() {
		if p.keep == 0 {
			continue
		}
		for more := true; more; {
			err := postgres.Tx(ctx, pool, func(tx pgx.Tx) (err error) {
				more, err = p.once(ctx, tx)
				return err
			})
			if err != nil {
				return fmt.Errorf("purge %s: %w", p.what, err)
			}
		}
	}
	return nil
}

// once deletes one portion; more says that there may be another.
func (p purging) once(ctx context.Context, tx pgx.Tx) (more bool, err error) {
	var mine bool
	if err := tx.QueryRow(ctx, `select pg_try_advisory_xact_lock(hashtextextended('purge', 0))`).Scan(&mine); err != nil || !mine {
		return false, err // another node is at it
	}
	count := int64(0)
	for _, statement := range p.statements {
		tag, err := tx.Exec(ctx, statement, p.keep, atOnce)
		if err != nil {
			return false, err
		}
		count += tag.RowsAffected()
		more = more || tag.RowsAffected() == atOnce
	}
	if count == 0 {
		return more, nil
	}
	return more, Append(ctx, tx, Entry{Kind: Purged, Data: Data(map[string]any{
		"what": p.what, "count": count, "before": time.Now().Add(-p.keep).UTC().Format(time.DateOnly),
	})})
}
