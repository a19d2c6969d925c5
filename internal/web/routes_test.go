package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"foyer/internal/ledger"
	"foyer/internal/room"
	"foyer/internal/webhook"
)

// kinds are the people of the columns: who sends the request, and to what room.
var kinds = []struct {
	name    string
	who     string // whose cookie, of an account; empty: nobody's
	access  string
	prepare func(h *house, r room.Room) (who string) // nil: nothing; who is somebody else's cookie
}{
	{"anon", "", "private", nil},
	{"door", "", "open", takesGuests}, // anonymous, at an open room that takes guests
	{"banned", "eve", "open", banned},
	{"strang", "eve", "private", nil},
	{"listed", "eve", "listed", nil},
	{"open", "eve", "open", nil},
	{"waits", "eve", "open", waits}, // in the lobby of an open room
	{"guest", "", "private", guest}, // by an invitation
	{"other", "", "private", guestOfAnother},
	{"member", "member", "private", nil},
	{"moder", "moder", "private", nil},
	{"owner", "owner", "private", nil},
	{"admin", "admin", "private", nil}, // of the site; belongs to no room
}

func takesGuests(h *house, r room.Room) string {
	h.Helper()
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	return ""
}

func banned(h *house, r room.Room) string {
	h.Helper()
	h.sql(`insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'eve')`, r.ID, h.people["eve"].ID)
	return "eve"
}

func waits(h *house, r room.Room) string {
	h.Helper()
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	h.sql(`insert into lobby (id, room_id, user_id, display_name) values (gen_random_uuid(), $1, $2, 'The eve')`, r.ID, h.people["eve"].ID)
	return "eve"
}

func guest(h *house, r room.Room) string {
	h.Helper()
	takesGuests(h, r)
	h.cookies["guest"] = h.guest(r)
	return "guest"
}

// guestOfAnother sends the cookie of another room to this one's path, as a
// browser would not.
func guestOfAnother(h *house, r room.Room) string {
	h.Helper()
	takesGuests(h, r)
	other := h.room("private", nil, "owner")
	return guest(h, other)
}

// placeholders stand for parts of a route's pattern: what is there for the
// request of one row.
var placeholders = map[string]func(h *house, r room.Room) string{
	"{room}":     func(_ *house, r room.Room) string { return string(r.ID) },
	"{slug}":     func(_ *house, r room.Room) string { return r.Slug },
	"{username}": func(*house, room.Room) string { return "target" },
	"{entry}": func(h *house, r room.Room) (id string) {
		// A member: letting in whom the room is closed to would be of no use.
		h.sql(`insert into memberships (room_id, user_id, role) values ($1, $2, 'member') on conflict do nothing`, r.ID, h.people["newcomer"].ID)
		h.row(&id, `insert into lobby (id, room_id, user_id, display_name) values (gen_random_uuid(), $1, $2, 'New') returning id`,
			r.ID, h.people["newcomer"].ID)
		return id
	},
	// A member who is in the call of a room whose lobby concerns them.
	"{participant}": func(h *house, r room.Room) (id string) {
		h.sql(`update rooms set lobby = 'everyone' where id = $1`, r.ID)
		h.row(&id, `
			insert into grants (id, room_id, generation, user_id, session_id, display_name, permissions, connected_at)
			values (replace(gen_random_uuid()::text, '-', ''), $1, $2, $3, gen_random_uuid(), 'The target', '{}', now()) returning id`, r.ID, r.Generation, h.people["target"].ID)
		return id
	},
	"{request}": func(h *house, r room.Room) (id string) {
		h.row(&id, `insert into join_requests (id, room_id, user_id) values (gen_random_uuid(), $1, $2) returning id`, r.ID, h.people["newcomer"].ID)
		return id
	},
	"{ban}": func(h *house, r room.Room) (id string) {
		h.row(&id, `insert into bans (id, room_id, user_id, name) values (gen_random_uuid(), $1, $2, 'New') returning id`, r.ID, h.people["newcomer"].ID)
		return id
	},
	// Somebody else's, whoever asks.
	"{session}": func(h *house, _ room.Room) (id string) {
		h.row(&id, `select id from sessions where user_id = $1`, h.people["target"].ID)
		return id
	},
	"{passkey}": func(h *house, _ room.Room) (id string) {
		h.row(&id, `select gen_random_uuid()`)
		return id
	},
	"{link}": func(*house, room.Room) string { return "nobodys" },
	// A room's webhook with something that was delivered: to the site's pages it is
	// none.
	"{webhook}": func(h *house, r room.Room) string { return string(h.webhook(r)) },
	"{delivery}": func(h *house, r room.Room) (id string) {
		h.row(&id, `select max(deliveries.id)::text from deliveries join webhooks on webhooks.id = deliveries.webhook_id where room_id = $1`, r.ID)
		return id
	},
	"{service}": func(h *house, _ room.Room) (id string) {
		h.row(&id, `
			insert into users (id, username, email, display_name, service)
			select gen_random_uuid(), name, name || '@service.invalid', 'Robot', true from (select left('robot-' || gen_random_uuid(), 30) as name) names
			returning id`)
		return id
	},
	"{user}":       func(h *house, _ room.Room) string { return string(h.people["newcomer"].ID) },
	"{token}":      func(h *house, r room.Room) string { return string(h.invitation(r, room.Member).Token) },
	"{invitation}": func(h *house, r room.Room) string { return string(h.invitation(r, room.Member).ID) },
	"{id}":         func(h *house, _ room.Room) string { return string(h.mail(h.mails)) },
	// A file that a member has sent, and the message that it went with.
	"{message}": func(h *house, r room.Room) string {
		message, _ := h.sendFile("target", r, "note.txt", "hello")
		return string(message)
	},
	"{file}": func(h *house, r room.Room) string {
		_, file := h.sendFile("target", r, "note.txt", "hello")
		return string(file)
	},
	"/static/*": func(*house, room.Room) string { return "/static/any/css/foyer.css" },
	"/rtc/*":    func(*house, room.Room) string { return "/rtc/v1" },
}

// bodies are what is posted to routes that want something.
var bodies = map[string]url.Values{
	"/account":                                  {"display_name": {"Other name"}},
	"/account/confirm":                          {"password": {"wrong"}},
	"/account/email":                            {"email": {"other@example.org"}},
	"/account/password":                         {"current_password": {"wrong"}, "password": {"long enough here"}},
	"/rooms":                                    {"name": {"New"}, "visibility": {"private"}},
	"/admin/media/{room}":                       {"backend": {"livekit"}},
	"/r/{slug}/members":                         {"login": {"newcomer"}, "role": {"member"}},
	"/r/{slug}/members/{username}":              {"role": {"member"}},
	"/r/{slug}/members/{username}/remove":       {},
	"/r/{slug}/add-members":                     {"people": {"newcomer"}},
	"/r/{slug}/transfer":                        {"username": {"target"}, "confirm_transfer": {"Team"}},
	"/r/{slug}/request":                         {"message": {"Let me join"}},
	"/r/{slug}/guest":                           {"display_name": {"Gus"}},
	"/r/{slug}/guest/leave":                     {},
	"/invite/{token}":                           {},
	"/r/{slug}/invitations":                     {"role": {"member"}, "lasts": {"week"}, "way": {"link"}},
	"/r/{slug}/invitations/{invitation}/revoke": {},
	"/r/{slug}/webhooks":                        {"url": {"https://example.org/hook"}, "topic_call": {"on"}},
	"/admin/webhooks":                           {"url": {"https://example.org/hook"}, "topic_site": {"on"}},
	"/admin/look":                               {},
	"/account/tokens":                           {},
	"/admin/services":                           {},
	"/admin/services/{service}/tokens":          {},
	"/admin/settings":                           {},
	"/admin/rooms/{room}/members":               {"login": {"newcomer"}, "role": {"member"}},
	"/admin/rooms/{room}/members/{username}":    {"role": {"moderator"}},
	"/admin/rooms/{room}/transfer":              {"heir": {"newcomer"}},
	"/admin/rooms/{room}/delete":                {"confirm": {"Team"}},
	"/r/{slug}/settings":                        {"name": {"Other"}, "topic": {""}, "visibility": {"private"}, "lobby": {"off"}, "succession": {"host"}, "capacity": {"9"}, "history_days": {"7"}},
	"/r/{slug}/lock":                            {"locked": {"true"}},
	"/r/{slug}/delete":                          {"confirm": {"Team"}},

	"/r/{slug}/participants/{participant}/hand":  {"raised": {"on"}},
	"/r/{slug}/participants/{participant}/react": {"reaction": {"heart"}},
}

func TestAccess(t *testing.T) {
	t.Parallel()
	roles := map[string]room.Role{"member": room.Member, "moder": room.Moderator, "target": room.Member}
	tested := make(map[string]bool)
	var h *house
	for i, row := range accessRows(t) {
		if i%rowsOfAHouse == 0 {
			h = newHouse(t, "eve", "member", "moder", "owner", "admin", "target", "newcomer")
			h.sql(`update users set administrator = true where username = 'admin'`)
			defer h.noFailures()
		}
		tested[row.method+" "+row.pattern] = true
		for _, kind := range kinds {
			r, who := h.room(kind.access, roles, "owner"), kind.who
			if kind.prepare != nil {
				who = kind.prepare(h, r)
			}
			h.wantAccess(kind.name, who, row, r, row.wants[kind.name])
		}
	}
	routes := h.server.Handler(t.Context()).(chi.Routes)
	err := chi.Walk(routes, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if strings.HasPrefix(pattern, "/api/v1/") {
			return nil // programs have a table of their own: TestAPIAccess
		}
		if !tested[method+" "+strings.ReplaceAll(pattern, "/*/", "/")] {
			t.Errorf("no row for %s %s", method, pattern)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// rowsOfAHouse is for how many rows one service is asked, before it finds that too
// many guests come from one address.
const rowsOfAHouse = 60

// route is one row of access.
type route struct {
	method, pattern string
	wants           map[string]string // by kind of person
}

func accessRows(t *testing.T) (rows []route) {
	t.Helper()
	for line := range strings.Lines(access) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == kinds[0].name {
			continue
		}
		if len(fields) != 2+len(kinds) {
			t.Fatalf("a row for %d kinds of person, want %d: %s", len(fields)-2, len(kinds), line)
		}
		row := route{fields[0], fields[1], make(map[string]string)}
		for i, kind := range kinds {
			row.wants[kind.name] = fields[2+i]
		}
		rows = append(rows, row)
	}
	return rows
}

func (h *house) wantAccess(kind, who string, row route, r room.Room, want string) {
	h.Helper()
	got := h.ask(who, row.method, row.pattern, r)
	status := strconv.Itoa(got.status)
	if got.status == http.StatusSeeOther && strings.HasPrefix(got.location, "/login") {
		status = "login"
	}
	if status != want {
		h.Errorf("%s %s as %s: got %s, want %s", row.method, row.pattern, kind, status, want)
	}
}

// Guests in other states than the table's columns: who waits in the lobby is
// answered in the room as others who wait, who is banned as others who are, and
// whose invitation was revoked like a guest of another room. Outside of it all are
// nobody.
func TestAccessOfGuests(t *testing.T) {
	t.Parallel()
	roles := map[string]room.Role{"target": room.Member}
	const aGuest = "guests.id = (select max(id::text)::uuid from guests where room_id = $1)"
	for _, kind := range []struct{ name, access, like, state string }{
		{"guest who waits", "open", "waits", `insert into lobby (id, room_id, guest_id, display_name)
			select gen_random_uuid(), $1, id, display_name from guests where ` + aGuest},
		{"banned guest", "private", "banned", `insert into bans (id, room_id, guest_id, name)
			select gen_random_uuid(), $1, id, display_name from guests where ` + aGuest},
		{"guest of a closed invitation", "private", "banned", `insert into bans (id, room_id, invitation_id, name)
			select gen_random_uuid(), $1, invitation_id, '' from guests where ` + aGuest},
		{"guest of a revoked invitation", "private", "other", `update invitations set revoked_at = now() where room_id = $1`},
		{"guest whose stay was ended", "private", "other", `update guests set ended_at = now() where ` + aGuest},
	} {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, "owner", "target", "newcomer")
			for _, row := range accessRows(t) {
				r := h.room(kind.access, roles, "owner")
				who := guest(h, r)
				h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
				h.sql(kind.state, r.ID)
				want := row.wants["other"]
				if strings.HasPrefix(row.pattern, "/r/") {
					want = row.wants[kind.like]
				}
				if own, ok := ofGuests[row.pattern]; ok && kind.like == "waits" {
					want = own
				}
				h.wantAccess(kind.name, who, row, r, want)
			}
		})
	}
}

// ofGuests are the rows in which a guest who waits differs from others who do.
var ofGuests = map[string]string{
	// They have no account to belong with.
	"/r/{slug}/request":          "403",
	"/r/{slug}/request/withdraw": "403",
	"/r/{slug}/guest/leave":      "303",
}

// ask sends the request of one row.
func (h *house) ask(who, method, pattern string, r room.Room) answer {
	h.Helper()
	path := pattern
	for _, placeholder := range slices.Sorted(maps.Keys(placeholders)) {
		// In any order but this: a delivery is one of its webhook's.
		if placeholder != "{delivery}" && strings.Contains(path, placeholder) {
			path = strings.ReplaceAll(path, placeholder, placeholders[placeholder](h, r))
		}
	}
	if strings.Contains(path, "{delivery}") {
		path = strings.ReplaceAll(path, "{delivery}", placeholders["{delivery}"](h, r))
	}
	switch {
	case strings.HasSuffix(pattern, "/connection"):
		return h.postJSON(who, path, `{"path": "udp", "quality": "good", "rtt": 0.03, "loss": 0}`)
	case method == http.MethodPost && strings.HasSuffix(pattern, "/files"):
		return h.do(who, method, path+"?name=a.txt", "application/octet-stream", "hello")
	case strings.HasSuffix(pattern, "/messages") && method == http.MethodPost:
		return h.postJSON(who, path, `{"id": "`+uuid.NewString()+`", "text": "Hello"}`)
	case strings.HasSuffix(pattern, "/{message}"):
		return h.postJSON(who, path, `{"text": "Other"}`)
	case strings.HasSuffix(pattern, "/{message}/delete"), strings.HasSuffix(pattern, "/discard"):
		return h.postJSON(who, path, `{}`)
	case strings.HasSuffix(pattern, "/join"):
		return h.postJSON(who, path, `{"display_name": ""}`)
	case strings.HasSuffix(pattern, "/events"):
		return h.get(who, path+"?participant=abc&after=0")
	case strings.HasSuffix(pattern, "/passkey/begin"), strings.HasSuffix(pattern, "/passkeys/begin"):
		return h.postJSON(who, path, `{}`)
	case strings.HasSuffix(pattern, "/passkey"), method == http.MethodPost && strings.HasSuffix(pattern, "/passkeys"):
		return h.postJSON(who, path, `{"ceremony": "x", "credential": "{}", "name": "New"}`)
	case method == http.MethodPost && strings.HasPrefix(pattern, "/login"):
		// Attempts are counted by name.
		return h.post(who, path, url.Values{"login": {"nobody" + who}, "password": {"wrong"}})
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
	if h.people[who].ID != "" {
		h.cookies[who] = h.post("", "/login", url.Values{"login": {who}, "password": {passwordOf(who)}}).cookie
	}
}

// A private room looks like a room that does not exist: the same answer to the
// letter.
func TestHiddenRoomLooksLikeNone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "eve")
	r := h.room("private", nil, "owner")
	for _, path := range []string{"", "/members", "/invitations", "/settings"} {
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

// webhook makes one of a room, with something delivered by it.
func (h *house) webhook(r room.Room) webhook.ID {
	h.Helper()
	return h.webhookOf("owner", ledger.Room(r.ID), webhook.Access)
}

// webhookOf makes one of a room, or of the site, with something delivered by it.
func (h *house) webhookOf(who string, in ledger.Room, topic string) webhook.ID {
	h.Helper()
	id, err := h.webhooks.Make(h.Context(), h.people[who].ID, in, webhook.Draft{URL: "https://example.org/hook", Topics: []string{topic}})
	if err == nil {
		err = h.webhooks.Try(h.Context(), id)
	}
	if err != nil {
		h.Fatal(err)
	}
	return id
}
