package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"foyer/internal/room"
)

// access is the expected answer to every route for every kind of person. A
// number is a status; "login" is a redirect to the log-in page. Strangers are
// asked about a private room and about an open one. The administrator belongs
// to no room.
const access = `
                                         anon   strang open   member moder  owner  admin
GET  /healthz                            200    200    200    200    200    200    200
GET  /readyz                             200    200    200    200    200    200    200
GET  /static/*                           200    200    200    200    200    200    200
GET  /favicon.ico                        200    200    200    200    200    200    200
GET  /rtc                                401    401    401    401    401    401    401
GET  /rtc/*                              401    401    401    401    401    401    401
POST /hooks/livekit                      401    401    401    401    401    401    401

GET  /                                   200    200    200    200    200    200    200
GET  /setup                              404    404    404    404    404    404    404
POST /setup                              404    404    404    404    404    404    404
GET  /signup                             200    200    200    200    200    200    200
POST /signup                             422    422    422    422    422    422    422
GET  /login                              200    200    200    200    200    200    200
POST /login                              401    401    401    401    401    401    401

GET  /account                            login  200    200    200    200    200    200
POST /account                            login  303    303    303    303    303    303
POST /account/password                   login  422    422    422    422    422    422
GET  /admin/media                        login  404    404    404    404    404    200
POST /admin/media/{room}                 login  404    404    404    404    404    303

GET  /rooms/new                          login  200    200    200    200    200    200
POST /rooms                              login  303    303    303    303    303    303

GET  /r/{slug}                           login  404    200    200    200    200    404
POST /r/{slug}/join                      401    404    200    200    200    200    404
GET  /r/{slug}/events                    401    404    404    404    404    404    404
GET  /r/{slug}/members                   login  404    403    200    200    200    404
POST /r/{slug}/members                   login  404    403    403    303    303    404
POST /r/{slug}/members/{username}        login  404    403    403    303    303    404
POST /r/{slug}/members/{username}/remove login  404    403    403    303    303    404
GET  /r/{slug}/settings                  login  404    403    403    200    200    404
POST /r/{slug}/settings                  login  404    403    403    403    303    404
POST /r/{slug}/lock                      login  404    403    403    303    303    404
POST /r/{slug}/delete                    login  404    403    403    403    303    404

POST /account/sign-out-everywhere        login  login  login  login  login  login  login
POST /logout                             303    303    303    303    303    303    303
`

// bodies are what is posted to routes that want something.
var bodies = map[string]url.Values{
	"/account":                            {"display_name": {"Other name"}},
	"/account/password":                   {"current_password": {"wrong"}, "password": {"long enough here"}},
	"/rooms":                              {"name": {"New"}, "visibility": {"private"}},
	"/admin/media/{room}":                 {"backend": {"livekit"}},
	"/login":                              {"login": {"nobody"}, "password": {"wrong"}},
	"/r/{slug}/members":                   {"login": {"newcomer"}, "role": {"member"}},
	"/r/{slug}/members/{username}":        {"role": {"member"}},
	"/r/{slug}/members/{username}/remove": {},
	"/r/{slug}/settings":                  {"name": {"Other"}, "topic": {""}, "visibility": {"private"}, "capacity": {"9"}},
	"/r/{slug}/lock":                      {"locked": {"true"}},
	"/r/{slug}/delete":                    {"confirm": {"Team"}},
}

func TestAccess(t *testing.T) {
	t.Parallel()
	names := []string{"", "eve", "eve", "member", "moder", "owner", "admin"}
	h := newHouse(t, "eve", "member", "moder", "owner", "admin", "target", "newcomer")
	if _, err := h.pool.Exec(t.Context(), `update users set administrator = true where username = 'admin'`); err != nil {
		t.Fatal(err)
	}
	roles := map[string]room.Role{"member": room.Member, "moder": room.Moderator, "target": room.Member}
	tested := make(map[string]bool)
	for line := range strings.Lines(access) {
		fields := strings.Fields(line)
		if len(fields) != 2+len(names) {
			continue
		}
		method, pattern, wants := fields[0], fields[1], fields[2:]
		tested[method+" "+pattern] = true
		for i, want := range wants {
			visibility := "private"
			if i == 2 {
				visibility = "open"
			}
			r := h.room(visibility, roles, "owner")
			got := h.ask(names[i], method, pattern, r)
			status := strconv.Itoa(got.status)
			if got.status == http.StatusSeeOther && strings.HasPrefix(got.location, "/login") {
				status = "login"
			}
			if status != want {
				t.Errorf("%s %s as %q to %s room: got %s, want %s", method, pattern, names[i], visibility, status, want)
			}
		}
	}
	routes := h.server.Handler(t.Context()).(chi.Routes)
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if !tested[method+" "+strings.ReplaceAll(pattern, "/*/", "/")] {
			t.Errorf("no row for %s %s", method, pattern)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(h.log.String(), "level=ERROR") {
		t.Errorf("errors were logged:\n%s", h.log)
	}
}

// ask sends the request of one row.
func (h *house) ask(who, method, pattern string, r room.Room) answer {
	h.Helper()
	path := strings.NewReplacer("{slug}", r.Slug, "{room}", string(r.ID), "{username}", "target", "/static/*", "/static/any/css/foyer.css", "/rtc/*", "/rtc/v1").Replace(pattern)
	switch {
	case strings.HasSuffix(pattern, "/join"):
		return h.postJSON(who, path, `{"display_name": ""}`)
	case strings.HasSuffix(pattern, "/events"):
		return h.get(who, path+"?participant=abc&after=0")
	case method == http.MethodPost:
		answer := h.post(who, path, bodies[pattern])
		if strings.HasPrefix(pattern, "/logout") || strings.HasSuffix(pattern, "everywhere") {
			h.logInAgain(who)
		}
		return answer
	}
	return h.get(who, path)
}

func (h *house) logInAgain(who string) {
	h.Helper()
	if who != "" {
		h.cookies[who] = h.post("", "/login", url.Values{"login": {who}, "password": {passwordOf(who)}}).cookie
	}
}

// A private room looks like a room that does not exist: the same answer to the
// letter.
func TestHiddenRoomLooksLikeNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("private", nil, "owner")
	for _, path := range []string{"", "/members", "/settings"} {
		hidden, none := h.get("eve", "/r/"+r.Slug+path), h.get("eve", "/r/there-is-none"+path)
		hidden.header.Del("Date")
		none.header.Del("Date")
		if hidden.status != http.StatusNotFound || hidden.status != none.status || hidden.body != none.body || len(hidden.header) != len(none.header) {
			t.Errorf("%s: hidden %d, none %d, bodies equal: %v", path, hidden.status, none.status, hidden.body == none.body)
		}
	}
	hidden, none := h.postJSON("eve", "/r/"+r.Slug+"/join", `{}`), h.postJSON("eve", "/r/there-is-none/join", `{}`)
	if hidden.status != http.StatusNotFound || hidden.status != none.status || hidden.body != none.body {
		t.Errorf("join: hidden %d %s, none %d %s", hidden.status, hidden.body, none.status, none.body)
	}
}
