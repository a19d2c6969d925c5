package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/room"
)

// cookiesOf is a browser's cookies after an answer, those for one path.
func cookiesOf(a answer, path string) string {
	var pairs []string
	for _, line := range a.header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err == nil && cookie.Path == path {
			pairs = append(pairs, cookie.Name+"="+cookie.Value)
		}
	}
	return strings.Join(pairs, "; ")
}

// Somebody without an account signs up on the way, and lands in the room.
func TestInvitationThroughSignUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "ben")
	r := h.room("private", nil, "owner")
	path := "/invite/" + string(h.invitation(r, room.Moderator).Token)
	page := h.get("", path)
	next := "?next=" + path
	escaped := strings.ReplaceAll(next, "/", "%2f")
	for _, want := range []string{"Team", "The owner invites you as a moderator", `href="/signup` + escaped, `href="/login` + escaped} {
		if page.status != http.StatusOK || !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q: %d", want, page.status)
		}
	}
	if page.header.Get("Cache-Control") != "no-store" || page.header.Get("Referrer-Policy") != "strict-origin" {
		t.Errorf("headers %v", page.header)
	}
	if answer := h.post("", path, nil); answer.location != "/login?next="+url.QueryEscape(path) {
		t.Errorf("accepting signed out leads to %q", answer.location)
	}
	// The links carry the way back through both forms.
	for _, form := range []string{"/signup", "/login"} {
		if body := h.get("", form+next).body; !strings.Contains(body, `name="next" value="`+path+`"`) {
			t.Errorf("%s loses the way back", form)
		}
	}
	answer := h.post("", "/signup", url.Values{
		"username": {"new"}, "email": {"new@example.org"}, "password": {"long enough here"}, "next": {path},
	})
	if answer.location != path {
		t.Fatalf("signing up leads to %q", answer.location)
	}
	h.cookies["new"] = answer.cookie
	if page := h.get("new", path); !strings.Contains(page.body, "Join this room") {
		t.Errorf("signed in, the page offers nothing: %d", page.status)
	}
	if answer := h.post("new", path, nil); answer.location != "/r/"+r.Slug {
		t.Errorf("accepting leads to %q", answer.location)
	}
	if answer := h.get("new", "/r/"+r.Slug+"/settings"); answer.status != http.StatusOK {
		t.Errorf("the new moderator's settings: %d", answer.status)
	}
	if answer := h.get("new", path); answer.location != "/r/"+r.Slug {
		t.Errorf("the link opened again leads to %q", answer.location)
	}

	h.policy(account.Policy{Signup: account.SignupClosed})
	if body := h.get("", path).body; strings.Contains(body, "/signup") || !strings.Contains(body, "Sign-up is closed here") {
		t.Error("with sign-up closed the page leads there, or does not say so")
	}
	if strings.Contains(h.log.String(), path) {
		t.Error("the link is in the log")
	}
}

// Each link that lets nobody in gets the same answer, to the letter.
func TestInvalidInvitationsLookAlike(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("open", nil, "owner")
	takesGuests(h, r)
	revoked, banned, paused := h.invitation(r, room.Member), h.invitation(r, room.Guest), h.invitation(r, room.Guest)
	h.sql(`update invitations set revoked_at = now() where id = $1`, revoked.ID)
	h.sql(`insert into bans (id, room_id, invitation_id, name) values (gen_random_uuid(), $1, $2, '')`, r.ID, banned.ID)
	h.sql(`update rooms set guests = false where id = $1`, r.ID)
	for _, who := range []string{"", "eve"} {
		var want string
		for _, token := range []string{"wrong", strings.Repeat("x", 4000), "%00", "%ff", string(revoked.Token), string(banned.Token), string(paused.Token)} {
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				answer := h.do(who, method, "/invite/"+token, "application/x-www-form-urlencoded", url.Values{"display_name": {"Eve"}}.Encode())
				if want == "" {
					want = answer.body
				}
				if token == "%00" || token == "%ff" {
					if answer.status != http.StatusNotFound && answer.status != http.StatusMethodNotAllowed {
						t.Errorf("%s of bytes that are no text: %d", method, answer.status)
					}
					continue
				}
				if answer.status != http.StatusNotFound || answer.body != want || !strings.Contains(answer.body, "not valid any more") {
					t.Errorf("%s of %.20s as %q: %d, or in other words", method, token, who, answer.status)
				}
			}
		}
	}
	h.noFailures()
}

// Trying links is stopped, for those that are valid too, and what is opened in
// earnest does not count.
func TestWrongLinksAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	path := "/invite/" + string(h.invitation(h.room("private", nil, "owner"), room.Member).Token)
	for range 150 {
		if answer := h.get("eve", path); answer.status != http.StatusOK {
			t.Fatalf("opening a valid link often: %d", answer.status)
		}
	}
	statuses := make(map[int]int)
	for i := range 150 {
		statuses[h.get("", fmt.Sprintf("/invite/guess%d", i)).status]++
	}
	if statuses[404] < 90 || statuses[429] < 40 || len(statuses) != 2 {
		t.Errorf("statuses %v, want about a hundred 404 and then 429", statuses)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if answer := h.do("eve", method, path, "application/x-www-form-urlencoded", ""); answer.status != http.StatusTooManyRequests {
			t.Errorf("%s of a valid link after that: %d", method, answer.status)
		}
	}
}

// A guest's session opens its room and nothing else, whichever cookie holds it
// and whatever path it is sent to.
func TestGuestSessionOpensOneRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r, other, open := h.room("private", nil, "owner"), h.room("private", nil, "owner"), h.room("open", nil, "owner")
	for _, each := range []room.Room{r, other, open} {
		takesGuests(h, each)
	}
	link := "/invite/" + string(h.invitation(r, room.Guest).Token)
	came := h.post("", link, url.Values{"display_name": {"Gus"}})
	h.cookies["gus"] = cookiesOf(came, "/r/"+r.Slug)
	h.cookies["gus again"] = cookiesOf(came, link)
	if h.cookies["gus"] == "" || h.cookies["gus again"] == "" || strings.Contains(came.header.Get("Set-Cookie"), "Path=/;") {
		t.Fatalf("cookies %q", came.header.Values("Set-Cookie"))
	}
	page := h.get("gus", "/r/"+r.Slug)
	for _, want := range []string{"Gus", `<span class="tag">Guest</span>`, `action="/r/` + r.Slug + `/guest/leave"`} {
		if page.status != http.StatusOK || !strings.Contains(page.body, want) {
			t.Errorf("the guest's page lacks %s: %d", want, page.status)
		}
	}
	for _, not := range []string{`href="/account"`, "Log out", "/members", `/settings"`, "/invitations"} {
		if strings.Contains(page.body, not) {
			t.Errorf("the guest's page has %s", not)
		}
	}
	if answer := h.get("gus again", link); answer.location != "/r/"+r.Slug {
		t.Errorf("the link opened again leads to %q", answer.location)
	}
	if answer := h.postJSON("gus", "/r/"+r.Slug+"/join", `{}`); answer.status != http.StatusOK || !strings.Contains(answer.body, `"role":"guest"`) {
		t.Errorf("joining: %d %.200s", answer.status, answer.body)
	}

	// Elsewhere the same token is nobody's.
	for _, path := range []string{"/account", "/rooms", "/rooms/new", "/r/" + other.Slug, "/r/" + other.Slug + "/members"} {
		if answer := h.get("gus", path); !strings.HasPrefix(answer.location, "/login") {
			t.Errorf("%s: %d", path, answer.status)
		}
	}
	if answer := h.postJSON("gus", "/r/"+other.Slug+"/join", `{}`); answer.status != http.StatusUnauthorized {
		t.Errorf("joining another room: %d", answer.status)
	}
	if page := h.get("gus", "/r/"+open.Slug); !strings.Contains(page.body, "Come in as a guest") {
		t.Errorf("an open room: %d", page.status)
	}
	// In the other cookie: its value is signed for its name, so it is nobody's.
	h.cookies["swapped"] = strings.Replace(h.cookies["gus"], "foyer_guest=", "foyer=", 1)
	for _, path := range []string{"/account", "/r/" + r.Slug} {
		if answer := h.get("swapped", path); !strings.HasPrefix(answer.location, "/login") {
			t.Errorf("%s with the token in the other cookie: %d", path, answer.status)
		}
	}

	// Who belongs to a room comes into it by their account, whatever else their
	// browser holds.
	h.cookies["both"] = h.cookies["owner"] + "; " + h.cookies["gus"]
	if body := h.get("both", "/r/"+r.Slug).body; !strings.Contains(body, "/settings") {
		t.Error("the owner is a guest in their own room")
	}
	h.cookies["eve and gus"] = h.cookies["eve"] + "; " + h.cookies["gus"]
	if answer := h.get("eve and gus", "/r/"+r.Slug); answer.status != http.StatusOK || !strings.Contains(answer.body, "Leave as guest") {
		t.Errorf("somebody with an account as a guest: %d", answer.status)
	}

	// Closed to an account, the room is closed to it as a guest too.
	h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'eve')`, r.ID, h.people["eve"].ID)
	if answer := h.get("eve and gus", "/r/"+r.Slug); answer.status != http.StatusNotFound {
		t.Errorf("somebody banned as a guest: %d", answer.status)
	}
	if answer := h.postJSON("eve and gus", "/r/"+r.Slug+"/join", `{}`); answer.status != http.StatusNotFound {
		t.Errorf("somebody banned joins as a guest: %d %s", answer.status, answer.body)
	}
	h.sql(`delete from bans`)

	// Of a room that they may ask to belong to, somebody is a guest, and asks with
	// their account.
	h.sql(`update rooms set visibility = 'listed' where id = $1`, r.ID)
	request := "/r/" + r.Slug + "/request"
	if answer := h.get("eve and gus", "/r/"+r.Slug); answer.status != http.StatusOK || !strings.Contains(answer.body, "Leave as guest") || !strings.Contains(answer.body, request) {
		t.Errorf("a guest who may ask to belong: %d", answer.status)
	}
	if answer := h.get("gus", "/r/"+r.Slug); strings.Contains(answer.body, request) {
		t.Error("a guest without an account is offered to ask")
	}
	if answer := h.get("eve and gus", request); answer.status != http.StatusOK || !strings.Contains(answer.body, `name="message"`) {
		t.Errorf("the form to ask: %d", answer.status)
	}
	if answer := h.post("eve and gus", request, url.Values{"message": {"Let me"}}); answer.status != http.StatusSeeOther {
		t.Errorf("asking: %d", answer.status)
	}
	var asked int
	if h.row(&asked, `select count(*) from join_requests where room_id = $1 and user_id = $2`, r.ID, h.people["eve"].ID); asked != 1 {
		t.Errorf("%d requests of hers, want 1", asked)
	}

	// Where their account may enter, if only once they are let in, they come by it.
	h.sql(`update rooms set visibility = 'open' where id = $1`, r.ID)
	for _, lobby := range []string{"off", "strangers"} {
		h.sql(`update rooms set lobby = $2 where id = $1`, r.ID, lobby)
		if body := h.get("eve and gus", "/r/"+r.Slug).body; strings.Contains(body, "Leave as guest") || !strings.Contains(body, `data-username="eve"`) {
			t.Errorf("with the lobby %s: an account that may come in is a guest", lobby)
		}
	}
	h.sql(`update rooms set lobby = 'off', visibility = 'private' where id = $1`, r.ID)

	left := h.post("gus", "/r/"+r.Slug+"/guest/leave", nil)
	if left.location != "/" || !strings.Contains(strings.Join(left.header.Values("Set-Cookie"), "\n"), "foyer_guest=; Path=/r/"+r.Slug+";") && !strings.Contains(strings.Join(left.header.Values("Set-Cookie"), "\n"), "Max-Age=0") {
		t.Errorf("leaving leads to %q with %q", left.location, left.header.Values("Set-Cookie"))
	}
	if answer := h.get("gus", "/r/"+r.Slug); !strings.HasPrefix(answer.location, "/login") {
		t.Errorf("after leaving: %d", answer.status)
	}
	h.noFailures()
}

// The door of an open room that takes guests; the same address of any other, and
// of none, leads to log in.
func TestDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r, private := h.room("open", nil, "owner"), h.room("private", nil, "owner")
	path := "/r/" + r.Slug
	if answer := h.get("", path); answer.location != "/login?next="+url.QueryEscape(path) {
		t.Errorf("without guests: %d to %q", answer.status, answer.location)
	}
	takesGuests(h, r)
	takesGuests(h, private)
	page := h.get("", path)
	if page.status != http.StatusOK || !strings.Contains(page.body, "Come in as a guest") || !strings.Contains(page.body, "/login?next=%2fr%2f"+r.Slug) {
		t.Fatalf("the door: %d", page.status)
	}
	none := h.get("", "/r/there-is-none")
	hidden := h.get("", "/r/"+private.Slug)
	if none.status != hidden.status || strings.Replace(none.location, "there-is-none", private.Slug, 1) != hidden.location {
		t.Errorf("a hidden room: %d to %q, none: %d to %q", hidden.status, hidden.location, none.status, none.location)
	}
	for _, slug := range []string{private.Slug, "there-is-none", "%00"} {
		if answer := h.post("", "/r/"+slug+"/guest", url.Values{"display_name": {"Gus"}}); answer.status == http.StatusOK || len(answer.header.Values("Set-Cookie")) > 0 {
			t.Errorf("coming into %s: %d", slug, answer.status)
		}
	}
	for what, value := range bad {
		if answer := h.post("", path+"/guest", url.Values{"display_name": {value}}); answer.status != http.StatusUnprocessableEntity || !strings.Contains(answer.body, `aria-invalid="true"`) {
			t.Errorf("a name that is %s: %d", what, answer.status)
		}
	}
	attempt := regexp.MustCompile(`name="attempt" value="([^"]{20,})"`).FindStringSubmatch(page.body)
	if attempt == nil {
		t.Fatal("the form has no attempt")
	}
	came := h.post("", path+"/guest", url.Values{"display_name": {"Gus"}, "attempt": {attempt[1]}})
	h.cookies["gus"] = cookiesOf(came, path)
	if answer := h.postJSON("gus", path+"/join", `{}`); answer.status != http.StatusForbidden || !strings.Contains(answer.body, `"lobby"`) {
		t.Errorf("joining at once: %d %s", answer.status, answer.body)
	}
	if answer := h.post("eve", path+"/guest", url.Values{"display_name": {"Eve"}}); answer.location != path || len(answer.header.Values("Set-Cookie")) > 0 {
		t.Errorf("somebody with an account: %d to %q", answer.status, answer.location)
	}

	// Closed to the guest of a browser, the room has no door there any more.
	h.sql(`insert into bans (id, room_id, guest_id, name) select gen_random_uuid(), room_id, id, display_name from guests where room_id = $1`, r.ID)
	for what, answer := range map[string]answer{
		"the page": h.get("gus", path), "coming in again": h.post("gus", path+"/guest", url.Values{"display_name": {"Gus"}}),
		"joining": h.postJSON("gus", path+"/join", `{}`),
	} {
		if answer.status != http.StatusNotFound {
			t.Errorf("%s for a banned guest: %d", what, answer.status)
		}
	}
	h.noFailures()
}

func TestGuestsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("open", nil, "owner")
	takesGuests(h, r)
	statuses := make(map[int]int)
	var last answer
	for range 320 {
		last = h.post("", "/r/"+r.Slug+"/guest", url.Values{"display_name": {"Gus"}})
		statuses[last.status]++
	}
	if statuses[303] < 250 || statuses[429] < 10 || len(statuses) != 2 || !strings.Contains(last.body, `value="Gus"`) {
		t.Errorf("statuses %v, want 303 and then 429 with what was typed", statuses)
	}
}
