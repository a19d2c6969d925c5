package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// offered is what a program is told of an invitation.
type offered struct {
	Room, Slug, Role, Takes, Note string
	InvitedBy                     string `json:"invited_by"`
	ExpiresAt                     string `json:"expires_at"`
}

func (h *house) look(token account.Token, link room.InvitationToken) (o offered, got programAnswer) {
	h.Helper()
	got = h.program(token, "POST", "/look-at-invitation", `{"token": "`+string(link)+`"}`)
	_ = json.Unmarshal([]byte(got.body), &o) // a problem has none of it
	return o, got
}

// An invitation is looked at without being used up, and one that lets nobody in looks
// like none.
func TestAPILookingAtInvitations(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve", "ben")
	r := h.room("private", nil, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	make := func(draft room.InvitationDraft) room.InvitationToken {
		t.Helper()
		made, err := h.rooms.Invite(t.Context(), r.ID, h.people["owner"].ID, draft,
			func(context.Context, pgx.Tx, room.MadeInvitation) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		return made[0].Token
	}
	eve, ben := h.apiToken("eve"), h.apiToken("ben")
	once := make(room.InvitationDraft{Role: room.Moderator, Lasts: room.LastsWeek, Note: "To help", MostUses: 1})
	for range 3 {
		o, got := h.look(eve, once)
		if o.ExpiresAt == "" {
			t.Errorf("until when: %s", got.body)
		}
		o.ExpiresAt = ""
		if want := (offered{Room: "Team", Role: "moderator", Takes: "account", Note: "To help", InvitedBy: "The owner"}); o != want {
			t.Errorf("got %+v, want %+v", o, want)
		}
	}
	if guest, got := h.look(eve, make(room.InvitationDraft{Role: room.Guest, Lasts: room.LastsAlways})); guest.Takes != "name" || strings.Contains(got.body, "expires_at") {
		t.Errorf("for guests: %s", got.body)
	}
	if got := h.program(eve, "POST", "/accept-invitation", `{"token": "`+string(once)+`"}`); got.status != http.StatusOK {
		t.Fatalf("accept: %d %s", got.status, got.body)
	}
	if in, _ := h.look(eve, once); in.Takes != "nothing" || in.Slug != r.Slug {
		t.Errorf("for who is in: %+v", in)
	}
	expired := make(room.InvitationDraft{Role: room.Member, Lasts: room.LastsHour})
	h.sql(`update invitations set expires_at = now() where role = 'member'`)
	revoked := make(room.InvitationDraft{Role: room.Member, Lasts: room.LastsAlways})
	h.sql(`update invitations set revoked_at = now() where role = 'member' and expires_at is null`)
	_, unknown := h.look(ben, "unknown")
	if unknown.status != http.StatusNotFound || unknown.reason != "invitation" {
		t.Errorf("unknown: %d %s", unknown.status, unknown.reason)
	}
	for name, link := range map[string]room.InvitationToken{"used up": once, "expired": expired, "revoked": revoked, "empty": ""} {
		if _, got := h.look(ben, link); got.status != unknown.status || got.body != unknown.body {
			t.Errorf("%s: %d %s, unknown: %s", name, got.status, got.body, unknown.body)
		}
	}
	limited, err := h.tokens.Make(t.Context(), h.sessionOf(h.people["eve"]), h.people["eve"].ID,
		apitoken.Draft{Name: "One", Scopes: apitoken.Scopes, Days: 7, Rooms: r.Slug})
	if err != nil {
		t.Fatal(err)
	}
	if _, got := h.look(limited, once); got.reason != "rooms" {
		t.Errorf("with a token that is limited to rooms: %d %s", got.status, got.reason)
	}
	// Guessing is bounded, here and on the pages together.
	status := 0
	for n := 0; n < 250 && status != http.StatusTooManyRequests; n++ {
		_, got := h.look(ben, "wrong")
		status = got.status
	}
	if page := h.get("", "/invite/wrong"); status != http.StatusTooManyRequests || page.status != status {
		t.Errorf("after many wrong ones: %d, on the page %d", status, page.status)
	}
}

// Somebody sees what became of their own request.
func TestAPIOwnRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("listed", nil, "owner")
	path := "/rooms/" + r.Slug + "/requests"
	eve, owner := h.apiToken("eve"), h.apiToken("owner")
	read := func(token account.Token) (own struct {
		Waiting bool
		Message string
		MayAsk  bool `json:"may_ask"`
	}) {
		t.Helper()
		if err := json.Unmarshal([]byte(h.program(token, "GET", path+"/mine", "").body), &own); err != nil {
			t.Fatal(err)
		}
		return own
	}
	if own := read(eve); own.Waiting || !own.MayAsk {
		t.Errorf("before: %+v", own)
	}
	h.program(eve, "POST", path, `{"message": "Let me in"}`)
	if own := read(eve); !own.Waiting || own.Message != "Let me in" {
		t.Errorf("asked: %+v", own)
	}
	var id string
	h.row(&id, `select id from join_requests`)
	h.program(owner, "POST", path+"/"+id+"/decline", "")
	if own := read(eve); own.Waiting || !own.MayAsk {
		t.Errorf("declined: %+v", own)
	}
	if own := read(owner); own.Waiting || own.MayAsk {
		t.Errorf("the owner's: %+v", own)
	}
}
