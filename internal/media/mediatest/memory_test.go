package mediatest_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	mediatest.Run(t, func(t *testing.T, admit media.Admit, seen media.Observer) mediatest.Harness {
		m := mediatest.NewMemory()
		m.Signalling(t.Context(), admit, seen)
		var mu sync.Mutex
		var events []media.Event
		m.OnEvent(func(e media.Event) {
			decoded, err := m.Event(m.Callback(e))
			if err != nil {
				t.Errorf("Event: %v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			events = append(events, decoded)
		})
		return mediatest.Harness{
			Backend: m,
			Enter: func(ctx context.Context, g media.Grant) (mediatest.Client, error) {
				return m.Connect(ctx, g.Token)
			},
			Callbacks: func() []media.Event {
				mu.Lock()
				defer mu.Unlock()
				return append([]media.Event(nil), events...)
			},
		}
	})
}

func TestMemoryGate(t *testing.T) {
	t.Parallel()
	m := mediatest.NewMemory()
	var refusal error
	admit := func(_ context.Context, _ media.RoomID, id media.ParticipantID, _ media.Standing) (media.Participant, error) {
		return media.Participant{ID: id}, refusal
	}
	ctx, stop := context.WithCancel(t.Context())
	server := httptest.NewServer(m.Signalling(ctx, admit, ignore{}))
	t.Cleanup(server.Close)
	g, err := m.Grant(t.Context(), "foyer-room", media.Participant{ID: "alice"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	status := func(path, token string) int {
		t.Helper()
		r, err := http.Get(server.URL + path + "?access_token=" + token)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		return r.StatusCode
	}
	for _, test := range []struct {
		token   string
		refusal error
		want    int
	}{
		{g.Token, nil, 200},
		{"garbage", nil, 401},
		{g.Token, &media.Refusal{Status: 403, Reason: "removed"}, 403},
		{g.Token, &media.Refusal{Status: 404, Reason: "gone"}, 404},
		{g.Token, errors.New("database away"), 503},
	} {
		refusal = test.refusal
		if got := status("/rtc/validate", test.token); got != test.want {
			t.Errorf("%v: got %d, want %d", test.refusal, got, test.want)
		}
	}

	refusal = nil
	if got := status("/rtc", g.Token); got != 200 {
		t.Fatalf("connect: got %d", got)
	}
	stop()
	deadline := time.Now().Add(time.Minute)
	for {
		live, err := m.Live(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(live) == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the connection outlived the service")
		}
		time.Sleep(time.Millisecond)
	}
}

func TestMemoryDown(t *testing.T) {
	t.Parallel()
	m := mediatest.NewMemory()
	g, err := m.Grant(t.Context(), "foyer-room", media.Participant{ID: "alice"}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	m.SetDown(true)
	_, live := m.Live(t.Context())
	_, connect := m.Connect(t.Context(), g.Token)
	for name, err := range map[string]error{
		"Live": live, "Connect": connect, "Ready": m.Ready(t.Context()),
		"Update": m.Update(t.Context(), "foyer-room", "alice", media.Permissions{}),
		"Remove": m.Remove(t.Context(), "foyer-room", "alice"),
		"Close":  m.Close(t.Context(), "foyer-room"),
	} {
		if !errors.Is(err, media.ErrUnavailable) {
			t.Errorf("%s: got %v, want ErrUnavailable", name, err)
		}
	}
	m.SetDown(false)
	if err := m.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

type ignore struct{}

func (ignore) Joined(media.RoomID, media.ParticipantID)       {}
func (ignore) Disconnected(media.RoomID, media.ParticipantID) {}
