package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// Membership is one person's belonging to a room.
type Membership struct {
	Person
	Username    string
	DisplayName string
	Live        bool // in the call now
}

// Members lists who belongs to a room, highest role first, then by name.
func (s *Store) Members(ctx context.Context, id ID) ([]Membership, error) {
	rows, err := s.pool.Query(ctx, `
		select users.id, memberships.role, users.disabled_at is not null, users.username, users.display_name,
			exists (select from grants where grants.room_id = $1 and grants.user_id = users.id
				and grants.connected_at is not null and `+Present+`)
		from memberships join users on users.id = memberships.user_id
		where memberships.room_id = $1
		order by array_position(array['owner', 'moderator', 'member'], memberships.role), lower(users.display_name), users.id`, id)
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	members, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Membership, err error) {
		err = row.Scan(&m.User, &m.Role, &m.Disabled, &m.Username, &m.DisplayName, &m.Live)
		return m, err
	})
	if err != nil {
		return nil, fmt.Errorf("list members: %w", err)
	}
	return members, nil
}

// AddMember gives somebody, named by username or email address, a role in a
// room where they have none. It returns input.Invalid with fields login and
// role, and what the policy says.
func (s *Store) AddMember(ctx context.Context, id ID, by account.UserID, login string, role Role) (account.User, error) {
	bad := input.Invalid{}
	bad.Line("login", login, 1, 254)
	bad.Choice("role", string(role), string(Member), string(Moderator), string(Owner))
	if err := bad.Err(); err != nil {
		return account.User{}, err
	}
	var added account.User
	err := s.change(ctx, id, by, Ask{Action: AddMember, NewRole: role}, func(tx pgx.Tx, _ Room) (err error) {
		added, err = account.Find(ctx, tx, login)
		if errors.Is(err, postgres.ErrNotFound) {
			return input.Invalid{"login": "Nobody with this username or email has an account here. Ask them to sign up first."}
		}
		if err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			insert into memberships (room_id, user_id, role, created_by) values ($1, $2, $3, $4) on conflict do nothing`,
			id, added.ID, role, by)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return input.Invalid{"login": added.DisplayName + " belongs to this room already."}
		}
		return appendMember(ctx, tx, ledger.MemberAdded, id, by, added.ID, added.Username, role)
	})
	return added, err
}

// SetRole changes a member's role and returns the name that others see of them.
// It returns postgres.ErrNotFound when the username is no member's,
// input.Invalid with field role, and what the policy says.
func (s *Store) SetRole(ctx context.Context, id ID, by account.UserID, username string, role Role) (name string, err error) {
	bad := input.Invalid{}
	bad.Choice("role", string(role), string(Member), string(Moderator), string(Owner))
	if err := bad.Err(); err != nil {
		return "", err
	}
	return s.changeMember(ctx, id, by, username, Ask{Action: SetRole, NewRole: role}, func(tx pgx.Tx, target Person) error {
		if target.Role == role {
			return nil
		}
		_, err := tx.Exec(ctx, `update memberships set role = $3 where room_id = $1 and user_id = $2`, id, target.User, role)
		if err != nil {
			return err
		}
		return appendMember(ctx, tx, ledger.RoleChanged, id, by, target.User, username, role)
	})
}

// RemoveMember ends a membership; one's own, to leave. It returns the name that
// others see of who was removed, postgres.ErrNotFound when the username is no
// member's, and what the policy says.
func (s *Store) RemoveMember(ctx context.Context, id ID, by account.UserID, username string) (name string, err error) {
	return s.changeMember(ctx, id, by, username, Ask{Action: Remove}, func(tx pgx.Tx, target Person) error {
		_, err := tx.Exec(ctx, `delete from memberships where room_id = $1 and user_id = $2`, id, target.User)
		if err != nil {
			return err
		}
		return appendMember(ctx, tx, ledger.MemberRemoved, id, by, target.User, username, None)
	})
}

// changeMember is change for what is done to one member, whose name it returns.
func (s *Store) changeMember(ctx context.Context, id ID, by account.UserID, username string, ask Ask, do func(pgx.Tx, Person) error) (name string, err error) {
	// The right to see the list comes first: to others there are no members.
	err = s.change(ctx, id, by, Ask{Action: ListMembers}, func(tx pgx.Tx, r Room) error {
		err := tx.QueryRow(ctx, `
			select users.id, users.display_name, memberships.role, users.disabled_at is not null
			from memberships join users on users.id = memberships.user_id
			where memberships.room_id = $1 and users.username = $2`, id, username).
			Scan(&ask.Target.User, &name, &ask.Target.Role, &ask.Target.Disabled)
		if err != nil {
			return postgres.Translate(err)
		}
		who, err := person(ctx, tx, id, by)
		if err != nil {
			return err
		}
		if err := Authorize(who, ask, r.State()); err != nil {
			return err
		}
		return do(tx, ask.Target)
	})
	return name, err
}

func appendMember(ctx context.Context, tx pgx.Tx, kind ledger.Kind, id ID, by, subject account.UserID, username string, role Role) error {
	data := map[string]string{"username": username}
	if role != None {
		data["role"] = string(role)
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: kind, Actor: string(by), Subject: string(subject), Data: ledger.Data(data),
	})
}
