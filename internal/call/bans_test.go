package call_test

import (
	"errors"
	"slices"
	"testing"

	"foyer/internal/call"
	"foyer/internal/room"
)

// A member who is banned is out of the call, in the words of a room that is
// closed to them, and comes back neither with the old token nor a new one until
// the ban is lifted.
func TestBannedMemberIsOut(t *testing.T) {
	t.Parallel()
	for _, visibility := range []string{"private", "open"} {
		t.Run(visibility, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana", "ben")
			r := h.room(visibility, "ana", "ben")
			ticket, connection := h.enter("ben", r)
			stream, err := h.calls.Stream(t.Context(), h.sessions["ben"], r.Slug, ticket.Participant, ticket.Position)
			if err != nil {
				t.Fatal(err)
			}
			defer stream.Close()
			if _, err := h.rooms.BanMember(t.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				t.Fatal(err)
			}
			h.waitOut("ben", connection.Done())
			h.refusedAtTheDoor(ticket, call.RemovedFromRoom)
			h.wantJoin("ben", r, room.ErrHidden)
			if got, want := h.ending(stream), (call.Ending{Reason: call.RemovedFromRoom, Message: call.RemovedFromRoom.Sentence("")}); got != want {
				t.Errorf("told %+v, want %+v", got, want)
			}
			bans, _, err := h.rooms.Bans(t.Context(), r.ID, room.Cursor{})
			if err != nil || len(bans) != 1 {
				t.Fatalf("bans %+v, %v", bans, err)
			}
			if _, err := h.rooms.LiftBan(t.Context(), r.ID, h.id("ana"), bans[0].ID); err != nil {
				t.Fatal(err)
			}
			if visibility == "private" {
				h.wantJoin("ben", r, room.ErrHidden) // the membership does not come back by itself
				return
			}
			h.enter("ben", r)
		})
	}
}

// A guest is banned by their session, and with them, if wanted, everybody who
// came or comes by the same invitation.
func TestBannedGuests(t *testing.T) {
	t.Parallel()
	for _, withInvitation := range []bool{false, true} {
		name := map[bool]string{false: "by session", true: "by invitation too"}[withInvitation]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana")
			r := h.room("private", "ana")
			h.sql(`update rooms set guests = true where id = $1`, r.ID)
			link, other := h.invite(r, room.Guest), h.invite(r, room.Guest)
			h.comeBy(link.Token, "Gus")
			h.comeBy(link.Token, "Gil")
			h.comeBy(other.Token, "Zoe")
			gus, gusOut := h.enterAsGuest("Gus", r)
			_, gilOut := h.enterAsGuest("Gil", r)
			_, zoeOut := h.enterAsGuest("Zoe", r)
			if err := h.calls.Ban(t.Context(), r.ID, h.id("ana"), gus.Participant, withInvitation); err != nil {
				t.Fatal(err)
			}
			h.waitOut("Gus", gusOut)
			h.wantJoin("Gus", r, room.ErrHidden)
			_, comeBy := h.rooms.Accept(t.Context(), link.Token, room.Comer{DisplayName: "Gus again"})
			kinds := []room.BanKind{room.BanGuest}
			if withInvitation {
				kinds = []room.BanKind{room.BanInvitation, room.BanGuest}
				h.waitOut("Gil", gilOut)
				h.wantJoin("Gil", r, room.ErrHidden)
				if !errors.Is(comeBy, room.ErrInvitation) {
					t.Errorf("coming by the closed link: got %v, want %v", comeBy, room.ErrInvitation)
				}
			} else {
				h.wantIn("Gil", gilOut)
				if comeBy != nil {
					t.Errorf("another guest by the same link: %v", comeBy)
				}
			}
			h.wantIn("Zoe", zoeOut)

			bans, _, err := h.rooms.Bans(t.Context(), r.ID, room.Cursor{})
			if err != nil {
				t.Fatal(err)
			}
			var got []room.BanKind
			for _, b := range bans {
				got = append(got, b.Kind)
				if b.Kind == room.BanGuest && (b.Name != "Gus" || b.Username != "") {
					t.Errorf("ban %+v", b)
				}
				if b.Kind == room.BanInvitation {
					if _, err := h.rooms.LiftBan(t.Context(), r.ID, h.id("ana"), b.ID); err != nil {
						t.Fatal(err)
					}
				}
			}
			slices.Sort(got)
			slices.Sort(kinds)
			if !slices.Equal(got, kinds) {
				t.Errorf("bans of %v, want %v", got, kinds)
			}
			h.comeBy(link.Token, "Gia") // the link works, again or still
			if withInvitation {
				h.enterAsGuest("Gil", r)
			}
			h.wantJoin("Gus", r, room.ErrHidden)
		})
	}
}

func (h *house) wantIn(who string, out <-chan struct{}) {
	h.Helper()
	select {
	case <-out:
		h.Errorf("%s is out", who)
	default:
	}
}
