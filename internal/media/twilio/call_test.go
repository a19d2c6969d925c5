package twilio

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"foyer/internal/media"
	"foyer/internal/media/twilio/twiliotest"
)

// rig is a backend and the double that it asks.
type rig struct {
	*testing.T
	*Backend
	double *twiliotest.Service
}

func newRig(t *testing.T) *rig {
	t.Helper()
	double := twiliotest.New(twiliotest.NewAccount())
	server := httptest.NewServer(double.REST())
	t.Cleanup(func() {
		server.Close()
		double.Close()
		for _, violation := range double.Violations() {
			t.Errorf("not as the published description says: %s", violation)
		}
	})
	b := newBackend(t, double.Account)
	b.APIURL, b.PublicOrigin = server.URL, "https://meet.example.org"
	b, err := New(b.Config)
	if err != nil {
		t.Fatal(err)
	}
	b.line.pace.whole, b.line.pace.once, b.line.pace.pause = 5*time.Minute, time.Minute, 20*time.Millisecond
	return &rig{t, b, double}
}

func (r *rig) grant(room media.RoomID, id media.ParticipantID) {
	r.Helper()
	if _, err := r.Grant(r.Context(), room, media.Participant{ID: id, Name: "Name"}, time.Minute); err != nil {
		r.Fatalf("Grant: %v", err)
	}
}

// What every token needs is there before it is signed: a group room of the
// name, with its limits and where to report.
func TestGrantMakesTheRoom(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 3 {
		r.grant("foyer-room", "alice")
	}
	room := r.double.Room("foyer-room")
	if room == nil || room.Type != "group" || room.MaxParticipants != 50 || room.Callback != hook {
		t.Fatalf("made %+v", room)
	}
	if got := r.double.Requests(); len(got) != 3 {
		t.Errorf("three joins made the requests %q", got)
	}
	r.double.Complete("foyer-room")
	r.grant("foyer-room", "alice")
	if again := r.double.Room("foyer-room"); again == nil || again.SID == room.SID {
		t.Error("a room that has ended is not made anew")
	}
	r.double.Fail(4, http.StatusServiceUnavailable, "")
	if g, err := r.Grant(t.Context(), "foyer-other", media.Participant{ID: "alice"}, time.Minute); err == nil || g.Token != "" {
		t.Errorf("a token for a room that is not there: %v", err)
	}
	for what, lacking := range map[string]func(*Config){
		"without an auth token":    func(c *Config) { c.AuthToken = "" },
		"without a public address": func(c *Config) { c.PublicOrigin = "" },
	} {
		silent := newRig(t)
		lacking(&silent.Config)
		silent.grant("foyer-room", "alice")
		if got := silent.double.Room("foyer-room").Callback; got != "" || silent.Capabilities().Reports {
			t.Errorf("%s: reports to %q", what, got)
		}
	}
}

// Names that would reach another resource than the one meant are never sent.
func TestForeignNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, name := range []string{"", "..", "a/b", "foyer-../Rooms", "foyer-a.1", "foyer-a?x=y", "foyer-a%2e", "foyer-ä", "foyer a"} {
		room, id := media.RoomID(name), media.ParticipantID(name)
		_, asRoom := r.Grant(t.Context(), room, media.Participant{ID: "alice"}, time.Minute)
		_, asID := r.Grant(t.Context(), "foyer-room", media.Participant{ID: id}, time.Minute)
		if asRoom == nil || asID == nil {
			t.Errorf("%q got a grant", name)
		}
		live, err := r.Live(t.Context(), room)
		for what, err := range map[string]error{
			"Live": err, "Close": r.Close(t.Context(), room),
			"Remove": errors.Join(r.Remove(t.Context(), room, "alice"), r.Remove(t.Context(), "foyer-room", id)),
		} {
			if err != nil || len(live) > 0 {
				t.Errorf("%s of %q: %v, %v", what, name, live, err)
			}
		}
	}
	if got := r.double.Requests(); len(got) > 0 {
		t.Errorf("asked %q", got)
	}
}

// More than one page holds is told whole.
func TestPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.double.Page(2)
	for _, room := range []media.RoomID{"foyer-a", "foyer-b", "foyer-c", "foyer-d", "foyer-e"} {
		r.grant(room, "alice")
		for _, id := range []string{"alice", "bob", "carol"} {
			if _, err := r.double.Connect(string(room), id); err != nil {
				t.Fatal(err)
			}
		}
	}
	live, err := r.Live(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(live) != 5 {
		t.Errorf("%d rooms, want 5: %v", len(live), live)
	}
	for room, in := range live {
		if len(in) != 3 {
			t.Errorf("%s: %v, want three", room, in)
		}
	}
}

// Those who are just reconnecting are in.
func TestLive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.grant("foyer-a", "alice")
	r.grant("foyer-b", "bob")
	alice, err := r.double.Connect("foyer-a", "alice")
	if err != nil {
		t.Fatal(err)
	}
	gone, err := r.double.Connect("foyer-a", "gone")
	if err != nil {
		t.Fatal(err)
	}
	r.double.Disconnect(gone, nil)
	for _, lost := range []bool{false, true, false} {
		r.double.Reconnecting(alice, lost)
		for name, rooms := range map[string][]media.RoomID{"named": {"foyer-a", "foyer-b", "foyer-a", "foyer-none"}, "all": nil} {
			live, err := r.Live(t.Context(), rooms...)
			if err != nil {
				t.Fatal(err)
			}
			if len(live) != 1 || len(live["foyer-a"]) != 1 || live["foyer-a"][0].ID != "alice" || time.Since(live["foyer-a"][0].Since) > time.Minute {
				t.Errorf("%s, connection lost: %v: got %v", name, lost, live)
			}
		}
	}
}

// Twilio's moments of being busy or broken pass unnoticed.
func TestRepetition(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		times      int
		retryAfter string
		least      time.Duration // that it takes
		fails      bool
	}{
		"busy":             {status: 429, times: 2},
		"busy for long":    {status: 429, times: 9, fails: true},
		"broken":           {status: 503, times: 3},
		"wait a second":    {status: 429, times: 1, retryAfter: "1", least: time.Second},
		"wait an hour":     {status: 429, times: 1, retryAfter: "3600", fails: true},
		"wait until later": {status: 503, times: 1, retryAfter: time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.double.Fail(test.times, test.status, test.retryAfter)
			began := time.Now()
			_, err := r.Grant(t.Context(), "foyer-room", media.Participant{ID: "alice"}, time.Minute)
			if (err != nil) != test.fails || err != nil && !errors.Is(err, media.ErrUnavailable) {
				t.Errorf("got %v, want a failure: %v", err, test.fails)
			}
			if took := time.Since(began); took < test.least || test.fails && took > time.Minute {
				t.Errorf("it took %v", took)
			}
			if got := len(r.double.Requests()); got > 4 {
				t.Errorf("%d attempts", got)
			}
		})
	}
}

// Those who were refused together do not come back together, and nobody sooner
// than Twilio asks.
func TestPausesDiffer(t *testing.T) {
	t.Parallel()
	one := &requester{line: newLine(&url.URL{}), ctx: t.Context()}
	header := func(retryAfter string) http.Header { return http.Header{"Retry-After": {retryAfter}} }
	ago := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	for name, test := range map[string]struct {
		answer *http.Response
		err    error
		least  time.Duration
	}{
		"no answer":                  {err: io.ErrUnexpectedEOF},
		"busy":                       {answer: &http.Response{StatusCode: 429}},
		"broken":                     {answer: &http.Response{StatusCode: 502}},
		"busy for two seconds":       {answer: &http.Response{StatusCode: 429, Header: header("2")}, least: 2 * time.Second},
		"broken until an hour ago":   {answer: &http.Response{StatusCode: 503, Header: header(ago)}},
		"busy for less than no time": {answer: &http.Response{StatusCode: 429, Header: header("-9")}},
		"busy for nobody knows":      {answer: &http.Response{StatusCode: 429, Header: header("soon")}},
	} {
		for try := 1; try < one.pace.tries; try++ {
			most := one.pace.pause << (try - 1)
			shortest, longest := time.Hour, time.Duration(0)
			for range 500 {
				again, wait := one.again(test.answer, test.err, try)
				if !again || wait < test.least || wait > test.least+most {
					t.Fatalf("%s, attempt %d: again: %v, after %v", name, try, again, wait)
				}
				shortest, longest = min(shortest, wait), max(longest, wait)
			}
			if longest-shortest < most/2 {
				t.Errorf("%s, attempt %d: all wait between %v and %v", name, try, shortest, longest)
			}
		}
		if again, _ := one.again(test.answer, test.err, one.pace.tries); again {
			t.Errorf("%s: again after the last attempt", name)
		}
	}
	for _, status := range []int{200, 201, 400, 401, 403, 404, 409} {
		if again, _ := one.again(&http.Response{StatusCode: status}, nil, 1); again {
			t.Errorf("again after the status %d", status)
		}
	}
}

// A request ends when whoever asked no longer waits, and one attempt that hangs
// does not use up all the time there is.
func TestPatience(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.double.Stall(9, time.Minute)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := r.Live(ctx, "foyer-room"); !errors.Is(err, media.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 30*time.Second { // less than all the patience there is
		t.Errorf("it took %v after the caller had gone", took)
	}

	pausing := newRig(t)
	pausing.line.pace = pace{whole: time.Hour, once: time.Minute, longest: time.Hour, pause: time.Second, tries: 2}
	pausing.double.Fail(1, http.StatusTooManyRequests, "1800")
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- pausing.Close(ctx, "foyer-room") }()
	for len(pausing.double.Requests()) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	select {
	case err := <-ended:
		if !errors.Is(err, media.ErrUnavailable) {
			t.Errorf("cancelled in a pause: got %v", err)
		}
	case <-time.After(2 * time.Minute):
		t.Error("a pause goes on after the caller has gone")
	}

	hanging := newRig(t)
	hanging.line.pace.once = 2 * time.Second
	hanging.double.Stall(2, time.Minute)
	if err := hanging.Close(t.Context(), "foyer-room"); err != nil {
		t.Errorf("after two attempts that hung: %v", err)
	}

	nobody, err := New(Config{AccountSID: r.AccountSID, APIKeySID: r.APIKeySID, APIKeySecret: r.APIKeySecret, APIURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	nobody.line.pace.pause = time.Millisecond
	if err := nobody.Ready(t.Context()); !errors.Is(err, media.ErrUnavailable) {
		t.Errorf("nobody listens: got %v", err)
	}
}

// The variables by which twilio-go changes where it asks change nothing.
func TestEnvironmentDoesNotMisdirect(t *testing.T) {
	t.Setenv("TWILIO_EDGE", "nowhere")
	t.Setenv("TWILIO_REGION", "nowhere")
	r := newRig(t)
	r.grant("foyer-room", "alice")
}

// What is wrong with credentials is said in words that name the setting, before
// Twilio is asked where that can be seen, and never with a secret.
func TestMisconfigured(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*Config)
		want string
	}{
		"another secret":        {func(c *Config) { c.APIKeySecret = "planted0000" }, "TWILIO_API_KEY_SECRET"},
		"a secret with a blank": {func(c *Config) { c.APIKeySecret = "planted 0000" }, "TWILIO_API_KEY_SECRET"},
		"no secret":             {func(c *Config) { c.APIKeySecret = "" }, "TWILIO_API_KEY_SECRET"},
		"another key":           {func(c *Config) { c.APIKeySID = twiliotest.NewAccount().KeySID }, "TWILIO_API_KEY_SID"},
		"the account as key":    {func(c *Config) { c.APIKeySID = c.AccountSID }, "TWILIO_API_KEY_SID"},
		"the key as account":    {func(c *Config) { c.AccountSID = c.APIKeySID }, "TWILIO_ACCOUNT_SID"},
		"another account":       {func(c *Config) { c.AccountSID = twiliotest.NewAccount().SID }, "another account"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.grant("foyer-there", "alice")
			test.edit(&r.Config)
			_, grant := r.Grant(t.Context(), "foyer-new", media.Participant{ID: "alice"}, time.Minute)
			for what, err := range map[string]error{"Grant": grant, "Ready": r.Ready(t.Context())} {
				var wrong *media.Misconfigured
				if !errors.As(err, &wrong) || !strings.Contains(wrong.Advice, test.want) || !errors.Is(err, media.ErrUnavailable) {
					t.Errorf("%s: got %v, want it to name %s", what, err, test.want)
				}
				if err != nil && strings.Contains(err.Error(), "planted") {
					t.Errorf("%s: a secret is in %v", what, err)
				}
			}
		})
	}
}

// Whoever asks often whether Twilio is ready does not ask Twilio as often.
func TestReadyIsRemembered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.ready.goodFor = time.Hour
	for range 5 {
		if err := r.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	r.ready.asked = time.Time{}
	if err := r.Ready(gone); err == nil {
		t.Error("ready for somebody who has gone")
	}
	if err := r.Ready(t.Context()); err != nil {
		t.Errorf("the next is told: %v", err)
	}
	if got := r.double.Requests(); !slices.Equal(got, []string{"GET /v1/Rooms?PageSize=1", "GET /v1/Rooms?PageSize=1"}) {
		t.Errorf("asked %q", got)
	}
}
