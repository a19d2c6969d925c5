package call_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

// invitation makes one for guests, by hand.
func (h *house) invitation(r room.Room) (id string) {
	h.Helper()
	id = uuid.Must(uuid.NewV7()).String()
	h.sql(`insert into invitations (id, room_id, token_hash, role, created_by) values ($1, $2, sha256($3), 'guest', (select created_by from rooms where id = $2))`,
		id, r.ID, []byte(id))
	return id
}

// guest lets somebody into a room without an account: by an invitation, or at
// the door when it is empty. Their session is known by name from then on.
func (h *house) guest(name string, r room.Room, invitation string) (id account.GuestID) {
	h.Helper()
	id = account.GuestID(uuid.Must(uuid.NewV7()).String())
	err := postgres.Tx(h.Context(), h.pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(h.Context(), `
			insert into guests (id, room_id, invitation_id, display_name) values ($1, $2, nullif($3, '')::uuid, $4)`, id, r.ID, invitation, name)
		if err != nil {
			return err
		}
		h.sessions[name], err = account.BeginGuest(h.Context(), tx, id, account.Origin{})
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return id
}

func (h *house) enterAsGuest(name string, r room.Room) (call.Ticket, <-chan struct{}) {
	h.Helper()
	ticket := h.join(name, r)
	connection, err := h.media.Connect(h.Context(), ticket.Grant.Token)
	if err != nil {
		h.Fatalf("%s connects: %v", name, err)
	}
	h.waitFor(name+" is in", func() bool {
		live, err := h.rooms.Live(h.Context(), r.ID)
		if err != nil {
			h.Fatal(err)
		}
		return slices.ContainsFunc(live[r.ID], func(p room.Participant) bool { return p.DisplayName == name })
	})
	return ticket, connection.Done()
}

// refusedAtTheDoor checks that the token of a ticket does not open the call.
func (h *house) refusedAtTheDoor(ticket call.Ticket, want call.Reason) {
	h.Helper()
	_, err := h.media.Connect(h.Context(), ticket.Grant.Token)
	var refusal *media.Refusal
	if !errors.As(err, &refusal) || refusal.Status != 403 || refusal.Reason != string(want) {
		h.Errorf("the old token: got %v, want 403 %s", err, want)
	}
}

func (h *house) waitOut(who string, done <-chan struct{}) {
	h.Helper()
	start := time.Now()
	select {
	case <-done:
		h.Logf("%s is out after %v", who, time.Since(start).Round(time.Millisecond))
	case <-time.After(patience):
		h.Fatalf("%s is still connected", who)
	}
}

// A guest is there as long as what let them in holds.
func TestGuestsFollowWhatLetThemIn(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		lose   func(h *house, r room.Room, invitation string, guest account.GuestID, ticket call.Ticket) error
		reason call.Reason
	}{
		{"invitation revoked", func(h *house, _ room.Room, invitation string, _ account.GuestID, _ call.Ticket) error {
			h.sql(`update invitations set revoked_at = now() where id = $1`, invitation)
			return nil
		}, call.PassOver},
		{"invitation deleted", func(h *house, _ room.Room, invitation string, _ account.GuestID, _ call.Ticket) error {
			h.sql(`delete from invitations where id = $1`, invitation)
			return nil
		}, call.RemovedFromRoom},
		{"invitation over", func(h *house, _ room.Room, invitation string, _ account.GuestID, _ call.Ticket) error {
			h.sql(`update invitations set expires_at = now() - interval '1 second' where id = $1`, invitation)
			return nil
		}, call.PassOver},
		{"guests not taken any more", func(h *house, r room.Room, _ string, _ account.GuestID, _ call.Ticket) error {
			h.sql(`update rooms set guests = false where id = $1`, r.ID)
			return nil
		}, call.RemovedFromRoom},
		{"ended by a moderator", func(h *house, r room.Room, _ string, _ account.GuestID, ticket call.Ticket) error {
			return h.calls.Expel(h.Context(), r.ID, h.id("ana"), ticket.Participant)
		}, call.Expelled},
		{"banned", func(h *house, r room.Room, _ string, _ account.GuestID, ticket call.Ticket) error {
			return h.calls.Ban(h.Context(), r.ID, h.id("ana"), ticket.Participant, false)
		}, call.RemovedFromRoom},
		{"invitation banned", func(h *house, r room.Room, invitation string, _ account.GuestID, _ call.Ticket) error {
			h.sql(`insert into bans (id, room_id, invitation_id, name) values (gen_random_uuid(), $1, $2, '')`, r.ID, invitation)
			return nil
		}, call.RemovedFromRoom},
		{"session gone", func(h *house, _ room.Room, _ string, guest account.GuestID, _ call.Ticket) error {
			h.sql(`delete from sessions where guest_id = $1`, guest)
			return nil
		}, call.PassOver},
		{"call ended", func(h *house, r room.Room, _ string, _ account.GuestID, _ call.Ticket) error {
			return h.calls.End(h.Context(), r.ID, h.id("ana"))
		}, call.CallEnded},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana")
			r := h.room("private", "ana")
			h.sql(`update rooms set guests = true where id = $1`, r.ID)
			invitation := h.invitation(r)
			guest := h.guest("Zoe", r, invitation)
			h.enter("ana", r)
			ticket, done := h.enterAsGuest("Zoe", r)
			if err := test.lose(h, r, invitation, guest, ticket); err != nil {
				t.Fatal(err)
			}
			if test.name == "invitation over" { // no row changed: the sweep finds it
				if err := h.reconciler.Sweep(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			h.waitOut("Zoe", done)
			if test.name != "invitation deleted" { // takes the guest and the grant along
				h.refusedAtTheDoor(ticket, test.reason)
			}
			if _, err := h.calls.Join(t.Context(), h.sessions["Zoe"], r.Slug, ""); err == nil {
				t.Error("Zoe joins again")
			}
		})
	}
}

// What ends by the clock ends the presence at that moment, and not with the next
// sweep: no row changes then.
func TestPresenceEndsByTheClock(t *testing.T) {
	t.Parallel()
	for name, expire := range map[string]string{
		"an invitation": `update invitations set expires_at = now() + $1::interval returning expires_at`,
		"a session":     `update sessions set expires_at = now() + $1::interval where guest_id is not null returning expires_at`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newUnsweptHouse(t, "ana")
			r := h.room("private", "ana")
			h.sql(`update rooms set guests = true where id = $1`, r.ID)
			h.guest("Zoe", r, h.invitation(r))
			_, done := h.enterAsGuest("Zoe", r)
			var end time.Time
			if err := h.pool.QueryRow(t.Context(), expire, 2*time.Second).Scan(&end); err != nil {
				t.Fatal(err)
			}
			h.waitOut("Zoe", done)
			late := time.Since(end)
			t.Logf("out %v after the end", late.Round(time.Millisecond))
			if late < 0 {
				t.Errorf("out %v before the end", -late)
			}
		})
	}
}

// A guest's session opens one room, and nothing of an account.
func TestGuestOfAnotherRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r, other := h.room("private", "ana"), h.room("open", "ana")
	h.sql(`update rooms set guests = true`)
	h.guest("Zoe", r, h.invitation(r))
	if _, err := h.calls.Join(t.Context(), h.sessions["Zoe"], other.Slug, ""); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("another room: got %v, want %v", err, room.ErrSignIn)
	}
	if _, err := h.accounts.Resume(t.Context(), h.sessions["Zoe"]); !errors.Is(err, account.ErrSignedOut) {
		t.Errorf("an account's session: got %v, want %v", err, account.ErrSignedOut)
	}
	ticket := h.join("Zoe", r)
	i := slices.IndexFunc(ticket.People, func(w call.Who) bool { return w.Participant == ticket.Participant })
	if i < 0 || ticket.People[i].Role != room.Guest || ticket.People[i].Username != "" {
		t.Errorf("not marked as a guest: %+v", ticket.People)
	}
}

// Guests of a call that everybody has left are guests no more; what the lobby
// answered is forgotten.
func TestCallEndsWhenEmpty(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("open", "ana")
	h.sql(`update rooms set guests = true, lobby = 'strangers' where id = $1`, r.ID)
	h.guest("Zoe", r, h.invitation(r))
	_, ana := h.enter("ana", r)
	h.letIn("Zoe", r)
	h.letIn("ben", r)
	_, zoe := h.enterAsGuest("Zoe", r)
	ana.Leave()
	h.waitFor("ana has left", func() bool { return !slices.Contains(h.present(r), "ana") })
	if err := h.media.Close(t.Context(), media.RoomID("foyer-"+string(r.ID)+"-1")); err != nil {
		t.Fatal(err)
	}
	h.waitOut("Zoe", zoe)
	h.waitFor("nobody is in", func() bool { return len(h.present(r)) == 0 })

	if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, ""); err != nil {
		t.Errorf("admitted, in a call that others may come back to: %v", err)
	}
	h.sql(`update grants set left_at = now() - interval '2 minutes', held_until = null where room_id = $1`, r.ID)
	h.sql(`update calls set started_at = now() - interval '5 minutes' where room_id = $1`, r.ID)
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the call has ended", func() bool {
		var on bool
		if err := h.pool.QueryRow(t.Context(), `select exists (select from calls where room_id = $1 and ended_at is null)`, r.ID).Scan(&on); err != nil {
			t.Fatal(err)
		}
		return !on
	})
	if _, err := h.calls.Join(t.Context(), h.sessions["ben"], r.Slug, ""); !errors.Is(err, room.MustWait) {
		t.Errorf("an approval of the last call: got %v, want %v", err, room.MustWait)
	}
	if _, err := h.calls.Join(t.Context(), h.sessions["Zoe"], r.Slug, ""); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("a guest of the last call: got %v, want %v", err, room.ErrSignIn)
	}
	h.join("ana", r)
	var generation int
	if err := h.pool.QueryRow(t.Context(), `select generation from grants order by issued_at desc limit 1`).Scan(&generation); err != nil {
		t.Fatal(err)
	}
	if generation != 2 {
		t.Errorf("the next call is in live room %d, of which the last one may be ending", generation)
	}
}

// knock has somebody wait in the lobby of a room.
func (h *house) knock(name string, r room.Room) room.Answer {
	h.Helper()
	visit, err := h.rooms.Visit(h.Context(), h.sessions[name], r.Slug)
	if err != nil {
		h.Fatalf("%s visits: %v", name, err)
	}
	answer, err := h.rooms.Knock(h.Context(), visit, "")
	if err != nil {
		h.Fatalf("%s knocks: %v", name, err)
	}
	return answer
}

// letIn has somebody knock and ana open.
func (h *house) letIn(name string, r room.Room) {
	h.Helper()
	if got := h.knock(name, r); got != room.Waiting {
		h.Fatalf("%s knocks: got %q, want %q", name, got, room.Waiting)
	}
	if _, err := h.rooms.AdmitAll(h.Context(), r.ID, h.id("ana")); err != nil {
		h.Fatal(err)
	}
}
