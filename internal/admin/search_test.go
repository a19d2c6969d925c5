package admin_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"foyer/internal/admin"
	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

// plainly are the names that a query for one column has.
func plainly(t *testing.T, pool *pgxpool.Pool, query string) []string {
	t.Helper()
	rows, err := pool.Query(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// same compares all pages of a list with what there is.
func same(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got %d, want %d: %.5q and %.5q", len(got), len(want), got, want)
	}
}

// However many are found, the pages of a search have all of them, in order.
func TestSearchesOfManyUsers(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	// The first 1,500 are at work, 12,500 in the middle at home, and a few at the end
	// at both; far more than are walked or found at once.
	exec(t, pool, `
		insert into users (id, username, email, display_name, administrator, disabled_at)
		select gen_random_uuid(), case when n % 2 = 0 then 'u' else 'v' end || lpad(n::text, 5, '0'),
			'somebody' || n || case when n < 1500 then '@work.example' when n < 14000 then '@home.example' else '@work.home.example' end,
			'Nº ' || n, n % 500 = 499, case when n % 7 = 0 then now() end
		from generate_series(0, 14999) n`)
	exec(t, pool, `
		insert into users (id, username, email, display_name)
		select gen_random_uuid(), 'home' || n, n || case when n % 2 = 0 then '@home.example' else '@work.example' end, 'Home' from generate_series(1, 120) n`)
	exec(t, pool, `analyze users`)
	for text, finds := range map[string]bool{"example": false, "home": false, "dy1199": true, "nobody": true} {
		if found, err := store.FindsUsers(t.Context(), text); err != nil || found != finds {
			t.Errorf("%q is found: %v, %v, want %v", text, found, err, finds)
		}
	}
	for name, test := range map[string]struct {
		search admin.UserSearch
		where  string
	}{
		"all that have it":     {admin.UserSearch{Text: "example"}, `true`},
		"many, far on":         {admin.UserSearch{Text: "HOME.example"}, `email like '%home.example'`},
		"begin with it":        {admin.UserSearch{Text: "Home"}, `username like 'home%' or email like '%home%'`},
		"all begin with it":    {admin.UserSearch{Text: "v0"}, `username like 'v0%'`},
		"many, then none":      {admin.UserSearch{Text: "@work"}, `email like '%@work%'`},
		"few":                  {admin.UserSearch{Text: "dy1199"}, `email like '%dy1199%'`},
		"none":                 {admin.UserSearch{Text: "nobody"}, `false`},
		"administrators":       {admin.UserSearch{Text: "example", Only: "administrators"}, `administrator`},
		"administrators there": {admin.UserSearch{Text: "home", Only: "administrators"}, `administrator and email like '%home%'`},
		"disabled":             {admin.UserSearch{Text: "home", Only: "disabled"}, `disabled_at is not null and email like '%home%'`},
		"a letter":             {admin.UserSearch{Text: "V"}, `username like 'v%'`},
		"a letter, disabled":   {admin.UserSearch{Text: "v", Only: "disabled"}, `username like 'v%' and disabled_at is not null`},
		"two letters":          {admin.UserSearch{Text: "v1"}, `username like 'v1%'`},
		"everybody":            {admin.UserSearch{}, `true`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for more, s := true, test.search; more; s.After = got[len(got)-1] {
				var users []admin.User
				var err error
				if users, more, err = store.Users(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				if more && len(users) != admin.PerPage {
					t.Fatalf("a page of %d that is not the last", len(users))
				}
				for _, u := range users {
					got = append(got, u.Username)
				}
				if len(got) == 0 {
					break
				}
			}
			same(t, got, plainly(t, pool, `
				select username from users where `+test.where+`
				order by not starts_with(username, '`+strings.ToLower(test.search.Text)+`'), username collate "C"`))
		})
	}
}

func TestSearchesOfManyRooms(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	store := admin.NewStore(pool)
	ana := newUser(t, pool, "ana", false)
	exec(t, pool, `
		insert into rooms (id, slug, name, backend, deleted_at)
		select gen_random_uuid(), 'r' || lpad(n::text, 5, '0') || case when n < 4000 then '-quiet' else '-loud' end,
			'Team ' || (n % 9000), 'memory', case when n % 3 = 0 then now() end
		from generate_series(0, 15999) n`)
	exec(t, pool, `insert into calls (id, room_id) select gen_random_uuid(), id from rooms where slug like '%7-loud'`)
	exec(t, pool, `insert into memberships (room_id, user_id, role) select id, $1, 'member' from rooms where slug like '%77-%'`, ana)
	exec(t, pool, `update users set disabled_at = now() where id = $1`, ana)
	exec(t, pool, `analyze rooms`)
	const names, order = `select slug from rooms where deleted_at is null and `, ` order by lower(name), id`
	const live, hers = `exists (select from calls where room_id = rooms.id and ended_at is null)`,
		`exists (select from memberships where room_id = rooms.id)`
	for name, test := range map[string]struct {
		search admin.RoomSearch
		where  string
	}{
		"all that have it": {admin.RoomSearch{Text: "team"}, `true`},
		"many":             {admin.RoomSearch{Text: "LOUD"}, `slug like '%loud'`},
		"few":              {admin.RoomSearch{Text: "r0000"}, `slug like 'r0000%'`},
		"few letters":      {admin.RoomSearch{Text: "99"}, `slug || name like '%99%'`},
		"none":             {admin.RoomSearch{Text: "nothing"}, `false`},
		"live":             {admin.RoomSearch{Text: "team", Live: true}, live},
		"live there":       {admin.RoomSearch{Text: "r1", Live: true}, live + ` and slug like 'r1%'`},
		"live, any":        {admin.RoomSearch{Live: true}, live},
		"hers":             {admin.RoomSearch{Text: "quiet", Of: ana}, hers + ` and slug like '%quiet'`},
		"hers, live":       {admin.RoomSearch{Text: "team", Of: ana, Live: true}, hers + ` and ` + live},
		"every one":        {admin.RoomSearch{}, `true`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for s := test.search; ; {
				rooms, next, err := store.Rooms(t.Context(), s)
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range rooms {
					got = append(got, r.Slug)
				}
				if next == (room.Cursor{}) {
					break
				}
				s.After = next
			}
			same(t, got, plainly(t, pool, names+test.where+order))
		})
	}
}
