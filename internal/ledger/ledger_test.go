package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func newRoom(t *testing.T, pool *pgxpool.Pool) ledger.Room {
	t.Helper()
	id := uuid.NewString()
	if _, err := pool.Exec(t.Context(), `insert into rooms (id, slug, name, backend) values ($1, $2, 'Room', 'memory')`, id, id[:8]); err != nil {
		t.Fatal(err)
	}
	return ledger.Room(id)
}

// newHub runs a hub that hears of new entries from Postgres itself, and listens
// when it is returned: what is passed before that reaches nobody.
func newHub(t *testing.T, pool *pgxpool.Pool) *ledger.Hub {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	hub := ledger.NewHub(pool, log)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	var once sync.Once
	listening := make(chan struct{})
	connected := func() {
		hub.Resync()
		once.Do(func() { close(listening) })
	}
	listener := &postgres.Listener{Pool: pool, Log: log, Connected: connected, Channels: map[string]func(string){
		ledger.Channel:        func(payload string) { hub.Grown(ledger.Room(payload)) },
		ledger.PassingChannel: hub.Passed,
	}}
	running.Go(func() { hub.Run(ctx) })
	running.Go(func() { listener.Run(ctx) })
	t.Cleanup(func() { cancel(); running.Wait() })
	select {
	case <-listening:
	case <-time.After(time.Minute):
		t.Fatal("the hub does not listen")
	}
	return hub
}

func appendOne(t *testing.T, db postgres.Querier, room ledger.Room, text string) {
	t.Helper()
	err := ledger.Append(t.Context(), db, ledger.Entry{Room: room, Kind: "test", Data: ledger.Data(map[string]string{"text": text})})
	if err != nil {
		t.Error(err)
	}
}

// follow collects n entries after a position.
func follow(ctx context.Context, hub *ledger.Hub, room ledger.Room, after ledger.Position, n int) ([]ledger.Entry, error) {
	follower, err := hub.Follow(ctx, room, after)
	if err != nil {
		return nil, err
	}
	defer follower.Close()
	var all []ledger.Entry
	for len(all) < n {
		entries, err := follower.Next(ctx)
		if err != nil {
			return all, err
		}
		all = append(all, entries...)
	}
	return all, nil
}

// Writers commit in any order; a follower still sees every entry, once, in
// order.
func TestFollowersMissNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := newHub(t, pool)
	room, other := newRoom(t, pool), newRoom(t, pool)
	const writers, each, followers = 8, 60, 5
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()

	var group sync.WaitGroup
	for f := range followers {
		group.Go(func() {
			entries, err := follow(ctx, hub, room, 0, writers*each)
			if err != nil {
				t.Errorf("follower %d: %v after %d entries", f, err, len(entries))
				return
			}
			seen := make(map[string]bool)
			for i, e := range entries {
				if i > 0 && e.ID <= entries[i-1].ID {
					t.Errorf("follower %d: entry %d after %d", f, e.ID, entries[i-1].ID)
				}
				seen[string(e.Data)] = true
			}
			if len(entries) != writers*each || len(seen) != writers*each {
				t.Errorf("follower %d: %d entries, %d different, want %d", f, len(entries), len(seen), writers*each)
			}
		})
	}
	for w := range writers {
		group.Go(func() {
			for i := range each {
				err := postgres.Tx(ctx, pool, func(tx pgx.Tx) error {
					appendOne(t, tx, room, fmt.Sprintf("%d/%d", w, i))
					if i%10 == 0 {
						appendOne(t, tx, other, "noise")
					}
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
}

// A follower that was away continues from the last entry it saw, also when that
// is further back than the hub remembers.
func TestFollowContinues(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := newHub(t, pool)
	room := newRoom(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	// Somebody follows all the time, so that the hub remembers.
	watching, err := hub.Follow(ctx, room, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer watching.Close()
	const total = 700 // more than the hub keeps, more than one page
	for i := range total {
		appendOne(t, pool, room, fmt.Sprint(i))
	}
	all, err := follow(ctx, hub, room, 0, total)
	if err != nil || len(all) != total {
		t.Fatalf("%d entries, %v; want %d", len(all), err, total)
	}
	for _, from := range []int{0, 1, 100, 500, 650, total - 2} {
		rest, err := follow(ctx, hub, room, all[from].ID, total-from-1)
		if err != nil {
			t.Fatal(err)
		}
		if len(rest) != total-from-1 || rest[0].ID != all[from+1].ID {
			t.Errorf("from %d: %d entries from %d on, want %d from %d on", from, len(rest), rest[0].ID, total-from-1, all[from+1].ID)
		}
	}
}

func TestNextEndsWithItsContext(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := newHub(t, pool)
	follower, err := hub.Follow(t.Context(), newRoom(t, pool), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if entries, err := follower.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, %v; want the deadline", entries, err)
	}
}

// The listener connects again when Postgres drops it, and what was appended
// meanwhile is read then.
func TestFollowSurvivesLostConnection(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	hub := newHub(t, pool)
	room := newRoom(t, pool)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	appendOne(t, pool, room, "before")
	if _, err := follow(ctx, hub, room, 0, 1); err != nil {
		t.Fatal(err)
	}
	follower, err := hub.Follow(ctx, room, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer follower.Close()
	if _, err := follower.Next(ctx); err != nil {
		t.Fatal(err)
	}
	_, err = pool.Exec(ctx, `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen %'`)
	if err != nil {
		t.Fatal(err)
	}
	appendOne(t, pool, room, "while away")
	if entries, err := follower.Next(ctx); err != nil || len(entries) != 1 {
		t.Errorf("got %v, %v; want the entry appended while the listener was away", entries, err)
	}
}
