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

// Each address gets a mail of its own with a link for one person, and the link
// says where the configuration has us, whatever host a request names.
func TestInvitationsByMail(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve", "fay")
	h.server.LinkOrigin = "https://meet.example.org"
	r := h.room("private", nil, "owner")
	path := "/r/" + r.Slug + "/invitations"
	form := url.Values{"role": {"moderator"}, "lasts": {"week"}, "way": {"mail"}, "note": {"See you on Sunday"}, "uses": {"9"}, "emails": {"eve@example.org, fay@example.org"}}
	forge := func(r *http.Request) {
		r.Host = "evil.example"
		r.Header.Set("Origin", "http://evil.example")
	}
	sent := h.do("owner", http.MethodPost, path, "application/x-www-form-urlencoded", form.Encode(), forge)
	if sent.location != path {
		t.Fatalf("got %d to %q", sent.status, sent.location)
	}
	h.cookies["owner"] = sent.cookie
	page := h.get("owner", path)
	if !strings.Contains(page.body, "2 invitations are on the way.") || strings.Contains(page.body, "meet.example.org") {
		t.Error("the page does not say what was sent, or shows a link")
	}
	mails, err := h.mails.List(t.Context(), "", 10)
	if err != nil || len(mails) != 2 {
		t.Fatalf("%d mails, want 2 (%v)", len(mails), err)
	}
	link := regexp.MustCompile(`(?m)^https://meet\.example\.org(/invite/\S+)$`)
	for _, m := range mails {
		_, text, err := h.mails.Read(t.Context(), m.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"The owner invites you", "“Team”", "one of its moderators", "See you on Sunday", "works once", "until "} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail lacks %q:\n%s", want, text)
			}
		}
		address := link.FindStringSubmatch(text)
		if m.Subject != "The owner invites you to Team" || m.Kind != "invitation" || address == nil || strings.Contains(text, "evil") {
			t.Fatalf("%s: %q, %q:\n%s", m.To, m.Kind, m.Subject, text)
		}
		who, _, _ := strings.Cut(m.To, "@")
		for range 2 {
			if answer := h.post(who, address[1], nil); answer.location != "/r/"+r.Slug {
				t.Errorf("%s: the link leads to %d %q", who, answer.status, answer.location)
			}
		}
		if answer := h.get("", address[1]); answer.status != http.StatusNotFound {
			t.Errorf("the link of %s for somebody else: %d", who, answer.status)
		}
	}
	h.noFailures()
}

// Either all of what was asked for is made and sent, or nothing.
func TestInvitationsByMailRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	path := "/r/" + r.Slug + "/invitations"
	form := url.Values{"role": {"member"}, "lasts": {"week"}, "way": {"mail"}}
	for _, emails := range []string{"", "good@example.org, nobody", "good@example.org\n" + strings.Repeat("ü", 125) + "@example.org", "a\x00@example.org", "a@\xff"} {
		form.Set("emails", emails)
		answer := h.post("owner", path, form)
		if answer.status != http.StatusUnprocessableEntity || !strings.Contains(answer.body, `id="emails-error"`) {
			t.Errorf("%.40q: got %d", emails, answer.status)
		}
		if strings.HasPrefix(emails, "good") && !strings.Contains(answer.body, "good@example.org") {
			t.Errorf("%.40q: what was typed is lost", emails)
		}
	}
	if mails, err := h.mails.List(t.Context(), "", 10); err != nil || len(mails) != 0 {
		t.Errorf("%d mails were written (%v)", len(mails), err)
	}
	if strings.Contains(h.get("owner", path).body, "/revoke") {
		t.Error("invitations were made")
	}

	statuses := make(map[int]int)
	for range 40 {
		form.Set("emails", "good@example.org")
		statuses[h.post("owner", path, form).status]++
	}
	if statuses[303] < 20 || statuses[429] < 5 || len(statuses) != 2 {
		t.Errorf("statuses %v, want 303 and then 429", statuses)
	}
	form.Set("way", "link")
	if answer := h.post("owner", path, form); answer.status != http.StatusSeeOther {
		t.Errorf("a link, after that: %d", answer.status)
	}
	if body := h.get("owner", path+"?emails=new%40example.org%00").body; !strings.Contains(body, ">\nnew@example.org</textarea>") || !strings.Contains(body, `value="mail" checked`) {
		t.Error("an address that the members page passes on is lost")
	}
	h.noFailures()
}
