// Package factor holds what people show besides, or in place of, a password: the
// codes of an app (TOTP, RFC 6238), passkeys (WebAuthn), and codes to use once for
// who has lost both. What it stores of them is sealed or hashed.
package factor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/postgres"
	"foyer/internal/seal"
)

var (
	// ErrWrongCode is the one answer to every code that does not count: wrong, of
	// another time, used already, or there are none.
	ErrWrongCode = errors.New("factor: the code does not count")
	// ErrPasskey is the one answer to every answer of a browser that does not
	// count.
	ErrPasskey = errors.New("factor: the passkey does not count")
)

// Store keeps factors in Postgres.
type Store struct {
	pool     *pgxpool.Pool
	accounts *account.Store
	seal     seal.Seal
	now      func() time.Time
}

// NewStore returns a store that seals with a key of 32 bytes. Now is time.Now
// outside tests.
func NewStore(pool *pgxpool.Pool, accounts *account.Store, key []byte, now func() time.Time) (*Store, error) {
	seal, err := seal.New(key)
	if err != nil {
		return nil, fmt.Errorf("factors: %w", err)
	}
	return &Store{pool, accounts, seal, now}, nil
}

// State is which factors somebody has.
type State struct {
	AppSince *time.Time // nil: no app
	Passkeys int
	Codes    int // to use once, that are left
}

// Any reports whether signing in with a password takes a second step.
func (s State) Any() bool { return s.AppSince != nil || s.Passkeys > 0 }

// State says which factors a user has.
func (s *Store) State(ctx context.Context, user account.UserID) (state State, err error) {
	err = s.pool.QueryRow(ctx, `
		select (select confirmed_at from totp where user_id = $1), (select count(*) from passkeys where user_id = $1),
			(select count(*) from recovery_codes where user_id = $1)`, user).Scan(&state.AppSince, &state.Passkeys, &state.Codes)
	if err != nil {
		return State{}, fmt.Errorf("factors: %w", err)
	}
	return state, nil
}

// Arrive takes the second step of a log-in with a code, of the app or to use once,
// and begins the session. It returns ErrWrongCode, and account.ErrSignedOut when
// the way has ended: it was gone already, or there were too many wrong codes.
func (s *Store) Arrive(ctx context.Context, halfway account.Token, code string, old account.Token, from account.Origin) (token account.Token, err error) {
	err = s.accounts.Try(ctx, halfway, func(user account.User) error {
		return postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
			if err := s.take(ctx, tx, user.ID, code); err != nil {
				return err
			}
			token, err = account.Arrive(ctx, tx, halfway, old, from)
			return err
		})
	})
	if err != nil {
		return "", fmt.Errorf("second step: %w", err)
	}
	return token, nil
}

// Prove takes a code of whoever is signed in. The session goes on under the token
// that it returns. It returns ErrWrongCode.
func (s *Store) Prove(ctx context.Context, session account.Session, code string) (token account.Token, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := s.take(ctx, tx, session.User.ID, code); err != nil {
			return err
		}
		token, err = account.ProvenByFactor(ctx, tx, session.ID)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("prove by code: %w", err)
	}
	return token, nil
}

// take uses up a code of either sort. The account is held before the factor, in the
// order of whoever takes a factor away. It returns account.ErrSignedOut too.
func (s *Store) take(ctx context.Context, tx pgx.Tx, user account.UserID, code string) error {
	if err := account.Stay(ctx, tx, user); err != nil {
		return err
	}
	code = clean(code)
	if len(code) == digits {
		return s.takeTimed(ctx, tx, user, code)
	}
	return takeOnce(ctx, tx, user, code)
}

// removing keeps the factors of somebody from being changed by others until tx
// ends, and returns whether they have a password or a provider to log in with.
func removing(ctx context.Context, tx pgx.Tx, user account.UserID) (otherWay bool, err error) {
	err = tx.QueryRow(ctx, `
		select password_hash is not null or exists (select from identities where user_id = users.id) from users where id = $1 for no key update`,
		user).Scan(&otherWay)
	return otherWay, err
}

// afterLast takes away what somebody has by their factors, when they have none any
// more: the codes that could stand in for one, and that their sessions and their
// programs' tokens count as begun with one.
func afterLast(ctx context.Context, tx pgx.Tx, user account.UserID) error {
	var any bool
	err := tx.QueryRow(ctx, `
		select exists (select from totp where user_id = $1 and confirmed_at is not null) or exists (select from passkeys where user_id = $1)`,
		user).Scan(&any)
	if err != nil || any {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from recovery_codes where user_id = $1`, user); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update sessions set factor_at = null where user_id = $1 and factor_at is not null`, user)
	return err
}

// Purge deletes what browsers were asked to sign and never answered.
func (s *Store) Purge(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `delete from ceremonies where expires_at < now()`); err != nil {
		return fmt.Errorf("purge ceremonies: %w", err)
	}
	return nil
}
