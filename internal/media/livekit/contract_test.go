package livekit_test

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"foyer/internal/media"
	"foyer/internal/media/livekit"
	"foyer/internal/media/livekit/livekittest"
	"foyer/internal/media/mediatest"
	"foyer/internal/media/sfu/sfutest"
)

func TestMain(m *testing.M) {
	livekittest.Main()
	sfutest.Main(m)
}

// discard is a log that nobody reads.
var discard = slog.New(slog.NewTextHandler(io.Discard, nil))

// newBackend returns a backend over server with a gate key of its own.
func newBackend(t testing.TB, access func() (string, string, string)) *livekit.Backend {
	t.Helper()
	key := make([]byte, 32)
	rand.Read(key)
	b, err := livekit.New(livekit.Config{Access: access, GateKey: key, Log: discard})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// callbacks receives a media server's webhooks.
type callbacks struct {
	url    string
	mu     sync.Mutex
	decode func(*http.Request) (media.Event, error)
	events []media.Event
	errors []error
}

func newCallbacks(t testing.TB) *callbacks {
	c := new(callbacks)
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL + "/hooks/livekit"
	return c
}

func (c *callbacks) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	decode := c.decode
	c.mu.Unlock()
	e, err := decode(r)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil {
		c.errors = append(c.errors, err)
		return
	}
	c.events = append(c.events, e)
}

// list returns the events so far.
func (c *callbacks) list() []media.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]media.Event(nil), c.events...)
}

// TestEmbeddedSFUKeepsTheContract runs the contract against the real media
// server, with real clients, through the gate.
func TestEmbeddedSFUKeepsTheContract(t *testing.T) {
	t.Parallel()
	for name, single := range map[string]bool{"two peer connections": false, "one peer connection": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hook := newCallbacks(t)
			cfg := sfutest.Config(t)
			cfg.CallbackURL = hook.url
			server := sfutest.Start(t, cfg)
			hook.decode = newBackend(t, server.Access).Event
			t.Cleanup(func() {
				for _, err := range hook.errors {
					t.Errorf("a genuine callback: %v", err)
				}
			})
			clients := livekittest.Start(t)
			mediatest.Run(t, func(t *testing.T, admit media.Admit, seen media.Observer) mediatest.Harness {
				b := newBackend(t, server.Access)
				gate := httptest.NewServer(b.Signalling(t.Context(), admit, seen))
				t.Cleanup(gate.Close)
				return mediatest.Harness{
					Backend: b,
					Enter: func(_ context.Context, g media.Grant) (mediatest.Client, error) {
						return clients.Enter(t, livekittest.EnterArgs{URL: gate.URL, Token: g.Token, Single: single})
					},
					Callbacks: hook.list,
				}
			})
		})
	}
}
