package web_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
