package call_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/call"
	"foyer/internal/room"
)

func (h *house) invite(r room.Room, role room.Role) room.MadeInvitation {
	h.Helper()
	made, err := h.rooms.Invite(h.Context(), r.ID, h.id("ana"), room.InvitationDraft{Role: role, Lasts: room.LastsWeek},
		func(context.Context, pgx.Tx, room.MadeInvitation) error { return nil })
	if err != nil {
		h.Fatal(err)
	}
	return made[0]
}

// comeBy accepts an invitation as a guest, whose session is known by name from
// then on.
func (h *house) comeBy(link room.InvitationToken, name string) {
	h.Helper()
	done, err := h.rooms.Accept(h.Context(), link, room.Comer{DisplayName: name})
	if err != nil {
		h.Fatal(err)
	}
	h.sessions[name] = done.Guest
}

// Revoking an invitation puts out all the guests who came by it and nobody else,
// without a sweep; so does a guest's leaving for that guest.
func TestRevokingEndsTheStayOfItsGuests(t *testing.T) {
	t.Parallel()
	h := newUnsweptHouse(t, "ana", "ben")
	r := h.room("private", "ana")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	revoked, other, members := h.invite(r, room.Guest), h.invite(r, room.Guest), h.invite(r, room.Member)
	for name, link := range map[string]room.InvitationToken{"Gus": revoked.Token, "Gil": revoked.Token, "Zoe": other.Token} {
		h.comeBy(link, name)
	}
	if _, err := h.rooms.Accept(t.Context(), members.Token, room.Comer{User: h.id("ben")}); err != nil {
		t.Fatal(err)
	}
	_, ben := h.enter("ben", r)
	tickets, outs := make(map[string]call.Ticket), make(map[string]<-chan struct{})
	for _, name := range []string{"Gus", "Gil", "Zoe"} {
		tickets[name], outs[name] = h.enterAsGuest(name, r)
	}
	stream, err := h.calls.Stream(t.Context(), h.sessions["Gus"], r.Slug, tickets["Gus"].Participant, tickets["Gus"].Position)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()

	start := time.Now()
	for _, link := range []room.MadeInvitation{revoked, members} {
		if err := h.rooms.Revoke(t.Context(), r.ID, h.id("ana"), link.ID); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"Gus", "Gil"} {
		h.waitOut(name, outs[name])
		h.refusedAtTheDoor(tickets[name], call.PassOver)
	}
	t.Logf("out after %v", time.Since(start).Round(time.Millisecond))
	if got, want := h.ending(stream), (call.Ending{Reason: call.PassOver, Message: call.PassOver.Sentence("")}); got != want {
		t.Errorf("told %+v, want %+v", got, want)
	}
	if _, err := h.calls.Join(t.Context(), h.sessions["Gus"], r.Slug, ""); err == nil {
		t.Error("Gus joins again")
	}

	visit, err := h.rooms.Visit(t.Context(), h.sessions["Zoe"], r.Slug)
	if err != nil {
		t.Fatalf("a guest by another invitation: %v", err)
	}
	if err := h.rooms.LeaveAsGuest(t.Context(), visit); err != nil {
		t.Fatal(err)
	}
	h.waitOut("Zoe", outs["Zoe"])
	select {
	case <-ben.Done():
		t.Error("a member whose invitation was revoked is out")
	default:
	}
	h.waitFor("ben alone is in", func() bool { return slices.Equal(h.present(r), []string{"ben"}) })
}
