package account

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Entry is what a right password, or what stands for one, leads to: a session, or
// for those who have a second factor the way to it. One of the two is empty.
type Entry struct {
	Session Token
	// Halfway opens the second step and nothing else.
	Halfway Token
}

const (
	// HalfwayLife is how long there is for the second step.
	HalfwayLife = 10 * time.Minute
	// mostTries is how many codes can be tried before the password is asked for
	// anew.
	mostTries = 5
)

// hasFactor is the SQL condition, over the table users, for somebody who has a
// second step before them.
const hasFactor = `(exists (select from totp where totp.user_id = users.id and totp.confirmed_at is not null)
	or exists (select from passkeys where passkeys.user_id = users.id))`

// MayEnter returns ErrUnverified for whoever has to confirm their address first.
// Administrators have not: they could be the only ones to see the link.
func (s *Store) MayEnter(user User) error {
	if s.Policy().MustVerify() && user.VerifiedAt == nil && !user.Administrator {
		return ErrUnverified
	}
	return nil
}

// Enter lets in somebody who has shown the first factor, in some way. It returns
// ErrUnverified, and ErrSignedOut when their account is switched off.
func (s *Store) Enter(ctx context.Context, id UserID, by Way, old Token, from Origin) (Entry, error) {
	return s.enter(ctx, id, "", by, old, from)
}

// enter is Enter for somebody whose password was compared with a hash, unless that
// is empty. Comparing takes a while: whoever gave one that is another by now is
// not let in, which ErrSignedOut says too.
func (s *Store) enter(ctx context.Context, id UserID, hash string, by Way, old Token, from Origin) (entry Entry, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := Stay(ctx, tx, id); err != nil {
			return err
		}
		var user User
		var more bool
		err := tx.QueryRow(ctx, `select `+Columns+`, `+hasFactor+` from users where id = $1 and ($2 = '' or password_hash = $2)`, id, hash).
			Scan(append(user.Fields(), &more)...)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrSignedOut
		}
		if err != nil {
			return err
		}
		if err := s.MayEnter(user); err != nil {
			return err
		}
		if !more {
			entry.Session, err = begin(ctx, tx, id, by, old, from)
			return err
		}
		entry.Halfway = NewToken()
		_, err = tx.Exec(ctx, `
			insert into halfway (token_hash, user_id, expires_at) values ($1, $2, now() + $3::interval)`, entry.Halfway.Hash(), id, HalfwayLife)
		return err
	})
	if err != nil {
		return Entry{}, fmt.Errorf("enter: %w", err)
	}
	return entry, nil
}

const halfwayQuery = ` from halfway join users on users.id = halfway.user_id
	where halfway.token_hash = $1 and halfway.expires_at > now() and users.disabled_at is null`

// Halfway says who has a second step before them. It returns ErrSignedOut.
func (s *Store) Halfway(ctx context.Context, token Token) (user User, err error) {
	err = s.pool.QueryRow(ctx, `select `+Columns+halfwayQuery, token.Hash()).Scan(user.Fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return User{}, ErrSignedOut
	}
	if err != nil {
		return User{}, fmt.Errorf("halfway: %w", err)
	}
	return user, nil
}

// Try makes an attempt at the second step, which is counted before anybody knows
// how it ends. It returns what the step does, and ErrSignedOut when there have been
// too many. That the last one failed too is in the ledger: somebody has the
// password.
func (s *Store) Try(ctx context.Context, token Token, step func(User) error) error {
	var user User
	var tries int
	err := s.pool.QueryRow(ctx, `
		update halfway set tries = tries + 1 from users
		where users.id = halfway.user_id and halfway.token_hash = $1 and halfway.expires_at > now() and tries < $2 and users.disabled_at is null
		returning `+Columns+`, tries`, token.Hash(), mostTries).Scan(append(user.Fields(), &tries)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrSignedOut
	}
	if err != nil {
		return fmt.Errorf("try second step: %w", err)
	}
	failure := step(user)
	if failure == nil || tries < mostTries {
		return failure
	}
	return errors.Join(failure, NoteAbout(ctx, s.pool, "", user.ID, ledger.SecondStepFailed, map[string]any{"count": tries}))
}

// Arrive begins the session of somebody who has taken the second step, in the
// transaction that takes it. It returns ErrSignedOut when they have arrived already.
func Arrive(ctx context.Context, tx pgx.Tx, halfway, old Token, from Origin) (Token, error) {
	var user UserID
	err := tx.QueryRow(ctx, `select user_id from halfway where token_hash = $1`, halfway.Hash()).Scan(&user)
	if err == nil {
		// The account first, as whoever changes it does.
		err = Stay(ctx, tx, user)
	}
	if err == nil {
		err = tx.QueryRow(ctx, `delete from halfway where token_hash = $1 and expires_at > now() returning user_id`, halfway.Hash()).Scan(&user)
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrSignedOut
	}
	if err != nil {
		return "", err
	}
	return BeginProven(ctx, tx, user, InTwoSteps, old, from)
}
