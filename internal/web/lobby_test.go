package web_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"foyer/internal/room"
)

// row reads the one value of the one row of a query.
func (h *house) row(into any, query string, args ...any) {
	h.Helper()
	if err := h.pool.QueryRow(h.Context(), query, args...).Scan(into); err != nil {
		h.Fatal(err)
	}
}

// listening is an event stream that is open.
type listening struct {
	h       *house
	answer  answer
	lines   *bufio.Scanner
	cancel  context.CancelFunc
	closing io.Closer
}

// listen opens an event stream as somebody.
func (h *house) listen(who, path string, edit ...func(*http.Request)) *listening {
	h.Helper()
	ctx, cancel := context.WithTimeout(h.Context(), 2*time.Minute)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+path, nil)
	if err != nil {
		h.Fatal(err)
	}
	if cookie := h.cookies[who]; cookie != "" {
		request.Header.Set("Cookie", cookie)
	}
	for _, e := range edit {
		e(request)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		h.Fatalf("GET %s: %v", path, err)
	}
	l := &listening{h, answer{status: response.StatusCode, header: response.Header}, bufio.NewScanner(response.Body), cancel, response.Body}
	h.Cleanup(l.close)
	return l
}

func (l *listening) close() {
	l.cancel()
	_ = l.closing.Close()
}

// next returns the next event's data; empty when the stream has ended.
func (l *listening) next() string {
	l.h.Helper()
	for l.lines.Scan() {
		if data, ok := strings.CutPrefix(l.lines.Text(), "data: "); ok {
			return data
		}
	}
	return ""
}

// expectStanding waits until somebody's standing is as wanted; what it was on
// the way there does not matter.
func (l *listening) expectStanding(want string) {
	l.h.Helper()
	var seen []string
	for data := l.next(); data != ""; data = l.next() {
		if data == want {
			return
		}
		seen = append(seen, data)
	}
	l.h.Errorf("the lobby says %v, want %s at last", seen, want)
}

func (h *house) mustJSON(who, path, body string, want int) string {
	h.Helper()
	got := h.postJSON(who, path, body)
	if got.status != want {
		h.Fatalf("POST %s %s as %s: got %d %s, want %d", path, body, who, got.status, got.body, want)
	}
	return got.body
}

// entry is the id of who waits in a room's lobby under a name.
func (h *house) entry(r room.Room, username string) (id string) {
	h.Helper()
	h.row(&id, `select id from lobby where room_id = $1 and user_id = $2`, r.ID, h.people[username].ID)
	return id
}

// lobbyHouse is a house with an open room, whose lobby concerns strangers.
func lobbyHouse(t *testing.T) (*house, room.Room, string) {
	h := newHouse(t, "owner", "moder", "member", "eve", "zoe")
	r := h.room("open", map[string]room.Role{"moder": room.Moderator, "member": room.Member}, "owner")
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	return h, r, "/r/" + r.Slug
}

func TestLobbyFromKnockToCall(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	if got := h.postJSON("eve", path+"/join", `{}`); got.status != 403 || !strings.Contains(got.body, `"lobby"`) {
		t.Fatalf("joins without having asked: %d %s", got.status, got.body)
	}
	if got := h.mustJSON("eve", path+"/lobby", `{"display_name": "Eve at the door"}`, 200); got != `{"state":"waiting"}` {
		t.Errorf("knocks: %s", got)
	}
	stream := h.listen("eve", path+"/lobby/events")
	if kind := stream.answer.header.Get("Content-Type"); kind != "text/event-stream" {
		t.Errorf("content type %q", kind)
	}
	stream.expectStanding(`{"state":"waiting","told":0,"message":""}`)
	if got := h.postJSON("eve", path+"/join", `{}`); got.status != 403 {
		t.Errorf("joins while waiting: %d %s", got.status, got.body)
	}
	entry := h.entry(r, "eve")
	h.mustJSON("moder", path+"/lobby/"+entry+"/admit", `{}`, 200)
	stream.expectStanding(`{"state":"admitted","told":0,"message":""}`)
	h.mustJSON("moder", path+"/lobby/"+entry+"/admit", `{}`, 404)
	h.mustJSON("zoe", path+"/join", `{}`, 403) // who was not admitted
	h.mustJSON("eve", path+"/join", `{}`, 200)
	h.noFailures()
}

func TestLobbyDenies(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	stream := h.listen("eve", path+"/lobby/events")
	stream.expectStanding(`{"state":"waiting","told":0,"message":""}`)
	h.mustJSON("owner", path+"/lobby/"+h.entry(r, "eve")+"/deny", `{}`, 200)
	stream.expectStanding(`{"state":"denied","told":0,"message":"You were not let in."}`)
	if got := h.postJSON("eve", path+"/join", `{}`); got.status != 403 || !strings.Contains(got.body, `"denied"`) {
		t.Errorf("joins after having been denied: %d %s", got.status, got.body)
	}
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	stream.expectStanding(`{"state":"waiting","told":0,"message":""}`)

	// Denied and blocked: from now on there is no such room, and nothing more
	// comes by the stream.
	h.mustJSON("owner", path+"/lobby/"+h.entry(r, "eve")+"/block", `{}`, 200)
	for data := stream.next(); data != ""; data = stream.next() {
		t.Errorf("told after having been blocked: %s", data)
	}
	none := h.get("eve", "/r/there-is-none")
	for _, at := range []string{"", "/lobby/events", "/participants"} {
		if got := h.get("eve", path+at); got.status != 404 || at == "" && got.body != none.body {
			t.Errorf("%s after having been blocked: %d", at, got.status)
		}
	}
	h.mustJSON("eve", path+"/lobby", `{}`, 404)
	h.noFailures()
}

// An approval that is withdrawn puts out who came in by it, and lets nobody in.
func TestApprovalIsWithdrawn(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	h.enter("owner", path)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	h.mustJSON("owner", path+"/lobby/admit-all", `{}`, 200)
	h.enter("eve", path)
	h.mustJSON("owner", path+"/lobby/"+h.entry(r, "eve")+"/deny", `{}`, 200)
	h.waitFor("eve is out", func() bool { return len(h.peopleAs("owner", path).People) == 1 })
	h.mustJSON("eve", path+"/join", `{}`, 403)
	h.noFailures()
}

// Who leaves the lobby does not wait any more, and cannot be admitted.
func TestLobbyIsLeft(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	entry := h.entry(r, "eve")
	h.mustJSON("eve", path+"/lobby/leave", `{}`, 200)
	h.mustJSON("owner", path+"/lobby/"+entry+"/admit", `{}`, 404)
	h.mustJSON("eve", path+"/lobby/leave", `{}`, 200)
}

func TestAdmitAllLetsInThoseWhoWaitNow(t *testing.T) {
	t.Parallel()
	h, _, path := lobbyHouse(t)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	if got := h.mustJSON("owner", path+"/lobby/admit-all", `{}`, 200); got != `{"admitted":1}` {
		t.Errorf("admitted %s", got)
	}
	h.mustJSON("zoe", path+"/lobby", `{}`, 200)
	h.mustJSON("eve", path+"/join", `{}`, 200)
	h.mustJSON("zoe", path+"/join", `{}`, 403)
}

// Whoever need not wait is told so, and nobody sees them wait.
func TestKnockingWithoutNeed(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	for _, name := range []string{"owner", "moder", "member"} {
		if got := h.mustJSON(name, path+"/lobby", `{}`, 200); got != `{"state":"admitted"}` {
			t.Errorf("%s: %s", name, got)
		}
	}
	var waiting int
	if h.row(&waiting, `select count(*) from lobby where room_id = $1`, r.ID); waiting != 0 {
		t.Errorf("%d wait", waiting)
	}
}

func TestKnockRefuses(t *testing.T) {
	t.Parallel()
	h, _, path := lobbyHouse(t)
	for body, want := range map[string]int{
		`{"display_name": "` + strings.Repeat("x", 65) + `"}`: 422, `{"other": "x"}`: 422, `{"display_name": 1}`: 400, `[]`: 400, `{`: 400,
	} {
		h.mustJSON("eve", path+"/lobby", body, want)
	}
	got := h.do("eve", http.MethodPost, path+"/lobby", "text/plain", "x")
	if got.status != http.StatusUnsupportedMediaType {
		t.Errorf("text: %d", got.status)
	}
	var last answer
	for range 25 {
		last = h.postJSON("eve", path+"/lobby", `{}`)
	}
	if last.status != http.StatusTooManyRequests || last.header.Get("Retry-After") == "" {
		t.Errorf("the 25th knock within a minute: %d", last.status)
	}
	h.mustJSON("zoe", path+"/lobby", `{}`, 200) // another person is not held back
}

// The room's page tells who waits its name and no more.
func TestRoomPageOfWhoWaits(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	h.sql(`update rooms set topic = 'A secret plan' where id = $1`, r.ID)
	h.sql(`
		insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at)
		select 'inside', $1, 1, $2, id, 'Somebody inside', '{}', now() from sessions where user_id = $2`, r.ID, h.people["owner"].ID)
	see := func(who, state string, people bool) {
		t.Helper()
		body := h.get(who, path).body
		if !strings.Contains(body, "Team") || !strings.Contains(body, `data-lobby="`+state+`"`) {
			t.Errorf("%s: no name, or not in the state %q", who, state)
		}
		if strings.Contains(body, "A secret plan") != people {
			t.Errorf("%s sees the topic: %v, want %v", who, !people, people)
		}
	}
	see("eve", "ask", false)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	see("eve", "waiting", false)
	h.mustJSON("owner", path+"/lobby/"+h.entry(r, "eve")+"/deny", `{}`, 200)
	see("eve", "denied", false)
	h.mustJSON("eve", path+"/lobby", `{}`, 200)
	h.mustJSON("owner", path+"/lobby/admit-all", `{}`, 200)
	see("eve", "", true)
	see("member", "", true)
}

// Forms without script do the same, and lead back to where they were sent from.
func TestLobbyByForms(t *testing.T) {
	t.Parallel()
	h, r, path := lobbyHouse(t)
	send := func(who, at string, form url.Values, want string) {
		t.Helper()
		if got := h.post(who, path+at, form); got.status != http.StatusSeeOther || got.location != want {
			t.Errorf("%s: %d to %q, want 303 to %q", at, got.status, got.location, want)
		}
	}
	send("eve", "/lobby", url.Values{}, path)
	entry := h.entry(r, "eve")
	send("owner", "/lobby/"+entry+"/deny", url.Values{"next": {path + "/members"}}, path+"/members")
	send("eve", "/lobby", url.Values{"display_name": {"Eve"}}, path)
	send("owner", "/lobby/"+entry+"/admit", url.Values{"next": {"//elsewhere.example.org"}}, "/")
	send("eve", "/lobby/leave", url.Values{}, path)
	send("zoe", "/lobby", url.Values{}, path)
	send("owner", "/lobby/admit-all", url.Values{}, "/")
	send("owner", "/lobby/"+h.entry(r, "zoe")+"/block", url.Values{"invitation": {"on"}}, "/")
	send("owner", "/end", url.Values{}, path)
	h.mustJSON("zoe", path+"/lobby", `{}`, 404)
}

// Two moderators answer the same person from their dashboards: the second is told,
// back where they were.
func TestLobbyAnsweredByTwo(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"admit", "deny", "block"} {
		h, r, path := lobbyHouse(t)
		h.mustJSON("eve", path+"/lobby", `{}`, 200)
		at := path + "/lobby/" + h.entry(r, "eve") + "/" + answer
		for i, who := range []string{"owner", "moder"} {
			got := h.post(who, at, url.Values{"next": {"/"}})
			if got.status != http.StatusSeeOther || got.location != "/" {
				t.Fatalf("%s by %s: %d to %q", answer, who, got.status, got.location)
			}
			h.cookies[who] = got.cookie
			if page := h.get(who, "/"); strings.Contains(page.body, "They do not wait any more.") != (i == 1) {
				t.Errorf("%s: what %s is told", answer, who)
			}
		}
		h.mustJSON("moder", at, `{}`, 404)
		if got := h.post("member", at, url.Values{"next": {"/"}}); got.status != http.StatusForbidden {
			t.Errorf("%s by a member: %d", answer, got.status)
		}
	}
}
