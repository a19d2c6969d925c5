package web_test

import (
	"encoding/csv"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"foyer/internal/room"
	"foyer/internal/settings"
)

// What administrators do to accounts is done at once, and is in the audit log with
// where it came from.
func TestDeskUsers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "boss", "ana")
	h.administrator("boss")
	path := "/admin/users/" + string(h.people["ana"].ID)
	h.sees(h.get("boss", "/admin/users?q=ANA"), path, "ana@example.org")
	if got := h.post("boss", path+"/disable", url.Values{}); got.status != http.StatusSeeOther || got.location != path {
		t.Fatalf("disable: %d to %q", got.status, got.location)
	}
	if got := h.get("ana", "/rooms"); !strings.HasPrefix(got.location, "/login") {
		t.Errorf("ana goes on: %d", got.status)
	}
	h.sees(h.get("boss", path), "Switched off", "switched off the account of The ana", "from 127.0.0.1")
	if got := h.post("boss", path+"/reset", url.Values{}); got.status != http.StatusConflict {
		t.Errorf("a link for an account that is switched off: %d", got.status)
	}
	h.post("boss", path+"/enable", url.Values{})
	h.logInAgain("ana")
	if got := h.post("boss", path+"/reset", url.Values{}); got.status != http.StatusSeeOther {
		t.Errorf("a link to set a password: %d", got.status)
	}
	h.sees(h.get("boss", "/admin/mail"), "ana@example.org")
	h.post("boss", path+"/sign-out", url.Values{})
	if got := h.get("ana", "/rooms"); !strings.HasPrefix(got.location, "/login") {
		t.Errorf("ana is signed in still: %d", got.status)
	}
	h.post("boss", path+"/administrator", url.Values{})
	h.logInAgain("ana")
	own := "/admin/users/" + string(h.people["boss"].ID)
	if got := h.post("ana", own+"/no-administrator", url.Values{}); got.status != http.StatusSeeOther {
		t.Errorf("ana ends boss's office: %d", got.status)
	}
	if got := h.get("boss", "/admin"); got.status != http.StatusNotFound {
		t.Errorf("boss is at the desk still: %d", got.status)
	}
	got := h.post("ana", path+"/no-administrator", url.Values{})
	if got.status != http.StatusConflict || !strings.Contains(got.body, "The site needs an administrator") {
		t.Errorf("the last one: %d", got.status)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(h.get("ana", "/admin/audit.csv?kind=site").body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 9 {
		t.Errorf("%d rows, %v; want six acts and two accounts made, below the names of the columns", len(rows), err)
	}
}

// Nothing that an administrator does in a room is silent, and owners see it.
func TestNoSilentVisits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "boss", "ana", "ben")
	h.administrator("boss")
	r := h.room("private", map[string]room.Role{"ben": room.Member}, "ana")
	path := "/admin/rooms/" + string(r.ID)
	h.sees(h.get("boss", "/admin/rooms?q=team"), path)
	h.sees(h.get("boss", path), "The ana", "The ben")
	for _, act := range []struct {
		path   string
		fields url.Values
	}{
		{"/members/ben", url.Values{"role": {"moderator"}}},
		{"/members", url.Values{"login": {"boss"}, "role": {"member"}}},
		{"/transfer", url.Values{"heir": {"ben"}}},
	} {
		if got := h.post("boss", path+act.path, act.fields); got.status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", act.path, got.status, got.body)
		}
	}
	log := h.get("ben", "/r/"+r.Slug+"/audit")
	h.sees(log, "The boss", "administrator", "added The boss as Member", "handed the room over to The ben", "from 127.0.0.1")
	if got := h.get("ana", "/r/"+r.Slug+"/audit"); got.status != http.StatusForbidden {
		t.Errorf("who owned it before: %d", got.status)
	}
	h.sees(h.get("ana", "/r/"+r.Slug+"/attendance"), "There were no calls yet")
	if got := h.post("boss", path+"/delete", url.Values{"confirm": {"team"}}); got.status != http.StatusUnprocessableEntity {
		t.Errorf("another name typed: %d", got.status)
	}
	if got := h.post("boss", path+"/delete", url.Values{"confirm": {"Team"}}); got.status != http.StatusSeeOther {
		t.Errorf("delete: %d", got.status)
	}
	h.sees(h.get("boss", "/admin/audit?room="+r.Slug), "deleted the room")
	h.sees(h.get("boss", path), "deleted")
}

func TestDeskSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "boss")
	h.administrator("boss")
	h.sees(h.get("boss", "/admin/settings"), "Usual: Everybody", "Usual: 365 days")
	got := h.post("boss", "/admin/settings", url.Values{"set_room_capacity": {"here"}, "room_capacity": {"one"}})
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "from 2 to 500") {
		t.Errorf("no number: %d", got.status)
	}
	if got := h.post("boss", "/admin/settings", url.Values{"set_room_capacity": {"here"}, "room_capacity": {"7"}}); got.status != http.StatusSeeOther {
		t.Errorf("set: %d", got.status)
	}
	h.sees(h.get("boss", "/admin/settings"), "Set by The boss")
	r := h.post("boss", "/rooms", url.Values{"name": {"New"}, "visibility": {"private"}})
	var capacity int
	if err := h.pool.QueryRow(t.Context(), `select capacity from rooms where slug = 'new'`).Scan(&capacity); err != nil || capacity != 7 {
		t.Errorf("a new room takes %d, %v (%d)", capacity, err, r.status)
	}
}

var wasShown = regexp.MustCompile(`<input type="hidden" name="was_([a-z_]+)" value="([^"]*)">`)

// settingsForm is what the page of settings would send if nobody changed anything.
func (h *house) settingsForm(who string) url.Values {
	h.Helper()
	form := url.Values{}
	for _, shown := range wasShown.FindAllStringSubmatch(h.get(who, "/admin/settings").body, -1) {
		value := strings.ReplaceAll(html.UnescapeString(shown[2]), "\n", "\r\n")
		form.Set(shown[1], value)
		form.Set("was_"+shown[1], value)
	}
	if len(form) != 4*len(settings.Names) {
		h.Fatalf("the form has %v", form)
	}
	return form
}

// Who saves a setting undoes nothing that others have set since they opened the page.
func TestSettingsThatOthersChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	h.administrator("ana")
	h.administrator("ben")
	first := h.settingsForm("ben")
	first.Set("set_mail_domains", "here")
	first.Set("mail_domains", "example.org\r\nexample.com")
	h.post("ben", "/admin/settings", first)

	anas, bens := h.settingsForm("ana"), h.settingsForm("ben")
	bens.Set("set_keep_audit", "here")
	bens.Set("keep_audit", "3650")
	bens.Set("set_mail_domains", "")
	anas.Set("set_room_capacity", "here")
	anas.Set("room_capacity", "one")
	refused := h.post("ana", "/admin/settings", anas)
	anas.Set("room_capacity", "7")
	for who, form := range map[string]url.Values{"ben": bens, "ana": anas} {
		if got := h.post(who, "/admin/settings", form); got.status != http.StatusSeeOther {
			t.Errorf("%s: %d", who, got.status)
		}
	}
	now := h.settings.Now()
	if now.KeepAudit != 3650 || now.Capacity != 7 || len(now.MailDomains) != 0 || len(h.settings.Set()) != 2 {
		t.Errorf("then %+v, set %v", now, h.settings.Set())
	}
	// What was refused is shown with what the form showed first.
	if want := `name="was_room_capacity" value="` + anas.Get("was_room_capacity") + `"`; refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.body, want) {
		t.Errorf("no %s in what was refused (%d)", want, refused.status)
	}
}

func TestWebhookPages(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", nil, "ana")
	path := "/r/" + r.Slug + "/webhooks"
	if got := h.post("ana", path, url.Values{"url": {"ftp://example.org"}}); got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, "ftp://example.org") {
		t.Errorf("no receiver: %d", got.status)
	}
	made := h.post("ana", path, url.Values{"url": {"https://example.org/hook"}, "topic_access": {"on"}})
	if made.status != http.StatusSeeOther || !strings.HasPrefix(made.location, path+"/") {
		t.Fatalf("made: %d to %q", made.status, made.location)
	}
	page := h.get("ana", made.location)
	h.sees(page, "https://example.org/hook", "whsec_", "Nothing was sent yet")
	if page.header.Get("Cache-Control") != "no-store" {
		t.Error("the secret may stay in the browser's cache")
	}
	h.post("ana", made.location+"/try", url.Values{})
	h.sees(h.get("ana", made.location), "test", "Waiting")
	h.sees(h.get("ana", "/r/"+r.Slug+"/audit"), "added a webhook to https://example.org")
	if got := h.post("ana", made.location+"/remove", url.Values{}); got.status != http.StatusSeeOther {
		t.Errorf("removed: %d", got.status)
	}
	if got := h.get("ana", made.location); got.status != http.StatusNotFound {
		t.Errorf("then: %d", got.status)
	}
}
