package call

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Meeting is one call of a room, as its list of calls shows it.
type Meeting struct {
	ID        string
	StartedAt time.Time
	EndedAt   *time.Time // nil: it goes on
	People    int        // different ones who were in it
}

// Way is how somebody came into a call.
type Way string

// The ways.
const (
	ByMembership Way = "membership" // they belong to the room
	ByOpenDoor   Way = "open"       // the room is open to everybody with an account
	ByInvitation Way = "invitation" // as a guest, by one
	AsGuest      Way = "guest"      // as a guest who asked at the door
	ByProgram    Way = "program"    // as a guest whom a program let in
)

// Attendance is one stay of one person in a call. Who was in it from two devices,
// or came again after the page was closed, has several.
type Attendance struct {
	Person      string // id of the user or guest
	Username    string // empty for guests
	DisplayName string
	Role        room.Role // that they came in with
	Way         Way
	Invitation  string // note of the invitation that a guest came by
	Lobby       bool   // somebody let them in
	JoinedAt    time.Time
	LeftAt      *time.Time    // nil: they are in
	Stayed      time.Duration // without the times in between when they were away
	Reason      Reason        // why it ended, if somebody or something ended it
}

// Meetings lists up to limit calls of a room, newest first, that began before a
// moment; zero: with the newest.
func Meetings(ctx context.Context, db postgres.Querier, in room.ID, before time.Time, limit int) ([]Meeting, error) {
	if before.IsZero() {
		before = time.Now().Add(time.Hour) // clocks differ
	}
	rows, err := db.Query(ctx, `
		select calls.id, calls.started_at, calls.ended_at,
			(select count(distinct coalesce(user_id, guest_id)) from grants where call_id = calls.id and connected_at is not null)
		from calls where room_id = $1 and started_at < $2 order by started_at desc, id limit $3`, in, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	meetings, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Meeting])
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return meetings, nil
}

// Attended returns a call of a room and who was in it, in the order of their
// coming. It returns postgres.ErrNotFound.
func Attended(ctx context.Context, db postgres.Querier, in room.ID, call string) (m Meeting, stays []Attendance, err error) {
	if uuid.Validate(call) != nil {
		return Meeting{}, nil, postgres.ErrNotFound
	}
	err = db.QueryRow(ctx, `select id, started_at, ended_at from calls where id = $1 and room_id = $2`, call, in).
		Scan(&m.ID, &m.StartedAt, &m.EndedAt)
	if err != nil {
		return Meeting{}, nil, fmt.Errorf("attendance: %w", postgres.Translate(err))
	}
	rows, err := db.Query(ctx, `
		select coalesce(grants.user_id, grants.guest_id), coalesce(users.username, ''), grants.display_name, grants.role,
			case when grants.guest_id is null then case when grants.role = '' then 'open' else 'membership' end
				when guests.vouched_by is not null then 'program' when guests.invitation_id is null then 'guest' else 'invitation' end,
			coalesce(invitations.note, ''), grants.by_approval, grants.connected_at, grants.left_at,
			greatest(coalesce(grants.left_at, now()) - grants.connected_at - grants.away, '0'), coalesce(grants.reason, '')
		from grants
		left join users on users.id = grants.user_id
		left join guests on guests.id = grants.guest_id
		left join invitations on invitations.id = guests.invitation_id
		where grants.call_id = $1 and grants.connected_at is not null
		order by grants.connected_at, grants.id`, call)
	if err != nil {
		return Meeting{}, nil, fmt.Errorf("attendance: %w", err)
	}
	stays, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Attendance])
	if err != nil {
		return Meeting{}, nil, fmt.Errorf("attendance: %w", err)
	}
	people := make(map[string]bool)
	for _, stay := range stays {
		people[stay.Person] = true
	}
	m.People = len(people)
	return m, stays, nil
}
