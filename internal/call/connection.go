package call

import (
	"context"
	"fmt"
	"math"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/media"
	"foyer/internal/words"
)

// Connection is how a participant's browser says that it is connected to the
// media service: the same of every service. It is stored beside the grant, where
// every node finds it, and means nothing to anybody but those who look.
type Connection struct {
	Path    string  `json:"path"`    // "udp", "tcp", "relay" or "unknown"
	Quality string  `json:"quality"` // "good", "poor" or "lost"
	RTT     float64 `json:"rtt"`     // seconds there and back
	Loss    float64 `json:"loss"`    // share of packets that were lost, 0 to 1
}

func (c Connection) check() error {
	bad := input.Invalid{}
	bad.Choice("path", c.Path, "udp", "tcp", "relay", "unknown")
	bad.Choice("quality", c.Quality, "good", "poor", "lost")
	if !(c.RTT >= 0 && c.RTT <= 60) {
		bad.Add("rtt", words.Text("call_request.give_seconds_from_0_to"))
	}
	if !(c.Loss >= 0 && c.Loss <= 1) {
		bad.Add("loss", words.Text("call_request.give_a_share_from_0"))
	}
	return bad.Err()
}

// Report writes down how a participant is connected: one of the person of a session,
// or one whom its program vouched for. It returns input.Invalid, and ErrNotYours when there is no such participant,
// theirs, in the call of the room of slug.
func (s *Service) Report(ctx context.Context, token account.Token, slug string, id media.ParticipantID, c Connection) error {
	if err := c.check(); err != nil {
		return err
	}
	tag, err := s.pool.Exec(ctx, `
		insert into connections (grant_id, path, quality, rtt_ms, loss)
		select grants.id, $4, $5, $6, $7
		from grants
		join rooms on rooms.id = grants.room_id and rooms.slug = $3 and rooms.deleted_at is null
		join sessions on sessions.token_hash = $1
		left join users on users.id = sessions.user_id left join guests on guests.id = sessions.guest_id
		where grants.id = $2 and `+ofListener+` and `+account.Valid+` and grants.revoked_at is null and grants.left_at is null
		on conflict (grant_id) do update
		set path = excluded.path, quality = excluded.quality, rtt_ms = excluded.rtt_ms, loss = excluded.loss, at = excluded.at`,
		token.Hash(), id, slug, c.Path, c.Quality, int(math.Round(c.RTT*1000)), c.Loss)
	if err != nil {
		return fmt.Errorf("report a connection: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return ErrNotYours
	}
	return nil
}
