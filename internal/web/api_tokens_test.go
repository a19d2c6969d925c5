package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/ledger"
	"foyer/internal/room"
	"foyer/internal/web"
)

var tokenPattern = regexp.MustCompile(`foyer_(pat|svc)_[0-9a-f]{64}`)

// People make tokens on a page that shows them once, and see and end them there.
func TestAPITokens(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "eve")
	form := url.Values{"name": {"Robot"}, "days": {"30"}, "scope_rooms_read": {"on"}, "scope_account": {"on"}}
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	if unproved := h.post("ana", "/account/tokens", form); unproved.status != http.StatusSeeOther || !strings.HasPrefix(unproved.location, "/account/confirm") {
		t.Fatalf("without showing that it is they: %d %s", unproved.status, unproved.location)
	}
	h.sql(`update sessions set proved_at = now()`)
	for name, wrong := range map[string]url.Values{
		"no name": {"days": {"30"}, "scope_account": {"on"}}, "no scope": {"name": {"Robot"}, "days": {"30"}},
		"too long": {"name": {"Robot"}, "days": {"9999"}, "scope_account": {"on"}}, "no such room": {"name": {"Robot"}, "days": {"30"}, "scope_account": {"on"}, "rooms": {"nowhere"}},
	} {
		if got := h.post("ana", "/account/tokens", wrong); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	made := h.post("ana", "/account/tokens", form)
	secret := account.Token(tokenPattern.FindString(made.body))
	if made.status != http.StatusOK || secret == "" || made.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("made: %d %s", made.status, made.body)
	}
	if me := h.program(secret, "GET", "/me", ""); me.status != http.StatusOK || !strings.Contains(me.body, `"username":"ana"`) {
		t.Errorf("who it is: %d %s", me.status, me.body)
	}
	list := h.get("ana", "/account/tokens")
	if !strings.Contains(list.body, "Robot") || strings.Contains(list.body, string(secret)) || !strings.Contains(list.body, string(secret[len(secret)-4:])) {
		t.Error("the list names tokens, and shows none")
	}
	if used := h.get("eve", "/account/tokens"); strings.Contains(used.body, "Robot") {
		t.Error("others see it")
	}
	var id string
	h.row(&id, `select session_id from api_tokens`)
	if got := h.post("eve", "/account/tokens/"+id+"/revoke", nil); got.status != http.StatusNotFound {
		t.Errorf("others revoke it: %d", got.status)
	}
	// A token is no browser's session: it is not among them, and no cookie.
	if places := h.get("ana", "/account/sessions"); strings.Count(places.body, `id="place-`) != 1 {
		t.Error("it is listed where ana is signed in")
	}
	if _, err := h.accounts.Resume(t.Context(), secret); err == nil {
		t.Error("it opens a browser's session")
	}
	if got := h.post("ana", "/account/tokens/"+id+"/revoke", nil); got.status != http.StatusSeeOther {
		t.Errorf("revoke: %d", got.status)
	}
	if me := h.program(secret, "GET", "/me", ""); me.status != http.StatusUnauthorized {
		t.Errorf("after it was revoked: %d", me.status)
	}
	for _, kind := range []ledger.Kind{ledger.TokenMade, ledger.TokenRevoked} {
		records, err := ledger.Audit(t.Context(), h.pool, ledger.Search{Kind: kind}, 10)
		if err != nil || len(records) != 1 || records[0].ActorUsername != "ana" || !strings.Contains(string(records[0].Data), "Robot") {
			t.Errorf("%s: %v %v", kind, records, err)
		}
	}
	var found int
	h.row(&found, `select count(*) from sessions where encode(token_hash, 'escape') like '%foyer_pat%'`)
	if found > 0 || strings.Contains(h.log.String(), string(secret)) {
		t.Error("the token is stored or logged in the clear")
	}
}

// What ends a person's sessions ends their tokens.
func TestAPITokensEndWithSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "admin")
	h.sql(`update users set administrator = true where username = 'admin'`)
	for name, end := range map[string]func(){
		"the password was changed": func() {
			form := url.Values{"current_password": {passwordOf("ana")}, "password": {passwordOf("ana")}}
			if got := h.post("ana", "/account/password", form); got.status != http.StatusSeeOther {
				t.Fatalf("password: %d", got.status)
			}
		},
		"signed out everywhere": func() { h.post("ana", "/account/sign-out-everywhere", nil) },
		"switched off by an administrator": func() {
			h.post("admin", "/admin/users/"+string(h.people["ana"].ID)+"/disable", nil)
			h.post("admin", "/admin/users/"+string(h.people["ana"].ID)+"/enable", nil)
		},
	} {
		h.logInAgain("ana")
		token := h.apiToken("ana")
		if me := h.program(token, "GET", "/me", ""); me.status != http.StatusOK {
			t.Fatalf("before: %d", me.status)
		}
		end()
		if me := h.program(token, "GET", "/me", ""); me.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, me.status)
		}
	}
	idle := h.apiToken("ana")
	h.sql(`update sessions set last_seen_at = now() - interval '100 days' where api`)
	if me := h.program(idle, "GET", "/me", ""); me.status != http.StatusOK {
		t.Errorf("not used for long: %d", me.status)
	}
}

// The cookie that opens the pages opens nothing here.
func TestAPICookieOpensNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	for _, path := range []string{"/me", "/rooms", "/me/tokens"} {
		if got := h.get("ana", "/api/v1"+path); got.status != http.StatusUnauthorized || got.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s with a cookie: %d", path, got.status)
		}
	}
}

// A token that is limited to rooms is good for these: lists show no other, and it
// makes none. What is asked of a room beyond them, TestAPIScopesOfRooms asks.
func TestAPITokenLimitedToRooms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	in, out := h.room("listed", nil, "ana"), h.room("open", nil, "ana")
	token, err := h.tokens.Make(t.Context(), h.sessionOf(h.people["ana"]), h.people["ana"].ID,
		apitoken.Draft{Name: "One", Scopes: apitoken.Scopes, Days: 7, Rooms: in.Slug})
	if err != nil {
		t.Fatal(err)
	}
	if got := h.program(token, "GET", "/rooms/"+in.Slug, ""); got.status != http.StatusOK {
		t.Errorf("its room: got %d", got.status)
	}
	for _, list := range []string{"/rooms", "/directory"} {
		if got := h.program(token, "GET", list, ""); strings.Contains(got.body, out.Slug) || !strings.Contains(got.body, in.Slug) {
			t.Errorf("%s: %s", list, got.body)
		}
	}
	if got := h.program(token, "POST", "/rooms", `{"name": "New"}`); got.reason != "rooms" {
		t.Errorf("a new room: %d %s", got.status, got.reason)
	}
}

// A service acts through tokens that administrators make, as what it is in rooms.
func TestAPIServices(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "admin", "owner")
	h.sql(`update users set administrator = true where username = 'admin'`)
	made := h.post("admin", "/admin/services", url.Values{"username": {"helpdesk"}, "display_name": {"Help desk"}})
	if made.status != http.StatusSeeOther {
		t.Fatalf("made: %d %s", made.status, made.body)
	}
	page := h.post("admin", made.location+"/tokens", url.Values{"name": {"Main"}, "days": {"365"}, "scope_rooms_write": {"on"}, "scope_rooms_read": {"on"}})
	token := account.Token(tokenPattern.FindString(page.body))
	if !strings.HasPrefix(string(token), "foyer_svc_") {
		t.Fatalf("its token: %d %s", page.status, page.body)
	}
	r := h.room("private", nil, "owner")
	if got := h.program(token, "GET", "/rooms/"+r.Slug, ""); got.status != http.StatusNotFound {
		t.Errorf("a room that it does not belong to: %d", got.status)
	}
	if got := h.post("owner", "/r/"+r.Slug+"/members", url.Values{"login": {"helpdesk"}, "role": {"moderator"}}); got.status != http.StatusSeeOther {
		t.Fatalf("add it: %d", got.status)
	}
	if got := h.program(token, "GET", "/rooms/"+r.Slug, ""); !strings.Contains(got.body, `"role":"moderator"`) {
		t.Errorf("its room: %s", got.body)
	}
	if got := h.program(token, "POST", "/rooms", `{"name": "Counter"}`); !strings.Contains(got.body, `"role":"owner"`) || got.header.Get("Location") != "/api/v1/rooms/counter" {
		t.Errorf("a room of its own: %d %s", got.status, got.body)
	}
	if got := h.post("", "/login", url.Values{"login": {"helpdesk"}, "password": {""}}); got.status == http.StatusSeeOther {
		t.Error("somebody logs in as a service")
	}
}

// A request with a key is carried out once.
func TestAPIIdempotency(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	token := h.apiToken("ana")
	keyed := func(key string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
	}
	first := h.program(token, "POST", "/rooms", `{"name": "Team"}`, keyed("a"))
	again := h.program(token, "POST", "/rooms", `{"name": "Team"}`, keyed("a"))
	if first.status != http.StatusCreated || again.status != first.status || again.body != first.body || again.header.Get("Location") != first.header.Get("Location") {
		t.Errorf("again: %d %s, first %d %s", again.status, again.body, first.status, first.body)
	}
	if other := h.program(token, "POST", "/rooms", `{"name": "Other"}`, keyed("a")); other.status != http.StatusUnprocessableEntity || other.reason != "idempotency_key" {
		t.Errorf("another request: %d %s", other.status, other.reason)
	}
	if ben := h.program(h.apiToken("ben"), "POST", "/rooms", `{"name": "Team"}`, keyed("a")); ben.status != http.StatusCreated || ben.body == first.body {
		t.Errorf("another's: %d %s", ben.status, ben.body)
	}
	refused := h.program(token, "POST", "/rooms", `{"name": ""}`, keyed("b"))
	if same := h.program(token, "POST", "/rooms", `{"name": ""}`, keyed("b")); same.status != http.StatusUnprocessableEntity || same.body != refused.body {
		t.Errorf("a refusal: %d %s", same.status, same.body)
	}
	if bad := h.program(token, "POST", "/rooms", `{"name": "Team"}`, keyed(strings.Repeat("x", 256))); bad.status != http.StatusUnprocessableEntity {
		t.Errorf("a long key: %d", bad.status)
	}
	// An answer may hold a link: it is kept, and not in the clear.
	link := h.program(token, "POST", "/rooms/"+slugOf(t, first)+"/invitations", `{"role": "member"}`, keyed("c"))
	var clear int
	h.row(&clear, `select count(*) from idempotency where position('/invite/' in encode(body, 'escape')) > 0`)
	if link.status != http.StatusCreated || clear > 0 {
		t.Errorf("an invitation: %d, kept in the clear: %d", link.status, clear)
	}
	// While it is being answered, and when it never was.
	h.sql(`update idempotency set status = null, body = null where key = 'a'`)
	if busy := h.program(token, "POST", "/rooms", `{"name": "Team"}`, keyed("a")); busy.status != http.StatusConflict || busy.header.Get("Retry-After") == "" {
		t.Errorf("while it is answered: %d %s", busy.status, busy.reason)
	}
	h.sql(`update idempotency set created_at = now() - interval '10 minutes' where key = 'a'`)
	if late := h.program(token, "POST", "/rooms", `{"name": "Team"}`, keyed("a")); late.status != http.StatusCreated {
		t.Errorf("after it was given up: %d %s", late.status, late.reason)
	}
	h.sql(`update idempotency set created_at = now() - interval '25 hours'`)
	if err := h.server.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	var kept int
	h.row(&kept, `select count(*) from idempotency`)
	if kept != 0 {
		t.Errorf("%d answers are kept", kept)
	}
	// Many at once: one room.
	var sending sync.WaitGroup
	for range 8 {
		sending.Go(func() { h.program(token, "POST", "/rooms", `{"name": "Rush"}`, keyed("rush")) })
	}
	sending.Wait()
	h.row(&kept, `select count(*) from rooms where name = 'Rush'`)
	if kept != 1 {
		t.Errorf("%d rooms of one key", kept)
	}
}

func slugOf(t *testing.T, created programAnswer) string {
	t.Helper()
	var r struct{ Slug string }
	if err := json.Unmarshal([]byte(created.body), &r); err != nil || r.Slug == "" {
		t.Fatalf("no room: %s", created.body)
	}
	return r.Slug
}

// Programs are told how much they may ask, and stopped when it is too much.
func TestAPILimits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.fromManyAddresses()
	token := h.apiToken("ana")
	usual := h.config
	usual.Pace = web.Pace{}
	server, err := web.New(usual)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/api/v1/me", nil)
	carrying(token)(r)
	w := httptest.NewRecorder()
	server.Handler(t.Context()).ServeHTTP(w, r)
	if first := w.Header(); first.Get("RateLimit") != `"token";r=599;t=60` || first.Get("RateLimit-Policy") != `"token";q=600;w=60` {
		t.Errorf("told: %q %q", first.Get("RateLimit"), first.Get("RateLimit-Policy"))
	}
	status := 0
	for n := 0; n < 1200 && status != http.StatusTooManyRequests; n++ {
		got := h.do("", "GET", "/api/v1/me", "", "", carrying(token))
		if status = got.status; status == http.StatusTooManyRequests && got.header.Get("Retry-After") == "" {
			t.Error("not told when to try again")
		}
	}
	if status != http.StatusTooManyRequests {
		t.Error("a token asks for as much as it likes")
	}
	status = 0
	for n := 0; n < 250 && status != http.StatusTooManyRequests; n++ {
		status = h.program("foyer_pat_wrong", "GET", "/me", "", from("one place")).status
	}
	if status != http.StatusTooManyRequests {
		t.Error("an address tries as many tokens as it likes")
	}
	if elsewhere := h.program("foyer_pat_wrong", "GET", "/me", "", from("another place")); elsewhere.status != http.StatusUnauthorized {
		t.Errorf("elsewhere: %d", elsewhere.status)
	}
}

// Lists go on where they were, with what they answered and nothing else.
func TestAPICursors(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	for n := range 60 {
		if _, err := h.rooms.Create(t.Context(), h.people["ana"].ID, room.Draft{Name: fmt.Sprintf("Room %d", n), Visibility: room.Private, Backend: "livekit"}); err != nil {
			t.Fatal(err)
		}
	}
	token := h.apiToken("ana")
	seen := make(map[string]bool)
	next, pages := "", 0
	for {
		got := h.program(token, "GET", "/rooms?"+url.Values{"after": {next}}.Encode(), "")
		var part struct {
			Items []struct{ Slug string }
			Next  string
		}
		if err := json.Unmarshal([]byte(got.body), &part); err != nil {
			t.Fatal(err)
		}
		for _, r := range part.Items {
			if seen[r.Slug] {
				t.Errorf("%s twice", r.Slug)
			}
			seen[r.Slug] = true
		}
		if pages++; part.Next == "" {
			break
		}
		next = part.Next
	}
	if len(seen) != 60 || pages != 3 {
		t.Errorf("%d rooms in %d parts", len(seen), pages)
	}
	for name, path := range map[string]string{
		"nonsense": "/rooms?after=nonsense", "changed": "/rooms?after=" + next[:len(next)-2] + "AA", "another list's": "/directory?after=" + next,
	} {
		if got := h.program(token, "GET", path, ""); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `"location":"query.after"`) {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
