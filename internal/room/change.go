package room

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Draft is what someone gives to make a room.
type Draft struct {
	Name       string
	Topic      string
	Visibility Visibility
	Backend    string // the media backend that will carry its calls
	Capacity   int    // 0: the usual
}

func checkVisibility(bad input.Invalid, v Visibility) {
	bad.Choice("visibility", string(v), string(Private), string(Listed), string(Open))
}

func checkName(bad input.Invalid, name string) string   { return bad.Line("name", name, 1, 80) }
func checkTopic(bad input.Invalid, topic string) string { return bad.Line("topic", topic, 0, 200) }

// Create makes a room whose owner is its creator. It returns input.Invalid with
// fields name, topic and visibility.
func (s *Store) Create(ctx context.Context, creator account.UserID, d Draft) (Room, error) {
	bad := input.Invalid{}
	room := Room{ID: ID(uuid.Must(uuid.NewV7()).String()), Name: checkName(bad, d.Name), Topic: checkTopic(bad, d.Topic)}
	checkVisibility(bad, d.Visibility)
	if err := bad.Err(); err != nil {
		return Room{}, err
	}
	room.Slug = Slug(room.Name)
	for {
		err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error { return insertRoom(ctx, tx, room, creator, d) })
		var taken *postgres.Conflict
		switch {
		case err == nil:
			return room, nil
		case errors.As(err, &taken) && taken.Constraint == "rooms_slug_key":
			room.Slug = withEnding(Slug(room.Name))
		default:
			return Room{}, fmt.Errorf("create room: %w", err)
		}
	}
}

func insertRoom(ctx context.Context, tx pgx.Tx, r Room, creator account.UserID, d Draft) error {
	_, err := tx.Exec(ctx, `
		insert into rooms (id, slug, name, topic, visibility, backend, capacity, created_by) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.ID, r.Slug, r.Name, r.Topic, d.Visibility, d.Backend, cmp.Or(d.Capacity, usualCapacity), creator)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `
		insert into memberships (room_id, user_id, role, created_by) values ($1, $2, 'owner', $2)`, r.ID, creator)
	if err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(r.ID), Kind: ledger.RoomCreated, Actor: string(creator), Data: ledger.Data(map[string]string{"name": r.Name}),
	})
}

var slugPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$`)

// Slug makes an address of a room's name: letters without their accents, digits
// and dashes, at most 50 characters. Names without any of these get "room".
func Slug(name string) string {
	const most = 50
	var slug strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			slug.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent that stood on the letter before
		case slug.Len() > 0 && !strings.HasSuffix(slug.String(), "-"):
			slug.WriteByte('-')
		}
		if slug.Len() >= most {
			break
		}
	}
	if trimmed := strings.Trim(slug.String(), "-"); trimmed != "" {
		return trimmed
	}
	return "room"
}

func withEnding(slug string) string { return slug + "-" + strings.ToLower(rand.Text()[:5]) }

// Change is what a room's settings are to be.
type Change struct {
	Name, Topic   string
	Configuration *Configuration // nil: leave it; only owners change it
}

// Configuration says who may enter, how, and how many.
type Configuration struct {
	Visibility Visibility
	Guests     bool
	Lobby      Lobby
	Succession Succession
	Capacity   int
	// HistoryDays is for how long what is written is kept; 0: as long as the call.
	HistoryDays int
}

// Configuration is how the room is configured now.
func (r Room) Configuration() Configuration {
	return Configuration{r.Visibility, r.Guests, r.Lobby, r.Succession, r.Capacity, r.HistoryDays}
}

func (c Change) check() (Change, error) {
	bad := input.Invalid{}
	c.Name, c.Topic = checkName(bad, c.Name), checkTopic(bad, c.Topic)
	if now := c.Configuration; now != nil {
		checkVisibility(bad, now.Visibility)
		bad.Choice("lobby", string(now.Lobby), string(LobbyOff), string(LobbyStrangers), string(LobbyEveryone))
		bad.Choice("succession", string(now.Succession), string(SuccessionHost), string(SuccessionEnd))
		if now.Capacity < LeastCapacity || now.Capacity > MostCapacity {
			bad.Add("capacity", words.Text("room.capacity_range", "least", LeastCapacity, "most", MostCapacity))
		}
		if now.HistoryDays < 0 || now.HistoryDays > MostHistoryDays {
			bad.Add("history_days", words.Text("history.range", "most", MostHistoryDays))
		}
	}
	return c, bad.Err()
}

// Change changes a room's settings, all or none, to what the room is to be, given
// the room as it is: two people can change two of them at once. It returns
// input.Invalid with fields name, topic, visibility, lobby, succession, capacity and
// history_days, and what the policy says.
func (s *Store) Change(ctx context.Context, id ID, by account.UserID, to func(now Room) Change) error {
	return s.Hold(ctx, id, by, func(tx pgx.Tx, now Room, who Person) error {
		c := to(now)
		ask := Ask{Action: Rename}
		if c.Configuration != nil {
			ask.Action = Configure
		}
		if err := Authorize(who, ask, now.State()); err != nil {
			return err
		}
		c, err := c.check()
		if err != nil {
			return err
		}
		if c.Name != now.Name || c.Topic != now.Topic {
			if err := rename(ctx, tx, id, by, c.Name, c.Topic); err != nil {
				return err
			}
		}
		if c.Configuration != nil && *c.Configuration != now.Configuration() {
			return configure(ctx, tx, id, by, *c.Configuration)
		}
		return nil
	})
}

func rename(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, name, topic string) error {
	if _, err := tx.Exec(ctx, `update rooms set name = $2, topic = $3 where id = $1`, id, name, topic); err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: ledger.RoomRenamed, Actor: string(by),
		Data: ledger.Data(map[string]string{"name": name, "topic": topic}),
	})
}

func configure(ctx context.Context, tx pgx.Tx, id ID, by account.UserID, c Configuration) error {
	_, err := tx.Exec(ctx, `
		update rooms set visibility = $2, guests = $3, lobby = $4, succession = $5, capacity = $6, history_days = $7 where id = $1`,
		id, c.Visibility, c.Guests, c.Lobby, c.Succession, c.Capacity, c.HistoryDays)
	if err != nil {
		return err
	}
	return ledger.Append(ctx, tx, ledger.Entry{
		Room: ledger.Room(id), Kind: ledger.RoomConfigured, Actor: string(by),
		Data: ledger.Data(map[string]any{
			"visibility": c.Visibility, "guests": c.Guests, "lobby": c.Lobby, "succession": c.Succession, "capacity": c.Capacity, "history_days": c.HistoryDays,
		}),
	})
}

// SetLocked locks or unlocks a room, for who hosts its call until that ends. It
// returns what the policy says.
func (s *Store) SetLocked(ctx context.Context, id ID, by account.UserID, locked bool) error {
	return s.lead(ctx, id, by, Lock, func(tx pgx.Tx, now Room) error { return setLocked(ctx, tx, now, by, locked) })
}

// Delete ends a room: its call, its address, its memberships. The row stays for
// the ledger. It returns what the policy says.
func (s *Store) Delete(ctx context.Context, id ID, by account.UserID) error {
	return s.change(ctx, id, by, Ask{Action: Delete}, func(tx pgx.Tx, _ Room) error {
		_, err := tx.Exec(ctx, `update rooms set deleted_at = now(), generation = generation + 1 where id = $1`, id)
		if err != nil {
			return err
		}
		return ledger.Append(ctx, tx, ledger.Entry{Room: ledger.Room(id), Kind: ledger.RoomDeleted, Actor: string(by)})
	})
}

// change runs do in a transaction that holds the room's row, after the policy
// said yes to what that row and the actor's membership are at that moment: two
// changes of one room follow each other, and neither acts on what the other has
// changed already.
func (s *Store) change(ctx context.Context, id ID, by account.UserID, ask Ask, do func(tx pgx.Tx, now Room) error) error {
	return s.Hold(ctx, id, by, func(tx pgx.Tx, room Room, who Person) error {
		if err := Authorize(who, ask, room.State()); err != nil {
			return err
		}
		return do(tx, room)
	})
}

// Hold runs do in a transaction that holds a room's row, with the room and the
// actor as they are at that moment. It asks the policy nothing: do does, with
// Authorize, before it changes anything. Nobody without an account changes a
// room: for a guest, who has an empty id, it returns Rank.
func (s *Store) Hold(ctx context.Context, id ID, by account.UserID, do func(tx pgx.Tx, now Room, who Person) error) error {
	if by == "" {
		return Rank
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		room, who, err := hold(ctx, tx, id, by)
		if err != nil {
			return err
		}
		who.AtDesk = s.desk
		return do(tx, room, who)
	})
	if err != nil {
		return fmt.Errorf("change room: %w", err)
	}
	return nil
}

// lock keeps everybody else from changing a room, and from appending to its
// ledger, until the transaction ends.
func lock(ctx context.Context, tx pgx.Tx, id ID) error {
	// A statement of its own: one that waits for the lock would read the other
	// tables as they were before. Not "for update": rows that refer to the room
	// are inserted under the ledger's lock, and must not wait for this one.
	if _, err := tx.Exec(ctx, `select from rooms where id = $1 for no key update`, id); err != nil {
		return err
	}
	return ledger.Lock(ctx, tx, ledger.Room(id))
}

// hold locks a room and then reads it, with who acts.
func hold(ctx context.Context, tx pgx.Tx, id ID, by account.UserID) (Room, Person, error) {
	if err := lock(ctx, tx, id); err != nil {
		return Room{}, Person{}, err
	}
	var room Room
	err := tx.QueryRow(ctx, `select `+Columns+`, `+countColumns(Present)+` from rooms where id = $1`, id).
		Scan(append(room.Fields(), room.countFields()...)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return Room{}, Person{}, ErrHidden
	}
	if err != nil {
		return Room{}, Person{}, err
	}
	who, err := person(ctx, tx, id, by)
	return room, who, err
}
