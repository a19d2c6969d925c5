package room_test

import (
	"errors"
	"testing"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/room"
)

// uses is how often an invitation was accepted, and how often it can be.
func (h *house) uses(id room.InvitationID) (uses int) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), `select uses from invitations where id = $1`, id).Scan(&uses); err != nil {
		h.Fatal(err)
	}
	return uses
}

func TestAcceptAsMember(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "ben", room.Member)
	h.sql(`insert into join_requests (id, room_id, user_id) values (gen_random_uuid(), $1, $2)`, r.ID, h.id("eve"))
	for _, step := range []struct {
		name, who string
		gives     room.Role
		want      room.Role
		uses      int
	}{
		{"stranger becomes a member", "eve", room.Member, room.Member, 1},
		{"member is raised", "eve", room.Moderator, room.Moderator, 1},
		{"moderator is not lowered", "eve", room.Member, room.Moderator, 0},
		{"member stays one", "ben", room.Member, room.Member, 0},
		{"owner stays one", "ana", room.Moderator, room.Owner, 0},
	} {
		made := h.invite(r, "ana", step.gives, 3)
		for range 2 {
			done, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{User: h.id(step.who)})
			if err != nil || done != (room.Accepted{Slug: r.Slug}) {
				t.Fatalf("%s: got %+v, %v", step.name, done, err)
			}
		}
		if got := h.roles(r)[step.who]; got != step.want || h.uses(made.ID) != step.uses {
			t.Errorf("%s: %s after %d uses, want %s after %d", step.name, got, h.uses(made.ID), step.want, step.uses)
		}
	}
	var requests int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from join_requests`).Scan(&requests); err != nil || requests != 0 {
		t.Errorf("%d requests to join are left, %v", requests, err)
	}
	made := h.invite(r, "ana", room.Member, 1)
	if _, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{DisplayName: "Gus"}); !errors.Is(err, account.ErrSignedOut) || h.uses(made.ID) != 0 {
		t.Errorf("without an account: got %v after %d uses, want %v after none", err, h.uses(made.ID), account.ErrSignedOut)
	}
}

func TestAcceptAsGuest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r, other := h.create("ana", "Team", "private"), h.create("ana", "Other", "private")
	h.add(r, "ana", "ben", room.Member)
	h.takeGuests(r)
	h.takeGuests(other)
	made := h.invite(r, "ana", room.Guest, 2)
	ctx := t.Context()

	var invalid input.Invalid
	for _, name := range []string{"", "a\u202eb", "a\x00"} {
		if _, err := h.rooms.Accept(ctx, made.Token, room.Comer{DisplayName: name}); !errors.As(err, &invalid) || invalid["display_name"] == "" {
			t.Errorf("as %q: got %v", name, err)
		}
	}
	gus, err := h.rooms.Accept(ctx, made.Token, room.Comer{DisplayName: " Gus ", Attempt: "first"})
	if err != nil || gus.Guest == "" {
		t.Fatalf("got %+v, %v", gus, err)
	}
	visit, err := h.rooms.Visit(ctx, gus.Guest, r.Slug)
	if err != nil || visit.Person.Role != room.Guest || !visit.Person.Invited || visit.DisplayName != "Gus" {
		t.Errorf("the guest visits: %+v, %v", visit.Person, err)
	}
	if _, err := h.rooms.Visit(ctx, gus.Guest, other.Slug); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("the guest visits another room: got %v, want %v", err, room.ErrSignIn)
	}

	// None of these uses the invitation again.
	offer, err := h.rooms.Offer(ctx, made.Token, room.Comer{Guest: gus.Guest})
	if err != nil || !offer.In {
		t.Errorf("the guest opens the link again: %+v, %v", offer, err)
	}
	if done, err := h.rooms.Accept(ctx, made.Token, room.Comer{Guest: gus.Guest, DisplayName: "Gus"}); err != nil || done.Guest != "" {
		t.Errorf("the guest accepts again: %+v, %v", done, err)
	}
	if done, err := h.rooms.Accept(ctx, made.Token, room.Comer{User: h.id("ben"), DisplayName: "Ben"}); err != nil || done.Guest != "" {
		t.Errorf("a member accepts: %+v, %v", done, err)
	}
	again, err := h.rooms.Accept(ctx, made.Token, room.Comer{DisplayName: "Gus", Attempt: "first"})
	if err != nil {
		t.Fatal(err)
	}
	if same, err := h.rooms.Visit(ctx, again.Guest, r.Slug); err != nil || same.Person.Guest != visit.Person.Guest {
		t.Errorf("the form sent again makes %v, want %v (%v)", same.Person.Guest, visit.Person.Guest, err)
	}
	if got := h.uses(made.ID); got != 1 {
		t.Errorf("%d uses, want 1", got)
	}

	// Somebody with an account who does not belong to the room comes as a guest.
	eve, err := h.rooms.Accept(ctx, made.Token, room.Comer{User: h.id("eve"), DisplayName: "Eve", Attempt: "second"})
	if err != nil || eve.Guest == "" || h.uses(made.ID) != 2 {
		t.Fatalf("got %+v, %v after %d uses", eve, err, h.uses(made.ID))
	}
	if _, err := h.rooms.Accept(ctx, made.Token, room.Comer{DisplayName: "Third"}); !errors.Is(err, room.ErrInvitation) {
		t.Errorf("one too many: got %v, want %v", err, room.ErrInvitation)
	}
	// The link is used up, and those who came by it may still come.
	if offer, err := h.rooms.Offer(ctx, made.Token, room.Comer{Guest: eve.Guest}); err != nil || !offer.In {
		t.Errorf("a guest by a used up link: %+v, %v", offer, err)
	}
	if _, err := h.rooms.Accept(ctx, made.Token, room.Comer{DisplayName: "Gus", Attempt: "first"}); err != nil {
		t.Errorf("the form sent late: %v", err)
	}
	if err := h.rooms.Revoke(ctx, r.ID, h.id("ana"), made.ID); err != nil {
		t.Fatal(err)
	}
	for _, comer := range []room.Comer{{Guest: eve.Guest}, {DisplayName: "Gus", Attempt: "first"}} {
		if _, err := h.rooms.Accept(ctx, made.Token, comer); !errors.Is(err, room.ErrInvitation) {
			t.Errorf("after it was revoked: got %v, want %v", err, room.ErrInvitation)
		}
	}
	if _, err := h.rooms.Visit(ctx, eve.Guest, r.Slug); !errors.Is(err, room.ErrSignIn) {
		t.Errorf("a guest visits after it was revoked: got %v, want %v", err, room.ErrSignIn)
	}
}

// Every link that lets nobody in gets the same answer.
func TestAcceptRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		role room.Role
		by   string
		undo func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken
	}{
		{"wrong", room.Member, "ana", func(*house, room.Room, room.MadeInvitation) room.InvitationToken { return "wrong" }},
		{"empty", room.Member, "ana", func(*house, room.Room, room.MadeInvitation) room.InvitationToken { return "" }},
		{"used up", room.Member, "ana", func(h *house, _ room.Room, made room.MadeInvitation) room.InvitationToken {
			h.accept(made.Token, "dora")
			return made.Token
		}},
		{"expired", room.Member, "ana", func(h *house, _ room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`update invitations set expires_at = now() - interval '1 second' where id = $1`, made.ID)
			return made.Token
		}},
		{"revoked", room.Member, "ana", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			if err := h.rooms.Revoke(h.Context(), r.ID, h.id("ana"), made.ID); err != nil {
				h.Error(err)
			}
			return made.Token
		}},
		{"closed by a ban", room.Guest, "ana", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`insert into bans (id, room_id, invitation_id, name) values (gen_random_uuid(), $1, $2, '')`, r.ID, made.ID)
			return made.Token
		}},
		{"the room takes no guests any more", room.Guest, "ana", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`update rooms set guests = false where id = $1`, r.ID)
			return made.Token
		}},
		{"whoever made it was lowered", room.Member, "ben", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`update memberships set role = 'member' where room_id = $1 and user_id = $2`, r.ID, h.id("ben"))
			return made.Token
		}},
		{"whoever made it was removed", room.Member, "ben", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			if _, err := h.rooms.RemoveMember(h.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				h.Error(err)
			}
			return made.Token
		}},
		{"whoever made it was banned", room.Guest, "ben", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			if _, err := h.rooms.BanMember(h.Context(), r.ID, h.id("ana"), "ben"); err != nil {
				h.Error(err)
			}
			return made.Token
		}},
		{"whoever made it is switched off", room.Member, "ben", func(h *house, _ room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`update users set disabled_at = now() where id = $1`, h.id("ben"))
			return made.Token
		}},
		{"whoever made it is gone", room.Member, "ben", func(h *house, _ room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`delete from users where id = $1`, h.id("ben"))
			return made.Token
		}},
		{"the room is deleted", room.Member, "ana", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			if err := h.rooms.Delete(h.Context(), r.ID, h.id("ana")); err != nil {
				h.Error(err)
			}
			return made.Token
		}},
		{"the room is closed to who opens it", room.Member, "ana", func(h *house, r room.Room, made room.MadeInvitation) room.InvitationToken {
			h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'eve')`, r.ID, h.id("eve"))
			return made.Token
		}},
	}
	h := newHouse(t, "ana", "cleo", "dora", "eve")
	for _, test := range tests {
		h.forget("ben")
		r := h.create("ana", "Team", "private")
		h.takeGuests(r)
		h.add(r, "ana", "ben", room.Moderator)
		// The same link lets somebody in before.
		made, whole := h.invite(r, test.by, test.role, 1), h.invite(r, test.by, test.role, 0)
		before := room.Comer{User: h.id("cleo"), DisplayName: "Cleo"}
		if _, err := h.rooms.Accept(t.Context(), whole.Token, before); err != nil {
			t.Fatalf("%s: before: %v", test.name, err)
		}
		link := test.undo(h, r, made)
		for what, err := range map[string]error{
			"offered":  second(h.rooms.Offer(t.Context(), link, room.Comer{User: h.id("eve")})),
			"accepted": second(h.rooms.Accept(t.Context(), link, room.Comer{User: h.id("eve"), DisplayName: "Eve", Attempt: "x"})),
		} {
			if !errors.Is(err, room.ErrInvitation) {
				t.Errorf("%s, %s: got %v, want %v", test.name, what, err, room.ErrInvitation)
			}
		}
		var came int
		if err := h.pool.QueryRow(t.Context(), `
			select (select count(*) from memberships where room_id = $1 and user_id = $2) + (select count(*) from guests where room_id = $1 and display_name = 'Eve')`,
			r.ID, h.id("eve")).Scan(&came); err != nil || came != 0 {
			t.Errorf("%s: eve came in, %v", test.name, err)
		}
	}
}

// forget makes an account of this name anew.
func (h *house) forget(name string) {
	h.Helper()
	h.sql(`delete from users where username = $1`, name)
	user, err := h.accounts.Register(h.Context(), account.Registration{Username: name, Email: name + "@example.org", Password: "correct horse " + name})
	if err != nil {
		h.Fatal(err)
	}
	h.people[name] = user
}

// A guest whom a moderator closed the room to does not come back by the same
// link from the same browser.
func TestBannedGuestDoesNotAcceptAgain(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.create("ana", "Team", "private")
	h.takeGuests(r)
	made := h.invite(r, "ana", room.Guest, 0)
	gus, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{DisplayName: "Gus"})
	if err != nil {
		t.Fatal(err)
	}
	h.sql(`insert into bans (id, room_id, guest_id, name) select gen_random_uuid(), room_id, id, display_name from guests`)
	if _, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{Guest: gus.Guest, DisplayName: "Gus"}); !errors.Is(err, room.ErrInvitation) {
		t.Errorf("got %v, want %v", err, room.ErrInvitation)
	}
	if _, err := h.rooms.Visit(t.Context(), gus.Guest, r.Slug); !errors.Is(err, room.ErrHidden) {
		t.Errorf("visit: got %v, want %v", err, room.ErrHidden)
	}
	if _, err := h.rooms.Accept(t.Context(), made.Token, room.Comer{DisplayName: "Somebody else"}); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

// The last use of a link is taken once, by whoever comes first; and somebody who
// opens it twice at the same moment lands both times, and takes one.
func TestLastUseIsTakenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "eve")
	r := h.create("ana", "Team", "private")
	h.takeGuests(r)
	for round := range rounds() {
		role := []room.Role{room.Member, room.Guest}[round%2]
		made := h.invite(r, "ana", role, 1)
		comers := []room.Comer{
			{User: h.id("ben"), DisplayName: "Ben", Attempt: "ben"}, {User: h.id("ben"), DisplayName: "Ben", Attempt: "ben"},
			{User: h.id("eve"), DisplayName: "Eve", Attempt: "eve"}, {User: h.id("eve"), DisplayName: "Eve", Attempt: "eve"},
		}
		landed := make([]bool, len(comers))
		acts := make([]func(), len(comers))
		for i, comer := range comers {
			acts[i] = func() {
				accepted, err := h.rooms.Accept(t.Context(), made.Token, comer)
				switch {
				case err == nil && accepted.Slug == r.Slug:
					landed[i] = true
				case !errors.Is(err, room.ErrInvitation):
					t.Errorf("unexpected: %+v, %v", accepted, err)
				}
			}
		}
		race(acts...)
		var uses, came int
		err := h.pool.QueryRow(t.Context(), `
			select uses, (select count(*) from memberships where room_id = $2 and role <> 'owner') + (select count(*) from guests where invitation_id = $1)
			from invitations where id = $1`, made.ID, r.ID).Scan(&uses, &came)
		if err != nil || uses != 1 || came != 1 {
			t.Fatalf("round %d: %d uses, %d came in, want 1 and 1 (%v)", round, uses, came, err)
		}
		if landed[0] != landed[1] || landed[2] != landed[3] || landed[0] == landed[2] {
			t.Fatalf("round %d: landed %v, want both of one and none of the other", round, landed)
		}
		h.sql(`delete from memberships where room_id = $1 and role <> 'owner'`, r.ID)
	}
}
