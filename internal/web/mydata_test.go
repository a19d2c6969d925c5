package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"foyer/internal/room"
)

func TestExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Member}, "ana")
	secret := h.withApp("ana")
	if answer := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": "Annie"}`); answer.status != http.StatusOK {
		t.Fatalf("join: %d", answer.status)
	}
	h.sendFile("ana", r, "cat.png", "\x89PNG\r\n\x1a\n")
	got := h.get("ana", "/account/data/export")
	var document map[string][]map[string]any
	if err := json.Unmarshal([]byte(got.body), &document); err != nil {
		t.Fatalf("%v:\n%s", err, got.body)
	}
	if document["account"][0]["email"] != "ana@example.org" || document["memberships"][0]["role"] != "owner" ||
		document["calls"][0]["display_name"] != "Annie" || len(document["sessions"]) != 1 || len(document["authenticator_apps"]) != 1 || len(document["what_you_did"]) == 0 {
		t.Errorf("got %s", got.body)
	}
	if path, _ := document["files"][0]["path"].(string); h.get("ana", path).status != http.StatusOK || len(document["messages"]) != 1 {
		t.Errorf("files %v, messages %v", document["files"], document["messages"])
	}
	for _, not := range []string{secret, "password_hash", "token", "$2a$", "ben@example.org"} {
		if strings.Contains(got.body, not) {
			t.Errorf("%q is in it", not)
		}
	}
	if got.header.Get("Content-Disposition") != `attachment; filename="foyer-ana.json"` || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", got.header)
	}
	h.sql(`update sessions set proved_at = now() - interval '1 hour'`)
	for _, path := range []string{"/account/data", "/account/data/export"} {
		if answer := h.get("ana", path); !strings.HasPrefix(answer.location, "/account/confirm?") {
			t.Errorf("%s without proof: %d", path, answer.status)
		}
	}
	if answer := h.post("ana", "/account/delete", url.Values{"confirm": {"ana"}}); !strings.HasPrefix(answer.location, "/account/confirm?") {
		t.Errorf("deleting without proof: %d to %q", answer.status, answer.location)
	}
	h.noFailures()
}

// Whoever takes their time to read what is stored about them keeps no transaction
// open meanwhile, and is told when they ask for it twice.
func TestExportThatNobodyReads(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	r := h.room("private", nil, "ana")
	h.sql(`
		insert into messages (id, room_id, position, revision, author, display_name, username, text)
		select gen_random_uuid(), $1, i, i, $2, 'Ana', 'ana', repeat('word ', 700) from generate_series(1, 6000) i`, r.ID, h.people["ana"].ID)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"/account/data/export", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Cookie", h.cookies["ana"])
	unread, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer unread.Body.Close()
	if unread.StatusCode != http.StatusOK || unread.ContentLength < 20<<20 {
		t.Fatalf("%d, %d bytes: too few to fill what lies between", unread.StatusCode, unread.ContentLength)
	}
	for deadline := time.Now().Add(2 * time.Minute); ; time.Sleep(10 * time.Millisecond) {
		var open int
		if err := h.pool.QueryRow(t.Context(), `
			select count(*) from pg_stat_activity
			where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null`).Scan(&open); err != nil {
			t.Fatal(err)
		}
		if open == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions stay open", open)
		}
	}
	if again := h.get("ana", "/account/data/export"); again.status != http.StatusTooManyRequests || again.header.Get("Retry-After") == "" {
		t.Errorf("a second one: %d", again.status)
	}
	unread.Body.Close()
	for deadline := time.Now().Add(time.Minute); h.get("ana", "/account/data/export").status != http.StatusOK; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("after the first has ended: still none")
		}
	}
	h.noFailures()
}

func TestDeletingOnesAccount(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Member}, "ana")
	page := h.get("ana", "/account/data")
	h.sees(page, "/r/"+r.Slug+"/members")
	if strings.Contains(page.body, "Delete account for good") {
		t.Error("deleting is offered before the room is handed over")
	}
	sure := url.Values{"confirm": {"ana"}}
	if answer := h.post("ana", "/account/delete", sure); answer.status != http.StatusUnprocessableEntity || h.get("ana", "/account").status != http.StatusOK {
		t.Errorf("the last owner: %d", answer.status)
	}
	if answer := h.post("ana", "/r/"+r.Slug+"/transfer", url.Values{"username": {"ben"}, "confirm_transfer": {"Team"}}); answer.status != http.StatusSeeOther {
		t.Fatalf("hand over: %d", answer.status)
	}
	if answer := h.post("ana", "/account/delete", url.Values{"confirm": {"anna"}}); answer.status != http.StatusUnprocessableEntity {
		t.Errorf("another name: %d", answer.status)
	}
	gone := h.post("ana", "/account/delete", sure)
	if gone.status != http.StatusSeeOther || gone.location != "/" {
		t.Fatalf("delete: %d to %q", gone.status, gone.location)
	}
	h.cookies["after"] = gone.cookie
	h.sees(h.get("after", "/"), "Your account is deleted.")
	if answer := h.get("ana", "/account"); answer.status != http.StatusSeeOther {
		t.Errorf("a cookie from before: %d", answer.status)
	}
	if answer := h.post("", "/login", url.Values{"login": {"ana"}, "password": {passwordOf("ana")}}); answer.status != http.StatusUnauthorized {
		t.Errorf("log in: %d", answer.status)
	}
	if body := h.get("ben", "/r/"+r.Slug+"/members").body; strings.Contains(body, "The ana") {
		t.Error("still a member")
	}
	h.waitForMail("account_deleted", "ana@example.org")
	h.noFailures()
}
