package web_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"foyer/internal/call"
	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/room"
)

// refusing is a media service that does not accept our credentials.
type refusing struct{ media.Backend }

func (refusing) Ready(context.Context) error {
	return &media.Misconfigured{Advice: "Twilio does not accept the API key."}
}

func (r refusing) Grant(ctx context.Context, _ media.RoomID, _ media.Participant, _ time.Duration) (media.Grant, error) {
	return media.Grant{}, r.Ready(ctx)
}

// What is wrong with a media service is told where administrators look, and in
// other words to those who want to join.
func TestMediaServiceThatRefuses(t *testing.T) {
	t.Parallel()
	h := newHouseWith(t, call.Backends{"twilio": refusing{mediatest.NewMemory()}}, "boss", "ana")
	h.administrator("boss")
	r := h.room("private", nil, "ana")
	h.sql(`update rooms set backend = 'twilio'`)
	const advice = "Twilio does not accept the API key."
	// Other rooms go on: the service for new ones is well.
	// On a busy machine one answer may be that there is none in time.
	h.waitFor("readyz says it", func() bool {
		got := h.get("", "/readyz")
		return got.status == http.StatusOK && strings.Contains(got.body, "media twilio: "+advice) && strings.Contains(got.body, "media livekit: ok")
	})
	h.waitFor("the administrator's page says it", func() bool {
		got := h.get("boss", "/admin/media")
		return got.status == http.StatusOK && strings.Contains(got.body, advice)
	})
	got := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": ""}`)
	if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "media_misconfigured") || !strings.Contains(got.body, "Tell the administrator") || strings.Contains(got.body, "API key") {
		t.Errorf("join: %d %s", got.status, got.body)
	}
	h.sql(`update rooms set backend = 'zoom'`)
	if got := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": ""}`); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, "media_missing") {
		t.Errorf("join a room of a service that is not set up: %d %s", got.status, got.body)
	}
	if got := h.get("boss", "/admin/media"); !strings.Contains(got.body, "It is not set up") {
		t.Errorf("the page does not tell of rooms whose service is not set up: %s", got.body)
	}
}

func TestMoveARoom(t *testing.T) {
	t.Parallel()
	other := mediatest.NewMemory()
	h := newHouseWith(t, call.Backends{"twilio": other}, "boss", "ana")
	h.administrator("boss")
	r := h.room("private", nil, "ana")
	move := func(to string) answer {
		return h.post("boss", "/admin/media/"+string(r.ID), url.Values{"backend": {to}})
	}

	if got := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": ""}`); got.status != http.StatusOK {
		t.Fatalf("join: %d", got.status)
	}
	if got := move("twilio"); got.status != http.StatusForbidden || !strings.Contains(got.body, "Somebody is in the room") {
		t.Errorf("while somebody is let in: %d", got.status)
	}
	if got := h.get("boss", "/admin/media"); strings.Contains(got.body, "Move to Twilio") || !strings.Contains(got.body, "live · 1") {
		t.Error("the page offers to move a room with a call")
	}
	h.sql(`update grants set left_at = now(), held_until = null`)
	if got := h.get("boss", "/admin/media"); !strings.Contains(got.body, "Move to Twilio") {
		t.Error("the page does not offer to move a room without a call")
	}
	if got := move("zoom"); got.status != http.StatusUnprocessableEntity {
		t.Errorf("to a service that is not set up: %d", got.status)
	}
	if got := move("twilio"); got.status != http.StatusSeeOther {
		t.Errorf("to Twilio: %d %s", got.status, got.body)
	}
	if got := h.post("boss", "/admin/media/not-an-id", url.Values{"backend": {"twilio"}}); got.status != http.StatusNotFound {
		t.Errorf("no such room: %d", got.status)
	}
	if got := h.get("boss", "/admin/media?on=twilio&after=not-an-id"); got.status != http.StatusNotFound {
		t.Errorf("a list from nowhere: %d", got.status)
	}
	if got := h.postJSON("ana", "/r/"+r.Slug+"/join", `{"display_name": ""}`); got.status != http.StatusOK || !strings.Contains(got.body, `"backend":"memory"`) {
		t.Errorf("join after the move: %d %s", got.status, got.body)
	}
	if got := h.get("ana", "/r/"+r.Slug); !strings.Contains(got.body, "twilio") {
		t.Error("the room's page does not load the adapter of the service")
	}
}

// A list longer than a page goes on where it ended.
func TestLongListOfRooms(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "boss")
	h.administrator("boss")
	h.sql(`insert into rooms (id, slug, name, backend) select gen_random_uuid(), 'room-' || n, 'Room ' || n, 'livekit' from generate_series(1, 60) n`)
	first := h.get("boss", "/admin/media")
	_, rest, more := strings.Cut(first.body, "/admin/media?on=livekit&amp;after=")
	if !more || strings.Count(first.body, "/r/room-") != 50 {
		t.Fatalf("%d rooms, more: %v", strings.Count(first.body, "/r/room-"), more)
	}
	after, _, _ := strings.Cut(rest, `"`)
	if second := h.get("boss", "/admin/media?on=livekit&after="+after); strings.Count(second.body, "/r/room-") != 10 || strings.Contains(second.body, "after=") {
		t.Errorf("then %d rooms", strings.Count(second.body, "/r/room-"))
	}
}

// However many look, and however many rooms there are, media services are asked
// once a second and rooms are counted up to a bound.
func TestMediaPageIsBounded(t *testing.T) {
	t.Parallel()
	asked := &asking{Backend: mediatest.NewMemory()}
	h := newHouseWith(t, call.Backends{"twilio": asked}, "boss")
	h.administrator("boss")
	h.sql(`insert into rooms (id, slug, name, backend) select gen_random_uuid(), 'room-' || n, 'Room ' || n, 'livekit' from generate_series(1, 1001) n`)
	h.sql(`insert into rooms (id, slug, name, backend) values (gen_random_uuid(), 'old', 'Old', 'zoom')`)
	page := h.get("boss", "/admin/media")
	h.sees(page, "more than 1,000 rooms", "1 room<", "0 rooms")
	begun, before := time.Now(), asked.times.Load()
	var looking sync.WaitGroup
	for range 10 {
		looking.Go(func() {
			for range 5 {
				h.get("", "/readyz")
				h.get("boss", "/admin/media")
			}
		})
	}
	looking.Wait()
	if got, most := asked.times.Load()-before, int64(time.Since(begun)/time.Second)+1; got > most {
		t.Errorf("asked %d times for 100 views in %v, want %d at most", got, time.Since(begun), most)
	}
}

// asking is a media service that counts how often it is asked whether it is ready.
type asking struct {
	media.Backend
	times atomic.Int64
}

func (a *asking) Ready(ctx context.Context) error {
	a.times.Add(1)
	return a.Backend.Ready(ctx)
}

// Callbacks that nobody signed are refused and told in the log once, not each
// time.
func TestForgedCallbacksInTheLog(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for range 5 {
		if got := h.do("", http.MethodPost, "/hooks/livekit", "application/x-www-form-urlencoded", "a=b"); got.status != http.StatusUnauthorized {
			t.Errorf("got %d", got.status)
		}
	}
	if got := strings.Count(h.log.String(), "callback of the media service refused"); got != 1 {
		t.Errorf("logged %d times", got)
	}
}

// administrator makes somebody one.
func (h *house) administrator(name string) {
	h.Helper()
	h.sql(`update users set administrator = true where username = $1`, name)
}

// counting is a media service that counts how often it is asked who is where.
type counting struct {
	media.Backend
	asked atomic.Int64
}

func (c *counting) Live(ctx context.Context, rooms ...media.RoomID) (map[media.RoomID][]media.Connected, error) {
	if len(rooms) > 0 { // else it is a sweep
		c.asked.Add(1)
	}
	return c.Backend.Live(ctx, rooms...)
}

// A callback that comes again is as welcome as the first, and makes nobody look
// again.
func TestRepeatedCallbacks(t *testing.T) {
	t.Parallel()
	memory := mediatest.NewMemory()
	service := &counting{Backend: memory}
	h := newHouseWith(t, call.Backends{"twilio": service}, "ana")
	r, err := h.rooms.Create(t.Context(), h.people["ana"].ID, room.Draft{Name: "Team", Visibility: room.Private, Backend: "twilio"})
	if err != nil {
		t.Fatal(err)
	}
	report := func(id string, kind media.EventKind) {
		t.Helper()
		made := memory.Callback(media.Event{ID: id, Kind: kind, Room: media.RoomID(media.RoomPrefix + string(r.ID) + "-1"), At: time.Now()})
		body, err := io.ReadAll(made.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := h.do("", http.MethodPost, "/hooks/twilio", "application/json", string(body), func(r *http.Request) { maps.Copy(r.Header, made.Header) })
		if got.status != http.StatusNoContent {
			t.Errorf("%s: %d", id, got.status)
		}
	}
	asked := service.asked.Load
	before, since := asked(), time.Now()
	h.waitFor("what came of making the room has been looked at", func() bool {
		if now := asked(); now != before {
			before, since = now, time.Now()
		}
		return time.Since(since) > time.Second
	})
	report("first", media.EventJoined)
	h.waitFor("the first report is looked at", func() bool { return asked() == before+1 })
	for range 20 {
		report("first", media.EventJoined)
		report("a track", media.EventOther)
	}
	report("second", media.EventLeft)
	h.waitFor("the second report is looked at", func() bool { return asked() >= before+2 })
	if got := asked() - before; got != 2 {
		t.Errorf("two reports, one of them 21 times, made %d looks", got)
	}
}
