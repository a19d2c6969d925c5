package call

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// End ends the call of a room for everyone; nil when none goes on. It returns
// what the policy says.
func (s *Service) End(ctx context.Context, in room.ID, by account.UserID) error {
	return s.rooms.Hold(ctx, in, by, func(tx pgx.Tx, now room.Room, who room.Person) error {
		if err := room.Authorize(who, room.Ask{Action: room.EndCall}, now.State()); err != nil {
			return err
		}
		var call string
		err := tx.QueryRow(ctx, `select id from calls where room_id = $1 and ended_at is null`, in).Scan(&call)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		return conclude(ctx, tx, in, call, by, byModerator)
	})
}

// Expel puts a participant out of the call; nil when they are not in it any
// more. A guest's stay ends with that, others can come back. It returns what the
// policy says, and ErrNotYours when there is no such participant.
func (s *Service) Expel(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	return s.moderate(ctx, in, by, id, room.Ask{Action: room.Expel}, func(tx pgx.Tx, p presence, byName string) error {
		if _, err := tx.Exec(ctx, `update guests set ended_at = now() where id = nullif($1, '')::uuid and ended_at is null`, p.person.Guest); err != nil {
			return err
		}
		ending := Ending{Reason: Expelled, By: byName, Message: Expelled.Sentence(byName)}
		return revoke(ctx, tx, p, ending, by)
	})
}

// SendToLobby puts a participant out of the call and has them wait until they
// are let in again. It returns what the policy says, also room.Rank when the
// room's lobby does not concern them, and ErrNotYours.
func (s *Service) SendToLobby(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID) error {
	return s.moderate(ctx, in, by, id, room.Ask{Action: room.Expel}, func(tx pgx.Tx, p presence, byName string) error {
		if !room.CanWait(p.person, p.room.State()) {
			return room.Rank
		}
		if err := room.SendToLobby(ctx, tx, in, by, p.person, p.displayName); err != nil {
			return err
		}
		ending := Ending{Reason: SentToLobby, By: byName, Message: SentToLobby.Sentence(byName)}
		return revoke(ctx, tx, p, ending, by)
	})
}

// Ban puts a participant out of the call and closes the room to them, and with
// them, if wanted, the invitation that a guest came by. It returns what the
// policy says, and ErrNotYours.
func (s *Service) Ban(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID, withInvitation bool) error {
	return s.moderate(ctx, in, by, id, room.Ask{Action: room.Ban}, func(tx pgx.Tx, p presence, _ string) error {
		return room.BanPerson(ctx, tx, in, by, p.person, p.displayName, withInvitation)
	})
}

// moderate runs do on a participant of a room's call, when the policy lets the
// actor do what is asked.
func (s *Service) moderate(ctx context.Context, in room.ID, by account.UserID, id media.ParticipantID, ask room.Ask, do func(tx pgx.Tx, p presence, byName string) error) error {
	return s.rooms.Hold(ctx, in, by, func(tx pgx.Tx, now room.Room, who room.Person) error {
		found, err := presences(ctx, tx, `grants.id = $1 and grants.room_id = $2`, id, in)
		if err != nil {
			return err
		}
		// Whoever may put nobody out learns nothing of who is there.
		if len(found) > 0 {
			ask.Target = found[0].person
		}
		if err := room.Authorize(who, ask, now.State()); err != nil {
			return err
		}
		if len(found) == 0 {
			return ErrNotYours
		}
		if found[0].revoked != nil {
			return nil
		}
		name, err := nameOf(ctx, tx, by)
		if err != nil {
			return err
		}
		return do(tx, found[0], name)
	})
}

// nameOf is the name of who moderates, for those whom it concerns.
func nameOf(ctx context.Context, tx pgx.Tx, by account.UserID) (name string, err error) {
	if err := tx.QueryRow(ctx, `select display_name from users where id = $1`, by).Scan(&name); err != nil {
		return "", fmt.Errorf("who moderates: %w", err)
	}
	return name, nil
}

// revoke ends a presence in the database, under the ledger's lock; the reconciler, whom that wakes, does
// at the backend.
func revoke(ctx context.Context, tx pgx.Tx, p presence, ending Ending, by account.UserID) error {
	tag, err := tx.Exec(ctx, `
		update grants set revoked_at = now(), left_at = coalesce(left_at, now()), held_until = null, reason = $2
		where id = $1 and revoked_at is null`, p.id, ending.Reason)
	if err != nil || tag.RowsAffected() == 0 {
		return err // it was ended already
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(p.room.ID), Kind: ledger.Removed, Actor: string(by), Subject: string(p.id), Data: ledger.Data(ending),
	})
}
