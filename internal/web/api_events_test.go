package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// follow opens the event stream of a participant as a program.
func (h *house) follow(token account.Token, r room.Room, who ticket, edit ...func(*http.Request)) *listening {
	h.Helper()
	path := fmt.Sprintf("/api/v1/rooms/%s/events?after=%d&participant=%s", r.Slug, who.Position, who.Participant)
	return h.listen("", path, append([]func(*http.Request){carrying(token)}, edit...)...)
}

// happening is one event.
type happening struct{ id, name, data string }

// until reads events up to one of a name.
func (l *listening) until(name string) (all []happening) {
	l.h.Helper()
	var one happening
	for l.lines.Scan() {
		field, value, _ := strings.Cut(l.lines.Text(), ": ")
		switch field {
		case "id":
			one.id = value
		case "event":
			one.name = value
		case "data":
			one.data = strings.ReplaceAll(value, `": `, `":`)
			all = append(all, one)
			if one.name == name {
				return all
			}
			one = happening{}
		}
	}
	l.h.Fatalf("the stream (%d, %v) ended before %s, after %v", l.answer.status, l.lines.Err(), name, all)
	return nil
}

// over reads to the end of a stream, which has to come by itself.
func (l *listening) over(what string) {
	l.h.Helper()
	for l.lines.Scan() {
	}
	if err := l.lines.Err(); err != nil {
		l.h.Errorf("%s: the stream goes on: %v", what, err)
	}
}

func named(all []happening, name string) bool {
	return slices.ContainsFunc(all, func(one happening) bool { return one.name == name })
}

// A program is told what happens to whom it let in, goes on where it was, and hears
// nothing that its token is not for.
func TestAPIEvents(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"robot": room.Moderator, "member": room.Member}, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	token := h.robotToken(apitoken.Media, apitoken.Chat)
	zoe, _ := h.letIn(token, r, "4711")
	h.connect(zoe)
	stream := h.follow(token, r, zoe)
	if kind := stream.answer.header.Get("Content-Type"); stream.answer.status != http.StatusOK || kind != "text/event-stream" {
		t.Fatalf("got %d %q", stream.answer.status, kind)
	}
	var owner ticket
	joined := h.program(h.apiToken("owner"), "POST", "/rooms/"+r.Slug+"/join", `{}`)
	if err := json.Unmarshal([]byte(joined.body), &owner); err != nil {
		t.Fatal(err)
	}
	came := stream.until("admitted")
	if last := came[len(came)-1]; !strings.Contains(last.data, `"username":"owner"`) || last.id == "" {
		t.Errorf("the owner comes: %v", last)
	}
	h.program(h.apiToken("owner"), "POST", "/rooms/"+r.Slug+"/messages", `{"text": "Hello Zoe"}`)
	h.program(h.apiToken("owner"), "PATCH", "/rooms/"+r.Slug, `{"name": "Renamed"}`)
	told := stream.until("room")
	if !named(told, "message") || !strings.Contains(fmt.Sprint(told), "Hello Zoe") {
		t.Errorf("told %v", told)
	}
	again := h.follow(token, r, zoe, func(q *http.Request) { q.Header.Set("Last-Event-ID", came[len(came)-1].id) })
	if got := again.until("room"); named(got, "admitted") || !named(got, "message") {
		t.Errorf("after the event %s: %v", came[len(came)-1].id, got)
	}
	// Who may let people in hears who waits, with the scope for it.
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	for name, want := range map[string]bool{"all": true, "media alone": false} {
		scopes := apitoken.Scopes
		if !want {
			scopes = []apitoken.Scope{apitoken.Media}
		}
		listening := h.follow(h.apiToken("owner", scopes...), r, owner)
		entry := placeholders["{entry}"](h, r)
		h.sql(`insert into ledger (room_id, kind, actor, subject) values ($1, 'knocked', $2, $3)`, r.ID, h.people["newcomer"].ID, entry)
		var got []happening
		if want { // what is told of the room comes before what is told of the lobby, when both are read at once
			got = listening.until("lobby")
		}
		h.program(h.apiToken("owner"), "PATCH", "/rooms/"+r.Slug, `{"name": "With `+name+`"}`)
		for !strings.Contains(fmt.Sprint(got), "With "+name) {
			got = append(got, listening.until("room")...)
		}
		if named(got, "message") != want || named(got, "lobby") != want {
			t.Errorf("with the scopes %s: told %v", name, got)
		}
		h.sql(`delete from lobby where id = $1`, entry)
	}
	for name, refused := range map[string]struct {
		token account.Token
		who   ticket
		want  int
	}{
		"another's":                      {h.apiToken("member"), owner, http.StatusNotFound},
		"whom another program let in":    {h.apiToken("owner"), zoe, http.StatusNotFound},
		"whom another token let in":      {h.robotToken(apitoken.Media), zoe, http.StatusNotFound},
		"in a room that one cannot know": {h.apiToken("eve"), owner, http.StatusNotFound},
		"without the scope":              {h.robotToken(apitoken.Chat), zoe, http.StatusForbidden},
		"nobody":                         {token, ticket{Participant: "nobody"}, http.StatusNotFound},
		"no name of a participant":       {token, ticket{Participant: "%00"}, http.StatusUnprocessableEntity},
		"a position that is none":        {token, ticket{Participant: zoe.Participant, Position: -1}, http.StatusUnprocessableEntity},
	} {
		if got := h.follow(refused.token, r, refused.who).answer.status; got != refused.want {
			t.Errorf("%s: got %d, want %d", name, got, refused.want)
		}
	}
	if head := h.do("", http.MethodHead, "/api/v1/rooms/"+r.Slug+"/events?after=0&participant=x", "", "", carrying(token)); head.status != http.StatusMethodNotAllowed {
		t.Errorf("the headers alone: %d", head.status)
	}
}

// A stream ends with what let its program listen, and says why when it is the
// participant's end too.
func TestAPIEventsEnd(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"robot": room.Moderator, "member": room.Member}, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	join := func(token account.Token, body string) (in ticket) {
		t.Helper()
		if err := json.Unmarshal([]byte(h.program(token, "POST", "/rooms/"+r.Slug+"/join", body).body), &in); err != nil || in.Participant == "" {
			t.Fatalf("not in: %v", err)
		}
		h.connect(in)
		return in
	}
	ends := func(reason string, stream *listening) {
		t.Helper()
		all := stream.until("ended")
		if last := all[len(all)-1]; !strings.Contains(last.data, `"reason":"`+reason+`"`) {
			t.Errorf("told %s, want %s", last.data, reason)
		}
		stream.over(reason)
	}

	token := h.robotToken(apitoken.Media)
	zoe, _ := h.letIn(token, r, "4711")
	h.connect(zoe)
	stream := h.follow(token, r, zoe)
	h.sql(`delete from sessions where token_hash = $1`, token.Hash())
	ends("pass_over", stream)
	if again := h.follow(token, r, zoe); again.answer.status != http.StatusUnauthorized {
		t.Errorf("with a token that is revoked: %d", again.answer.status)
	}

	// Of the account, but let in by another of its tokens, who stays.
	first, second := h.apiToken("member"), h.apiToken("member")
	member := join(first, `{}`)
	stream = h.follow(second, r, member)
	h.sql(`delete from sessions where token_hash = $1`, second.Hash())
	stream.over("the token that listens is revoked")
	var in bool
	h.row(&in, `select revoked_at is null and left_at is null from grants where id = $1`, member.Participant)
	if !in {
		t.Error("a token that only listened takes the participant along")
	}
	other := join(first, `{"former": "`+string(member.Participant)+`"}`)
	ends("replaced", h.follow(first, r, member))

	stream = h.follow(first, r, other)
	h.program(h.apiToken("owner"), "DELETE", "/rooms/"+r.Slug+"/members/member", "")
	ends("removed", stream)

	owner := join(h.apiToken("owner"), `{}`)
	stream = h.follow(h.apiToken("owner"), r, owner)
	h.sql(`update users set disabled_at = now() where username = 'owner'`)
	ends("disabled", stream)
	h.sql(`update users set disabled_at = null`)

	// With the program that serves it.
	ctx, stop := context.WithCancel(t.Context())
	serving := httptest.NewServer(h.server.Handler(ctx))
	t.Cleanup(serving.Close)
	h.url = serving.URL
	admin := h.robotToken(apitoken.Media)
	yan, _ := h.letIn(admin, r, "4712")
	stream = h.follow(admin, r, yan)
	stop()
	for stream.lines.Scan() { // to its end, or to where it is cut off
	}
	if errors.Is(stream.lines.Err(), context.DeadlineExceeded) {
		t.Error("the stream goes on while Foyer stops")
	}
}
