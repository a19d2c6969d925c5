package web_test

import (
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// Programs get the same tables as people: byte for byte, with the same filters.
func TestAPITables(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"member": room.Member, "moder": room.Moderator}, "owner")
	h.sql(`update users set display_name = '=HYPERLINK(1)' where username = 'member'`)
	owner, admin := h.apiToken("owner", apitoken.RoomsRead), h.apiToken("admin", apitoken.Admin)
	h.enter("member", "/r/"+r.Slug)
	call := apiPlaces["{call}"](h, r)
	h.sql(`insert into ledger (room_id, kind, at, actor, subject, data) select $1, 'member_added', '2026-01-02 10:00:00Z', $2::uuid, $2::uuid::text, '{"role": "member"}'
		from generate_series(1, 1500)`, r.ID, h.people["owner"].ID) // more than are read at once
	desk := "/admin/rooms/" + string(r.ID) + "/attendance.csv"
	own, pages := "/rooms/"+r.Slug, "/r/"+r.Slug
	for _, test := range []struct {
		who        string
		token      account.Token
		page, path string
		rows       int // below the names of the columns; -1: some
	}{
		{"owner", owner, pages + "/members.csv", own + "/members.csv", 3},
		{"owner", owner, pages + "/attendance.csv", own + "/attendance.csv", 1},
		{"owner", owner, pages + "/attendance.csv?call=" + call, own + "/attendance.csv?call=" + call, 0},
		{"owner", owner, pages + "/audit.csv", own + "/audit.csv", 1503},
		{"owner", owner, pages + "/audit.csv?kind=room_created", own + "/audit.csv?kind=room_created", 1},
		{"owner", owner, pages + "/audit.csv?person=nobody", own + "/audit.csv?person=nobody", 0},
		{"owner", owner, pages + "/audit.csv?person=owner&from=2026-01-02&until=2026-01-02",
			own + "/audit.csv?person=owner&from=2026-01-02T00:00:00Z&until=2026-01-03T00:00:00Z", 1500},
		{"owner", owner, pages + "/audit.csv?from=2026-01-03&until=2026-01-04", own + "/audit.csv?from=2026-01-03T00:00:00Z&until=2026-01-05T00:00:00Z", 0},
		{"admin", admin, desk, desk, 1},
		{"admin", admin, desk + "?call=" + call, desk + "?call=" + call, 0},
		{"admin", admin, "/admin/audit.csv", "/admin/audit.csv", -1},
		{"admin", admin, "/admin/audit.csv?room=" + r.Slug, "/admin/audit.csv?room=" + r.Slug, 1503},
		{"admin", admin, "/admin/audit.csv?kind=site", "/admin/audit.csv?site=true", -1},
		{"admin", admin, "/admin/audit.csv?kind=sign_in", "/admin/audit.csv?sign_ins=true", -1},
		{"admin", admin, "/admin/audit.csv?address=127.0.0.1", "/admin/audit.csv?address=127.0.0.1", -1},
	} {
		page, got := h.get(test.who, test.page), h.program(test.token, "GET", test.path, "")
		if page.status != http.StatusOK || got.status != http.StatusOK || got.body != page.body {
			t.Errorf("%s: %d and %d; other bytes than %s: %.300q, %.300q", test.path, got.status, page.status, test.page, got.body, page.body)
		}
		for _, name := range []string{"Content-Type", "Content-Disposition", "Cache-Control"} {
			if got.header.Get(name) != page.header.Get(name) || got.header.Get(name) == "" {
				t.Errorf("%s: %s: %q, want %q", test.path, name, got.header.Get(name), page.header.Get(name))
			}
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(got.body, "\ufeff"))).ReadAll()
		if n := len(rows) - 1; err != nil || n < 0 || test.rows >= 0 && n != test.rows || test.rows < 0 && n == 0 {
			t.Errorf("%s: %d rows, %v, want %d", test.path, n, err, test.rows)
		}
	}
	for path, want := range map[string]int{
		own + "/attendance.csv?call=nothing":     http.StatusNotFound,
		own + "/audit.csv?from=yesterday":        http.StatusUnprocessableEntity,
		own + "/audit.csv?after=x":               http.StatusUnprocessableEntity, // it has no parts
		own + "/members.csv?q=a":                 http.StatusUnprocessableEntity,
		"/admin/audit.csv":                       http.StatusForbidden,
		"/rooms/there-is-none/members.csv":       http.StatusNotFound,
		"/rooms/" + r.Slug + "/nothing-such.csv": http.StatusNotFound,
	} {
		if got := h.program(owner, "GET", path, ""); got.status != want {
			t.Errorf("%s: %d %s, want %d", path, got.status, got.body, want)
		}
	}
	if media := h.apiOperations()["exportAudit"].Responses.Value("200").Value.Content; media["text/csv"] == nil || len(media) != 1 {
		t.Errorf("described as %v", media)
	}
	h.sees(h.get("", "/docs/api"), "/rooms/{slug}/audit.csv", "A table of comma-separated values")
	h.noFailures()
}
