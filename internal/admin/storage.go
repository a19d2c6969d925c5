package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
)

// Storage is how much there is of everything.
type Storage struct {
	Database int64 // bytes
	Files    int64 // bytes of the files in chats, wherever they are stored; about
	Parts    []Part
	Oldest   *time.Time      // the first entry of the ledger; nil: there is none
	Purges   []ledger.Record // the last ones
}

// Part is one kind of thing that is stored.
type Part struct {
	Name  string // of its table
	Bytes int64  // with its indexes
	Rows  int64  // about
}

// partsQuery asks the catalogue, not the tables.
const partsQuery = `
	select relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint from pg_class
	where oid = any($1::regclass[]::oid[]) order by 2 desc`

// parts are the tables that grow.
var parts = []string{"users", "sessions", "rooms", "memberships", "grants", "calls", "ledger", "messages", "files", "mails", "deliveries"}

// Storage looks how much there is of everything.
func (s *Store) Storage(ctx context.Context) (storage Storage, err error) {
	err = s.pool.QueryRow(ctx, `
		select pg_database_size(current_database()), (select at from ledger order by id limit 1)`).Scan(&storage.Database, &storage.Oldest)
	if err != nil {
		return Storage{}, fmt.Errorf("storage: %w", err)
	}
	rows, err := s.pool.Query(ctx, partsQuery, parts)
	if err != nil {
		return Storage{}, fmt.Errorf("storage: %w", err)
	}
	if storage.Parts, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Part]); err != nil {
		return Storage{}, fmt.Errorf("storage: %w", err)
	}
	if storage.Files, err = s.files(ctx, storage.Parts); err != nil {
		return Storage{}, fmt.Errorf("storage: %w", err)
	}
	const few = 10
	storage.Purges, err = ledger.Audit(ctx, s.pool, ledger.Search{Kind: ledger.Purged}, few)
	return storage, err
}

// files is how many bytes the files in chats have: of all, or of a sample where there
// are many.
func (s *Store) files(ctx context.Context, parts []Part) (bytes int64, err error) {
	const most = 20_000 // rows that are looked at
	share := 100.0      // of the table, in hundredths
	for _, part := range parts {
		if part.Name == "files" && part.Rows > most {
			share = 100 * most / float64(part.Rows)
		}
	}
	err = s.pool.QueryRow(ctx, `
		select (coalesce(sum(size), 0) * 100 / $1::float8)::bigint from files tablesample system ($1::float8)
		where stored_at is not null and gone_at is null`, share).Scan(&bytes)
	return bytes, err
}
