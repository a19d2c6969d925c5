package account

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// ProofLife is how long after showing that it is they somebody may change how
// they prove it.
const ProofLife = 15 * time.Minute

// Proved reports whether the person in a session has shown lately that it is
// they, so that a computer left alone gives nobody the account for good.
func (s Session) Proved() bool { return time.Since(s.ProvedAt) < ProofLife }

// Prove checks the password of whoever is signed in, and notes in their session
// that it is they. The session goes on under the token that it returns. Its errors
// are input.Invalid with field password, and ErrBusy.
func (s *Store) Prove(ctx context.Context, session Session, password string) (Token, error) {
	var hash string
	err := s.pool.QueryRow(ctx, `select coalesce(password_hash, '') from users where id = $1`, session.User.ID).Scan(&hash)
	if err != nil {
		return "", fmt.Errorf("prove password: %w", postgres.Translate(err))
	}
	right, err := s.passwords.matches(ctx, hash, password)
	if err != nil {
		return "", err
	}
	if !right {
		return "", input.Invalid{"password": words.Text("proof.wrong_password")}
	}
	return s.Proven(ctx, session.ID)
}

// Proven notes that the person in a session has shown that it is they. The
// session goes on under the token that it returns, and not under the one before.
func (s *Store) Proven(ctx context.Context, id SessionID) (token Token, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		token, err = renew(ctx, tx, id, false)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("renew session: %w", err)
	}
	return token, nil
}

// ProvenByFactor is Proven for somebody who showed a second factor, in the
// transaction that checks it. It returns ErrSignedOut when the session has ended.
func ProvenByFactor(ctx context.Context, tx pgx.Tx, id SessionID) (Token, error) {
	return renew(ctx, tx, id, true)
}

func renew(ctx context.Context, tx pgx.Tx, id SessionID, factor bool) (Token, error) {
	token := NewToken()
	tag, err := tx.Exec(ctx, `
		update sessions set token_hash = $2, proved_at = now(), factor_at = case when $3 then now() else factor_at end where id = $1`,
		id, token.Hash(), factor)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrSignedOut
	}
	return token, err
}
