package account_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/ledger"
)

// noted are the entries of some kinds, in order, with whom they are about.
func noted(t *testing.T, pool *pgxpool.Pool, kinds ...ledger.Kind) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), `
		select kind || ' ' || coalesce(actor::text, '') || ' ' || coalesce(subject, '') || ' ' || coalesce(data->>'way', data->>'count', '')
		from ledger where kind = any($1) order by id`, kinds)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// Many wrong log-ins are told once in a while, by account; those with names that
// nobody has by address. No name that was typed is kept.
func TestFailedLogInsAreTold(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	ana := register(t, store, "ana")
	attack := func(times int, login string) {
		t.Helper()
		for range times {
			if _, err := store.LogIn(t.Context(), login, "a wrong one", "", account.Origin{Address: "192.0.2.7"}); !errors.Is(err, account.ErrWrongPassword) {
				t.Fatal(err)
			}
		}
	}
	attack(4, "ana")
	if got := noted(t, pool, ledger.LogInsFailed); len(got) != 0 {
		t.Errorf("a few are told: %v", got)
	}
	attack(8, "ANA@example.org")
	for i := range 8 {
		attack(1, fmt.Sprintf("my-secret-%d", i))
	}
	want := []string{fmt.Sprintf("log_ins_failed  %s 5", ana.ID), "log_ins_failed   5"}
	if got := noted(t, pool, ledger.LogInsFailed); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	var kept int
	if err := pool.QueryRow(t.Context(), `
		select (select count(*) from ledger where ledger::text ilike '%secret%') + (select count(*) from login_failures where of ilike '%secret%')`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("names that nobody has are kept %d times, %v", kept, err)
	}
	// Later they count anew.
	if _, err := pool.Exec(t.Context(), `update login_failures set since = since - interval '16 minutes'`); err != nil {
		t.Fatal(err)
	}
	attack(5, "ana")
	if got := noted(t, pool, ledger.LogInsFailed); len(got) != 3 {
		t.Errorf("got %q, want another entry", got)
	}
	if _, err := pool.Exec(t.Context(), `update login_failures set since = since - interval '16 minutes'`); err != nil {
		t.Fatal(err)
	}
	if err := store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `select count(*) from login_failures`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d counts are left, %v", left, err)
	}
}

// Log-ins, log-outs and ended sessions are in the ledger; nothing is when there was
// no session.
func TestSessionsAreTold(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	ana := register(t, store, "ana")
	entry, err := store.LogIn(t.Context(), "ana", password, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.End(t.Context(), entry.Session); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := store.Begin(t.Context(), ana.ID, account.ByPasskey, "", account.Origin{}); err != nil {
			t.Fatal(err)
		}
	}
	places, err := store.Places(t.Context(), ana.ID, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.EndPlace(t.Context(), ana.ID, places[0].ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.EndAll(t.Context(), ana.ID); err != nil {
			t.Fatal(err)
		}
	}
	id := string(ana.ID)
	want := []string{
		"signed_in " + id + "  password", "signed_out " + id + "  ", "signed_in " + id + "  passkey", "signed_in " + id + "  passkey", "signed_in " + id + "  passkey",
		"sessions_ended " + id + "  1", "sessions_ended " + id + "  2",
	}
	if got := noted(t, pool, ledger.SignedIn, ledger.SignedOut, ledger.SessionsEnded); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
