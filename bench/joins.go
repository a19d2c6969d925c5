package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/media"
	"foyer/internal/media/livekit"
	"foyer/internal/postgres/embedded"
)

const (
	rooms   = 4000 // so many that none fills: nobody connects here
	people  = 48
	clients = 16
)

// joins reports how many join requests a second a warm server answers, and what
// the time goes to.
func joins(ctx context.Context, p *program) error {
	cookies, err := populate(ctx, p)
	if err != nil {
		return err
	}
	const warmUp, duration = 2 * time.Second, 10 * time.Second
	if _, _, err := load(ctx, p, cookies, warmUp); err != nil {
		return err
	}
	before, err := p.parts()
	if err != nil {
		return err
	}
	count, times, err := load(ctx, p, cookies, duration)
	if err != nil {
		return err
	}
	after, err := p.parts()
	if err != nil {
		return err
	}
	own := after["foyer"].processor - before["foyer"].processor
	postgres := after["postgres"].processor - before["postgres"].processor
	signing := sign() * time.Duration(count)
	all := own + postgres
	share := func(d time.Duration) float64 { return 100 * d.Seconds() / all.Seconds() }
	fmt.Printf("Join requests (POST /r/{slug}/join): %.0f a second, all from this machine's %d cores\n", float64(count)/duration.Seconds(), runtime.NumCPU())
	fmt.Printf("  processor for one request: %v, so %.0f a second per core of Foyer and Postgres\n", (all / time.Duration(count)).Round(time.Microsecond), float64(count)/all.Seconds())
	fmt.Printf("  of that Postgres %.0f%%, signing %.0f%%, the rest of Foyer %.0f%%\n", share(postgres), share(signing), share(own-signing))
	fmt.Printf("  answered after: median %v, 95th percentile %v\n", median(times).Round(10*time.Microsecond), percentile(times, 95).Round(10*time.Microsecond))
	fmt.Printf("  Method: %d connections, %d rooms, %d people, %v after %v of warm-up; processor time of the processes from /proc.\n", clients, rooms, people, duration, warmUp)
	fmt.Println("  The client takes its part of the same cores. Each request authorises in one database round trip and admits in another.")
	fmt.Println()
	return nil
}

// populate makes people by signing up, and rooms in the database, with everybody
// as a member of each. It returns the people's cookies.
func populate(ctx context.Context, p *program) ([]string, error) {
	var cookies []string
	for i := range people {
		cookie, err := signUp(ctx, p.url, fmt.Sprintf("bench%d", i))
		if err != nil {
			return nil, err
		}
		cookies = append(cookies, cookie)
	}
	address, err := embedded.Running(filepath.Join(p.dir, "data"))
	if err != nil {
		return nil, err
	}
	db, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, err
	}
	defer db.Close(ctx) //nolint:errcheck // nothing is lost with it
	// Without triggers: a service that is told of every room at once has something
	// else to do for a while.
	if _, err := db.Exec(ctx, `set session_replication_role = replica`); err != nil {
		return nil, err
	}
	_, err = db.Exec(ctx, `
		insert into rooms (id, slug, name, backend, capacity)
		select gen_random_uuid(), 'bench-' || n, 'Bench', 'livekit', 500 from generate_series(0, $1::int - 1) n`, rooms)
	if err != nil {
		return nil, err
	}
	if _, err = db.Exec(ctx, `
		insert into memberships (room_id, user_id, role) select rooms.id, users.id, 'member' from rooms, users where slug like 'bench-%'`); err != nil {
		return nil, err
	}
	_, err = db.Exec(ctx, `analyze`)
	return cookies, err
}

// load sends join requests from all clients for a while and returns how many
// were answered, and after what time each.
func load(ctx context.Context, p *program, cookies []string, duration time.Duration) (int, []time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, duration)
	defer cancel()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	var mu sync.Mutex
	var all []time.Duration
	var failure error
	var group sync.WaitGroup
	for c := range clients {
		group.Go(func() {
			var own []time.Duration
			for n := c; ctx.Err() == nil; n += clients {
				began := time.Now()
				_, err := join(ctx, transport, p.url, fmt.Sprintf("bench-%d", n%rooms), cookies[n%people])
				if err != nil && ctx.Err() == nil {
					mu.Lock()
					failure = err
					mu.Unlock()
					cancel()
				}
				if err == nil {
					own = append(own, time.Since(began))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
		})
	}
	group.Wait()
	return len(all), all, failure
}

// sign measures what one token costs.
func sign() time.Duration {
	backend, err := livekit.New(livekit.Config{Access: livekit.Fixed("http://127.0.0.1", "key", "secret"), GateKey: make([]byte, 32)})
	if err != nil {
		panic(err)
	}
	const n = 5000
	began := time.Now()
	for range n {
		_, err := backend.Grant(context.Background(), "foyer-01a2046a-f7eb-73ca-9a14-dc5a272c8121-1",
			media.Participant{ID: "v74deqnxus76mnxfp7iuzvv3ey", Name: "Bench"}, 2*time.Minute)
		if err != nil {
			panic(err)
		}
	}
	return time.Since(began) / n
}
