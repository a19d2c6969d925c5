package room

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
)

// mostIdentity is how long a program's own name for somebody can be.
const mostIdentity = 128

// Vouch returns the visit of somebody whom a program lets into the room that it
// visits: a guest, the same one each time the program gives the same identity for
// them, a new one without. The program may do so as long as it may invite guests.
// A stay that had ended, with a call or because somebody put them out, begins
// anew; a ban holds, and is what the policy then says. Nothing is kept of a new guest
// who may not enter. It returns input.Invalid with fields identity and display_name,
// what the policy says of the program, and then of the new guest.
func (s *Store) Vouch(ctx context.Context, by Visit, identity, displayName string) (Visit, error) {
	bad := input.Invalid{}
	identity = bad.Line("identity", identity, 0, mostIdentity)
	name, err := account.CleanDisplayName(displayName)
	var invalid input.Invalid
	if errors.As(err, &invalid) {
		bad.Add("display_name", invalid["display_name"])
	}
	if err := bad.Err(); err != nil {
		return Visit{}, err
	}
	guest := Visit{Session: account.Session{ID: by.Session.ID}, DisplayName: name}
	err = s.change(ctx, by.Room.ID, by.Person.User, Ask{Action: Invite, NewRole: Guest}, func(tx pgx.Tx, _ Room) error {
		id, fresh, err := vouched(ctx, tx, by, identity, name)
		if err != nil {
			return err
		}
		err = tx.QueryRow(ctx, `
			select `+PersonColumns+`, `+Columns+`, `+countColumns(vouchedBesides)+`
			from guests join rooms on rooms.id = guests.room_id left join users on false`+PersonJoins+`
			where guests.id = $1`, id).
			Scan(append(append(guest.Person.Fields(), guest.Room.Fields()...), guest.Room.countFields()...)...)
		if err != nil || !fresh {
			return err
		}
		return guest.May(Ask{Action: Enter})
	})
	return guest, err
}

// vouchedBesides is Present without the guest's own places who has not connected:
// the next to come under that name comes in their place.
const vouchedBesides = Present + ` and not (grants.connected_at is null and grants.guest_id = guests.id)`

// vouched makes the guest, a fresh one, or takes the one who is there. The caller
// holds the room.
func vouched(ctx context.Context, tx pgx.Tx, by Visit, identity, name string) (id account.GuestID, fresh bool, err error) {
	// A row that was there before has an xmax, since it was locked to be updated.
	err = tx.QueryRow(ctx, `
		insert into guests (id, room_id, vouched_by, identity, display_name) values ($1, $2, $3, nullif($4, ''), $5)
		on conflict (room_id, vouched_by, identity) do update set display_name = excluded.display_name, ended_at = null, ended_by = null
		returning id, xmax = 0`, newID(), by.Room.ID, by.Person.User, identity, name).Scan(&id, &fresh)
	if err != nil || !fresh {
		return id, false, err
	}
	return id, true, ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(by.Room.ID), Kind: ledger.GuestCame, Actor: string(by.Person.User), Subject: string(id),
		Data: ledger.Data(map[string]string{"name": name}),
	})
}
