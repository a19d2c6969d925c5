package oidc_test

import (
	"testing"

	"foyer/internal/account/oidc"
	"foyer/internal/postgres/postgrestest"
)

// Everything that is asked about providers finds an index.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	h := newHouseIn(t, pool, func(c *oidc.Config) { c.Administrators = []string{"operators"} })
	h.enters(somebody("root", "groups", "operators"))
	h.enters(somebody("ana", "groups", "operators"))
	session := h.enters(somebody("ana"))
	if _, err := h.comes(oidc.Prove, session.ID, somebody("ana")); err != nil {
		t.Fatal(err)
	}
	ben := h.registers("ben")
	if _, err := h.comes(oidc.Connect, ben.ID, somebody("bens")); err != nil {
		t.Fatal(err)
	}
	if _, err := h.oidc.Connected(t.Context(), ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.oidc.Disconnect(t.Context(), ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if err := h.oidc.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	watch.Check(t, 15, "users_administrators")
}
