package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// withApp sets up somebody's app over HTTP and returns its secret.
func (h *house) withApp(who string) string {
	h.Helper()
	if answer := h.post(who, "/account/two-step/app", nil); answer.location != "/account/two-step/app" {
		h.Fatalf("begin: %d to %q", answer.status, answer.location)
	}
	page := h.get(who, "/account/two-step/app")
	found := regexp.MustCompile(`(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}`).FindString(page.body)
	if found == "" || page.header.Get("Cache-Control") != "no-store" {
		h.Fatalf("no secret, or a page that is kept: %d\n%s", page.status, page.body)
	}
	secret := strings.ReplaceAll(found, " ", "")
	before := h.cookies[who]
	confirmed := h.post(who, "/account/two-step/app/confirm", url.Values{"code": {code(h, secret, 0)}})
	if confirmed.status != http.StatusSeeOther {
		h.Fatalf("confirm: %d", confirmed.status)
	}
	h.cookies[who], h.cookies["before"] = confirmed.cookie, before
	if answer := h.get("before", "/account"); answer.status != http.StatusSeeOther {
		h.Errorf("the token from before the factor: %d, want it to open nothing", answer.status)
	}
	return secret
}

// nextPeriod is for the code after that of now, which withApp has used. Of the period
// before none is used: it could be too old when it arrives.
const nextPeriod = 30 * time.Second

func code(h *house, secret string, off time.Duration) string {
	h.Helper()
	code, err := totp.GenerateCode(secret, time.Now().Add(off))
	if err != nil {
		h.Fatal(err)
	}
	return code
}

func TestSecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", nil, "ana")
	secret := h.withApp("ana")
	h.waitForMail("factors_changed", "ana@example.org")
	h.sees(h.get("ana", "/account/two-step"), "Make recovery codes now")
	shown := h.post("ana", "/account/two-step/codes", nil)
	codes := regexp.MustCompile(`[a-z2-9]{4}(?:-[a-z2-9]{4}){3}`).FindAllString(shown.body, -1)
	if shown.status != http.StatusOK || len(codes) < 10 || shown.header.Get("Cache-Control") != "no-store" {
		t.Fatalf("codes: %d, %d of them", shown.status, len(codes))
	}
	if answer := h.get("ana", "/account/two-step"); strings.Contains(answer.body, codes[0]) {
		t.Error("codes are shown again")
	}

	login := url.Values{"login": {"ana"}, "password": {passwordOf("ana")}, "next": {"/r/" + r.Slug}}
	half := h.post("", "/login", login)
	if half.status != http.StatusSeeOther || half.location != "/login/second?next="+url.QueryEscape("/r/"+r.Slug) {
		t.Fatalf("log in: %d to %q", half.status, half.location)
	}
	h.cookies["half"] = half.cookie
	// Half-way opens nothing.
	for _, path := range []string{"/account", "/rooms", "/r/" + r.Slug, "/account/two-step", "/account/confirm"} {
		if answer := h.get("half", path); answer.status != http.StatusSeeOther || !strings.HasPrefix(answer.location, "/login?") {
			t.Errorf("half-way to %s: %d to %q", path, answer.status, answer.location)
		}
	}
	if answer := h.postJSON("half", "/r/"+r.Slug+"/join", `{"display_name": ""}`); answer.status != http.StatusUnauthorized {
		t.Errorf("half-way into the call: %d", answer.status)
	}
	h.sees(h.get("half", half.location), "One more step")
	if answer := h.post("half", "/login/second", url.Values{"code": {"000000"}, "next": {"/rooms"}}); answer.status != http.StatusUnprocessableEntity || !strings.Contains(answer.body, `value="/rooms"`) {
		t.Errorf("a wrong code: %d", answer.status)
	}
	in := h.post("half", "/login/second", url.Values{"code": {code(h, secret, nextPeriod)}, "next": {"/rooms"}})
	if in.status != http.StatusSeeOther || in.location != "/rooms" {
		t.Fatalf("second step: %d to %q", in.status, in.location)
	}
	h.cookies["in"] = in.cookie
	h.sees(h.get("in", "/account"), "ana@example.org")
	if answer := h.post("half", "/login/second", url.Values{"code": {codes[1]}}); !strings.HasPrefix(answer.location, "/login") {
		t.Errorf("arriving twice: %d to %q", answer.status, answer.location)
	}

	h.cookies["half"] = h.post("", "/login", login).cookie
	if answer := h.post("half", "/login/second", url.Values{"code": {codes[0]}, "next": {"//evil.example"}}); answer.location != "/" {
		t.Errorf("a recovery code: %d to %q", answer.status, answer.location)
	}
	for _, secretText := range append(codes, secret) {
		if strings.Contains(h.log.String(), secretText) {
			t.Error("a secret is in the log")
		}
	}
	h.noFailures()
}

// A second factor shows too that it is really they.
func TestProofByCode(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	secret := h.withApp("ana")
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	for _, path := range []string{"/account/two-step/app", "/account/two-step/app/remove", "/account/two-step/app/confirm", "/account/two-step/codes"} {
		if answer := h.post("ana", path, url.Values{"code": {"000000"}}); !strings.HasPrefix(answer.location, "/account/confirm?") {
			t.Errorf("POST %s without proof: %d to %q", path, answer.status, answer.location)
		}
	}
	if answer := h.postJSON("ana", "/account/passkeys/begin", `{}`); answer.status != http.StatusForbidden || !strings.Contains(answer.body, "unproved") {
		t.Errorf("a passkey without proof: %d %s", answer.status, answer.body)
	}
	if answer := h.post("ana", "/account/confirm", url.Values{"code": {"000000"}, "next": {"/account/two-step"}}); answer.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong code: %d", answer.status)
	}
	proved := h.post("ana", "/account/confirm", url.Values{"code": {code(h, secret, nextPeriod)}, "next": {"/account/two-step"}})
	if proved.location != "/account/two-step" {
		t.Fatalf("confirm: %d to %q", proved.status, proved.location)
	}
	h.cookies["ana"] = proved.cookie
	if answer := h.post("ana", "/account/two-step/app/remove", nil); answer.location != "/account/two-step" {
		t.Errorf("remove: %d to %q", answer.status, answer.location)
	}
}

func TestCodesAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.withApp("ana")
	statuses := make(map[int]int)
	for range 40 {
		statuses[h.post("ana", "/account/confirm", url.Values{"code": {"000000"}}).status]++
	}
	if statuses[422] < 20 || statuses[429] < 5 || len(statuses) != 2 {
		t.Errorf("statuses %v, want 422 and then 429", statuses)
	}
}

// A link to set a password signs nobody in, and the second step stays.
func TestForgottenPasswordKeepsTheSecondStep(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.server.LinkOrigin = h.url
	secret := h.withApp("ana")
	if answer := h.post("", "/login/forgot", url.Values{"login": {"ana"}}); answer.status != http.StatusOK {
		t.Fatalf("forgot: %d", answer.status)
	}
	set := h.post("", h.linkIn(h.waitForMail("reset", "ana@example.org"), h.url), url.Values{"password": {"another good one"}})
	if set.status != http.StatusSeeOther || set.location != "/login" {
		t.Fatalf("reset: %d to %q", set.status, set.location)
	}
	h.cookies["set"] = set.cookie
	if answer := h.get("set", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the link signs in: %d", answer.status)
	}
	h.sends("back", "/login", "login", "ana", "password", "another good one")
	if answer := h.get("back", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the new password alone opens the account: %d", answer.status)
	}
	h.sends("back", "/login/second", "code", code(h, secret, nextPeriod))
	if answer := h.get("back", "/account"); answer.status != http.StatusOK {
		t.Errorf("with the second step: %d", answer.status)
	}
}
