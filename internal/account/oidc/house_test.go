package oidc_test

import (
	"maps"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/oidc"
	"foyer/internal/account/oidc/oidctest"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is accounts here, and a provider elsewhere.
type house struct {
	*testing.T
	pool     *pgxpool.Pool
	accounts *account.Store
	provider *oidctest.Provider
	oidc     *oidc.Store
}

func newHouse(t *testing.T, change func(*oidc.Config)) *house {
	t.Helper()
	return newHouseIn(t, postgrestest.New(t), change)
}

func newHouseIn(t *testing.T, pool *pgxpool.Pool, change func(*oidc.Config)) *house {
	t.Helper()
	h := &house{T: t, pool: pool, accounts: account.NewStore(pool, bcrypt.MinCost), provider: oidctest.Start(t)}
	config := oidc.Config{
		Name: "Example", Issuer: h.provider.Issuer, ClientID: h.provider.ID, ClientSecret: h.provider.Secret, Scopes: []string{"email", "profile"},
		Callback: "https://meet.example.org/login/oidc/callback", GroupsClaim: "groups", Signup: true,
	}
	if change != nil {
		change(&config)
	}
	h.oidc = oidc.NewStore(pool, h.accounts, config)
	return h
}

// somebody is what the provider says of a person; nothing where more has nil.
func somebody(name string, more ...any) oidctest.Claims {
	claims := oidctest.Claims{"sub": "sub-" + name, "email": name + "@example.org", "email_verified": true, "name": "The " + name, "preferred_username": name}
	for i := 0; i+1 < len(more); i += 2 {
		claims[more[i].(string)] = more[i+1]
	}
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	return claims
}

// comes takes somebody to the provider and back.
func (h *house) comes(purpose oidc.Purpose, session account.SessionID, who oidctest.Claims) (oidc.Done, error) {
	h.Helper()
	address, state, err := h.oidc.Begin(h.Context(), purpose, session)
	if err != nil {
		h.Fatal(err)
	}
	back := h.provider.SignIn(address, who)
	return h.oidc.Finish(h.Context(), oidc.Answer{State: back.Get("state"), Code: back.Get("code"), Kept: state, Session: session}, "", account.Origin{})
}

// enters lets somebody in and returns their session.
func (h *house) enters(who oidctest.Claims) account.Session {
	h.Helper()
	done, err := h.comes(oidc.Enter, "", who)
	if err != nil {
		h.Fatal(err)
	}
	session, err := h.accounts.Resume(h.Context(), done.Entry.Session)
	if err != nil {
		h.Fatal(err)
	}
	return session
}

// registers makes an account with a password, and a session of it.
func (h *house) registers(username string) account.Session {
	h.Helper()
	return accounttest.SignIn(h.T, h.accounts, username)
}

func (h *house) count(query string, args ...any) (n int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), query, args...).Scan(&n); err != nil {
		h.Fatal(err)
	}
	return n
}

func (h *house) sql(query string, args ...any) {
	h.Helper()
	if _, err := h.pool.Exec(h.Context(), query, args...); err != nil {
		h.Fatal(err)
	}
}
