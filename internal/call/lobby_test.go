package call_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/room"
)

func (h *house) joinError(name string, r room.Room) error {
	h.Helper()
	_, err := h.calls.Join(h.Context(), h.sessions[name], r.Slug, "")
	return err
}

func (h *house) wantJoin(name string, r room.Room, want error) {
	h.Helper()
	if err := h.joinError(name, r); !errors.Is(err, want) {
		h.Errorf("%s joins: got %v, want %v", name, err, want)
	}
}

// entry is where somebody stands in a room's lobby.
func (h *house) entry(name string, r room.Room) (id room.EntryID) {
	h.Helper()
	err := h.pool.QueryRow(h.Context(), `
		select lobby.id from lobby left join users on users.id = lobby.user_id
		where room_id = $1 and (users.username = $2 or lobby.display_name = $2)`, r.ID, name).Scan(&id)
	if err != nil {
		h.Fatalf("%s in the lobby: %v", name, err)
	}
	return id
}

func TestLobby(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve", "max")
	r := h.room("open", "ana", "ben")
	h.sql(`update rooms set guests = true, lobby = 'strangers' where id = $1`, r.ID)
	h.guest("Zoe", r, h.invitation(r))
	h.guest("Uli", r, "")

	// Being early lets nobody in who has to wait.
	for _, name := range []string{"eve", "Zoe", "Uli"} {
		h.wantJoin(name, r, room.MustWait)
		if got := h.knock(name, r); got != room.Waiting {
			t.Fatalf("%s knocks: got %q", name, got)
		}
		h.wantJoin(name, r, room.MustWait)
	}
	h.enter("ben", r)
	h.enter("ana", r)
	if waiting, err := h.rooms.Waiting(t.Context(), r.ID); err != nil || len(waiting) != 3 || waiting[0].DisplayName != "The eve" || !waiting[1].Guest {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	// Members do not decide.
	if err := h.rooms.Admit(t.Context(), r.ID, h.id("ben"), h.entry("eve", r)); !errors.Is(err, room.Rank) {
		t.Errorf("a member admits: %v", err)
	}
	// An approval is for one person.
	if err := h.rooms.Admit(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); err != nil {
		t.Fatal(err)
	}
	ticket, connection := h.enter("eve", r)
	h.wantJoin("Zoe", r, room.MustWait)
	h.wantJoin("max", r, room.MustWait)
	if err := h.rooms.Deny(t.Context(), r.ID, h.id("ana"), h.entry("Uli", r)); err != nil {
		t.Fatal(err)
	}
	h.wantJoin("Uli", r, room.NotAdmitted)
	if got := h.knock("Uli", r); got != room.Waiting {
		t.Errorf("asking again: got %q", got)
	}
	// Withdrawn: out at once, and the token does not bring them back.
	if err := h.rooms.Deny(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); err != nil {
		t.Fatal(err)
	}
	h.waitOut("eve", connection.Done())
	h.refusedAtTheDoor(ticket, call.NotAdmitted)
	// Let in between the token and the connection, and not any more by then.
	h.letIn("eve", r)
	ticket = h.join("eve", r)
	h.sql(`delete from lobby where room_id = $1`, r.ID)
	h.refusedAtTheDoor(ticket, call.SentToLobby)
}

func TestSentBackToTheLobby(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("open", "ana", "ben")
	h.enter("ana", r)
	// In before there was a lobby: stays, until sent back.
	ticket, connection := h.enter("eve", r)
	if err := h.calls.SendToLobby(t.Context(), r.ID, h.id("ana"), ticket.Participant); !errors.Is(err, room.Rank) {
		t.Errorf("to a lobby that there is not: %v", err)
	}
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	if got := h.knock("eve", r); got != room.Admitted {
		t.Errorf("somebody who is in knocks from another page: %q", got)
	}
	if err := h.calls.SendToLobby(t.Context(), r.ID, h.id("ben"), ticket.Participant); !errors.Is(err, room.Rank) {
		t.Errorf("a member sends back: %v", err)
	}
	stream, err := h.calls.Stream(t.Context(), h.sessions["eve"], r.Slug, ticket.Participant, ticket.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	if err := h.calls.SendToLobby(t.Context(), r.ID, h.id("ana"), ticket.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitOut("eve", connection.Done())
	h.refusedAtTheDoor(ticket, call.SentToLobby)
	if got := h.ending(stream); got.Reason != call.SentToLobby || got.By != "The ana" {
		t.Errorf("told %+v", got)
	}
	h.wantJoin("eve", r, room.MustWait)
	if _, err := h.rooms.AdmitAll(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	h.enter("eve", r)
	// The owner cannot be sent to wait, nor locked out.
	ana := h.join("ana", r)
	if err := h.calls.SendToLobby(t.Context(), r.ID, h.id("ana"), ana.Participant); !errors.Is(err, room.Rank) {
		t.Errorf("the owner sends herself back: %v", err)
	}
	h.sql(`update rooms set lobby = 'everyone', locked_at = now() where id = $1`, r.ID)
	h.wantJoin("ana", r, nil)
	h.wantJoin("ben", r, room.Locked)
}

// Who waits is told of the room that they wait, and nothing else.
func TestWaiting(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	r := h.room("open", "ana")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.knock("eve", r)
	wait, err := h.calls.Wait(t.Context(), h.sessions["eve"], r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	defer wait.Close()
	next := func(want call.Standing) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		for {
			got, err := wait.Next(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil {
				t.Fatalf("never told %+v", want)
			}
			if *got == want {
				return
			}
		}
	}
	next(call.Standing{State: room.Waiting})
	_, ana := h.enter("ana", r)
	next(call.Standing{State: room.Waiting, Told: 1})
	ana.Leave()
	next(call.Standing{State: room.Waiting})
	if err := h.rooms.Deny(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); err != nil {
		t.Fatal(err)
	}
	next(call.Standing{State: room.Denied, Message: call.NotAdmitted.Sentence("")})
	h.letIn("eve", r)
	next(call.Standing{State: room.Admitted})
	h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'eve')`, r.ID, h.id("eve"))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for err == nil && ctx.Err() == nil {
		_, err = wait.Next(ctx)
	}
	if !errors.Is(err, room.ErrHidden) {
		t.Errorf("banned while waiting: got %v, want %v", err, room.ErrHidden)
	}
}

// A lock turns away nobody who waits already: they wait until it is lifted, and
// nobody lets them in before.
func TestWaitingAtALockedRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve", "max")
	r := h.room("open", "ana")
	h.enter("ana", r)
	moved, connection := h.enter("max", r)
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.knock("eve", r)
	lock := func(locked bool) {
		t.Helper()
		if err := h.rooms.SetLocked(t.Context(), r.ID, h.id("ana"), locked); err != nil {
			t.Fatal(err)
		}
	}
	lock(true)
	// Who is sent back waits as well.
	if err := h.calls.SendToLobby(t.Context(), r.ID, h.id("ana"), moved.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitOut("max", connection.Done())
	for _, name := range []string{"eve", "max"} {
		wait, err := h.calls.Wait(t.Context(), h.sessions[name], r.Slug)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(wait.Close)
		if got, err := wait.Next(t.Context()); err != nil || *got != (call.Standing{State: room.Waiting, Told: 1}) {
			t.Errorf("%s is told %+v, %v", name, got, err)
		}
		if got := h.knock(name, r); got != room.Waiting {
			t.Errorf("%s asks again: got %q", name, got)
		}
		h.wantJoin(name, r, room.MustWait)
	}
	if waiting, err := h.rooms.Waiting(t.Context(), r.ID); err != nil || len(waiting) != 2 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	if err := h.rooms.Admit(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); !errors.Is(err, room.UnlockFirst) {
		t.Errorf("admitting: got %v, want %v", err, room.UnlockFirst)
	}
	if _, err := h.rooms.AdmitAll(t.Context(), r.ID, h.id("ana")); !errors.Is(err, room.UnlockFirst) {
		t.Errorf("admitting all: got %v, want %v", err, room.UnlockFirst)
	}
	lock(false)
	if n, err := h.rooms.AdmitAll(t.Context(), r.ID, h.id("ana")); err != nil || n != 2 {
		t.Errorf("admitting all: %d, %v", n, err)
	}
	h.enter("eve", r)
}

// Whose page has gone waits no more, and those who decide are told.
func TestLobbyForgetsWhoIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve", "max")
	r := h.room("open", "ana")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.knock("eve", r)
	h.knock("max", r)
	h.sql(`update lobby set seen_at = now() - interval '1 minute' where display_name = 'The eve'`)
	if waiting, err := h.rooms.Waiting(t.Context(), r.ID); err != nil || len(waiting) != 1 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from lobby where room_id = $1`, r.ID).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d in the lobby, %v", left, err)
	}
	visit, err := h.rooms.Visit(t.Context(), h.sessions["max"], r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.rooms.StopWaiting(t.Context(), visit); err != nil {
		t.Fatal(err)
	}
	if waiting, err := h.rooms.Waiting(t.Context(), r.ID); err != nil || len(waiting) != 0 {
		t.Errorf("waiting: %+v, %v", waiting, err)
	}
}

// An approval is for one call: given before there is one, and not used, it lapses;
// while a call goes on it holds, however long.
func TestUnusedApprovalLapses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	for _, live := range []bool{false, true} {
		r := h.room("open", "ana")
		h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
		if live {
			h.enter("ana", r)
		}
		h.letIn("eve", r)
		for _, ago := range []string{"9 minutes", "11 minutes"} {
			h.sql(`update lobby set seen_at = now() - $2::interval where room_id = $1`, r.ID, ago)
			if err := h.reconciler.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			want := room.Admitted
			if !live && ago == "11 minutes" {
				want = room.NotAsked
			}
			visit, err := h.rooms.Visit(t.Context(), h.sessions["eve"], r.Slug)
			if err != nil {
				t.Fatal(err)
			}
			if got := visit.Person.Answer; got != want {
				t.Errorf("a call goes on: %v, last there %s ago: got %q, want %q", live, ago, got, want)
			}
		}
	}
}

// Who decides is told who waits and who is expected, and nobody else is.
func TestStreamTellsOfTheLobby(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("open", "ana", "ben")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	listen := func(name string) *call.Stream {
		t.Helper()
		ticket, _ := h.enter(name, r)
		stream, err := h.calls.Stream(t.Context(), h.sessions[name], r.Slug, ticket.Participant, ticket.Position)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stream.Close)
		return stream
	}
	ana, ben := listen("ana"), listen("ben")
	// told waits until ana's page is told of so many.
	told := func(waiting, expected int) {
		t.Helper()
		h.waitFor("told of the lobby", func() bool {
			for _, event := range h.next(ana) {
				var lobby struct{ Waiting, Expected []room.LobbyEntry }
				if event.Name != "lobby" {
					continue
				}
				if err := json.Unmarshal(event.Data, &lobby); err != nil {
					t.Fatal(err)
				}
				if len(lobby.Waiting) == waiting && len(lobby.Expected) == expected {
					return true
				}
			}
			return false
		})
	}
	h.knock("eve", r)
	told(1, 0)
	if err := h.rooms.Admit(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); err != nil {
		t.Fatal(err)
	}
	told(0, 1)
	if err := h.rooms.Deny(t.Context(), r.ID, h.id("ana"), h.entry("eve", r)); err != nil {
		t.Fatal(err)
	}
	told(0, 0)
	h.wantJoin("eve", r, room.NotAdmitted)
	h.letIn("eve", r)
	told(0, 1)
	h.enter("eve", r)
	told(0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	for ctx.Err() == nil {
		events, err := ben.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			if event.Name == "lobby" {
				t.Errorf("a member is told %s", event.Data)
			}
		}
	}
}
