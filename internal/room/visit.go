package room

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/postgres"
)

// Visit is somebody's request to a room: who they are and which room it is,
// loaded together.
type Visit struct {
	Session     account.Session // of a guest without a User
	Person      Person
	DisplayName string // of the account, or what the guest gave
	Room        Room
}

// May asks the policy about the visitor and the room of the visit.
func (v Visit) May(ask Ask) error { return Authorize(v.Person, ask, v.Room.State()) }

// presentBesides is Present without those whom the session of a visit let in and
// who have not connected: the next to come from there comes in their place.
const presentBesides = Present + ` and not (grants.connected_at is null and grants.session_id = sessions.id)`

// Visit loads the session of a token and the room of a slug with what the visitor
// is in it, in one round trip, and asks the policy whether the visitor may see
// the room: ErrSignIn, or ErrHidden, also for a room that does not exist.
func (s *Store) Visit(ctx context.Context, token account.Token, slug string) (Visit, error) {
	v, err := s.visit(ctx, token, slug)
	if errors.Is(err, ErrHidden) && v.Person.Guest == "" {
		v = Visit{} // a guest of it knows that the room is there
	}
	return v, err
}

// VisitEither is Visit for a browser that holds two tokens, of an account and of a
// guest of the room, and says which of them the visitor comes by. The guest's pass
// is for an account that could not enter by itself, also later: not for one that
// only has to wait, and not for one that the room is closed to. Whoever is in the
// call by it stays who they are there, whatever the account may do meanwhile.
// Whoever is not signed in comes by it, and is refused as its guest would be.
func (s *Store) VisitEither(ctx context.Context, own, pass account.Token, slug string) (Visit, account.Token, error) {
	v, err := s.visit(ctx, own, slug)
	needsPass := errors.Is(err, ErrSignIn) || errors.Is(err, ErrHidden) && !v.Person.Banned ||
		err == nil && errors.Is(v.May(Ask{Action: Enter}), MembersOnly)
	if pass != "" && err == nil && !needsPass {
		if needsPass, err = s.isIn(ctx, pass, v.Room.ID); err != nil {
			return Visit{}, own, err
		}
	}
	if pass != "" && needsPass {
		asGuest, problem := s.Visit(ctx, pass, slug)
		// Closed to the guest of this browser, it is closed to whoever else
		// would come in from there without an account.
		if problem == nil || errors.Is(err, ErrSignIn) && errors.Is(problem, ErrHidden) {
			return asGuest, pass, problem
		}
	}
	if err != nil {
		return Visit{}, own, err
	}
	return v, own, nil
}

// isIn says whether somebody is in a room's call by the session of a token.
func (s *Store) isIn(ctx context.Context, token account.Token, id ID) (in bool, err error) {
	err = s.pool.QueryRow(ctx, `
		select exists (select from grants join sessions on sessions.id = grants.session_id
			where sessions.token_hash = $1 and grants.guest_id = sessions.guest_id and grants.room_id = $2
				and grants.connected_at is not null and `+Present+`)`,
		token.Hash(), id).Scan(&in)
	if err != nil {
		return false, fmt.Errorf("visit room: %w", err)
	}
	return in, nil
}

// visit is Visit, with what the visitor is in a room that is hidden from them.
func (s *Store) visit(ctx context.Context, token account.Token, slug string) (Visit, error) {
	var v Visit
	u := &v.Session.User
	if !slugPattern.MatchString(slug) {
		slug = ""
	}
	err := s.pool.QueryRow(ctx, `
		select sessions.id, sessions.last_seen_at, coalesce(users.username, ''), coalesce(users.email, ''),
			coalesce(users.display_name, guests.display_name), coalesce(users.administrator, false),
			coalesce(users.created_at, guests.created_at), `+PersonColumns+`, `+Columns+`, `+countColumns(presentBesides)+`
		from sessions
		join rooms on rooms.slug = $2 and rooms.deleted_at is null
		left join users on users.id = sessions.user_id
		left join guests on guests.id = sessions.guest_id and guests.room_id = rooms.id
		`+PersonJoins+`
		where sessions.token_hash = $1 and (users.id is not null or guests.id is not null) and `+account.Valid,
		token.Hash(), slug).Scan(append(append([]any{&v.Session.ID, &v.Session.SeenAt, &u.Username, &u.Email,
		&v.DisplayName, &u.Administrator, &u.CreatedAt}, v.Person.Fields()...),
		append(v.Room.Fields(), v.Room.countFields()...)...)...)
	switch {
	case err == nil:
		u.ID = v.Person.User
		if u.ID != "" {
			u.DisplayName = v.DisplayName
		}
		err = v.May(Ask{Action: See})
		if v.Person.Guest != "" {
			return v, err
		}
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

// PersonJoins joins to the tables rooms, users and guests, of which one of the
// last two has a row, what PersonColumns need.
const PersonJoins = `
	left join memberships on memberships.room_id = rooms.id and memberships.user_id = users.id
	left join invitations on invitations.id = guests.invitation_id`

// PersonColumns selects what the policy needs to know of a user or guest towards
// a room, for Person.Fields to scan.
const PersonColumns = `coalesce(users.id::text, ''), coalesce(guests.id::text, ''),
	case when guests.id is not null then 'guest' else coalesce(memberships.role, '') end,
	users.disabled_at is not null or guests.ended_at is not null or invitations.id is not null and not (` + unended + `)
		or guests.vouched_by is not null and exists (select from users vouchers where vouchers.id = guests.vouched_by and vouchers.disabled_at is not null),
	exists (select from bans where bans.room_id = rooms.id and bans.subject in (users.id, guests.id, guests.invitation_id)),
	guests.invitation_id is not null or guests.vouched_by is not null,
	coalesce((select lobby.state from lobby where lobby.room_id = rooms.id and lobby.person = coalesce(users.id, guests.id)), ''),
	exists (select from calls where calls.room_id = rooms.id and calls.ended_at is null and calls.host = users.id),
	coalesce(users.administrator, false), coalesce(users.service, false)`

// unended is the SQL condition, over the table invitations, for one that those
// who came by it may go on relying on.
const unended = `invitations.revoked_at is null and (invitations.expires_at is null or invitations.expires_at > now())`

// Fields is where PersonColumns are scanned into.
func (p *Person) Fields() []any {
	return []any{&p.User, &p.Guest, &p.Role, &p.Disabled, &p.Banned, &p.Invited, &p.Answer, &p.Hosting, &p.Administrator, &p.Service}
}

// person loads a user as the policy sees them towards a room.
func person(ctx context.Context, db postgres.Querier, room ID, user account.UserID) (Person, error) {
	var p Person
	err := db.QueryRow(ctx, `
		select `+PersonColumns+`
		from rooms join users on users.id = $2
		left join guests on false
		`+PersonJoins+`
		where rooms.id = $1`, room, user).Scan(p.Fields()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Person{}, ErrSignIn
	}
	return p, err
}
