package room_test

import (
	"testing"

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
