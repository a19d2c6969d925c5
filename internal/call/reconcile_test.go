package call_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// Losing what let somebody in ends their presence, however it is lost, and the
// token that is still valid does not bring them back.
func TestPresenceFollowsAccess(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		access string
		lose   func(h *house, r room.Room)
		reason call.Reason
		by     string
		own    bool
	}{
		{"removed by the owner", "private", func(h *house, r room.Room) {
			if _, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				h.Error(err)
			}
		}, call.RemovedFromRoom, "The ana", false},
		{"membership deleted by hand", "private", func(h *house, r room.Room) {
			h.sql(`delete from memberships where room_id = $1 and user_id = $2`, r.ID, h.id("ben"))
		}, call.RemovedFromRoom, "", false},
		{"left by himself", "private", func(h *house, r room.Room) {
			if _, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ben"), "ben"); err != nil {
				h.Error(err)
			}
		}, call.RemovedFromRoom, "", true},
		{"room deleted", "private", func(h *house, r room.Room) {
			if err := h.rooms.Delete(h.Context(), r.ID, h.id("ana")); err != nil {
				h.Error(err)
			}
		}, call.RoomDeleted, "The ana", false},
		{"room row gone by hand", "private", func(h *house, r room.Room) {
			h.sql(`update rooms set deleted_at = now() where id = $1`, r.ID)
		}, call.RoomDeleted, "", false},
		{"call ended", "private", func(h *house, r room.Room) {
			h.sql(`update rooms set generation = generation + 1 where id = $1`, r.ID)
		}, call.CallEnded, "", false},
		{"signed out everywhere", "private", func(h *house, r room.Room) {
			if err := h.accounts.EndAll(h.Context(), h.id("ben")); err != nil {
				h.Error(err)
			}
		}, call.SignedOut, "", false},
		{"logged out", "private", func(h *house, r room.Room) {
			if err := h.accounts.End(h.Context(), h.sessions["ben"]); err != nil {
				h.Error(err)
			}
		}, call.SignedOut, "", false},
		{"account switched off", "private", func(h *house, r room.Room) {
			h.sql(`update users set disabled_at = now() where id = $1`, h.id("ben"))
		}, call.Disabled, "", false},
		{"open room becomes private", "open", func(h *house, r room.Room) {
			h.sql(`update rooms set visibility = 'private' where id = $1`, r.ID)
		}, call.RemovedFromRoom, "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben")
			var members []string
			if test.access == "private" {
				members = []string{"ben"}
			}
			r := h.room(test.access, "ana", members...)
			ticket, connection := h.enter("ben", r)
			stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()

			start := time.Now()
			test.lose(h, r)
			h.waitClosed("ben", connection)
			t.Logf("out after %v", time.Since(start).Round(time.Millisecond))

			_, err = h.media.Connect(t.Context(), ticket.Grant.Token)
			var refusal *media.Refusal
			if !errors.As(err, &refusal) || refusal.Status != 403 || refusal.Reason != string(test.reason) {
				t.Errorf("the old token: got %v, want 403 %s", err, test.reason)
			}
			ending := h.ending(stream)
			want := call.Ending{Reason: test.reason, By: test.by, Message: test.reason.Sentence(test.by)}
			if test.own {
				want.Message = test.reason.OwnSentence()
			}
			if ending != want {
				t.Errorf("told %+v, want %+v", ending, want)
			}
			if got := h.present(r); len(got) != 0 {
				t.Errorf("still said to be in: %v", got)
			}
		})
	}
}

func TestPermissionsFollowRoleAndSwitches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, connection := h.enter("ben", r)
	all := media.Permissions{Microphone: true, Camera: true, Share: true}
	if ticket.May != room.AllOn || connection.May() != all {
		t.Fatalf("may %+v, connected with %+v, want all", ticket.May, connection.May())
	}
	h.sql(`update rooms set switches = '{"microphone": false, "camera": true, "share": false, "chat": true, "reactions": false}' where id = $1`, r.ID)
	h.waitFor("the switches hold", func() bool { return connection.May() == media.Permissions{Camera: true} })
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", room.Moderator); err != nil {
		t.Fatal(err)
	}
	h.waitFor("a moderator may all", func() bool { return connection.May() == all })

	stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	var told []string
	h.waitFor("both changes are told", func() bool {
		for _, event := range h.next(stream) {
			if event.Name == "permissions" {
				told = append(told, string(event.Data))
			}
		}
		return len(told) == 2
	})
}

// Whom nobody let in is put out, and calls that rooms have left behind end. The
// calls of another Foyer that shares the media service go on.
func TestStraysArePutOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r, deleted := h.room("private", "ana"), h.room("private", "ana")
	_, own := h.enter("ana", r)
	h.sql(`update rooms set deleted_at = now() where id = $1`, deleted.ID)
	// A gate that lets everybody in.
	everybody := func(_ context.Context, _ media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
		return media.Participant{ID: id}, nil
	}
	h.media.Signalling(t.Context(), everybody, h.reconciler)
	intrude := func(name media.RoomID) *mediatest.Connection {
		t.Helper()
		grant, err := h.media.Grant(t.Context(), name, media.Participant{ID: "intruder", Name: "x"}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		connection, err := h.media.Connect(t.Context(), grant.Token)
		if err != nil {
			t.Fatal(err)
		}
		return connection
	}
	others := map[string]*mediatest.Connection{
		"ana":                                 own,
		"somebody in a room of another Foyer": intrude("foyer-00000000-0000-7000-8000-000000000000-1"),
		"somebody in no room of a Foyer":      intrude("foyer-what"),
	}
	for _, name := range []media.RoomID{"foyer-" + media.RoomID(r.ID) + "-1", "foyer-" + media.RoomID(r.ID) + "-7", "foyer-" + media.RoomID(deleted.ID) + "-1"} {
		connection := intrude(name)
		if err := h.reconciler.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		h.waitClosed("intruder in "+string(name), connection)
	}
	for who, connection := range others {
		select {
		case <-connection.Done():
			t.Errorf("%s was put out as well", who)
		default:
		}
	}
}

// Whoever got sound past the gate as a picture does not stay.
func TestWhoSendsInDisguiseIsPutOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("open", "ana")
	_, ana := h.enter("ana", r)
	_, ben := h.enter("ben", r)
	ben.Disguise()
	if err := h.reconciler.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.waitClosed("ben, who is heard as a picture", ben)
	var reason call.Reason
	if err := h.pool.QueryRow(t.Context(), `select coalesce(reason, '') from grants where id = $1`, ben.ID).Scan(&reason); err != nil || reason != call.Expelled {
		t.Errorf("the grant ended as %q, %v", reason, err)
	}
	select {
	case <-ana.Done():
		t.Error("ana was put out as well")
	default:
	}
}

// Somebody whom the gate let in just before the room was deleted is out as soon
// as they have joined.
func TestDeletedWhileJoining(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", "ana")
	ticket := h.join("ana", r)
	h.media.Signalling(t.Context(), func(ctx context.Context, live media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
		p, err := h.calls.Admit(ctx, live, id, media.Coming)
		if deleted := h.rooms.Delete(ctx, r.ID, h.id("ana")); deleted != nil {
			t.Error(deleted)
		}
		h.waitFor("the grant is revoked", func() bool {
			_, err := h.calls.Admit(ctx, live, id, media.Coming)
			return err != nil
		})
		return p, err
	}, h.reconciler)
	connection, err := h.media.Connect(t.Context(), ticket.Grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	h.waitClosed("ana", connection)
	t.Logf("out after %v", time.Since(start).Round(time.Millisecond))
}

// downAndCounting is a media service that does not answer, and counts how often it
// is asked about single rooms.
type downAndCounting struct {
	*mediatest.Memory
	asked atomic.Int64
}

func (d *downAndCounting) Live(_ context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	if len(rooms) > 0 {
		d.asked.Add(1)
	}
	return nil, media.ErrUnavailable
}

// While the media service does not answer, a room is tried again ever more seldom,
// however often it changes meanwhile.
func TestRetriesDoNotMultiply(t *testing.T) {
	t.Parallel()
	memory := mediatest.NewMemory()
	down := &downAndCounting{Memory: memory}
	h := newHouseOver(t, memory, call.Backends{memory.Capabilities().Name: down}, "ana")
	r := h.room("private", "ana")
	for range 30 {
		before := down.asked.Load()
		h.reconciler.AccessChanged("room:" + string(r.ID))
		h.waitFor("the change is looked at", func() bool { return down.asked.Load() > before })
	}
	before := down.asked.Load()
	time.Sleep(10 * time.Second) // longer than the longest pause
	if n := down.asked.Load() - before; n > 4 {
		t.Errorf("tried %d times in 10 seconds", n)
	}
}

// While the media service does not answer nobody can be removed from it; once it
// answers, they are.
func TestRemovalWaitsForTheMediaService(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	ticket, connection := h.enter("ben", r)
	h.media.SetDown(true)
	if _, err := h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the gate is closed", func() bool {
		_, err := h.calls.Admit(t.Context(), media.RoomID("foyer-"+string(r.ID)+"-1"), ticket.Participant, media.Coming)
		return err != nil
	})
	h.media.SetDown(false)
	h.waitClosed("ben", connection)
}

// closing is a media service that counts how often it is asked to end a call.
type closing struct {
	*mediatest.Memory
	asked atomic.Int64
}

func (c *closing) Close(ctx context.Context, live media.RoomID) error {
	defer c.asked.Add(1)
	return c.Memory.Close(ctx, live)
}

// Nor does an ended call end there; once the service answers, it does, though nobody is
// written down as being in it any more.
func TestEndOfACallWaitsForTheMediaService(t *testing.T) {
	t.Parallel()
	service := &closing{Memory: mediatest.NewMemory()}
	h := newUnsweptHouseOver(t, service.Memory, call.Backends{service.Capabilities().Name: service}, "ana", "ben")
	h.signalling()
	r := h.room("private", "ana", "ben")
	_, connection := h.enter("ben", r)
	h.media.SetDown(true)
	if err := h.calls.End(t.Context(), r.ID, h.id("ana")); err != nil {
		t.Fatal(err)
	}
	h.waitFor("the service was asked, in vain", func() bool { return service.asked.Load() > 0 })
	if n := h.taken(r); n != 0 {
		t.Errorf("%d are written down as in", n)
	}
	h.media.SetDown(false)
	h.waitClosed("ben", connection)
}

// Whose coming and going the media service's list has told of already is not back
// when the gate's word of both is read.
func TestLateWordOfAnArrival(t *testing.T) {
	t.Parallel()
	h := newUnsweptHouse(t, "ana")
	r := h.room("private", "ana")
	ticket, connection := h.enter("ana", r)
	connection.Leave()
	h.waitFor("ana has left", func() bool { return h.told(r, ledger.Left) == 1 })
	h.sql(`update grants set held_until = now() + interval '1 hour' where id = $1`, ticket.Participant)

	late := newReconciler(h.pool, call.Backends{h.media.Capabilities().Name: h.media})
	live := media.RoomID("foyer-" + string(r.ID) + "-1")
	late.Joined(live, ticket.Participant)
	late.Disconnected(live, ticket.Participant)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { late.Run(ctx) })
	defer running.Wait()
	defer cancel()
	h.waitFor("both are read, and no place is held", func() (free bool) {
		if err := h.pool.QueryRow(t.Context(), `select held_until is null from grants where id = $1`, ticket.Participant).Scan(&free); err != nil {
			t.Fatal(err)
		}
		return free
	})
	if n := h.told(r, ledger.Joined); n != 1 {
		t.Errorf("said to have come %d times", n)
	}
}

// Who has left since they passed the gate is not back when that is written down, after
// a wait for the database; who passes it anew is.
func TestArrivalNotedAfterLeaving(t *testing.T) {
	t.Parallel()
	h := newUnsweptHouse(t, "ana")
	r := h.room("private", "ana")
	ticket, connection := h.enter("ana", r)
	came := time.Now()
	connection.Leave()
	h.waitFor("ana has left", func() bool { return h.told(r, ledger.Left) == 1 })
	live := media.RoomID("foyer-" + string(r.ID) + "-1")
	if err := h.reconciler.Arrived(t.Context(), live, ticket.Participant, came); err != nil {
		t.Fatal(err)
	}
	if n := h.told(r, ledger.Joined); n != 1 {
		t.Errorf("said to have come %d times before she is back", n)
	}
	if err := h.reconciler.Arrived(t.Context(), live, ticket.Participant, time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := h.told(r, ledger.Joined); n != 2 {
		t.Errorf("said to have come %d times when she is back", n)
	}
}
