package room_test

import (
	"errors"
	"slices"
	"testing"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/room"
)

// Only an open room that takes guests has a door; every other looks like none.
func TestDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	for _, access := range []string{"private", "listed", "open"} {
		for _, guests := range []bool{false, true} {
			r := h.create("ana", "Team", access)
			h.sql(`update rooms set guests = $2 where id = $1`, r.ID, guests)
			var want error
			if access != "open" || !guests {
				want = room.ErrSignIn
			}
			if _, err := h.rooms.Door(t.Context(), r.Slug); !errors.Is(err, want) {
				t.Errorf("door of %s room, guests %v: got %v, want %v", access, guests, err, want)
			}
			if _, err := h.rooms.ComeIn(t.Context(), r.Slug, room.Comer{DisplayName: "Gus"}); !errors.Is(err, want) {
				t.Errorf("coming into %s room, guests %v: got %v, want %v", access, guests, err, want)
			}
			if err := h.rooms.Delete(t.Context(), r.ID, h.id("ana")); err != nil {
				t.Fatal(err)
			}
			if _, err := h.rooms.Door(t.Context(), r.Slug); !errors.Is(err, room.ErrSignIn) {
				t.Errorf("door of a deleted %s room: got %v", access, err)
			}
		}
	}
	for _, slug := range []string{"nothing", "", "no\x00thing", "no\xffthing"} {
		if _, err := h.rooms.Door(t.Context(), slug); !errors.Is(err, room.ErrSignIn) {
			t.Errorf("%q: got %v", slug, err)
		}
	}
}

// Who comes without an invitation waits, is the same person when the form is
// sent twice, and is over when they leave.
func TestComeInAndLeave(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.create("ana", "Team", "open")
	h.takeGuests(r)
	ctx := t.Context()
	var invalid input.Invalid
	if _, err := h.rooms.ComeIn(ctx, r.Slug, room.Comer{DisplayName: "\u200b"}); !errors.As(err, &invalid) || invalid["display_name"] == "" {
		t.Errorf("without a name: got %v", err)
	}
	var tokens []account.Token
	var visits []room.Visit
	for range 2 {
		token, err := h.rooms.ComeIn(ctx, r.Slug, room.Comer{DisplayName: "Gus", Attempt: "once"})
		if err != nil {
			t.Fatal(err)
		}
		visit, err := h.rooms.Visit(ctx, token, r.Slug)
		if err != nil {
			t.Fatal(err)
		}
		tokens, visits = append(tokens, token), append(visits, visit)
	}
	if visits[0].Person.Guest != visits[1].Person.Guest {
		t.Error("sent twice, the form makes two guests")
	}
	if err := visits[0].May(room.Ask{Action: room.Enter}); !errors.Is(err, room.MustWait) {
		t.Errorf("entering: got %v, want %v", err, room.MustWait)
	}
	if _, err := h.rooms.Knock(ctx, visits[0], ""); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := h.rooms.LeaveAsGuest(ctx, visits[0]); err != nil {
			t.Fatal(err)
		}
	}
	for _, token := range tokens {
		if _, err := h.rooms.Visit(ctx, token, r.Slug); !errors.Is(err, room.ErrSignIn) {
			t.Errorf("after leaving: got %v, want %v", err, room.ErrSignIn)
		}
	}
	if waiting, err := h.rooms.Waiting(ctx, r.ID); err != nil || len(waiting) != 0 {
		t.Errorf("%v still waits, %v", waiting, err)
	}
	want := []ledger.Kind{ledger.RoomCreated, ledger.GuestCame, ledger.Knocked, ledger.KnockGone, ledger.GuestLeft}
	if got := h.kinds(r); !slices.Equal(got, want) {
		t.Errorf("ledger %v, want %v", got, want)
	}
	token, err := h.rooms.ComeIn(ctx, r.Slug, room.Comer{DisplayName: "Gus", Attempt: "once"})
	if err != nil {
		t.Fatal(err)
	}
	if visit, err := h.rooms.Visit(ctx, token, r.Slug); err != nil || visit.Person.Guest == visits[0].Person.Guest {
		t.Errorf("who left and comes again is somebody new: %v, %v", visit.Person, err)
	}

	if err := h.rooms.LeaveAsGuest(ctx, h.visit("ana", r)); !errors.Is(err, room.Rank) {
		t.Errorf("the owner leaves as a guest: got %v, want %v", err, room.Rank)
	}
	if err := h.rooms.SetLocked(ctx, r.ID, h.id("ana"), true); err != nil {
		t.Fatal(err)
	}
	if _, err := h.rooms.ComeIn(ctx, r.Slug, room.Comer{DisplayName: "Late"}); !errors.Is(err, room.Locked) {
		t.Errorf("coming into a locked room: got %v, want %v", err, room.Locked)
	}
}
