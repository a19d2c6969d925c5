package account_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

// Everything that is asked about accounts and sessions finds an index.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	store := account.NewStore(pool, bcrypt.MinCost)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	setup, err := store.NewSetupLink(t.Context())
	must(err)
	_, err = store.SetupLinkOpen(t.Context(), setup)
	must(err)
	_, err = store.SetUp(t.Context(), setup, account.Registration{Username: "root", Email: "root@example.org", Password: password})
	must(err)
	ana := register(t, store, "ana")
	entry, err := store.LogIn(t.Context(), "ana", password, "", account.Origin{})
	must(err)
	session, err := store.Resume(t.Context(), entry.Session)
	must(err)
	_, err = store.LogIn(t.Context(), "nobody", password, "", account.Origin{})
	if err == nil {
		t.Fatal("nobody is let in")
	}
	if _, err := store.Halfway(t.Context(), account.NewToken()); err == nil {
		t.Fatal("nobody is halfway")
	}
	if err := store.Try(t.Context(), account.NewToken(), func(account.User) error { return nil }); err == nil {
		t.Fatal("nobody is halfway")
	}
	if err := postgres.Tx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := account.Arrive(t.Context(), tx, account.NewToken(), "", account.Origin{})
		return err
	}); err == nil {
		t.Fatal("nobody is halfway")
	}
	session.SeenAt = session.SeenAt.AddDate(0, 0, -1)
	must(store.Touch(t.Context(), session))
	_, err = store.Prove(t.Context(), session, password)
	must(err)
	_, err = store.HasPassword(t.Context(), ana.ID)
	must(err)
	must(store.ChangePassword(t.Context(), ana.ID, session.ID, password, "another good horse", nobodyTold))
	_, err = pool.Exec(t.Context(), `update users set password_hash = null where id = $1`, ana.ID)
	must(err)
	must(store.FirstPassword(t.Context(), ana, session.ID, password, nobodyTold))
	secret, err := store.NewSecret(t.Context(), ana, "another good horse")
	must(err)
	must(postgres.Tx(t.Context(), pool, func(tx pgx.Tx) error { return account.SetSecret(t.Context(), tx, ana.ID, secret, session.ID) }))
	must(store.Rename(t.Context(), ana.ID, "Ana"))
	_, err = account.Find(t.Context(), pool, "ana@example.org")
	must(err)
	_, err = store.Places(t.Context(), ana.ID, "", 10)
	must(err)
	must(store.EndPlace(t.Context(), ana.ID, session.ID))
	must(store.EndAll(t.Context(), ana.ID))
	must(store.End(t.Context(), entry.Session))
	must(store.Purge(t.Context()))
	must(postgres.Tx(t.Context(), pool, func(tx pgx.Tx) error { return account.Delete(context.WithoutCancel(t.Context()), tx, ana.ID) }))
	// There are a handful of links at most, and of administrators any one will do.
	watch.Check(t, 25, "setup_links", "users_administrators")
}
