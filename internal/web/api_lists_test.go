package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"foyer/internal/media"
	"foyer/internal/webhook"
)

// A place in a list of one room, or of one webhook, is none in that of another.
func TestAPICursorsAreOfOneList(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	token, ana := h.apiToken("ana"), h.people["ana"].ID
	in, other := h.room("private", nil, "ana"), h.room("private", nil, "ana")
	const many = 120
	h.sql(`insert into users (id, username, email, display_name, password_hash)
		select gen_random_uuid(), 'user' || n, 'user' || n || '@example.org', 'User', '' from generate_series(1, $1::int) n`, many)
	h.sql(`insert into memberships (room_id, user_id, role) select $1, id, 'member' from users where username <> 'ana'`, in.ID)
	h.sql(`insert into bans (id, room_id, user_id, name) select gen_random_uuid(), $1, id, username from users where username <> 'ana'`, in.ID)
	h.sql(`insert into calls (id, room_id, started_at, ended_at)
		select gen_random_uuid(), $1, now() - n * interval '1 hour', now() - n * interval '1 hour' from generate_series(1, $2::int) n`, in.ID, many)
	hooks := make(map[bool]webhook.ID)
	for _, first := range []bool{true, false} {
		made := h.program(token, "POST", "/rooms/"+in.Slug+"/webhooks", `{"url": "https://example.org/hook", "topics": ["access"]}`)
		var hook struct{ ID webhook.ID }
		if err := json.Unmarshal([]byte(made.body), &hook); err != nil {
			t.Fatal(err)
		}
		hooks[first] = hook.ID
	}
	h.sql(`insert into deliveries (webhook_id, kind, body, state, done_at) select $1, 'test', '{}', 'delivered', now() from generate_series(1, $2::int)`, hooks[true], many)
	h.sql(`insert into ledger (room_id, kind, actor) select $1, 'role_changed', $2 from generate_series(1, $3::int)`, in.ID, ana, many)
	for here, there := range map[string]string{
		"/rooms/" + in.Slug + "/members":                                         "/rooms/" + other.Slug + "/members",
		"/rooms/" + in.Slug + "/bans":                                            "/rooms/" + other.Slug + "/bans",
		"/rooms/" + in.Slug + "/calls":                                           "/rooms/" + other.Slug + "/calls",
		"/rooms/" + in.Slug + "/audit":                                           "/rooms/" + other.Slug + "/audit",
		"/rooms/" + in.Slug + "/webhooks/" + string(hooks[true]) + "/deliveries": "/rooms/" + in.Slug + "/webhooks/" + string(hooks[false]) + "/deliveries",
	} {
		var first struct{ Next string }
		if got := h.program(token, "GET", here, ""); json.Unmarshal([]byte(got.body), &first) != nil || first.Next == "" {
			t.Errorf("%s does not go on: %d %.200s", here, got.status, got.body)
			continue
		}
		for path, want := range map[string]int{here: http.StatusOK, there: http.StatusUnprocessableEntity} {
			if got := h.program(token, "GET", path+"?after="+url.QueryEscape(first.Next), ""); got.status != want {
				t.Errorf("%s at a place in %s: got %d, want %d", path, here, got.status, want)
			}
		}
	}
}

// No list is null, neither in what the API answers nor in what it takes.
func TestAPIListsAreNeverNull(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.described()
	plain := strings.Join(strings.Fields(h.get("", "/api/v1/openapi.json").body), "")
	if !strings.Contains(plain, `"type":"array"`) || strings.Contains(plain, `["array","null"]`) || strings.Contains(plain, `["null","array"]`) {
		t.Error("a list may be null, as it is described")
	}
	r := h.room("private", nil, "ana")
	if got := h.program(h.apiToken("ana"), "POST", "/rooms/"+r.Slug+"/add-members", `{"people": null}`); got.status != http.StatusUnprocessableEntity {
		t.Errorf("adding null: %d %s", got.status, got.body)
	}
}

// Programs that join are told how the call stands, like pages.
func TestAPIJoinTellsHostAndSpotlight(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("open", nil, "ana")
	token := h.apiToken("ben")
	join := func() (t struct {
		Participant media.ParticipantID
		Spotlight   media.ParticipantID
		Host        struct {
			Username    string
			DisplayName string  `json:"display_name"`
			EndsAt      *string `json:"ends_at"`
		}
	}) {
		h.Helper()
		got := h.program(token, "POST", "/rooms/"+r.Slug+"/join", `{}`)
		if err := json.Unmarshal([]byte(got.body), &t); err != nil || got.status != http.StatusCreated {
			h.Fatalf("join: %d %s", got.status, got.body)
		}
		return t
	}
	first := join()
	if first.Spotlight != "" || first.Host.Username != "" || first.Host.EndsAt != nil {
		t.Errorf("at first: %+v", first)
	}
	h.sql(`update calls set spotlight = $2, host = $3 where room_id = $1 and ended_at is null`, r.ID, first.Participant, h.people["ana"].ID)
	if got := join(); got.Spotlight != first.Participant || got.Host.Username != "ana" || got.Host.DisplayName != h.people["ana"].DisplayName {
		t.Errorf("with a host and a spotlight: %+v", got)
	}
	h.sql(`update calls set host = null, ends_at = now() + interval '1 minute' where room_id = $1`, r.ID)
	if got := join(); got.Host.EndsAt == nil || got.Host.Username != "" {
		t.Errorf("with an end: %+v", got)
	}
}
