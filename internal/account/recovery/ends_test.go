package recovery_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/input"
	"foyer/internal/postgres"
)

// Whoever had a password or a session does not come by the account once it is
// changed or ended, by a link that was made before.
func TestLinksEndWithWhatTheyWereBegunWith(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const elsewhere = "elsewhere@example.net"
	for _, test := range []struct {
		name string
		end  func(t *testing.T, user account.User, keep account.SessionID) error
		// Links to set a password go to the account's own address, and sessions have
		// nothing to do with them.
		resets bool
	}{
		{"change", func(t *testing.T, user account.User, keep account.SessionID) error {
			return h.accounts.ChangePassword(t.Context(), user.ID, keep, password, fresh, toldNobody)
		}, false},
		{"first", func(t *testing.T, user account.User, keep account.SessionID) error {
			h.sql(`update users set password_hash = null where id = $1`, user.ID)
			return h.accounts.FirstPassword(t.Context(), user, keep, fresh, toldNobody)
		}, false},
		{"reset", func(t *testing.T, user account.User, _ account.SessionID) error {
			_, err := h.links.Reset(t.Context(), h.send(user, recovery.Reset, user.Email), fresh, toldNobody)
			return err
		}, false},
		{"others", func(t *testing.T, user account.User, keep account.SessionID) error {
			return h.accounts.EndOthers(t.Context(), user.ID, keep)
		}, true},
		{"all", func(t *testing.T, user account.User, _ account.SessionID) error {
			return h.accounts.EndAll(t.Context(), user.ID)
		}, true},
		{"desk", func(t *testing.T, user account.User, _ account.SessionID) error {
			return postgres.Tx(t.Context(), h.pool, func(tx pgx.Tx) error { return account.EndEverything(t.Context(), tx, user.ID) })
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			user := h.register(test.name)
			theirs, kept := h.signIn(user), h.signIn(user)
			verify, reset := h.send(user, recovery.Verify, elsewhere), h.send(user, recovery.Reset, user.Email)
			if err := test.end(t, user, kept.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.links.Verify(t.Context(), verify, toldNobody); !errors.Is(err, recovery.ErrLink) {
				t.Errorf("a link to another address: %v", err)
			}
			if _, _, err := h.links.Open(t.Context(), recovery.Reset, reset); errors.Is(err, recovery.ErrLink) == test.resets {
				t.Errorf("a link to set a password: %v", err)
			}
			if err := h.links.SendVerify(t.Context(), theirs, elsewhere, h.write); !errors.Is(err, account.ErrSignedOut) {
				t.Errorf("a link made after the session ended: %v", err)
			}

			// One that confirms the account's own address gives nothing away.
			user = h.register(test.name + "-too")
			kept = h.signIn(user)
			verify = h.send(user, recovery.Verify, strings.ToUpper(user.Email))
			if err := test.end(t, user, kept.ID); err != nil {
				t.Fatal(err)
			}
			if _, err := h.links.Verify(t.Context(), verify, toldNobody); err != nil {
				t.Errorf("a link to their own address: %v", err)
			}
		})
	}
}

// A link that makes another address the account's ends with the session in which
// it was asked for, and with no other; one to the account's own address with none.
func TestLinksEndWithTheirSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for name, test := range map[string]struct {
		end  func(user account.User, begunIn, other account.Session, token account.Token) error
		over bool
	}{
		"signed out from another": {func(user account.User, begunIn, _ account.Session, _ account.Token) error {
			return h.accounts.EndPlace(t.Context(), user.ID, begunIn.ID)
		}, true},
		"logged out": {func(_ account.User, _, _ account.Session, token account.Token) error {
			return h.accounts.End(t.Context(), token)
		}, true},
		"the other is signed out": {func(user account.User, _, other account.Session, _ account.Token) error {
			return h.accounts.EndPlace(t.Context(), user.ID, other.ID)
		}, false},
	} {
		for own, to := range map[bool]string{false: "elsewhere@example.net", true: ""} {
			user := h.register("p" + strings.ToLower(rand.Text()[:8]))
			if own {
				to = strings.ToUpper(user.Email)
			} else {
				to = user.Username + to
			}
			token, err := h.accounts.Begin(t.Context(), user.ID, account.ByPassword, "", account.Origin{})
			if err != nil {
				t.Fatal(err)
			}
			begunIn, err := h.accounts.Resume(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			other := h.signIn(user)
			if err := h.links.SendVerify(t.Context(), begunIn, to, h.write); err != nil {
				t.Fatal(err)
			}
			written := h.written()
			if err := test.end(user, begunIn, other, token); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, err = h.links.Verify(t.Context(), written[len(written)-1].Token, toldNobody)
			if over := test.over && !own; errors.Is(err, recovery.ErrLink) != over || err != nil && !over {
				t.Errorf("%s, own address %v: %v", name, own, err)
			}
		}
	}
}

// A password that is changed while its link is used sets one of the two, and
// neither waits for the other for good.
func TestResetWhileChanging(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, present := h.register("ana"), password
	for i := range 50 {
		token, byLink, byHand := h.send(ana, recovery.Reset, ana.Email), fmt.Sprint(fresh, " link ", i), fmt.Sprint(fresh, " hand ", i)
		var linked, changed error
		var group sync.WaitGroup
		group.Go(func() { _, linked = h.links.Reset(t.Context(), token, byLink, toldNobody) })
		group.Go(func() { changed = h.accounts.ChangePassword(t.Context(), ana.ID, "", present, byHand, toldNobody) })
		group.Wait()
		var refused input.Invalid
		switch {
		case linked == nil && errors.As(changed, &refused):
			present = byLink
		case changed == nil && errors.Is(linked, recovery.ErrLink):
			present = byHand
		default:
			t.Fatalf("round %d: by the link %v, by hand %v", i, linked, changed)
		}
	}
}
