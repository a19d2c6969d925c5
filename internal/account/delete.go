package account

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"foyer/internal/ledger"
)

// ErrLastAdministrator means that no active administrator would remain.
var ErrLastAdministrator = errors.New("account: the last administrator")

// Delete takes an account away with all that is its own: sessions, factors,
// memberships, who it was in which call. What it did stays in the ledger, where
// it is a number. It returns ErrLastAdministrator.
func Delete(ctx context.Context, tx pgx.Tx, id UserID) error {
	if err := Note(ctx, tx, id, ledger.AccountDeleted, nil); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `delete from users where id = $1`, id)
	var refused *pgconn.PgError
	if errors.As(err, &refused) && refused.ConstraintName == "users_administrator_remains" {
		return ErrLastAdministrator
	}
	return err
}
