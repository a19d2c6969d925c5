package account

import (
	"context"
	"fmt"
	"time"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Note appends to the ledger that somebody did something to their own account,
// best in the transaction that does it.
func Note(ctx context.Context, db postgres.Querier, user UserID, kind ledger.Kind, data map[string]any) error {
	entry := ledger.Entry{Kind: kind, Actor: string(user)}
	if data != nil {
		entry.Data = ledger.Data(data)
	}
	return ledger.Append(ctx, db, entry)
}

// NoteAbout appends that something was done to somebody's account, by a user or,
// when by is empty, by nobody whom Foyer knows.
func NoteAbout(ctx context.Context, db postgres.Querier, by, about UserID, kind ledger.Kind, data map[string]any) error {
	return ledger.Append(ctx, db, ledger.Entry{Kind: kind, Actor: string(by), Subject: string(about), Data: ledger.Data(data)})
}

// NoteMade appends that there is a new account and, when it administers the site,
// that it does.
func NoteMade(ctx context.Context, db postgres.Querier, by UserID, user User) error {
	data := map[string]any{"username": user.Username}
	err := NoteAbout(ctx, db, by, user.ID, ledger.AccountMade, data)
	if err == nil && user.Administrator {
		err = NoteAbout(ctx, db, by, user.ID, ledger.AdministratorMade, data)
	}
	return err
}

const (
	// mostFailures is after how many wrong log-ins the ledger says so, once in
	// failuresWithin.
	mostFailures   = 5
	failuresWithin = 15 * time.Minute
)

// failed counts a log-in that failed: with an account, or with a name that nobody
// has, by the address it came from. The names are not kept, for some of them are
// passwords in the wrong field. Both cases take the same steps, and so the same
// time.
func (s *Store) failed(ctx context.Context, user UserID, from Origin) error {
	of := "user:" + string(user)
	if user == "" {
		of = "address:" + clip(from.Address)
	}
	var count int
	err := s.pool.QueryRow(ctx, `
		insert into login_failures as f (of) values ($1)
		on conflict (of) do update set
			count = case when f.since < now() - $2::interval then 1 else f.count + 1 end,
			since = case when f.since < now() - $2::interval then now() else f.since end
		returning count`, of, failuresWithin).Scan(&count)
	if err == nil && count == mostFailures {
		err = NoteAbout(ctx, s.pool, "", user, ledger.LogInsFailed, map[string]any{"count": count})
	}
	if err != nil {
		return fmt.Errorf("count failed log-in: %w", err)
	}
	return nil
}
