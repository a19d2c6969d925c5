package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

const (
	// unsentFor is how long a file waits for the message that it goes with.
	unsentFor = 24 * time.Hour
	// atOnce is how many rows are removed in one transaction.
	atOnce = 500
)

// Purge removes the messages that are older than their rooms keep them, those of
// deleted rooms, and the files that went with them or never went with any.
// Several nodes may do it at once: rows that another is about to remove are left
// to it, and bytes that are gone already are no error.
func (s *Store) Purge(ctx context.Context) error {
	for {
		n, err := s.purgeMessages(ctx)
		if err != nil {
			return fmt.Errorf("purge messages: %w", err)
		}
		if n < atOnce {
			break
		}
	}
	return s.sweepFiles(ctx)
}

// purgeMessages removes some of the messages that are too old, with their files,
// and leaves an entry about how many they were.
func (s *Store) purgeMessages(ctx context.Context) (removed int, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, purgeQuery, atOnce).Scan(&removed); err != nil || removed == 0 {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{Kind: ledger.Purged, Data: ledger.Data(map[string]any{
			"what": "messages", "count": removed, "before": time.Now().UTC().Format(time.DateOnly),
		})})
	})
	return removed, err
}

// purgeQuery deletes up to $1 messages. Where nothing is kept, they stay as long
// as the call that goes on.
const purgeQuery = `
		with old as (
			select found.id from rooms cross join lateral (
				select messages.id from messages
				where messages.room_id = rooms.id and messages.sent_at < case
					when rooms.deleted_at is not null then 'infinity'
					when rooms.history_days = 0 then coalesce(
						(select started_at from calls where calls.room_id = rooms.id and calls.ended_at is null), 'infinity')
					else now() - make_interval(days => rooms.history_days) end
				order by messages.sent_at limit $1 for update skip locked) found
			limit $1),
		gone as (update files set gone_at = now() where message_id in (select id from old) and gone_at is null),
		removed as (delete from messages where id in (select id from old) returning id)
		select count(*) from removed`

// sweepFiles removes files that nobody gets any more: first the bytes, then the
// row, so that whatever ends the program in between is made up for by the next
// sweep.
func (s *Store) sweepFiles(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `
		update files set gone_at = now() where message_id is null and gone_at is null and created_at < now() - $1::interval`, unsentFor)
	if err != nil {
		return fmt.Errorf("sweep files: %w", err)
	}
	for {
		rows, err := s.pool.Query(ctx, `select id from files where gone_at is not null order by gone_at limit $1`, atOnce)
		if err != nil {
			return fmt.Errorf("sweep files: %w", err)
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[FileID])
		if err != nil {
			return fmt.Errorf("sweep files: %w", err)
		}
		for _, id := range ids {
			if err := s.blobs.Remove(ctx, string(id)); err != nil {
				return fmt.Errorf("sweep files: %w", err)
			}
		}
		if _, err := s.pool.Exec(ctx, `delete from files where id = any($1) and gone_at is not null`, ids); err != nil {
			return fmt.Errorf("sweep files: %w", err)
		}
		if len(ids) < atOnce {
			return nil
		}
	}
}
