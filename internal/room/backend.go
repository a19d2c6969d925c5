package room

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
)

// MostCounted is up to how many rooms are counted; that there are more is enough to
// know.
const MostCounted = 1000

// backendsQuery goes from one backend to the next, without looking at all rooms.
const backendsQuery = `
	with recursive backends (name) as (
		(select backend from rooms where backend > '' and deleted_at is null order by backend limit 1)
		union all
		select (select backend from rooms where backend > backends.name and deleted_at is null order by backend limit 1)
		from backends where backends.name is not null
	)
	select name, (select count(*) from (select from rooms where backend = backends.name and deleted_at is null limit $1) counted)
	from backends where name is not null`

// Backends counts the rooms that each media backend carries: up to MostCounted and
// one.
func (s *Store) Backends(ctx context.Context) (map[string]int, error) {
	rows, err := s.pool.Query(ctx, backendsQuery, MostCounted+1)
	if err != nil {
		return nil, fmt.Errorf("count rooms by backend: %w", err)
	}
	counts := make(map[string]int)
	var name string
	var count int
	_, err = pgx.ForEachRow(rows, []any{&name, &count}, func() error {
		counts[name] = count
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count rooms by backend: %w", err)
	}
	return counts, nil
}

// Carried lists rooms by the media backend that carries their calls: those of
// one backend, in the order in which they were made, after a room. Limit bounds
// how many.
func (s *Store) Carried(ctx context.Context, backend string, after ID, limit int) ([]Room, error) {
	if after == "" {
		after = ID(uuid.Nil.String())
	}
	if uuid.Validate(string(after)) != nil {
		return nil, ErrHidden
	}
	rows, err := s.pool.Query(ctx, `
		select `+Columns+`, `+countColumns(Present)+` from rooms
		where backend = $1 and id > $2 and deleted_at is null order by id limit $3`, backend, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list rooms of a backend: %w", err)
	}
	rooms, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r Room, err error) {
		err = row.Scan(append(r.Fields(), r.countFields()...)...)
		return r, err
	})
	if err != nil {
		return nil, fmt.Errorf("list rooms of a backend: %w", err)
	}
	return rooms, nil
}

// Move has a room's calls carried by another media backend from now on. It
// returns what the policy says: that nobody may be in the call, or about to be,
// among it.
func (s *Store) Move(ctx context.Context, id ID, by account.UserID, backend string) (moved Room, err error) {
	if uuid.Validate(string(id)) != nil {
		return Room{}, ErrHidden
	}
	err = s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		moved = now
		if err := Authorize(who, Ask{Action: Move}, moved.State()); err != nil {
			return err
		}
		if moved.Backend == backend {
			return nil
		}
		if _, err := tx.Exec(ctx, `update rooms set backend = $2 where id = $1`, id, backend); err != nil {
			return err
		}
		entry := ledger.Entry{
			Room: ledger.Room(id), Kind: ledger.RoomMoved, Actor: string(by),
			Data: ledger.Data(map[string]string{"from": moved.Backend, "to": backend}),
		}
		moved.Backend = backend
		return ledger.Append(ctx, tx, entry)
	})
	if err != nil {
		return Room{}, fmt.Errorf("move room: %w", err)
	}
	return moved, nil
}
