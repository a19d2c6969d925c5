package room

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Membership is one person's belonging to a room.
type Membership struct {
	Person
	Username    string
	DisplayName string
	Since       time.Time
	Live        bool // in the call now
}

// AddMember gives somebody, named by username or email address, a role in a
// room where they have none, which also grants their request to join. It returns
// input.Invalid with fields login and role, and what the policy says.
func (s *Store) AddMember(ctx context.Context, id ID, by account.UserID, login string, role Role) (account.User, error) {
	bad := input.Invalid{}
	bad.Line("login", login, 1, 254)
	bad.Choice("role", string(role), string(Member), string(Moderator), string(Owner))
	if err := bad.Err(); err != nil {
		return account.User{}, err
	}
	var added account.User
	err := s.change(ctx, id, by, Ask{Action: AddMember, NewRole: role}, func(tx pgx.Tx, _ Room) (err error) {
		added, err = add(ctx, tx, id, by, login, role)
		switch {
		case errors.Is(err, postgres.ErrNotFound):
			return input.Invalid{"login": words.Text("room.nobody_with_this_username_or")}
		case errors.Is(err, errBelongs):
			return input.Invalid{"login": added.DisplayName + " belongs to this room already."}
		}
		return err
	})
	return added, err
}

var errBelongs = errors.New("room: they belong to it already")

// add makes somebody, named by username or email address, belong to a room. It
// returns input.Invalid with field login, postgres.ErrNotFound when nobody has
// that name, and errBelongs. The caller holds the room and has asked the policy.
func add(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, login string, role Role) (account.User, error) {
	user, err := account.Find(ctx, tx, login)
	if err != nil {
		return account.User{}, err
	}
	banned, err := isBanned(ctx, tx, id, user.ID)
	if err != nil {
		return account.User{}, err
	}
	if banned {
		return account.User{}, input.Invalid{"login": user.DisplayName + " is banned from this room. Lift the ban first."}
	}
	fresh, err := enrol(ctx, tx, id, by, user.ID, user.Username, role)
	if err == nil && !fresh {
		err = errBelongs
	}
	return user, err
}

// enrol gives somebody a role in a room and answers their request to join with
// that; false when they have a role already, which stays. The caller holds the
// room, has asked the policy, and knows that they are not banned.
func enrol(ctx context.Context, tx pgx.Tx, id ID, by, user account.UserID, username string, role Role) (fresh bool, err error) {
	if err := holdUser(ctx, tx, user); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `delete from join_requests where room_id = $1 and user_id = $2`, id, user); err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `
		insert into memberships (room_id, user_id, role, created_by) values ($1, $2, $3, $4) on conflict do nothing`,
		id, user, role, by)
	if err != nil || tag.RowsAffected() == 0 {
		return false, err
	}
	return true, appendMember(ctx, tx, ledger.MemberAdded, id, by, user, username, role)
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
	return s.changeMember(ctx, id, by, username, Ask{Action: SetRole, NewRole: role}, func(tx pgx.Tx, target Membership) error {
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
	return s.changeMember(ctx, id, by, username, Ask{Action: Remove}, func(tx pgx.Tx, target Membership) error {
		_, err := tx.Exec(ctx, `delete from memberships where room_id = $1 and user_id = $2`, id, target.User)
		if err != nil {
			return err
		}
		return appendMember(ctx, tx, ledger.MemberRemoved, id, by, target.User, username, None)
	})
}

// changeMember is change for what is done to one member, whose name it returns.
func (s *Store) changeMember(ctx context.Context, id ID, by account.UserID, username string, ask Ask, do func(pgx.Tx, Membership) error) (name string, err error) {
	// The right to see the list comes first: to others there are no members.
	err = s.Hold(ctx, id, by, func(tx pgx.Tx, r Room, who Person) error {
		if err := Authorize(who, Ask{Action: ListMembers}, r.State()); err != nil {
			return err
		}
		var target Membership
		err := tx.QueryRow(ctx, `
			select `+memberColumns+`
			from memberships join users on users.id = memberships.user_id
			where memberships.room_id = $1 and users.username = $2`, id, username).Scan(target.fields()...)
		if err != nil {
			return postgres.Translate(err)
		}
		ask.Target, name = target.Person, target.DisplayName
		if err := Authorize(who, ask, r.State()); err != nil {
			return err
		}
		return do(tx, target)
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
