package room_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/ledger"
	"foyer/internal/postgres"
	"foyer/internal/room"
)

func noMail(context.Context, pgx.Tx, room.MadeInvitation) error { return nil }

// invite makes a link, for any number of people when mostUses is 0.
func (h *house) invite(to room.Room, by string, role room.Role, mostUses int) room.MadeInvitation {
	h.Helper()
	made, err := h.rooms.Invite(h.Context(), to.ID, h.id(by), room.InvitationDraft{Role: role, Lasts: room.LastsWeek, MostUses: mostUses}, noMail)
	if err != nil {
		h.Fatal(err)
	}
	return made[0]
}

// list returns the invitations into a room that its owners see.
func (h *house) list(in room.Room) []room.Invitation {
	h.Helper()
	invitations, _, err := h.rooms.Invitations(h.Context(), h.visit("ana", in).Room, room.InvitationRoles, room.Cursor{})
	if err != nil {
		h.Fatal(err)
	}
	return invitations
}

func (h *house) visit(who string, to room.Room) room.Visit {
	h.Helper()
	visit, err := h.rooms.Visit(h.Context(), h.session(who), to.Slug)
	if err != nil {
		h.Fatal(err)
	}
	return visit
}

func (h *house) takeGuests(r room.Room) {
	h.Helper()
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
}

func TestInviteRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r := h.create("ana", "Team", "private")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	good := room.InvitationDraft{Role: room.Member, Lasts: room.LastsWeek}
	with := func(change func(*room.InvitationDraft)) room.InvitationDraft {
		d := good
		change(&d)
		return d
	}
	fields := []struct {
		name  string
		draft room.InvitationDraft
		field string
	}{
		{"owner", with(func(d *room.InvitationDraft) { d.Role = room.Owner }), "role"},
		{"no role", with(func(d *room.InvitationDraft) { d.Role = "" }), "role"},
		{"other end", with(func(d *room.InvitationDraft) { d.Lasts = "year" }), "lasts"},
		{"no end given", with(func(d *room.InvitationDraft) { d.Lasts = "" }), "lasts"},
		{"long note", with(func(d *room.InvitationDraft) { d.Note = strings.Repeat("x", 201) }), "note"},
		{"note that hides", with(func(d *room.InvitationDraft) { d.Note = "a\u202eb" }), "note"},
		{"fewer than one use", with(func(d *room.InvitationDraft) { d.MostUses = -1 }), "uses"},
		{"too many uses", with(func(d *room.InvitationDraft) { d.MostUses = room.MostUses + 1 }), "uses"},
		{"no address", with(func(d *room.InvitationDraft) { d.ByMail = true }), "emails"},
		{"only separators", with(func(d *room.InvitationDraft) { d.ByMail, d.Addresses = true, " ,;\n" }), "emails"},
		{"one that is none", with(func(d *room.InvitationDraft) { d.ByMail, d.Addresses = true, "a@example.org, nobody" }), "emails"},
		{"NUL", with(func(d *room.InvitationDraft) { d.ByMail, d.Addresses = true, "a\x00@example.org" }), "emails"},
		{"not UTF-8", with(func(d *room.InvitationDraft) { d.ByMail, d.Addresses = true, "a\xff@example.org" }), "emails"},
		{"quoted", with(func(d *room.InvitationDraft) { d.ByMail, d.Addresses = true, `"a b"@example.org` }), "emails"},
		{"too many addresses", with(func(d *room.InvitationDraft) {
			d.ByMail = true
			for i := range room.MostAddresses + 1 {
				d.Addresses += fmt.Sprintf("a%d@example.org\n", i)
			}
		}), "emails"},
	}
	for _, test := range fields {
		_, err := h.rooms.Invite(t.Context(), r.ID, h.id("ana"), test.draft, noMail)
		var invalid input.Invalid
		if !errors.As(err, &invalid) || invalid[test.field] == "" {
			t.Errorf("%s: got %v, want a complaint about %s", test.name, err, test.field)
		}
	}
	policy := []struct {
		name, by string
		role     room.Role
		want     error
	}{
		{"moderator invites a moderator", "ben", room.Moderator, room.Rank},
		{"member invites a member", "cleo", room.Member, room.Rank},
		{"stranger", "eve", room.Member, room.ErrHidden},
		{"a guest where there are none", "ana", room.Guest, room.Rank},
	}
	for _, test := range policy {
		draft := good
		draft.Role = test.role
		if _, err := h.rooms.Invite(t.Context(), r.ID, h.id(test.by), draft, noMail); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	broken := errors.New("the mail cannot be written")
	refuse := func(context.Context, pgx.Tx, room.MadeInvitation) error { return broken }
	if _, err := h.rooms.Invite(t.Context(), r.ID, h.id("ana"), good, refuse); !errors.Is(err, broken) {
		t.Errorf("delivery fails: got %v, want %v", err, broken)
	}
	if got := h.list(r); len(got) != 0 {
		t.Errorf("invitations were made: %v", got)
	}
}

// Addresses are taken as people paste them, and each gets a link for one person.
func TestInviteByMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.create("ana", "Team", "private")
	draft := room.InvitationDraft{
		Role: room.Member, Lasts: room.LastsDay, Note: "  See   you ", ByMail: true, MostUses: 7,
		Addresses: "ben@example.org, Cleo Smith <cleo@example.org>;\r\ndora@example.org eve@example.org\n\nBEN@example.org",
	}
	var delivered []room.MadeInvitation
	made, err := h.rooms.Invite(t.Context(), r.ID, h.id("ana"), draft, func(_ context.Context, _ pgx.Tx, m room.MadeInvitation) error {
		delivered = append(delivered, m)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(made, delivered) {
		t.Errorf("delivered %v, made %v", delivered, made)
	}
	var emails []string
	tokens := make(map[room.InvitationToken]bool)
	for _, m := range made {
		emails = append(emails, m.Email)
		tokens[m.Token] = true
		if m.Room != "Team" || m.By != "ana" || m.Note != "See you" || m.ExpiresAt == nil {
			t.Errorf("made %+v", m)
		}
	}
	if want := []string{"ben@example.org", "cleo@example.org", "dora@example.org", "eve@example.org"}; !slices.Equal(emails, want) || len(tokens) != len(want) {
		t.Errorf("addresses %q with %d links, want %q", emails, len(tokens), want)
	}
	for _, i := range h.list(r) {
		if i.MostUses != 1 || i.State != room.InvitationOpen {
			t.Errorf("%s: %d uses, %s", i.Email, i.MostUses, i.State)
		}
	}
	var raw string
	if err := h.pool.QueryRow(t.Context(), `select string_agg(i::text, ' ') || (select string_agg(l::text, ' ') from ledger l) from invitations i`).Scan(&raw); err != nil {
		t.Fatal(err)
	}
	for token := range tokens {
		if strings.Contains(raw, string(token)) {
			t.Error("a token is in the database")
		}
	}
}

// The list says what became of each, in pages, and to whom may end it.
func TestInvitations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "dora")
	r := h.create("ana", "Team", "private")
	h.takeGuests(r)
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	cases := []struct {
		state room.InvitationState
		make  func() room.MadeInvitation
	}{
		{room.InvitationOpen, func() room.MadeInvitation { return h.invite(r, "ana", room.Moderator, 0) }},
		{room.InvitationUsedUp, func() room.MadeInvitation {
			made := h.invite(r, "ana", room.Member, 1)
			h.accept(made.Token, "dora")
			return made
		}},
		{room.InvitationExpired, func() room.MadeInvitation {
			made := h.invite(r, "ana", room.Member, 0)
			h.sql(`update invitations set expires_at = now() where id = $1`, made.ID)
			return made
		}},
		{room.InvitationRevoked, func() room.MadeInvitation {
			made := h.invite(r, "ana", room.Member, 0)
			if err := h.rooms.Revoke(t.Context(), r.ID, h.id("ben"), made.ID); err != nil {
				t.Error(err)
			}
			return made
		}},
		{room.InvitationBanned, func() room.MadeInvitation {
			made := h.invite(r, "ana", room.Guest, 0)
			h.sql(`insert into bans (id, room_id, invitation_id, name) values (gen_random_uuid(), $1, $2, '')`, r.ID, made.ID)
			return made
		}},
		{room.InvitationVoid, func() room.MadeInvitation { return h.invite(r, "ben", room.Member, 0) }}, // ben is lowered below
		{room.InvitationNoGuests, func() room.MadeInvitation { return h.invite(r, "ana", room.Guest, 0) }},
	}
	want := make(map[room.InvitationID]room.InvitationState)
	for _, c := range cases {
		want[c.make().ID] = c.state
	}
	if err := second(h.rooms.SetRole(t.Context(), r.ID, h.id("ana"), "ben", room.Member)); err != nil {
		t.Fatal(err)
	}
	h.sql(`update rooms set guests = false where id = $1`, r.ID)
	got := make(map[room.InvitationID]room.InvitationState)
	for _, i := range h.list(r) {
		got[i.ID] = i.State
	}
	for id, state := range want {
		if got[id] != state {
			t.Errorf("got %q, want %q", got[id], state)
		}
	}

	h.sql(`delete from invitations`)
	const many = 2*room.InvitationsPerPage + 1
	draft := room.InvitationDraft{Role: room.Member, Lasts: room.LastsAlways, ByMail: true}
	for len(h.all(r)) < many {
		draft.Addresses = ""
		for i := range min(room.MostAddresses, many-len(h.all(r))) {
			draft.Addresses += fmt.Sprintf("a%d@example.org ", i) // all of one moment, so that their ids decide the order
		}
		if _, err := h.rooms.Invite(t.Context(), r.ID, h.id("ana"), draft, noMail); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[room.InvitationID]bool)
	pages, last := 0, room.Invitation{}
	for after := (room.Cursor{}); pages == 0 || after != (room.Cursor{}); pages++ {
		page, next, err := h.rooms.Invitations(t.Context(), r, room.InvitationRoles, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range page {
			if seen[i.ID] || !last.CreatedAt.IsZero() && i.CreatedAt.After(last.CreatedAt) {
				t.Errorf("%s again, or out of order", i.ID)
			}
			seen[i.ID], last = true, i
		}
		after = next
	}
	if len(seen) != many || pages != 3 {
		t.Errorf("%d invitations on %d pages, want %d on 3", len(seen), pages, many)
	}
	only, _, err := h.rooms.Invitations(t.Context(), r, []room.Role{room.Guest}, room.Cursor{})
	if err != nil || len(only) != 0 {
		t.Errorf("of another role: %d, %v", len(only), err)
	}
}

func (h *house) all(r room.Room) (ids []string) {
	h.Helper()
	rows, err := h.pool.Query(h.Context(), `select id::text from invitations where room_id = $1`, r.ID)
	if err != nil {
		h.Fatal(err)
	}
	ids, err = pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		h.Fatal(err)
	}
	return ids
}

func TestRevokeRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben", "cleo", "eve")
	r, other := h.create("ana", "Team", "private"), h.create("ana", "Other", "private")
	h.add(r, "ana", "ben", room.Moderator)
	h.add(r, "ana", "cleo", room.Member)
	link := h.invite(r, "ana", room.Moderator, 0)
	elsewhere := h.invite(other, "ana", room.Member, 0)
	tests := []struct {
		name, by string
		which    room.InvitationID
		want     error
	}{
		{"moderator, one for a moderator", "ben", link.ID, room.Rank},
		{"member", "cleo", link.ID, room.Rank},
		{"member, one that there is not", "cleo", "nothing", room.Rank},
		{"stranger", "eve", link.ID, room.ErrHidden},
		{"one of another room", "ana", elsewhere.ID, postgres.ErrNotFound},
		{"one that there is not", "ana", "nothing", postgres.ErrNotFound},
	}
	for _, test := range tests {
		if err := h.rooms.Revoke(t.Context(), r.ID, h.id(test.by), test.which); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
	for range 2 {
		if err := h.rooms.Revoke(t.Context(), r.ID, h.id("ana"), link.ID); err != nil {
			t.Fatal(err)
		}
	}
	revoked := slices.DeleteFunc(h.kinds(r), func(k ledger.Kind) bool { return k != ledger.InvitationRevoked })
	if len(revoked) != 1 {
		t.Errorf("revoked %d times, want once", len(revoked))
	}
}

func (h *house) accept(link room.InvitationToken, who string) {
	h.Helper()
	if _, err := h.rooms.Accept(h.Context(), link, room.Comer{User: h.id(who), Origin: account.Origin{}}); err != nil {
		h.Fatalf("%s accepts: %v", who, err)
	}
}
