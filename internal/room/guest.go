package room

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Door returns an open room that takes guests, by its slug. For every other room
// it returns ErrSignIn, as if there were none.
func (s *Store) Door(ctx context.Context, slug string) (Room, error) {
	if !slugPattern.MatchString(slug) {
		slug = ""
	}
	var room Room
	err := s.pool.QueryRow(ctx, `select `+Columns+` from rooms where slug = $1 and deleted_at is null`, slug).Scan(room.Fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Room{}, ErrSignIn
	}
	if err != nil {
		return Room{}, fmt.Errorf("door: %w", err)
	}
	if atDoor(room, See) != nil {
		return Room{}, ErrSignIn
	}
	return room, nil
}

// atDoor asks the policy what somebody may do who came without an invitation.
func atDoor(room Room, action Action) error {
	return Authorize(Person{Guest: "at the door", Role: Guest}, Ask{Action: action}, room.State())
}

// ComeIn begins the session of somebody without an account in an open room that
// takes guests. They have to wait in its lobby. It returns ErrSignIn for every
// other room, as Door does, what the policy says of asking to be let in, and
// input.Invalid with field display_name.
func (s *Store) ComeIn(ctx context.Context, slug string, who Comer) (account.Token, error) {
	room, err := s.Door(ctx, slug)
	if err != nil {
		return "", err
	}
	if who.DisplayName, err = account.CleanDisplayName(who.DisplayName); err != nil {
		return "", err
	}
	var session account.Token
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := lock(ctx, tx, room.ID); err != nil {
			return err
		}
		again, err := resume(ctx, tx, string(room.ID), who)
		if session = again.Guest; err != nil || session != "" {
			return err
		}
		if err := tx.QueryRow(ctx, `select `+Columns+` from rooms where id = $1`, room.ID).Scan(room.Fields()...); err != nil {
			return err
		}
		if err := atDoor(room, Knock); err != nil {
			return err
		}
		var id account.GuestID
		if id, session, err = insertGuest(ctx, tx, room.ID, "", who); err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Room: ledger.Room(room.ID), Kind: ledger.GuestCame, Actor: string(id), Subject: string(id),
			Data: ledger.Data(map[string]string{"name": who.DisplayName}),
		})
	})
	if err != nil {
		return "", fmt.Errorf("come in: %w", err)
	}
	return session, nil
}

// guestID is who an attempt to come in makes: the same each time it is sent to
// the same place. Whoever knows the id does not know the attempt.
func guestID(place, attempt string) account.GuestID {
	if attempt == "" {
		return account.GuestID(newID())
	}
	sum := sha256.Sum256([]byte(place + "/" + attempt))
	return account.GuestID(uuid.UUID(sum[:16]).String())
}

// resume begins one more session for the guest whom the same attempt made
// before, at an invitation or a room's door; empty when there is none who may go
// on being one.
func resume(ctx context.Context, tx pgx.Tx, place string, who Comer) (Accepted, error) {
	if who.Attempt == "" {
		return Accepted{}, nil
	}
	var p Person
	var in Room
	err := tx.QueryRow(ctx, `
		select `+PersonColumns+`, `+Columns+`
		from guests join rooms on rooms.id = guests.room_id left join users on false`+PersonJoins+`
		where guests.id = $1`, guestID(place, who.Attempt)).Scan(append(p.Fields(), in.Fields()...)...)
	if errors.Is(err, pgx.ErrNoRows) || err == nil && Authorize(p, Ask{Action: See}, in.State()) != nil {
		return Accepted{}, nil
	}
	if err != nil {
		return Accepted{}, err
	}
	session, err := account.BeginGuest(ctx, tx, p.Guest, who.Origin)
	return Accepted{in.Slug, session}, err
}

// insertGuest makes a guest, by an invitation when it is not empty, and begins
// their session.
func insertGuest(ctx context.Context, tx pgx.Tx, in ID, invitation string, who Comer) (account.GuestID, account.Token, error) {
	place := invitation
	if place == "" {
		place = string(in)
	}
	var id account.GuestID
	// Whose stay with the same attempt is over becomes somebody new.
	err := tx.QueryRow(ctx, `
		insert into guests (id, room_id, invitation_id, display_name)
		values (case when exists (select from guests where id = $1) then $2::uuid else $1 end, $3, nullif($4, '')::uuid, $5) returning id`,
		guestID(place, who.Attempt), newID(), in, invitation, who.DisplayName).Scan(&id)
	if err != nil {
		return "", "", err
	}
	session, err := account.BeginGuest(ctx, tx, id, who.Origin)
	return id, session, err
}

// LeaveAsGuest ends the stay of a guest, in the call and in the lobby too; nil
// when it is over already. It returns Rank for people with an account.
func (s *Store) LeaveAsGuest(ctx context.Context, v Visit) error {
	if v.Person.Guest == "" {
		return Rank
	}
	if err := s.StopWaiting(ctx, v); err != nil {
		return err
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(v.Room.ID)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `update guests set ended_at = now(), ended_by = 'self' where id = $1 and ended_at is null`, v.Person.Guest)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{
			Room: ledger.Room(v.Room.ID), Kind: ledger.GuestLeft, Actor: v.Person.id(), Subject: v.Person.id(),
			Data: ledger.Data(map[string]string{"name": v.DisplayName}),
		})
	})
	if err != nil {
		return fmt.Errorf("leave as guest: %w", err)
	}
	return nil
}
