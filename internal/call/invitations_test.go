package call_test

import (
	"context"
	"errors"
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

// An invitation is used once by each who comes by it, however many calls of theirs
// end: only whose stay ended with the call comes again by a link that is used up.
func TestGuestsComeAgainAfterACall(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(h *house, r room.Room, made room.MadeInvitation, ticket call.Ticket) error
		want error
	}{
		"everybody has left": {func(h *house, r room.Room, _ room.MadeInvitation, ticket call.Ticket) error {
			if err := h.calls.Leave(h.Context(), h.sessions["Zoe"], r.ID, ticket.Participant); err != nil {
				return err
			}
			h.waitFor("nobody is in", func() bool { return h.taken(r) == 0 })
			h.sql(`update grants set left_at = now() - interval '2 minutes', held_until = null where room_id = $1`, r.ID)
			h.sql(`update calls set started_at = now() - interval '5 minutes' where room_id = $1`, r.ID)
			return h.reconciler.Reconcile(h.Context(), r.ID)
		}, nil},
		"the call was ended": {func(h *house, r room.Room, _ room.MadeInvitation, _ call.Ticket) error {
			return h.calls.End(h.Context(), r.ID, h.id("ana"))
		}, nil},
		"put out": {func(h *house, r room.Room, _ room.MadeInvitation, ticket call.Ticket) error {
			if err := h.calls.Expel(h.Context(), r.ID, h.id("ana"), ticket.Participant); err != nil {
				return err
			}
			return h.calls.End(h.Context(), r.ID, h.id("ana"))
		}, room.ErrInvitation},
		"left for good": {func(h *house, r room.Room, _ room.MadeInvitation, _ call.Ticket) error {
			visit, err := h.rooms.Visit(h.Context(), h.sessions["Zoe"], r.Slug)
			if err != nil {
				return err
			}
			return h.rooms.LeaveAsGuest(h.Context(), visit)
		}, room.ErrInvitation},
		"the invitation was withdrawn": {func(h *house, r room.Room, made room.MadeInvitation, _ call.Ticket) error {
			if err := h.calls.End(h.Context(), r.ID, h.id("ana")); err != nil {
				return err
			}
			return h.rooms.Revoke(h.Context(), r.ID, h.id("ana"), made.ID)
		}, room.ErrInvitation},
		"the invitation has expired": {func(h *house, r room.Room, made room.MadeInvitation, _ call.Ticket) error {
			h.sql(`update invitations set expires_at = now() where id = $1`, made.ID)
			return h.calls.End(h.Context(), r.ID, h.id("ana"))
		}, room.ErrInvitation},
		"banned": {func(h *house, r room.Room, _ room.MadeInvitation, ticket call.Ticket) error {
			if err := h.calls.End(h.Context(), r.ID, h.id("ana")); err != nil {
				return err
			}
			h.sql(`insert into bans (id, room_id, guest_id, name) select gen_random_uuid(), room_id, id, display_name from guests`)
			return nil
		}, room.ErrInvitation},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "ana")
			r := h.room("private", "ana")
			h.sql(`update rooms set guests = true where id = $1`, r.ID)
			made := h.invite(r, room.Guest)
			h.sql(`update invitations set most_uses = 1`)
			came, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{DisplayName: "Zoe"})
			if err != nil {
				t.Fatal(err)
			}
			h.sessions["Zoe"] = came.Guest
			ticket, _ := h.enterAsGuest("Zoe", r)
			if err := test.end(h, r, made, ticket); err != nil {
				t.Fatal(err)
			}
			if _, err := h.calls.Join(t.Context(), came.Guest, r.Slug, ""); !errors.Is(err, room.ErrSignIn) && !errors.Is(err, room.ErrHidden) {
				t.Errorf("joining without the link: got %v", err)
			}
			again := room.Comer{Guest: came.Guest, DisplayName: "Zoe Z.", Attempt: "again"}
			offer, err := h.rooms.Offer(t.Context(), made.Token, again)
			if !errors.Is(err, test.want) || offer.In {
				t.Errorf("opening the link again: in %v, %v, want %v", offer.In, err, test.want)
			}
			back, err := h.rooms.Accept(t.Context(), made.Token, again)
			if !errors.Is(err, test.want) {
				t.Fatalf("coming again: got %v, want %v", err, test.want)
			}
			if _, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{DisplayName: "Somebody else"}); !errors.Is(err, room.ErrInvitation) {
				t.Errorf("somebody else by the link that is used up: %v", err)
			}
			if test.want != nil {
				return
			}
			h.sessions["Zoe Z."] = back.Guest
			h.enterAsGuest("Zoe Z.", r)
			var uses, guests int
			if err := h.pool.QueryRow(t.Context(), `select uses, (select count(*) from guests) from invitations`).Scan(&uses, &guests); err != nil || uses != 1 || guests != 1 {
				t.Errorf("%d uses by %d guests, want 1 by 1, %v", uses, guests, err)
			}
		})
	}
}
