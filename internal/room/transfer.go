package room

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
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
		return appendTransfer(ctx, tx, id, by, target.User, target.Username)
	})
}

// HandOver makes somebody, named by username or email address, the one owner of
// a room, whether or not they belong to it; its owners before are moderators from
// then on. It is for administrators at their desk: a room whose owners are gone
// gets another that way. It returns the new owner's name, input.Invalid with
// field login, and what the policy says.
func (s *Store) HandOver(ctx context.Context, id ID, by account.UserID, login string) (name string, err error) {
	err = s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		heir, err := account.Find(ctx, tx, login)
		unknown := errors.Is(err, postgres.ErrNotFound)
		if err != nil && !unknown {
			return err
		}
		target := Person{User: heir.ID}
		if !unknown {
			if target, err = person(ctx, tx, id, heir.ID); err != nil {
				return err
			}
		}
		switch err := Authorize(who, Ask{Action: Transfer, Target: target}, now.State()); {
		case !who.AtDesk:
			return Rank
		case errors.Is(err, Rank) && target.Service:
			return input.Invalid{"login": words.Text("admin.heir_service", "name", heir.DisplayName)}
		case errors.Is(err, Rank):
			return input.Invalid{"login": words.Text("admin.heir_banned", "name", heir.DisplayName)}
		case err != nil:
			return err
		case unknown:
			return input.Invalid{"login": words.Text("admin.heir_unknown")}
		}
		name = heir.DisplayName
		return handOver(ctx, tx, id, by, heir)
	})
	return name, err
}

func handOver(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, heir account.User) error {
	_, err := tx.Exec(ctx, `update memberships set role = 'moderator' where room_id = $1 and user_id <> $2 and role = 'owner'`, id, heir.ID)
	if err == nil {
		_, err = tx.Exec(ctx, `
			insert into memberships (room_id, user_id, role, created_by) values ($1, $2, 'owner', $3)
			on conflict (room_id, user_id) do update set role = 'owner'`, id, heir.ID, by)
	}
	if err == nil {
		_, err = tx.Exec(ctx, `delete from join_requests where room_id = $1 and user_id = $2`, id, heir.ID)
	}
	if err != nil {
		return err
	}
	return appendTransfer(ctx, tx, id, by, heir.ID, heir.Username)
}

func appendTransfer(ctx context.Context, tx pgx.Tx, id ID, by, heir account.UserID, username string) error {
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: ledger.Transferred, Actor: string(by), Subject: string(heir),
		Data: ledger.Data(map[string]string{"username": username}),
	})
}
