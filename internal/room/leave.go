package room

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Owned is a room that somebody owns.
type Owned struct {
	ID         ID
	Slug, Name string
}

// ownedAlone finds the rooms that a user owns and nobody else does who could.
const ownedAlone = `
	select rooms.id, rooms.slug, rooms.name
	from memberships join rooms on rooms.id = memberships.room_id
	where memberships.user_id = $1 and memberships.role = 'owner' and rooms.deleted_at is null and not exists (
		select from memberships others join users on users.id = others.user_id
		where others.room_id = rooms.id and others.role = 'owner' and others.user_id <> $1 and users.disabled_at is null)
	order by lower(rooms.name), rooms.id`

// OwnedAlone lists the rooms that would have no owner without a user.
func (s *Store) OwnedAlone(ctx context.Context, user account.UserID) ([]Owned, error) {
	return owned(ctx, s.pool, user)
}

func owned(ctx context.Context, db postgres.Querier, user account.UserID) ([]Owned, error) {
	rows, err := db.Query(ctx, ownedAlone, user)
	if err != nil {
		return nil, fmt.Errorf("rooms owned alone: %w", err)
	}
	rooms, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (o Owned, err error) {
		return o, row.Scan(&o.ID, &o.Slug, &o.Name)
	})
	if err != nil {
		return nil, fmt.Errorf("rooms owned alone: %w", err)
	}
	return rooms, nil
}

// errJoined means that somebody came into a room while their account was to go.
var errJoined = errors.New("room: a membership was made meanwhile")

// DeleteAccount takes a user out of every room and deletes their account, both or
// neither; then runs before that in the same transaction. It returns LastOwner while
// a room would have no owner, and account.ErrLastAdministrator.
func (s *Store) DeleteAccount(ctx context.Context, user account.User, then account.Then) error {
	const tries = 5
	var err error
	for range tries {
		err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error { return deleteAccount(ctx, tx, user, then) })
		if !errors.Is(err, errJoined) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("delete account: %w", err)
	}
	return nil
}

func deleteAccount(ctx context.Context, tx pgx.Tx, user account.User, then account.Then) error {
	rooms, err := roomsOf(ctx, tx, user.ID)
	if err != nil {
		return err
	}
	for _, id := range rooms { // in their order, as everybody does who holds several
		if err := lock(ctx, tx, id); err != nil {
			return err
		}
	}
	// From here on nobody makes a membership of theirs. Rooms are held before
	// people, as by those who make one.
	if _, err := tx.Exec(ctx, `select from users where id = $1 for update`, user.ID); err != nil {
		return err
	}
	again, err := roomsOf(ctx, tx, user.ID)
	if err != nil {
		return err
	}
	if !slices.Equal(rooms, again) {
		return errJoined
	}
	alone, err := owned(ctx, tx, user.ID)
	if err != nil {
		return err
	}
	if len(alone) > 0 {
		return LastOwner
	}
	for _, id := range rooms {
		if err := appendMember(ctx, tx, ledger.MemberRemoved, id, user.ID, user.ID, user.Username, None); err != nil {
			return err
		}
	}
	if err := then(ctx, tx, user); err != nil {
		return err
	}
	return account.Delete(ctx, tx, user.ID)
}

// holdUser keeps an account for as long as the transaction lasts. Whoever changes
// rows that go with it, and makes another, holds it before: deleting it holds it
// too, and then takes those rows. It does nothing without a user, and returns
// postgres.ErrNotFound when the account is gone.
func holdUser(ctx context.Context, tx pgx.Tx, user account.UserID) error {
	if user == "" {
		return nil
	}
	tag, err := tx.Exec(ctx, `select from users where id = $1 for key share`, user)
	if err == nil && tag.RowsAffected() == 0 {
		err = postgres.ErrNotFound
	}
	return err
}

func roomsOf(ctx context.Context, db postgres.Querier, user account.UserID) ([]ID, error) {
	rows, err := db.Query(ctx, `select room_id from memberships where user_id = $1 order by room_id`, user)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[ID])
}
