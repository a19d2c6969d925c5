package web_test

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"foyer/internal/account/factor/factortest"
)

// sends posts a form and expects to be led on; the cookie that comes back is kept.
func (h *house) sends(who, path string, fields ...string) {
	h.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	answer := h.post(who, path, form)
	if answer.status != http.StatusSeeOther {
		h.Fatalf("POST %s: %d", path, answer.status)
	}
	if answer.cookie != "" {
		h.cookies[who] = answer.cookie
	}
}

// tags of a page, to be left out.
var tags = regexp.MustCompile(`<[^>]*>`)

// records are the sentences of an audit log, the newest first.
func (h *house) records(who, path string) (sentences []string) {
	h.Helper()
	for _, line := range regexp.MustCompile(`(?s)<span class="record-line">.*?</span></span>`).FindAllString(h.get(who, path).body, -1) {
		sentences = append(sentences, html.UnescapeString(strings.Join(strings.Fields(tags.ReplaceAllString(line, " ")), " ")))
	}
	return sentences
}

// What people do to their own accounts is in the audit log, with where it came
// from; log-ins are where one looks for them.
func TestOwnAccountInTheAuditLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "root")
	h.administrator("root")
	h.server.LinkOrigin = h.url
	// Passkeys belong to names, not numbers.
	h.url = strings.Replace(h.url, "127.0.0.1", "localhost", 1)
	h.cookies["root"] = ""
	h.sends("root", "/login", "login", "root", "password", passwordOf("root"))

	h.sends("ana", "/signup", "username", "ana", "email", "ana@example.org", "display_name", "Ana", "password", passwordOf("ana"))
	h.withApp("ana")
	shown := h.post("ana", "/account/two-step/codes", nil)
	codes := regexp.MustCompile(`[a-z2-9]{4}(?:-[a-z2-9]{4}){3}`).FindAllString(shown.body, -1)
	key := h.withPasskey("ana")
	h.sends("ana", "/account/password", "current_password", passwordOf("ana"), "password", "another good one")
	h.sends("ana", "/account/email", "email", "new@example.org")
	h.sends("", h.linkIn(h.waitForMail("verify", "new@example.org"), h.server.LinkOrigin))
	h.sends("there", "/login", "login", "ana", "password", "another good one")
	h.sends("there", "/login/second", "code", codes[0])
	h.sends("ana", "/account/sessions/end-others")
	h.sends("ana", "/account/confirm", "password", "another good one")
	if answer := h.get("ana", "/account/data/export"); answer.status != http.StatusOK {
		t.Errorf("export: %d", answer.status)
	}
	var id string
	h.row(&id, `select id from passkeys`)
	h.sends("ana", "/account/passkeys/"+id+"/remove")
	h.sends("ana", "/account/two-step/app/remove")
	for range 5 {
		h.post("", "/login", url.Values{"login": {"ana"}, "password": {"wrong"}})
	}
	h.sends("ana", "/logout")
	h.sends("ana", "/login", "login", "ana", "password", "another good one")
	want := []string{
		"Ana logged in", "Ana logged out", "Somebody gave 5 wrong passwords for Ana", "Ana removed the app for the second step", "Ana removed the passkey Laptop",
		"Ana downloaded what is stored about them", "Ana ended 1 of their sessions", "Ana logged in", "Ana used a recovery code; 9 are left",
		"Ana changed their email address", "Ana set a new password", "Ana added the passkey Laptop", "Ana made new recovery codes",
		"Ana set up an app for the second step", "Ana logged in", "Ana made an account",
	}
	if got := h.records("root", "/admin/audit?person=ana"); !slices.Equal(got, want) {
		t.Errorf("got %s\nwant %s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := h.records("root", "/admin/audit"); slices.ContainsFunc(got, func(s string) bool { return strings.Contains(s, "logged") }) || len(got) < 10 {
		t.Errorf("the log as a whole: %q", got)
	}
	if got := h.records("root", "/admin/audit?kind=sign_in"); !slices.Contains(got, "Ana logged out") || slices.Contains(got, "Ana set a new password") {
		t.Errorf("log-ins: %q", got)
	}
	h.sees(h.get("root", "/admin/audit?kind=password_changed"), "from 127.0.0.1")
	if csv := h.get("root", "/admin/audit.csv?kind=passkey_added"); !strings.Contains(csv.body, "127.0.0.1") || !strings.Contains(csv.body, "Laptop") {
		t.Errorf("as a table: %s", csv.body)
	}
	if key.Counter != 0 {
		t.Error("the passkey was used")
	}
	h.sends("ana", "/account/delete", "confirm", "ana")
	if got := h.records("root", "/admin/audit?kind=account_deleted"); len(got) != 1 || got[0] != "Somebody who has no account any more deleted their account" {
		t.Errorf("deleted: %q", got)
	}
	h.noFailures()
}

// Somebody who has the password and guesses at the second step is told of.
func TestGuessedCodesInTheAuditLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "root")
	h.administrator("root")
	h.withApp("ana")
	h.sends("thief", "/login", "login", "ana", "password", passwordOf("ana"))
	for range 5 {
		h.post("thief", "/login/second", url.Values{"code": {"000000"}})
	}
	if got := h.records("root", "/admin/audit?kind=second_step_failed"); len(got) != 1 || got[0] != "Somebody gave the password of The ana, then 5 wrong codes or passkeys" {
		t.Errorf("got %q", got)
	}
}

// withPasskey adds one over HTTP.
func (h *house) withPasskey(who string) *factortest.Passkey {
	h.Helper()
	key := factortest.New(h.T, h.url)
	var begun struct {
		Ceremony string
		Options  any
	}
	h.answered(h.postJSON(who, "/account/passkeys/begin", `{}`), &begun)
	body, err := json.Marshal(map[string]string{"ceremony": begun.Ceremony, "credential": key.Create(begun.Options), "name": "Laptop"})
	if err != nil {
		h.Fatal(err)
	}
	added := h.postJSON(who, "/account/passkeys", string(body))
	if added.status != http.StatusOK {
		h.Fatalf("add a passkey: %d %s", added.status, added.body)
	}
	h.cookies[who] = added.cookie
	return key
}
