package web_test

import (
	"html"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"foyer/internal/room"
)

var roomWas = regexp.MustCompile(`<input type="hidden" name="was" value="([^"]*)">`)

// roomSettingsForm is what the page of a room's settings would send if nobody changed
// anything.
func (h *house) roomSettingsForm(who string, r room.Room) url.Values {
	h.Helper()
	found := roomWas.FindStringSubmatch(h.get(who, "/r/"+r.Slug+"/settings").body)
	if found == nil {
		h.Fatal("the form does not say what it showed")
	}
	was := html.UnescapeString(found[1])
	form, err := url.ParseQuery(was)
	if err != nil || form.Get("capacity") == "" {
		h.Fatalf("the form showed %q, %v", was, err)
	}
	form.Set("was", was)
	return form
}

// Who saves a room's settings undoes nothing that others have set since they opened the
// page: not who may enter either.
func TestRoomSettingsThatOthersChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Owner}, "ana")
	first := h.roomSettingsForm("ana", r)
	first.Set("topic", "Plans")
	first.Set("guests", "on")
	h.post("ana", "/r/"+r.Slug+"/settings", first)

	anas, bens := h.roomSettingsForm("ana", r), h.roomSettingsForm("ben", r)
	bens.Set("lobby", "everyone")
	bens.Del("guests")
	bens.Set("topic", "")
	anas.Set("name", "Tuesdays")
	anas.Set("capacity", "none")
	refused := h.post("ana", "/r/"+r.Slug+"/settings", anas)
	if want := html.EscapeString(anas.Get("was")); refused.status != http.StatusUnprocessableEntity || !strings.Contains(refused.body, `name="was" value="`+want+`"`) {
		t.Errorf("what was refused (%d) does not say what was shown first", refused.status)
	}
	anas.Set("capacity", "7")
	for who, form := range map[string]url.Values{"ben": bens, "ana": anas} {
		if got := h.post(who, "/r/"+r.Slug+"/settings", form); got.status != http.StatusSeeOther {
			t.Errorf("%s: %d", who, got.status)
		}
	}
	now := h.roomSettingsForm("ana", r)
	now.Del("was")
	want := url.Values{"name": {"Tuesdays"}, "visibility": {"private"}, "lobby": {"everyone"}, "succession": {"host"}, "capacity": {"7"}, "history_days": now["history_days"]}
	if !maps.EqualFunc(now, want, slices.Equal) {
		t.Errorf("then %v, want %v", now, want)
	}
}

// Who may configure a room only since the page was made has not configured it with that.
func TestRoomSettingsOfANewOwner(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("open", map[string]room.Role{"ben": room.Moderator}, "ana")
	h.sql(`update rooms set guests = true`)
	was := html.UnescapeString(roomWas.FindStringSubmatch(h.get("ben", "/r/"+r.Slug+"/settings").body)[1])
	h.sql(`update memberships set role = 'owner'`)
	got := h.post("ben", "/r/"+r.Slug+"/settings", url.Values{"name": {"Tuesdays"}, "topic": {""}, "was": {was}})
	now := h.roomSettingsForm("ana", r)
	if got.status != http.StatusSeeOther || now.Get("name") != "Tuesdays" || now.Get("visibility") != "open" || now.Get("guests") != "on" {
		t.Errorf("answered %d, then %v", got.status, now)
	}
}

// Nor does who turns one switch turn back another.
func TestSwitchesThatOthersTurn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana", "ben")
	r := h.room("private", map[string]room.Role{"ben": room.Moderator}, "ana")
	h.sql(`update rooms set switches = '{"microphone": true, "camera": false, "share": true, "chat": true, "reactions": false}'`)
	shown := roomWas.FindAllStringSubmatch(h.get("ana", "/r/"+r.Slug+"/settings").body, -1)
	if len(shown) != 2 {
		t.Fatalf("the page says of %d forms what they showed", len(shown))
	}
	h.postJSON("ben", "/r/"+r.Slug+"/switches", `{"chat": "off", "reactions": "on"}`)
	h.post("ana", "/r/"+r.Slug+"/switches", url.Values{"was": {html.UnescapeString(shown[1][1])}, "microphone": {"on"}, "camera": {"on"}, "chat": {"on"}})
	var got room.Switches
	h.row(&got, `select switches from rooms`)
	if want := (room.Switches{Microphone: true, Camera: true, Reactions: true}); got != want {
		t.Errorf("then %+v, want %+v", got, want)
	}
}
