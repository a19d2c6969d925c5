// Package room knows which rooms there are, who belongs to each and as what,
// and holds the one policy of who may do what in them (Authorize).
package room

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
)

// ID names a room for good; its slug and name may change hands.
type ID string

const (
	// LeastCapacity and MostCapacity bound how many participants a room takes.
	LeastCapacity, MostCapacity = 2, 500
	// GrantLife is how long somebody who was let in has to connect; their place
	// is held so long.
	GrantLife = 2 * time.Minute
)

// Room is a room's row, with what the policy needs to know of it.
type Room struct {
	ID         ID
	Slug       string
	Name       string
	Topic      string
	Open       bool
	LockedAt   *time.Time
	DeletedAt  *time.Time
	Capacity   int
	Switches   Switches
	Backend    string
	Generation int
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
		Open:     r.Open,
		Locked:   r.LockedAt != nil,
		Full:     r.Present >= r.Capacity,
		InUse:    r.Present > 0,
		Owners:   r.Owners,
		Switches: r.Switches,
	}
}

// Present is the SQL condition, over the table grants, for a participant who
// takes a place: in the room, or let in a moment ago and not connected yet.
const Present = `grants.left_at is null and grants.revoked_at is null
	and (grants.connected_at is not null or grants.issued_at > now() - interval '2 minutes')`

// Columns selects a Room without its Counts, for Fields to scan, from the table
// rooms.
const Columns = `rooms.id, rooms.slug, rooms.name, rooms.topic, rooms.visibility = 'open', rooms.locked_at, rooms.deleted_at,
	rooms.capacity, rooms.switches, rooms.backend, rooms.generation`

// Fields is where Columns are scanned into.
func (r *Room) Fields() []any {
	return []any{&r.ID, &r.Slug, &r.Name, &r.Topic, &r.Open, &r.LockedAt, &r.DeletedAt,
		&r.Capacity, &r.Switches, &r.Backend, &r.Generation}
}

// countColumns selects a room's Counts, for countFields to scan, from the table
// rooms. Taken is the SQL condition for who takes a place.
func countColumns(taken string) string {
	return `
	(select count(*) from grants where grants.room_id = rooms.id and ` + taken + `),
	(select count(*) from memberships join users owner on owner.id = memberships.user_id
		where memberships.room_id = rooms.id and memberships.role = 'owner' and owner.disabled_at is null)`
}

// presentBesides is Present without those whom the session of a visit let in and
// who have not connected: the next to come from there comes in their place.
const presentBesides = Present + ` and not (grants.connected_at is null and grants.session_id = sessions.id)`

func (r *Room) countFields() []any { return []any{&r.Present, &r.Owners} }

// Store keeps rooms and memberships in Postgres.
type Store struct{ pool *pgxpool.Pool }

// NewStore returns a store over the database of pool.
func NewStore(pool *pgxpool.Pool) *Store { return &Store{pool: pool} }

// Visit is somebody's request to a room: who they are and which room it is,
// loaded together.
type Visit struct {
	Session account.Session
	Person  Person
	Room    Room
}

// May asks the policy about the visitor and the room of the visit.
func (v Visit) May(ask Ask) error { return Authorize(v.Person, ask, v.Room.State()) }

// Visit loads the session of a token and the room of a slug with the visitor's
// role in it, in one round trip, and asks the policy whether the visitor may see
// the room: ErrSignIn, or ErrHidden, also for a room that does not exist.
func (s *Store) Visit(ctx context.Context, token account.Token, slug string) (Visit, error) {
	var v Visit
	u := &v.Session.User
	if !slugPattern.MatchString(slug) {
		slug = ""
	}
	err := s.pool.QueryRow(ctx, `
		select sessions.id, sessions.last_seen_at,
			users.id, users.username, users.email, users.display_name, users.administrator, users.created_at,
			coalesce(memberships.role, ''), `+Columns+`, `+countColumns(presentBesides)+`
		from sessions
		join users on users.id = sessions.user_id
		join rooms on rooms.slug = $2 and rooms.deleted_at is null
		left join memberships on memberships.user_id = users.id and memberships.room_id = rooms.id
		where sessions.token_hash = $1 and `+account.Valid,
		token.Hash(), slug).Scan(append([]any{&v.Session.ID, &v.Session.SeenAt,
		&u.ID, &u.Username, &u.Email, &u.DisplayName, &u.Administrator, &u.CreatedAt, &v.Person.Role},
		append(v.Room.Fields(), v.Room.countFields()...)...)...)
	switch {
	case err == nil:
		v.Person.User = u.ID
		err = v.May(Ask{Action: See})
	case errors.Is(err, pgx.ErrNoRows):
		err = ErrHidden
	default:
		return Visit{}, fmt.Errorf("visit room: %w", err)
	}
	if errors.Is(err, ErrHidden) {
		// Somebody who is not signed in is sent to sign in, whether or not
		// there is such a room. Both cases take this path, and the same time.
		if err := s.signedIn(ctx, token); err != nil {
			return Visit{}, err
		}
		return Visit{}, ErrHidden
	}
	return v, err
}

func (s *Store) signedIn(ctx context.Context, token account.Token) error {
	var yes bool
	err := s.pool.QueryRow(ctx, `
		select exists (select from sessions join users on users.id = sessions.user_id where token_hash = $1 and `+account.Valid+`)`,
		token.Hash()).Scan(&yes)
	if err != nil {
		return fmt.Errorf("visit room: %w", err)
	}
	if !yes {
		return ErrSignIn
	}
	return nil
}

// Card is a room as the dashboard shows it.
type Card struct {
	Room
	Role Role
	Live []Participant
}

// Participant is somebody who is in a room now.
type Participant struct {
	User        account.UserID
	Username    string
	DisplayName string
}

// Mine lists the rooms that a user belongs to, those where somebody is first,
// then by name.
func (s *Store) Mine(ctx context.Context, user account.UserID) ([]Card, error) {
	rows, err := s.pool.Query(ctx, `
		select memberships.role, `+Columns+`
		from memberships join rooms on rooms.id = memberships.room_id
		where memberships.user_id = $1 and rooms.deleted_at is null
		order by lower(rooms.name), rooms.id`, user)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	cards, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Card, err error) {
		err = row.Scan(append([]any{&c.Role}, c.Room.Fields()...)...)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	ids := make([]ID, len(cards))
	for i, card := range cards {
		ids[i] = card.ID
	}
	live, err := s.Live(ctx, ids...)
	if err != nil {
		return nil, err
	}
	for i := range cards {
		cards[i].Live = live[cards[i].ID]
	}
	slices.SortStableFunc(cards, func(a, b Card) int { return cmp.Compare(min(len(b.Live), 1), min(len(a.Live), 1)) })
	return cards, nil
}

// Live lists who is in rooms now, each person once, in order of arrival.
func (s *Store) Live(ctx context.Context, rooms ...ID) (map[ID][]Participant, error) {
	rows, err := s.pool.Query(ctx, `
		select grants.room_id, users.id, users.username, (array_agg(grants.display_name order by grants.connected_at))[1]
		from grants join users on users.id = grants.user_id
		where grants.room_id = any($1::uuid[]) and grants.connected_at is not null and `+Present+`
		group by grants.room_id, users.id, users.username
		order by min(grants.connected_at)`, rooms)
	if err != nil {
		return nil, fmt.Errorf("list who is in: %w", err)
	}
	live := make(map[ID][]Participant)
	var id ID
	var p Participant
	_, err = pgx.ForEachRow(rows, []any{&id, &p.User, &p.Username, &p.DisplayName}, func() error {
		live[id] = append(live[id], p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list who is in: %w", err)
	}
	return live, nil
}
