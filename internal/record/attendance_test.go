package record

import (
	"testing"

	"github.com/google/uuid"

	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// A call that is purged while the table is read is left out of it, and ends it not.
func TestAttendanceDuringAPurge(t *testing.T) {
	t.Parallel()
	pool := postgrestest.New(t)
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := pool.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	in, user := room.Room{ID: room.ID(uuid.NewString()), Slug: "team"}, uuid.NewString()
	exec(`insert into users (id, username, email, display_name, password_hash) values ($1, 'ana', 'ana@example.org', 'Ana', '')`, user)
	exec(`insert into rooms (id, slug, name, backend) values ($1, 'team', 'Team', 'memory')`, in.ID)
	exec(`insert into calls (id, room_id, started_at, ended_at)
		select gen_random_uuid(), $1, now() - n * interval '1 day', now() - n * interval '1 day' + interval '1 hour' from generate_series(1, 3) n`, in.ID)
	exec(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at, left_at, call_id)
		select 'grant-' || row_number() over (order by started_at), room_id, 1, $1, gen_random_uuid(), 'Ana', '{}', started_at, ended_at, id from calls`, user)
	table, err := Attendance(t.Context(), pool, in, "")
	if err != nil {
		t.Fatal(err)
	}
	var began []string
	err = table.rows(t.Context(), func(cells ...string) {
		if began = append(began, cells[0]); len(began) == 1 { // the newest is first
			exec(`delete from calls where started_at between now() - interval '50 hours' and now() - interval '40 hours'`)
		}
	})
	if err != nil || len(began) != 2 {
		t.Errorf("calls that began at %q, %v", began, err)
	}
}
