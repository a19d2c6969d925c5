// Package invariant_test checks, with the real media server and real clients,
// that who is in a call is who may be, after whatever happens.
package invariant_test

import (
	"context"
	"crypto/rand"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media/livekit"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/media/sfu/sfutest"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) {
	livekittest.Main()
	sfutest.Child()
	// Each check holds real calls: fewer and longer ones than usual.
	for name, value := range map[string]string{"rapid.checks": "5", "rapid.shrinktime": "60s"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	postgrestest.Main(m)
}

// house is a running service but for its pages: a real database, the real media
// server behind the gate, and everything that listens to them.
type house struct {
	testing.TB
	pool     *pgxpool.Pool
	accounts *account.Store
	rooms    *room.Store
	calls    *call.Service
	media    *livekit.Backend
	gate     string
}

func newHouse(t testing.TB) *house {
	t.Helper()
	pool := postgrestest.New(t)
	log := slog.New(slog.DiscardHandler)
	hooks := http.NewServeMux()
	callbacks := httptest.NewServer(hooks)
	t.Cleanup(callbacks.Close)
	config := sfutest.Config(t)
	config.CallbackURL = callbacks.URL + "/hooks/livekit"
	server := sfutest.Start(t, config)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	backend, err := livekit.New(livekit.Config{Access: server.Access, GateKey: key, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	backends := call.Backends{"livekit": backend}
	hub := ledger.NewHub(pool, log)
	h := &house{TB: t, pool: pool, media: backend, accounts: account.NewStore(pool, bcrypt.MinCost), rooms: room.NewStore(pool)}
	h.calls = call.NewService(pool, h.rooms, backends, hub)
	reconciler := call.NewReconciler(pool, backends, log)
	hooks.HandleFunc("/hooks/livekit", func(_ http.ResponseWriter, r *http.Request) {
		event, err := backend.Event(r)
		if err != nil {
			t.Errorf("callback: %v", err)
		}
		reconciler.Seen(event.Room)
	})
	ctx, cancel := context.WithCancel(context.Background())
	gate := httptest.NewServer(backend.Signalling(ctx, h.calls.Admit, reconciler))
	h.gate = gate.URL
	var running sync.WaitGroup
	running.Go(func() { call.Follow(ctx, pool, hub, reconciler, log) })
	t.Cleanup(func() { cancel(); gate.Close(); running.Wait() })
	return h
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

// register makes an account of which nobody else has the name.
func (h *house) register(name string) account.User {
	h.Helper()
	username := name + "-" + uuid.NewString()[:8]
	user, err := h.accounts.Register(h.Context(), account.Registration{
		Username: username, Email: username + "@example.org", DisplayName: name, Password: "correct horse " + name,
	})
	if err != nil {
		h.Fatal(err)
	}
	return user
}

func (h *house) session(user account.UserID) account.Token {
	h.Helper()
	token, err := h.accounts.Begin(h.Context(), user, account.ByPassword, "", account.Origin{})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

// guest lets somebody into a room by an invitation of their own.
func (h *house) guest(name string, in room.ID) (token account.Token, invitation string) {
	h.Helper()
	guest := account.GuestID(uuid.NewString())
	invitation = uuid.NewString()
	err := postgres.Tx(h.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(h.Context(), `insert into invitations (id, room_id, token_hash, role) values ($1, $2, sha256($3), 'guest')`,
			invitation, in, []byte(invitation))
		if err != nil {
			return err
		}
		_, err = tx.Exec(h.Context(), `insert into guests (id, room_id, invitation_id, display_name) values ($1, $2, $3, $4)`,
			guest, in, invitation, name)
		if err != nil {
			return err
		}
		token, err = account.BeginGuest(h.Context(), tx, guest, account.Origin{})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return token, invitation
}
