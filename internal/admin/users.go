package admin

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// User is somebody's account as the desk shows it.
type User struct {
	account.User
	SeenAt   *time.Time // when they were last here; nil: they are signed in nowhere
	Sessions int        // places where they are signed in
	Rooms    int        // that they belong to
}

// UserSearch says which users are looked for.
type UserSearch struct {
	Text  string // a part of a username, name or address; empty: any
	Only  string // "administrators", "disabled", or empty for all
	After string // username after which the list goes on
}

// userColumns selects a User, from the table users.
const userColumns = account.Columns + `,
	(select max(last_seen_at) from sessions where sessions.user_id = users.id),
	(select count(*) from sessions where sessions.user_id = users.id and sessions.expires_at > now() and not sessions.api),
	(select count(*) from memberships where memberships.user_id = users.id)`

func (u *User) fields() []any {
	return append(u.Fields(), &u.SeenAt, &u.Sessions, &u.Rooms)
}

// query is the SQL for the ids of a page in a way.
func (s UserSearch) query(by way) (string, []any) {
	l := list{from: `users`, order: `username`}
	l.where = `username > ` + l.arg(s.After) +
		map[string]string{"administrators": ` and administrator`, "disabled": ` and disabled_at is not null`}[s.Only]
	text := input.Searchable(s.Text)
	if text == "" {
		return l.page()
	}
	has, indexed := `strpos(user_terms(username, display_name, email), lower(%s)) > 0`, `user_terms(username, display_name, email) like lower(%s)`
	letters := pattern(text)
	if !findable(text) {
		has, indexed = `strpos(username, lower(%s)) = 1`, `username like lower(%s)`
		letters = strings.TrimPrefix(letters, "%")
		l.where += ` and username >= lower(` + l.arg(text) + `)`
	}
	switch by {
	case walking:
		return l.walk(fmt.Sprintf(has, l.arg(text)), mostWalked)
	case finding:
		return l.find(fmt.Sprintf(indexed, l.arg(letters)))
	default:
		return l.walk(fmt.Sprintf(has, l.arg(text)), nil)
	}
}

const usersQuery = `select ` + userColumns + ` from users where id = any($1::uuid[]) order by username`

// Users lists users who are looked for, by username, and whether there are more.
// Fewer than three letters are looked for at the beginning of usernames only.
func (s *Store) Users(ctx context.Context, search UserSearch) (users []User, more bool, err error) {
	search.After = input.Searchable(search.After)
	ids, more, err := s.ids(ctx, search.query)
	if err != nil {
		return nil, false, fmt.Errorf("list users: %w", err)
	}
	rows, err := s.pool.Query(ctx, usersQuery, ids)
	if err != nil {
		return nil, false, fmt.Errorf("list users: %w", err)
	}
	users, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (u User, err error) {
		return u, row.Scan(u.fields()...)
	})
	if err != nil {
		return nil, false, fmt.Errorf("list users: %w", err)
	}
	return users, more && len(users) > 0, nil
}

// User returns one user. It returns postgres.ErrNotFound.
func (s *Store) User(ctx context.Context, id account.UserID) (u User, err error) {
	if uuid.Validate(string(id)) != nil {
		return User{}, postgres.ErrNotFound
	}
	if err := s.pool.QueryRow(ctx, `select `+userColumns+` from users where id = $1`, id).Scan(u.fields()...); err != nil {
		return User{}, fmt.Errorf("look at user: %w", postgres.Translate(err))
	}
	return u, nil
}

// SetDisabled switches an account off, with all its sessions and calls, or on
// again. It returns the account, postgres.ErrNotFound and ErrLastAdministrator.
func (s *Store) SetDisabled(ctx context.Context, by, id account.UserID, disabled bool) (account.User, error) {
	kind := ledger.UserEnabled
	if disabled {
		kind = ledger.UserDisabled
	}
	return s.change(ctx, by, id, kind, func(tx pgx.Tx) (bool, error) {
		tag, err := tx.Exec(ctx, `
			update users set disabled_at = case when $2 then now() end where id = $1 and (disabled_at is not null) <> $2`, id, disabled)
		if err == nil && disabled {
			_, err = tx.Exec(ctx, `delete from sessions where user_id = $1`, id)
		}
		return tag.RowsAffected() > 0, err
	})
}

// SetAdministrator makes somebody an administrator of the site, or ends that. It
// returns the account, postgres.ErrNotFound and ErrLastAdministrator.
func (s *Store) SetAdministrator(ctx context.Context, by, id account.UserID, administrator bool) (account.User, error) {
	kind := ledger.AdministratorUnmade
	if administrator {
		kind = ledger.AdministratorMade
	}
	return s.change(ctx, by, id, kind, func(tx pgx.Tx) (bool, error) {
		tag, err := tx.Exec(ctx, `update users set administrator = $2 where id = $1 and administrator <> $2`, id, administrator)
		return tag.RowsAffected() > 0, err
	})
}

// SignOut ends all sessions of somebody, and with them their calls. It returns
// the account and postgres.ErrNotFound.
func (s *Store) SignOut(ctx context.Context, by, id account.UserID) (account.User, error) {
	return s.change(ctx, by, id, ledger.UserSignedOut, func(tx pgx.Tx) (bool, error) {
		_, err := tx.Exec(ctx, `delete from sessions where user_id = $1`, id)
		return true, err
	})
}

// SendReset has somebody mailed a link with which they set a new password, by
// send, which runs in the transaction that writes it down. It returns the account,
// postgres.ErrNotFound and ErrDisabled.
func (s *Store) SendReset(ctx context.Context, by, id account.UserID, send account.Then) (account.User, error) {
	return s.change(ctx, by, id, ledger.ResetMade, func(tx pgx.Tx) (bool, error) {
		var user account.User
		if err := tx.QueryRow(ctx, `select `+account.Columns+` from users where id = $1`, id).Scan(user.Fields()...); err != nil {
			return false, err
		}
		if user.DisabledAt != nil {
			return false, ErrDisabled
		}
		return true, send(ctx, tx, user)
	})
}

// change does something to an account and appends an entry about it, unless there
// was nothing to do.
func (s *Store) change(ctx context.Context, by, id account.UserID, kind ledger.Kind, do func(tx pgx.Tx) (changed bool, err error)) (user account.User, err error) {
	if uuid.Validate(string(id)) != nil {
		return account.User{}, postgres.ErrNotFound
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		// One after the other: whoever acts has to be what lets them act when it is
		// done, so that two who end each other's office do not both succeed.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('administrators', 0))`); err != nil {
			return err
		}
		var may bool
		err := tx.QueryRow(ctx, `select administrator and disabled_at is null from users where id = $1`, by).Scan(&may)
		if err != nil {
			return err
		}
		if !may {
			return postgres.ErrNotFound
		}
		err = tx.QueryRow(ctx, `select id, username, email, display_name from users where id = $1`, id).
			Scan(&user.ID, &user.Username, &user.Email, &user.DisplayName)
		if err != nil {
			return err
		}
		changed, err := do(tx)
		if err != nil || !changed {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Kind: kind, Actor: string(by), Subject: string(id), Data: ledger.Data(map[string]string{"username": user.Username}),
		})
	})
	var conflict *postgres.Conflict
	if errors.As(err, &conflict) && conflict.Constraint == "users_administrator_remains" {
		return account.User{}, ErrLastAdministrator
	}
	if err != nil {
		return account.User{}, fmt.Errorf("change user: %w", err)
	}
	return user, nil
}
