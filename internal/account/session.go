package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// SessionID names a session; it opens nothing, unlike its Token.
type SessionID string

// GuestID names somebody who is in a room without an account.
type GuestID string

// Token is the secret that a browser keeps in its cookie. Only its SHA-256 is
// stored.
type Token string

const (
	// SessionLife is how long a session lasts at most.
	SessionLife = 30 * 24 * time.Hour
	// SessionIdle is how long a session lasts without being used.
	SessionIdle = 7 * 24 * time.Hour
	// GuestLife is how long a guest's session lasts at most.
	GuestLife = 24 * time.Hour
	// seenEvery is how often at most the last use of a session is written.
	seenEvery = time.Minute
)

// Session is a browser in which somebody is signed in.
type Session struct {
	ID     SessionID
	User   User
	SeenAt time.Time
	// ProvedAt is when the person last showed that it is they.
	ProvedAt time.Time
	// FactorAt is when they last showed a second factor; nil if they have not.
	FactorAt *time.Time
}

// Origin is where a session is begun from.
type Origin struct{ Address, UserAgent string }

// Way is how somebody showed that it was they when a session began.
type Way string

const (
	ByPassword Way = "password"
	ByProvider Way = "provider"
	ByPasskey  Way = "passkey"
	InTwoSteps Way = "two_steps"
	ByMaking   Way = "making" // by making the account
)

// NewToken returns a secret of 256 random bits.
func NewToken() Token {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	return Token(base64.RawURLEncoding.EncodeToString(raw[:]))
}

// Hash is what is stored of a token.
func (t Token) Hash() []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}

// LogIn checks a username or email address and a password and lets their owner in.
// The session of the token old, if any, ends when another begins. It returns
// ErrWrongPassword for every failure of theirs, ErrUnverified, and ErrBusy.
func (s *Store) LogIn(ctx context.Context, login, password string, old Token, from Origin) (Entry, error) {
	var id UserID
	var hash string
	var disabled *time.Time
	err := s.pool.QueryRow(ctx, `
		select id, coalesce(password_hash, ''), disabled_at from users
		where username = $1 or lower(email) = lower($1)`, Named(login)).Scan(&id, &hash, &disabled)
	unknown := errors.Is(err, pgx.ErrNoRows)
	if err != nil && !unknown {
		return Entry{}, fmt.Errorf("log in: %w", err)
	}
	if hash == "" { // there is no such user, or one without a password
		hash = s.passwords.nobodysHash()
	}
	right, err := s.passwords.matches(ctx, hash, password)
	if err != nil {
		return Entry{}, err
	}
	if !right || unknown || disabled != nil {
		if err := s.failed(ctx, id, from); err != nil {
			return Entry{}, err
		}
		return Entry{}, ErrWrongPassword
	}
	entry, err := s.enter(ctx, id, hash, ByPassword, old, from)
	if errors.Is(err, ErrSignedOut) {
		return Entry{}, ErrWrongPassword
	}
	return entry, err
}

// Begin starts a session for a user who proved to be who they are, and ends the
// one of the token old, if any. It returns ErrSignedOut when their account is
// switched off.
func (s *Store) Begin(ctx context.Context, user UserID, by Way, old Token, from Origin) (token Token, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		token, err = begin(ctx, tx, user, by, old, from)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("begin session: %w", err)
	}
	return token, nil
}

// BeginProven is Begin for somebody who showed a second factor, or one that counts
// for two, in the transaction that checks it.
func BeginProven(ctx context.Context, tx pgx.Tx, user UserID, by Way, old Token, from Origin) (Token, error) {
	return begin(ctx, tx, user, by, old, from)
}

// Stay keeps an account as it is until tx ends, so that what is begun in tx is
// there for whoever ends all of it when they change the account. It returns
// ErrSignedOut when nothing can be begun: the account is switched off or gone.
func Stay(ctx context.Context, tx pgx.Tx, user UserID) error {
	tag, err := tx.Exec(ctx, `select from users where id = $1 and disabled_at is null for share`, user)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrSignedOut
	}
	return err
}

// Hold is Stay for what is begun in a session: it keeps that from ending too. It
// returns ErrSignedOut when it has ended.
func Hold(ctx context.Context, tx pgx.Tx, session Session) error {
	if err := Stay(ctx, tx, session.User.ID); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `select from sessions where id = $1 for key share`, session.ID)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrSignedOut
	}
	return err
}

func begin(ctx context.Context, tx pgx.Tx, user UserID, by Way, old Token, from Origin) (Token, error) {
	if err := Stay(ctx, tx, user); err != nil {
		return "", err
	}
	if old != "" {
		if _, err := tx.Exec(ctx, `delete from sessions where token_hash = $1`, old.Hash()); err != nil {
			return "", err
		}
	}
	token := NewToken()
	_, err := tx.Exec(ctx, `
		insert into sessions (id, token_hash, user_id, expires_at, address, user_agent, factor_at)
		values ($1, $2, $3, now() + $4, $5, $6, case when $7 then now() end)`,
		uuid.Must(uuid.NewV7()).String(), token.Hash(), user, SessionLife, clip(from.Address), clip(from.UserAgent), by == ByPasskey || by == InTwoSteps)
	if err != nil {
		return "", err
	}
	return token, Note(ctx, tx, user, ledger.SignedIn, map[string]any{"way": by})
}

// BeginGuest starts the session of somebody who has no account, in the
// transaction that lets them in.
func BeginGuest(ctx context.Context, tx pgx.Tx, guest GuestID, from Origin) (Token, error) {
	token := NewToken()
	_, err := tx.Exec(ctx, `
		insert into sessions (id, token_hash, guest_id, expires_at, address, user_agent)
		values ($1, $2, $3, now() + $4, $5, $6)`,
		uuid.Must(uuid.NewV7()).String(), token.Hash(), guest, GuestLife, clip(from.Address), clip(from.UserAgent))
	if err != nil {
		return "", fmt.Errorf("begin guest session: %w", err)
	}
	return token, nil
}

// clip keeps what a header may say storable.
func clip(s string) string {
	const most = 300
	s = input.Searchable(s)
	if len(s) > most {
		s = input.Searchable(s[:most])
	}
	return s
}

// Valid is the SQL condition, over the tables sessions and users, for a session
// that is still good. A program's token need not be used to last.
const Valid = `sessions.expires_at > now() and (sessions.api or sessions.last_seen_at > now() - interval '7 days') and users.disabled_at is null`

// Resume returns the browser's session that a token opens, or ErrSignedOut.
func (s *Store) Resume(ctx context.Context, token Token) (Session, error) {
	if token == "" {
		return Session{}, ErrSignedOut
	}
	var session Session
	err := s.pool.QueryRow(ctx, `
		select sessions.id, sessions.last_seen_at, sessions.proved_at, sessions.factor_at, `+Columns+`
		from sessions join users on users.id = sessions.user_id
		where token_hash = $1 and not sessions.api and `+Valid, token.Hash()).
		Scan(append([]any{&session.ID, &session.SeenAt, &session.ProvedAt, &session.FactorAt}, session.User.Fields()...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Session{}, ErrSignedOut
	}
	if err != nil {
		return Session{}, fmt.Errorf("resume session: %w", err)
	}
	return session, s.Touch(ctx, session)
}

// Touch writes that a session is being used, at most once a minute.
func (s *Store) Touch(ctx context.Context, session Session) error {
	if time.Since(session.SeenAt) < seenEvery {
		return nil
	}
	_, err := s.pool.Exec(ctx, `
		update sessions set last_seen_at = now() where id = $1 and last_seen_at < now() - $2::interval`, session.ID, seenEvery)
	if err != nil {
		return fmt.Errorf("touch session: %w", err)
	}
	return nil
}

// End signs out the session of a token; nil if it has none.
func (s *Store) End(ctx context.Context, token Token) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var user UserID
		err := tx.QueryRow(ctx, `delete from sessions where token_hash = $1 returning coalesce(user_id::text, '')`, token.Hash()).Scan(&user)
		switch {
		case errors.Is(err, pgx.ErrNoRows) || err == nil && user == "":
			return nil
		case err != nil:
			return err
		}
		return Note(ctx, tx, user, ledger.SignedOut, nil)
	})
	if err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	return nil
}

// Purge deletes sessions, and ways to them, that ran out, and failures that do not
// count any more.
func (s *Store) Purge(ctx context.Context) error {
	// None that began within SessionIdle can have been idle for so long: that leaves
	// those that end by then, which the index finds.
	_, err := s.pool.Exec(ctx, `
		delete from sessions where expires_at < now() + $2::interval and (expires_at < now() or not api and last_seen_at < now() - $1::interval)`,
		SessionIdle, SessionLife-SessionIdle)
	if err == nil {
		_, err = s.pool.Exec(ctx, `delete from halfway where expires_at < now()`)
	}
	if err == nil {
		_, err = s.pool.Exec(ctx, `delete from login_failures where since < now() - $1::interval`, failuresWithin)
	}
	if err != nil {
		return fmt.Errorf("purge sessions: %w", err)
	}
	return nil
}
