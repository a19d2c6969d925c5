package recovery_test

import (
	"context"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/recovery"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const password, fresh = "correct horse battery", "another good horse"

// house is accounts and their links, and the letters that were written.
type house struct {
	*testing.T
	pool     *pgxpool.Pool
	accounts *account.Store
	links    *recovery.Store
	mu       sync.Mutex
	letters  []recovery.Letter
}

func newHouse(t *testing.T) *house {
	t.Helper()
	pool := postgrestest.New(t)
	accounts := account.NewStore(pool, bcrypt.MinCost)
	return &house{T: t, pool: pool, accounts: accounts, links: recovery.NewStore(pool, accounts)}
}

func (h *house) register(username string) account.User {
	h.Helper()
	user, err := h.accounts.Register(h.Context(), account.Registration{Username: username, Email: username + "@example.org", Password: password})
	if err != nil {
		h.Fatal(err)
	}
	return user
}

func (h *house) write(_ context.Context, _ pgx.Tx, l recovery.Letter) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.letters = append(h.letters, l)
	return nil
}

func (h *house) written() []recovery.Letter {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]recovery.Letter(nil), h.letters...)
}

// send makes a link for a user and returns its token.
func (h *house) send(user account.User, kind recovery.Kind, to string) account.Token {
	h.Helper()
	var token account.Token
	err := postgres.Tx(h.Context(), h.pool, func(tx pgx.Tx) error {
		return recovery.Send(h.Context(), tx, user, kind, to, func(_ context.Context, _ pgx.Tx, l recovery.Letter) error {
			token = l.Token
			return nil
		})
	})
	if err != nil {
		h.Fatal(err)
	}
	return token
}

// signIn begins a session for a user.
func (h *house) signIn(user account.User) account.Session {
	h.Helper()
	return accounttest.SignInAgain(h.T, h.accounts, user)
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}

func toldNobody(context.Context, pgx.Tx, account.User) error { return nil }
