package call

import (
	"context"
	"errors"
	"fmt"
	"time"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/room"
)

// Standing is what somebody in the lobby is told: nothing about the room but
// that they wait, and whether anybody was told.
type Standing struct {
	State   room.Answer `json:"state"`
	Told    int         `json:"told"`    // people in the call who can let them in
	Message string      `json:"message"` // when they are not let in: why
}

// Wait is the stay of one person in a room's lobby. It is for one goroutine.
type Wait struct {
	// ToProgram has the wait end when they wait no more. A page goes on listening: one
	// can ask again on it.
	ToProgram bool

	service  *Service
	follower *ledger.Follower
	closed   func()
	token    account.Token
	slug     string
	seen     time.Time // when the lobby last heard of them
	last     *Standing
}

// aliveEvery is how often at most it is written that somebody still waits.
const aliveEvery = 10 * time.Second

// Wait follows what becomes of the person of a session in the lobby of the room
// of slug. It returns what the policy says, and ErrTooManyStreams. Close must be
// called, once.
func (s *Service) Wait(ctx context.Context, token account.Token, slug string) (*Wait, error) {
	visit, err := s.rooms.Visit(ctx, token, slug)
	if err != nil {
		return nil, err
	}
	end, err := ledger.End(ctx, s.pool, ledger.Room(visit.Room.ID))
	if err != nil {
		return nil, err
	}
	closed, err := s.waits.open(token, mostStreams)
	if err != nil {
		return nil, err
	}
	follower, err := s.hub.Follow(ctx, ledger.Room(visit.Room.ID), end)
	if err != nil {
		closed()
		return nil, err
	}
	return &Wait{service: s, follower: follower, closed: closed, token: token, slug: slug}, nil
}

// Close ends the following; the person stays in the lobby.
func (w *Wait) Close() {
	w.follower.Close()
	w.closed()
}

// Events is Next, as a stream tells it.
func (w *Wait) Events(ctx context.Context) ([]Event, error) {
	standing, err := w.Next(ctx)
	if standing == nil || err != nil {
		return nil, err
	}
	return []Event{{Name: "standing", Data: ledger.Data(standing)}}, nil
}

// Next waits until the standing is another than it last returned. It returns nil
// when ctx's deadline passes first, and what the policy says once the person may
// not know of the room any more. To a program it returns ErrNotYours after a
// standing other than waiting.
func (w *Wait) Next(ctx context.Context) (*Standing, error) {
	if w.ToProgram && w.last != nil && w.last.State != room.Waiting {
		return nil, ErrNotYours
	}
	for {
		standing, err := w.standing(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		if w.last == nil || *w.last != standing {
			w.last = &standing
			return &standing, nil
		}
		// What the ledger does not tell of, like the end of an invitation, is
		// found by asking again.
		wait, done := context.WithTimeout(ctx, recheckEvery)
		for kept := false; err == nil && !kept; { // what only passes changes nobody's standing
			var entries []ledger.Entry
			entries, err = w.follower.Next(wait)
			kept = len(entries) > 0 && entries[0].ID > 0
		}
		done()
		if err != nil && wait.Err() == nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, nil
		}
	}
}

func (w *Wait) standing(ctx context.Context) (Standing, error) {
	visit, err := w.service.rooms.Visit(ctx, w.token, w.slug)
	if err != nil {
		return Standing{}, err
	}
	standing := Standing{State: visit.Person.Answer}
	err = visit.May(room.Ask{Action: room.Enter})
	var refusal room.Refusal
	switch {
	case err == nil || errors.Is(err, room.Full):
		standing.State = room.Admitted
	case errors.Is(err, room.MustWait):
	case errors.As(err, &refusal):
		standing.State, standing.Message = room.Denied, refused(err).Sentence("")
	default:
		return Standing{}, err
	}
	if standing.State != room.Waiting {
		return standing, nil
	}
	if time.Since(w.seen) > aliveEvery {
		if err := w.service.rooms.StillWaiting(ctx, visit); err != nil {
			return Standing{}, err
		}
		w.seen = time.Now()
	}
	standing.Told, err = w.service.moderatorsIn(ctx, visit.Room.ID)
	return standing, err
}

// moderatorsIn counts the people in a room's call who can let others in.
func (s *Service) moderatorsIn(ctx context.Context, in room.ID) (n int, err error) {
	found, err := presences(ctx, s.pool, `grants.room_id = $1 and grants.connected_at is not null and `+room.Present, in)
	if err != nil {
		return 0, fmt.Errorf("who moderates: %w", err)
	}
	who := make(map[account.UserID]bool)
	for _, p := range found {
		if room.Authorize(p.person, room.Ask{Action: room.ManageLobby}, p.room.State()) == nil {
			who[p.person.User] = true
		}
	}
	return len(who), nil
}
