package call_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/room"
)

// check asks for a try as somebody, which has to work.
func (h *house) check(name string, r room.Room) media.Grant {
	h.Helper()
	visit, err := h.rooms.Visit(h.ctx, h.sessions[name], r.Slug)
	if err != nil {
		h.Fatal(err)
	}
	grant, err := h.calls.Check(h.ctx, visit)
	if err != nil {
		h.Fatal(err)
	}
	return grant
}

func TestCheckOpensARoomOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", "ana", "ben")
	h.enter("ana", r)
	grant := h.check("ben", r)
	connection, err := h.media.Connect(h.ctx, grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Leave()
	live, err := h.media.Live(h.ctx)
	if err != nil {
		t.Fatal(err)
	}
	tries := 0
	for name, in := range live {
		if strings.HasPrefix(string(name), media.RoomPrefix+"check-") {
			tries++
			if len(in) != 1 || in[0].May != (media.Permissions{}) {
				t.Errorf("in the room of the try: %+v", in)
			}
		}
	}
	if tries != 1 {
		t.Errorf("%d rooms for a try, want 1", tries)
	}
	if got := h.present(r); len(got) != 1 {
		t.Errorf("in the call: %v, want ana alone", got)
	}
	// Another try is in another room.
	second, err := h.media.Connect(h.ctx, h.check("ben", r).Token)
	if err != nil {
		t.Fatal(err)
	}
	second.Leave()
	// The sweep has no business with it.
	if err := h.reconciler.Sweep(h.ctx); err != nil {
		t.Fatal(err)
	}
	if got := h.present(r); len(got) != 1 {
		t.Errorf("in the call after the sweep: %v, want ana alone", got)
	}
}

func TestCheckIsOverInTime(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	for name, want := range map[string]bool{
		strconv.FormatInt(time.Now().Add(time.Minute).Unix(), 10) + "-x":  true,
		strconv.FormatInt(time.Now().Add(-time.Second).Unix(), 10) + "-x": false,
		"soon-x": false,
		"":       false,
	} {
		p, err := h.calls.Admit(h.ctx, media.RoomID(media.RoomPrefix+"check-"+name), "someone", media.Coming)
		var refusal *media.Refusal
		switch {
		case want && (err != nil || p.ID != "someone" || p.May != (media.Permissions{})):
			t.Errorf("%q: %+v, %v; want somebody who may do nothing", name, p, err)
		case !want && !errors.As(err, &refusal):
			t.Errorf("%q: %v, want a refusal", name, err)
		}
	}
}

func TestCheckNeedsARoomThatOneMayMeetIn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	r := h.room("private", "ana")
	h.sql(`update rooms set visibility = 'listed' where id = $1`, r.ID)
	visit, err := h.rooms.Visit(h.ctx, h.sessions["eve"], r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.calls.Check(h.ctx, visit); err != room.MembersOnly {
		t.Errorf("a stranger of a listed room: %v, want %v", err, room.MembersOnly)
	}
	h.sql(`update rooms set locked_at = now() where id = $1`, r.ID)
	h.check("ana", r) // the way can be tried while the room is locked
	h.sql(`update rooms set backend = 'elsewhere' where id = $1`, r.ID)
	visit, err = h.rooms.Visit(h.ctx, h.sessions["ana"], r.Slug)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.calls.Check(h.ctx, visit); !errors.Is(err, call.ErrNoBackend) {
		t.Errorf("without the backend: %v, want %v", err, call.ErrNoBackend)
	}
}
