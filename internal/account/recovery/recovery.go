// Package recovery mails people links that show that an address is theirs, or
// that give them a new password. A link is 256 random bits, of which only a hash
// is stored; it works once, for half an hour.
package recovery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Kind is what a link is for.
type Kind string

const (
	// Verify links show that mail to an address reaches whoever has them.
	Verify Kind = "verify"
	// Reset links set a new password.
	Reset Kind = "reset"
)

// Life is how long a link works.
const Life = 30 * time.Minute

// ErrLink is the one answer to every link that does not work: wrong, used, too
// old, of another kind, of an account that is disabled.
var ErrLink = errors.New("recovery: the link does not work")

// Letter is a link on its way to somebody.
type Letter struct {
	Kind  Kind
	User  account.User
	To    string // the address, which need not be the account's yet
	Token account.Token
}

// Write has a letter mailed once tx commits.
type Write func(ctx context.Context, tx pgx.Tx, l Letter) error

// Store keeps the hashes of links.
type Store struct {
	pool     *pgxpool.Pool
	accounts *account.Store
	asked    chan struct{} // somebody has asked here just now
}

// NewStore returns a store of links for accounts.
func NewStore(pool *pgxpool.Pool, accounts *account.Store) *Store {
	return &Store{pool: pool, accounts: accounts, asked: make(chan struct{}, 1)}
}

// Send makes a link for an address and has it mailed. An earlier one of the same
// kind and person stops working.
func Send(ctx context.Context, tx pgx.Tx, user account.User, kind Kind, to string, write Write) error {
	return send(ctx, tx, user, "", kind, to, write)
}

// send is Send for a link that ends with a session; empty: with none.
func send(ctx context.Context, tx pgx.Tx, user account.User, session account.SessionID, kind Kind, to string, write Write) error {
	token := account.NewToken()
	_, err := tx.Exec(ctx, `
		insert into recovery (token_hash, kind, user_id, email, expires_at, session_id) values ($1, $2, $3, $4, now() + $5::interval, nullif($6, '')::uuid)
		on conflict on constraint recovery_one_of_a_kind do update
		set token_hash = excluded.token_hash, email = excluded.email, created_at = now(), expires_at = excluded.expires_at,
			session_id = excluded.session_id`,
		token.Hash(), kind, user.ID, to, Life, session)
	if err != nil {
		return fmt.Errorf("make link: %w", err)
	}
	return write(ctx, tx, Letter{kind, user, to, token})
}

// SendVerify mails somebody who is signed in a link for an address that shall be
// theirs. It returns input.Invalid with field email, and account.ErrSignedOut when
// their session has ended meanwhile: with it ends what was begun in it, but for
// showing that the account's own address is theirs.
func (s *Store) SendVerify(ctx context.Context, session account.Session, to string, write Write) error {
	to, err := s.accounts.CleanOwnEmail(to)
	if err != nil {
		return err
	}
	return postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := account.Hold(ctx, tx, session); err != nil {
			return err
		}
		begunIn := session.ID
		if strings.EqualFold(to, session.User.Email) {
			begunIn = ""
		}
		return send(ctx, tx, session.User, begunIn, Verify, to, write)
	})
}

// open finds whose a link is, with its row locked when lock says so.
func open(ctx context.Context, db postgres.Querier, kind Kind, token account.Token, lock string) (user account.User, to string, err error) {
	err = db.QueryRow(ctx, `
		select `+account.Columns+`, recovery.email
		from recovery join users on users.id = recovery.user_id
		where token_hash = $1 and kind = $2 and expires_at > now() and users.disabled_at is null `+lock, token.Hash(), kind).
		Scan(append(user.Fields(), &to)...)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrLink
	}
	return user, to, err
}

// Open says whose a link is and which address it went to. It uses nothing up. It
// returns ErrLink.
func (s *Store) Open(ctx context.Context, kind Kind, token account.Token) (account.User, string, error) {
	user, to, err := open(ctx, s.pool, kind, token, "")
	if err != nil {
		return account.User{}, "", fmt.Errorf("open link: %w", err)
	}
	return user, to, nil
}

// take uses a link up. Of several who try at once, one gets it. The account is
// locked first, as by whatever else ends its links.
func take(ctx context.Context, tx pgx.Tx, kind Kind, token account.Token) (account.User, string, error) {
	_, err := tx.Exec(ctx, `
		select from users where id = (select user_id from recovery where token_hash = $1) for no key update`, token.Hash())
	if err != nil {
		return account.User{}, "", err
	}
	user, to, err := open(ctx, tx, kind, token, "for update of recovery")
	if err != nil {
		return account.User{}, "", err
	}
	_, err = tx.Exec(ctx, `delete from recovery where token_hash = $1`, token.Hash())
	return user, to, err
}

// Verify uses a link up: its address is the account's from now on, and shown to
// be. When it is another than before, moved runs with the account as it was. It
// returns ErrLink, and input.Invalid with field email when the address belongs to
// another account.
func (s *Store) Verify(ctx context.Context, token account.Token, moved account.Then) (user account.User, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		before, to, err := take(ctx, tx, Verify, token)
		if err != nil {
			return err
		}
		user = before
		user.Email = to
		if strings.EqualFold(before.Email, to) {
			return tx.QueryRow(ctx, `
				update users set email = $2, email_verified_at = coalesce(email_verified_at, now()) where id = $1
				returning email_verified_at`, user.ID, to).Scan(&user.VerifiedAt)
		}
		// A link to set a password that went to the former address ends with it.
		if _, err = tx.Exec(ctx, `delete from recovery where user_id = $1`, user.ID); err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			update users set email = $2, email_verified_at = now() where id = $1 returning email_verified_at`, user.ID, to).Scan(&user.VerifiedAt)
		if err != nil {
			return err
		}
		if err := account.Note(ctx, tx, user.ID, ledger.EmailChanged, nil); err != nil {
			return err
		}
		return moved(ctx, tx, before)
	})
	var conflict *postgres.Conflict
	if errors.As(err, &conflict) && conflict.Constraint == "users_email_key" {
		return account.User{}, input.Invalid{"email": words.Text("recovery.address_taken")}
	}
	if err != nil {
		return account.User{}, fmt.Errorf("verify address: %w", err)
	}
	return user, nil
}

// Reset uses a link up: the account has a new password and is signed out
// everywhere. That the link was read shows the address to be theirs. It returns
// ErrLink, input.Invalid with field password, and account.ErrBusy.
func (s *Store) Reset(ctx context.Context, token account.Token, password string, then account.Then) (account.User, error) {
	user, _, err := s.Open(ctx, Reset, token)
	if err != nil {
		return account.User{}, err
	}
	secret, err := s.accounts.NewSecret(ctx, user, password)
	if err != nil {
		return account.User{}, err
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		user, to, err := take(ctx, tx, Reset, token)
		if err != nil {
			return err
		}
		if err := account.SetSecret(ctx, tx, user.ID, secret, ""); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			update users set email_verified_at = now() where id = $1 and email_verified_at is null and lower(email) = lower($2)`, user.ID, to)
		if err != nil {
			return err
		}
		return then(ctx, tx, user)
	})
	if err != nil {
		return account.User{}, fmt.Errorf("reset password: %w", err)
	}
	return user, nil
}

// Purge deletes links that do not work any more.
func (s *Store) Purge(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `delete from recovery where expires_at < now()`); err != nil {
		return fmt.Errorf("purge links: %w", err)
	}
	return nil
}
