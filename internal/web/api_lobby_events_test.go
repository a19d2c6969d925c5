package web_test

import (
	"net/http"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// wait opens, as a program, the event stream of who waits in a lobby.
func (h *house) wait(token account.Token, r room.Room) *listening {
	h.Helper()
	return h.listen("", "/api/v1/rooms/"+r.Slug+"/lobby/events", carrying(token))
}

// A program that waits is told what becomes of it, and the stream ends with the wait.
func TestAPILobbyEvents(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("open", map[string]room.Role{"moder": room.Moderator}, "owner")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	token, moder := h.apiToken("eve", apitoken.Media), h.apiToken("moder")
	lobby := "/rooms/" + r.Slug + "/lobby"
	told := "0"
	knock := func() *listening {
		t.Helper()
		if got := h.program(token, "POST", lobby, `{}`); got.status != http.StatusOK {
			t.Fatalf("knocks: %d %s", got.status, got.body)
		}
		stream := h.wait(token, r)
		stream.expectStanding(`{"state":"waiting","told":` + told + `,"message":""}`)
		return stream
	}
	decide := func(how string) {
		t.Helper()
		if got := h.program(moder, "POST", lobby+"/"+h.entry(r, "eve")+"/"+how, `{}`); got.status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", how, got.status, got.body)
		}
	}

	stream := h.wait(token, r)
	stream.expectStanding(`{"state":"","told":0,"message":""}`)
	stream.over("who has not asked")

	stream = knock()
	if kind := stream.answer.header.Get("Content-Type"); stream.answer.status != http.StatusOK || kind != "text/event-stream" {
		t.Errorf("got %d %q", stream.answer.status, kind)
	}
	h.program(moder, "POST", "/rooms/"+r.Slug+"/join", `{}`)
	h.sql(`update grants set connected_at = now() where user_id = $1`, h.people["moder"].ID)
	told = "1"
	stream.expectStanding(`{"state":"waiting","told":1,"message":""}`)
	decide("deny")
	stream.expectStanding(`{"state":"denied","told":0,"message":"You were not let in."}`)
	stream.over("who was not let in")

	stream = knock()
	h.program(token, "DELETE", lobby, "")
	stream.expectStanding(`{"state":"","told":0,"message":""}`)
	stream.over("who waits no more")

	stream = knock()
	decide("admit")
	stream.expectStanding(`{"state":"admitted","told":0,"message":""}`)
	stream.over("who was let in")
	if got := h.program(token, "POST", "/rooms/"+r.Slug+"/join", `{}`); got.status != http.StatusCreated {
		t.Errorf("joins: %d %s", got.status, got.body)
	}

	limited, err := h.tokens.Make(t.Context(), h.sessionOf(h.people["eve"]), h.people["eve"].ID,
		apitoken.Draft{Name: "Of another room", Scopes: []apitoken.Scope{apitoken.Media}, Days: 7, Rooms: h.room("open", nil, "eve").Slug})
	if err != nil {
		t.Fatal(err)
	}
	for name, refused := range map[string]struct {
		token account.Token
		want  int
	}{
		"without the scope":           {h.apiToken("eve", apitoken.RoomsRead), http.StatusForbidden},
		"with a token of other rooms": {limited, http.StatusNotFound},
		"with no token":               {"", http.StatusUnauthorized},
	} {
		if got := h.wait(refused.token, r).answer.status; got != refused.want {
			t.Errorf("%s: got %d, want %d", name, got, refused.want)
		}
	}
	if head := h.do("", http.MethodHead, "/api/v1"+lobby+"/events", "", "", carrying(token)); head.status != http.StatusMethodNotAllowed {
		t.Errorf("the headers alone: %d", head.status)
	}
}

// A program hears nothing of the lobby once it may not know of it.
func TestAPILobbyEventsEnd(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	for name, ends := range map[string]string{
		"the token is revoked":           `delete from sessions where api and user_id = $1`,
		"the token has run out":          `update sessions set expires_at = now() where api and user_id = $1`,
		"the account is switched off":    `update users set disabled_at = now() where id = $1`,
		"the room is closed to them":     `update rooms set visibility = 'private' where $1::uuid is not null`,
		"there is no such room any more": `update rooms set deleted_at = now() where $1::uuid is not null`,
	} {
		r := h.room("open", nil, "owner")
		h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
		token := h.apiToken("eve", apitoken.Media)
		h.program(token, "POST", "/rooms/"+r.Slug+"/lobby", `{}`)
		stream := h.wait(token, r)
		stream.expectStanding(`{"state":"waiting","told":0,"message":""}`)
		h.sql(ends, h.people["eve"].ID)
		stream.over(name)
		h.sql(`update users set disabled_at = null`)
	}
}
