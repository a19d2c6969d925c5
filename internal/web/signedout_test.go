package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// Browsers are told to keep no page of somebody, and to drop what they kept when
// somebody is signed out, however that comes.
func TestNothingStaysInTheBrowser(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("open", nil, "ben")
	for _, path := range []string{"/", "/account", "/account/sessions", "/rooms", "/r/" + r.Slug, "/docs/api", "/nothing"} {
		if got := h.get("ana", path); got.header.Get("Cache-Control") != "no-store" || !strings.Contains(got.body, `data-viewer="ana"`) {
			t.Errorf("%s may be kept: %q", path, got.header.Get("Cache-Control"))
		}
	}
	if got := h.get("ana", "/account/signed-in"); got.body != `{"username":"ana"}` || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("who is signed in: %q", got.body)
	}
	var session string
	for name, out := range map[string]func() answer{
		"logging out": func() answer { return h.post("ana", "/logout", nil) },
		"ending this session": func() answer {
			h.row(&session, `select id from sessions where user_id = $1 order by created_at desc, id desc limit 1`, h.people["ana"].ID)
			return h.post("ana", "/account/sessions/"+session+"/end", nil)
		},
		"signing out everywhere": func() answer { return h.post("ana", "/account/sign-out-everywhere", nil) },
	} {
		h.logInAgain("ana")
		if got := out(); got.status != http.StatusSeeOther || got.header.Get("Clear-Site-Data") != `"cache"` {
			t.Errorf("%s: %d, clears %q", name, got.status, got.header.Get("Clear-Site-Data"))
		}
		if got := h.get("ana", "/account/signed-in"); got.status != http.StatusUnauthorized {
			t.Errorf("after %s: %d", name, got.status)
		}
	}
	h.logInAgain("ana")
	if got := h.post("ana", "/account/delete", url.Values{"confirm": {"ana"}}); got.status != http.StatusSeeOther || got.header.Get("Clear-Site-Data") != `"cache"` {
		t.Errorf("deleting the account: %d, clears %q", got.status, got.header.Get("Clear-Site-Data"))
	}
	if got := h.get("", "/login"); strings.Contains(got.body, "data-viewer") {
		t.Error("a page of nobody's says whose it is")
	}
}
