package twilio_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"foyer/internal/media"
	"foyer/internal/media/mediatest"
	"foyer/internal/media/twilio"
	"foyer/internal/media/twilio/twiliotest"
)

// TestTwilioKeepsTheContract runs the contract against the double, with clients
// that send and receive real media through it.
func TestTwilioKeepsTheContract(t *testing.T) {
	t.Parallel()
	account := twiliotest.NewAccount()
	service := twiliotest.New(account)
	signalling := twiliotest.NewSignalling(service)
	rest, sockets := httptest.NewServer(service.REST()), httptest.NewServer(signalling)

	var backend *twilio.Backend
	var mu sync.Mutex
	var events []media.Event
	hooks := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		event, err := backend.Event(r)
		if err != nil {
			t.Errorf("a genuine callback: %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		events = append(events, event)
	}))
	t.Cleanup(func() {
		signalling.Close()
		service.Close()
		for _, server := range []*httptest.Server{hooks, rest, sockets} {
			server.Close()
		}
		for _, violation := range service.Violations() {
			t.Errorf("not as the published description says: %s", violation)
		}
	})
	backend, err := twilio.New(twilio.Config{
		AccountSID: account.SID, APIKeySID: account.KeySID, APIKeySecret: account.KeySecret, AuthToken: account.AuthToken,
		PublicOrigin: hooks.URL, APIURL: rest.URL, SignalingURL: "ws" + strings.TrimPrefix(sockets.URL, "http"),
	})
	if err != nil {
		t.Fatal(err)
	}
	mediatest.Run(t, func(*testing.T, media.Admit, media.Observer) mediatest.Harness {
		return mediatest.Harness{
			Backend: backend,
			Enter: func(ctx context.Context, g media.Grant) (mediatest.Client, error) {
				client, err := twiliotest.Enter(ctx, g.URL, g.Token)
				if err != nil {
					return nil, err // not a nil *Client in an interface
				}
				return client, nil
			},
			Callbacks: func() []media.Event {
				mu.Lock()
				defer mu.Unlock()
				return append([]media.Event(nil), events...)
			},
		}
	})
}
