package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/account"
	"foyer/internal/room"
	"foyer/internal/web"
)

// A page of another site can change nothing, whatever it sends.
func TestCrossSiteChangesAreRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	slug := h.room("private", nil, "owner").Slug
	paths := []string{
		"/signup", "/login", "/logout", "/setup", "/account", "/account/password", "/account/sign-out-everywhere", "/rooms",
		"/r/" + slug + "/join", "/r/" + slug + "/members", "/r/" + slug + "/members/owner", "/r/" + slug + "/members/owner/remove",
		"/r/" + slug + "/invitations", "/r/" + slug + "/invitations/x/revoke", "/r/" + slug + "/guest", "/r/" + slug + "/guest/leave", "/invite/x",
		"/r/" + slug + "/settings", "/r/" + slug + "/lock", "/r/" + slug + "/delete",
	}
	ways := map[string]func(*http.Request){
		"other site":         func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		"other scheme":       func(r *http.Request) { r.Header.Set("Origin", strings.Replace(h.url, "http:", "https:", 1)) },
		"other port":         func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:1") },
		"sandboxed page":     func(r *http.Request) { r.Header.Set("Origin", "null") },
		"does not say":       func(r *http.Request) { r.Header.Del("Origin") },
		"says another site":  func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "cross-site") },
		"says a sister site": func(r *http.Request) { r.Header.Del("Origin"); r.Header.Set("Sec-Fetch-Site", "same-site") },
	}
	before := h.everything()
	for _, path := range paths {
		for name, way := range ways {
			form := url.Values{"confirm": {"Team"}, "name": {"x"}}.Encode()
			if answer := h.do("owner", http.MethodPost, path, "application/x-www-form-urlencoded", form, way); answer.status != http.StatusForbidden {
				t.Errorf("%s from %s: got %d, want 403", path, name, answer.status)
			}
		}
	}
	if h.everything() != before || h.get("owner", "/account").status != http.StatusOK {
		t.Error("something was changed")
	}
	other := func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }
	if answer := h.do("", http.MethodGet, "/rtc/v1?access_token=x", "", "", other); answer.status != http.StatusForbidden {
		t.Errorf("the gate from another site: got %d, want 403", answer.status)
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	answer := h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}})
	cookie := answer.header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("cookie lacks %s: %s", want, cookie)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Errorf("cookie is Secure over http, so browsers would drop it: %s", cookie)
	}
	h.server.PublicOrigin = "https://meet.example.org"
	answer = h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}})
	if cookie := answer.header.Get("Set-Cookie"); !strings.Contains(cookie, "; Secure") || !strings.HasPrefix(cookie, "__Host-foyer=") || strings.Contains(cookie, "Domain") {
		t.Errorf("cookie is not for this host alone, by https: %s", cookie)
	}
	h.cookies["ana"] = answer.cookie
	if answer := h.get("ana", "/account"); answer.status != http.StatusOK {
		t.Errorf("by that cookie: got %d", answer.status)
	}
	h.cookies["forged"] = h.cookies["ana"][:len(h.cookies["ana"])-3] + "AAA"
	if answer := h.get("forged", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("a forged cookie: got %d", answer.status)
	}
	before := h.cookies["ana"]
	h.cookies["ana"] = h.do("ana", http.MethodPost, "/login", "application/x-www-form-urlencoded",
		url.Values{"login": {"ana"}, "password": {passwordOf("ana")}}.Encode()).cookie
	h.cookies["before"] = before
	if answer := h.get("before", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("the session from before logging in again: got %d, want it ended", answer.status)
	}
}

// A guest's cookie is for the paths of their room and of the invitation alone, and for a day.
func TestGuestCookie(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	h.server.PublicOrigin = "https://meet.example.org"
	r := h.room("private", nil, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	invite := "/invite/" + string(h.invitation(r, room.Guest).Token)
	answer := h.post("", invite, url.Values{"display_name": {"Gus"}})
	var paths []string
	for _, cookie := range answer.header.Values("Set-Cookie") {
		if !strings.HasPrefix(cookie, "__Secure-foyer_guest=") {
			continue
		}
		for _, want := range []string{"; Secure", "; HttpOnly", "; SameSite=Lax", "; Max-Age=86400"} {
			if !strings.Contains(cookie, want) {
				t.Errorf("cookie lacks %s: %s", want, cookie)
			}
		}
		_, path, _ := strings.Cut(cookie, "; Path=")
		path, _, _ = strings.Cut(path, ";")
		paths = append(paths, path)
	}
	slices.Sort(paths)
	if want := []string{invite, "/r/" + r.Slug}; !slices.Equal(paths, want) {
		t.Errorf("cookies for the paths %q, want %q", paths, want)
	}
	var life time.Duration
	if err := h.pool.QueryRow(t.Context(), `select expires_at - created_at from sessions where guest_id is not null`).Scan(&life); err != nil {
		t.Fatal(err)
	}
	if life != 24*time.Hour {
		t.Errorf("a guest's session lasts %v, want a day", life)
	}
}

func TestLoginComesBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	if got := h.get("", "/r/team/members").location; got != "/login?next=%2Fr%2Fteam%2Fmembers" {
		t.Errorf("sent to %s", got)
	}
	tests := []struct{ next, want string }{
		{"/r/team", "/r/team"}, {"", "/"}, {"https://evil.example/", "/"}, {"//evil.example", "/"}, {`/\evil.example`, "/"}, {"/a\nb", "/"}, {"r/team", "/"},
	}
	for _, test := range tests {
		answer := h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}, "next": {test.next}})
		if answer.location != test.want {
			t.Errorf("next %q leads to %q, want %q", test.next, answer.location, test.want)
		}
	}
}

// Guessing is limited for each account and for each address, and the answer
// keeps what was typed.
func TestLoginsAreLimited(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	var last answer
	for i := range 15 { // after the one with which ana came in
		last = h.post("", "/login", url.Values{"login": {"Ana"}, "password": {"wrong guess"}})
		if want := map[bool]int{false: 401, true: 429}[i >= 9]; last.status != want {
			t.Errorf("guess %d: %d, want %d", i, last.status, want)
		}
	}
	if last.header.Get("Retry-After") == "" || !strings.Contains(last.body, `value="Ana"`) || strings.Contains(last.body, "wrong guess") {
		t.Error("no Retry-After, what was typed is lost, or the password comes back")
	}
	if answer := h.post("", "/login", url.Values{"login": {"ben"}, "password": {passwordOf("ben")}}); answer.status != http.StatusSeeOther {
		t.Errorf("somebody else: got %d", answer.status)
	}
	for i := range 70 {
		last = h.post("", "/login", url.Values{"login": {"nobody" + string(rune('a'+i%26)) + string(rune('a'+i/26))}, "password": {"wrong"}})
	}
	if last.status != http.StatusTooManyRequests {
		t.Errorf("after many accounts from one address: got %d, want 429", last.status)
	}
}

// Unless told otherwise a server counts by the minute.
func TestLimitsAreOfAMinute(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	config := h.config
	config.Pace = web.Pace{}
	server, err := web.New(config)
	if err != nil {
		t.Fatal(err)
	}
	handler := server.Handler(t.Context())
	guess := func() *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader("login=ana&password=wrong+guess"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", "http://"+r.Host)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w
	}
	for range 10 {
		if w := guess(); w.Code != http.StatusUnauthorized {
			t.Fatalf("one of the first ten guesses: %d", w.Code)
		}
	}
	for deadline := time.Now().Add(2 * time.Minute); ; { // a minute may have begun meanwhile
		w := guess()
		if w.Code == http.StatusTooManyRequests {
			if got := w.Header().Get("Retry-After"); got != "60" {
				t.Errorf("to try again after %q seconds", got)
			}
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("guesses are not limited")
		}
	}
}

// Whatever is looked up as one name counts as one.
func TestLimitsCountNamesThatAreOne(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for path, want := range map[string]int{"/login": 401, "/login/forgot": 200} {
		for what, write := range map[string]func(n int) string{
			"nothings": func(n int) string { return "ana" + strings.Repeat("\x00", n) },
			"no text":  func(n int) string { return strings.Repeat("\xff", n) + "ben@example.org" },
			"spaces":   func(n int) string { return "\x00" + strings.Repeat(" ", n) + "cleo" },
		} {
			statuses := make(map[int]int)
			for n := range 15 {
				statuses[h.post("", path, url.Values{"login": {write(n)}, "password": {"wrong guess"}}).status]++
			}
			if statuses[want] != 10 || statuses[429] != 5 {
				t.Errorf("%s with %s: statuses %v, want ten %d and then 429", path, what, statuses, want)
			}
		}
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	for _, path := range []string{"/", "/login", "/nothing", "/static/x/css/foyer.css"} {
		header := h.get("ana", path).header
		policy := header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "default-src 'self'") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "same-origin" {
			t.Errorf("%s: headers %v", path, header)
		}
	}
}

// Scripts connect to this origin, and to a media service elsewhere only when
// there is one.
func TestWhereScriptsConnect(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for want, sources := range map[string][]string{
		"; connect-src 'self'; ":                                   nil,
		"; connect-src 'self' wss://a.example wss://*.b.example; ": {"wss://a.example", "wss://*.b.example"},
	} {
		config := h.server.Config
		config.ConnectSources = sources
		server, err := web.New(config)
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		server.Handler(t.Context()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/login", nil))
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, want) {
			t.Errorf("with %v: policy %q, want %q in it", sources, policy, want)
		}
	}
}

// Being alive is not being ready: that needs the database and the media service.
func TestReady(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	expect := func(what, path string, status int, says string) {
		t.Helper()
		// An answer of the media service holds for a second.
		for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
			got := h.get("", path)
			if got.status == status && strings.Contains(got.body, says) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s, %s: got %d %q, want %d with %q", what, path, got.status, got.body, status, says)
			}
		}
	}
	expect("all is well", "/readyz", 200, "media livekit: ok")
	h.media.SetDown(true)
	expect("media is down", "/readyz", 503, "media livekit: does not answer")
	expect("media is down", "/healthz", 200, "ok")
	h.media.SetDown(false)
	expect("media is back", "/readyz", 200, "database: ok")
	h.pool.Close()
	expect("the database is gone", "/readyz", 503, "database: does not answer")
	expect("the database is gone", "/healthz", 200, "ok")
}

// What only looks at the headers, as monitors do, gets them.
func TestHead(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	tests := map[string]int{"/": 200, "/healthz": 200, "/readyz": 200, "/login": 200, "/nothing": 404, "/r/team/events": 405}
	for path, want := range tests {
		if got := h.do("ana", http.MethodHead, path, "", ""); got.status != want || got.body != "" {
			t.Errorf("%s: got %d with %d bytes, want %d with none", path, got.status, len(got.body), want)
		}
	}
}

func TestStaticFilesAreKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	page := h.get("", "/").body
	_, rest, found := strings.Cut(page, `href="/static/`)
	address, _, _ := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("no static file in %s", page)
	}
	answer := h.do("", http.MethodGet, "/static/"+address, "", "", func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") })
	if answer.status != http.StatusOK || !strings.Contains(answer.header.Get("Cache-Control"), "immutable") || answer.header.Get("Content-Encoding") != "gzip" {
		t.Errorf("got %d %v", answer.status, answer.header)
	}
}

// When sign-up is closed nobody can make an account, but those who have one log
// in.
func TestSignupClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	h.policy(account.Policy{Signup: account.SignupClosed})
	form := url.Values{"username": {"new"}, "email": {"new@example.org"}, "password": {"correct horse"}}
	if got := h.get("", "/signup").status; got != http.StatusForbidden {
		t.Errorf("page: %d", got)
	}
	if got := h.post("", "/signup", form).status; got != http.StatusForbidden {
		t.Errorf("form: %d", got)
	}
	if strings.Contains(h.get("", "/").body, "/signup") {
		t.Error("the landing page leads to it")
	}
}

// What people typed is shown as text, whatever it says.
func TestNamesStayText(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	const evil = `<script>alert("x")</script>`
	if got := h.post("owner", "/account", url.Values{"display_name": {evil}}).status; got != http.StatusSeeOther {
		t.Fatalf("rename: %d", got)
	}
	slug := strings.TrimPrefix(h.post("owner", "/rooms", url.Values{"name": {evil}, "topic": {evil}, "visibility": {"private"}}).location, "/r/")
	for _, path := range []string{"/", "/account", "/r/" + slug, "/r/" + slug + "/members", "/r/" + slug + "/settings"} {
		answer := h.get("owner", path)
		if answer.status != http.StatusOK || strings.Contains(answer.body, "<script>alert") || !strings.Contains(answer.body, "&lt;script&gt;") {
			t.Errorf("%s: %d, and the name is not text", path, answer.status)
		}
	}
}
