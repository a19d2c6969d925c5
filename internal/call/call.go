// Package call holds live calls: it lets people in, guards the media service's
// door, and keeps who is in each room equal to who may be there.
//
// Who may be in which room is a fact in Postgres; who is there, a fact in the
// media backend. The Reconciler makes the second follow the first and writes
// down in the first what it learns of the second.
package call

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// ErrNoBackend means that a room's calls are carried by a media service that is
// not configured.
var ErrNoBackend = errors.New("call: the room's media backend is not configured")

// Backends are the configured media services by name.
type Backends map[string]media.Backend

func (b Backends) of(r room.Room) (media.Backend, error) {
	backend, ok := b[r.Backend]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrNoBackend, r.Backend)
	}
	return backend, nil
}

// places is how many a room takes: its capacity, or what its media service can
// carry when that is less.
func (b Backends) places(r room.Room) int {
	if backend, ok := b[r.Backend]; ok && backend.Capabilities().Most > 0 {
		return min(r.Capacity, backend.Capabilities().Most)
	}
	return r.Capacity
}

// liveRoom is the name of a room's call at the media backend. Raising the room's
// generation leaves the old call behind for good.
func liveRoom(id room.ID, generation int) media.RoomID {
	return media.RoomID(media.RoomPrefix + string(id) + "-" + strconv.Itoa(generation))
}

// roomOf is the inverse of liveRoom. It is false for a name that liveRoom does
// not make.
func roomOf(live media.RoomID) (id room.ID, generation int, ok bool) {
	name, ok := strings.CutPrefix(string(live), media.RoomPrefix)
	dash := strings.LastIndexByte(name, '-')
	if !ok || dash < 0 {
		return "", 0, false
	}
	generation, err := strconv.Atoi(name[dash+1:])
	const uuidLength = 36 // as we write it: the parser knows other ways
	return room.ID(name[:dash]), generation, err == nil && dash == uuidLength && uuid.Validate(name[:dash]) == nil
}

// Who is a participant as the others in the room see them.
type Who struct {
	Participant media.ParticipantID `json:"participant"`
	Username    string              `json:"username"` // empty for guests
	DisplayName string              `json:"display_name"`
	Role        room.Role           `json:"role"`
	HandAt      *time.Time          `json:"hand_at"` // since when their hand is up
}

// presence is a grant with all that decides whether it still holds.
type presence struct {
	id          media.ParticipantID
	generation  int
	displayName string
	may         room.Switches // what they were last told
	issued      time.Time
	connected   *time.Time
	left        *time.Time
	held        *time.Time // a place is kept until then for a connection that begins
	revoked     *time.Time
	reason      Reason // why it was revoked
	callOver    bool   // the call that they came into has ended
	byApproval  bool   // the lobby let them in
	returns     bool   // they were in before, as another, and may come in as who was in already
	hand        *time.Time
	username    string
	session     account.SessionID // empty when it has ended
	lasts       *time.Duration    // until the clock ends what lets them be there; nil: for good
	person      room.Person
	room        room.Room
}

func (p presence) liveRoom() media.RoomID { return liveRoom(p.room.ID, p.generation) }

func (p presence) who() Who { return Who{p.id, p.username, p.displayName, p.person.Role, p.hand} }

// inCall says whether they take a place, as room.Present does.
func (p presence) inCall() bool {
	held := p.held != nil && p.held.After(time.Now())
	return p.revoked == nil && (held || p.left == nil && p.connected != nil)
}

// actor is the participant as the ledger names who does something.
func (p presence) actor() string { return string(p.person.User) + string(p.person.Guest) }

// permitted is what the policy lets the participant do now.
func (p presence) permitted() room.Switches { return room.Permitted(p.person, p.room.State()) }

// permissions is the part of it that the media backend enforces.
func (p presence) permissions() media.Permissions { return permissions(p.permitted()) }

func permissions(s room.Switches) media.Permissions {
	return media.Permissions{Microphone: s.Microphone, Camera: s.Camera, Share: s.Share}
}

// presences loads grants that satisfy the SQL condition where.
func presences(ctx context.Context, db postgres.Querier, where string, args ...any) ([]presence, error) {
	rows, err := db.Query(ctx, `
		select grants.id, grants.generation, grants.display_name, grants.permissions, grants.issued_at,
			grants.connected_at, grants.left_at, grants.held_until, grants.revoked_at, coalesce(grants.reason, ''),
			coalesce(calls.ended_at is not null, false), grants.by_approval, grants.returns_as is not null, grants.hand_at, coalesce(users.username, ''),
			case when `+account.Valid+` then sessions.id::text else '' end,
			least(sessions.expires_at, invitations.expires_at) - now(),
			`+room.PersonColumns+`, `+room.Columns+`
		from grants
		join rooms on rooms.id = grants.room_id
		left join calls on calls.id = grants.call_id
		left join users on users.id = grants.user_id
		left join guests on guests.id = grants.guest_id
		left join sessions on sessions.id = grants.session_id
		`+room.PersonJoins+`
		where `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("load grants: %w", err)
	}
	defer rows.Close()
	var found []presence
	for rows.Next() {
		var p presence
		err := rows.Scan(append(append([]any{&p.id, &p.generation, &p.displayName, &p.may, &p.issued,
			&p.connected, &p.left, &p.held, &p.revoked, &p.reason, &p.callOver, &p.byApproval, &p.returns, &p.hand, &p.username, &p.session, &p.lasts},
			p.person.Fields()...), p.room.Fields()...)...)
		if err != nil {
			return nil, fmt.Errorf("load grants: %w", err)
		}
		found = append(found, p)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("load grants: %w", err)
	}
	return found, nil
}

// Service lets people into calls.
type Service struct {
	pool     *pgxpool.Pool
	rooms    *room.Store
	backends Backends
	hub      *ledger.Hub

	streams, waits *opened
}

// NewService returns a service over a database and the configured backends.
func NewService(pool *pgxpool.Pool, rooms *room.Store, backends Backends, hub *ledger.Hub) *Service {
	return &Service{pool: pool, rooms: rooms, backends: backends, hub: hub, streams: newOpened(), waits: newOpened()}
}

// AtDesk returns the service as administrators of the site use it at /admin.
func (s *Service) AtDesk() *Service {
	desk := *s
	desk.rooms = s.rooms.AtDesk()
	return &desk
}

func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
