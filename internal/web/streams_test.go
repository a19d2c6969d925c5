package web_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"foyer/internal/account/apitoken"
	"foyer/internal/room"
)

// mostStreams is how many streams of a kind a session may have open at once.
const mostStreams = 32

// A session, a guest and a token have so many streams open and no more. One that ends
// makes place for another, and nobody else is held back.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	h := newAPIHouse(t)
	r := h.room("open", map[string]room.Role{"member": room.Member}, "owner")
	h.sql(`update rooms set guests = true where id = $1`, r.ID)
	path := "/r/" + r.Slug
	events := func(who string, edit ...func(*http.Request)) string {
		t.Helper()
		var in ticket
		got := h.do(who, http.MethodPost, path+"/join", "application/json", `{}`, edit...)
		if err := json.Unmarshal([]byte(got.body), &in); err != nil || in.Participant == "" {
			t.Fatalf("%s joins: %d %s", who, got.status, got.body)
		}
		return fmt.Sprintf("%s/events?after=%d&participant=%s", path, in.Position, in.Participant)
	}
	gus := with(h.guest(r))
	owner, guest := events("owner"), events("", gus)
	h.sql(`update rooms set lobby = 'strangers' where id = $1`, r.ID)
	eve := h.apiToken("eve", apitoken.Media)
	for name, open := range map[string]func() *listening{
		"a page in the call":     func() *listening { return h.listen("owner", owner) },
		"a guest in the call":    func() *listening { return h.listen("", guest, gus) },
		"a page in the lobby":    func() *listening { return h.listen("eve", path+"/lobby/events") },
		"a program in the lobby": func() *listening { return h.wait(eve, r) },
	} {
		h.mustJSON("eve", path+"/lobby", `{}`, http.StatusOK) // each time: who listens to nothing does not wait for long
		var first *listening
		for n := range mostStreams {
			stream := open()
			if stream.answer.status != http.StatusOK {
				t.Fatalf("%s: %d with %d open", name, stream.answer.status, n)
			}
			if first == nil {
				first = stream
			}
		}
		refused := open()
		if refused.answer.status != http.StatusTooManyRequests || refused.answer.header.Get("Retry-After") == "" {
			t.Errorf("%s, one more: %d %v", name, refused.answer.status, refused.answer.header)
		}
		var told strings.Builder
		for refused.lines.Scan() {
			told.Write(refused.lines.Bytes())
		}
		if !strings.Contains(told.String(), `"reason":"busy"`) {
			t.Errorf("%s, one more: %s", name, told.String())
		}
		first.close()
		h.waitFor(name+" has a place again", func() bool { return open().answer.status == http.StatusOK })
	}
	if got := h.listen("member", events("member")).answer.status; got != http.StatusOK {
		t.Errorf("somebody else: %d", got)
	}
	h.noFailures()
}
