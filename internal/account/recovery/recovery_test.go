package recovery_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/input"
)

func TestReset(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.register("ana")
	session, err := h.accounts.Begin(t.Context(), ana.ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	token := h.send(ana, recovery.Reset, ana.Email)
	if user, to, err := h.links.Open(t.Context(), recovery.Reset, token); err != nil || user.ID != ana.ID || to != ana.Email {
		t.Errorf("open: %v %v %v", user, to, err)
	}
	var invalid input.Invalid
	if _, err := h.links.Reset(t.Context(), token, "short", toldNobody); !errors.As(err, &invalid) || invalid["password"] == "" {
		t.Errorf("a short password: %v", err)
	}
	told := false
	tell := func(_ context.Context, _ pgx.Tx, user account.User) error { told = user.ID == ana.ID; return nil }
	if _, err := h.links.Reset(t.Context(), token, fresh, tell); err != nil || !told {
		t.Fatalf("reset: %v, told %v", err, told)
	}
	if _, err := h.accounts.LogIn(t.Context(), "ana", fresh, "", account.Origin{}); err != nil {
		t.Errorf("log in with the new password: %v", err)
	}
	if _, err := h.accounts.LogIn(t.Context(), "ana", password, "", account.Origin{}); !errors.Is(err, account.ErrWrongPassword) {
		t.Errorf("log in with the old password: %v", err)
	}
	if _, err := h.accounts.Resume(t.Context(), session); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("a session from before: %v", err)
	}
	if user, err := account.Find(t.Context(), h.pool, "ana"); err != nil || user.VerifiedAt == nil {
		t.Errorf("reading the mail does not count as having the address: %v", err)
	}
	if _, err := h.links.Reset(t.Context(), token, fresh, toldNobody); !errors.Is(err, recovery.ErrLink) {
		t.Errorf("used again: %v", err)
	}
}

// Every link that does not work gets one answer.
func TestLinksThatDoNotWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, ben := h.register("ana"), h.register("ben")
	replaced := h.send(ana, recovery.Reset, ana.Email)
	good := h.send(ana, recovery.Reset, ana.Email)
	disabled := h.send(ben, recovery.Reset, ben.Email)
	h.sql(`update users set disabled_at = now() where username = 'ben'`)
	verify := h.send(ana, recovery.Verify, ana.Email)
	for name, token := range map[string]account.Token{
		"none": "", "made up": account.NewToken(), "replaced": replaced, "disabled": disabled, "of another kind": verify,
	} {
		if _, _, err := h.links.Open(t.Context(), recovery.Reset, token); !errors.Is(err, recovery.ErrLink) {
			t.Errorf("%s opens: %v", name, err)
		}
		if _, err := h.links.Reset(t.Context(), token, fresh, toldNobody); !errors.Is(err, recovery.ErrLink) {
			t.Errorf("%s resets: %v", name, err)
		}
	}
	if _, err := h.links.Verify(t.Context(), good, toldNobody); !errors.Is(err, recovery.ErrLink) {
		t.Errorf("a link to reset verifies: %v", err)
	}
	h.sql(`update recovery set expires_at = now() - interval '1 second'`)
	if _, err := h.links.Reset(t.Context(), good, fresh, toldNobody); !errors.Is(err, recovery.ErrLink) {
		t.Errorf("too old: %v", err)
	}
	if err := h.links.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from recovery`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d left, %v", left, err)
	}
}

func TestLinksLiveHalfAnHour(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.send(h.register("ana"), recovery.Reset, "ana@example.org")
	var life time.Duration
	if err := h.pool.QueryRow(t.Context(), `select expires_at - created_at from recovery`).Scan(&life); err != nil || life != 30*time.Minute {
		t.Errorf("%v, %v; want 30 minutes", life, err)
	}
}

// A link used by several at once sets one password, a thousand times over.
func TestOneUseOfALink(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.register("ana")
	for i := range 1000 {
		token := h.send(ana, recovery.Reset, ana.Email)
		var used [3]bool
		var group sync.WaitGroup
		for by := range used {
			group.Go(func() {
				_, err := h.links.Reset(t.Context(), token, fresh+string(rune('a'+by)), toldNobody)
				used[by] = err == nil
				if err != nil && !errors.Is(err, recovery.ErrLink) && !errors.Is(err, account.ErrBusy) {
					t.Errorf("unexpected error: %v", err)
				}
			})
		}
		group.Wait()
		winners := 0
		for by, won := range used {
			if !won {
				continue
			}
			winners++
			// Checking the password each time would take longer than the race.
			if i%100 == 0 {
				if _, err := h.accounts.LogIn(t.Context(), "ana", fresh+string(rune('a'+by)), "", account.Origin{}); err != nil {
					t.Errorf("round %d: the winner's password: %v", i, err)
				}
			}
		}
		if winners != 1 {
			t.Fatalf("round %d: %d used one link", i, winners)
		}
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.register("ana")
	h.register("ben")
	user, err := h.links.Verify(t.Context(), h.send(ana, recovery.Verify, ana.Email), func(context.Context, pgx.Tx, account.User) error {
		t.Error("told of a change of address that is none")
		return nil
	})
	if err != nil || user.VerifiedAt == nil || user.Email != ana.Email {
		t.Errorf("verify: %+v, %v", user, err)
	}

	var told account.User
	reset := h.send(ana, recovery.Reset, ana.Email)
	user, err = h.links.Verify(t.Context(), h.send(ana, recovery.Verify, "ana@example.com"), func(_ context.Context, _ pgx.Tx, before account.User) error {
		told = before
		return nil
	})
	if err != nil || user.Email != "ana@example.com" || told.Email != ana.Email {
		t.Errorf("another address: %+v, %v; told %q", user, err, told.Email)
	}
	if _, err := h.links.Reset(t.Context(), reset, fresh, toldNobody); !errors.Is(err, recovery.ErrLink) {
		t.Errorf("a link that went to the former address: %v", err)
	}

	taken := h.send(ana, recovery.Verify, "BEN@example.org")
	var invalid input.Invalid
	if _, err := h.links.Verify(t.Context(), taken, toldNobody); !errors.As(err, &invalid) || invalid["email"] == "" {
		t.Errorf("an address that belongs to another account: %v", err)
	}
	if found, err := account.Find(t.Context(), h.pool, "ana"); err != nil || found.Email != "ana@example.com" {
		t.Errorf("got %q, %v", found.Email, err)
	}
	if err := h.links.SendVerify(t.Context(), account.Session{User: ana}, "no address", h.write); !errors.As(err, &invalid) || invalid["email"] == "" {
		t.Errorf("no address: %v", err)
	}
}

func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	token := h.send(h.register("ana"), recovery.Reset, "ana@example.org")
	var found bool
	err := h.pool.QueryRow(t.Context(), `select exists (select from recovery where recovery::text like '%' || $1 || '%')`, string(token)).Scan(&found)
	if err != nil || found {
		t.Errorf("token found in the table: %v, %v", found, err)
	}
}
