package call_test

import (
	"errors"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/call"
	"foyer/internal/input"
	"foyer/internal/room"
)

// vouching is somebody's program that visits a room.
func (h *house) vouching(name string, r room.Room) (account.Token, room.Visit) {
	h.Helper()
	user := h.people[name]
	maker, err := h.accounts.Resume(h.Context(), h.sessions[name])
	if err != nil {
		h.Fatal(err)
	}
	token, err := apitoken.NewStore(h.pool).Make(h.Context(), maker, user.ID,
		apitoken.Draft{Name: "Program", Scopes: apitoken.Scopes, Days: 7})
	if err != nil {
		h.Fatal(err)
	}
	visit, err := h.rooms.Visit(h.Context(), token, r.Slug)
	if err != nil {
		h.Fatal(err)
	}
	return token, visit
}

// Who may not invite guests lets nobody in, and who may lets in whom the room takes,
// under a name that can be shown.
func TestVouch(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder", "member")
	r := h.room("private", "owner", "moder", "member")
	if _, err := h.rooms.SetRole(t.Context(), r.ID, h.id("owner"), "moder", room.Moderator); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{"owner": room.Rank, "moder": room.Rank, "member": room.Rank} {
		_, visit := h.vouching(name, r)
		if _, err := h.calls.Vouch(t.Context(), visit, "", "Zoe"); !errors.Is(err, want) {
			t.Errorf("%s, where no guests come: %v", name, err)
		}
	}
	if _, err := h.pool.Exec(t.Context(), `update rooms set guests = true where id = $1`, r.ID); err != nil {
		t.Fatal(err)
	}
	_, member := h.vouching("member", r)
	if _, err := h.calls.Vouch(t.Context(), member, "", "Zoe"); !errors.Is(err, room.Rank) {
		t.Errorf("a member: %v", err)
	}
	token, moder := h.vouching("moder", r)
	var invalid input.Invalid
	for field, given := range map[string][2]string{"display_name": {"", "\u202eeoZ"}, "identity": {strings.Repeat("x", 129), "Zoe"}} {
		if _, err := h.calls.Vouch(t.Context(), moder, given[0], given[1]); !errors.As(err, &invalid) || invalid[field] == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	ticket, err := h.calls.Vouch(t.Context(), moder, "4711", "Zoe")
	if err != nil || ticket.Participant == "" || ticket.Grant.Token == "" {
		t.Fatalf("let in: %+v %v", ticket, err)
	}
	connection, err := h.media.Connect(t.Context(), ticket.Grant.Token)
	if err != nil {
		t.Fatal(err)
	}
	h.waitFor("Zoe is in", func() bool { return len(h.present(r)) == 1 })
	if err := h.calls.Leave(t.Context(), "another's", r.ID, ticket.Participant); !errors.Is(err, call.ErrNotYours) {
		t.Errorf("another says that Zoe has left: %v", err)
	}
	if err := h.calls.Leave(t.Context(), token, r.ID, ticket.Participant); err != nil {
		t.Fatal(err)
	}
	h.waitClosed("Zoe, who has left", connection)
	if err := h.calls.Leave(t.Context(), token, r.ID, ticket.Participant); err != nil {
		t.Errorf("once more: %v", err)
	}
	if _, err := h.media.Connect(t.Context(), ticket.Grant.Token); err == nil {
		t.Error("the old token lets Zoe in again")
	}
}

// Of somebody new whom the room does not take nothing is kept: they never came.
func TestVouchRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", "owner")
	_, visit := h.vouching("owner", r)
	kept := func() (guests, came int) {
		err := h.pool.QueryRow(t.Context(), `
			select (select count(*) from guests where room_id = $1), (select count(*) from ledger where room_id = $1 and kind = 'guest_came')`, r.ID).Scan(&guests, &came)
		if err != nil {
			t.Fatal(err)
		}
		return guests, came
	}
	for set, want := range map[string]error{
		`locked_at = now()`: room.Locked, `lobby = 'strangers'`: room.MustWait, `capacity = 2`: room.Full,
	} {
		h.sql(`update rooms set guests = true, locked_at = null, lobby = 'off', capacity = 50 where id = $1`, r.ID)
		h.sql(`update rooms set `+set+` where id = $1`, r.ID)
		if want == room.Full {
			for _, identity := range []string{"1", "2"} {
				if _, err := h.calls.Vouch(t.Context(), visit, identity, "Yan"); err != nil {
					t.Fatal(err)
				}
			}
		}
		guests, came := kept()
		for _, identity := range []string{"", "4711"} {
			if _, err := h.calls.Vouch(t.Context(), visit, identity, "Zoe"); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", set, err, want)
			}
		}
		if g, c := kept(); g != guests || c != came {
			t.Errorf("%s: %d guests, %d came; before %d, %d", set, g, c, guests, came)
		}
	}
}
