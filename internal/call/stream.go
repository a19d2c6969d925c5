package call

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
)

// Event is something that a participant's browser is told.
type Event struct {
	Position ledger.Position // where to go on from after this event
	Name     string          // admitted, joined, left, permissions, room or ended
	Data     json.RawMessage
}

// Ending is the data of the event "ended": the participant's presence is over.
type Ending struct {
	Reason  Reason `json:"reason"`
	By      string `json:"by"`      // name of the person who ended it, or empty
	Message string `json:"message"` // a sentence for the participant
}

// recheckEvery bounds how long a stream goes on for somebody who may not hear
// the room any more and whom the reconciler has nothing to do with, because they
// are not in the call.
const recheckEvery = time.Second

// Stream is the events of a room for one participant. It is for one goroutine.
type Stream struct {
	service     *Service
	follower    *ledger.Follower
	participant media.ParticipantID
	checked     time.Time
	ended       bool
}

// Stream begins to tell a participant, who must belong to the person of a
// session, what happens in the room of slug after a position. It returns
// account.ErrSignedOut and ErrNotYours. Close must be called.
func (s *Service) Stream(ctx context.Context, token account.Token, slug string, id media.ParticipantID, after ledger.Position) (*Stream, error) {
	var mine bool
	err := s.pool.QueryRow(ctx, `
		select exists (select from grants join rooms on rooms.id = grants.room_id
				where grants.id = $2 and grants.user_id = users.id and rooms.slug = $3)
		from sessions join users on users.id = sessions.user_id
		where sessions.token_hash = $1 and `+account.Valid, token.Hash(), id, slug).Scan(&mine)
	switch {
	case noRows(err):
		return nil, account.ErrSignedOut
	case err != nil:
		return nil, fmt.Errorf("stream: %w", err)
	case !mine:
		return nil, ErrNotYours
	}
	p, err := s.presence(ctx, id)
	if err != nil {
		return nil, err
	}
	follower, err := s.hub.Follow(ctx, ledger.Room(p.room.ID), after)
	if err != nil {
		return nil, err
	}
	return &Stream{service: s, follower: follower, participant: id}, nil
}

func (s *Service) presence(ctx context.Context, id media.ParticipantID) (presence, error) {
	found, err := presences(ctx, s.pool, `grants.id = $1`, id)
	if err != nil {
		return presence{}, err
	}
	if len(found) == 0 {
		return presence{}, ErrNotYours
	}
	return found[0], nil
}

// Close ends the stream.
func (s *Stream) Close() { s.follower.Close() }

// Next waits for events and returns them in order; none when ctx's deadline
// passes first, so that the caller can send a sign of life. The last event of a
// presence that is over is "ended"; after it Next returns ErrNotYours.
func (s *Stream) Next(ctx context.Context) ([]Event, error) {
	if s.ended {
		return nil, ErrNotYours
	}
	if over, err := s.check(ctx); over != nil || err != nil {
		return over, err
	}
	entries, err := s.follower.Next(ctx)
	if err != nil && ctx.Err() == nil {
		return nil, err
	}
	if over, err := s.check(context.WithoutCancel(ctx)); over != nil || err != nil {
		return over, err
	}
	var events []Event
	for _, entry := range entries {
		event, ok := s.event(entry)
		if !ok {
			continue
		}
		events = append(events, event)
		if event.Name == ended {
			s.ended = true
			break
		}
	}
	return events, nil
}

const ended = "ended"

// check asks from time to time whether the presence is over for a reason that
// the ledger will not tell of, and returns the closing event then.
func (s *Stream) check(ctx context.Context) ([]Event, error) {
	if time.Since(s.checked) < recheckEvery {
		return nil, nil
	}
	p, err := s.service.presence(ctx, s.participant)
	if err != nil {
		return nil, err
	}
	s.checked = time.Now()
	reason := p.over()
	if reason == "" || p.revoked == nil && p.left == nil {
		return nil, nil // the reconciler is about to say who did it
	}
	s.ended = true
	return s.service.ending(ctx, p, reason)
}

// ending repeats what the ledger says of the end of a presence, or says it for
// one that had left before.
func (s *Service) ending(ctx context.Context, p presence, reason Reason) ([]Event, error) {
	event := Event{Name: ended, Data: ledger.Data(Ending{Reason: reason, Message: reason.Sentence("")})}
	err := s.pool.QueryRow(ctx, `
		select id, data from ledger where room_id = $1 and kind = $2 and subject = $3 order by id desc limit 1`,
		p.room.ID, ledger.Removed, p.id).Scan(&event.Position, &event.Data)
	if err != nil && !noRows(err) {
		return nil, fmt.Errorf("stream: %w", err)
	}
	return []Event{event}, nil
}

// event is what the participant is told of a ledger entry, if anything.
func (s *Stream) event(e ledger.Entry) (Event, bool) {
	event := Event{Position: e.ID, Data: e.Data}
	own := e.Subject == string(s.participant)
	switch {
	case e.Kind == ledger.Removed && own:
		event.Name = ended
	case e.Kind == ledger.Left, e.Kind == ledger.Removed:
		// Why somebody else was removed is between them and who did it.
		event.Name, event.Data = "left", ledger.Data(map[string]string{"participant": e.Subject})
	case e.Kind == ledger.Admitted && !own:
		event.Name = "admitted"
	case e.Kind == ledger.Joined:
		event.Name = "joined"
	case e.Kind == ledger.Permitted && own:
		event.Name, event.Data = "permissions", ledger.Data(map[string]json.RawMessage{"may": e.Data})
	case e.Kind == ledger.RoomRenamed:
		event.Name = "room"
	default:
		return Event{}, false
	}
	return event, true
}
