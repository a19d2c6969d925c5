package web_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/ledger"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// ticket is what lets somebody into a call.
type ticket struct {
	Token       string
	Participant media.ParticipantID
	Position    ledger.Position
}

// letIn lets somebody in by a program.
func (h *house) letIn(token account.Token, r room.Room, identity string) (t ticket, got programAnswer) {
	h.Helper()
	got = h.program(token, "POST", "/rooms/"+r.Slug+"/tokens", `{"display_name": "Zoe", "identity": "`+identity+`"}`)
	_ = json.Unmarshal([]byte(got.body), &t) // a problem has neither
	return t, got
}

// Whoever a program lets in is in like everybody, and out when its token ends.
func TestAPIParticipantsEnd(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"robot": room.Moderator}, "owner")
	if _, got := h.letIn(h.robotToken(apitoken.Media), r, "4711"); got.reason != "rank" {
		t.Errorf("into a room that takes no guests: %d %s", got.status, got.reason)
	}
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	for name, end := range map[string]func(token account.Token, participant media.ParticipantID){
		"revoked": func(token account.Token, _ media.ParticipantID) {
			holder, err := h.tokens.Open(t.Context(), token)
			if err == nil {
				err = h.tokens.Revoke(t.Context(), h.people["admin"].ID, h.people["robot"].ID, holder.ID)
			}
			if err != nil {
				t.Fatal(err)
			}
		},
		"switched off": func(account.Token, media.ParticipantID) {
			id := string(h.people["robot"].ID)
			if got := h.post("admin", "/admin/users/"+id+"/disable", nil); got.status != http.StatusSeeOther {
				t.Fatalf("disable: %d", got.status)
			}
		},
		"no guests any more": func(account.Token, media.ParticipantID) {
			h.sql(`update rooms set guests = false where id = $1`, r.ID)
		},
		"banned": func(_ account.Token, participant media.ParticipantID) {
			if got := h.program(h.apiToken("owner"), "POST", "/rooms/"+r.Slug+"/participants/"+string(participant)+"/ban", `{}`); got.status != http.StatusNoContent {
				t.Fatalf("ban: %d %s", got.status, got.body)
			}
		},
		"has left": func(token account.Token, participant media.ParticipantID) {
			if got := h.program(h.apiToken("owner"), "DELETE", "/rooms/"+r.Slug+"/participants/"+string(participant), ""); got.status != http.StatusNotFound {
				t.Errorf("another's program says so: %d", got.status)
			}
			if got := h.program(token, "DELETE", "/rooms/"+r.Slug+"/participants/"+string(participant), ""); got.status != http.StatusNoContent {
				t.Fatalf("leave: %d %s", got.status, got.body)
			}
		},
	} {
		h.sql(`update rooms set guests = true where id = $1`, r.ID)
		h.sql(`update users set disabled_at = null`)
		token := h.robotToken(apitoken.Media)
		ticket, got := h.letIn(token, r, name)
		if got.status != http.StatusCreated {
			t.Fatalf("%s: not let in: %d %s", name, got.status, got.body)
		}
		connection := h.connect(ticket)
		end(token, ticket.Participant)
		h.wantOut(name, connection)
	}
	h.sql(`update users set disabled_at = null`)
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	if _, got := h.letIn(h.robotToken(apitoken.Media), r, "banned"); got.reason != "banned" {
		t.Errorf("a new token for who is banned: %d %s", got.status, got.reason)
	}
}

// What keeps people out keeps out whom programs let in; the same identity is the
// same guest.
func TestAPIParticipantsAreLikeGuests(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"robot": room.Moderator}, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	token := h.robotToken(apitoken.Media, apitoken.RoomsRead)
	for _, refusal := range []struct{ reason, set, unset string }{
		{"locked", `locked_at = now()`, `locked_at = null`}, {"lobby", `lobby = 'everyone'`, `lobby = 'off'`},
	} {
		h.sql(`update rooms set `+refusal.set+` where id = $1`, r.ID)
		if _, got := h.letIn(token, r, "4711"); got.reason != refusal.reason {
			t.Errorf("got %d %s, want %s", got.status, got.reason, refusal.reason)
		}
		h.sql(`update rooms set `+refusal.unset+` where id = $1`, r.ID)
	}
	first, _ := h.letIn(token, r, "4711")
	second, _ := h.letIn(token, r, "4712")
	if first.Token == "" || second.Token == "" || first.Participant == second.Participant {
		t.Fatalf("participants %v and %v", first, second)
	}
	h.sql(`update rooms set capacity = 2 where id = $1`, r.ID)
	if _, got := h.letIn(token, r, "4713"); got.reason != "full" {
		t.Errorf("a third of two: %d %s", got.status, got.reason)
	}
	if again, got := h.letIn(token, r, "4711"); again.Token == "" || again == first {
		t.Errorf("the first again, who has not come: %d %s", got.status, got.reason)
	}
	var guests, entries int
	h.row(&guests, `select count(*) from guests where room_id = $1 and identity is not null`, r.ID)
	h.row(&entries, `select count(*) from ledger where room_id = $1 and kind = 'admitted'`, r.ID)
	if guests != 2 || entries != 3 { // the third never came, the first did so twice
		t.Errorf("%d guests, %d entries", guests, entries)
	}
	h.connect(second)
	people := h.program(token, "GET", "/rooms/"+r.Slug+"/participants", "")
	if !strings.Contains(people.body, string(second.Participant)) || !strings.Contains(people.body, `"role":"guest"`) {
		t.Errorf("who is in: %s", people.body)
	}
}

// connect has whom a program let in come into the call.
func (h *house) connect(ticket ticket) *mediatest.Connection {
	h.Helper()
	connection, err := h.media.Connect(h.Context(), ticket.Token)
	if err != nil {
		h.Fatal(err)
	}
	var in bool
	for deadline := time.Now().Add(2 * time.Minute); !in; time.Sleep(5 * time.Millisecond) {
		h.row(&in, `select connected_at is not null from grants where id = $1`, ticket.Participant)
		if time.Now().After(deadline) {
			h.Fatal("not in")
		}
	}
	return connection
}

func (h *house) wantOut(what string, connection *mediatest.Connection) {
	h.Helper()
	select {
	case <-connection.Done():
	case <-time.After(2 * time.Minute):
		h.Errorf("still in the call: %s", what)
	}
}
