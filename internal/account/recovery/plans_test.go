package recovery_test

import (
	"errors"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/postgres/postgrestest"
)

// Everything that is asked about links finds an index.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	accounts := account.NewStore(pool, bcrypt.MinCost)
	h := &house{T: t, pool: pool, accounts: accounts, links: recovery.NewStore(pool, accounts)}
	ana := h.register("ana")
	if _, err := h.links.Reset(t.Context(), h.send(ana, recovery.Reset, ana.Email), fresh, toldNobody); err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{ana.Email, "ana@example.com"} {
		if _, err := h.links.Verify(t.Context(), h.send(ana, recovery.Verify, to), toldNobody); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := h.links.Open(t.Context(), recovery.Reset, account.NewToken()); !errors.Is(err, recovery.ErrLink) {
		t.Fatal(err)
	}
	for _, login := range []string{"ana", "nobody"} {
		if err := h.links.Ask(t.Context(), recovery.Reset, login); err != nil {
			t.Fatal(err)
		}
	}
	h.answerOn(1)
	if err := h.links.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	watch.Check(t, 10, "recovery_asked_pkey") // in their order, the first
}
