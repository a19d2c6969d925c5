package account

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Place is a session as its owner sees it: where they are signed in.
type Place struct {
	ID              SessionID
	BegunAt, SeenAt time.Time
	Origin
}

// lastID is greater than every session's.
const lastID SessionID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

const placesQuery = `
	select sessions.id, sessions.created_at, sessions.last_seen_at, sessions.address, sessions.user_agent
	from sessions join users on users.id = sessions.user_id
	where sessions.user_id = $1 and sessions.id < $2 and not sessions.api and ` + Valid + ` order by sessions.id desc limit $3`

// Places lists up to limit places where a user is signed in, the latest log-in
// first, beginning after the session before, or with the latest when that is empty
// or no id.
func (s *Store) Places(ctx context.Context, user UserID, before SessionID, limit int) ([]Place, error) {
	if uuid.Validate(string(before)) != nil {
		before = lastID
	}
	rows, err := s.pool.Query(ctx, placesQuery, user, before, limit)
	if err != nil {
		return nil, fmt.Errorf("places of user: %w", err)
	}
	places, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Place, err error) {
		return p, row.Scan(&p.ID, &p.BegunAt, &p.SeenAt, &p.Address, &p.UserAgent)
	})
	if err != nil {
		return nil, fmt.Errorf("places of user: %w", err)
	}
	return places, nil
}

// EndPlace signs a user out in one place, and ends a change of address that was
// asked for there and is not confirmed. It returns postgres.ErrNotFound when
// that is no session of theirs.
func (s *Store) EndPlace(ctx context.Context, user UserID, id SessionID) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `delete from sessions where id = $2 and user_id = $1 and not api`, user, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = postgres.ErrNotFound
		}
		return noteEnded(ctx, tx, user, tag.RowsAffected(), err)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// noteEnded appends how many sessions somebody has ended, if any and without an
// error.
func noteEnded(ctx context.Context, tx pgx.Tx, user UserID, count int64, err error) error {
	if err != nil || count == 0 {
		return err
	}
	return Note(ctx, tx, user, ledger.SessionsEnded, map[string]any{"count": count})
}

// EndAll signs a user out everywhere, and ends their programs' tokens.
func (s *Store) EndAll(ctx context.Context, user UserID) error {
	return s.EndOthers(ctx, user, "")
}

// EndOthers signs a user out everywhere but in one session, which may be empty, and
// ends their programs' other tokens, and a change of address that is not confirmed.
func (s *Store) EndOthers(ctx context.Context, user UserID, keep SessionID) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		count, err := endOthers(ctx, tx, user, keep)
		return noteEnded(ctx, tx, user, count, err)
	})
	if err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// EndEverything is EndAll in the transaction of whoever decides it; it appends
// nothing.
func EndEverything(ctx context.Context, tx pgx.Tx, user UserID) error {
	_, err := endOthers(ctx, tx, user, "")
	return err
}

// endOthers ends what was begun in those sessions and with a former password too,
// and counts sessions: whoever had them must not come by the account later, by a
// link that makes another address its own. What is being begun it waits for.
func endOthers(ctx context.Context, tx pgx.Tx, user UserID, keep SessionID) (int64, error) {
	if _, err := tx.Exec(ctx, `select from users where id = $1 for no key update`, user); err != nil {
		return 0, err
	}
	tag, err := tx.Exec(ctx, `
		with halfway as (delete from halfway where user_id = $1)
		delete from sessions where user_id = $1 and id::text <> $2`, user, keep)
	if err != nil {
		return 0, err
	}
	// Only now: a session that has just been ended may have made its link until then.
	_, err = tx.Exec(ctx, `
		delete from recovery using users
		where recovery.user_id = $1 and recovery.kind = 'verify' and users.id = recovery.user_id and lower(recovery.email) <> lower(users.email)`, user)
	return tag.RowsAffected(), err
}
