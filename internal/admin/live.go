package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/media"
	"foyer/internal/room"
)

// Call is a call that goes on.
type Call struct {
	Room      room.ID
	Slug      string
	Name      string
	Backend   string
	StartedAt time.Time
	People    []Participant // in the order of their coming; empty: nobody is in just now
}

// Participant is somebody who is in a call, with how they say that they are
// connected.
type Participant struct {
	ID          media.ParticipantID
	Username    string // empty for guests
	DisplayName string
	Guest       bool
	Since       time.Time
	Path        string        // "udp", "tcp", "relay" or "unknown"; empty: they have not said
	Quality     string        // "good", "poor" or "lost"
	RoundTrip   time.Duration // to the media service and back
	Loss        float32       // share of packets
}

// saidWithin is how long what a participant said of their connection holds: three
// times as long as the page waits between two reports.
const saidWithin = "interval '45 seconds'"

const callsQuery = `
	select rooms.id, rooms.slug, rooms.name, rooms.backend, calls.started_at
	from calls join rooms on rooms.id = calls.room_id
	where calls.ended_at is null and (calls.started_at, calls.room_id) < ($1, $2::uuid)
	order by calls.started_at desc, calls.room_id desc limit $3`

const peopleQuery = `
	select grants.room_id, grants.id, coalesce(users.username, ''), grants.display_name, grants.guest_id is not null, grants.connected_at,
		coalesce(connections.path, ''), coalesce(connections.quality, ''), coalesce(connections.rtt_ms, 0), coalesce(connections.loss, 0)
	from grants
	left join users on users.id = grants.user_id
	left join connections on connections.grant_id = grants.id and connections.at > now() - ` + saidWithin + `
	where grants.room_id = any($1::uuid[]) and grants.connected_at is not null and ` + room.Present + `
	order by grants.connected_at, grants.id`

// CallsPerPage is how many calls a page has: fewer than other lists, as everybody in
// them is on it.
const CallsPerPage = 20

// CallMark is a place in the list of calls: a call's. The zero value is before
// the newest.
type CallMark struct {
	StartedAt time.Time
	Room      room.ID
}

// Calls lists a page of the calls that go on, the newest first, and whether there
// are more.
func (s *Store) Calls(ctx context.Context, before CallMark) (calls []Call, more bool, err error) {
	if before == (CallMark{}) {
		before = CallMark{time.Now().Add(time.Hour), "ffffffff-ffff-ffff-ffff-ffffffffffff"} // clocks differ
	}
	rows, err := s.pool.Query(ctx, callsQuery, before.StartedAt, before.Room, CallsPerPage+1)
	if err != nil {
		return nil, false, fmt.Errorf("list calls: %w", err)
	}
	calls, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Call, err error) {
		return c, row.Scan(&c.Room, &c.Slug, &c.Name, &c.Backend, &c.StartedAt)
	})
	if err != nil {
		return nil, false, fmt.Errorf("list calls: %w", err)
	}
	if more = len(calls) > CallsPerPage; more {
		calls = calls[:CallsPerPage]
	}
	return calls, more, s.seat(ctx, calls)
}

// InCall lists who is in the call of one room.
func (s *Store) InCall(ctx context.Context, id room.ID) ([]Participant, error) {
	calls := []Call{{Room: id}}
	err := s.seat(ctx, calls)
	return calls[0].People, err
}

// seat puts into calls who is in them.
func (s *Store) seat(ctx context.Context, calls []Call) error {
	places := make(map[room.ID]*Call, len(calls))
	ids := make([]room.ID, len(calls))
	for i := range calls {
		places[calls[i].Room], ids[i] = &calls[i], calls[i].Room
	}
	rows, err := s.pool.Query(ctx, peopleQuery, ids)
	if err != nil {
		return fmt.Errorf("list who is in calls: %w", err)
	}
	var id room.ID
	var p Participant
	var rtt int
	_, err = pgx.ForEachRow(rows, []any{&id, &p.ID, &p.Username, &p.DisplayName, &p.Guest, &p.Since, &p.Path, &p.Quality, &rtt, &p.Loss}, func() error {
		p.RoundTrip = time.Duration(rtt) * time.Millisecond
		places[id].People = append(places[id].People, p)
		return nil
	})
	if err != nil {
		return fmt.Errorf("list who is in calls: %w", err)
	}
	return nil
}
