package call_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is a running service but for its pages: a real database, everything
// that listens to it, and a media backend in memory.
type house struct {
	*testing.T
	ctx        context.Context // of the service
	pool       *pgxpool.Pool
	hub        *ledger.Hub
	accounts   *account.Store
	rooms      *room.Store
	calls      *call.Service
	reconciler *call.Reconciler
	media      *mediatest.Memory
	people     map[string]account.User
	sessions   map[string]account.Token
}

// patience is how long a test waits for what has to come, on the busiest machine.
const patience = 2 * time.Minute

func newHouse(t *testing.T, usernames ...string) *house {
	t.Helper()
	memory := mediatest.NewMemory()
	h := newHouseOver(t, memory, call.Backends{memory.Capabilities().Name: memory}, usernames...)
	h.signalling()
	return h
}

// newHouseOver is newHouse without a gate and callbacks.
func newHouseOver(t *testing.T, memory *mediatest.Memory, backends call.Backends, usernames ...string) *house {
	t.Helper()
	h := buildHouse(t, memory, backends)
	h.open(usernames...)
	return h
}

// newUnsweptHouse is newHouse, where no sweep comes once it listens: what comes
// about there does so by itself.
func newUnsweptHouse(t *testing.T, usernames ...string) *house {
	t.Helper()
	memory := mediatest.NewMemory()
	h := newUnsweptHouseOver(t, memory, call.Backends{memory.Capabilities().Name: memory}, usernames...)
	h.signalling()
	return h
}

// newUnsweptHouseOver is newHouseOver, unswept.
func newUnsweptHouseOver(t *testing.T, memory *mediatest.Memory, backends call.Backends, usernames ...string) *house {
	t.Helper()
	h := buildHouse(t, memory, backends)
	h.reconciler.SweepEvery(24 * time.Hour)
	h.open(usernames...)
	return h
}

// buildHouse is a house in which nothing runs yet.
func buildHouse(t *testing.T, memory *mediatest.Memory, backends call.Backends) *house {
	t.Helper()
	pool := postgrestest.New(t)
	log := slog.New(slog.DiscardHandler)
	h := &house{
		T: t, pool: pool, hub: ledger.NewHub(pool, log), media: memory, accounts: account.NewStore(pool, bcrypt.MinCost), rooms: room.NewStore(pool),
		reconciler: newReconciler(pool, backends),
		people:     make(map[string]account.User), sessions: make(map[string]account.Token),
	}
	h.calls = call.NewService(pool, h.rooms, backends, h.hub)
	return h
}

// newReconciler returns a reconciler that waits for a busy machine's media service.
func newReconciler(pool *pgxpool.Pool, backends call.Backends) *call.Reconciler {
	reconciler := call.NewReconciler(pool, backends, slog.New(slog.DiscardHandler))
	reconciler.Patience(patience)
	return reconciler
}

// open has the house run, and the people known to it.
func (h *house) open(usernames ...string) {
	h.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	h.ctx = ctx
	var running sync.WaitGroup
	running.Go(func() { call.Follow(ctx, h.pool, h.hub, h.reconciler, slog.New(slog.DiscardHandler)) })
	h.Cleanup(func() { cancel(); running.Wait() })
	h.listens()
	for _, name := range usernames {
		h.register(name)
	}
}

// listens waits until the house hears what Postgres notifies: who is told something
// in passing before that misses it.
func (h *house) listens() {
	h.Helper()
	nobodys := ledger.Room(uuid.NewString())
	follower, err := h.hub.Follow(h.Context(), nobodys, 0)
	if err != nil {
		h.Fatal(err)
	}
	defer follower.Close()
	h.waitFor("the house listens", func() bool {
		if err := ledger.Pass(h.Context(), h.pool, ledger.Entry{Room: nobodys, Kind: "wave"}); err != nil {
			h.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(h.Context(), 100*time.Millisecond)
		defer cancel()
		_, err := follower.Next(ctx)
		return err == nil
	})
}

// signalling gives the house's media service a gate and callbacks.
func (h *house) signalling() {
	h.media.Signalling(h.ctx, h.calls.Admit, h.reconciler)
	h.media.OnEvent(func(e media.Event) { h.reconciler.Seen(e.Room) })
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
	token, err := h.accounts.Begin(h.Context(), user.ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

func (h *house) id(name string) account.UserID { return h.people[name].ID }

// room makes one that owner owns and the others are members of.
func (h *house) room(access, owner string, members ...string) room.Room {
	h.Helper()
	r, err := h.rooms.Create(h.Context(), h.id(owner), room.Draft{Name: "Team", Visibility: room.Visibility(access), Backend: h.media.Capabilities().Name})
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
	return ticket, h.connect(name, r, ticket)
}

// connect has somebody with a ticket come in.
func (h *house) connect(name string, r room.Room, ticket call.Ticket) *mediatest.Connection {
	h.Helper()
	connection, err := h.media.Connect(h.Context(), ticket.Grant.Token)
	if err != nil {
		h.Fatalf("%s connects: %v", name, err)
	}
	h.waitFor(name+" is in", func() bool { return slices.Contains(h.present(r), name) })
	return connection
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

// vacate takes everybody's place in a room. It waits its turn, as all do that
// change several grants.
func (h *house) vacate(r room.Room) {
	h.Helper()
	h.sql(`
		with turn as (select pg_advisory_xact_lock(ledger_key($1)))
		update grants set left_at = now(), held_until = null from turn
		where room_id = $1 and revoked_at is null and (left_at is null or held_until is not null)`, r.ID)
}

func (h *house) waitFor(what string, condition func() bool) {
	h.Helper()
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
	case <-time.After(patience):
		h.Fatalf("still connected: %s", what)
	}
}
