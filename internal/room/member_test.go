package room_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

func TestMembers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "BEN@example.org", room.Moderator)
	h.add(r, "ben", "cleo", room.Member)
	ctx := t.Context()

	refusals := []struct {
		name string
		do   error
		want error
	}{
		{"moderator adds moderator", second(h.rooms.AddMember(ctx, r.ID, h.id("ben"), "eve", room.Moderator)), room.Rank},
		{"member adds member", second(h.rooms.AddMember(ctx, r.ID, h.id("cleo"), "eve", room.Member)), room.Rank},
		{"stranger adds herself", second(h.rooms.AddMember(ctx, r.ID, h.id("eve"), "eve", room.Owner)), room.ErrHidden},
		{"moderator removes owner", second(h.rooms.RemoveMember(ctx, r.ID, h.id("ben"), "ana")), room.Rank},
		{"moderator promotes himself", second(h.rooms.SetRole(ctx, r.ID, h.id("ben"), "ben", room.Owner)), room.Rank},
		{"stranger removes member", second(h.rooms.RemoveMember(ctx, r.ID, h.id("eve"), "cleo")), room.ErrHidden},
		{"nobody by that name", second(h.rooms.RemoveMember(ctx, r.ID, h.id("ana"), "eve")), postgres.ErrNotFound},
		{"last owner leaves", second(h.rooms.RemoveMember(ctx, r.ID, h.id("ana"), "ana")), room.LastOwner},
		{"last owner steps down", second(h.rooms.SetRole(ctx, r.ID, h.id("ana"), "ana", room.Member)), room.LastOwner},
		{"no such room", second(h.rooms.RemoveMember(ctx, "00000000-0000-7000-8000-000000000000", h.id("ana"), "ana")), room.ErrHidden},
	}
	for _, test := range refusals {
		if !errors.Is(test.do, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, test.do, test.want)
		}
	}
	for _, login := range []string{"cleo", "nobody", "", "a\x00b"} {
		var invalid input.Invalid
		if _, err := h.rooms.AddMember(ctx, r.ID, h.id("ana"), login, room.Member); !errors.As(err, &invalid) || invalid["login"] == "" {
			t.Errorf("adding %q: got %v, want a complaint about login", login, err)
		}
	}
	want := map[string]room.Role{"ana": room.Owner, "ben": room.Moderator, "cleo": room.Member}
	if got := h.roles(r); len(got) != len(want) || got["ana"] != room.Owner || got["ben"] != room.Moderator || got["cleo"] != room.Member {
		t.Fatalf("after refusals: %v, want %v", got, want)
	}

	steps := []struct {
		name string
		do   func() error
	}{
		{"ana makes cleo owner", func() error { return second(h.rooms.SetRole(ctx, r.ID, h.id("ana"), "cleo", room.Owner)) }},
		{"cleo removes ben", func() error { return second(h.rooms.RemoveMember(ctx, r.ID, h.id("cleo"), "ben")) }},
		{"ana leaves", func() error { return second(h.rooms.RemoveMember(ctx, r.ID, h.id("ana"), "ana")) }},
	}
	for _, step := range steps {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	if got := h.roles(r); len(got) != 1 || got["cleo"] != room.Owner {
		t.Errorf("roles %v, want cleo alone as owner", got)
	}
	wantKinds := []ledger.Kind{
		ledger.RoomCreated, ledger.MemberAdded, ledger.MemberAdded, ledger.RoleChanged, ledger.MemberRemoved, ledger.MemberRemoved,
	}
	if got := h.kinds(r); !slices.Equal(got, wantKinds) {
		t.Errorf("ledger %v, want %v", got, wantKinds)
	}
}

func second[T any](_ T, err error) error { return err }

// Two owners remove each other at once: one of them always remains.
func TestOwnersRemoveEachOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	for round := range rounds() {
		r := h.create("ana", fmt.Sprint("Duel ", round), "private")
		h.add(r, "ana", "ben", room.Owner)
		answered := func(_ any, err error) {
			if err != nil && !isRefusal(err) {
				t.Errorf("unexpected error: %v", err)
			}
		}
		race(
			func() { answered(h.rooms.RemoveMember(t.Context(), r.ID, h.id("ana"), "ben")) },
			func() { answered(h.rooms.RemoveMember(t.Context(), r.ID, h.id("ben"), "ana")) },
			func() { answered(h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ana", room.Member)) },
			func() { answered(h.rooms.RemoveMember(t.Context(), r.ID, h.id("ben"), "ben")) },
		)
		owners := 0
		for _, role := range h.roles(r) {
			if role == room.Owner {
				owners++
			}
		}
		if owners != 1 {
			t.Fatalf("%d owners remain, want 1: %v", owners, h.roles(r))
		}
	}
}
