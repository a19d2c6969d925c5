package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"foyer/internal/mail"
	"foyer/internal/room"
)

// outbox returns to whom mails of a kind go, and the text of the newest.
func (h *house) outbox(kind mail.Kind) (to []string, text string) {
	h.Helper()
	mails, err := h.mails.List(h.Context(), "", 100)
	if err != nil {
		h.Fatal(err)
	}
	for _, m := range mails {
		if m.Kind != kind {
			continue
		}
		to = append(to, m.To)
		if len(to) == 1 {
			if _, text, err = h.mails.Read(h.Context(), m.ID); err != nil {
				h.Fatal(err)
			}
		}
	}
	slices.Sort(to)
	return to, text
}

func TestRequestToJoin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder", "member", "eve")
	h.server.LinkOrigin = "https://meet.example.org"
	r := h.room("listed", map[string]room.Role{"moder": room.Moderator, "member": room.Member}, "owner")
	h.sql(`update rooms set topic = 'Plans of the owner' where id = $1`, r.ID)
	path := "/r/" + r.Slug

	page := h.get("eve", path)
	if page.status != http.StatusOK || !strings.Contains(page.body, "Ask to join") || !strings.Contains(page.body, "Team") {
		t.Fatalf("a listed room: %d %s", page.status, page.body)
	}
	for _, secret := range []string{"Plans of the owner", "The owner", "Join call"} {
		if strings.Contains(page.body, secret) {
			t.Errorf("a stranger of a listed room sees %q", secret)
		}
	}
	long := h.post("eve", path+"/request", url.Values{"message": {strings.Repeat("é", 301)}})
	if long.status != http.StatusUnprocessableEntity || !strings.Contains(long.body, strings.Repeat("é", 301)) || !strings.Contains(long.body, "at most 300 characters") {
		t.Errorf("a long message: %d", long.status)
	}
	if to, _ := h.outbox("join_request"); to != nil {
		t.Errorf("a refused request was told to %v", to)
	}
	message := url.Values{"message": {"  I am <b>Eve</b>\r\nBcc: all@example.org"}}
	if asked := h.post("eve", path+"/request", message); asked.status != http.StatusSeeOther || asked.location != path {
		t.Fatalf("asking: %d to %s", asked.status, asked.location)
	}
	to, text := h.outbox("join_request")
	if !slices.Equal(to, []string{"moder@example.org", "owner@example.org"}) {
		t.Errorf("told %v, want the moderator and the owner", to)
	}
	for _, part := range []string{"The eve (eve) asks to join the video room “Team”", "They write: I am <b>Eve</b> Bcc: all@example.org\n", "https://meet.example.org" + path + "/members"} {
		if !strings.Contains(text, part) {
			t.Errorf("the mail lacks %q:\n%s", part, text)
		}
	}
	if page := h.get("eve", path); !strings.Contains(page.body, "Withdraw the request") || !strings.Contains(page.body, "I am &lt;b&gt;Eve&lt;/b&gt;") {
		t.Errorf("after asking:\n%s", page.body)
	}
	for _, who := range []string{"owner", "moder"} {
		for _, page := range []string{"/", path + "/members"} {
			if body := h.get(who, page).body; !strings.Contains(body, "asks to join") || !strings.Contains(body, "I am &lt;b&gt;Eve&lt;/b&gt;") {
				t.Errorf("%s sees no request on %s", who, page)
			}
		}
	}
	for _, page := range []string{"/", path + "/members"} {
		if strings.Contains(h.get("member", page).body, "asks to join") {
			t.Errorf("a member sees the request on %s", page)
		}
	}

	accept := regexp.MustCompile(`/r/[^"]+/requests/[^"]+/accept`).FindString(h.get("moder", "/").body)
	next := url.Values{"next": {"/"}}
	if granted := h.post("moder", accept, next); granted.status != http.StatusSeeOther || granted.location != "/" {
		t.Fatalf("accepting: %d to %s", granted.status, granted.location)
	}
	if again := h.post("owner", accept, next); again.status != http.StatusSeeOther {
		t.Errorf("accepting again: %d", again.status)
	}
	if to, text := h.outbox("join_decision"); !slices.Equal(to, []string{"eve@example.org"}) || !strings.Contains(text, "https://meet.example.org"+path+"\n") {
		t.Errorf("told %v: %s", to, text)
	}
	if page := h.get("eve", path); !strings.Contains(page.body, "Join call") {
		t.Errorf("granted, but: %s", page.body)
	}
	h.noFailures()
}

func TestDeclinedRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("listed", nil, "owner")
	path := "/r/" + r.Slug
	ask := func() { h.post("eve", path+"/request", url.Values{"message": {""}}) }
	link := func(word string) string {
		return regexp.MustCompile(`/r/[^"]+/requests/[^"]+/` + word).FindString(h.get("owner", "/").body)
	}
	ask()
	decline := link("decline")
	if declined := h.post("owner", decline, url.Values{"next": {"//evil.example/"}}); declined.status != http.StatusSeeOther || declined.location != "/" {
		t.Errorf("declining: %d to %s", declined.status, declined.location)
	}
	if to, text := h.outbox("join_decision"); !slices.Equal(to, []string{"eve@example.org"}) || !strings.Contains(text, "declined") {
		t.Errorf("told %v: %s", to, text)
	}
	if page := h.get("eve", path); page.status != http.StatusOK || strings.Contains(page.body, "declined") || !strings.Contains(page.body, ">Ask to join</button>") {
		t.Errorf("the page after a no: %s", page.body)
	}
	ask()
	if to, _ := h.outbox("join_request"); len(to) != 1 {
		t.Errorf("told %v of two requests on one day", to)
	}
	if link("accept") == "" {
		t.Error("the second request is not on the dashboard")
	}
	// Asking and withdrawing without end is bounded.
	last := 0
	for range 25 {
		last = h.post("eve", path+"/request", url.Values{"message": {""}}).status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 27th request of an hour: %d", last)
	}
}

// Who cannot be written to decides and is decided about all the same.
func TestRequestOfWhoHasNoAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder", "eve")
	r := h.room("listed", map[string]room.Role{"moder": room.Moderator}, "owner")
	h.sql(`update users set email = 'owner@<example>.org' where username = 'owner'`)
	if asked := h.post("eve", "/r/"+r.Slug+"/request", url.Values{"message": {""}}); asked.status != http.StatusSeeOther {
		t.Fatalf("asking: %d", asked.status)
	}
	if to, _ := h.outbox("join_request"); !slices.Equal(to, []string{"moder@example.org"}) {
		t.Errorf("told %v", to)
	}
}

func TestFindRooms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	for name, visibility := range map[string]room.Visibility{"Hidden": room.Private, "In a list": room.Listed, "Wide open": room.Open} {
		r, err := h.rooms.Create(t.Context(), h.people["owner"].ID, room.Draft{Name: name, Topic: "Topic of " + name, Visibility: visibility, Backend: "livekit"})
		if err != nil {
			t.Fatal(err)
		}
		if visibility == room.Listed {
			h.post("eve", "/r/"+r.Slug+"/request", url.Values{"message": {""}})
		}
	}
	body := h.get("eve", "/rooms").body
	for text, want := range map[string]bool{
		"Hidden": false, "In a list": true, "Topic of In a list": false, "You asked to join": true, "Wide open": true, "Topic of Wide open": true,
	} {
		if strings.Contains(body, text) != want {
			t.Errorf("%q shown: %v, want %v", text, !want, want)
		}
	}
	for _, query := range []string{"q=wide", "q=%00%ff", "after=no-cursor", "q=%25&after=" + room.Cursor{Name: "z", ID: "00000000-0000-7000-8000-000000000000"}.String()} {
		if page := h.get("eve", "/rooms?"+query); page.status != http.StatusOK {
			t.Errorf("%s: %d", query, page.status)
		}
	}
	if body := h.get("owner", "/rooms?q=LIST").body; !strings.Contains(body, "Topic of In a list") || !strings.Contains(body, ">Owner<") || strings.Contains(body, "Wide open") {
		t.Errorf("the owner finds: %s", body)
	}
}
