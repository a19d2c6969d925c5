package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
)

// Who hosts a call may lock the room and turn its switches, for that call: a
// member whom the moderators left behind must not shut the room to the others for
// good. What it was like before is kept with the call and put back at its end,
// unless a moderator has changed it since, who means it to last.

// before is what a room was like before its host changed it.
type before struct {
	Locked   bool     `json:"locked"`
	Switches Switches `json:"switches"`
}

// lead runs do like change, for what hosts of a call may do until it ends.
func (s *Store) lead(ctx context.Context, id ID, by account.UserID, action Action, do func(tx pgx.Tx, now Room) error) error {
	return s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		if err := Authorize(who, Ask{Action: action}, now.State()); err != nil {
			return err
		}
		if err := keepBefore(ctx, tx, now, atLeast(Moderator, who) != nil); err != nil {
			return err
		}
		return do(tx, now)
	})
}

// keepBefore keeps what a room is like before its host changes it for the first
// time; a moderator's change makes it last.
func keepBefore(ctx context.Context, tx pgx.Tx, now Room, byHost bool) error {
	var was *before
	if byHost {
		was = &before{now.LockedAt != nil, now.Switches}
	}
	_, err := tx.Exec(ctx, `
		update calls set room_before = case when $2::jsonb is not null then coalesce(room_before, $2) end
		where room_id = $1 and ended_at is null`, now.ID, was)
	if err != nil {
		return fmt.Errorf("keep what the room was like: %w", err)
	}
	return nil
}

// PutBack undoes what hosts of a call have changed of its room. The caller holds
// the room.
func PutBack(ctx context.Context, tx pgx.Tx, id ID, call string) error {
	var was before
	now := Room{ID: id}
	err := tx.QueryRow(ctx, `
		select calls.room_before, rooms.locked_at, rooms.switches
		from calls join rooms on rooms.id = calls.room_id
		where calls.id = $1 and calls.room_before is not null`, call).Scan(&was, &now.LockedAt, &now.Switches)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = setLocked(ctx, tx, now, "", was.Locked)
	}
	if err == nil {
		err = setSwitches(ctx, tx, now, "", was.Switches)
	}
	if err != nil {
		return fmt.Errorf("put back what the room was like: %w", err)
	}
	return nil
}
