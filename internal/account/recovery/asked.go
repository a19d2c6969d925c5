package recovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/postgres"
)

// lookEvery is how often each node looks for who asked at another. Whoever asks
// here is answered at once.
const lookEvery = 2 * time.Second

// Ask notes that somebody who is not signed in wants a link for the account with a
// username or address. Whether there is one is looked up afterwards, by Run: what
// happens here, and how long it takes, is the same.
func (s *Store) Ask(ctx context.Context, kind Kind, login string) error {
	const most = 254
	login = account.Named(login)
	if len(login) > most || !account.Nameable(login) {
		login = "" // nobody's, and noted like any other
	}
	if _, err := s.pool.Exec(ctx, `insert into recovery_asked (kind, login) values ($1, $2)`, kind, login); err != nil {
		return fmt.Errorf("ask for a link: %w", err)
	}
	select {
	case s.asked <- struct{}{}:
	default:
	}
	return nil
}

// Run makes the links that people ask for and has them mailed, until ctx ends.
func (s *Store) Run(ctx context.Context, write Write, log *slog.Logger) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for {
			more, err := s.answer(ctx, write)
			if err != nil && ctx.Err() == nil {
				log.Warn("links that were asked for not written, trying again", "error", err)
			}
			if !more || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.asked:
		}
	}
}

// answer takes one request, if there is any. On several nodes each is taken once.
func (s *Store) answer(ctx context.Context, write Write) (more bool, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var kind Kind
		var login string
		err := tx.QueryRow(ctx, `
			delete from recovery_asked where id = (select id from recovery_asked order by id limit 1 for update skip locked)
			returning kind, login`).Scan(&kind, &login)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		user, err := account.Find(ctx, tx, login)
		switch {
		case errors.Is(err, postgres.ErrNotFound):
			return nil
		case err != nil:
			return err
		case kind == Verify && user.VerifiedAt != nil:
			return nil
		}
		var service bool // nobody logs in to one
		if err := tx.QueryRow(ctx, `select service from users where id = $1`, user.ID).Scan(&service); err != nil || service {
			return err
		}
		return Send(ctx, tx, user, kind, user.Email, write)
	})
	return more, err
}
