package call

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/room"
)

// Ticket is what a browser needs to enter a call.
type Ticket struct {
	Grant       media.Grant
	Participant media.ParticipantID
	May         room.Switches
	People      []Who // who is in, or about to be
	Host        Host  // who hosts the call in a moderator's place
	Spotlight   media.ParticipantID
	Position    ledger.Position // People, Host and Spotlight are true up to here
}

// Join lets the person of a session into the call of a room, under a name of
// their choice (their account's when empty). It returns what the policy says,
// input.Invalid with field display_name, ErrNoBackend, and errors that wrap
// media.ErrUnavailable.
func (s *Service) Join(ctx context.Context, token account.Token, slug, displayName string) (Ticket, error) {
	return s.Rejoin(ctx, token, slug, displayName, "")
}

// entry is how somebody comes into a call.
type entry struct {
	room.Visit
	displayName string
	byApproval  bool
	former      media.ParticipantID // whom they take over from; empty: nobody
	as          media.ParticipantID // of whom they go on being in, as who was in already; empty: they are new
	hasPlace    bool                // the former's, which passes on
}

// enter lets a visitor in under a name, who says whom they were before.
func (s *Service) enter(ctx context.Context, visit room.Visit, displayName string, former media.ParticipantID) (Ticket, error) {
	visit.Room.Capacity = s.backends.places(visit.Room)
	if former == "" {
		if err := visit.May(room.Ask{Action: room.Enter}); err != nil {
			return Ticket{}, err
		}
	}
	displayName, err := account.CleanDisplayName(displayName)
	if err != nil {
		return Ticket{}, err
	}
	backend, err := s.backends.of(visit.Room)
	if err != nil {
		return Ticket{}, err
	}
	ticket := Ticket{
		Participant: media.ParticipantID(strings.ToLower(rand.Text())),
		May:         room.Permitted(visit.Person, visit.Room.State()),
	}
	e := entry{Visit: visit, displayName: displayName, byApproval: room.ByApproval(visit.Person, visit.Room.State())}
	if former == "" {
		err = admit(ctx, s.pool, &e, &ticket)
	} else {
		e, err = s.readmit(ctx, e, former, &ticket)
	}
	if err != nil {
		return Ticket{}, err
	}
	ticket.Grant, err = backend.Grant(ctx, liveRoom(e.Room.ID, e.Room.Generation),
		media.Participant{ID: ticket.Participant, Name: displayName, May: permissions(ticket.May)}, room.GrantLife)
	if err != nil {
		if e.as == "" {
			s.giveBack(ctx, ticket.Participant)
		}
		return Ticket{}, fmt.Errorf("join: %w", err)
	}
	return ticket, nil
}

// batcher is what can send a batch: the pool, or a transaction.
type batcher interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// admit writes the grant and its ledger entry and reads who else is in, in one
// transaction of one round trip. The place is taken under the lock that orders
// the room's ledger, so that no two take the last one. It sets the room's
// generation to the one that they came into: their call may have ended, or the
// room gone, since they were looked at.
func admit(ctx context.Context, db batcher, v *entry, ticket *Ticket) error {
	var batch pgx.Batch
	// Nobody waits for the disk: a grant that a crash of the machine takes back
	// was worth no more than its two minutes, and the gate refuses its token.
	batch.Queue(`select pg_advisory_xact_lock(ledger_key($1)), set_config('synchronous_commit', 'off', true)`, v.Room.ID)
	// Before any row of theirs, as whoever takes an account away does.
	batch.Queue(`select from users where id = nullif($1, '')::uuid for key share`, v.Person.User).
		Exec(func(tag pgconn.CommandTag) error {
			if v.Person.User != "" && tag.RowsAffected() == 0 {
				return account.ErrSignedOut
			}
			return nil
		})
	// Whoever asks again before they came, after a reload say, holds one place,
	// not two. The earlier token still opens the door while there is another.
	batch.Queue(`
		update grants set left_at = now(), held_until = null
		where room_id = $1 and session_id = $2 and coalesce(user_id, guest_id)::text = $3
			and connected_at is null and left_at is null and revoked_at is null`,
		v.Room.ID, v.Session.ID, string(v.Person.User)+string(v.Person.Guest))
	batch.Queue(`select deleted_at is not null from rooms where id = $1`, v.Room.ID).
		QueryRow(func(row pgx.Row) error {
			var gone bool
			if err := row.Scan(&gone); err != nil || !gone {
				return err
			}
			return room.ErrHidden
		})
	if v.former != "" {
		queueEnd(ctx, &batch, v.former, Replaced)
	}
	batch.Queue(`
		with begun as (
			insert into calls (id, room_id) select $2, id from rooms
			where id = $1 and deleted_at is null and not exists (select from calls where room_id = $1 and ended_at is null)
			returning room_id, id)
		insert into ledger (room_id, kind, subject, address) select room_id, $3, id, $4 from begun`,
		v.Room.ID, uuid.Must(uuid.NewV7()).String(), ledger.CallStarted, ledger.Address(ctx))
	who := Who{Participant: ticket.Participant, Username: v.Session.User.Username, DisplayName: v.displayName, Role: v.Person.Role}
	batch.Queue(`
		with granted as (
			insert into grants (id, room_id, generation, user_id, guest_id, session_id, display_name, permissions, by_approval,
				held_until, role, call_id, returns_as, hand_at)
			select $1, $2, rooms.generation, nullif($4, '')::uuid, nullif($5, '')::uuid, $6, $7, $8, $9, now() + $10, $14, current.id, nullif($17, ''),
				(select hand_at from grants former where former.id = $16 and former.session_id = $6 and former.call_id = current.id)
			from calls current join rooms on rooms.id = current.room_id
			where current.room_id = $2 and current.ended_at is null and rooms.deleted_at is null
				and ($3 or (select count(*) from grants where room_id = $2 and `+room.Present+`) < $11)
			returning room_id, generation, coalesce(user_id, guest_id) as person, id, hand_at)
		insert into ledger (room_id, kind, actor, subject, data, address)
		select room_id, $12, person, id, $13::jsonb || jsonb_build_object('hand_at', hand_at), $15 from granted
		returning id, (select generation from granted)`,
		ticket.Participant, v.Room.ID, v.hasPlace, v.Person.User, v.Person.Guest, v.Session.ID, v.displayName, ticket.May,
		v.byApproval, room.GrantLife, v.Room.Capacity, ledger.Admitted, ledger.Data(who),
		v.Person.Role, ledger.Address(ctx), v.former, v.as).
		QueryRow(func(row pgx.Row) error {
			err := row.Scan(&ticket.Position, &v.Room.Generation)
			if noRows(err) {
				return room.Full
			}
			return err
		})
	if v.former != "" {
		batch.Queue(`
			with moved as (
				update calls set spotlight = $2
				where room_id = $1 and ended_at is null and spotlight = $3
					and exists (select from grants where id = $3 and session_id = $4)
				returning room_id, spotlight)
			insert into ledger (room_id, kind, subject, data)
			select room_id, $5, spotlight, jsonb_build_object('participant', spotlight, 'by', '') from moved`,
			v.Room.ID, ticket.Participant, v.former, v.Session.ID, ledger.Spotlit)
	}
	batch.Queue(`
		select grants.id, coalesce(users.username, ''), grants.display_name,
			case when grants.guest_id is not null then 'guest' else coalesce(memberships.role, '') end, grants.hand_at
		from grants left join users on users.id = grants.user_id
		left join memberships on memberships.room_id = grants.room_id and memberships.user_id = grants.user_id
		where grants.room_id = $1 and `+room.Present, v.Room.ID).
		Query(func(rows pgx.Rows) (err error) {
			ticket.People, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Who])
			return err
		})
	batch.Queue(`select coalesce(calls.spotlight, ''), `+hostColumns, v.Room.ID).
		QueryRow(func(row pgx.Row) error { return row.Scan(append([]any{&ticket.Spotlight}, ticket.Host.fields()...)...) })
	if err := db.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// giveBack frees the place of somebody who was let in but got no credential.
func (s *Service) giveBack(ctx context.Context, id media.ParticipantID) {
	// Best effort: it lapses by itself when it is never used.
	_, _ = s.pool.Exec(context.WithoutCancel(ctx), `update grants set left_at = now(), held_until = null where id = $1`, id)
}

// Admit is the media.Admit of Foyer's gate: it asks the policy again, on every
// connect and reconnect, whatever the token says. Who is connected already keeps
// their place by that alone: one that was kept for them anew would outlast them
// when they vanish.
func (s *Service) Admit(ctx context.Context, live media.RoomID, id media.ParticipantID, is media.Standing) (media.Participant, error) {
	if p, refusal, ok := admitCheck(live, id); ok {
		return p, refusal
	}
	found, err := presences(ctx, s.pool, `grants.id = $1`, id)
	if err != nil {
		return media.Participant{}, err
	}
	if len(found) == 0 || found[0].liveRoom() != live {
		return media.Participant{}, &media.Refusal{Status: 403, Reason: string(RemovedFromRoom)}
	}
	p := found[0]
	if reason := p.barred(); reason != "" {
		return media.Participant{}, &media.Refusal{Status: 403, Reason: string(reason)}
	}
	if is == media.Coming {
		kept, err := s.keepPlace(ctx, p.room, p.id)
		if err != nil {
			return media.Participant{}, err
		}
		if !kept {
			return media.Participant{}, &media.Refusal{Status: 403, Reason: string(Full)}
		}
	}
	return media.Participant{ID: p.id, Name: p.displayName, May: p.permissions()}, nil
}

// ErrNotYours means that there is no such participant, or that it belongs to
// another person.
var ErrNotYours = errors.New("call: no such participant")

// ErrNoReaction means that there is no reaction of that name.
var ErrNoReaction = errors.New("call: no such reaction")
