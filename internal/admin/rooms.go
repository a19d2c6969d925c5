package admin

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Room is a room as the desk shows it.
type Room struct {
	room.Room
	CreatedAt time.Time
	LiveSince *time.Time // when the call that goes on began; nil: none does
	Members   int
	Owner     string // name of the owner of longest standing; empty: nobody owns it
	OwnerName string // their username
}

// RoomSearch says which rooms are looked for.
type RoomSearch struct {
	Text  string         // a part of a name or an address; empty: any
	Live  bool           // only those with a call
	Of    account.UserID // only those that somebody belongs to; empty: any
	After room.Cursor
}

// roomColumns selects a Room, from the table rooms.
const roomColumns = room.Columns + `, rooms.created_at,
	(select started_at from calls where calls.room_id = rooms.id and calls.ended_at is null),
	(select count(*) from memberships where memberships.room_id = rooms.id),
	(select count(*) from grants where grants.room_id = rooms.id and ` + room.Present + `),
	(select count(*) from memberships join users on users.id = memberships.user_id
		where memberships.room_id = rooms.id and memberships.role = 'owner' and users.disabled_at is null),
	coalesce(owners.display_name, ''), coalesce(owners.username, '')`

// ownerJoin finds the owner of longest standing.
const ownerJoin = `
	left join lateral (select users.display_name, users.username from memberships join users on users.id = memberships.user_id
		where memberships.room_id = rooms.id and memberships.role = 'owner'
		order by users.disabled_at is not null, memberships.created_at, users.id limit 1) owners on true`

func (r *Room) fields() []any {
	return append(r.Room.Fields(), &r.CreatedAt, &r.LiveSince, &r.Members, &r.Present, &r.Owners, &r.Owner, &r.OwnerName)
}

// query is the SQL for the ids of a page in a way.
func (s RoomSearch) query(by way) (string, []any) {
	after := s.After.ID
	if after == "" {
		after = uuid.Nil.String()
	}
	l := list{from: `rooms`, key: `lower(name)`}
	l.where = `(lower(name), id) > (` + l.arg(s.After.Name) + `, ` + l.arg(after) + `::uuid) and deleted_at is null`
	text := input.Searchable(s.Text)
	const has, indexed = `strpos(terms, lower(%s)) > 0`, `terms like lower(%s)`
	if s.Live || s.Of != "" {
		// Calls that go on, and rooms of one person, are few: all of them are looked at.
		if s.Live {
			// In the order of names the rooms of calls are far apart.
			l.from = `(select live.* from calls, lateral (select * from rooms where rooms.id = calls.room_id offset 0) live
				where calls.ended_at is null) rooms`
		}
		if s.Of != "" {
			l.where += ` and id in (select room_id from memberships where user_id = ` + l.arg(s.Of) + `)`
		}
		if text != "" {
			l.where += ` and ` + fmt.Sprintf(has, l.arg(text))
		}
		return l.page()
	}
	switch {
	case text == "":
		return l.page()
	case by == walking:
		return l.walk(fmt.Sprintf(has, l.arg(text)))
	case by == expecting:
		return expect(`rooms`, fmt.Sprintf(indexed, `$1`), pattern(text))
	case by == finding && findable(text):
		return l.find(fmt.Sprintf(indexed, l.arg(pattern(text))))
	default:
		return l.walkOn(fmt.Sprintf(has, l.arg(text)))
	}
}

const roomsQuery = `
	select ` + roomColumns + `, lower(rooms.name) from rooms ` + ownerJoin + `
	where rooms.id = any($1::uuid[]) order by lower(rooms.name), rooms.id`

// Rooms lists a page of the rooms that are looked for, by name, and where the
// next one begins; zero after the last.
func (s *Store) Rooms(ctx context.Context, search RoomSearch) (rooms []Room, next room.Cursor, err error) {
	if search.Of != "" && uuid.Validate(string(search.Of)) != nil {
		return nil, next, nil // nobody has such an id
	}
	ids, err := s.inWays(ctx, search.query)
	if err != nil {
		return nil, next, fmt.Errorf("list rooms: %w", err)
	}
	ids, more := cut(ids)
	rows, err := s.pool.Query(ctx, roomsQuery, ids)
	if err != nil {
		return nil, next, fmt.Errorf("list rooms: %w", err)
	}
	var r Room
	var name string
	var last room.Cursor
	_, err = pgx.ForEachRow(rows, append(r.fields(), &name), func() error {
		last = room.Cursor{Name: name, ID: string(r.ID)}
		rooms = append(rooms, r)
		return nil
	})
	if err != nil {
		return nil, next, fmt.Errorf("list rooms: %w", err)
	}
	if more {
		next = last
	}
	return rooms, next, nil
}

// Room returns one room, a deleted one too. It returns postgres.ErrNotFound.
func (s *Store) Room(ctx context.Context, id room.ID) (r Room, err error) {
	if uuid.Validate(string(id)) != nil {
		return Room{}, postgres.ErrNotFound
	}
	err = s.pool.QueryRow(ctx, `select `+roomColumns+` from rooms `+ownerJoin+` where rooms.id = $1`, id).Scan(r.fields()...)
	if err != nil {
		return Room{}, fmt.Errorf("look at room: %w", postgres.Translate(err))
	}
	return r, nil
}
