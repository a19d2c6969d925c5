package room_test

import (
	"testing"

	"foyer/internal/postgres/postgrestest"
	"foyer/internal/room"
)

// A room's bans come page by page, each once, the newest first, also those of one
// moment; a place that makes no sense is the beginning.
func TestBansInPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r, other := h.create("ana", "Team", "private"), h.create("ana", "Other", "private")
	const total = 130
	h.sql(`insert into guests (id, room_id, display_name) select gen_random_uuid(), $1, 'Guest ' || n from generate_series(1, $2::int) n`, r.ID, total)
	h.sql(`insert into bans (id, room_id, guest_id, name, created_at)
		select gen_random_uuid(), room_id, id, display_name, now() - interval '1 minute' * (substr(display_name, 7)::int / 40) from guests`)
	h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'Elsewhere')`, other.ID, h.id("ana"))
	seen := make(map[room.BanID]bool)
	pages := 0
	for after := (room.Cursor{}); ; pages++ {
		bans, next, err := h.rooms.Bans(t.Context(), r.ID, room.ParseCursor(after.String()))
		if err != nil {
			t.Fatal(err)
		}
		for i, b := range bans {
			if seen[b.ID] || b.Name == "Elsewhere" || i > 0 && b.At.After(bans[i-1].At) {
				t.Errorf("page %d: %+v comes again, or out of order, or from another room", pages, b)
			}
			seen[b.ID] = true
		}
		if after = next; next == (room.Cursor{}) {
			break
		}
	}
	if len(seen) != total || pages != 2 {
		t.Errorf("%d bans on %d pages, want %d on 3", len(seen), pages+1, total)
	}
	for _, after := range []room.Cursor{{Name: "x", ID: "00000000-0000-0000-0000-000000000000"}, {Name: "9999-12-31T23:59:59Z", ID: string(r.ID)}, {Name: "-0001-01-01T00:00:00Z"}} {
		if bans, _, err := h.rooms.Bans(t.Context(), r.ID, after); err != nil || len(bans) != room.BansPerPage {
			t.Errorf("from %+v: %d bans, %v", after, len(bans), err)
		}
	}
}

// What is listed of a room, and of the services that carry rooms, finds an index.
func TestListsHaveIndexes(t *testing.T) {
	t.Parallel()
	pool, watch := postgrestest.NewWatched(t)
	for _, statement := range []string{
		`insert into rooms (id, slug, name, backend, visibility)
			select gen_random_uuid(), 'r' || i, 'R' || i, 'livekit', case i % 2 when 0 then 'listed' else 'private' end from generate_series(1, 1500) i`,
		`insert into rooms (id, slug, name, backend, deleted_at) values (gen_random_uuid(), 'a', 'A', 'twilio', null), (gen_random_uuid(), 'b', 'B', 'zoom', now())`,
		`analyze rooms`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	rooms := room.NewStore(pool)
	counts, err := rooms.Backends(t.Context())
	if err != nil || len(counts) != 2 || counts["livekit"] != room.MostCounted+1 || counts["twilio"] != 1 {
		t.Errorf("counted %v, %v", counts, err)
	}
	if _, _, err := rooms.Bans(t.Context(), room.ID("00000000-0000-0000-0000-000000000000"), room.Cursor{}); err != nil {
		t.Fatal(err)
	}
	for _, only := range [][]string{nil, {"00000000-0000-0000-0000-000000000000"}} {
		if _, _, err := rooms.MinePage(t.Context(), "00000000-0000-0000-0000-000000000000", only, room.Cursor{}); err != nil {
			t.Fatal(err)
		}
		if _, _, err := rooms.InSight(t.Context(), "00000000-0000-0000-0000-000000000000", only, "", room.Cursor{}); err != nil {
			t.Fatal(err)
		}
		// Those of the rooms on one page are asked for together: these tables are empty here.
		watch.Check(t, 4, "join_requests_key", "users_disabled", "calls_going_on")
	}
}
