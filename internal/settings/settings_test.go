package settings_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/settings"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

var usual = settings.Values{Signup: "open", Capacity: 50, KeepCalls: 365, KeepAudit: 730, KeepSignIns: 90, KeepDeliveries: 30}

// node is one Foyer's store, which hears of changes.
func node(t *testing.T, pool *pgxpool.Pool, defaults settings.Values) *settings.Store {
	t.Helper()
	store, err := settings.Open(t.Context(), pool, defaults, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { store.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	return store
}

// ana is an account.
func ana(t *testing.T, pool *pgxpool.Pool) account.UserID {
	t.Helper()
	id := account.UserID(uuid.NewString())
	if _, err := pool.Exec(t.Context(), `insert into users (id, username, email, display_name, password_hash) values ($1, 'ana', 'ana@example.org', 'Ana', '')`, id); err != nil {
		t.Fatal(err)
	}
	return id
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !condition(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still waiting: %s", what)
		}
	}
}

// What is set on one node applies on every other, and the environment's again
// when it is unset.
func TestEveryNodeHears(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	by := ana(t, pool)
	other := usual
	other.KeepCalls = 7 // another node's environment
	one, two := node(t, pool, usual), node(t, pool, other)
	v := usual
	v.Signup, v.MailDomains, v.Capacity = "closed", []string{"example.org"}, 12
	if err := one.Change(t.Context(), by, v, []settings.Name{settings.Signup, settings.MailDomains, settings.Capacity}, nil); err != nil {
		t.Fatal(err)
	}
	if got := one.Now(); got.Signup != "closed" || got.Capacity != 12 {
		t.Errorf("on the node itself: %+v", got)
	}
	until(t, "the other node", func() bool { return two.Now().Signup == "closed" })
	got := two.Now()
	if got.Capacity != 12 || !slices.Equal(got.MailDomains, []string{"example.org"}) || got.KeepCalls != 7 {
		t.Errorf("on the other: %+v", got)
	}
	if set := two.Set(); len(set) != 3 || set[settings.Signup].By != "Ana" {
		t.Errorf("set: %+v", set)
	}
	if err := one.Change(t.Context(), by, v, []settings.Name{settings.Capacity}, []settings.Name{settings.Signup, settings.MailDomains}); err != nil {
		t.Fatal(err)
	}
	until(t, "the environment's again", func() bool { return two.Now().Signup == "open" && two.Now().MailDomains == nil })
	var entries int
	if err := pool.QueryRow(t.Context(), `select count(*) from ledger where kind = 'settings_changed' and actor = $1`, by).Scan(&entries); err != nil || entries != 5 {
		t.Errorf("%d entries, %v; want one for each change", entries, err)
	}
	// By hand, too.
	if _, err := pool.Exec(t.Context(), `update settings set value = '99' where name = 'room_capacity'`); err != nil {
		t.Fatal(err)
	}
	until(t, "a change by hand", func() bool { return one.Now().Capacity == 99 && two.Now().Capacity == 99 })
	// What makes no sense does not apply.
	if _, err := pool.Exec(t.Context(), `update settings set value = '"many"' where name = 'room_capacity'`); err != nil {
		t.Fatal(err)
	}
	until(t, "the environment's capacity", func() bool { return two.Now().Capacity == 50 })
}

// Who changes one setting undoes no other, though they have not heard of it.
func TestChangesOfOthersStay(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	by := ana(t, pool)
	one := node(t, pool, usual)
	deaf, err := settings.Open(t.Context(), pool, usual, slog.New(slog.DiscardHandler)) // nobody runs it
	if err != nil {
		t.Fatal(err)
	}
	closed, small := usual, usual
	closed.Signup, small.Capacity = "closed", 20
	if err := one.Change(t.Context(), by, closed, []settings.Name{settings.Signup}, nil); err != nil {
		t.Fatal(err)
	}
	if err := deaf.Change(t.Context(), by, small, []settings.Name{settings.Capacity}, []settings.Name{settings.KeepCalls}); err != nil {
		t.Fatal(err)
	}
	until(t, "both changes", func() bool { return one.Now().Signup == "closed" && one.Now().Capacity == 20 })
}

// stopsOnce is a log that stops whoever writes the first line to it.
type stopsOnce struct {
	slog.Handler
	written  *atomic.Bool
	stopped  chan struct{}
	released chan struct{}
}

func (h stopsOnce) Enabled(context.Context, slog.Level) bool { return true }

func (h stopsOnce) Handle(context.Context, slog.Record) error {
	if h.written.CompareAndSwap(false, true) {
		close(h.stopped)
		<-h.released
	}
	return nil
}

// What somebody has changed applies also after what was read before has arrived.
func TestSlowReadUndoesNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	log := stopsOnce{slog.DiscardHandler, new(atomic.Bool), make(chan struct{}), make(chan struct{})}
	store, err := settings.Open(t.Context(), pool, usual, slog.New(log))
	if err != nil {
		t.Fatal(err)
	}
	// A complaint about this is where a load can be stopped.
	if _, err := pool.Exec(t.Context(), `insert into settings (name, value) values ('room_capacity', '"many"')`); err != nil {
		t.Fatal(err)
	}
	slow := make(chan error, 1)
	go func() { slow <- store.Load(t.Context()) }()
	<-log.stopped
	closed := usual
	closed.Signup = "closed"
	err = store.Change(t.Context(), ana(t, pool), closed, []settings.Name{settings.Signup}, nil)
	close(log.released)
	if err := errors.Join(err, <-slow); err != nil {
		t.Fatal(err)
	}
	if got := store.Now().Signup; got != "closed" {
		t.Errorf("signing up is %s after it was closed", got)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := node(t, pool, usual)
	for name, change := range map[settings.Name]func(*settings.Values){
		settings.Signup:      func(v *settings.Values) { v.Signup = "maybe" },
		settings.MailDomains: func(v *settings.Values) { v.MailDomains = []string{"no domain"} },
		settings.Capacity:    func(v *settings.Values) { v.Capacity = 1 },
		settings.KeepCalls:   func(v *settings.Values) { v.KeepCalls = -1 },
		settings.KeepAudit:   func(v *settings.Values) { v.KeepAudit = 100_000 },
	} {
		v := usual
		change(&v)
		var invalid input.Invalid
		if err := store.Change(t.Context(), "", v, []settings.Name{name}, nil); !errors.As(err, &invalid) || invalid[string(name)] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(store.Set()) != 0 {
		t.Error("something was set")
	}
}

func TestDomains(t *testing.T) {
	t.Parallel()
	got := settings.Domains(" Example.org, @example.com\nexample.org;\tx.example ")
	if want := []string{"example.com", "example.org", "x.example"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
