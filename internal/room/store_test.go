package room_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is a database with people in it.
type house struct {
	*testing.T
	pool     *pgxpool.Pool
	accounts *account.Store
	rooms    *room.Store
	people   map[string]account.User
}

func newHouse(t *testing.T, usernames ...string) *house {
	t.Helper()
	pool := postgrestest.New(t)
	h := &house{t, pool, account.NewStore(pool, bcrypt.MinCost), room.NewStore(pool), make(map[string]account.User)}
	for _, name := range usernames {
		user, err := h.accounts.Register(t.Context(), account.Registration{
			Username: name, Email: name + "@example.org", Password: "correct horse " + name,
		})
		if err != nil {
			t.Fatal(err)
		}
		h.people[name] = user
	}
	return h
}

func (h *house) id(username string) account.UserID { return h.people[username].ID }

func (h *house) session(username string) account.Token {
	h.Helper()
	token, err := h.accounts.Begin(h.Context(), h.id(username), account.ByPassword, "", account.Origin{})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

func (h *house) create(owner, name, access string) room.Room {
	h.Helper()
	created, err := h.rooms.Create(h.Context(), h.id(owner), room.Draft{Name: name, Visibility: room.Visibility(access), Backend: "memory"})
	if err != nil {
		h.Fatal(err)
	}
	return created
}

func (h *house) add(to room.Room, by, who string, role room.Role) {
	h.Helper()
	if _, err := h.rooms.AddMember(h.Context(), to.ID, h.id(by), who, role); err != nil {
		h.Fatal(err)
	}
}

func (h *house) roles(in room.Room) map[string]room.Role {
	h.Helper()
	members, err := h.rooms.Members(h.Context(), in.ID)
	if err != nil {
		h.Fatal(err)
	}
	roles := make(map[string]room.Role)
	for _, m := range members {
		roles[m.Username] = m.Role
	}
	return roles
}

func (h *house) kinds(in room.Room) []ledger.Kind {
	h.Helper()
	entries, err := ledger.Read(h.Context(), h.pool, ledger.Room(in.ID), 0, 100)
	if err != nil {
		h.Fatal(err)
	}
	var kinds []ledger.Kind
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func TestSlug(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want string }{
		{"Weekly standup", "weekly-standup"},
		{"  Café  Zürich! ", "cafe-zurich"},
		{"日本語", "room"},
		{"--A--b--", "a-b"},
		{strings.Repeat("long name ", 10), "long-name-long-name-long-name-long-name-long-name"},
		{"<script>alert(1)</script>", "script-alert-1-script"},
	}
	for _, test := range tests {
		if got := room.Slug(test.name); got != test.want {
			t.Errorf("Slug(%q) = %q, want %q", test.name, got, test.want)
		}
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	first := h.create("ana", "Weekly standup", "private")
	if first.Slug != "weekly-standup" {
		t.Errorf("slug %q", first.Slug)
	}
	second := h.create("ana", "Weekly standup", "private")
	if !strings.HasPrefix(second.Slug, "weekly-standup-") {
		t.Errorf("second slug %q, want one with an ending", second.Slug)
	}
	if got := h.roles(first); got["ana"] != room.Owner || len(got) != 1 {
		t.Errorf("roles %v, want ana as owner", got)
	}
	if got := h.kinds(first); !slices.Equal(got, []ledger.Kind{ledger.RoomCreated}) {
		t.Errorf("ledger %v", got)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	tests := []struct {
		name  string
		draft room.Draft
		field string
	}{
		{"no name", room.Draft{Visibility: "private"}, "name"},
		{"long name", room.Draft{Name: strings.Repeat("x", 81), Visibility: "private"}, "name"},
		{"bidirectional name", room.Draft{Name: "a\u202eb", Visibility: "private"}, "name"},
		{"zero-width name", room.Draft{Name: "a\u200bb", Visibility: "private"}, "name"},
		{"NUL", room.Draft{Name: "a\x00b", Visibility: "private"}, "name"},
		{"not UTF-8", room.Draft{Name: "a\xffb", Visibility: "private"}, "name"},
		{"long topic", room.Draft{Name: "a", Topic: strings.Repeat("x", 201), Visibility: "private"}, "topic"},
		{"no access", room.Draft{Name: "a"}, "visibility"},
		{"other access", room.Draft{Name: "a", Visibility: "secret"}, "visibility"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := h.rooms.Create(t.Context(), h.id("ana"), test.draft)
			var invalid input.Invalid
			if !errors.As(err, &invalid) || invalid[test.field] == "" {
				t.Errorf("got %v, want a complaint about %s", err, test.field)
			}
		})
	}
	if cards, err := h.rooms.Mine(t.Context(), h.id("ana")); err != nil || len(cards) != 0 {
		t.Errorf("rooms were made: %v, %v", cards, err)
	}
}

func TestVisit(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	closed := h.create("ana", "Closed", "private")
	open := h.create("ana", "Open", "open")
	h.add(closed, "ana", "ben", room.Member)
	ana, ben, eve := h.session("ana"), h.session("ben"), h.session("eve")
	tests := []struct {
		name  string
		token account.Token
		slug  string
		role  room.Role
		want  error
	}{
		{"owner", ana, closed.Slug, room.Owner, nil},
		{"member", ben, closed.Slug, room.Member, nil},
		{"stranger, private", eve, closed.Slug, "", room.ErrHidden},
		{"stranger, open", eve, open.Slug, room.None, nil},
		{"no such room", eve, "nothing", "", room.ErrHidden},
		{"no room can have this slug", eve, "no\x00thing", "", room.ErrHidden},
		{"signed out", "", closed.Slug, "", room.ErrSignIn},
		{"signed out, no such room", "forged", "nothing", "", room.ErrSignIn},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			visit, err := h.rooms.Visit(t.Context(), test.token, test.slug)
			if !errors.Is(err, test.want) || visit.Person.Role != test.role {
				t.Errorf("got role %q, error %v; want %q, %v", visit.Person.Role, err, test.role, test.want)
			}
		})
	}
}

// to changes a room to a change whatever it is.
func to(c room.Change) func(room.Room) room.Change {
	return func(room.Room) room.Change { return c }
}

func TestChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.create("ana", "Old name", "private")
	h.add(r, "ana", "ben", room.Moderator)
	ctx := t.Context()
	if err := h.rooms.Change(ctx, r.ID, h.id("ben"), to(room.Change{Name: "New name", Topic: "News"})); err != nil {
		t.Fatal(err)
	}
	configure := room.Change{Name: "Newer", Configuration: &room.Configuration{Visibility: room.Open, Lobby: room.LobbyOff, Succession: room.SuccessionHost, Capacity: 5}}
	if err := h.rooms.Change(ctx, r.ID, h.id("ben"), to(configure)); !errors.Is(err, room.Rank) {
		t.Errorf("moderator configures: got %v, want %v", err, room.Rank)
	}
	visit, err := h.rooms.Visit(ctx, h.session("ana"), r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if visit.Room.Name != "New name" || visit.Room.Topic != "News" || visit.Room.Visibility == room.Open {
		t.Errorf("half of a refused change was made: %+v", visit.Room)
	}
	for _, capacity := range []int{-1, 0, 1, room.MostCapacity + 1} {
		configure.Configuration.Capacity = capacity
		var invalid input.Invalid
		if err := h.rooms.Change(ctx, r.ID, h.id("ana"), to(configure)); !errors.As(err, &invalid) || invalid["capacity"] == "" {
			t.Errorf("capacity %d: got %v", capacity, err)
		}
	}
	configure.Configuration.Capacity = 5
	if err := h.rooms.Change(ctx, r.ID, h.id("ana"), to(configure)); err != nil {
		t.Fatal(err)
	}
	if err := h.rooms.Change(ctx, r.ID, h.id("ana"), to(configure)); err != nil {
		t.Fatal(err)
	}
	want := []ledger.Kind{ledger.RoomCreated, ledger.MemberAdded, ledger.RoomRenamed, ledger.RoomRenamed, ledger.RoomConfigured}
	if got := h.kinds(r); !slices.Equal(got, want) {
		t.Errorf("ledger %v, want %v: what does not change is not written", got, want)
	}
}

func TestDeleteFreesTheAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.create("ana", "Short lived", "private")
	h.add(r, "ana", "ben", room.Moderator)
	if err := h.rooms.Delete(t.Context(), r.ID, h.id("ben")); !errors.Is(err, room.Rank) {
		t.Errorf("moderator deletes: got %v, want %v", err, room.Rank)
	}
	if err := h.rooms.Delete(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.Visit(t.Context(), h.session("ana"), r.Slug); !errors.Is(err, room.ErrHidden) {
		t.Errorf("visit after deletion: got %v, want %v", err, room.ErrHidden)
	}
	if _, err := h.rooms.AddMember(t.Context(), r.ID, h.id("ana"), "ben", room.Owner); !errors.Is(err, room.ErrHidden) {
		t.Errorf("change after deletion: got %v, want %v", err, room.ErrHidden)
	}
	if again := h.create("ben", "Short lived", "private"); again.Slug != r.Slug {
		t.Errorf("slug %q, want the freed %q", again.Slug, r.Slug)
	}
}

// Every list that pages show is read through an index, however many rows there
// are.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.create("ana", "Team", "private")
	queries := map[string]string{
		"rooms of a user":   `select 1 from memberships where user_id = '` + string(h.id("ana")) + `'`,
		"members of a room": `select 1 from memberships where room_id = '` + string(r.ID) + `'`,
		"room of a slug":    `select 1 from rooms where slug = 'team' and deleted_at is null`,
		"who is in":         `select 1 from grants where room_id = '` + string(r.ID) + `' and ` + room.Present,
		"rooms of a person": `select 1 from grants where user_id = '` + string(h.id("ana")) + `' and coalesce(left_at, revoked_at) is null`,
		"ledger of a room":  `select 1 from ledger where room_id = '` + string(r.ID) + `' and id > 5 order by id limit 10`,
		"rooms in sight": `select 1 from rooms where visibility <> 'private' and deleted_at is null
			and strpos(lower(name), 'x') = 0 and (lower(name), id) > ('a', '00000000-0000-0000-0000-000000000000') order by lower(name), id limit 25`,
		"bans of a room":          `select 1 from bans where room_id = '` + string(r.ID) + `' and (created_at, id) < (now(), '` + string(r.ID) + `') order by created_at desc, id desc limit 51`,
		"ban of a person":         `select 1 from bans where room_id = '` + string(r.ID) + `' and subject = '` + string(h.id("ana")) + `'`,
		"requests of rooms":       `select 1 from join_requests where room_id = any('{` + string(r.ID) + `}')`,
		"request of a user":       `select 1 from join_requests where room_id = '` + string(r.ID) + `' and user_id = '` + string(h.id("ana")) + `'`,
		"who was told of":         `select 1 from ledger where room_id = '` + string(r.ID) + `' and actor = '` + string(h.id("ana")) + `' and kind = 'join_requested'`,
		"who waits in rooms":      `select 1 from lobby where room_id = any('{` + string(r.ID) + `}') and state = 'waiting' and seen_at > now() - interval '45 seconds'`,
		"answers that lapse":      `select 1 from lobby where state <> 'waiting' and seen_at < now() - interval '10 minutes'`,
		"invitations of a room":   `select 1 from invitations where room_id = '` + string(r.ID) + `' order by created_at desc, id limit 10`,
		"invitation of a link":    `select 1 from invitations where token_hash = '\x00'`,
		"guests of an invitation": `select 1 from guests where invitation_id = '` + string(r.ID) + `'`,
		"session":                 `select 1 from sessions where token_hash = '\x00'`,
		"email":                   `select 1 from users where lower(email) = 'a@example.org'`,
		"rooms of a backend":      `select 1 from rooms where backend = 'x' and id > '` + string(r.ID) + `' and deleted_at is null order by id limit 10`,
		"tokens still good":       `select 1 from grants where issued_at > now() - interval '1 minute'`,
	}
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // nothing was changed
	// Tables are small here; the planner must choose as if they were not.
	for _, sql := range []string{`set local enable_seqscan = off`,
		`insert into rooms (id, slug, name, backend) select gen_random_uuid(), 'r' || i, 'R' || i, 'y' from generate_series(1, 1000) i`, `analyze rooms`} {
		if _, err := tx.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	for name, query := range queries {
		plan := postgrestest.Explain(t, tx, query)
		if name == "rooms in sight" && (!plan.Uses("rooms_in_sight") || plan.Sorts()) || len(plan.ReadsWhole()) > 0 {
			t.Errorf("%s reads too much:\n%s", name, plan)
		}
	}
}
