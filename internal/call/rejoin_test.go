package call_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// rejoin comes back as somebody whose page has lost the call.
func (h *house) rejoin(name string, r room.Room, former call.Ticket) (call.Ticket, error) {
	return h.calls.Rejoin(h.Context(), h.sessions[name], r.Slug, "", former.Participant)
}

// wantBack has somebody come back into a call, through the gate too.
func (h *house) wantBack(name string, r room.Room, former call.Ticket) call.Ticket {
	h.Helper()
	ticket, err := h.rejoin(name, r, former)
	if err != nil {
		h.Fatalf("%s comes back: %v", name, err)
	}
	h.connect(name, r, ticket)
	h.refusedAtTheDoor(former, call.Replaced)
	return ticket
}

// Who comes back after a lost connection is not new: what keeps new people out
// does not keep them out, nor is their place another's.
func TestComingBackIsNotComingAnew(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile string // done to the room
		anew      error  // what is said to somebody new
	}{
		"locked":                {`update rooms set locked_at = now() where id = $1`, room.Locked},
		"a lobby for strangers": {`update rooms set lobby = 'strangers' where id = $1`, room.MustWait},
		"a lobby for everyone":  {`update rooms set lobby = 'everyone' where id = $1`, room.MustWait},
		"made smaller":          {`update rooms set capacity = 2 where id = $1`, room.Full},
		"full":                  {`update rooms set capacity = 3 where id = $1`, room.Full},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben", "eve", "max")
			r := h.room("open", "ana", "ben")
			h.enter("ana", r)
			h.enter("ben", r)
			former, _ := h.enter("eve", r)
			h.sql(test.meanwhile, r.ID)
			h.wantJoin("max", r, test.anew)
			// Once more, since an answer can get lost, or a connection not come about.
			if _, err := h.rejoin("eve", r, former); err != nil {
				t.Fatal(err)
			}
			asked, err := h.rejoin("eve", r, former)
			if err != nil {
				t.Fatal(err)
			}
			back := h.wantBack("eve", r, asked)
			h.refusedAtTheDoor(former, call.Replaced)
			h.wantBack("eve", r, back)
			if got := h.taken(r); got != 3 {
				t.Errorf("%d places are taken, want 3", got)
			}
			h.wantJoin("max", r, test.anew)
		})
	}
}

// A place that was lost is another's: the former presence stays as it was, and
// comes back once there is one again, also where nobody new may come in.
func TestComingBackToAFullRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben", "eve")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	h.enter("ana", r)
	former, lost := h.enter("ben", r)
	lost.Leave()
	h.waitFor("ben has left", func() bool { return h.taken(r) == 1 })
	_, other := h.enter("eve", r)
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)
	if _, err := h.rejoin("ben", r, former); !errors.Is(err, room.Full) {
		t.Fatalf("to a full room: %v", err)
	}
	other.Leave()
	h.waitFor("eve has left", func() bool { return h.taken(r) == 1 })
	h.wantBack("ben", r, former)
}

// Others ask for the place the whole time: none gets in between.
func TestComingBackInARush(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben", "eve")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	h.enter("ana", r)
	former, _ := h.enter("ben", r)
	ctx, stop := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 4 {
		waiting.Go(func() {
			for ctx.Err() == nil {
				if _, err := h.calls.Join(t.Context(), h.sessions["eve"], r.Slug, ""); !errors.Is(err, room.Full) {
					t.Errorf("eve joins: got %v, want %v", err, room.Full)
					return
				}
			}
		})
	}
	for range 20 {
		former = h.wantBack("ben", r, former)
	}
	stop()
	waiting.Wait()
}

// Who may not stay does not come back by having been in, and is told what really
// happened to them.
func TestComingBackIsRefusedToWhomMayNotStay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		meanwhile func(h *house, r room.Room, former call.Ticket) error
		want      error
		reason    call.Reason // of the former presence
	}{
		"removed from the room": {func(h *house, r room.Room, _ call.Ticket) error {
			_, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ana"), "ben")
			return err
		}, room.ErrHidden, call.RemovedFromRoom},
		"banned": {func(h *house, r room.Room, _ call.Ticket) error {
			_, err := h.rooms.BanMember(h.Context(), r.ID, h.id("ana"), "ben")
			return err
		}, room.ErrHidden, call.RemovedFromRoom},
		"put out of a call that is locked then": {func(h *house, r room.Room, former call.Ticket) error {
			if err := h.calls.Expel(h.Context(), r.ID, h.id("ana"), former.Participant); err != nil {
				return err
			}
			return h.rooms.SetLocked(h.Context(), r.ID, h.id("ana"), true)
		}, room.Locked, call.Expelled},
		"sent to the lobby": {func(h *house, r room.Room, former call.Ticket) error {
			h.sql(`update rooms set lobby = 'everyone' where id = $1`, r.ID)
			return h.calls.SendToLobby(h.Context(), r.ID, h.id("ana"), former.Participant)
		}, room.MustWait, call.SentToLobby},
		"the call was ended, the room locked": {func(h *house, r room.Room, _ call.Ticket) error {
			if err := h.calls.End(h.Context(), r.ID, h.id("ana")); err != nil {
				return err
			}
			return h.rooms.SetLocked(h.Context(), r.ID, h.id("ana"), true)
		}, room.Locked, call.CallEnded},
		"left, then locked": {func(h *house, r room.Room, former call.Ticket) error {
			if err := h.calls.Leave(h.Context(), h.sessions["ben"], r.ID, former.Participant); err != nil {
				return err
			}
			return h.rooms.SetLocked(h.Context(), r.ID, h.id("ana"), true)
		}, room.Locked, call.Gone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben")
			r := h.room("private", "ana", "ben")
			h.enter("ana", r)
			former, _ := h.enter("ben", r)
			if err := test.meanwhile(h, r, former); err != nil {
				t.Fatal(err)
			}
			if _, err := h.rejoin("ben", r, former); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
			h.waitFor("the former presence is over, for its reason", func() bool {
				reason, err := h.calls.Over(t.Context(), former.Participant)
				return err == nil && reason == test.reason
			})
			h.refusedAtTheDoor(former, test.reason)
		})
	}
}

// The approval of the lobby that somebody came in by goes with them, and ends what
// it let them into.
func TestComingBackByApproval(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	r := h.room("open", "ana")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.enter("ana", r)
	h.letIn("eve", r)
	former, _ := h.enter("eve", r)
	back, err := h.rejoin("eve", r, former)
	if err != nil {
		t.Fatal(err)
	}
	connection := h.connect("eve", r, back)
	h.sql(`delete from lobby where room_id = $1`, r.ID)
	h.waitClosed("eve, whose approval is gone", connection)
	h.refusedAtTheDoor(back, call.SentToLobby)
	if _, err := h.rejoin("eve", r, back); !errors.Is(err, room.MustWait) {
		t.Errorf("got %v, want %v", err, room.MustWait)
	}
}

// Who was in is one person in one browser: nobody else comes in by naming them,
// nor puts them out.
func TestComingBackAsSomebodyElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.room("private", "ana", "ben", "eve")
	other := h.room("private", "ana", "ben")
	h.enter("ana", r)
	former, connection := h.enter("ben", r)
	elsewhere, _ := h.enter("ben", other)
	unused := h.join("eve", r)
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)
	tablet := h.session(h.people["ben"])
	for name, ask := range map[string]func() (call.Ticket, error){
		"another person": func() (call.Ticket, error) { return h.rejoin("eve", r, former) },
		"another browser": func() (call.Ticket, error) {
			return h.calls.Rejoin(t.Context(), tablet, r.Slug, "", former.Participant)
		},
		"another room":         func() (call.Ticket, error) { return h.rejoin("ben", r, elsewhere) },
		"who never was in":     func() (call.Ticket, error) { return h.rejoin("eve", r, unused) },
		"nobody that there is": func() (call.Ticket, error) { return h.rejoin("eve", r, call.Ticket{Participant: "x"}) },
	} {
		if _, err := ask(); !errors.Is(err, room.Locked) {
			t.Errorf("%s: got %v, want %v", name, err, room.Locked)
		}
	}
	select {
	case <-connection.Done():
		t.Error("ben was put out")
	default:
	}
	if reason, err := h.calls.Over(t.Context(), former.Participant); err != nil || reason != "" {
		t.Errorf("ben's presence is over: %q, %v", reason, err)
	}
}

// noTickets is a media service that signs nothing.
type noTickets struct{ *mediatest.Memory }

func (noTickets) Grant(context.Context, media.RoomID, media.Participant, time.Duration) (media.Grant, error) {
	return media.Grant{}, media.ErrUnavailable
}

// A media service that fails while somebody comes back costs them nothing: they
// ask again.
func TestComingBackWhileTheServiceFails(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	h.enter("ana", r)
	former, _ := h.enter("ben", r)
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)
	failing := call.NewService(h.pool, h.rooms, call.Backends{h.media.Capabilities().Name: noTickets{h.media}}, ledger.NewHub(h.pool, nil))
	if _, err := failing.Rejoin(t.Context(), h.sessions["ben"], r.Slug, "", former.Participant); !errors.Is(err, media.ErrUnavailable) {
		t.Fatalf("got %v, want %v", err, media.ErrUnavailable)
	}
	if got := h.taken(r); got != 2 {
		t.Errorf("%d places are taken, want 2", got)
	}
	h.wantBack("ben", r, former)
}
