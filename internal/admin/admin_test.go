package admin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/account"
	"foyer/internal/admin"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func exec(t *testing.T, pool *pgxpool.Pool, query string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), query, args...); err != nil {
		t.Fatal(err)
	}
}

func newUser(t *testing.T, pool *pgxpool.Pool, name string, administrator bool) account.UserID {
	t.Helper()
	id := account.UserID(uuid.NewString())
	exec(t, pool, `
		insert into users (id, username, email, display_name, password_hash, administrator)
		values ($1, $2, $2 || '@example.org', 'The ' || $2, '', $3)`, id, name, administrator)
	return id
}

func count(t *testing.T, pool *pgxpool.Pool, query string, args ...any) (n int) {
	t.Helper()
	if err := pool.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

const active = `select count(*) from users where administrator and disabled_at is null`

// Administrators end each other's office, and switch each other off, all at once,
// a thousand times: one of them remains each time, whoever came first.
func TestAnAdministratorRemains(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ids := []account.UserID{newUser(t, pool, "ana", true), newUser(t, pool, "ben", true), newUser(t, pool, "cleo", true)}
	const times = 1000
	for n := range times {
		var racing sync.WaitGroup
		for i, by := range ids {
			racing.Go(func() {
				var err error
				target := ids[(i+1)%len(ids)]
				switch (n + i) % 3 {
				case 0:
					_, err = store.SetAdministrator(t.Context(), by, target, false)
				case 1:
					_, err = store.SetDisabled(t.Context(), by, target, true)
				default:
					// By a statement of its own, as by hand or by another part.
					_, err = pool.Exec(t.Context(), `update users set administrator = false where id = $1`, by)
					var conflict *postgres.Conflict
					if errors.As(postgres.Translate(err), &conflict) {
						err = admin.ErrLastAdministrator
					}
				}
				// Whoever was ended meanwhile may not act any more.
				if err != nil && !errors.Is(err, admin.ErrLastAdministrator) && !errors.Is(err, postgres.ErrNotFound) {
					t.Errorf("round %d: %v", n, err)
				}
			})
		}
		racing.Wait()
		if got := count(t, pool, active); got < 1 {
			t.Fatalf("round %d: no administrator is left", n)
		}
		exec(t, pool, `update users set administrator = true, disabled_at = null`)
	}
}

// However it is tried, the last one stays.
func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ana := newUser(t, pool, "ana", true)
	ben := newUser(t, pool, "ben", false)
	newUser(t, pool, "robot", true) // nobody logs in to it
	exec(t, pool, `update users set service = true, password_hash = null where username = 'robot'`)
	if _, err := store.SetAdministrator(t.Context(), ana, ana, false); !errors.Is(err, admin.ErrLastAdministrator) {
		t.Errorf("unmade: %v", err)
	}
	if _, err := store.SetDisabled(t.Context(), ana, ana, true); !errors.Is(err, admin.ErrLastAdministrator) {
		t.Errorf("disabled: %v", err)
	}
	nothing := func(context.Context, pgx.Tx, account.User) error { t.Error("a link is made"); return nil }
	var robot account.UserID
	if err := pool.QueryRow(t.Context(), `select id from users where username = 'robot'`).Scan(&robot); err != nil {
		t.Fatal(err)
	}
	if _, err := store.SendReset(t.Context(), ana, robot, nothing); !errors.Is(err, admin.ErrService) {
		t.Errorf("a password for a service: %v", err)
	}
	for _, query := range []string{
		`update users set administrator = false`, `update users set disabled_at = now()`, `delete from users`,
		`update users set administrator = false, disabled_at = now() where username = 'ana'`,
	} {
		if _, err := pool.Exec(t.Context(), query); err == nil {
			t.Errorf("%s: went through", query)
		}
	}
	if _, err := store.SetAdministrator(t.Context(), ben, ben, true); !errors.Is(err, postgres.ErrNotFound) {
		t.Errorf("who is none makes himself one: %v", err)
	}
	if _, err := store.SetAdministrator(t.Context(), ana, ben, true); err != nil {
		t.Fatal(err)
	}
	if _, err := store.SetAdministrator(t.Context(), ben, ana, false); err != nil {
		t.Errorf("with another: %v", err)
	}
	records, err := ledger.Audit(t.Context(), pool, ledger.Search{Site: true}, 10)
	if err != nil || len(records) != 2 || records[0].Kind != ledger.AdministratorUnmade || records[1].ActorUsername != "ana" {
		t.Errorf("the ledger says %+v, %v", records, err)
	}
}

// Somebody who gives up office and account at once does both, though after the
// first they may do the second no more; the last administrator does neither.
func TestChangeIsAllOrNothing(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ana, ben := newUser(t, pool, "ana", true), newUser(t, pool, "ben", true)
	no, yes := false, true
	both := admin.Changes{Administrator: &no, Disabled: &yes}
	if _, err := store.Change(t.Context(), ana, ana, both); err != nil {
		t.Fatal(err)
	}
	if got := count(t, pool, `select count(*) from users where username = 'ana' and not administrator and disabled_at is not null`); got != 1 {
		t.Error("only a part was done")
	}
	if _, err := store.Change(t.Context(), ben, ben, both); !errors.Is(err, admin.ErrLastAdministrator) {
		t.Errorf("the last one: %v", err)
	}
	records, err := ledger.Audit(t.Context(), pool, ledger.Search{Site: true}, 10)
	if err != nil || len(records) != 2 || records[0].Kind != ledger.UserDisabled || records[1].Kind != ledger.AdministratorUnmade {
		t.Errorf("the ledger says %+v, %v", records, err)
	}
}

// Switching somebody off ends their sessions; switching on does not bring them
// back.
func TestDisable(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ana, ben := newUser(t, pool, "ana", true), newUser(t, pool, "ben", false)
	exec(t, pool, `insert into sessions (id, token_hash, user_id, expires_at) values (gen_random_uuid(), 'x', $1, now() + interval '1 day')`, ben)
	links := func() {
		t.Helper()
		exec(t, pool, `insert into recovery (token_hash, kind, user_id, email, expires_at) values
			('x', 'verify', $1, 'elsewhere@example.net', now() + interval '10 minutes'), ('y', 'reset', $1, 'ben@example.org', now() + interval '10 minutes')`, ben)
	}
	links()
	if _, err := store.SignOut(t.Context(), ana, ben); err != nil {
		t.Fatal(err)
	}
	if n := count(t, pool, `select count(*) from recovery where kind = 'reset'`) - 10*count(t, pool, `select count(*) from recovery where kind = 'verify'`); n != 1 {
		t.Errorf("signed out: %d, want the link to another address gone, and the one to set a password left", n)
	}
	exec(t, pool, `delete from recovery`)
	exec(t, pool, `delete from ledger`)
	exec(t, pool, `insert into sessions (id, token_hash, user_id, expires_at) values (gen_random_uuid(), 'x', $1, now() + interval '1 day')`, ben)
	links()
	for _, disabled := range []bool{true, true, false} {
		if _, err := store.SetDisabled(t.Context(), ana, ben, disabled); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, pool, `select count(*) from sessions`); n != 0 {
		t.Errorf("%d sessions", n)
	}
	if n := count(t, pool, `select count(*) from recovery`); n != 0 {
		t.Errorf("%d links to an account that was switched off", n)
	}
	if n := count(t, pool, `select count(*) from ledger where subject = $1`, ben); n != 2 {
		t.Errorf("%d entries, want one for each change", n)
	}
}

func TestUsers(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	for i := range 70 {
		newUser(t, pool, fmt.Sprintf("user%02d", i), i%50 == 0)
	}
	exec(t, pool, `update users set display_name = 'Müller 100%' where username = 'user42'`)
	exec(t, pool, `update users set disabled_at = now() where username = 'user07'`)
	search := func(s admin.UserSearch) string {
		t.Helper()
		users, more, err := store.Users(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, u := range users {
			names = append(names, u.Username)
		}
		return fmt.Sprintf("%s %v", strings.Join(names, " "), more)
	}
	for want, s := range map[string]admin.UserSearch{
		"user42 false":        {Text: "MÜLL"},
		"user42  false":       {Text: "100%"}, // no pattern
		" false":              {Text: "nobody"},
		"user13 false":        {Text: "user13@exam"},
		"user69  false":       {Text: "us", After: "user68"},
		"false":               {Text: "er"}, // no username begins so
		"user00 user50 false": {Only: "administrators"},
		"user07 false":        {Only: "disabled"},
		"user69 false":        {After: "user68"},
	} {
		if got := search(s); got != strings.Replace(want, "  ", " ", 1) && got != want && got != " "+want {
			t.Errorf("%+v: got %q, want %q", s, got, want)
		}
	}
	if got := search(admin.UserSearch{Text: "user"}); !strings.HasSuffix(got, "user49 true") {
		t.Errorf("a full page: %q", got)
	}
}

func TestRooms(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ana, ben := newUser(t, pool, "ana", false), newUser(t, pool, "ben", false)
	for _, name := range []string{"Kitchen", "Garden", "Attic"} {
		id := uuid.NewString()
		exec(t, pool, `insert into rooms (id, slug, name, backend) values ($1, lower($2), $2, 'memory')`, id, name)
		exec(t, pool, `insert into memberships (room_id, user_id, role) values ($1, $2, 'owner'), ($1, $3, 'member')`, id, ana, ben)
	}
	exec(t, pool, `insert into calls (id, room_id) select gen_random_uuid(), id from rooms where slug = 'garden'`)
	exec(t, pool, `update rooms set deleted_at = now() where slug = 'attic'`)
	names := func(s admin.RoomSearch) string {
		t.Helper()
		rooms, next, err := store.Rooms(t.Context(), s)
		if err != nil || next != (room.Cursor{}) {
			t.Fatal(err, next)
		}
		var out []string
		for _, r := range rooms {
			out = append(out, fmt.Sprintf("%s/%s/%d/%v", r.Name, r.Owner, r.Members, r.LiveSince != nil))
		}
		return strings.Join(out, " ")
	}
	const garden, kitchen = "Garden/The ana/2/true", "Kitchen/The ana/2/false"
	for want, s := range map[string]admin.RoomSearch{
		garden + " " + kitchen: {},
		garden:                 {Live: true},
		kitchen:                {Text: "KITCH"},
		"":                     {Text: "attic"},
	} {
		if got := names(s); got != want {
			t.Errorf("%+v: got %q, want %q", s, got, want)
		}
	}
	if got := names(admin.RoomSearch{Of: ben}); got != garden+" "+kitchen {
		t.Errorf("of somebody: %q", got)
	}
	calls, more, err := store.Calls(t.Context(), admin.CallMark{})
	if err != nil || more || len(calls) != 1 || calls[0].Name != "Garden" {
		t.Errorf("calls: %+v, %v, %v", calls, more, err)
	}
	if calls, _, err := store.Calls(t.Context(), admin.CallMark{StartedAt: time.Unix(1, 0), Room: room.ID(uuid.NewString())}); err != nil || len(calls) != 0 {
		t.Errorf("calls before the first: %+v, %v", calls, err)
	}
	if _, err := store.Storage(t.Context()); err != nil {
		t.Error(err)
	}
}

// Every list finds an index; other tables than that of users are small here, so the
// planner is told that reading a whole one costs much.
func TestQueriesHaveIndexes(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	exec(t, pool, `
		insert into users (id, username, email, display_name, disabled_at)
		select gen_random_uuid(), 'u' || n, 'u' || n || '@example.org', 'Nº ' || n, case when n % 2 = 0 then now() end
		from generate_series(1, 5000) n`)
	exec(t, pool, `vacuum analyze users`)
	for name, query := range admin.Queries() {
		plan := postgrestest.Explain(t, pool, query.SQL, query.Args...)
		if !strings.Contains(string(plan), query.Index) || strings.Contains(string(plan), "Seq Scan") {
			t.Errorf("%s does not use %s:\n%s", name, query.Index, plan)
		}
	}
}
