package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"foyer/internal/room"
)

// bad are values that no field takes.
var bad = map[string]string{
	"missing":       "",
	"too long":      strings.Repeat("x", 300),
	"not UTF-8":     "abc\xff\xfe",
	"NUL":           "abc\x00def",
	"bidirectional": "abc\u202edef",
	"zero width":    "abc\u200bdef",
}

func TestFormsRefuseBadInput(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "member")
	r := h.room("private", map[string]room.Role{"member": room.Member}, "owner")
	path := "/r/" + r.Slug
	forms := []struct {
		path   string
		good   url.Values
		fields string // those that are checked
	}{
		{"/signup", url.Values{"username": {"new"}, "email": {"new@example.org"}, "display_name": {"New"}, "password": {"correct horse"}}, "username email password"},
		{"/rooms", url.Values{"name": {"New room"}, "topic": {"A topic"}, "visibility": {"private"}}, "name visibility"},
		{"/account", url.Values{"display_name": {"Name"}}, "display_name"},
		{"/account/password", url.Values{"current_password": {passwordOf("owner")}, "password": {"another good one"}}, "password"},
		{path + "/members", url.Values{"login": {"member"}, "role": {"member"}}, "login role"},
		{path + "/members/member", url.Values{"role": {"member"}}, "role"},
		{path + "/settings", url.Values{"name": {"N"}, "topic": {"A topic"}, "visibility": {"open"}, "capacity": {"5"}}, "name visibility capacity"},
		{path + "/invitations", url.Values{"role": {"member"}, "lasts": {"week"}, "way": {"link"}}, "role lasts"},
		{path + "/lock", url.Values{"locked": {"true"}}, "locked"},
		{path + "/delete", url.Values{"confirm": {"Team"}}, "confirm"},
	}
	before := h.everything()
	for _, form := range forms {
		for field := range strings.FieldsSeq(form.fields) {
			for what, value := range bad {
				// Zero-width and other signs are a password's own business.
				if field == "password" && (what == "bidirectional" || what == "zero width") {
					continue
				}
				sent := url.Values{}
				for name, values := range form.good {
					sent[name] = values
				}
				sent.Set(field, value)
				answer := h.post("owner", form.path, sent)
				if answer.status != http.StatusUnprocessableEntity {
					t.Errorf("%s with %s %s: got %d, want 422", form.path, what, field, answer.status)
				}
				if strings.Contains(answer.body, "correct horse") || strings.Contains(answer.body, "another good") {
					t.Errorf("%s with %s %s: the password comes back", form.path, what, field)
				}
				if topic := form.good.Get("topic"); topic != "" && !strings.Contains(answer.body, html.EscapeString(topic)) {
					t.Errorf("%s with %s %s: what was typed beside it is lost", form.path, what, field)
				}
			}
		}
		if answer := h.post("owner", form.path, url.Values{"x": {strings.Repeat("x", 65<<10)}}); answer.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%s over 64 KiB: got %d", form.path, answer.status)
		}
		for what, kind := range map[string]string{"no type": "", "JSON": "application/json", "multipart": "multipart/form-data; boundary=x"} {
			if what == "JSON" && form.path == path+"/lock" {
				continue // the call's script locks in JSON
			}
			if answer := h.do("owner", http.MethodPost, form.path, kind, "{}"); answer.status != http.StatusUnsupportedMediaType {
				t.Errorf("%s as %s: got %d", form.path, what, answer.status)
			}
		}
		if answer := h.do("owner", http.MethodPost, form.path, "application/x-www-form-urlencoded", "a=%zz"); answer.status != http.StatusBadRequest {
			t.Errorf("%s with a broken escape: got %d", form.path, answer.status)
		}
	}
	if after := h.everything(); after != before {
		t.Errorf("something was written:\n%s\nbefore:\n%s", after, before)
	}
	h.noFailures()
}

// everything is what the forms could have changed.
func (h *house) everything() (all string) {
	h.Helper()
	err := h.pool.QueryRow(h.Context(), `
		select coalesce((select string_agg(u::text, '|' order by id) from users u), '') || coalesce((select string_agg(r::text, '|' order by id) from rooms r), '')
			|| coalesce((select string_agg(m::text, '|' order by user_id) from memberships m), '')`).Scan(&all)
	if err != nil {
		h.Fatal(err)
	}
	return all
}

func (h *house) noFailures() {
	h.Helper()
	if strings.Contains(h.log.String(), "level=ERROR") {
		h.Errorf("errors were logged:\n%s", h.log)
	}
}

func TestJoinRefusesBadJSON(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	path := "/r/" + h.room("private", nil, "owner").Slug + "/join"
	tests := []struct {
		name, body string
		status     int
		says       string
	}{
		{"empty", ``, 400, "malformed"},
		{"no JSON", `display_name=Ana`, 400, "malformed"},
		{"cut off", `{"display_name": "A`, 400, "malformed"},
		{"list", `[]`, 400, "malformed"},
		{"two objects", `{} {}`, 400, "malformed"},
		{"unknown field", `{"admin": true}`, 422, `"admin"`},
		{"wrong type", `{"display_name": 7}`, 422, `"display_name"`},
		{"not UTF-8", "{\"display_name\": \"A\xff\"}", 400, "malformed"},
		{"NUL", `{"display_name": "A\u0000"}`, 422, `"display_name"`},
		{"lone surrogate", `{"display_name": "\ud800"}`, 200, `"token"`}, // read as U+FFFD, as encoding/json does
		{"bidirectional", `{"display_name": "A\u202eB"}`, 422, `"display_name"`},
		{"zero width", `{"display_name": "A\u200bB"}`, 422, `"display_name"`},
		{"too long", `{"display_name": "` + strings.Repeat("x", 65) + `"}`, 422, `"display_name"`},
		{"over 64 KiB", `{"display_name": "` + strings.Repeat("x", 65<<10) + `"}`, 413, "too_large"},
		{"good", `{"display_name": "Ana"}`, 200, `"token"`},
	}
	for _, test := range tests {
		answer := h.postJSON("owner", path, test.body)
		if answer.status != test.status || !strings.Contains(answer.body, test.says) {
			t.Errorf("%s: got %d %.200s, want %d with %s", test.name, answer.status, answer.body, test.status, test.says)
		}
	}
	if answer := h.do("owner", http.MethodPost, path, "text/plain", "{}"); answer.status != http.StatusUnsupportedMediaType {
		t.Errorf("as text: got %d", answer.status)
	}
	h.noFailures()
}

// Addresses with bytes that are no text, and ids that nobody made, are addresses
// of nothing.
func TestBadAddresses(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner")
	slug := h.room("private", nil, "owner").Slug
	for _, path := range []string{
		"/r/%00", "/r/%ff%fe", "/r/" + slug + "%00", "/r/..%2f..%2fetc", "/r/" + strings.Repeat("x", 5000), "/r/" + strings.ToUpper(slug),
		"/r/" + slug + "/events?participant=%00&after=0", "/r/" + slug + "/events?participant=" + strings.Repeat("a", 300) + "&after=0",
		"/static/x/../../go.mod", "/static/", "/static/x/", "/nothing", "/r/", "/r/" + slug + "/",
	} {
		if answer := h.get("owner", path); answer.status != http.StatusNotFound {
			t.Errorf("GET %.80s: got %d, want 404", path, answer.status)
		}
	}
	for _, path := range []string{"/members/%00", "/members/nobody", "/members/%ff/remove", "/members/nobody/remove"} {
		if answer := h.post("owner", "/r/"+slug+path, url.Values{"role": {"member"}}); answer.status != http.StatusNotFound {
			t.Errorf("POST %s: got %d, want 404", path, answer.status)
		}
	}
	for _, after := range []string{"", "x", "-1", "9999999999999999999999"} {
		if answer := h.get("owner", "/r/"+slug+"/events?participant=a&after="+after); answer.status != http.StatusUnprocessableEntity {
			t.Errorf("events after %q: got %d, want 422", after, answer.status)
		}
	}
	for request, allowed := range map[string]string{
		"DELETE /r/" + slug:             "GET, HEAD",
		"GET /r/" + slug + "/lock":      "POST",
		"HEAD /r/" + slug + "/events":   "GET",
		"PUT /api/v1/rooms":             "GET, HEAD, POST",
		"POST /api/v1/rooms/" + slug:    "GET, HEAD, PATCH, DELETE",
		"POST /static/js/call-page.mjs": "GET, HEAD",
	} {
		method, path, _ := strings.Cut(request, " ")
		answer := h.do("owner", method, path, "", "")
		if answer.status != http.StatusMethodNotAllowed || answer.header.Get("Allow") != allowed {
			t.Errorf("%s: got %d, allowed %q, want %q", request, answer.status, answer.header.Get("Allow"), allowed)
		}
	}
	h.noFailures()
}
