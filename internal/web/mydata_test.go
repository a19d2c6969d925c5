package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/room"
)

func TestExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Member}, "ana")
	secret := h.withApp("ana")
	if answer := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": "Annie"}`); answer.status != http.StatusOK {
		t.Fatalf("join: %d", answer.status)
	}
	got := h.get("ana", "/account/data/export")
	var document map[string][]map[string]any
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatalf("%v:\n%s", err, got.body)
	}
	if document["account"][0]["email"] != "ana@example.org" || document["memberships"][0]["role"] != "owner" ||
		document["calls"][0]["display_name"] != "Annie" || len(document["sessions"]) != 1 || len(document["authenticator_apps"]) != 1 || len(document["what_you_did"]) == 0 {
		t.Errorf("got %s", got.body)
	}
	for _, not := range []string{secret, "password_hash", "token", "$2a$", "ben@example.org"} {
		if strings.Contains(got.body, not) {
			t.Errorf("%q is in it", not)
		}
	}
	if got.header.Get("Content-Disposition") != `attachment; filename="foyer-ana.json"` || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", got.header)
	}
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	for _, path := range []string{"/account/data", "/account/data/export"} {
		if answer := h.get("ana", path); !strings.HasPrefix(answer.location, "/account/confirm?") {
			t.Errorf("%s without proof: %d", path, answer.status)
		}
	}
	if answer := h.post("ana", "/account/delete", url.Values{"confirm": {"ana"}}); !strings.HasPrefix(answer.location, "/account/confirm?") {
		t.Errorf("deleting without proof: %d to %q", answer.status, answer.location)
	}
	h.noFailures()
}

func TestDeletingOnesAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Member}, "ana")
	page := h.get("ana", "/account/data")
	h.sees(page, "/r/"+r.Slug+"/members")
	if strings.Contains(page.body, "Delete account for good") {
		t.Error("deleting is offered before the room is handed over")
	}
	sure := url.Values{"confirm": {"ana"}}
	if answer := h.post("ana", "/account/delete", sure); answer.status != http.StatusUnprocessableEntity || h.get("ana", "/account").status != http.StatusOK {
		t.Errorf("the last owner: %d", answer.status)
	}
	if answer := h.post("ana", "/r/"+r.Slug+"/transfer", url.Values{"username": {"ben"}, "confirm_transfer": {"Team"}}); answer.status != http.StatusSeeOther {
		t.Fatalf("hand over: %d", answer.status)
	}
	if answer := h.post("ana", "/account/delete", url.Values{"confirm": {"anna"}}); answer.status != http.StatusUnprocessableEntity {
		t.Errorf("another name: %d", answer.status)
	}
	gone := h.post("ana", "/account/delete", sure)
	if gone.status != http.StatusSeeOther || gone.location != "/" {
		t.Fatalf("delete: %d to %q", gone.status, gone.location)
	}
	h.cookies["after"] = gone.cookie
	h.sees(h.get("after", "/"), "Your account is deleted.")
	if answer := h.get("ana", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("a cookie from before: %d", answer.status)
	}
	if answer := h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}}); answer.status != http.StatusUnauthorized {
		t.Errorf("log in: %d", answer.status)
	}
	if body := h.get("ben", "/r/"+r.Slug+"/members").body; strings.Contains(body, "The ana") {
		t.Error("still a member")
	}
	h.waitForMail("account_deleted", "ana@example.org")
	h.noFailures()
}

// Who may sign up, with which addresses, and when an account opens.
func TestPolicies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	r := h.room("private", nil, "owner")
	signUp := func(name, email, next string) answer {
		t.Helper()
		return h.post("", "/signup", url.Values{"username": {name}, "email": {email}, "password": {passwordOf(name)}, "next": {next}})
	}
	takesGuests(h, r)
	h.policy(account.Policy{Signup: account.SignupInvitation})
	invited := "/invite/" + string(h.invitation(r, room.Member).Token)
	asGuest := "/invite/" + string(h.invitation(r, room.Guest).Token)
	for next, want := range map[string]int{"": 403, "/": 403, "/invite/": 403, "/invite/nobodys": 404, asGuest: 403, "//evil.example" + invited: 403} {
		if got := signUp("eve", "eve@example.org", next); got.status != want {
			t.Errorf("by %q: %d, want %d", next, got.status, want)
		}
		if got := h.get("", "/signup?next="+url.QueryEscape(next)); got.status != want {
			t.Errorf("the page by %q: %d, want %d", next, got.status, want)
		}
	}
	h.sees(h.get("", invited), "Sign up")
	if got := signUp("eve", "eve@example.org", invited); got.status != http.StatusSeeOther || got.location != invited {
		t.Errorf("by an invitation: %d to %q", got.status, got.location)
	}

	h.policy(account.Policy{Signup: account.SignupOpen, MailDomains: []string{"example.org"}})
	h.server.LinkOrigin = h.url
	for _, email := range []string{"fay@example.com", "fay@sub.example.org", "fay@notexample.org", "fay@example.org@evil.example"} {
		if got := signUp("fay", email, ""); got.status != http.StatusUnprocessableEntity {
			t.Errorf("with %s: %d", email, got.status)
		}
	}
	if got := signUp("fay", "fay@EXAMPLE.org", ""); !strings.HasPrefix(got.location, "/login/confirm-address") {
		t.Fatalf("with an address of the domain: %d to %q", got.status, got.location)
	}
	login := url.Values{"login": {"fay"}, "password": {passwordOf("fay")}}
	if got := h.post("", "/login", login); !strings.HasPrefix(got.location, "/login/confirm-address") {
		t.Errorf("before it is confirmed: %d to %q", got.status, got.location)
	}
	if got := h.post("", h.linkIn(h.waitForMail("verify", "fay@EXAMPLE.org"), h.url), nil); got.status != http.StatusSeeOther {
		t.Errorf("confirm: %d", got.status)
	}
	in := h.post("", "/login", login)
	if in.location != "/" {
		t.Fatalf("after it is confirmed: %d to %q", in.status, in.location)
	}
	h.cookies["fay"] = in.cookie
	if got := h.post("fay", "/account/email", url.Values{"email": {"fay@example.com"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("moving to another domain: %d", got.status)
	}
	h.noFailures()
}

// Where administrators need a second factor, a session without one opens no page of
// theirs.
func TestAdministratorsNeedAFactor(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.sql(`update users set administrator = true`)
	h.policy(account.Policy{Signup: account.SignupOpen, FactorForAdministrators: true})
	if got := h.get("ana", "/admin/mail"); got.location != "/account/two-step" {
		t.Errorf("without a factor: %d to %q", got.status, got.location)
	}
	if got := h.post("ana", "/admin/settings", url.Values{"signup": {"closed"}}); got.location != "/account/two-step" {
		t.Errorf("a change without a factor: %d to %q", got.status, got.location)
	}
	secret := h.withApp("ana")
	if got := h.get("ana", "/admin/mail"); got.status != http.StatusOK {
		t.Errorf("after setting one up: %d", got.status)
	}
	h.sql(`update sessions set factor_at = null`)
	if got := h.get("ana", "/admin/mail"); got.location != "/account/confirm?by=factor&next=%2Fadmin%2Fmail" {
		t.Errorf("a session from before: %d to %q", got.status, got.location)
	}
	if page := h.get("ana", "/account/confirm?by=factor&next=%2Fadmin%2Fmail"); strings.Contains(page.body, `name="password"`) {
		t.Error("a password is asked for, which would not do")
	}
	proved := h.post("ana", "/account/confirm", url.Values{"code": {code(h, secret, 0)}, "next": {"/admin/mail"}})
	h.cookies["ana"] = proved.cookie
	if got := h.get("ana", "/admin/mail"); proved.location != "/admin/mail" || got.status != http.StatusOK {
		t.Errorf("with a code: to %q, %d", proved.location, got.status)
	}
}
