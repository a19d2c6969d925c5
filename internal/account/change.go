package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// ChangePassword sets a new password and signs out every session but keep. It
// returns input.Invalid, with fields current_password and password, and
// ErrBusy.
func (s *Store) ChangePassword(ctx context.Context, id UserID, keep SessionID, current, password string, then Then) error {
	var user User
	var hash string
	err := s.pool.QueryRow(ctx, `select `+Columns+`, coalesce(password_hash, '') from users where id = $1`, id).Scan(append(user.Fields(), &hash)...)
	if err != nil {
		return fmt.Errorf("change password: %w", postgres.Translate(err))
	}
	right, err := s.passwords.matches(ctx, hash, current)
	if err != nil {
		return err
	}
	bad := input.Invalid{}
	if !right {
		bad.Add("current_password", words.Text("account.this_is_not_your_present"))
	}
	checkPassword(bad, password, user.Username, user.Email)
	if err := bad.Err(); err != nil {
		return err
	}
	fresh, err := s.passwords.hash(ctx, password)
	if err != nil {
		return err
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		// Not over a password that was set in the meantime, by a link perhaps.
		tag, err := tx.Exec(ctx, `update users set password_hash = $2 where id = $1 and password_hash = $3`, id, fresh, hash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return input.Invalid{"current_password": words.Text("password.changed_meanwhile")}
		}
		if err := changed(ctx, tx, id, keep); err != nil {
			return err
		}
		return then(ctx, tx, user)
	})
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return nil
}

// HasPassword reports whether a user can log in with one.
func (s *Store) HasPassword(ctx context.Context, id UserID) (yes bool, err error) {
	if err := s.pool.QueryRow(ctx, `select password_hash is not null from users where id = $1`, id).Scan(&yes); err != nil {
		return false, fmt.Errorf("has password: %w", postgres.Translate(err))
	}
	return yes, nil
}

// FirstPassword gives one to a user who has none, and signs out every session but
// keep. It returns input.Invalid with field password, and ErrBusy.
func (s *Store) FirstPassword(ctx context.Context, user User, keep SessionID, password string, then Then) error {
	secret, err := s.NewSecret(ctx, user, password)
	if err != nil {
		return err
	}
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `update users set password_hash = $2 where id = $1 and password_hash is null`, user.ID, secret.hash)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return input.Invalid{"password": words.Text("password.changed_meanwhile")}
		}
		if err := changed(ctx, tx, user.ID, keep); err != nil {
			return err
		}
		return then(ctx, tx, user)
	})
	if err != nil {
		return fmt.Errorf("first password: %w", err)
	}
	return nil
}

// Secret is what is stored of a password that was found good for a user.
type Secret struct{ hash string }

// NewSecret checks a new password for a user and hashes it. It returns
// input.Invalid with field password, and ErrBusy.
func (s *Store) NewSecret(ctx context.Context, user User, password string) (Secret, error) {
	bad := input.Invalid{}
	checkPassword(bad, password, user.Username, user.Email)
	if err := bad.Err(); err != nil {
		return Secret{}, err
	}
	hash, err := s.passwords.hash(ctx, password)
	return Secret{hash}, err
}

// SetSecret gives a user a new password and signs out every session but keep,
// which may be empty.
func SetSecret(ctx context.Context, tx pgx.Tx, user UserID, secret Secret, keep SessionID) error {
	if _, err := tx.Exec(ctx, `update users set password_hash = $2 where id = $1`, user, secret.hash); err != nil {
		return err
	}
	return changed(ctx, tx, user, keep)
}

// changed is what follows from a new password: every session but keep ends, with
// what was begun with the former one, and the ledger says so. Links that set
// another are over; one that confirms the account's own address goes on.
func changed(ctx context.Context, tx pgx.Tx, user UserID, keep SessionID) error {
	if _, err := endOthers(ctx, tx, user, keep); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `delete from recovery where user_id = $1 and kind = 'reset'`, user); err != nil {
		return err
	}
	return Note(ctx, tx, user, ledger.PasswordChanged, nil)
}
