package account_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

const password = "correct horse battery"

func newStore(t *testing.T) (*account.Store, *pgxpool.Pool) {
	t.Helper()
	pool := postgrestest.New(t)
	return account.NewStore(pool, bcrypt.MinCost), pool
}

func register(t *testing.T, store *account.Store, username string) account.User {
	t.Helper()
	user, err := store.Register(t.Context(), account.Registration{Username: username, Email: username + "@Example.org", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

func TestRegister(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	user, err := store.Register(t.Context(), account.Registration{
		Username: " Ana_1 ", Email: "Ana@Example.org", DisplayName: "  Ana   Costa ", Password: password,
	})
	if err != nil {
		t.Fatal(err)
	}
	if user.Username != "ana_1" || user.DisplayName != "Ana Costa" || user.Administrator {
		t.Errorf("got %+v", user)
	}
	if other := register(t, store, "ben"); other.DisplayName != "ben" {
		t.Errorf("display name %q, want the username", other.DisplayName)
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	register(t, store, "taken")
	good := account.Registration{Username: "ana", Email: "ana@example.org", DisplayName: "Ana", Password: password}
	tests := []struct {
		name  string
		edit  func(*account.Registration)
		field string
	}{
		{"no username", func(r *account.Registration) { r.Username = "" }, "username"},
		{"short username", func(r *account.Registration) { r.Username = "a" }, "username"},
		{"long username", func(r *account.Registration) { r.Username = strings.Repeat("a", 33) }, "username"},
		{"username with a space", func(r *account.Registration) { r.Username = "a b" }, "username"},
		{"username with letters beyond a to z", func(r *account.Registration) { r.Username = "añá" }, "username"},
		{"username in use", func(r *account.Registration) { r.Username = "TAKEN" }, "username"},
		{"no email", func(r *account.Registration) { r.Email = "" }, "email"},
		{"email without @", func(r *account.Registration) { r.Email = "ana.example.org" }, "email"},
		{"email with a space", func(r *account.Registration) { r.Email = "ana b@example.org" }, "email"},
		{"long email", func(r *account.Registration) { r.Email = strings.Repeat("a", 250) + "@b.cd" }, "email"},
		{"email in use", func(r *account.Registration) { r.Email = "taken@EXAMPLE.org" }, "email"},
		{"long display name", func(r *account.Registration) { r.DisplayName = strings.Repeat("a", 65) }, "display_name"},
		{"bidirectional display name", func(r *account.Registration) { r.DisplayName = "Ana\u202e" }, "display_name"},
		{"zero-width display name", func(r *account.Registration) { r.DisplayName = "A\u200dna" }, "display_name"},
		{"display name of fillers", func(r *account.Registration) { r.DisplayName = "\u3164\u3164" }, "display_name"},
		{"NUL in display name", func(r *account.Registration) { r.DisplayName = "A\x00" }, "display_name"},
		{"display name that is not UTF-8", func(r *account.Registration) { r.DisplayName = "A\xff" }, "display_name"},
		{"short password", func(r *account.Registration) { r.Password = "1234567" }, "password"},
		{"password of 73 bytes", func(r *account.Registration) { r.Password = strings.Repeat("é", 36) + "x" }, "password"},
		{"common password", func(r *account.Registration) { r.Password = "PASSWORD1" }, "password"},
		{"password that is the address", func(r *account.Registration) { r.Password = "ana@example.org" }, "password"},
		{"NUL in password", func(r *account.Registration) { r.Password = "correct\x00horse" }, "password"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := good
			test.edit(&r)
			_, err := store.Register(t.Context(), r)
			var invalid input.Invalid
			if !errors.As(err, &invalid) || invalid[test.field] == "" || len(invalid) != 1 {
				t.Errorf("got %v, want a complaint about %s alone", err, test.field)
			}
		})
	}
	var count int
	if err := pool.QueryRow(t.Context(), `select count(*) from users`).Scan(&count); err != nil || count != 1 {
		t.Errorf("%d users, %v; want none but the first", count, err)
	}
}

func TestRegisterNamesEveryProblem(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	_, err := store.Register(t.Context(), account.Registration{Username: "!", Email: "x", DisplayName: strings.Repeat("a", 65), Password: "x"})
	var invalid input.Invalid
	if !errors.As(err, &invalid) || len(invalid) != 4 {
		t.Errorf("got %v, want four complaints", err)
	}
}

// Many people want one name at once: one gets it.
func TestRegisterRace(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	var mu sync.Mutex
	made := 0
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			_, err := store.Register(t.Context(), account.Registration{Username: "ana", Email: "ana@example.org", Password: password})
			var invalid input.Invalid
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				made++
			case !errors.As(err, &invalid) && !errors.Is(err, account.ErrBusy):
				t.Errorf("unexpected error: %v", err)
			}
		})
	}
	group.Wait()
	if made != 1 {
		t.Errorf("%d accounts of one name", made)
	}
}

func TestLogIn(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	register(t, store, "ana")
	off := register(t, store, "off")
	if _, err := pool.Exec(t.Context(), `update users set disabled_at = now() where id = $1`, off.ID); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", 72)
	if _, err := store.Register(t.Context(), account.Registration{Username: "long", Email: "long@example.org", Password: long}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, login, password string
		want                  error
	}{
		{"username", "ana", password, nil},
		{"username in capitals", " ANA ", password, nil},
		{"email", "ANA@example.org", password, nil},
		{"72 bytes", "long", long, nil},
		{"73 bytes, of which bcrypt would see 72", "long", long + "y", account.ErrWrongPassword},
		{"wrong password", "ana", password + "!", account.ErrWrongPassword},
		{"no password", "ana", "", account.ErrWrongPassword},
		{"nobody", "nobody", password, account.ErrWrongPassword},
		{"disabled", "off", password, account.ErrWrongPassword},
		{"not text", "a\x00\xff", password, account.ErrWrongPassword},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			entry, err := store.LogIn(t.Context(), test.login, test.password, "", account.Origin{})
			if !errors.Is(err, test.want) {
				t.Fatalf("got %v, want %v", err, test.want)
			}
			if _, err := store.Resume(t.Context(), entry.Session); (err == nil) != (test.want == nil) {
				t.Errorf("resume: %v", err)
			}
		})
	}
}

func TestSessions(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	ana := register(t, store, "ana")
	begin := func(old account.Token) account.Token {
		t.Helper()
		token, err := store.Begin(t.Context(), ana.ID, account.ByPassword, old, account.Origin{Address: "192.0.2.1", UserAgent: "a\x00\xff" + strings.Repeat("x", 500)})
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	expect := func(what string, token account.Token, want error) {
		t.Helper()
		if _, err := store.Resume(t.Context(), token); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", what, err, want)
		}
	}
	run := func(sql string, token account.Token) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), sql, token.Hash()); err != nil {
			t.Fatal(err)
		}
	}
	lasts := func(what string, token account.Token, want time.Duration) {
		t.Helper()
		var life time.Duration
		if err := pool.QueryRow(t.Context(), `select expires_at - created_at from sessions where token_hash = $1`, token.Hash()).Scan(&life); err != nil {
			t.Fatal(err)
		}
		if life != want {
			t.Errorf("%s lasts %v, want %v", what, life, want)
		}
	}
	first := begin("")
	expect("fresh", first, nil)
	lasts("a session", first, 30*24*time.Hour)
	rotated := begin(first)
	expect("after another log-in in the same browser", first, account.ErrSignedOut)
	expect("rotated", rotated, nil)

	idle := begin("")
	run(`update sessions set last_seen_at = now() - interval '7 days 1 minute', expires_at = expires_at - interval '7 days 1 minute' where token_hash = $1`, idle)
	expect("idle for a week", idle, account.ErrSignedOut)
	old := begin("")
	run(`update sessions set expires_at = now() where token_hash = $1`, old)
	expect("past its end", old, account.ErrSignedOut)
	if err := store.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := pool.QueryRow(t.Context(), `select count(*) from sessions`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d sessions are left, %v; want 1", left, err)
	}

	used := begin("")
	run(`update sessions set last_seen_at = now() - interval '2 days' where token_hash = $1`, used)
	expect("used after two days", used, nil)
	var fresh bool
	err := pool.QueryRow(t.Context(), `select last_seen_at > now() - interval '1 minute' from sessions where token_hash = $1`, used.Hash()).Scan(&fresh)
	if err != nil || !fresh {
		t.Errorf("use of a session was not written: %v", err)
	}

	if err := store.End(t.Context(), used); err != nil {
		t.Fatal(err)
	}
	expect("logged out", used, account.ErrSignedOut)
	if err := store.EndAll(t.Context(), ana.ID); err != nil {
		t.Fatal(err)
	}
	expect("signed out everywhere", rotated, account.ErrSignedOut)
	expect("no token", "", account.ErrSignedOut)
}

func TestTokensAreNotStored(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	token, err := store.Begin(t.Context(), register(t, store, "ana").ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	err = pool.QueryRow(t.Context(), `select exists (select from sessions where sessions::text like '%' || $1 || '%')`, string(token)).Scan(&found)
	if err != nil || found {
		t.Errorf("token found in the table: %v, %v", found, err)
	}
}

func nobodyTold(context.Context, pgx.Tx, account.User) error { return nil }

func TestChangePassword(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	ana := register(t, store, "ana")
	here, _ := store.Begin(t.Context(), ana.ID, account.ByPassword, "", account.Origin{})
	there, _ := store.Begin(t.Context(), ana.ID, account.ByPassword, "", account.Origin{})
	session, err := store.Resume(t.Context(), here)
	if err != nil {
		t.Fatal(err)
	}
	var invalid input.Invalid
	err = store.ChangePassword(t.Context(), ana.ID, session.ID, "wrong", "short", nobodyTold)
	if !errors.As(err, &invalid) || invalid["current_password"] == "" || invalid["password"] == "" {
		t.Errorf("got %v, want complaints about both", err)
	}
	if err := store.ChangePassword(t.Context(), ana.ID, session.ID, password, "another good one", nobodyTold); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Resume(t.Context(), here); err != nil {
		t.Errorf("this session: %v, want it kept", err)
	}
	if _, err := store.Resume(t.Context(), there); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("other session: %v, want it ended", err)
	}
	if _, err := store.LogIn(t.Context(), "ana", password, "", account.Origin{}); !errors.Is(err, account.ErrWrongPassword) {
		t.Errorf("old password: %v", err)
	}
}

func TestSetUp(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	lapsed, err := store.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	link, err := store.NewSetupLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	admin := account.Registration{Username: "root", Email: "root@example.org", Password: password}
	if _, err := store.SetUp(t.Context(), lapsed, admin); !errors.Is(err, account.ErrSetupDone) {
		t.Errorf("lapsed link: %v", err)
	}
	var invalid input.Invalid
	if _, err := store.SetUp(t.Context(), link, account.Registration{}); !errors.As(err, &invalid) {
		t.Errorf("bad input: %v", err)
	}
	if open, err := store.SetupLinkOpen(t.Context(), link); err != nil || !open {
		t.Errorf("link open %v, %v; want it kept after bad input", open, err)
	}
	// Opened twice at the same moment, it makes one administrator.
	var mu sync.Mutex
	made := 0
	var group sync.WaitGroup
	for _, name := range []string{"one", "two", "three"} {
		group.Go(func() {
			_, err := store.SetUp(t.Context(), link, account.Registration{Username: name, Email: name + "@example.org", Password: password})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, account.ErrSetupDone) {
				t.Errorf("unexpected error: %v", err)
			}
		})
	}
	group.Wait()
	if made != 1 {
		t.Errorf("%d administrators by one link", made)
	}
	if link, err := store.NewSetupLink(t.Context()); err != nil || link != "" {
		t.Errorf("a link although there is an administrator: %q, %v", link, err)
	}
}
