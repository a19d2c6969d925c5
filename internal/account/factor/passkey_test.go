package factor_test

import (
	"errors"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/factor"
	"foyer/internal/account/factor/factortest"
	"foyer/internal/postgres/postgrestest"
)

const here = "https://meet.example.org"

// asked begins a ceremony, and returns its options and its token.
func (h *house) asked(purpose factor.Purpose, user account.User) (any, account.Token) {
	h.Helper()
	options, token, err := h.factors.Begin(h.Context(), purpose, user, here)
	if err != nil {
		h.Fatal(err)
	}
	return options, token
}

// withPasskey gives somebody a passkey.
func (h *house) withPasskey(session account.Session) *factortest.Passkey {
	h.Helper()
	key := factortest.New(h.T, here)
	options, token := h.asked(factor.Add, session.User)
	answer := factor.Ceremony{Token: token, Answer: key.Create(options), Origin: here}
	if _, err := h.factors.AddPasskey(h.Context(), session, answer, "Key", toldNobody); err != nil {
		h.Fatal(err)
	}
	return key
}

func (h *house) enter(key *factortest.Passkey) (account.Token, error) {
	h.Helper()
	options, token := h.asked(factor.Enter, account.User{})
	return h.factors.EnterByPasskey(h.Context(), factor.Ceremony{Token: token, Answer: key.Get(options), Origin: here}, "", account.Origin{})
}

// A passkey is good in place of a password, as the second step, and for showing
// that it is they.
func TestPasskey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.session("ana")
	key := h.withPasskey(ana)
	token, err := h.enter(key)
	if err != nil {
		t.Fatal(err)
	}
	session, err := h.accounts.Resume(t.Context(), token)
	if err != nil || session.User.ID != ana.User.ID || session.FactorAt == nil {
		t.Errorf("entered as %+v, %v", session, err)
	}
	halfway := h.halfway("ana")
	options, ceremony := h.asked(factor.Second, ana.User)
	answer := factor.Ceremony{Token: ceremony, Answer: key.Get(options), Origin: here}
	if _, err := h.factors.ArriveByPasskey(t.Context(), halfway, answer, "", account.Origin{}); err != nil {
		t.Errorf("second step: %v", err)
	}
	options, ceremony = h.asked(factor.Prove, ana.User)
	answer = factor.Ceremony{Token: ceremony, Answer: key.Get(options), Origin: here}
	if _, err := h.factors.ProveByPasskey(t.Context(), session, answer); err != nil {
		t.Errorf("proof: %v", err)
	}
	keys, err := h.factors.Passkeys(t.Context(), ana.User.ID)
	if err != nil || len(keys) != 1 || keys[0].UsedAt == nil {
		t.Fatalf("listed: %+v, %v", keys, err)
	}
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[0].ID, toldNobody); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enter(key); !errors.Is(err, factor.ErrPasskey) {
		t.Errorf("removed: %v", err)
	}
}

// Who has neither a password nor a provider keeps a passkey.
func TestTheOnlyWayInStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.session("ana")
	h.withApp(ana) // nobody logs in with that alone
	for range 2 {
		h.withPasskey(ana)
	}
	set := func(query string) {
		t.Helper()
		if _, err := h.pool.Exec(t.Context(), query, ana.User.ID); err != nil {
			t.Fatal(err)
		}
	}
	set(`update users set password_hash = null where id = $1`)
	keys, err := h.factors.Passkeys(t.Context(), ana.User.ID)
	if err != nil || len(keys) != 2 {
		t.Fatalf("%+v, %v", keys, err)
	}
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[0].ID, toldNobody); err != nil {
		t.Errorf("one of two: %v", err)
	}
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[1].ID, toldNobody); !errors.Is(err, factor.ErrOnlyWay) {
		t.Errorf("the last one: %v", err)
	}
	if state, err := h.factors.State(t.Context(), ana.User.ID); err != nil || state.Passkeys != 1 {
		t.Errorf("%+v, %v", state, err)
	}
	set(`insert into identities (issuer, subject, user_id) values ('https://id.example.org', 'ana', $1)`)
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[1].ID, toldNobody); err != nil {
		t.Errorf("with a provider: %v", err)
	}
}

// A session counts as begun with a second factor as long as there is one.
func TestNothingIsLeftOfTheLastFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana := h.session("ana")
	h.withPasskey(ana)
	h.withApp(ana)
	by := func() (sessions int) {
		t.Helper()
		if err := h.pool.QueryRow(t.Context(), `select count(*) from sessions where user_id = $1 and factor_at is not null`, ana.User.ID).Scan(&sessions); err != nil {
			t.Fatal(err)
		}
		return sessions
	}
	if err := h.factors.RemoveApp(t.Context(), ana.User, toldNobody); err != nil || by() != 1 {
		t.Errorf("with a passkey left: %d sessions, %v", by(), err)
	}
	keys, err := h.factors.Passkeys(t.Context(), ana.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[0].ID, toldNobody); err != nil || by() != 0 {
		t.Errorf("with none left: %d sessions, %v", by(), err)
	}
}

func TestPasskeysThatDoNotCount(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, ben := h.session("ana"), h.session("ben")
	key, bens := h.withPasskey(ana), h.withPasskey(ben)
	if _, err := h.enter(key); err != nil {
		t.Fatal(err)
	}
	for name, misbehave := range map[string]func(*factortest.Passkey){
		"of another site":               func(p *factortest.Passkey) { p.Origin = "https://elsewhere.example.org" },
		"of this host by another door":  func(p *factortest.Passkey) { p.Origin = here + ":8443" },
		"without a finger or a PIN":     func(p *factortest.Passkey) { p.Unverified = true },
		"whose counter went back":       func(p *factortest.Passkey) { p.Counter = 0 },
		"that was never added to Foyer": func(p *factortest.Passkey) { *p = *factortest.New(t, here) },
	} {
		other := *key
		misbehave(&other)
		if _, err := h.enter(&other); !errors.Is(err, factor.ErrPasskey) {
			t.Errorf("a passkey %s: %v", name, err)
		}
	}
	// An answer counts once, for what was asked, and for whom.
	options, ceremony := h.asked(factor.Enter, account.User{})
	answer := factor.Ceremony{Token: ceremony, Answer: key.Get(options), Origin: here}
	if _, err := h.factors.ProveByPasskey(t.Context(), ana, answer); !errors.Is(err, factor.ErrPasskey) {
		t.Errorf("for another purpose: %v", err)
	}
	if _, err := h.factors.EnterByPasskey(t.Context(), answer, "", account.Origin{}); err != nil {
		t.Errorf("for its own: %v", err)
	}
	if _, err := h.factors.EnterByPasskey(t.Context(), answer, "", account.Origin{}); !errors.Is(err, factor.ErrPasskey) {
		t.Errorf("twice: %v", err)
	}
	options, ceremony = h.asked(factor.Prove, ana.User)
	if _, err := h.factors.ProveByPasskey(t.Context(), ana, factor.Ceremony{Token: ceremony, Answer: bens.Get(options), Origin: here}); !errors.Is(err, factor.ErrPasskey) {
		t.Errorf("by somebody else's: %v", err)
	}
	if _, err := h.pool.Exec(t.Context(), `update users set disabled_at = now() where id = $1`, ana.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.enter(key); !errors.Is(err, factor.ErrPasskey) {
		t.Errorf("of an account that is off: %v", err)
	}
}

// Everything that is asked about factors finds an index.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	h := newHouseIn(t, pool)
	ana := h.session("ana")
	secret := h.withApp(ana)
	key := h.withPasskey(ana)
	codes, err := h.factors.NewCodes(t.Context(), ana.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{h.code(secret, h.now), codes[0]} {
		if _, err := h.arrive(h.halfway("ana"), code); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.enter(key); err != nil {
		t.Fatal(err)
	}
	options, ceremony := h.asked(factor.Prove, ana.User)
	if _, err := h.factors.ProveByPasskey(t.Context(), ana, factor.Ceremony{Token: ceremony, Answer: key.Get(options), Origin: here}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.factors.Prove(t.Context(), ana, codes[1]); err != nil {
		t.Fatal(err)
	}
	if _, err := h.factors.State(t.Context(), ana.User.ID); err != nil {
		t.Fatal(err)
	}
	keys, err := h.factors.Passkeys(t.Context(), ana.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.factors.RemovePasskey(t.Context(), ana.User, keys[0].ID, toldNobody); err != nil {
		t.Fatal(err)
	}
	if err := h.factors.RemoveApp(t.Context(), ana.User, toldNobody); err != nil {
		t.Fatal(err)
	}
	if err := h.factors.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	watch.Check(t, 30)
}
