// Package accounttest makes accounts for tests.
package accounttest

import (
	"testing"

	"foyer/internal/account"
)

// Password is that of everybody whom SignIn makes.
const Password = "correct horse battery"

// SignIn makes an account with a password, and a session of it.
func SignIn(t testing.TB, accounts *account.Store, username string) account.Session {
	t.Helper()
	user, err := accounts.Register(t.Context(), account.Registration{Username: username, Email: username + "@example.org", Password: Password})
	if err != nil {
		t.Fatal(err)
	}
	return SignInAgain(t, accounts, user)
}

// SignInAgain makes another session of an account.
func SignInAgain(t testing.TB, accounts *account.Store, user account.User) account.Session {
	t.Helper()
	token, err := accounts.Begin(t.Context(), user.ID, account.ByPassword, "", account.Origin{})
	if err != nil {
		t.Fatal(err)
	}
	session, err := accounts.Resume(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return session
}
