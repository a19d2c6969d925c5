package room

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
)

// MembersPerPage is how many members a page of a Roll holds.
const MembersPerPage = 50

// Sought says which of a room's members are looked for.
type Sought struct {
	Name  string // part of a username or display name; empty: any
	Role  Role   // None: any
	After Cursor
}

// Roll is a page of the list of a room's members.
type Roll struct {
	Members []Membership
	Found   int    // on all pages
	Next    Cursor // of the page that follows; zero when this is the last
}

// memberOrder is the SQL expression that puts the highest role first.
const memberOrder = `array_position(array['owner', 'moderator', 'member'], memberships.role)`

// memberColumns selects a Membership, for fields to scan, from the tables
// memberships and users.
const memberColumns = `users.id, memberships.role, users.disabled_at is not null, users.service, users.username, users.display_name,
	memberships.created_at, exists (select from grants where grants.room_id = memberships.room_id and grants.user_id = users.id
		and grants.connected_at is not null and ` + Present + `)`

func (m *Membership) fields() []any {
	return []any{&m.User, &m.Role, &m.Disabled, &m.Service, &m.Username, &m.DisplayName, &m.Since, &m.Live}
}

// Members lists who belongs to a room, highest role first, then by name.
func (s *Store) Members(ctx context.Context, id ID) ([]Membership, error) {
	rows, err := s.pool.Query(ctx, `
		select `+memberColumns+`
		from memberships join users on users.id = memberships.user_id
		where memberships.room_id = $1
		order by `+memberOrder+`, lower(users.display_name), users.id`, id)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	members, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Membership, err error) {
		err = row.Scan(m.fields()...)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return members, nil
}

// Roll lists a page of those members of a room who are sought, in the order of
// Members.
func (s *Store) Roll(ctx context.Context, id ID, sought Sought) (Roll, error) {
	const found = `
		from memberships join users on users.id = memberships.user_id
		where memberships.room_id = $1 and ($2 = '' or memberships.role = $2)
			and ($3 = '' or strpos(lower(users.display_name), lower($3)) > 0 or strpos(users.username, lower($3)) > 0)`
	name := input.Searchable(sought.Name)
	var roll Roll
	if err := s.pool.QueryRow(ctx, `select count(*)`+found, id, sought.Role, name).Scan(&roll.Found); err != nil {
		return Roll{}, fmt.Errorf("count members: %w", err)
	}
	rows, err := s.pool.Query(ctx, `
		select `+memberOrder+`, lower(users.display_name), `+memberColumns+found+`
			and (`+memberOrder+`, lower(users.display_name), users.id) > ($4, $5, $6::uuid)
		order by 1, 2, users.id limit $7`,
		id, sought.Role, name, sought.After.Rank, sought.After.Name, sought.After.id(), MembersPerPage+1)
	if err != nil {
		return Roll{}, fmt.Errorf("list members: %w", err)
	}
	var m Membership
	var place, last Cursor
	_, err = pgx.ForEachRow(rows, append([]any{&place.Rank, &place.Name}, m.fields()...), func() error {
		if len(roll.Members) == MembersPerPage {
			roll.Next = last
			return nil
		}
		last = Cursor{Rank: place.Rank, Name: place.Name, ID: string(m.User)}
		roll.Members = append(roll.Members, m)
		return nil
	})
	if err != nil {
		return Roll{}, fmt.Errorf("list members: %w", err)
	}
	return roll, nil
}
