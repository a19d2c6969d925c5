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
	Service  bool       // nobody logs in to it
}

// UserSearch says which users are looked for.
type UserSearch struct {
	Text  string // a part of a username, name or address; empty: any
	Only  string // "administrators", "disabled", or empty for all
	After string // username after which the list goes on, in the order of Users
}

// userColumns selects a User, from the table users.
const userColumns = account.Columns + `,
	(select max(last_seen_at) from sessions where sessions.user_id = users.id),
	(select count(*) from sessions where sessions.user_id = users.id and sessions.expires_at > now() and not sessions.api),
	(select count(*) from memberships where memberships.user_id = users.id), users.service`

func (u *User) fields() []any {
	return append(u.Fields(), &u.SeenAt, &u.Sessions, &u.Rooms, &u.Service)
}

// byUsername is the order of the list: that of bytes, as usernames are of ASCII.
const byUsername = `username collate "C"`

// Usernames that begin with a text are those from the text on and before the text
// with beyond after it.
const (
	begins = `%[1]s collate "C" <= username and username collate "C" < %[1]s || '` + beyond + `'`
	beyond = "~" // comes after whatever a username is made of
)

func (s UserSearch) list() list {
	l := list{from: `users`, key: byUsername, unique: true}
	l.where = byUsername + ` > ` + l.arg(s.After) +
		map[string]string{"administrators": ` and administrator`, "disabled": ` and disabled_at is not null`}[s.Only]
	return l
}

// first is the SQL for the ids of those whose username begins with a text.
func (s UserSearch) first(text string) (string, []any) {
	l := s.list()
	return l.walkOn(fmt.Sprintf(begins, l.arg(text)))
}

// others is the SQL for the ids of those who have it elsewhere, in a way.
func (s UserSearch) others(text string, by way) (string, []any) {
	l := s.list()
	l.where += ` and not (` + fmt.Sprintf(begins, l.arg(strings.ToLower(text))) + `)`
	const has, indexed = `strpos(terms, lower(%s)) > 0`, `terms like lower(%s)`
	switch by {
	case walking:
		return l.walk(fmt.Sprintf(has, l.arg(text)))
	case expecting:
		return expect(`users`, fmt.Sprintf(indexed, `$1`), pattern(text))
	case finding:
		return l.find(fmt.Sprintf(indexed, l.arg(pattern(text))))
	default:
		return l.walkOn(fmt.Sprintf(has, l.arg(text)))
	}
}

const usersQuery = `select ` + userColumns + ` from users where id = any($1::uuid[]) order by array_position($1::uuid[], id)`

// userIDs returns those of a page of the list and one more.
func (s *Store) userIDs(ctx context.Context, search UserSearch) (ids []string, err error) {
	text := input.Searchable(search.Text)
	begin := strings.ToLower(text) // as usernames are; other terms the database has lowered in its own way
	if text == "" {
		sql, args := search.list().page()
		ids, _, err = s.ask(ctx, sql, args)
		return ids, err
	}
	if !findable(text) || search.After == "" || strings.HasPrefix(search.After, begin) {
		sql, args := search.first(begin)
		if ids, _, err = s.ask(ctx, sql, args); err != nil || len(ids) > PerPage || !findable(text) {
			return ids, err
		}
		search.After = ""
	}
	others, err := s.inWays(ctx, func(by way) (string, []any) { return search.others(text, by) })
	return append(ids, others...), err
}

// Users lists users who are looked for, and whether there are more: by username,
// after those whose username begins with the text. Fewer than three letters are
// looked for at the beginning of usernames only.
func (s *Store) Users(ctx context.Context, search UserSearch) (users []User, more bool, err error) {
	search.After = input.Searchable(search.After)
	ids, err := s.userIDs(ctx, search)
	if err != nil {
		return nil, false, fmt.Errorf("list users: %w", err)
	}
	ids, more = cut(ids)
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

// Changes is what an administrator changes of an account; nil leaves it as it is.
type Changes struct {
	// Disabled switches an account off, with all its sessions and calls, or on again.
	Disabled *bool
	// Administrator makes somebody an administrator of the site, or ends that.
	Administrator *bool
}

// Change changes an account, all of it or nothing. It returns the account,
// postgres.ErrNotFound and ErrLastAdministrator.
func (s *Store) Change(ctx context.Context, by, id account.UserID, c Changes) (account.User, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx) (done []ledger.Kind, err error) {
		if c.Administrator != nil {
			tag, err := tx.Exec(ctx, `update users set administrator = $2 where id = $1 and administrator <> $2`, id, *c.Administrator)
			if err != nil {
				return nil, err
			}
			if tag.RowsAffected() > 0 {
				done = append(done, either(*c.Administrator, ledger.AdministratorMade, ledger.AdministratorUnmade))
			}
		}
		if c.Disabled != nil {
			tag, err := tx.Exec(ctx, `
				update users set disabled_at = case when $2 then now() end where id = $1 and (disabled_at is not null) <> $2`, id, *c.Disabled)
			if err == nil && *c.Disabled {
				err = endEverything(ctx, tx, id)
			}
			if err != nil {
				return nil, err
			}
			if tag.RowsAffected() > 0 {
				done = append(done, either(*c.Disabled, ledger.UserDisabled, ledger.UserEnabled))
			}
		}
		return done, nil
	})
}

func either(yes bool, kind, otherwise ledger.Kind) ledger.Kind {
	if yes {
		return kind
	}
	return otherwise
}

// SetDisabled is Change of that alone.
func (s *Store) SetDisabled(ctx context.Context, by, id account.UserID, disabled bool) (account.User, error) {
	return s.Change(ctx, by, id, Changes{Disabled: &disabled})
}

// SetAdministrator is Change of that alone.
func (s *Store) SetAdministrator(ctx context.Context, by, id account.UserID, administrator bool) (account.User, error) {
	return s.Change(ctx, by, id, Changes{Administrator: &administrator})
}

// endEverything ends what an account that is switched off must not be found with
// when it is switched on again: sessions, and links of every kind.
func endEverything(ctx context.Context, tx pgx.Tx, id account.UserID) error {
	if err := account.EndEverything(ctx, tx, id); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from recovery where user_id = $1`, id)
	return err
}

// SignOut ends all sessions of somebody, and with them their calls, and what was
// begun in them. It returns the account and postgres.ErrNotFound.
func (s *Store) SignOut(ctx context.Context, by, id account.UserID) (account.User, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx) ([]ledger.Kind, error) {
		return []ledger.Kind{ledger.UserSignedOut}, account.EndEverything(ctx, tx, id)
	})
}

// SendReset has somebody mailed a link with which they set a new password, by
// send, which runs in the transaction that writes it down. It returns the account,
// postgres.ErrNotFound, ErrDisabled and ErrService.
func (s *Store) SendReset(ctx context.Context, by, id account.UserID, send account.Then) (account.User, error) {
	return s.change(ctx, by, id, func(tx pgx.Tx) ([]ledger.Kind, error) {
		var user account.User
		var service bool
		err := tx.QueryRow(ctx, `select `+account.Columns+`, service from users where id = $1`, id).Scan(append(user.Fields(), &service)...)
		switch {
		case err != nil:
			return nil, err
		case user.DisabledAt != nil:
			return nil, ErrDisabled
		case service:
			return nil, ErrService
		}
		return []ledger.Kind{ledger.ResetMade}, send(ctx, tx, user)
	})
}

// change does something to an account and appends an entry about each thing that
// was done.
func (s *Store) change(ctx context.Context, by, id account.UserID, do func(tx pgx.Tx) (done []ledger.Kind, err error)) (user account.User, err error) {
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
		done, err := do(tx)
		if err != nil {
			return err
		}
		for _, kind := range done {
			err := ledger.Append(ctx, tx, ledger.Entry{
				Kind: kind, Actor: string(by), Subject: string(id), Data: ledger.Data(map[string]string{"username": user.Username}),
			})
			if err != nil {
				return err
			}
		}
		return nil
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
