package oidc

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Done is what came of going to the provider.
type Done struct {
	Purpose Purpose
	Entry   account.Entry // for Enter
	Session account.Token // for Prove: the session's new token
}

// Finish takes somebody back from the provider. It returns a Refusal, and
// ErrUnavailable. Nothing that it returns or wraps holds a code or a token.
func (s *Store) Finish(ctx context.Context, a Answer, old account.Token, from account.Origin) (Done, error) {
	f, err := s.take(ctx, a)
	if err != nil {
		return Done{}, err
	}
	c, err := s.exchange(ctx, f, a.Code)
	if err != nil {
		return Done{}, err
	}
	if err := s.allowed(c); err != nil {
		return Done{}, err
	}
	done := Done{Purpose: f.purpose}
	switch f.purpose {
	case Connect:
		err = s.connect(ctx, f.session, c)
	case Prove:
		done.Session, err = s.prove(ctx, f.session, c)
	default:
		var user account.UserID
		if user, err = s.user(ctx, c); err == nil {
			done.Entry, err = s.accounts.Enter(ctx, user, account.ByProvider, old, from)
		}
	}
	if err != nil {
		return Done{}, fmt.Errorf("come back from the provider: %w", err)
	}
	return done, nil
}

// user finds the account of somebody, or makes one.
func (s *Store) user(ctx context.Context, c claims) (id account.UserID, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		// People of one subject who come at once get one account.
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('oidc:' || $1, 0))`, s.Issuer+" "+c.Subject); err != nil {
			return err
		}
		var disabled bool
		err := tx.QueryRow(ctx, `
			update identities set used_at = now() from users
			where users.id = identities.user_id and issuer = $1 and subject = $2 returning users.id, users.disabled_at is not null`,
			s.Issuer, c.Subject).Scan(&id, &disabled)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			id, err = s.register(ctx, tx, c)
		case err == nil && disabled:
			err = NotAllowed
		}
		if err != nil {
			return err
		}
		return s.administer(ctx, tx, id, c)
	})
	return id, err
}

// register makes an account for somebody who has none. It never gives them one
// that is there already, whatever address the provider says they have.
func (s *Store) register(ctx context.Context, tx pgx.Tx, c claims) (account.UserID, error) {
	switch {
	case !s.Signup:
		return "", NoSignup
	case !c.Verified:
		return "", Unverified
	case !s.accounts.Policy().Allows(c.Email):
		return "", NotAllowed
	}
	base, id := usernameFrom(c), account.UserID(uuid.Must(uuid.NewV7()).String())
	email, err := account.CleanEmail(c.Email)
	if err != nil {
		return "", fmt.Errorf("%w: %w", Unverified, err)
	}
	const tries = 5
	for try := range tries {
		username := base
		if try > 0 {
			username = base + "-" + strings.ToLower(rand.Text()[:6])
		}
		name, err := account.CleanDisplayName(c.Name)
		if err != nil {
			name = username
		}
		tag, err := tx.Exec(ctx, `
			insert into users (id, username, email, display_name, email_verified_at) values ($1, $2, $3, $4, now()) on conflict do nothing`,
			id, username, email, name)
		if err != nil {
			return "", err
		}
		if tag.RowsAffected() == 1 {
			if err := account.NoteMade(ctx, tx, id, account.User{ID: id, Username: username}); err != nil {
				return "", err
			}
			return id, s.identify(ctx, tx, id, c)
		}
		var taken bool
		if err := tx.QueryRow(ctx, `select exists (select from users where lower(email) = lower($1))`, email).Scan(&taken); err != nil {
			return "", err
		}
		if taken {
			return "", Taken
		}
	}
	return "", fmt.Errorf("no username like %q is free", base)
}

func (s *Store) identify(ctx context.Context, tx pgx.Tx, user account.UserID, c claims) error {
	_, err := tx.Exec(ctx, `insert into identities (issuer, subject, user_id) values ($1, $2, $3)`, s.Issuer, c.Subject, user)
	return err
}

// administer makes somebody an administrator, or not, as their groups say. The
// last active administrator stays one.
func (s *Store) administer(ctx context.Context, tx pgx.Tx, user account.UserID, c claims) error {
	if len(s.Administrators) == 0 {
		return nil
	}
	if overlap(s.Administrators, c.Groups) {
		return s.appoint(ctx, tx, user, ledger.AdministratorMade,
			`update users set administrator = true where id = $1 and not administrator returning username`)
	}
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock(hashtextextended('administrators', 0))`); err != nil {
		return err
	}
	return s.appoint(ctx, tx, user, ledger.AdministratorUnmade, `
		update users set administrator = false where id = $1 and administrator
		and exists (select from users others where others.administrator and others.disabled_at is null and not others.service and others.id <> $1)
		returning username`)
}

// appoint changes who administers the site, and appends that the provider says so,
// when that changes anything.
func (s *Store) appoint(ctx context.Context, tx pgx.Tx, user account.UserID, kind ledger.Kind, change string) error {
	var username string
	err := tx.QueryRow(ctx, change, user).Scan(&username)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return account.NoteAbout(ctx, tx, "", user, kind, map[string]any{"username": username, "provider": s.Name})
}

// connect adds a way in to the account of a session.
func (s *Store) connect(ctx context.Context, session account.SessionID, c claims) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var user account.UserID
		err := tx.QueryRow(ctx, `
			insert into identities (issuer, subject, user_id) select $1, $2, user_id from sessions where id = $3 returning user_id`,
			s.Issuer, c.Subject, session).Scan(&user)
		if errors.Is(err, pgx.ErrNoRows) {
			return account.ErrSignedOut
		}
		if err != nil {
			return err
		}
		return account.Note(ctx, tx, user, ledger.ProviderConnected, map[string]any{"name": s.Name})
	})
	var conflict *postgres.Conflict
	if errors.As(err, &conflict) {
		return Another
	}
	return err
}

// prove notes in a session that its person has signed in at the provider anew.
func (s *Store) prove(ctx context.Context, session account.SessionID, c claims) (account.Token, error) {
	var theirs bool
	err := s.pool.QueryRow(ctx, `
		select exists (select from sessions join identities on identities.user_id = sessions.user_id
			where sessions.id = $1 and issuer = $2 and subject = $3)`, session, s.Issuer, c.Subject).Scan(&theirs)
	if err != nil {
		return "", err
	}
	if !theirs {
		return "", Another
	}
	return s.accounts.Proven(ctx, session)
}

// Connected reports whether an account is connected with one at the provider.
func (s *Store) Connected(ctx context.Context, user account.UserID) (yes bool, err error) {
	err = s.pool.QueryRow(ctx, `select exists (select from identities where user_id = $1 and issuer = $2)`, user, s.Issuer).Scan(&yes)
	if err != nil {
		return false, fmt.Errorf("connected: %w", err)
	}
	return yes, nil
}

// Disconnect takes the way in through the provider away, nil if there is none.
// Somebody who has neither a password nor a passkey keeps it: it returns Declined.
func (s *Store) Disconnect(ctx context.Context, user account.UserID) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var other bool
		err := tx.QueryRow(ctx, `
			select password_hash is not null or exists (select from passkeys where user_id = users.id) from users where id = $1 for no key update`,
			user).Scan(&other)
		if err != nil {
			return err
		}
		if !other {
			return Declined
		}
		tag, err := tx.Exec(ctx, `delete from identities where user_id = $1 and issuer = $2`, user, s.Issuer)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return account.Note(ctx, tx, user, ledger.ProviderDisconnected, map[string]any{"name": s.Name})
	})
	if err != nil {
		return fmt.Errorf("disconnect: %w", err)
	}
	return nil
}
