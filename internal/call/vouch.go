package call

import (
	"context"
	"errors"
	"fmt"

	"foyer/internal/account"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Vouch lets somebody into the call of a room on the word of a program that
// visits it by a token: as a guest of that name, as long as the token is good.
// They take a place, and lock, lobby and bans are for them as for every guest.
// It returns what room.Store.Vouch and Join do, and room.Shut for somebody who is
// banned.
func (s *Service) Vouch(ctx context.Context, by room.Visit, identity, displayName string) (Ticket, error) {
	guest, err := s.rooms.Vouch(ctx, by, identity, displayName)
	if err != nil {
		return Ticket{}, err
	}
	ticket, err := s.enter(ctx, guest, guest.DisplayName, "")
	if errors.Is(err, room.ErrHidden) {
		err = room.Shut // the program knows the room
	}
	return ticket, err
}

// Leave ends a presence that a session let in: its person's own, or one that its
// program vouched for. It is nil when it has ended, and ErrNotYours for another's.
func (s *Service) Leave(ctx context.Context, token account.Token, in room.ID, id media.ParticipantID) error {
	var own bool
	err := s.pool.QueryRow(ctx, `
		select exists (select from grants join sessions on sessions.id = grants.session_id
			where grants.id = $1 and grants.room_id = $2 and sessions.token_hash = $3)`, id, in, token.Hash()).Scan(&own)
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	if !own {
		return ErrNotYours
	}
	return s.end(ctx, id, in, Gone)
}
