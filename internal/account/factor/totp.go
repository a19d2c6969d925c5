package factor

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

const (
	digits = 6
	period = 30 // seconds
	skew   = 1  // periods by which a clock may be off
)

// Pending is an app that is being set up: what it has to know.
type Pending struct {
	Secret string // to type, in base 32
	URL    string // to scan
}

// BeginApp makes a secret for an app. One that is in use stays in use until a code
// of the new one was given.
func (s *Store) BeginApp(ctx context.Context, user account.User) error {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: "Foyer", AccountName: user.Username})
	if err != nil {
		return fmt.Errorf("begin app: %w", err)
	}
	_, err = s.pool.Exec(ctx, `
		insert into totp (user_id, pending) values ($1, $2)
		on conflict (user_id) do update set pending = excluded.pending`, user.ID, s.seal.Close(string(user.ID), key.URL()))
	if err != nil {
		return fmt.Errorf("begin app: %w", err)
	}
	return nil
}

// PendingApp returns the app that is being set up. It returns postgres.ErrNotFound
// when there is none.
func (s *Store) PendingApp(ctx context.Context, user account.UserID) (Pending, error) {
	var sealed []byte
	err := s.pool.QueryRow(ctx, `select pending from totp where user_id = $1 and pending is not null`, user).Scan(&sealed)
	if err != nil {
		return Pending{}, fmt.Errorf("pending app: %w", postgres.Translate(err))
	}
	key, err := s.key(user, sealed)
	if err != nil {
		return Pending{}, fmt.Errorf("pending app: %w", err)
	}
	return Pending{key.Secret(), key.URL()}, nil
}

func (s *Store) key(user account.UserID, sealed []byte) (*otp.Key, error) {
	plain, err := s.seal.Open(string(user), sealed)
	if err != nil {
		return nil, err
	}
	return otp.NewKeyFromURL(plain)
}

// ConfirmApp takes the first code of the app that is being set up: it is in use
// from then on, and the session goes on under the token that it returns. It returns
// ErrWrongCode. Then runs in the same transaction.
func (s *Store) ConfirmApp(ctx context.Context, session account.Session, code string, then account.Then) (token account.Token, err error) {
	user := session.User.ID
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var sealed []byte
		err := tx.QueryRow(ctx, `select pending from totp where user_id = $1 and pending is not null for update`, user).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrWrongCode
		}
		if err != nil {
			return err
		}
		step, err := s.step(user, sealed, clean(code))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `
			update totp set secret = pending, pending = null, confirmed_at = now(), last_step = $2 where user_id = $1`, user, step)
		if err != nil {
			return err
		}
		if err := account.Note(ctx, tx, user, ledger.AppAdded, nil); err != nil {
			return err
		}
		if err := then(ctx, tx, session.User); err != nil {
			return err
		}
		token, err = account.ProvenByFactor(ctx, tx, session.ID)
		return err
	})
	if err != nil {
		return "", fmt.Errorf("confirm app: %w", err)
	}
	return token, nil
}

// RemoveApp takes a user's app away; nil if there is none.
func (s *Store) RemoveApp(ctx context.Context, user account.User, then account.Then) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := removing(ctx, tx, user.ID); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `delete from totp where user_id = $1`, user.ID)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if err := afterLast(ctx, tx, user.ID); err != nil {
			return err
		}
		if err := account.Note(ctx, tx, user.ID, ledger.AppRemoved, nil); err != nil {
			return err
		}
		return then(ctx, tx, user)
	})
	if err != nil {
		return fmt.Errorf("remove app: %w", err)
	}
	return nil
}

// takeTimed uses up a code of the app.
func (s *Store) takeTimed(ctx context.Context, tx pgx.Tx, user account.UserID, code string) error {
	var sealed []byte
	var last int64
	// Locked, so that of several who give one code at once, one has it.
	err := tx.QueryRow(ctx, `
		select secret, last_step from totp where user_id = $1 and confirmed_at is not null for update`, user).Scan(&sealed, &last)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrWrongCode
	}
	if err != nil {
		return err
	}
	step, err := s.step(user, sealed, code)
	if err != nil {
		return err
	}
	if step <= last {
		return ErrWrongCode
	}
	_, err = tx.Exec(ctx, `update totp set last_step = $2 where user_id = $1`, user, step)
	return err
}

// step finds of which period a code is. It takes the same time whatever the code.
func (s *Store) step(user account.UserID, sealed []byte, code string) (int64, error) {
	key, err := s.key(user, sealed)
	if err != nil {
		return 0, err
	}
	now, found := s.now().Unix()/period, int64(0)
	for step := now - skew; step <= now+skew; step++ {
		want, err := totp.GenerateCodeCustom(key.Secret(), time.Unix(step*period, 0), totp.ValidateOpts{
			Period: period, Digits: digits, Algorithm: otp.AlgorithmSHA1,
		})
		if err != nil {
			return 0, err
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			found = step
		}
	}
	if found == 0 {
		return 0, ErrWrongCode
	}
	return found, nil
}
