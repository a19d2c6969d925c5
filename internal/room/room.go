// Package room knows which rooms there are, who belongs to each and as what,
// and holds the one policy of who may do what in them (Authorize).
package room

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// ID names a room for good; its slug and name may change hands.
type ID string

const (
	// LeastCapacity and MostCapacity bound how many participants a room takes.
	LeastCapacity, MostCapacity = 2, 500
	usualCapacity               = 50
	// MostHistoryDays bounds how long a room keeps what is written in it.
	MostHistoryDays = 3650
	// GrantLife is how long somebody who was let in has to connect; their place
	// is held so long.
	GrantLife = 2 * time.Minute
)

// Visibility says who may know of a room, and who may enter it.
type Visibility string

// The visibilities.
const (
	Private Visibility = "private" // its people know of it and enter
	Listed  Visibility = "listed"  // everybody with an account knows of it, its people enter
	Open    Visibility = "open"    // everybody with an account enters
)

// Succession says what becomes of a call when the last moderator leaves it.
type Succession string

// The successions.
const (
	SuccessionHost Succession = "host" // who has been in it longest hosts it
	SuccessionEnd  Succession = "end"  // it ends
)

// Room is a room's row, with what the policy needs to know of it.
type Room struct {
	ID         ID
	Slug       string
	Name       string
	Topic      string
	Visibility Visibility
	Guests     bool  // people without an account may come in
	Lobby      Lobby // who waits until a moderator lets them in
	Succession Succession
	LockedAt   *time.Time
	DeletedAt  *time.Time
	Capacity   int
	Switches   Switches
	// HistoryDays is for how long members can read what was written; 0: only who is
	// in the call reads it, from their coming on.
	HistoryDays int
	Backend     string
	Generation  int
	Counts
}

// Counts are what the policy needs of a room's people. Who loads a Room without
// them must not ask about what depends on them.
type Counts struct {
	Present int // participants who take a place; in a Visit without the visitor's own who have not connected
	Owners  int // active ones
}

// State is the room as Authorize sees it.
func (r Room) State() State {
	return State{
		Deleted:  r.DeletedAt != nil,
		Open:     r.Visibility == Open,
		Listed:   r.Visibility == Listed,
		Guests:   r.Guests,
		Lobby:    r.Lobby,
		Locked:   r.LockedAt != nil,
		Full:     r.Present >= r.Capacity,
		InUse:    r.Present > 0,
		Owners:   r.Owners,
		Switches: r.Switches,
		History:  r.HistoryDays > 0,
	}
}

// Present is the SQL condition, over the table grants, for a participant who
// takes a place: in the room, or let in a moment ago and not connected yet, for
// the first time or again.
const Present = `grants.revoked_at is null
	and (grants.held_until > now() or grants.left_at is null and grants.connected_at is not null)`

// Columns selects a Room without its Counts, for Fields to scan, from the table
// rooms.
const Columns = `rooms.id, rooms.slug, rooms.name, rooms.topic, rooms.visibility, rooms.guests, rooms.lobby, rooms.succession,
	rooms.locked_at, rooms.deleted_at, rooms.capacity, rooms.switches, rooms.history_days, rooms.backend, rooms.generation`

// Fields is where Columns are scanned into.
func (r *Room) Fields() []any {
	return []any{&r.ID, &r.Slug, &r.Name, &r.Topic, &r.Visibility, &r.Guests, &r.Lobby, &r.Succession,
		&r.LockedAt, &r.DeletedAt, &r.Capacity, &r.Switches, &r.HistoryDays, &r.Backend, &r.Generation}
}

// countColumns selects a room's Counts, for countFields to scan, from the table
// rooms. Taken is the SQL condition for who takes a place.
func countColumns(taken string) string {
	return `
	(select count(*) from grants where grants.room_id = rooms.id and ` + taken + `),
	(select count(*) from memberships join users owner on owner.id = memberships.user_id
		where memberships.room_id = rooms.id and memberships.role = 'owner' and owner.disabled_at is null)`
}

func (r *Room) countFields() []any { return []any{&r.Present, &r.Owners} }

// Store keeps rooms and memberships in Postgres.
type Store struct {
	pool *pgxpool.Pool
	desk bool
}

// NewStore returns a store over the database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// AtDesk returns the store as administrators of the site use it at /admin: the
// policy is asked whether they may act on the room as that, whatever they are in
// it.
func (s *Store) AtDesk() *Store { return &Store{pool: s.pool, desk: true} }

// Participant is somebody who is in a room now.
type Participant struct {
	Person      string // id of the user or guest
	Username    string // empty for guests
	DisplayName string
}

// Live lists who is in rooms now, each person once, in order of arrival.
func (s *Store) Live(ctx context.Context, rooms ...ID) (map[ID][]Participant, error) {
	rows, err := s.pool.Query(ctx, `
		select grants.room_id, coalesce(grants.user_id, grants.guest_id), coalesce(users.username, ''),
			(array_agg(grants.display_name order by grants.connected_at))[1]
		from grants left join users on users.id = grants.user_id
		where grants.room_id = any($1::uuid[]) and grants.connected_at is not null and `+Present+`
		group by 1, 2, 3
		order by min(grants.connected_at)`, rooms)
	if err != nil {
		return nil, fmt.Errorf("list who is in: %w", err)
	}
	live := make(map[ID][]Participant)
	var id ID
	var p Participant
	_, err = pgx.ForEachRow(rows, []any{&id, &p.Person, &p.Username, &p.DisplayName}, func() error {
		live[id] = append(live[id], p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list who is in: %w", err)
	}
	return live, nil
}
