package room

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// SomeWait says whether anybody may have to wait to be let in.
func (in State) SomeWait() bool { return in.Lobby != LobbyOff || in.Guests && in.Open }

// EntryID names somebody's standing in one room's lobby.
type EntryID string

// LobbyEntry is somebody who waits.
type LobbyEntry struct {
	ID          EntryID   `json:"id"`
	Username    string    `json:"username"` // empty for guests
	DisplayName string    `json:"display_name"`
	Guest       bool      `json:"guest"`
	Invited     bool      `json:"invited"` // a guest who came by an invitation
	AskedAt     time.Time `json:"asked_at"`
}

// goneAfter is how long somebody counts as waiting after their page was last
// heard of.
const goneAfter = 45 * time.Second

// Knock puts the visitor into the room's lobby, or says that they still wait,
// and returns what the lobby says of them: Admitted also when they need not
// wait. Whoever is in the call already, and may stay, is admitted. It returns what
// the policy says, and input.Invalid with field display_name.
func (s *Store) Knock(ctx context.Context, v Visit, displayName string) (Answer, error) {
	if err := v.May(Ask{Action: Knock}); err != nil {
		return NotAsked, err
	}
	if !v.Room.State().covers(v.Person) || v.Person.Answer == Admitted {
		return Admitted, nil
	}
	if displayName == "" {
		displayName = v.DisplayName
	}
	displayName, err := account.CleanDisplayName(displayName)
	if err != nil {
		return NotAsked, err
	}
	state := Waiting
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(v.Room.ID)); err != nil {
			return err
		}
		isIn, err := staysIn(ctx, tx, v)
		if err != nil {
			return err
		}
		if isIn {
			state = Admitted
		}
		var id EntryID
		var fresh bool
		err = tx.QueryRow(ctx, `
			with before as (select state from lobby where room_id = $2 and person = coalesce($3::uuid, $4::uuid))
			insert into lobby (id, room_id, user_id, guest_id, display_name, state) values ($1, $2, $3, $4, $5, $6)
			on conflict (room_id, person) do update set display_name = excluded.display_name, seen_at = now(),
				asked_at = case when lobby.state = 'waiting' then lobby.asked_at else now() end,
				state = case when lobby.state = 'admitted' then 'admitted' else excluded.state end
			returning id, state, coalesce((select state from before), '') <> state`,
			newID(), v.Room.ID, nullable(v.Person.User), nullable(v.Person.Guest), displayName, state).Scan(&id, &state, &fresh)
		if err != nil || !fresh || state != Waiting {
			return err
		}
		return appendLobby(ctx, tx, ledger.Knocked, v.Room.ID, v.Person.id(), id, displayName)
	})
	if err != nil {
		return NotAsked, fmt.Errorf("knock: %w", err)
	}
	return state, nil
}

// staysIn says whether a visitor is in the call that goes on and may stay there, by
// what the lobby says of them now. Who came in by its approval has that, or is on
// the way out. The caller holds the room's ledger.
func staysIn(ctx context.Context, tx pgx.Tx, v Visit) (bool, error) {
	var isIn bool
	err := tx.QueryRow(ctx, `
		select coalesce((select state from lobby where room_id = $1 and person = $2), ''), exists (
			select from grants join calls on calls.id = grants.call_id and calls.ended_at is null
			where grants.room_id = $1 and coalesce(grants.user_id, grants.guest_id) = $2
				and grants.connected_at is not null and not grants.by_approval and `+Present+`)`,
		v.Room.ID, v.Person.id()).Scan(&v.Person.Answer, &isIn)
	return isIn && v.May(Ask{Action: Stay}) == nil, err
}

// StillWaiting notes that the page of somebody who waits is there.
func (s *Store) StillWaiting(ctx context.Context, v Visit) error {
	_, err := s.pool.Exec(ctx, `
		update lobby set seen_at = now() where room_id = $1 and person = $2 and state = 'waiting'`, v.Room.ID, v.Person.id())
	if err != nil {
		return fmt.Errorf("still waiting: %w", err)
	}
	return nil
}

// StopWaiting takes the visitor out of the lobby; nil when they do not wait.
func (s *Store) StopWaiting(ctx context.Context, v Visit) error {
	return s.leaveLobby(ctx, v.Room.ID, `person = $2`, v.Person.id())
}

// lapsesAfter is how long an answer waits for whom it was given, while no call
// goes on: it is for the call that begins with them, not for another day's.
const lapsesAfter = 10 * time.Minute

// SweepLobbies takes out of all lobbies whose page has not been heard of, and
// answers that were given before a call which never was.
func (s *Store) SweepLobbies(ctx context.Context) error {
	_, err := s.pool.Exec(ctx, `
		delete from lobby where state <> 'waiting' and seen_at < now() - $1::interval
			and not exists (select from calls where calls.room_id = lobby.room_id and calls.ended_at is null)`, lapsesAfter)
	if err != nil {
		return fmt.Errorf("sweep lobbies: %w", err)
	}
	rows, err := s.pool.Query(ctx, `select distinct room_id from lobby where state = 'waiting' and seen_at < now() - $1::interval`, goneAfter)
	if err != nil {
		return fmt.Errorf("sweep lobbies: %w", err)
	}
	rooms, err := pgx.CollectRows(rows, pgx.RowTo[ID])
	if err != nil {
		return fmt.Errorf("sweep lobbies: %w", err)
	}
	for _, id := range rooms {
		if err := s.leaveLobby(ctx, id, `seen_at < now() - $2::interval`, goneAfter); err != nil {
			return err
		}
	}
	return nil
}

// leaveLobby takes out of a room's lobby those who wait and satisfy the SQL
// condition who, whose argument is $2.
func (s *Store) leaveLobby(ctx context.Context, id ID, who string, arg any) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if err := ledger.Lock(ctx, tx, ledger.Room(id)); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `
			with gone as (delete from lobby where room_id = $1 and state = 'waiting' and `+who+` returning room_id, id, person)
			insert into ledger (room_id, kind, actor, subject, address) select room_id, $3, person, id, $4 from gone`,
			id, arg, ledger.KnockGone, ledger.Address(ctx))
		return err
	})
	if err != nil {
		return fmt.Errorf("leave lobby: %w", err)
	}
	return nil
}

// Waiting lists who waits in a room, longest first.
func (s *Store) Waiting(ctx context.Context, id ID) ([]LobbyEntry, error) {
	waiting, err := s.WaitingIn(ctx, id)
	return waiting[id], err
}

// WaitingIn lists who waits in rooms, longest first.
func (s *Store) WaitingIn(ctx context.Context, rooms ...ID) (map[ID][]LobbyEntry, error) {
	return s.entries(ctx, `lobby.state = 'waiting' and lobby.seen_at > now() - $2::interval`, rooms, goneAfter)
}

// Expected lists who was let into a room's call and has not come, longest first.
func (s *Store) Expected(ctx context.Context, id ID) ([]LobbyEntry, error) {
	expected, err := s.entries(ctx, `lobby.state = 'admitted' and not exists (
		select from grants where grants.room_id = lobby.room_id and coalesce(grants.user_id, grants.guest_id) = lobby.person and `+Present+`)`,
		[]ID{id})
	return expected[id], err
}

// lobbyJoins joins to the table lobby what PersonColumns and Columns need.
const lobbyJoins = `join rooms on rooms.id = lobby.room_id
	left join users on users.id = lobby.user_id left join guests on guests.id = lobby.guest_id ` + PersonJoins

// entries lists those in the lobbies of rooms that satisfy the SQL condition
// which, whose arguments are numbered from $2 on, by when they asked: whom it would
// be of use to let in.
func (s *Store) entries(ctx context.Context, which string, rooms []ID, args ...any) (map[ID][]LobbyEntry, error) {
	rows, err := s.pool.Query(ctx, `
		select lobby.room_id, lobby.id, coalesce(users.username, ''), lobby.display_name, lobby.guest_id is not null,
			guests.invitation_id is not null, lobby.asked_at, `+PersonColumns+`, `+Columns+`
		from lobby `+lobbyJoins+`
		where lobby.room_id = any($1::uuid[]) and `+which+`
		order by lobby.asked_at, lobby.id`, append([]any{rooms}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list lobby: %w", err)
	}
	found := make(map[ID][]LobbyEntry)
	var id ID
	var e LobbyEntry
	var who Person
	var in Room
	fields := append([]any{&id, &e.ID, &e.Username, &e.DisplayName, &e.Guest, &e.Invited, &e.AskedAt}, who.Fields()...)
	_, err = pgx.ForEachRow(rows, append(fields, in.Fields()...), func() error {
		if couldCome(who, in.State()) {
			found[id] = append(found[id], e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list lobby: %w", err)
	}
	return found, nil
}

// Admit lets somebody who waits into this call, once they come. It returns what
// the policy says, and postgres.ErrNotFound when they do not wait any more, or
// could not come in all the same.
func (s *Store) Admit(ctx context.Context, id ID, by account.UserID, entry EntryID) error {
	return s.answerOne(ctx, id, by, LetIn, entry, Admitted)
}

// Deny tells somebody who waits, or was admitted and has not come, that they
// are not let in. They may ask again. It returns what Admit returns.
func (s *Store) Deny(ctx context.Context, id ID, by account.UserID, entry EntryID) error {
	return s.answerOne(ctx, id, by, ManageLobby, entry, Denied)
}

func (s *Store) answerOne(ctx context.Context, id ID, by account.UserID, action Action, entry EntryID, answer Answer) error {
	return s.change(ctx, id, by, Ask{Action: action}, func(tx pgx.Tx, now Room) error {
		n, err := answerLobby(ctx, tx, now, by, answer, `lobby.id::text = $3`, entry)
		if err == nil && n == 0 {
			return postgres.ErrNotFound
		}
		return err
	})
}

// AdmitAll lets everybody who waits into this call and returns how many these
// are. It returns what the policy says.
func (s *Store) AdmitAll(ctx context.Context, id ID, by account.UserID) (n int, err error) {
	err = s.change(ctx, id, by, Ask{Action: LetIn}, func(tx pgx.Tx, now Room) error {
		n, err = answerLobby(ctx, tx, now, by, Admitted, `lobby.state = 'waiting'`)
		return err
	})
	return n, err
}

// answerLobby answers those entries of a room's lobby that satisfy the SQL
// condition which, whose arguments are numbered from $3 on. Nobody is let in for
// whom that would be of no use. The caller holds the room.
func answerLobby(ctx context.Context, tx pgx.Tx, now Room, by account.UserID, answer Answer, which string, args ...any) (int, error) {
	rows, err := tx.Query(ctx, `
		select lobby.id, lobby.display_name, `+PersonColumns+`
		from lobby `+lobbyJoins+`
		where lobby.room_id = $1 and lobby.state <> $2 and (lobby.state = 'waiting' or $2 = 'denied') and `+which,
		append([]any{now.ID, answer}, args...)...)
	if err != nil {
		return 0, err
	}
	kind := ledger.LobbyAdmitted
	if answer == Denied {
		kind = ledger.LobbyDenied
	}
	var answered []LobbyEntry
	var e LobbyEntry
	var who Person
	_, err = pgx.ForEachRow(rows, append([]any{&e.ID, &e.DisplayName}, who.Fields()...), func() error {
		if answer == Denied || couldCome(who, now.State()) {
			answered = append(answered, e)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	for _, e := range answered {
		if _, err := tx.Exec(ctx, `update lobby set state = $2, decided_by = $3 where id = $1`, e.ID, answer, by); err != nil {
			return 0, err
		}
		if err := appendLobby(ctx, tx, kind, now.ID, string(by), e.ID, e.DisplayName); err != nil {
			return 0, err
		}
	}
	return len(answered), nil
}

// SendToLobby has somebody wait, whatever the lobby said of them before. The
// caller holds the room and has asked the policy.
func SendToLobby(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, who Person, displayName string) error {
	var entry EntryID
	err := tx.QueryRow(ctx, `
		insert into lobby (id, room_id, user_id, guest_id, display_name) values ($1, $2, $3, $4, $5)
		on conflict (room_id, person) do update set state = 'waiting', asked_at = now(), seen_at = now(), decided_by = null
		returning id`, newID(), id, nullable(who.User), nullable(who.Guest), displayName).Scan(&entry)
	if err != nil {
		return err
	}
	return appendLobby(ctx, tx, ledger.SentToLobby, id, string(by), entry, displayName)
}

func appendLobby(ctx context.Context, tx pgx.Tx, kind ledger.Kind, id ID, actor string, entry EntryID, name string) error {
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: kind, Actor: actor, Subject: string(entry), Data: ledger.Data(map[string]string{"name": name}),
	})
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// nullable is an id as SQL takes it: null when there is none.
func nullable[T ~string](id T) *T {
	if id == "" {
		return nil
	}
	return &id
}
