package web_test

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"foyer/internal/room"
)

var linkPattern = regexp.MustCompile(`id="made-address">([^<]+)<`)

// A link is shown on the page after the form, once, and works.
func TestMadeLinkIsShownOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r, other := h.room("private", nil, "owner"), h.room("private", nil, "owner")
	path := "/r/" + r.Slug + "/invitations"
	made := h.post("owner", path, url.Values{"role": {"member"}, "lasts": {"day"}, "way": {"link"}, "uses": {" 3 "}, "note": {"For the <b>choir</b>"}})
	if made.location != path {
		t.Fatalf("got %d to %q", made.status, made.location)
	}
	h.cookies["owner"] = made.cookie
	if page := h.get("owner", "/r/"+other.Slug+"/invitations"); linkPattern.MatchString(page.body) {
		t.Error("the link is shown on another room's page")
	}
	page := h.get("owner", path)
	link := linkPattern.FindStringSubmatch(page.body)
	if link == nil || !strings.HasPrefix(link[1], h.url+"/invite/") || page.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("no link on the page: %q %v", link, page.header)
	}
	for _, want := range []string{`data-copy="` + link[1] + `"`, `<svg class="qr"`, "0 of 3", html.EscapeString("For the <b>choir</b>")} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	h.cookies["owner"] = page.cookie
	if page := h.get("owner", path); linkPattern.MatchString(page.body) || strings.Contains(page.body, link[1]) {
		t.Error("the link is shown again")
	}
	if answer := h.post("eve", strings.TrimPrefix(link[1], h.url), nil); answer.location != "/r/"+r.Slug {
		t.Errorf("the link leads to %q", answer.location)
	}
	if page := h.get("owner", path); !strings.Contains(page.body, "1 of 3") {
		t.Error("the use is not counted")
	}
	h.noFailures()
}

func TestInvitationForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder")
	r := h.room("private", map[string]room.Role{"moder": room.Moderator}, "owner")
	path := "/r/" + r.Slug + "/invitations"
	if body := h.get("owner", path).body; strings.Contains(body, `value="guest"`) || !strings.Contains(body, `value="moderator"`) {
		t.Error("the owner of a room without guests is offered other roles than member and moderator")
	}
	takesGuests(h, r)
	if body := h.get("moder", path).body; !strings.Contains(body, `value="guest"`) || strings.Contains(body, `value="moderator"`) {
		t.Error("a moderator is offered other roles than guest and member")
	}
	good := url.Values{"role": {"member"}, "lasts": {"week"}, "way": {"link"}, "note": {"A note to keep"}}
	for _, test := range []struct{ field, value string }{
		{"role", "owner"}, {"role", ""}, {"lasts", "year"}, {"lasts", ""}, {"note", strings.Repeat("x", 201)}, {"note", "a\u202eb"}, {"note", "a\x00b"},
		{"uses", "0"}, {"uses", "-1"}, {"uses", "10001"}, {"uses", "many"}, {"uses", "99999999999999999999"}, {"uses", "1.5"},
	} {
		form := url.Values{}
		for name, values := range good {
			form[name] = values
		}
		form.Set(test.field, test.value)
		answer := h.post("owner", path, form)
		if answer.status != http.StatusUnprocessableEntity || !strings.Contains(answer.body, `id="`+test.field+`-error"`) {
			t.Errorf("%s %.20q: got %d", test.field, test.value, answer.status)
		}
		if test.field != "note" && !strings.Contains(answer.body, "A note to keep") {
			t.Errorf("%s %.20q: what was typed beside it is lost", test.field, test.value)
		}
	}
	if answer := h.post("moder", path, url.Values{"role": {"moderator"}, "lasts": {"week"}, "way": {"link"}}); answer.status != http.StatusForbidden || !strings.Contains(answer.body, "Your role does not allow this") {
		t.Errorf("a moderator invites a moderator: %d", answer.status)
	}
	made := h.invitation(r, room.Moderator)
	if body := h.get("moder", path).body; strings.Contains(body, string(made.ID)) {
		t.Error("a moderator sees an invitation that they cannot end")
	}
	if body := h.get("owner", path).body; !strings.Contains(body, path+"/"+string(made.ID)+"/revoke") {
		t.Error("the owner does not see it")
	}
	if answer := h.post("owner", path+"/"+string(made.ID)+"/revoke", nil); answer.location != path {
		t.Errorf("revoking leads to %d %q", answer.status, answer.location)
	}
	if body := h.get("owner", path).body; strings.Contains(body, "/revoke") || !strings.Contains(body, "Revoked") {
		t.Error("a revoked invitation can be revoked, or is not said to be")
	}
	for _, id := range []string{"nothing", "%00", "00000000-0000-7000-8000-000000000000"} {
		if answer := h.post("owner", path+"/"+id+"/revoke", nil); answer.status != http.StatusNotFound {
			t.Errorf("revoking %s: %d", id, answer.status)
		}
	}
	for _, after := range []string{"x", "%00", "%ff"} {
		if answer := h.get("owner", path+"?after="+after); answer.status != http.StatusOK {
			t.Errorf("a page after %s: %d", after, answer.status)
		}
	}
	h.noFailures()
}
