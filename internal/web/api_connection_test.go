package web_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// What a program says of a connection, administrators see, at their desk and by
// theirs; it is for those only whom it speaks for.
func TestAPIReportsConnections(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("private", map[string]room.Role{"robot": room.Moderator, "member": room.Member}, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	token := h.robotToken(apitoken.Media)
	zoe, _ := h.letIn(token, r, "4711")
	h.connect(zoe)
	member, other := h.apiToken("member"), h.apiToken("member")
	var ben ticket
	if err := json.Unmarshal([]byte(h.program(member, "POST", "/rooms/"+r.Slug+"/join", `{}`).body), &ben); err != nil {
		t.Fatal(err)
	}
	h.connect(ben)
	const good, poor = `{"path": "relay", "quality": "good", "round_trip": 0.123, "loss": 0.02}`, `{"path": "tcp", "quality": "poor", "round_trip": 1.5, "loss": 0.25}`
	report := func(token account.Token, who ticket, body string, want int) {
		t.Helper()
		got := h.program(token, "PUT", "/rooms/"+r.Slug+"/participants/"+string(who.Participant)+"/connection", body)
		if got.status != want {
			t.Errorf("got %d %s, want %d", got.status, got.body, want)
		}
	}
	report(token, zoe, poor, http.StatusNoContent)
	report(token, zoe, good, http.StatusNoContent)
	report(member, ben, good, http.StatusNoContent)
	report(other, ben, poor, http.StatusNoContent) // of the account too

	var live struct {
		Items []struct {
			People []struct {
				Participant, Path, Quality string
				RoundTrip                  float64 `json:"round_trip"`
				Loss                       float64
			}
		}
	}
	if err := json.Unmarshal([]byte(h.program(h.apiToken("admin", apitoken.Admin), "GET", "/admin/live", "").body), &live); err != nil || len(live.Items) != 1 {
		t.Fatalf("%+v, %v", live, err)
	}
	for _, p := range live.Items[0].People {
		if p.Participant == string(zoe.Participant) && (p.Path != "relay" || p.Quality != "good" || p.RoundTrip != 0.123 || int(p.Loss*100+0.5) != 2) {
			t.Errorf("Zoe: %+v", p)
		}
		if p.Participant == string(ben.Participant) && (p.Path != "tcp" || p.Quality != "poor") {
			t.Errorf("the member: %+v", p)
		}
	}
	if len(live.Items[0].People) != 2 {
		t.Errorf("%d people", len(live.Items[0].People))
	}
	h.sees(h.get("admin", "/admin/live"), "123 ms")

	report(h.robotToken(apitoken.Media), zoe, good, http.StatusNotFound) // whom another token let in
	report(h.apiToken("owner"), ben, good, http.StatusNotFound)
	report(token, ben, good, http.StatusNotFound)
	report(h.robotToken(apitoken.Chat), zoe, good, http.StatusForbidden)
	report(token, zoe, `{"path": "pigeon", "quality": "good", "round_trip": 0, "loss": 0}`, http.StatusUnprocessableEntity)
	report(token, zoe, `{"path": "udp", "quality": "good", "round_trip": 61, "loss": 0}`, http.StatusUnprocessableEntity)
	report(token, zoe, `{"path": "udp", "quality": "good", "round_trip": 0, "loss": 1.01}`, http.StatusUnprocessableEntity)
	h.program(token, "DELETE", "/rooms/"+r.Slug+"/participants/"+string(zoe.Participant), "")
	report(token, zoe, good, http.StatusNotFound)
}
