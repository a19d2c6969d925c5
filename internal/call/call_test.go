package call_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is a running service but for its pages: a real database, everything
// that listens to it, and a media backend in memory.
type house struct {
	*testing.T
	pool       *pgxpool.Pool
	accounts   *account.Store
	rooms      *room.Store
	calls      *call.Service
	reconciler *call.Reconciler
	media      *mediatest.Memory
	people     map[string]account.User
	sessions   map[string]account.Token
}

func newHouse(t *testing.T, usernames ...string) *house {
	t.Helper()
	pool := postgrestest.New(t)
	log := slog.New(slog.DiscardHandler)
	memory := mediatest.NewMemory()
	backends := call.Backends{memory.Capabilities().Name: memory}
	hub := ledger.NewHub(pool, log)
	h := &house{
		T: t, pool: pool, media: memory, accounts: account.NewStore(pool, bcrypt.MinCost), rooms: room.NewStore(pool),
		reconciler: call.NewReconciler(pool, backends, log),
		people:     make(map[string]account.User), sessions: make(map[string]account.Token),
	}
	h.calls = call.NewService(pool, h.rooms, backends, hub)
	ctx, cancel := context.WithCancel(context.Background())
	memory.Signalling(ctx, h.calls.Admit, h.reconciler)
	memory.OnEvent(func(e media.Event) { h.reconciler.Seen(e.Room) })
	listener := &postgres.Listener{Pool: pool, Log: log, Channels: map[string]func(string){
		ledger.Channel: func(payload string) { hub.Grown(ledger.Room(payload)) },
		call.Channel:   func(payload string) { h.reconciler.AccessChanged(ctx, payload) },
	}, Connected: func() { hub.Resync(); h.reconciler.Resync() }}
	var running sync.WaitGroup
	for _, run := range []func(context.Context){hub.Run, h.reconciler.Run, listener.Run} {
		running.Go(func() { run(ctx) })
	}
	t.Cleanup(func() { cancel(); running.Wait() })
	for _, name := range usernames {
		h.register(name)
	}
	return h
}

func (h *house) register(name string) {
	h.Helper()
	user, err := h.accounts.Register(h.Context(), account.Registration{
		Username: name, Email: name + "@example.org", DisplayName: "The " + name, Password: "correct horse " + name,
	})
	if err != nil {
		h.Fatal(err)
	}
	h.people[name], h.sessions[name] = user, h.session(user)
}

func (h *house) session(user account.User) account.Token {
	h.Helper()
	token, err := h.accounts.Begin(h.Context(), user.ID, "", account.Origin{})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

func (h *house) id(name string) account.UserID { return h.people[name].ID }

// room makes one that owner owns and the others are members of.
func (h *house) room(access, owner string, members ...string) room.Room {
	h.Helper()
	r, err := h.rooms.Create(h.Context(), h.id(owner), room.Draft{Name: "Team", Access: access, Backend: h.media.Capabilities().Name})
	if err != nil {
		h.Fatal(err)
	}
	for _, name := range members {
		if _, err := h.rooms.AddMember(h.Context(), r.ID, h.id(owner), name, room.Member); err != nil {
			h.Fatal(err)
		}
	}
	return r
}

func (h *house) join(name string, r room.Room) call.Ticket {
	h.Helper()
	ticket, err := h.calls.Join(h.Context(), h.sessions[name], r.Slug, "")
	if err != nil {
		h.Fatalf("%s joins: %v", name, err)
	}
	return ticket
}

func (h *house) enter(name string, r room.Room) (call.Ticket, *mediatest.Connection) {
	h.Helper()
	ticket := h.join(name, r)
	connection, err := h.media.Connect(h.Context(), ticket.Grant.Token)
	if err != nil {
		h.Fatalf("%s connects: %v", name, err)
	}
	h.waitFor(name+" is in", func() bool { return slices.Contains(h.present(r), name) })
	return ticket, connection
}

// present lists who the database says is in a room.
func (h *house) present(r room.Room) []string {
	h.Helper()
	live, err := h.rooms.Live(h.Context(), r.ID)
	if err != nil {
		h.Fatal(err)
	}
	var names []string
	for _, p := range live[r.ID] {
		names = append(names, p.Username)
	}
	return names
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

func (h *house) waitFor(what string, condition func() bool) {
	h.Helper()
	const patience = 10 * time.Second
	for deadline := time.Now().Add(patience); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("not within %v: %s", patience, what)
		}
	}
}

func (h *house) waitClosed(what string, connection *mediatest.Connection) {
	h.Helper()
	select {
	case <-connection.Done():
	case <-time.After(10 * time.Second):
		h.Fatalf("still connected: %s", what)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben")
	first, _ := h.enter("ana", r)
	ticket, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, "  Benny   B ")
	if err != nil {
		t.Fatal(err)
	}
	if len(ticket.People) != 2 || ticket.People[0].Participant != first.Participant && ticket.People[1].Participant != first.Participant {
		t.Errorf("people %+v, want both", ticket.People)
	}
	i := slices.IndexFunc(ticket.People, func(w call.Who) bool { return w.Participant == ticket.Participant })
	if want := (call.Who{Participant: ticket.Participant, Username: "ben", DisplayName: "Benny B", Role: room.Member}); i < 0 || ticket.People[i] != want {
		t.Errorf("people %+v, want %+v among them", ticket.People, want)
	}
	if life := time.Until(ticket.Grant.Expires); life > 2*time.Minute || life < time.Minute {
		t.Errorf("the token lives %v, want at most two minutes", life)
	}
	if _, err := h.calls.Join(t.Context(), h.sessions["eve"], r.Slug, ""); !errors.Is(err, room.ErrHidden) {
		t.Errorf("stranger: %v", err)
	}
	if _, err := h.calls.Join(t.Context(), "", r.Slug, ""); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("anonymous: %v", err)
	}
	var invalid input.Invalid
	if _, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, "a\u202eb"); !errors.As(err, &invalid) || invalid["display_name"] == "" {
		t.Errorf("bad name: %v", err)
	}
}

func TestJoinWithoutItsBackend(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	h.sql(`update rooms set backend = 'gone' where id = $1`, r.ID)
	if _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); !errors.Is(err, call.ErrNoBackend) {
		t.Errorf("got %v, want %v", err, call.ErrNoBackend)
	}
}

// However many ask at once, no more get in than there are places, and everyone
// else is told that the room is full.
func TestCapacityUnderARush(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	const places, asking = 10, 100
	h.sql(`update rooms set capacity = $2 where id = $1`, r.ID, places)
	var mu sync.Mutex
	var admitted []call.Ticket
	full := 0
	var group sync.WaitGroup
	for range asking {
		group.Go(func() {
			ticket, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, "")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				admitted = append(admitted, ticket)
			case errors.Is(err, room.Full):
				full++
			default:
				t.Errorf("unexpected error: %v", err)
			}
		})
	}
	group.Wait()
	if len(admitted) != places || full != asking-places {
		t.Fatalf("%d in and %d told it is full, want %d and %d", len(admitted), full, places, asking-places)
	}
	// A place is free again when somebody leaves, and when somebody who was let
	// in never came.
	connection, err := h.media.Connect(t.Context(), admitted[0].Grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	h.waitFor("ana is in", func() bool { return len(h.present(r)) == 1 })
	connection.Leave()
	h.waitFor("a place is free", func() bool { _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); return err == nil })
	h.sql(`update grants set issued_at = now() - interval '121 seconds' where id = $1`, admitted[1].Participant)
	h.join("ana", r)
	if _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); !errors.Is(err, room.Full) {
		t.Errorf("one too many: %v", err)
	}
}

// Losing what let somebody in ends their presence, however it is lost, and the
// token that is still valid does not bring them back.
func TestPresenceFollowsAccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		access string
		lose   func(h *house, r room.Room)
		reason call.Reason
		by     string
		own    bool
	}{
		{"removed by the owner", "private", func(h *house, r room.Room) {
			if _, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				h.Error(err)
			}
		}, call.RemovedFromRoom, "The ana", false},
		{"membership deleted by hand", "private", func(h *house, r room.Room) {
			h.sql(`delete from memberships where room_id = $1 and user_id = $2`, r.ID, h.id("ben"))
		}, call.RemovedFromRoom, "", false},
		{"left by himself", "private", func(h *house, r room.Room) {
			if _, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ben"), "ben"); err != nil {
				h.Error(err)
			}
		}, call.RemovedFromRoom, "", true},
		{"room deleted", "private", func(h *house, r room.Room) {
			if err := h.rooms.Delete(h.Context(), r.ID, h.id("ana")); err != nil {
				h.Error(err)
			}
		}, call.RoomDeleted, "The ana", false},
		{"room row gone by hand", "private", func(h *house, r room.Room) {
			h.sql(`update rooms set deleted_at = now() where id = $1`, r.ID)
		}, call.RoomDeleted, "", false},
		{"call ended", "private", func(h *house, r room.Room) {
			h.sql(`update rooms set generation = generation + 1 where id = $1`, r.ID)
		}, call.CallEnded, "", false},
		{"signed out everywhere", "private", func(h *house, r room.Room) {
			if err := h.accounts.EndAll(h.Context(), h.id("ben")); err != nil {
				h.Error(err)
			}
		}, call.SignedOut, "", false},
		{"logged out", "private", func(h *house, r room.Room) {
			if err := h.accounts.End(h.Context(), h.sessions["ben"]); err != nil {
				h.Error(err)
			}
		}, call.SignedOut, "", false},
		{"account switched off", "private", func(h *house, r room.Room) {
			h.sql(`update users set disabled_at = now() where id = $1`, h.id("ben"))
		}, call.Disabled, "", false},
		{"open room becomes private", "open", func(h *house, r room.Room) {
			h.sql(`update rooms set visibility = 'private' where id = $1`, r.ID)
		}, call.RemovedFromRoom, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben")
			var members []string
			if test.access == "private" {
				members = []string{"ben"}
			}
			r := h.room(test.access, "ana", members...)
			ticket, connection := h.enter("ben", r)
			stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()

			start := time.Now()
			test.lose(h, r)
			h.waitClosed("ben", connection)
			t.Logf("out after %v", time.Since(start).Round(time.Millisecond))

			_, err = h.media.Connect(t.Context(), ticket.Grant.Token)
			var refusal *media.Refusal
			if !errors.As(err, &refusal) || refusal.Status != 403 || refusal.Reason != string(test.reason) {
				t.Errorf("the old token: got %v, want 403 %s", err, test.reason)
			}
			ending := h.ending(stream)
			want := call.Ending{Reason: test.reason, By: test.by, Message: test.reason.Sentence(test.by)}
			if test.own {
				want.Message = test.reason.OwnSentence()
			}
			if ending != want {
				t.Errorf("told %+v, want %+v", ending, want)
			}
			if got := h.present(r); len(got) != 0 {
				t.Errorf("still said to be in: %v", got)
			}
		})
	}
}

// ending reads a stream to its end.
func (h *house) ending(stream *call.Stream) call.Ending {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 10*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		events, err := stream.Next(ctx)
		if err != nil {
			h.Fatal(err)
		}
		for _, event := range events {
			if event.Name != "ended" {
				continue
			}
			var ending call.Ending
			if err := json.Unmarshal(event.Data, &ending); err != nil {
				h.Fatal(err)
			}
			return ending
		}
	}
	h.Fatal("the stream never said that it is over")
	return call.Ending{}
}

// The gate asks the policy on every connect, whatever the token says.
func TestGateAsksAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	waiting := h.join("ben", r)
	inside, connection := h.enter("ben", r)
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)

	refused := func(what string, ticket call.Ticket, reason string) {
		t.Helper()
		_, err := h.media.Connect(t.Context(), ticket.Grant.Token)
		var refusal *media.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != reason {
			t.Errorf("%s: got %v, want refusal %q", what, err, reason)
		}
	}
	refused("somebody new to a locked room", waiting, "locked")
	connection.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 0 })
	if _, err := h.media.Connect(t.Context(), inside.Grant.Token); err != nil {
		t.Errorf("coming back to a locked room: %v", err)
	}
	if _, connection := h.enter("ana", r); connection == nil {
		t.Error("the owner of a locked room")
	}
	h.sql(`update rooms set locked_at = null, capacity = 2 where id = $1`, r.ID)
	h.sql(`update grants set issued_at = now() - interval '3 minutes' where id = $1`, waiting.Participant)

	other := h.room("private", "ben")
	if _, err := h.calls.Admit(t.Context(), media.RoomID("foyer-"+string(other.ID)+"-1"), inside.Participant); err == nil {
		t.Error("a grant of one room admits to another")
	}
	if _, err := h.calls.Admit(t.Context(), "foyer-x", "nobody"); err == nil {
		t.Error("an unknown grant admits")
	}
}

func TestPermissionsFollowRoleAndSwitches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, connection := h.enter("ben", r)
	all := media.Permissions{Microphone: true, Camera: true, Share: true}
	if ticket.May != all || connection.May() != all {
		t.Fatalf("may %+v, connected with %+v, want all", ticket.May, connection.May())
	}
	h.sql(`update rooms set switches = '{"microphone": false, "camera": true, "share": false}' where id = $1`, r.ID)
	h.waitFor("the switches hold", func() bool { return connection.May() == media.Permissions{Camera: true} })
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", room.Moderator); err != nil {
		t.Fatal(err)
	}
	h.waitFor("a moderator may all", func() bool { return connection.May() == all })

	stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var told []string
	h.waitFor("both changes are told", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		events, err := stream.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.Name == "permissions" {
				told = append(told, string(event.Data))
			}
		}
		return len(told) == 2
	})
}

// What the database does not know of is put out: participants that nobody let
// in, calls of rooms that are not there.
func TestStraysArePutOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	_, own := h.enter("ana", r)
	live := media.RoomID("foyer-" + string(r.ID) + "-1")
	// A gate that lets everybody in.
	everybody := func(_ context.Context, _ media.RoomID, id media.ParticipantID) (media.Participant, error) {
		return media.Participant{ID: id}, nil
	}
	h.media.Signalling(t.Context(), everybody, h.reconciler)
	for _, name := range []media.RoomID{live, "foyer-" + media.RoomID(r.ID) + "-7", "foyer-00000000-0000-7000-8000-000000000000-1", "foyer-what"} {
		grant, err := h.media.Grant(t.Context(), name, media.Participant{ID: "intruder", Name: "x"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		connection, err := h.media.Connect(t.Context(), grant.Token)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.reconciler.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.waitClosed("intruder in "+string(name), connection)
	}
	select {
	case <-own.Done():
		t.Error("somebody who belongs there was put out as well")
	default:
	}
}

// While the media service does not answer nobody can be removed from it; once it
// answers, they are.
func TestRemovalWaitsForTheMediaService(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, connection := h.enter("ben", r)
	h.media.SetDown(true)
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the gate is closed", func() bool {
		_, err := h.calls.Admit(t.Context(), media.RoomID("foyer-"+string(r.ID)+"-1"), ticket.Participant)
		return err != nil
	})
	h.media.SetDown(false)
	h.waitClosed("ben", connection)
}

func TestStreamTellsWhatHappens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben")
	ana, _ := h.enter("ana", r)
	ben, connection := h.enter("ben", r)
	connection.Leave()
	h.waitFor("ben has left", func() bool { return len(h.present(r)) == 1 })
	if err := h.rooms.Change(t.Context(), r.ID, h.id("ana"), room.Change{Name: "Renamed"}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}

	stream, err := h.calls.Stream(t.Context(), h.sessions["ana"], r.Slug, ana.Participant, ana.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	want := []string{"joined", "admitted", "joined", "left", "room"}
	var got []string
	var last ledger.Position
	h.waitFor("all events", func() bool {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		events, err := stream.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.Position <= last {
				t.Errorf("event at %d after %d", event.Position, last)
			}
			got, last = append(got, event.Name), event.Position
		}
		return len(got) >= len(want)
	})
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}

	for _, name := range []string{"ben", "eve"} {
		if _, err := h.calls.Stream(t.Context(), h.sessions[name], r.Slug, ana.Participant, 0); !errors.Is(err, call.ErrNotYours) {
			t.Errorf("%s listens as ana: %v", name, err)
		}
	}
	if _, err := h.calls.Stream(t.Context(), "", r.Slug, ana.Participant, 0); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("nobody listens: %v", err)
	}
	if _, err := h.calls.Stream(t.Context(), h.sessions["ana"], "other", ana.Participant, 0); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("other room: %v", err)
	}
	// Ben was not in the call any more when he was removed: his stream must
	// end all the same.
	late, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ben.Participant, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if ending := h.ending(late); ending.Reason != call.RemovedFromRoom {
		t.Errorf("ended for %q", ending.Reason)
	}
}

// People join while the room and its members are being changed: none of it
// waits for the other in a circle.
func TestJoinsAndChangesDoNotDeadlock(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set capacity = 500 where id = $1`, r.ID)
	_, _ = h.enter("ben", r)
	const rounds = 40
	var group sync.WaitGroup
	group.Go(func() {
		for range rounds {
			if _, err := h.calls.Join(t.Context(), h.sessions["ana"], r.Slug, ""); err != nil {
				t.Errorf("join: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			role := []room.Role{room.Member, room.Moderator}[i%2]
			if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", role); err != nil {
				t.Errorf("set role: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			if err := h.rooms.SetLocked(t.Context(), r.ID, h.id("ana"), i%2 == 0); err != nil {
				t.Errorf("lock: %v", err)
			}
		}
	})
	group.Go(func() {
		for i := range rounds {
			h.sql(`update rooms set switches = jsonb_set(switches, '{share}', $2) where id = $1`, r.ID, i%2 == 0)
			if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
				t.Errorf("reconcile: %v", err)
			}
		}
	})
	group.Wait()
	var deadlocks int
	if err := h.pool.QueryRow(t.Context(), `select deadlocks from pg_stat_database where datname = current_database()`).Scan(&deadlocks); err != nil {
		t.Fatal(err)
	}
	if deadlocks > 0 {
		t.Errorf("%d deadlocks", deadlocks)
	}
}
