package recovery_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/recovery"
	"foyer/internal/input"
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

func TestAsk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, ben := h.register("ana"), h.register("ben")
	h.sql(`update users set email_verified_at = now() where username = 'ana'`)
	h.sql(`update users set disabled_at = now() where username = 'ben'`)
	robot := h.register("robot")
	h.sql(`update users set service = true, password_hash = null where username = 'robot'`)
	for _, ask := range []struct {
		kind  recovery.Kind
		login string
	}{
		{recovery.Reset, "nobody"}, {recovery.Reset, ben.Email}, {recovery.Reset, "\x00\xff"}, {recovery.Reset, strings.Repeat("x", 300)}, {recovery.Reset, "my password"},
		{recovery.Verify, ana.Email}, {recovery.Reset, robot.Username}, {recovery.Reset, " ANA "}, {recovery.Reset, ana.Email},
	} {
		if err := h.links.Ask(t.Context(), ask.kind, ask.login); err != nil {
			t.Fatalf("ask for %q: %v", ask.login, err)
		}
	}
	var kept int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from recovery_asked where login in ('my password', repeat('x', 300))`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d texts are kept that name nobody, %v", kept, err)
	}
	// Several nodes look at once; each request is answered once.
	h.answerOn(3)
	letters := h.written()
	if len(letters) != 2 || letters[0].User.ID != ana.ID || letters[1].To != ana.Email || letters[0].Kind != recovery.Reset {
		t.Errorf("got %+v, want two to ana", letters)
	}
}

// answerOn has some nodes answer all requests.
func (h *house) answerOn(nodes int) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	var running sync.WaitGroup
	for range nodes {
		running.Go(func() { h.links.Run(ctx, h.write, slog.New(slog.DiscardHandler)) })
	}
	h.waitForNone()
	cancel()
	running.Wait()
}

// waitForNone waits until all requests are answered.
func (h *house) waitForNone() {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var left int
		if err := h.pool.QueryRow(h.Context(), `select count(*) from recovery_asked`).Scan(&left); err != nil {
			h.Fatal(err)
		}
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.Fatalf("%d requests are not answered", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// What cannot be written is tried again, and nothing of it is lost.
func TestAskAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("ana")
	if err := h.links.Ask(t.Context(), recovery.Reset, "ana"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		h.links.Run(ctx, func(ctx context.Context, tx pgx.Tx, l recovery.Letter) error {
			if tries++; tries == 1 {
				return errors.New("not now")
			}
			return h.write(ctx, tx, l)
		}, slog.New(slog.DiscardHandler))
	})
	h.waitForNone()
	cancel()
	running.Wait()
	if len(h.written()) != 1 || tries != 2 {
		t.Errorf("%d written after %d tries", len(h.written()), tries)
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
