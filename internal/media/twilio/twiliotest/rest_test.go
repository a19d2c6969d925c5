package twiliotest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// rig is a service and a way to ask it as somebody without a library.
type rig struct {
	*testing.T
	*Service
	url string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	r := &rig{T: t, Service: New(NewAccount())}
	server := httptest.NewServer(r.REST())
	t.Cleanup(func() { server.Close(); r.Close() })
	r.url = server.URL
	return r
}

func (r *rig) ask(method, path string, form url.Values) (int, map[string]any) {
	r.Helper()
	request, err := http.NewRequestWithContext(r.Context(), method, r.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		r.Fatal(err)
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	request.SetBasicAuth(r.KeySID, r.KeySecret)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.Fatal(err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		r.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal(raw, &body); err != nil {
		r.Fatalf("%s %s: %v in %s", method, path, err, raw)
	}
	return answer.StatusCode, body
}

// The double answers, and refuses, as the published description and Twilio's
// list of errors say.
func TestREST(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	create := url.Values{"UniqueName": {"a-room"}, "Type": {"group"}, "MaxParticipants": {"2"}}
	status, room := r.ask("POST", "/v1/Rooms", create)
	if status != 201 || room["status"] != "in-progress" {
		t.Fatalf("create: %d %v", status, room)
	}
	sid := room["sid"].(string)
	alice, err := r.Connect("a-room", "alice")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, path string
		form         url.Values
		status, code int
	}{
		{"POST", "/v1/Rooms", create, 400, 53113},
		{"POST", "/v1/Rooms", url.Values{"MaxParticipants": {"51"}}, 400, 53107},
		{"POST", "/v1/Rooms", url.Values{"EmptyRoomTimeout": {"61"}}, 400, 53109},
		{"POST", "/v1/Rooms", url.Values{"Type": {"peer-to-peer"}}, 400, 53108},
		{"POST", "/v1/Rooms", url.Values{"Type": {"huge"}}, 500, 20500}, // not in the description
		{"POST", "/v1/Rooms", url.Values{"Colour": {"red"}}, 500, 20500},
		{"GET", "/v1/Rooms?PageSize=0", nil, 500, 20500},
		{"GET", "/v1/Rooms/" + sid, nil, 200, 0},
		{"GET", "/v1/Rooms/a-room", nil, 200, 0},
		{"GET", "/v1/Rooms/other", nil, 404, 20404},
		{"POST", "/v1/Rooms/a-room", url.Values{"Status": {"in-progress"}}, 400, 53112},
		{"GET", "/v1/Rooms/a-room/Participants/alice", nil, 200, 0},
		{"GET", "/v1/Rooms/a-room/Participants/bob", nil, 404, 20404},
		{"POST", "/v1/Rooms/a-room/Participants/" + alice.SID, url.Values{"Status": {"disconnected"}}, 202, 0},
		{"POST", "/v1/Rooms/a-room/Participants/alice", url.Values{"Status": {"disconnected"}}, 404, 20404},
		{"POST", "/v1/Rooms/a-room", url.Values{"Status": {"completed"}}, 202, 0},
		{"POST", "/v1/Rooms/a-room", url.Values{"Status": {"completed"}}, 404, 20404},
		{"POST", "/v1/Rooms/" + sid, url.Values{"Status": {"completed"}}, 400, 53112},
		{"POST", "/v1/Rooms", create, 201, 0}, // the name is free again
	} {
		status, body := r.ask(test.method, test.path, test.form)
		code, _ := body["code"].(float64)
		if status != test.status || int(code) != test.code {
			t.Errorf("%s %s %v: got %d with code %v, want %d with %d: %v", test.method, test.path, test.form, status, code, test.status, test.code, body)
		}
	}
	if got := len(r.Violations()); got != 3 {
		t.Errorf("%d violations of the description, want 3: %q", got, r.Violations())
	}
	<-alice.Done()
	if reason := r.Reason(alice); reason != ErrRemoved {
		t.Errorf("alice was disconnected because %v", reason)
	}
}

// An answer that the description does not allow is found: a field that is wrong,
// unknown or missing, in a room or in a list of them, and a status it does not know.
func TestUndescribedAnswers(t *testing.T) {
	t.Parallel()
	s := New(NewAccount())
	t.Cleanup(s.Close)
	room := &Room{Type: "group", MaxParticipants: 2, callbackMethod: http.MethodPost}
	if err := s.create(room); err != nil {
		t.Fatal(err)
	}
	meta := map[string]any{
		"key": "rooms", "page": 0, "page_size": 50, "url": publicHost + "/v1/Rooms", "first_page_url": publicHost + "/v1/Rooms",
		"next_page_url": nil, "previous_page_url": nil,
	}
	for name, test := range map[string]struct {
		status int
		change func(room map[string]any)
		found  bool
	}{
		"as it is":        {200, func(map[string]any) {}, false},
		"a wrong type":    {200, func(r map[string]any) { r["max_participants"] = "2" }, true},
		"a wrong value":   {200, func(r map[string]any) { r["status"] = "lively" }, true},
		"a wrong SID":     {200, func(r map[string]any) { r["sid"] = "RM1" }, true},
		"a wrong time":    {200, func(r map[string]any) { r["date_created"] = "yesterday" }, true},
		"another field":   {200, func(r map[string]any) { r["colour"] = "red" }, true},
		"a field missing": {200, func(r map[string]any) { delete(r, "unique_name") }, true},
		"another status":  {299, func(map[string]any) {}, true},
	} {
		for path, answerOf := range map[string]func(room map[string]any) any{
			"/v1/Rooms/a-room": func(r map[string]any) any { return r },
			"/v1/Rooms":        func(r map[string]any) any { return map[string]any{"rooms": []any{r}, "meta": meta} },
		} {
			before := len(s.Violations())
			shown := s.roomJSON(room)
			test.change(shown)
			checked := s.described(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w, test.status, answerOf(shown)) }))
			got := httptest.NewRecorder()
			checked.ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
			if found := len(s.Violations()) > before; found != test.found || (got.Code == http.StatusInternalServerError) != test.found {
				t.Errorf("%s, of %s: answered %d, found: %v %q", name, path, got.Code, found, s.Violations()[before:])
			}
		}
	}
}

// A room ends when nobody came, and when everybody left, in its time.
func TestIdle(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, name := range []string{"unused", "emptied", "in-use"} {
		r.ask("POST", "/v1/Rooms", url.Values{"UniqueName": {name}, "EmptyRoomTimeout": {"2"}, "UnusedRoomTimeout": {"4"}})
	}
	left, _ := r.Connect("emptied", "a")
	r.Disconnect(left, nil)
	stays, _ := r.Connect("in-use", "a")
	for _, step := range []struct {
		minutes                int
		unused, emptied, inUse bool
	}{{1, true, true, true}, {3, true, false, true}, {5, false, false, true}} {
		r.Idle(time.Duration(step.minutes) * time.Minute)
		for name, want := range map[string]bool{"unused": step.unused, "emptied": step.emptied, "in-use": step.inUse} {
			if got := r.Room(name) != nil; got != want {
				t.Errorf("after %d minutes, the room %s goes on: %v", step.minutes, name, got)
			}
		}
	}
	select {
	case <-stays.Done():
		t.Error("disconnected before four hours")
	default:
	}
	r.Idle(4 * time.Hour)
	if reason := r.Reason(stays); reason != ErrTooLong {
		t.Errorf("after four hours: disconnected because %v", reason)
	}
}
