package room

import (
	"context"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
)

// Transfer makes a member an owner of a room in the place of the owner who acts,
// who is a moderator from then on. It returns the new owner's name,
// postgres.ErrNotFound when the username is no member's, and what the policy
// says: room.Rank also about somebody who cannot take the room over.
func (s *Store) Transfer(ctx context.Context, id ID, by account.UserID, username string) (name string, err error) {
	return s.changeMember(ctx, id, by, username, Ask{Action: Transfer}, func(tx pgx.Tx, target Membership) error {
		_, err := tx.Exec(ctx, `
			update memberships set role = case user_id when $2 then 'owner' else 'moderator' end
			where room_id = $1 and user_id in ($2, $3)`, id, target.User, by)
		if err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Room: ledger.Room(id), Kind: ledger.Transferred, Actor: string(by), Subject: string(target.User),
			Data: ledger.Data(map[string]string{"username": target.Username}),
		})
	})
}
