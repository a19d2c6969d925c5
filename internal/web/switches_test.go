package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"foyer/internal/room"
)

// A form turns all of a room's switches, a script those that it names.
func TestSwitches(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "owner", "moder", "member")
	r := h.room("private", map[string]room.Role{"moder": room.Moderator, "member": room.Member}, "owner")
	path := "/r/" + r.Slug + "/switches"
	are := func(want room.Switches) {
		t.Helper()
		var got room.Switches
		h.row(&got, `select switches from rooms where id = $1`, r.ID)
		if got != want {
			t.Errorf("switches are %+v, want %+v", got, want)
		}
	}
	are(room.AllOn)
	if got := h.post("moder", path, url.Values{"camera": {"on"}, "chat": {"on"}}); got.status != http.StatusSeeOther || got.location != "/r/"+r.Slug+"/settings" {
		t.Errorf("a form is answered %d to %q", got.status, got.location)
	}
	are(room.Switches{Camera: true, Chat: true})
	for _, step := range []struct {
		who, body string
		status    int
		want      room.Switches
	}{
		{"moder", `{"microphone": "on"}`, 200, room.Switches{Microphone: true, Camera: true, Chat: true}},
		{"owner", `{"chat": "off", "reactions": "on"}`, 200, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"owner", `{}`, 200, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"owner", `{"chat": "maybe"}`, 422, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"owner", `{"chat": ""}`, 422, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"owner", `{"chat": true}`, 400, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"owner", `{"everything": "on"}`, 422, room.Switches{Microphone: true, Camera: true, Reactions: true}},
		{"member", `{"chat": "on"}`, 403, room.Switches{Microphone: true, Camera: true, Reactions: true}},
	} {
		if got := h.postJSON(step.who, path, step.body); got.status != step.status {
			t.Errorf("%s sends %s: %d %s, want %d", step.who, step.body, got.status, got.body, step.status)
		}
		are(step.want)
	}
	page := h.get("moder", "/r/"+r.Slug+"/settings").body
	for name, on := range map[string]bool{"microphone": true, "share": false} {
		if box := `name="` + name + `" value="on"`; !strings.Contains(page, box) || strings.Contains(page, box+" checked") != on {
			t.Errorf("the settings do not show that %s is %v", name, on)
		}
	}
}
