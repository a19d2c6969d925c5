package account

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// NewSetupLink returns the token of a one-time link that creates the first
// administrator, and ends earlier ones. It is empty when an administrator
// exists.
func (s *Store) NewSetupLink(ctx context.Context) (Token, error) {
	token := NewToken()
	tag, err := s.pool.Exec(ctx, `
		with earlier as (delete from setup_links)
		insert into setup_links (token_hash)
		select $1 where not exists (select from users where administrator and not service)`, token.Hash())
	if err != nil {
		return "", fmt.Errorf("setup link: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return "", nil
	}
	return token, nil
}

// SetupLinkOpen reports whether a setup link can still be used.
func (s *Store) SetupLinkOpen(ctx context.Context, token Token) (open bool, err error) {
	err = s.pool.QueryRow(ctx, `
		select exists (select from setup_links where token_hash = $1) and not exists (select from users where administrator and not service)`,
		token.Hash()).Scan(&open)
	if err != nil {
		return false, fmt.Errorf("setup link: %w", err)
	}
	return open, nil
}

// SetUp makes the first administrator and uses the link up, both or neither. It
// returns ErrSetupDone, input.Invalid like Register, and ErrBusy.
func (s *Store) SetUp(ctx context.Context, token Token, r Registration) (User, error) {
	return s.register(ctx, r, making{administrator: true, themselves: true, first: func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			delete from setup_links where token_hash = $1 and not exists (select from users where administrator and not service)`, token.Hash())
		if err == nil && tag.RowsAffected() == 0 {
			return ErrSetupDone
		}
		return err
	}})
}
