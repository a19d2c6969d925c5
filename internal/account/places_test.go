package account_test

import (
	"errors"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	ana, ben := register(t, store, "ana"), register(t, store, "ben")
	var tokens []account.Token
	for _, agent := range []string{"first", "second", "third"} {
		token, err := store.Begin(t.Context(), ana.ID, account.ByPassword, "", account.Origin{Address: "192.0.2.1", UserAgent: agent})
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	agents := func(before account.SessionID, limit int) (names []string, last account.SessionID) {
		t.Helper()
		places, err := store.Places(t.Context(), ana.ID, before, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range places {
			names, last = append(names, p.UserAgent), p.ID
		}
		return names, last
	}
	got, last := agents("", 2)
	if strings.Join(got, " ") != "third second" {
		t.Errorf("got %v, want the latest two", got)
	}
	got, first := agents(last, 2)
	if strings.Join(got, " ") != "first" {
		t.Errorf("got %v, want the rest", got)
	}

	if err := store.EndPlace(t.Context(), ben.ID, first); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("somebody else ends it: %v", err)
	}
	for _, id := range []account.SessionID{"", "x", account.SessionID(ana.ID)} {
		if err := store.EndPlace(t.Context(), ana.ID, id); !errors.Is(err, postgres.ErrNotFound) {
			t.Errorf("no session %q: %v", id, err)
		}
	}
	if err := store.EndPlace(t.Context(), ana.ID, first); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Resume(t.Context(), tokens[0]); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("an ended session: %v", err)
	}
	if err := store.EndOthers(t.Context(), ana.ID, last); err != nil {
		t.Fatal(err)
	}
	if got, _ := agents("", 5); strings.Join(got, " ") != "second" {
		t.Errorf("got %v, want one kept", got)
	}
	if _, err := pool.Exec(t.Context(), `update sessions set last_seen_at = now() - interval '8 days'`); err != nil {
		t.Fatal(err)
	}
	if got, _ := agents("", 5); len(got) != 0 {
		t.Errorf("got %v, want no session that has run out", got)
	}
}

// Showing that it is they gives the session another token, and the former one
// opens nothing.
func TestProve(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	token, err := store.Begin(t.Context(), register(t, store, "ana").ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `update sessions set proved_at = now() - interval '16 minutes'`); err != nil {
		t.Fatal(err)
	}
	session, err := store.Resume(t.Context(), token)
	if err != nil || session.Proved() {
		t.Fatalf("proved long ago counts: %v", err)
	}
	var invalid input.Invalid
	if _, err := store.Prove(t.Context(), session, "wrong"); !errors.As(err, &invalid) || invalid["password"] == "" {
		t.Errorf("a wrong password: %v", err)
	}
	fresh, err := store.Prove(t.Context(), session, password)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Resume(t.Context(), token); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("the former token: %v", err)
	}
	again, err := store.Resume(t.Context(), fresh)
	if err != nil || !again.Proved() || again.ID != session.ID {
		t.Errorf("got %+v, %v, want the same session, proved", again, err)
	}
	if err := store.End(t.Context(), fresh); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Prove(t.Context(), session, password); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("a session that has ended: %v", err)
	}
}
