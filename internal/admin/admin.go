// Package admin is what administrators of the site look at and do at their desk:
// people, rooms, calls that go on, and how much there is of everything. What they
// do to an account is in the ledger, in the same transaction; what they do to a
// room is done by room.Store.AtDesk and call.Service.AtDesk.
package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// ErrLastAdministrator refuses what would leave the site without an active
// administrator.
var ErrLastAdministrator = errors.New("admin: an active administrator has to remain")

// ErrService refuses what makes no sense for an account that nobody logs in to.
var ErrService = errors.New("admin: the account is a service's")

// ErrDisabled refuses what makes no sense for an account that is switched off.
var ErrDisabled = errors.New("admin: the account is switched off")

// PerPage is how many rows a page of a list has.
const PerPage = 50

// Store looks into Postgres for administrators.
type Store struct {
	pool *pgxpool.Pool
}

// NewStore returns a store over the database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// UserNamed returns the user with a username or an email address, whatever their
// account's state. It returns postgres.ErrNotFound.
func (s *Store) UserNamed(ctx context.Context, name string) (id account.UserID, err error) {
	err = s.pool.QueryRow(ctx, `select id from users where username = lower($1) or lower(email) = lower($1)`, input.Searchable(name)).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("find user: %w", postgres.Translate(err))
	}
	return id, nil
}

// RoomNamed returns the room that has an address, or the last one that had it. It
// returns postgres.ErrNotFound.
func (s *Store) RoomNamed(ctx context.Context, slug string) (id room.ID, err error) {
	err = s.pool.QueryRow(ctx, `
		select id from rooms where terms like lower($2) and slug = $1
		order by deleted_at desc nulls first limit 1`, input.Searchable(slug), pattern(slug)).Scan(&id)
	if err != nil {
		return "", fmt.Errorf("find room: %w", postgres.Translate(err))
	}
	return id, nil
}

// pattern is the SQL pattern of what contains a text.
func pattern(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(input.Searchable(text)) + "%"
}
