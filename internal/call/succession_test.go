package call_test

import (
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/room"
)

// host is who a new participant is told hosts the call.
func (h *house) host(r room.Room) (username string, endsAt *time.Time) {
	h.Helper()
	err := h.pool.QueryRow(h.Context(), `
		select coalesce(users.username, ''), calls.ends_at from calls left join users on users.id = calls.host
		where calls.room_id = $1 and calls.ended_at is null`, r.ID).Scan(&username, &endsAt)
	if err != nil {
		h.Fatal(err)
	}
	return username, endsAt
}

func (h *house) waitForHost(r room.Room, want string) {
	h.Helper()
	h.waitFor("hosted by "+want, func() bool { got, _ := h.host(r); return got == want })
}

func TestWhoeverIsThereLongestHosts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r := h.room("open", "ana", "ben", "cleo")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	h.guest("Zoe", r, h.invitation(r))
	eve, eveConnection := h.enter("eve", r) // no member, and there first
	_, ana := h.enter("ana", r)
	zoe, zoeDone := h.enterAsGuest("Zoe", r)
	_, cleo := h.enter("cleo", r)
	ben, _ := h.enter("ben", r)
	if username, _ := h.host(r); username != "" {
		t.Fatalf("hosted by %s while the owner is there", username)
	}
	stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ben.Participant, ben.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()

	ana.Leave()
	h.waitForHost(r, "cleo")
	h.waitForEvent(stream, "host", `{"ends_at": null, "username": "cleo", "display_name": "The cleo"}`)
	// A host puts people out of this call, but changes nothing of the room.
	if err := h.calls.Expel(t.Context(), r.ID, h.id("cleo"), zoe.Participant); err != nil {
		t.Errorf("the host puts a guest out: %v", err)
	}
	h.waitOut("Zoe", zoeDone)
	if err := h.calls.Ban(t.Context(), r.ID, h.id("cleo"), eve.Participant, false); err == nil {
		t.Error("the host bans somebody")
	}
	if err := h.calls.Expel(t.Context(), r.ID, h.id("ben"), eve.Participant); err == nil {
		t.Error("somebody who does not host puts a person out")
	}
	cleo.Leave()
	h.waitForHost(r, "ben")
	_, ana = h.enter("ana", r)
	h.waitForHost(r, "")
	h.waitForEvent(stream, "host", `{"ends_at": null, "username": "", "display_name": ""}`)
	if err := h.calls.Expel(t.Context(), r.ID, h.id("ben"), eve.Participant); err == nil {
		t.Error("a host of before puts a person out")
	}
	// Lowered while in the call, the last moderator is one no more.
	h.sql(`update memberships set role = 'member' where room_id = $1 and user_id = $2`, r.ID, h.id("ana"))
	h.waitForHost(r, "ben")
	h.sql(`delete from memberships where room_id = $1 and user_id = any($2)`, r.ID, []any{h.id("ben"), h.id("ana")})
	h.sql(`update calls set host = null where room_id = $1`, r.ID)
	h.waitForHost(r, "eve") // nobody belongs to the room: who has an account
	ana.Leave()
	_ = eveConnection
}

func TestCallEndsWithoutModerator(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set succession = 'end' where id = $1`, r.ID)
	_, ana := h.enter("ana", r)
	ben, connection := h.enter("ben", r)
	ana.Leave()
	h.waitFor("the end is announced", func() bool { _, at := h.host(r); return at != nil })
	_, ana = h.enter("ana", r)
	h.waitFor("the end is taken back", func() bool { _, at := h.host(r); return at == nil })
	ana.Leave()
	h.waitFor("the end is announced again", func() bool { _, at := h.host(r); return at != nil })
	if _, at := h.host(r); time.Until(*at) > time.Minute || time.Until(*at) < 30*time.Second {
		t.Errorf("ends in %v", time.Until(*at))
	}
	h.sql(`update calls set ends_at = now() where room_id = $1 and ended_at is null`, r.ID)
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.waitOut("ben", connection.Done())
	h.refusedAtTheDoor(ben, call.CallEnded)
	h.wantJoin("ben", r, nil) // the next call
}

// A moderator who came and went before anybody looked was there all the same.
func TestModeratorForAMoment(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	_, ana := h.enter("ana", r)
	h.enter("ben", r)
	ana.Leave()
	h.waitForHost(r, "ben")
	h.sql(`update calls set moderated = false, host = null where room_id = $1`, r.ID)
	if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	h.waitForHost(r, "ben")
}

// A call in which no moderator has been needs none: people of an open room meet
// by themselves.
func TestCallWithoutModeratorsGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve", "max")
	r := h.room("open", "ana")
	h.sql(`update rooms set succession = 'end' where id = $1`, r.ID)
	h.enter("eve", r)
	h.enter("max", r)
	if err := h.reconciler.Reconcile(t.Context(), r.ID); err != nil {
		t.Fatal(err)
	}
	if username, at := h.host(r); username != "" || at != nil {
		t.Errorf("hosted by %q, ends at %v", username, at)
	}
}

func TestEndForEveryone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ben, connection := h.enter("ben", r)
	if err := h.calls.End(t.Context(), r.ID, h.id("ben")); err == nil {
		t.Fatal("a member ends the call")
	}
	stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ben.Participant, ben.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := h.calls.End(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	h.waitOut("ben", connection.Done())
	h.refusedAtTheDoor(ben, call.CallEnded)
	if got := h.ending(stream); got.By != "The ana" {
		t.Errorf("told %+v", got)
	}
	if err := h.calls.End(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Errorf("ending no call: %v", err)
	}
}
