package call

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// A room has as many places as its capacity. A participant takes one when they
// are let in, and again when they come back after they had left. Places are
// counted under the lock that orders the room's ledger, so no two people take
// the last one, on whichever nodes they come in.

// connectWithin is how long a place is kept for somebody whose connection
// begins again.
const connectWithin = 30 * time.Second

// hasPlace is the SQL condition, over the tables grants and rooms, for a
// participant who has a place or can take one. $2 is how many the media service
// takes.
const hasPlace = `(` + room.Present + `
	or (select count(*) from grants where grants.room_id = rooms.id and ` + room.Present + `) < least(rooms.capacity, $2))`

// keepPlace holds a place for a participant whose connection is about to begin.
// It is false when none is left.
func (s *Service) keepPlace(ctx context.Context, in room.Room, id media.ParticipantID) (kept bool, err error) {
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(in.ID)); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			update grants set held_until = greatest(held_until, now() + $3::interval)
			from rooms where rooms.id = grants.room_id and grants.id = $1 and grants.revoked_at is null and `+hasPlace,
			id, s.backends.places(in), connectWithin)
		kept = err == nil && tag.RowsAffected() == 1
		return err
	})
	if err != nil {
		return false, fmt.Errorf("keep a place: %w", err)
	}
	return kept, nil
}
