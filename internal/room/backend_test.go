package room_test

import (
	"errors"
	"sync"
	"testing"

	"foyer/internal/room"
)

// Only administrators of the site move rooms, whatever their role in them, and
// none while somebody is there.
func TestMovePolicy(t *testing.T) {
	t.Parallel()
	for _, role := range append([]room.Role{room.None}, room.Roles...) {
		for _, open := range []bool{false, true} {
			for name, test := range map[string]struct {
				who  room.Person
				in   room.State
				want error
			}{
				"anonymous":              {room.Person{Role: role, Administrator: true}, room.State{}, room.ErrSignIn},
				"disabled administrator": {room.Person{User: "me", Role: role, Administrator: true, Disabled: true}, room.State{}, room.ErrSignIn},
				"nobody special":         {room.Person{User: "me", Role: role}, room.State{}, room.ErrHidden},
				"administrator":          {room.Person{User: "me", Role: role, Administrator: true}, room.State{Locked: true, Full: true}, nil},
				"during a call":          {room.Person{User: "me", Role: role, Administrator: true}, room.State{InUse: true}, room.InUse},
				"deleted room":           {room.Person{User: "me", Role: role, Administrator: true}, room.State{Deleted: true}, room.ErrHidden},
			} {
				test.in.Open = open
				if got := room.Authorize(test.who, room.Ask{Action: room.Move}, test.in); !errors.Is(got, test.want) {
					t.Errorf("%s, role %q, open %v: got %v, want %v", name, role, open, got, test.want)
				}
			}
		}
	}
}

func TestMove(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "boss")
	sql := func(query string, args ...any) {
		t.Helper()
		if _, err := h.pool.Exec(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	sql(`update users set administrator = true where username = 'boss'`)
	r := h.create("ana", "Team", "private")
	if _, err := h.rooms.Move(t.Context(), r.ID, h.id("ana"), "other"); !errors.Is(err, room.ErrHidden) {
		t.Errorf("the owner moves it: got %v, want %v", err, room.ErrHidden)
	}
	let := func(state string) {
		t.Helper()
		sql(`delete from grants`)
		sql(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, held_until, connected_at, left_at)
			values ('g', $1, 1, $2, gen_random_uuid(), 'Ana', '{}', `+state+`)`, r.ID, h.id("ana"))
	}
	for name, state := range map[string]string{"somebody is in": `null, now(), null`, "somebody is about to be": `now() + interval '1 minute', null, null`} {
		let(state)
		if _, err := h.rooms.Move(t.Context(), r.ID, h.id("boss"), "other"); !errors.Is(err, room.InUse) {
			t.Errorf("%s: got %v, want %v", name, err, room.InUse)
		}
	}
	let(`null, now() - interval '1 hour', now()`)
	moved, err := h.rooms.Move(t.Context(), r.ID, h.id("boss"), "other")
	if err != nil || moved.Backend != "other" || moved.Name != "Team" {
		t.Fatalf("got %+v, %v", moved, err)
	}
	carried, err := h.rooms.Carried(t.Context(), "other", "", 10)
	if err != nil || len(carried) != 1 || carried[0].Generation != 2 {
		t.Errorf("carried by the other: %+v, %v; want the room in its next generation", carried, err)
	}
	if counts, err := h.rooms.Backends(t.Context()); err != nil || len(counts) != 1 || counts["other"] != 1 {
		t.Errorf("counted %v, %v", counts, err)
	}
	if _, err := h.rooms.Move(t.Context(), "not-an-id", h.id("boss"), "other"); !errors.Is(err, room.ErrHidden) {
		t.Errorf("no room: got %v", err)
	}
	var entries int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from ledger where kind = 'room_moved' and data = '{"from": "memory", "to": "other"}'`).Scan(&entries); err != nil || entries != 1 {
		t.Errorf("%d entries say that it was moved, %v", entries, err)
	}
}

// Rooms are listed whole, a part at a time.
func TestCarried(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	var made sync.WaitGroup
	for range 7 {
		made.Go(func() { h.create("ana", "Team", "private") })
	}
	made.Wait()
	seen := make(map[room.ID]bool)
	var after room.ID
	for range 4 {
		part, err := h.rooms.Carried(t.Context(), "memory", after, 2)
		if err != nil || len(part) == 0 {
			t.Fatalf("after %q: %v, %v", after, part, err)
		}
		for _, r := range part {
			seen[r.ID], after = true, r.ID
		}
	}
	if rest, err := h.rooms.Carried(t.Context(), "memory", after, 2); err != nil || len(rest) > 0 || len(seen) != 7 {
		t.Errorf("saw %d rooms, then %v, %v", len(seen), rest, err)
	}
}
