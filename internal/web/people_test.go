package web_test

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"foyer/internal/room"
)

func TestAddMembersPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "ben", "eve", "fay")
	r := h.room("private", map[string]room.Role{"fay": room.Member}, "owner")
	members := "/r/" + r.Slug + "/members"
	h.post("owner", members+"/fay/ban", nil)
	add := func(people string) answer {
		return h.post("owner", "/r/"+r.Slug+"/add-members", url.Values{"people": {people}})
	}
	some := add("ben\r\nfay\r\n<i>@example.org</i>\r\nnew@example.org")
	if some.status != http.StatusUnprocessableEntity {
		t.Errorf("some not added: %d", some.status)
	}
	for _, part := range []string{
		"The ben belongs to this room now.", "The fay is banned from this room. Lift the ban first.",
		"invitations?emails=new%40example.org", "fay\n&lt;i&gt;@example.org&lt;/i&gt;\nnew@example.org</textarea>",
	} {
		if !strings.Contains(some.body, part) {
			t.Errorf("lacks %q:\n%s", part, some.body)
		}
	}
	for _, test := range []struct{ people, notice string }{
		{"eve", "1 more person belongs to this room now."},
		{"eve\nben", "All of them belong to this room already."},
	} {
		if all := add(test.people); all.status != http.StatusSeeOther || all.location != members {
			t.Errorf("%s: %d to %s", test.people, all.status, all.location)
		} else if page := h.do("owner", http.MethodGet, members, "", "", with(all.cookie)); !strings.Contains(page.body, test.notice) {
			t.Errorf("%s: no %q", test.people, test.notice)
		}
	}
	for _, people := range []string{"", strings.Repeat("x\n", room.MostLines+1)} {
		if none := add(people); none.status != http.StatusUnprocessableEntity || !strings.Contains(none.body, `id="people-error"`) {
			t.Errorf("%d bytes of list: %d", len(people), none.status)
		}
	}
}

// with sends another cookie.
func with(cookie string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Cookie", cookie) }
}

func TestExportMembers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "ben", "-eve", "cleo", "dan", "fay")
	r := h.room("private", map[string]room.Role{"ben": room.Moderator, "-eve": room.Member, "cleo": room.Member, "dan": room.Member, "fay": room.Member}, "owner")
	for username, name := range map[string]string{"ben": `Ben "the" B, jr`, "-eve": "=HYPERLINK(1)", "cleo": "@cleo", "dan": "＝1+1", "fay": "Ä-fay=1"} {
		h.sql(`update users set display_name = $2 where username = $1`, username, name)
	}
	h.sql(`update memberships set created_at = '2026-02-03 04:05:06+02' where room_id = $1`, r.ID)
	file := h.get("owner", "/r/"+r.Slug+"/members.csv")
	for name, want := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="` + r.Slug + `-members.csv"`, "Cache-Control": "no-store",
	} {
		if got := file.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	body, marked := strings.CutPrefix(file.body, "\ufeff")
	if !marked || strings.Count(body, "\r\n") != 7 {
		t.Errorf("marked as UTF-8: %v; %q", marked, body)
	}
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		"username": {"display name", "role"}, "owner": {"The owner", "owner"}, "ben": {`Ben "the" B, jr`, "moderator"},
		"'-eve": {"'=HYPERLINK(1)", "member"}, "cleo": {"'@cleo", "member"}, "dan": {"'＝1+1", "member"}, "fay": {"Ä-fay=1", "member"},
	}
	for _, row := range rows {
		if got := [2]string{row[1], row[2]}; got != want[row[0]] {
			t.Errorf("%s: %v, want %v", row[0], got, want[row[0]])
		}
		if row[0] != "username" && row[3] != "2026-02-03 02:05:06" {
			t.Errorf("%s: since %q", row[0], row[3])
		}
		delete(want, row[0])
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestTransferPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "ben", "cleo")
	r := h.room("private", map[string]room.Role{"ben": room.Member, "cleo": room.Owner}, "owner")
	transfer := "/r/" + r.Slug + "/transfer"
	for name, form := range map[string]url.Values{
		"confirm_transfer": {"username": {"ben"}, "confirm_transfer": {"team"}},
		"username":         {"username": {"nobody"}, "confirm_transfer": {"Team"}},
	} {
		got := h.post("owner", transfer, form)
		if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `id="`+name+`-error"`) || !strings.Contains(got.body, `value="`+form.Get("username")+`"`) {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := h.post("owner", transfer, url.Values{"username": {"cleo"}, "confirm_transfer": {"Team"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("to an owner: %d", got.status)
	}
	if got := h.post("owner", transfer, url.Values{"username": {" ben "}, "confirm_transfer": {"Team"}}); got.status != http.StatusSeeOther {
		t.Errorf("to a member: %d", got.status)
	}
	if got := h.get("owner", "/r/"+r.Slug+"/members").body; strings.Contains(got, "Hand the room over") || !strings.Contains(got, "Leave room") {
		t.Error("who handed the room over still may, or may not leave")
	}
}

// To somebody who is banned an open room, a listed one, and their own that was,
// look like a room that does not exist, on every address.
func TestBannedSeesNoRoom(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve", "moder")
	for _, visibility := range []string{"private", "listed", "open"} {
		r := h.room(visibility, map[string]room.Role{"eve": room.Member, "moder": room.Moderator}, "owner")
		if got := h.post("moder", "/r/"+r.Slug+"/members/eve/ban", nil); got.status != http.StatusSeeOther {
			t.Fatalf("banning: %d", got.status)
		}
		for _, path := range []string{"", "/members", "/members.csv", "/bans", "/settings", "/invitations"} {
			banned, none := h.get("eve", "/r/"+r.Slug+path), h.get("eve", "/r/there-is-none"+path)
			if banned.status != http.StatusNotFound || banned.status != none.status || banned.body != none.body {
				t.Errorf("%s%s: %d, none: %d, bodies equal: %v", visibility, path, banned.status, none.status, banned.body == none.body)
			}
		}
		banned, none := h.postJSON("eve", "/r/"+r.Slug+"/join", `{}`), h.postJSON("eve", "/r/there-is-none/join", `{}`)
		if banned.status != http.StatusNotFound || banned.body != none.body {
			t.Errorf("join: %d %s, none: %d %s", banned.status, banned.body, none.status, none.body)
		}
		for _, path := range []string{"/request", "/request/withdraw", "/lobby"} {
			if got := h.post("eve", "/r/"+r.Slug+path, url.Values{"message": {""}}); got.status != http.StatusNotFound {
				t.Errorf("%s%s: %d", visibility, path, got.status)
			}
		}
		if strings.Contains(h.get("eve", "/rooms").body, "/r/"+r.Slug+`"`) || strings.Contains(h.get("eve", "/").body, "/r/"+r.Slug+`"`) {
			t.Errorf("%s: still listed to who is banned", visibility)
		}
	}
}

func TestDashboardDesk(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder", "member", "eve")
	r := h.room("open", map[string]room.Role{"moder": room.Moderator, "member": room.Member}, "owner")
	quiet := h.get("owner", "/").body
	if strings.Contains(quiet, "Waiting for you") || strings.Contains(quiet, "data-watch") {
		t.Error("a room without a lobby is watched, or somebody waits")
	}
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.post("eve", "/r/"+r.Slug+"/lobby", url.Values{"display_name": {"Eve <3"}})
	for _, who := range []string{"owner", "moder"} {
		body := h.get(who, "/").body
		if !strings.Contains(body, "data-watch") || !strings.Contains(body, "Eve &lt;3") || !strings.Contains(body, "/admit") || !strings.Contains(body, "/block") {
			t.Errorf("%s does not see who waits", who)
		}
	}
	if body := h.get("member", "/").body; strings.Contains(body, "data-watch") || strings.Contains(body, "Eve") {
		t.Error("a member sees who waits")
	}
	// Whoever hosts a call lets people in like a moderator.
	h.sql(`insert into calls (id, room_id, host) values (gen_random_uuid(), $1, $2)`, r.ID, h.people["member"].ID)
	if body := h.get("member", "/").body; !strings.Contains(body, "Eve &lt;3") || strings.Contains(body, "/block") {
		t.Error("who hosts the call does not see who waits, or is offered to ban them")
	}
}
