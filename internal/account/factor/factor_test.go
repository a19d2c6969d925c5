package factor_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/pquerna/otp/totp"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/factor"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// house is accounts and their factors, at a time that stands still.
type house struct {
	*testing.T
	pool     *pgxpool.Pool
	accounts *account.Store
	factors  *factor.Store
	now      time.Time
}

func newHouse(t *testing.T) *house {
	t.Helper()
	return newHouseIn(t, postgrestest.New(t))
}

func newHouseIn(t *testing.T, pool *pgxpool.Pool) *house {
	t.Helper()
	h := &house{T: t, pool: pool, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	h.accounts = account.NewStore(h.pool, bcrypt.MinCost)
	var err error
	if h.factors, err = factor.NewStore(h.pool, h.accounts, bytes.Repeat([]byte{7}, 32), func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *house) session(username string) account.Session {
	h.Helper()
	return accounttest.SignIn(h.T, h.accounts, username)
}

func toldNobody(context.Context, pgx.Tx, account.User) error { return nil }

// code is what the app shows at a time.
func (h *house) code(secret string, at time.Time) string {
	h.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		h.Fatal(err)
	}
	return code
}

// withApp sets up an app and returns its secret. Its first code is used up.
func (h *house) withApp(session account.Session) string {
	h.Helper()
	if err := h.factors.BeginApp(h.Context(), session.User); err != nil {
		h.Fatal(err)
	}
	pending, err := h.factors.PendingApp(h.Context(), session.User.ID)
	if err != nil {
		h.Fatal(err)
	}
	if _, err := h.factors.ConfirmApp(h.Context(), session, h.code(pending.Secret, h.now), toldNobody); err != nil {
		h.Fatal(err)
	}
	h.now = h.now.Add(time.Minute)
	return pending.Secret
}

// halfway gives the right password.
func (h *house) halfway(username string) account.Token {
	h.Helper()
	entry, err := h.accounts.LogIn(h.Context(), username, accounttest.Password, "", account.Origin{})
	if err != nil || entry.Session != "" || entry.Halfway == "" {
		h.Fatalf("log in: %+v, %v; want a second step", entry, err)
	}
	return entry.Halfway
}

func (h *house) arrive(halfway account.Token, code string) (account.Token, error) {
	return h.factors.Arrive(h.Context(), halfway, code, "", account.Origin{})
}

func TestApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	if _, err := h.factors.PendingApp(t.Context(), session.User.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("an app before one was begun: %v", err)
	}
	if _, err := h.factors.ConfirmApp(t.Context(), session, "123456", toldNobody); !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("confirming none: %v", err)
	}
	if err := h.factors.BeginApp(t.Context(), session.User); err != nil {
		t.Fatal(err)
	}
	if entry, err := h.accounts.LogIn(t.Context(), "ana", accounttest.Password, "", account.Origin{}); err != nil || entry.Session == "" {
		t.Errorf("an app that is not confirmed is asked for: %v", err)
	}
	secret := h.withApp(session)

	halfway := h.halfway("ana")
	if _, err := h.accounts.Resume(t.Context(), halfway); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("who is half-way is signed in: %v", err)
	}
	for name, code := range map[string]string{
		"wrong": "000000", "empty": "", "no code": "abcdef", "long": strings.Repeat("1", 100),
		"two periods ago": h.code(secret, h.now.Add(-time.Minute)),
	} {
		if _, err := h.arrive(h.halfway("ana"), code); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("%s: %v", name, err)
		}
	}
	code := h.code(secret, h.now.Add(-30*time.Second)) // a clock that is late
	token, err := h.arrive(halfway, code[:3]+" "+code[3:])
	if err != nil {
		t.Fatal(err)
	}
	arrived, err := h.accounts.Resume(t.Context(), token)
	if err != nil || arrived.User.ID != session.User.ID || arrived.FactorAt == nil || !arrived.Proved() {
		t.Errorf("got %+v, %v", arrived, err)
	}
	if _, err := h.arrive(halfway, h.code(secret, h.now)); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("arriving twice: %v", err)
	}
	if _, err := h.arrive(h.halfway("ana"), code); !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("a code twice: %v", err)
	}
	if _, err := h.arrive(h.halfway("ana"), h.code(secret, h.now)); err != nil {
		t.Errorf("the next code: %v", err)
	}

	told := 0
	tell := func(context.Context, pgx.Tx, account.User) error { told++; return nil }
	for range 2 {
		if err := h.factors.RemoveApp(t.Context(), session.User, tell); err != nil {
			t.Fatal(err)
		}
	}
	if entry, err := h.accounts.LogIn(t.Context(), "ana", accounttest.Password, "", account.Origin{}); err != nil || entry.Session == "" || told != 1 {
		t.Errorf("log in without the app: %+v, %v; told %d times", entry, err, told)
	}
}

// An app that is being set up changes nothing about the one in use.
func TestAnotherApp(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	first := h.withApp(session)
	if err := h.factors.BeginApp(t.Context(), session.User); err != nil {
		t.Fatal(err)
	}
	if _, err := h.arrive(h.halfway("ana"), h.code(first, h.now)); err != nil {
		t.Errorf("the app in use: %v", err)
	}
	second := h.withApp(session)
	if _, err := h.arrive(h.halfway("ana"), h.code(first, h.now)); !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("the app before: %v", err)
	}
	if _, err := h.arrive(h.halfway("ana"), h.code(second, h.now)); err != nil {
		t.Errorf("the new app: %v", err)
	}
}

func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	secret := h.withApp(h.session("ana"))
	halfway := h.halfway("ana")
	var mu sync.Mutex
	var wrong, over int
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			_, err := h.arrive(halfway, "000000")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case errors.Is(err, factor.ErrWrongCode):
				wrong++
			case errors.Is(err, account.ErrSignedOut):
				over++
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	group.Wait()
	if wrong != 5 || over != 7 {
		t.Errorf("%d tries counted and %d refused, want 5 and 7", wrong, over)
	}
	if _, err := h.arrive(halfway, h.code(secret, h.now)); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("the right code after too many: %v", err)
	}
	late := h.halfway("ana")
	if _, err := h.pool.Exec(t.Context(), `update halfway set expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	if _, err := h.arrive(late, h.code(secret, h.now)); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("too late: %v", err)
	}
}

// A code given by several at once lets in one, a thousand times over.
func TestOneUseOfACode(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	secret := h.withApp(session)
	codes, err := h.factors.NewCodes(t.Context(), session.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	race := func(code string) (won int) {
		var mu sync.Mutex
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				_, err := h.factors.Prove(t.Context(), session, code)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, factor.ErrWrongCode) {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		group.Wait()
		return won
	}
	for i := range 1000 {
		h.now = h.now.Add(time.Minute)
		if won := race(h.code(secret, h.now)); won != 1 {
			t.Fatalf("round %d: %d by one code", i, won)
		}
	}
	for i, code := range codes {
		if won := race(code); won != 1 {
			t.Fatalf("code %d: %d by one code", i, won)
		}
	}
}

// A log-in that comes as its factor is taken away waits, and finds it gone: it holds
// nothing that the taking needs.
func TestLogInWhileTheFactorGoes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	secret := h.withApp(session)
	halfway, code := h.halfway("ana"), h.code(secret, h.now)
	tx, err := h.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background()) //nolint:errcheck // done in the good case
	if _, err := tx.Exec(t.Context(), `select from users where id = $1 for no key update`, session.User.ID); err != nil {
		t.Fatal(err)
	}
	arrived := make(chan error, 1)
	go func() {
		_, err := h.arrive(halfway, code)
		arrived <- err
	}()
	if err := postgrestest.UntilWaiting(t.Context(), h.pool, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `delete from totp where user_id = $1`, session.User.ID); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-arrived; !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("got %v, want that the code is wrong", err)
	}
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	h.withApp(session)
	before, err := h.factors.NewCodes(t.Context(), session.User.ID)
	if err != nil {
		t.Fatal(err)
	}
	codes, err := h.factors.NewCodes(t.Context(), session.User.ID)
	if err != nil || len(codes) != 10 {
		t.Fatalf("%d codes, %v", len(codes), err)
	}
	if _, err := h.arrive(h.halfway("ana"), before[0]); !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("a code of the set before: %v", err)
	}
	other := h.session("ben")
	h.withApp(other)
	if _, err := h.arrive(h.halfway("ben"), codes[0]); !errors.Is(err, factor.ErrWrongCode) {
		t.Errorf("somebody else's code: %v", err)
	}
	if _, err := h.arrive(h.halfway("ana"), " "+strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))); err != nil {
		t.Errorf("as people type it: %v", err)
	}
	state, err := h.factors.State(t.Context(), session.User.ID)
	if err != nil || state.Codes != 9 || state.AppSince == nil || !state.Any() {
		t.Errorf("got %+v, %v", state, err)
	}
	var stored bool
	err = h.pool.QueryRow(t.Context(), `select exists (select from recovery_codes where recovery_codes::text like '%' || $1 || '%')`, codes[1]).Scan(&stored)
	if err != nil || stored {
		t.Errorf("a code is stored: %v", err)
	}
	if err := h.factors.RemoveApp(t.Context(), session.User, toldNobody); err != nil {
		t.Fatal(err)
	}
	if state, err := h.factors.State(t.Context(), session.User.ID); err != nil || state.Codes != 0 || state.Any() {
		t.Errorf("codes stay without a factor that they stand in for: %+v, %v", state, err)
	}
}

func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, ben := h.session("ana"), h.session("ben")
	secret := h.withApp(ana)
	var found bool
	err := h.pool.QueryRow(t.Context(), `
		select exists (select from totp where position(convert_to($1, 'UTF8') in coalesce(secret, '') || coalesce(pending, '')) > 0)`, secret).Scan(&found)
	if err != nil || found {
		t.Errorf("the secret is stored in the clear: %v", err)
	}
	// Somebody else's secret, put in one's own row, does not open.
	h.withApp(ben)
	if _, err := h.pool.Exec(t.Context(), `
		update totp set secret = (select secret from totp where user_id = $1) where user_id = $2`, ana.User.ID, ben.User.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.arrive(h.halfway("ben"), h.code(secret, h.now)); err == nil {
		t.Error("a secret that was put into another row counts")
	}
}

// A reset password ends what was begun with the former one, half-way too.
func TestHalfwayEndsWithThePassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	session := h.session("ana")
	secret := h.withApp(session)
	halfway := h.halfway("ana")
	if err := h.accounts.ChangePassword(t.Context(), session.User.ID, session.ID, accounttest.Password, "another good horse", toldNobody); err != nil {
		t.Fatal(err)
	}
	if _, err := h.arrive(halfway, h.code(secret, h.now)); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("got %v", err)
	}
}
