package account_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/postgres/postgrestest"
)

// Any password of 8 characters to 72 bytes will do, whatever it is made of, and
// only exactly as it was given.
func TestPasswordsOfAnySort(t *testing.T) {
	t.Parallel()
	store, _ := newStore(t)
	for i, good := range []string{
		"        ", "aaaabbbb", "ÄÖÜäöüß§", " leading and trailing ", "密码密码密码密码", "correct\thorse\nbattery", strings.Repeat("xyz", 24),
		strings.Repeat("a long one of sixty-four characters ", 2)[:64],
	} {
		name := fmt.Sprintf("person%d", i)
		if _, err := store.Register(t.Context(), account.Registration{Username: name, Email: name + "@example.org", Password: good}); err != nil {
			t.Errorf("%q: %v", good, err)
			continue
		}
		for _, other := range []string{strings.ToUpper(good) + "!", strings.TrimSpace(good) + "?", good + " ", good[:len(good)-1]} {
			if _, err := store.LogIn(t.Context(), name, other, "", account.Origin{}); !errors.Is(err, account.ErrWrongPassword) {
				t.Errorf("%q opens the account of %q: %v", other, good, err)
			}
		}
		if _, err := store.LogIn(t.Context(), name, good, "", account.Origin{}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

// The most common passwords are refused wherever one is set, however they are
// written.
func TestCommonPasswordsAreRefused(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	ana := register(t, store, "ana")
	raw, err := os.ReadFile("common_passwords.txt")
	if err != nil {
		t.Fatal(err)
	}
	common := strings.Fields(string(raw))
	long := 0
	for _, one := range common {
		if utf8.RuneCountInString(one) >= 8 {
			long++
		}
	}
	if long < 3000 {
		t.Errorf("%d of the passwords on the list are long enough to be chosen, want 3000", long)
	}
	for _, one := range []string{common[0], common[len(common)/2], common[len(common)-1], strings.ToUpper(common[1]), "ana@example.org"} {
		var invalid input.Invalid
		ways := map[string]func() error{
			"changing":  func() error { return store.ChangePassword(t.Context(), ana.ID, "", password, one, nobodyTold) },
			"setting":   func() error { _, err := store.NewSecret(t.Context(), ana, one); return err },
			"the first": func() error { return store.FirstPassword(t.Context(), ana, "", one, nobodyTold) },
			"signing up": func() error {
				_, err := store.SignUp(t.Context(), account.Registration{Username: "ben", Email: "ANA@example.org", Password: one}, nil)
				return err
			},
		}
		for way, try := range ways {
			if err := try(); !errors.As(err, &invalid) || invalid["password"] == "" {
				t.Errorf("%s %q: %v", way, one, err)
			}
		}
	}
	var users int
	if err := pool.QueryRow(t.Context(), `select count(*) from users`).Scan(&users); err != nil || users != 1 {
		t.Errorf("%d users, %v", users, err)
	}
}

// A name that nobody has, an account that is off, one without a password and a
// wrong password cost the same steps, so that neither answer nor time tells which
// it was.
func TestFailuresTakeTheSameSteps(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	store := account.NewStore(pool, bcrypt.MinCost)
	for _, name := range []string{"ana", "off", "bare"} {
		register(t, store, name)
	}
	for _, change := range []string{`update users set disabled_at = now() where username = 'off'`, `update users set password_hash = null where username = 'bare'`} {
		if _, err := pool.Exec(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	watch.Take()
	var want []string
	for _, name := range []string{"ana", "nobody", "off", "bare", "bare@example.org"} {
		given := "a wrong one"
		if name == "off" {
			given = password
		}
		_, err := store.LogIn(t.Context(), name, given, "", account.Origin{Address: "192.0.2." + name})
		if !errors.Is(err, account.ErrWrongPassword) || err.Error() != account.ErrWrongPassword.Error() {
			t.Errorf("%s: %v", name, err)
		}
		steps := watch.Take()
		if want == nil {
			want = steps
		}
		if len(steps) != 2 || !slices.Equal(steps, want) {
			t.Errorf("%s: %q, want the steps of a wrong password: %q", name, steps, want)
		}
	}
}
