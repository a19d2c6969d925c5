package web_test

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"foyer/internal/account/oidc"
	"foyer/internal/mail"
)

// waitForMail returns the text of the newest mail of a kind to an address, once it
// is there.
func (h *house) waitForMail(kind mail.Kind, to string) string {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		mails, err := h.mails.List(h.Context(), "", 50)
		if err != nil {
			h.Fatal(err)
		}
		for _, m := range mails {
			if m.Kind == kind && m.To == to {
				_, text, err := h.mails.Read(h.Context(), m.ID)
				if err != nil {
					h.Fatal(err)
				}
				return text
			}
		}
	}
	h.Fatalf("no mail of kind %s to %s", kind, to)
	return ""
}

// linkIn is the path of the link of ours in a text.
func (h *house) linkIn(text, origin string) string {
	h.Helper()
	link := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(origin) + `(/\S+)$`).FindStringSubmatch(text)
	if link == nil {
		h.Fatalf("no link to %s in:\n%s", origin, text)
	}
	return link[1]
}

// The link says where the configuration has us, whatever host a request names, and
// sets a password once.
func TestForgottenPassword(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.server.LinkOrigin = "https://meet.example.org"
	forge := func(r *http.Request) {
		r.Host = "evil.example"
		r.Header.Set("Origin", "http://evil.example")
		r.Header.Set("X-Forwarded-Host", "evil.example")
	}
	asked := h.do("", http.MethodPost, "/login/forgot", "application/x-www-form-urlencoded", url.Values{"login": {" ANA@example.org "}}.Encode(), forge)
	h.sees(asked, "If there is such an account")
	text := h.waitForMail("reset", "ana@example.org")
	if strings.Contains(text, "evil") {
		t.Errorf("the request's host is in the mail:\n%s", text)
	}
	link := h.linkIn(text, "https://meet.example.org")
	for range 2 { // looking uses nothing up
		page := h.get("", link)
		h.sees(page, "For the account ana.")
		if page.header.Get("Referrer-Policy") != "strict-origin" || page.header.Get("Cache-Control") != "no-store" {
			t.Errorf("the page is kept, or tells where it was: %v", page.header)
		}
	}
	const fresh = "a fresh good horse"
	if answer := h.post("", link, url.Values{"password": {"password123"}}); answer.status != http.StatusUnprocessableEntity || strings.Contains(answer.body, "password123") {
		t.Errorf("a common password: got %d, or it comes back", answer.status)
	}
	set := h.post("", link, url.Values{"password": {fresh}})
	if set.status != http.StatusSeeOther || set.location != "/login" {
		t.Fatalf("set: %d to %q", set.status, set.location)
	}
	if answer := h.get("ana", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the session from before: got %d, want it ended", answer.status)
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if answer := h.do("", method, link, "application/x-www-form-urlencoded", url.Values{"password": {fresh}}.Encode()); answer.status != http.StatusNotFound {
			t.Errorf("%s of a used link: %d", method, answer.status)
		}
	}
	if answer := h.post("", "/login", url.Values{"login": {"ana"}, "password": {fresh}}); answer.status != http.StatusSeeOther {
		t.Errorf("log in with the new password: %d", answer.status)
	}
	h.waitForMail("password_changed", "ana@example.org")
	h.noFailures()
	if strings.Contains(h.log.String(), link) {
		t.Error("the link is in the log")
	}
}

// Who asks for a link learns nothing about accounts from the answer: not from its
// words, its headers, or from what the database did for it.
func TestForgottenPasswordTellsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	h.sql(`update users set disabled_at = now() where username = 'ben'`)
	for path, kind := range map[string]mail.Kind{"/login/forgot": "reset", "/login/confirm-address": "verify"} {
		want := h.post("", path, url.Values{"login": {"ana"}})
		want.header.Del("Date")
		for _, login := range []string{"nobody", "ben", "ben@example.org", "nobody@example.org", "", strings.Repeat("x", 1000), "a\x00b\xff"} {
			got := h.post("", path, url.Values{"login": {login}})
			got.header.Del("Date")
			if got.status != want.status || got.body != want.body || got.location != want.location || len(got.header) != len(want.header) {
				t.Errorf("%s of %.20q: %d to %q, the same body %v", path, login, got.status, got.location, got.body == want.body)
			}
		}
		h.waitForMail(kind, "ana@example.org")
	}
	h.noFailures()
}

func TestLinksAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	statuses := make(map[int]int)
	for range 15 {
		statuses[h.post("", "/login/forgot", url.Values{"login": {"Ana"}}).status]++
	}
	if statuses[200] < 5 || statuses[429] < 4 || len(statuses) != 2 {
		t.Errorf("statuses %v, want some 200 and then 429", statuses)
	}
	if answer := h.post("", "/login/forgot", url.Values{"login": {"somebody else"}}); answer.status != http.StatusOK {
		t.Errorf("another name: %d", answer.status)
	}
}

// An address belongs to an account once the link that went there was opened.
func TestVerifyingAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.LinkOrigin = h.url
	signedUp := h.post("", "/signup", url.Values{"username": {"ana"}, "email": {"ana@example.org"}, "password": {passwordOf("ana")}})
	if signedUp.status != http.StatusSeeOther {
		t.Fatalf("sign up: %d", signedUp.status)
	}
	h.cookies["ana"] = signedUp.cookie
	h.sees(h.get("ana", "/account"), "Not confirmed", "Mail me a link")
	link := h.linkIn(h.waitForMail("verify", "ana@example.org"), h.url)
	h.sees(h.get("", link), "ana@example.org", "Confirm address")
	h.sees(h.get("ana", "/account"), "Not confirmed")
	if answer := h.post("", link, nil); answer.status != http.StatusSeeOther {
		t.Fatalf("verify: %d", answer.status)
	}
	h.sees(h.get("ana", "/account"), "Confirmed")

	moved := h.post("ana", "/account/email", url.Values{"email": {"new@example.org"}})
	if moved.status != http.StatusSeeOther {
		t.Fatalf("another address: %d", moved.status)
	}
	link = h.linkIn(h.waitForMail("verify", "new@example.org"), h.url)
	if body := h.get("ana", "/account").body; strings.Contains(body, "new@example.org") {
		t.Error("the address has changed before its link was opened")
	}
	if answer := h.post("", link, nil); answer.status != http.StatusSeeOther {
		t.Fatalf("verify: %d", answer.status)
	}
	h.sees(h.get("ana", "/account"), "new@example.org")
	if text := h.waitForMail("email_changed", "ana@example.org"); strings.Contains(text, "new@example.org") {
		t.Error("the former address is told the new one")
	}
	h.noFailures()
}

// A program asks for the link, and only who reads the mail confirms the address; it
// asks as often as its owner may on the pages, and no more.
func TestAPIConfirmsAddress(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.server.LinkOrigin = h.url
	h.sees(h.get("ana", "/account"), "Not confirmed")
	token := h.apiToken("ana")
	if answer := h.program(token, "POST", "/me/confirm-address", ""); answer.status != http.StatusNoContent {
		t.Fatalf("ask for the link: %d", answer.status)
	}
	link := h.linkIn(h.waitForMail("verify", "ana@example.org"), h.url)
	h.sees(h.get("ana", "/account"), "Not confirmed")
	if answer := h.post("", link, nil); answer.status != http.StatusSeeOther {
		t.Fatalf("verify: %d", answer.status)
	}
	h.sees(h.get("ana", "/account"), "Confirmed")
	statuses := make(map[int]int)
	for range 15 {
		statuses[h.program(token, "POST", "/me/confirm-address", "").status]++
	}
	if statuses[204] == 0 || statuses[429] == 0 || len(statuses) != 2 {
		t.Errorf("statuses %v, want some 204 and then 429", statuses)
	}
	if answer := h.post("ana", "/account/email/verify", nil); answer.status != http.StatusTooManyRequests {
		t.Errorf("on the page after that: %d", answer.status)
	}
	h.noFailures()
}

// Whoever finds a computer that was left alone changes nothing that lasts.
func TestChangingNeedsProof(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	h.server.OIDC = &oidc.Store{} // it is not asked
	for _, path := range []string{"/account/email", "/account/connect", "/account/two-step/app", "/account/data", "/account/data/export"} {
		if answer := h.get("ana", path); answer.location != "/account/confirm?next="+url.QueryEscape(path) {
			t.Errorf("GET %s: %d to %q", path, answer.status, answer.location)
		}
	}
	const id = "01890000-0000-7000-8000-000000000000"
	for path, form := range map[string]string{
		"/account/email": "email=new@example.org", "/account/disconnect": "", "/account/two-step/app": "", "/account/two-step/app/confirm": "code=123456",
		"/account/two-step/app/remove": "", "/account/two-step/codes": "", "/account/passkeys/" + id + "/remove": "", "/account/tokens": "name=x&days=7",
		"/account/delete": "username=ana",
	} {
		sent := h.do("ana", http.MethodPost, path, "application/x-www-form-urlencoded", form,
			func(r *http.Request) { r.Header.Set("Referer", h.url+"/account/email") })
		if sent.location != "/account/confirm?next=%2Faccount%2Femail" {
			t.Errorf("POST %s: %d to %q", path, sent.status, sent.location)
		}
	}
	for _, path := range []string{"/account/passkeys/begin", "/account/passkeys"} {
		if sent := h.do("ana", http.MethodPost, path, "application/json", `{}`); sent.status != http.StatusForbidden || !strings.Contains(sent.body, `"unproved"`) {
			t.Errorf("POST %s: %d %s", path, sent.status, sent.body)
		}
	}
	h.server.OIDC = nil
	before := h.cookies["ana"]
	if answer := h.post("ana", "/account/confirm", url.Values{"password": {"wrong"}, "next": {"/account/email"}}); answer.status != http.StatusUnprocessableEntity ||
		!strings.Contains(answer.body, `value="/account/email"`) {
		t.Errorf("a wrong password: %d", answer.status)
	}
	proved := h.post("ana", "/account/confirm", url.Values{"password": {passwordOf("ana")}, "next": {"//evil.example"}})
	if proved.status != http.StatusSeeOther || proved.location != "/" {
		t.Fatalf("confirm: %d to %q", proved.status, proved.location)
	}
	h.cookies["ana"], h.cookies["before"] = proved.cookie, before
	if answer := h.get("ana", "/account/email"); answer.status != http.StatusOK {
		t.Errorf("after it: %d", answer.status)
	}
	if answer := h.get("before", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the token from before: %d, want it to open nothing", answer.status)
	}
	statuses := make(map[int]int)
	for range 15 {
		statuses[h.post("ana", "/account/confirm", url.Values{"password": {"wrong"}}).status]++
	}
	if statuses[429] < 4 || len(statuses) != 2 {
		t.Errorf("guessing: statuses %v, want 422 and then 429", statuses)
	}
}

func TestSessionsPage(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	phone := h.do("", http.MethodPost, "/login", "application/x-www-form-urlencoded",
		url.Values{"login": {"ana"}, "password": {passwordOf("ana")}}.Encode(), func(r *http.Request) {
			r.Header.Set("User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1")
		})
	h.cookies["phone"] = phone.cookie
	h.sees(h.get("ana", "/account/sessions"), "Safari on iPhone", "127.0.0.1", "This browser")
	var id string
	h.row(&id, `select sessions.id from sessions join users on users.id = user_id where username = 'ana' and user_agent like '%iPhone%'`)
	path := "/account/sessions/" + id + "/end"
	if answer := h.post("ben", path, nil); answer.status != http.StatusNotFound {
		t.Errorf("somebody else ends it: %d", answer.status)
	}
	if answer := h.post("ana", path, nil); answer.status != http.StatusSeeOther {
		t.Errorf("end it: %d", answer.status)
	}
	if answer := h.get("phone", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the ended session: %d", answer.status)
	}
	var own string
	h.row(&own, `select sessions.id from sessions join users on users.id = user_id where username = 'ana'`)
	if answer := h.post("ana", "/account/sessions/"+own+"/end", nil); answer.location != "/login" {
		t.Errorf("end one's own: to %q", answer.location)
	}
	for _, before := range []string{"x", "%00", "%ff", id} {
		if answer := h.get("ben", "/account/sessions?before="+before); answer.status != http.StatusOK {
			t.Errorf("a page before %s: %d", before, answer.status)
		}
	}
	h.noFailures()
}

// Changing the password ends the calls of all other sessions, and not one's own.
func TestChangingThePasswordEndsOtherSessions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	there := h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}}).cookie
	h.cookies["there"] = there
	r := h.room("private", nil, "ana")
	for _, who := range []string{"ana", "there"} {
		if answer := h.postJSON(who, "/r/"+r.Slug+"/join", `{"display_name": ""}`); answer.status != http.StatusOK {
			t.Fatalf("%s joins: %d %s", who, answer.status, answer.body)
		}
	}
	changed := h.post("ana", "/account/password", url.Values{"current_password": {passwordOf("ana")}, "password": {"another good one"}})
	if changed.status != http.StatusSeeOther {
		t.Fatalf("change: %d", changed.status)
	}
	h.cookies["before"], h.cookies["ana"] = h.cookies["ana"], changed.cookie
	for who, want := range map[string]int{"ana": 200, "there": 303, "before": 303} {
		if answer := h.get(who, "/account"); answer.status != want {
			t.Errorf("%s: %d, want %d", who, answer.status, want)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for here := -1; here != 1; time.Sleep(10 * time.Millisecond) {
		h.row(&here, `select count(*) from grants where revoked_at is null`)
		if ctx.Err() != nil {
			t.Fatalf("%d grants are good, want the one of the session that is kept", here)
		}
	}
}
