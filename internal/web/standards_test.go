package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// Fields for passwords hide what is typed, and let managers of passwords do their
// work.
func TestPasswordFields(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.server.LinkOrigin = h.url
	if answer := h.post("", "/login/forgot", map[string][]string{"login": {"ana"}}); answer.status != http.StatusOK {
		t.Fatalf("forgot: %d", answer.status)
	}
	reset := h.linkIn(h.waitForMail("reset", "ana@example.org"), h.url)
	input := regexp.MustCompile(`<input[^>]*name="[a-z_]*password"[^>]*>`)
	for path, want := range map[string]int{"/login": 1, "/signup": 1, reset: 1, "/account/password": 2, "/account/confirm": 1} {
		who := ""
		if strings.HasPrefix(path, "/account") {
			who = "ana"
		}
		fields := input.FindAllString(h.get(who, path).body, -1)
		if len(fields) != want {
			t.Errorf("%s: %d fields, want %d", path, len(fields), want)
		}
		for _, field := range fields {
			if !strings.Contains(field, `type="password"`) || !regexp.MustCompile(`autocomplete="(new|current)-password"`).MatchString(field) || strings.Contains(field, "onpaste") || strings.Contains(field, "maxlength") {
				t.Errorf("%s: %s", path, field)
			}
		}
	}
}

// What every answer says of itself: its type, with the characters of texts, and
// that nobody of another origin may read it.
func TestWhatAnswersSayOfThemselves(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", nil, "ana")
	script := regexp.MustCompile(`src="(/static/[^"]+\.js)"`).FindStringSubmatch(h.get("ana", "/r/"+r.Slug).body)
	style := regexp.MustCompile(`href="(/static/[^"]+\.css)"`).FindStringSubmatch(h.get("", "/login").body)
	if script == nil || style == nil {
		t.Fatal("no script or style")
	}
	for path, want := range map[string]string{
		"/": "text/html; charset=utf-8", "/nothing": "text/html; charset=utf-8", "/healthz": "text/plain; charset=utf-8", "/readyz": "text/plain; charset=utf-8",
		"/r/" + r.Slug + "/members.csv": "text/csv; charset=utf-8", "/r/" + r.Slug + "/participants": "application/json", "/account/data/export": "application/json",
		"/r/" + r.Slug + "/messages": "application/json", script[1]: "text/javascript; charset=utf-8", style[1]: "text/css; charset=utf-8",
	} {
		got := h.do("ana", http.MethodGet, path, "", "", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
		if got.header.Get("Content-Type") != want {
			t.Errorf("%s: %q, want %q", path, got.header.Get("Content-Type"), want)
		}
		for name := range got.header {
			if strings.HasPrefix(name, "Access-Control-") {
				t.Errorf("%s: another origin may read it: %s", path, name)
			}
		}
	}
	for _, path := range []string{"/.git/config", "/.git/HEAD", "/.env", "/static/.git/config", "/static/../.env", "/debug/pprof/", "/static/"} {
		if got := h.get("ana", path); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, got.status)
		}
	}
	for _, method := range []string{http.MethodTrace, http.MethodConnect, "PROPFIND"} {
		if got := h.do("ana", method, "/", "", ""); got.status < 400 {
			t.Errorf("%s: %d", method, got.status)
		}
	}
}
