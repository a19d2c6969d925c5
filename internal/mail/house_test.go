package mail

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/jobs"
	"foyer/internal/logtest"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) {
	if os.Getenv(childRole) != "" {
		child()
		return
	}
	postgrestest.Main(m)
}

// hurried is the usual timing for tests: nothing waits for long, and what a busy
// machine does slowly is waited for.
var hurried = timing{
	patience: patience{connect: time.Minute, envelope: time.Minute, answer: time.Minute},
	Timing:   jobs.Timing{Job: 10 * time.Minute, Rescue: 11 * time.Minute, Stop: 500 * time.Millisecond, Poll: 100 * time.Millisecond},
	backoff:  func(int) time.Duration { return 10 * time.Millisecond },
}

// house is a database with a store that has a mail server.
type house struct {
	*testing.T
	pool  *pgxpool.Pool
	store *Store
	log   *logtest.Lines
}

func newHouse(t *testing.T) *house {
	t.Helper()
	pool := postgrestest.New(t)
	return &house{T: t, pool: pool, store: newStore(t, pool, true), log: &logtest.Lines{}}
}

func newStore(t testing.TB, pool *pgxpool.Pool, sends bool) *Store {
	t.Helper()
	key, err := postgres.Key(context.Background(), pool, "mail")
	if err != nil {
		t.Fatal(err)
	}
	store, err := NewStore(pool, key, sends)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// secret is in every text, as the token of a link would be.
const secret = "s3cr3t-T0ken_of-an-invitation-0123456789"

var invitation = Message{
	To: "ana@example.org", Name: "Ana Müller", Subject: "Invitation to Küche", Kind: "invitation",
	Text: "Hello Ana,\n\ncome in: https://meet.example.org/i/" + secret + "\n.\n..dots\nGrüße\n",
}

func (h *house) enqueue(m Message) ID {
	h.Helper()
	return enqueueIn(h.T, h.pool, h.store, m)
}

func enqueueIn(t testing.TB, pool *pgxpool.Pool, store *Store, m Message) (id ID) {
	t.Helper()
	err := postgres.Tx(context.Background(), pool, func(tx pgx.Tx) (err error) {
		id, err = store.Enqueue(context.Background(), tx, m)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// send runs a sender until the test ends, or until the function it returns is
// called.
func (h *house) send(server Server, hurry timing) (stop func()) {
	h.Helper()
	s := NewSender(h.store, server, slog.New(slog.NewTextHandler(h.log, nil)))
	s.timing = hurry
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			h.Error(err)
		}
	})
	stop = func() { cancel(); running.Wait() }
	h.Cleanup(stop)
	return stop
}

func (h *house) read(id ID) (Mail, string) {
	h.Helper()
	m, text, err := h.store.Read(h.Context(), id)
	if err != nil {
		h.Fatal(err)
	}
	return m, text
}

// await waits until a mail is in a state.
func (h *house) await(id ID, want State) (Mail, string) {
	h.Helper()
	const patience = 3 * time.Minute
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		m, text := h.read(id)
		if m.State == want {
			return m, text
		}
		if time.Now().After(deadline) {
			h.Fatalf("mail is %s (%s), want %s; log:\n%s", m.State, m.Error, want, h.log)
		}
	}
}

// until waits for a condition.
func (h *house) until(what string, condition func() bool) {
	h.Helper()
	for deadline := time.Now().Add(3 * time.Minute); !condition(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.Fatalf("still waiting: %s; log:\n%s", what, h.log)
		}
	}
}

func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), query, args...).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

func (h *house) exec(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

// settled waits until River has no more job to run.
func (h *house) settled() {
	h.Helper()
	h.until("jobs come to an end", func() bool { return h.unsettled() == 0 })
}

func (h *house) unsettled() int {
	h.Helper()
	return h.count(`select count(*) from river_job where state not in ('completed', 'cancelled', 'discarded')`)
}
