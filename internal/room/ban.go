package room

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// BanID names one ban.
type BanID string

// BanKind says whom a ban concerns.
type BanKind string

// The kinds of ban.
const (
	BanUser       BanKind = "user"
	BanGuest      BanKind = "guest"
	BanInvitation BanKind = "invitation" // everybody who comes by it
)

// Banned is whom a room is closed to.
type Banned struct {
	ID   BanID
	Kind BanKind
	Name string // of the person at the time, or the invitation's note
	// Username is the account's; empty for guests and invitations.
	Username string
	At       time.Time
	By       string // name of who did it; empty when their account is gone
}

// BansPerPage is how many a page of a list has.
const BansPerPage = 50

const bansQuery = `
		select bans.id, case when bans.user_id is not null then 'user' when bans.guest_id is not null then 'guest' else 'invitation' end,
			bans.name, coalesce(banned.username, ''), bans.created_at, coalesce(users.display_name, '')
		from bans
		left join users on users.id = bans.created_by
		left join users banned on banned.id = bans.user_id
		where bans.room_id = $1 and (bans.created_at, bans.id) < (coalesce($2, 'infinity'::timestamptz), $3)
		order by bans.created_at desc, bans.id desc limit $4`

// Bans lists whom a room is closed to, the newest first, a page of them from after,
// which has a ban's time as its name. Next is where the page that follows begins,
// zero when this is the last.
func (s *Store) Bans(ctx context.Context, id ID, after Cursor) (bans []Banned, next Cursor, err error) {
	var before *time.Time
	if at, err := time.Parse(time.RFC3339Nano, after.Name); err == nil && at.Year() > 0 {
		before = &at
	}
	rows, err := s.pool.Query(ctx, bansQuery, id, before, after.id(), BansPerPage+1)
	if err != nil {
		return nil, Cursor{}, fmt.Errorf("list bans: %w", err)
	}
	if bans, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Banned]); err != nil {
		return nil, Cursor{}, fmt.Errorf("list bans: %w", err)
	}
	if len(bans) > BansPerPage {
		bans = bans[:BansPerPage]
		last := bans[BansPerPage-1]
		next = Cursor{Name: last.At.UTC().Format(time.RFC3339Nano), ID: string(last.ID)}
	}
	return bans, next, nil
}

// BanMember closes a room to one of its members and returns their name. It
// returns what the policy says, and postgres.ErrNotFound when the username is no
// member's.
func (s *Store) BanMember(ctx context.Context, id ID, by account.UserID, username string) (name string, err error) {
	return s.changeMember(ctx, id, by, username, Ask{Action: Ban}, func(tx pgx.Tx, target Membership) error {
		return BanPerson(ctx, tx, id, by, target.Person, target.DisplayName, false)
	})
}

// DenyAndBan closes a room to somebody who waits in its lobby, and with them, if
// wanted, the invitation that a guest came by. It returns what the policy says,
// and postgres.ErrNotFound when they do not wait any more.
func (s *Store) DenyAndBan(ctx context.Context, id ID, by account.UserID, entry EntryID, withInvitation bool) error {
	return s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		var target Person
		var name string
		err := tx.QueryRow(ctx, `
			select lobby.display_name, `+PersonColumns+`
			from lobby `+lobbyJoins+`
			where lobby.id::text = $1 and lobby.room_id = $2`, entry, id).Scan(append([]any{&name}, target.Fields()...)...)
		missing := errors.Is(err, pgx.ErrNoRows)
		if err != nil && !missing {
			return err
		}
		// Whoever may ban nobody learns nothing of who waits.
		if err := Authorize(who, Ask{Action: Ban, Target: target}, now.State()); err != nil {
			return err
		}
		if missing {
			return postgres.ErrNotFound
		}
		return BanPerson(ctx, tx, id, by, target, name, withInvitation)
	})
}

// BanPerson closes a room to somebody, who stops belonging to it, and with them,
// if wanted, the invitation that a guest came by. The caller holds the room and
// has asked the policy.
func BanPerson(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, who Person, name string, withInvitation bool) error {
	if err := holdUser(ctx, tx, who.User); err != nil {
		return err
	}
	for _, statement := range []string{
		`delete from memberships where room_id = $1 and user_id::text = $2`,
		`delete from lobby where room_id = $1 and person::text = $2`,
		`delete from join_requests where room_id = $1 and user_id::text = $2`,
	} {
		if _, err := tx.Exec(ctx, statement, id, who.id()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		insert into bans (id, room_id, user_id, guest_id, name, created_by) values ($1, $2, $3, $4, $5, $6)
		on conflict (room_id, subject) do nothing`, newID(), id, nullable(who.User), nullable(who.Guest), name, by)
	if err != nil {
		return err
	}
	if err := appendBan(ctx, tx, ledger.Banned, id, by, who.id(), name); err != nil || who.Guest == "" || !withInvitation {
		return err
	}
	var invitation, note string
	err = tx.QueryRow(ctx, `
		insert into bans (id, room_id, invitation_id, name, created_by)
		select $1, $2, invitations.id, invitations.note, $4
		from guests join invitations on invitations.id = guests.invitation_id where guests.id = $3
		on conflict (room_id, subject) do nothing returning subject, name`, newID(), id, who.Guest, by).Scan(&invitation, &note)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil // came by none, or it is closed already
	}
	if err != nil {
		return err
	}
	return appendBan(ctx, tx, ledger.Banned, id, by, invitation, note)
}

func isBanned(ctx context.Context, tx pgx.Tx, id ID, user account.UserID) (yes bool, err error) {
	err = tx.QueryRow(ctx, `select exists (select from bans where room_id = $1 and subject = $2)`, id, user).Scan(&yes)
	return yes, err
}

// LiftBan opens a room again to whom a ban concerns and returns their name. It
// returns what the policy says, and postgres.ErrNotFound.
func (s *Store) LiftBan(ctx context.Context, id ID, by account.UserID, ban BanID) (name string, err error) {
	err = s.change(ctx, id, by, Ask{Action: ManageBans}, func(tx pgx.Tx, _ Room) error {
		var subject string
		err := tx.QueryRow(ctx, `delete from bans where room_id = $1 and id::text = $2 returning subject, name`, id, ban).Scan(&subject, &name)
		if err != nil {
			return postgres.Translate(err)
		}
		return appendBan(ctx, tx, ledger.BanLifted, id, by, subject, name)
	})
	return name, err
}

func appendBan(ctx context.Context, tx pgx.Tx, kind ledger.Kind, id ID, by account.UserID, subject, name string) error {
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: kind, Actor: string(by), Subject: subject, Data: ledger.Data(map[string]string{"name": name}),
	})
}
