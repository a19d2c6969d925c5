package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/postgres"
)

// whileChanging runs do while a transaction changes an account by a statement, and
// commits when do waits for it.
func whileChanging(t *testing.T, pool *pgxpool.Pool, user account.UserID, change string, do func(context.Context) error) error {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.WithoutCancel(t.Context())) //nolint:errcheck // committed by then
	var self int
	if err := tx.QueryRow(t.Context(), `select pg_backend_pid()`).Scan(&self); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), change, user); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- do(t.Context()) }()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		var waits bool
		err := pool.QueryRow(t.Context(), `
			select exists (select from pg_stat_activity where $1 = any(pg_blocking_pids(pid)) and datname = current_database())`, self).Scan(&waits)
		if err != nil {
			t.Fatal(err)
		}
		if waits {
			break
		}
		select {
		case err := <-done:
			t.Errorf("it did not wait for who changes the account")
			return err
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("it neither ends nor waits")
		}
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return <-done
}

// Whoever comes in with what an account was a moment ago is not in it afterwards.
func TestComingInWhileTheAccountChanges(t *testing.T) {
	t.Parallel()
	store, pool := newStore(t)
	const (
		newPassword = `update users set password_hash = 'another' where id = $1`
		switchedOff = `update users set disabled_at = now() where id = $1`
	)
	logIn := func(name string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := store.LogIn(ctx, name, password, "", account.Origin{})
			return err
		}
	}
	for _, test := range []struct {
		name, change string
		come         func(user account.User) func(context.Context) error
		want         error
	}{
		{"changed", newPassword, func(u account.User) func(context.Context) error { return logIn(u.Username) }, account.ErrWrongPassword},
		{"off", switchedOff, func(u account.User) func(context.Context) error { return logIn(u.Username) }, account.ErrWrongPassword},
		{"provider", switchedOff, func(u account.User) func(context.Context) error {
			return func(ctx context.Context) error {
				_, err := store.Enter(ctx, u.ID, account.ByProvider, "", account.Origin{})
				return err
			}
		}, account.ErrSignedOut},
		{"passkey", switchedOff, func(u account.User) func(context.Context) error {
			return func(ctx context.Context) error {
				return postgres.Tx(ctx, pool, func(tx pgx.Tx) error {
					_, err := account.BeginProven(ctx, tx, u.ID, account.ByPasskey, "", account.Origin{})
					return err
				})
			}
		}, account.ErrSignedOut},
		// The second step is ended with the password that the first was.
		{"halfway", `with gone as (delete from halfway where user_id = $1) update users set password_hash = 'another' where id = $1`,
			func(u account.User) func(context.Context) error {
				if _, err := pool.Exec(t.Context(), `insert into totp (user_id, secret, confirmed_at) values ($1, '', now())`, u.ID); err != nil {
					t.Fatal(err)
				}
				entry, err := store.LogIn(t.Context(), u.Username, password, "", account.Origin{})
				if err != nil || entry.Halfway == "" {
					t.Fatalf("%+v, %v", entry, err)
				}
				return func(ctx context.Context) error {
					return postgres.Tx(ctx, pool, func(tx pgx.Tx) error {
						_, err := account.Arrive(ctx, tx, entry.Halfway, "", account.Origin{})
						return err
					})
				}
			}, account.ErrSignedOut},
	} {
		t.Run(test.name, func(t *testing.T) {
			user := register(t, store, test.name)
			if err := whileChanging(t, pool, user.ID, test.change, test.come(user)); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			var left int
			if err := pool.QueryRow(t.Context(), `
				select (select count(*) from sessions where user_id = $1) + (select count(*) from halfway where user_id = $1)`, user.ID).Scan(&left); err != nil || left != 0 {
				t.Errorf("%d begun, %v", left, err)
			}
		})
	}
}
