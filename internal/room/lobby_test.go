package room_test

import (
	"errors"
	"slices"
	"testing"

	"foyer/internal/postgres"
	"foyer/internal/room"
)

// Who is in the call already need not wait to come in from another device. That
// lets nobody back in whom the lobby, or the end of the call, has put out and whom
// the media service still carries.
func TestKnockingFromInside(t *testing.T) {
	t.Parallel()
	const denied = `insert into lobby (id, room_id, user_id, display_name, state) values (gen_random_uuid(), $1, $2, 'Eve', 'denied')`
	const waits = `insert into lobby (id, room_id, user_id, display_name, state) values (gen_random_uuid(), $1, $2, 'Eve', 'waiting')`
	for name, test := range map[string]struct {
		byApproval bool
		meanwhile  []string // each with the room and the person
		want       room.Answer
	}{
		"in before there was a lobby": {false, nil, room.Admitted},
		"denied":                      {true, []string{denied}, room.Waiting},
		"denied, and in before there was a lobby": {false, []string{denied}, room.Waiting},
		"sent to the lobby":                       {false, []string{waits}, room.Waiting},
		"the approval is gone":                    {true, nil, room.Waiting},
		"the call was ended": {false, []string{
			`update calls set ended_at = now() where room_id = $1 and $2::uuid is not null`,
		}, room.Waiting},
		"another call has begun": {false, []string{
			`update calls set ended_at = now() where room_id = $1 and $2::uuid is not null`,
			`insert into calls (id, room_id) select gen_random_uuid(), $1 where $2::uuid is not null`,
		}, room.Waiting},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "eve")
			r := h.create("ana", "Team", "open")
			h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
			h.sql(`insert into calls (id, room_id) values (gen_random_uuid(), $1)`, r.ID)
			h.sql(`insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at, call_id, by_approval)
				select 'g', $1, 1, $2, gen_random_uuid(), 'Eve', '{}', now(), calls.id, $3 from calls`, r.ID, h.id("eve"), test.byApproval)
			visit := h.visit("eve", r) // as it was the moment before
			for _, query := range test.meanwhile {
				h.sql(query, r.ID, h.id("eve"))
			}
			got, err := h.rooms.Knock(t.Context(), visit, "")
			if err != nil || got != test.want {
				t.Errorf("got %q, %v, want %q", got, err, test.want)
			}
			if now := h.visit("eve", r).Person.Answer; now != test.want {
				t.Errorf("the lobby says %q, want %q", now, test.want)
			}
		})
	}
}

// Who could not come in all the same is not shown to who decides, and nobody is
// told that they can.
func TestWhoWaitsInVain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		happens string // with the room; the guest came by an invitation
		waiting []string
	}{
		"nothing":                   {`select $1::uuid`, []string{"Eve", "Zoe"}},
		"the invitation is revoked": {`update invitations set revoked_at = now() where room_id = $1`, []string{"Eve"}},
		"the invitation has ended":  {`update invitations set expires_at = now() - interval '1 second' where room_id = $1`, []string{"Eve"}},
		"guests are switched off":   {`update rooms set guests = false where id = $1`, []string{"Eve"}},
		"the account is disabled":   {`update users set disabled_at = now() where username = 'eve' and $1::uuid is not null`, []string{"Zoe"}},
		"the room becomes private":  {`update rooms set visibility = 'private' where id = $1`, []string{"Zoe"}},
		"the room is only listed":   {`update rooms set visibility = 'listed' where id = $1`, []string{"Zoe"}},
		"a lock can be lifted":      {`update rooms set locked_at = now() where id = $1`, []string{"Eve", "Zoe"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "eve")
			r := h.create("ana", "Team", "open")
			h.sql(`update rooms set lobby = 'everyone' where id = $1`, r.ID)
			h.takeGuests(r)
			token, err := h.rooms.ComeIn(t.Context(), r.Slug, room.Comer{DisplayName: "Zoe", Attempt: "once"})
			if err != nil {
				t.Fatal(err)
			}
			zoe, err := h.rooms.Visit(t.Context(), token, r.Slug)
			if err != nil {
				t.Fatal(err)
			}
			invited := h.invite(r, "ana", room.Guest, 0)
			h.sql(`update guests set invitation_id = $1`, invited.ID)
			entries := make(map[string]room.EntryID)
			for name, visit := range map[string]room.Visit{"Eve": h.visit("eve", r), "Zoe": zoe} {
				if got, err := h.rooms.Knock(t.Context(), visit, name); err != nil || got != room.Waiting {
					t.Fatalf("%s knocks: %q, %v", name, got, err)
				}
			}
			shown := func() (names []string) {
				t.Helper()
				waiting, err := h.rooms.Waiting(t.Context(), r.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range waiting {
					entries[e.DisplayName], names = e.ID, append(names, e.DisplayName)
				}
				slices.Sort(names)
				return names
			}
			shown()
			h.sql(test.happens, r.ID)
			if got := shown(); !slices.Equal(got, test.waiting) {
				t.Errorf("%q wait, want %q", got, test.waiting)
			}
			for name, entry := range entries {
				if !slices.Contains(test.waiting, name) {
					if err := h.rooms.Admit(t.Context(), r.ID, h.id("ana"), entry); !errors.Is(err, postgres.ErrNotFound) {
						t.Errorf("%s, who could not come, is let in: %v", name, err)
					}
				}
			}
			if name == "a lock can be lifted" {
				if n, err := h.rooms.AdmitAll(t.Context(), r.ID, h.id("ana")); !errors.Is(err, room.UnlockFirst) || n != 0 {
					t.Errorf("%d are let into a locked room, %v", n, err)
				}
				h.sql(`update rooms set locked_at = null where id = $1`, r.ID)
			}
			if n, err := h.rooms.AdmitAll(t.Context(), r.ID, h.id("ana")); err != nil || n != len(test.waiting) {
				t.Errorf("%d are let in, %v, want %d", n, err, len(test.waiting))
			}
			expected, err := h.rooms.Expected(t.Context(), r.ID)
			if err != nil || len(expected) != len(test.waiting) {
				t.Errorf("%d are expected, %v, want %d", len(expected), err, len(test.waiting))
			}
		})
	}
}
