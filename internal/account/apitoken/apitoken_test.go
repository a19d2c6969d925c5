package apitoken_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/crypto/bcrypt"

	"foyer/internal/account"
	"foyer/internal/account/accounttest"
	"foyer/internal/account/apitoken"
	"foyer/internal/input"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// session is somebody who is signed in.
func session(t *testing.T, pool *pgxpool.Pool, name string, administrator bool) account.Session {
	t.Helper()
	accounts := account.NewStore(pool, bcrypt.MinCost)
	user, err := accounts.Register(t.Context(), account.Registration{
		Username: name, Email: name + "@example.org", Password: "correct horse " + name,
	})
	if err == nil {
		_, err = pool.Exec(t.Context(), `update users set administrator = $2 where id = $1`, user.ID, administrator)
	}
	if err != nil {
		t.Fatal(err)
	}
	return accounttest.SignInAgain(t, accounts, user)
}

var everything = apitoken.Draft{Name: "Robot", Scopes: []apitoken.Scope{apitoken.Chat, apitoken.RoomsRead}, Days: 7}

func TestTokens(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	store := apitoken.NewStore(pool)
	ana, ben := session(t, pool, "ana", false), session(t, pool, "ben", false)
	secret, err := store.Make(t.Context(), ana, ana.User.ID, everything)
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^foyer_pat_[0-9a-f]{64}$`).MatchString(string(secret)) {
		t.Errorf("secret %q", secret)
	}
	holder, err := store.Open(t.Context(), secret)
	if err != nil || holder.Session.User.ID != ana.User.ID || holder.Service || !holder.Allows(apitoken.Chat) || holder.Allows(apitoken.Media) ||
		!holder.Reaches("any") || holder.Hint != string(secret[len(secret)-4:]) || holder.UsedAt != nil {
		t.Errorf("holder %+v %v", holder, err)
	}
	if want := time.Now().AddDate(0, 0, 7); holder.ExpiresAt.Sub(want).Abs() > time.Hour {
		t.Errorf("good until %v", holder.ExpiresAt)
	}
	tokens, err := store.List(t.Context(), ana.User.ID)
	if err != nil || len(tokens) != 1 || tokens[0].By != "ana" || !slices.Equal(tokens[0].Scopes, []apitoken.Scope{apitoken.RoomsRead, apitoken.Chat}) {
		t.Errorf("tokens %+v %v", tokens, err)
	}
	// When it was used last shows, to the minute.
	if _, err := pool.Exec(t.Context(), `update sessions set created_at = now() - interval '1 hour', last_seen_at = now() - interval '1 hour' where id = $1`, holder.ID); err != nil {
		t.Fatal(err)
	}
	if holder, err = store.Open(t.Context(), secret); err == nil {
		err = account.NewStore(pool, bcrypt.MinCost).Touch(t.Context(), holder.Session)
	}
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err = store.List(t.Context(), ana.User.ID); err != nil || tokens[0].UsedAt == nil || time.Since(*tokens[0].UsedAt) > time.Minute {
		t.Errorf("last used: %+v %v", tokens, err)
	}
	if err := store.Revoke(t.Context(), ben.User.ID, ana.User.ID, holder.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another revokes it: %v", err)
	}
	if err := store.Revoke(t.Context(), ben.User.ID, ben.User.ID, holder.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("another revokes it as theirs: %v", err)
	}
	if err := store.Revoke(t.Context(), ana.User.ID, ana.User.ID, holder.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), secret); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("after it was revoked: %v", err)
	}
	if err := store.Revoke(t.Context(), ana.User.ID, ana.User.ID, holder.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
	watch.Check(t, 8)
}

// Whoever is signed out everywhere while they make a token has none afterwards,
// neither of their own nor of a service.
func TestNoTokenOutlivesTheEndOfAllSessions(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store, accounts := apitoken.NewStore(pool), account.NewStore(pool, bcrypt.MinCost)
	ana := session(t, pool, "ana", true)
	robot, err := store.MakeService(t.Context(), ana.User.ID, "robot", "Robot")
	if err != nil {
		t.Fatal(err)
	}
	for holder, left := range map[account.UserID]string{
		ana.User.ID: `select count(*) from api_tokens where user_id = $1`,
		// The service's tokens are not ana's: those made in time stay.
		robot: `select count(*) from api_tokens where user_id = $1 and false`,
	} {
		for range 100 {
			by := accounttest.SignInAgain(t, accounts, ana.User)
			var group sync.WaitGroup
			group.Go(func() {
				if _, err := store.Make(t.Context(), by, holder, everything); err != nil && !errors.Is(err, account.ErrSignedOut) {
					t.Error(err)
				}
			})
			group.Go(func() {
				if err := accounts.EndAll(t.Context(), ana.User.ID); err != nil {
					t.Error(err)
				}
			})
			group.Wait()
			var tokens int
			if err := pool.QueryRow(t.Context(), left, holder).Scan(&tokens); err != nil || tokens != 0 {
				t.Fatalf("%d tokens, %v", tokens, err)
			}
			if _, err := store.Make(t.Context(), by, holder, everything); !errors.Is(err, account.ErrSignedOut) {
				t.Fatalf("made in a session that has ended: %v", err)
			}
			if _, err := pool.Exec(t.Context(), `delete from sessions where user_id = $1`, robot); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestServices(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	store := apitoken.NewStore(pool)
	admin, ben := session(t, pool, "admin", true), session(t, pool, "ben", false)
	// Of a table that has rooms, Postgres would not read all.
	for _, statement := range []string{
		`insert into rooms (id, slug, name, backend) select gen_random_uuid(), 'r' || i, 'R' || i, 'memory' from generate_series(1, 1000) i`, `analyze rooms`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	id, err := store.MakeService(t.Context(), admin.User.ID, "Desk", "Help desk")
	if err != nil {
		t.Fatal(err)
	}
	secret, err := store.Make(t.Context(), admin, id, everything)
	if err != nil || !strings.HasPrefix(string(secret), "foyer_svc_") {
		t.Fatalf("its token: %q %v", secret, err)
	}
	if holder, err := store.Open(t.Context(), secret); err != nil || !holder.Service || holder.Session.User.Username != "desk" {
		t.Errorf("holder %+v %v", holder, err)
	}
	for name, make := range map[string]func() (account.Token, error){
		"by who is no administrator":   func() (account.Token, error) { return store.Make(t.Context(), ben, id, everything) },
		"for somebody else":            func() (account.Token, error) { return store.Make(t.Context(), admin, ben.User.ID, everything) },
		"for nobody":                   func() (account.Token, error) { return store.Make(t.Context(), admin, "nobody", everything) },
		"for who is no service either": func() (account.Token, error) { return store.Make(t.Context(), ben, admin.User.ID, everything) },
	} {
		if _, err := make(); !errors.Is(err, postgres.ErrNotFound) {
			t.Errorf("a token %s: %v", name, err)
		}
	}
	for field, draft := range map[string]apitoken.Draft{
		"name": {Name: "", Scopes: everything.Scopes, Days: 7}, "scopes": {Name: "x", Scopes: []apitoken.Scope{"all"}, Days: 7},
		"days": {Name: "x", Scopes: everything.Scopes, Days: 8}, "rooms": {Name: "x", Scopes: everything.Scopes, Days: 7, Rooms: "nowhere"},
	} {
		_, err := store.Make(t.Context(), admin, id, draft)
		var invalid input.Invalid
		if !errors.As(err, &invalid) || invalid[field] == "" || strings.Contains(invalid[field], "apitoken.") {
			t.Errorf("%s: %v", field, err)
		}
	}
	var invalid input.Invalid
	for _, name := range []string{"desk", "ben", "", "Not a name", strings.Repeat("x", 33)} {
		if _, err := store.MakeService(t.Context(), admin.User.ID, name, "Other"); !errors.As(err, &invalid) || invalid["username"] == "" {
			t.Errorf("a service %q: %v", name, err)
		}
	}
	services, err := store.Services(t.Context())
	if err != nil || len(services) != 1 || services[0].ID != id || services[0].Tokens != 1 {
		t.Errorf("services %+v %v", services, err)
	}
	if _, err := store.Service(t.Context(), ben.User.ID); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("ben is no service: %v", err)
	}
	if _, err := pool.Exec(t.Context(), `update users set disabled_at = now() where id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(t.Context(), secret); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("after it was switched off: %v", err)
	}
	watch.Check(t, 8, "users_services") // there are 200 at most
}
