package server

import (
	"bytes"
	"io"
	"net/http"
	"time"

	"foyer/internal/media/sfu"
)

// maxCallback bounds a callback's body, in bytes.
const maxCallback = 1 << 20

// callbackRelay passes LiveKit's webhooks on to whichever Foyer supervises now:
// LiveKit is told one address when it starts, but the Foyer that adopts it may
// listen elsewhere.
type callbackRelay struct {
	dir    string
	url    string
	server *http.Server
	client *http.Client
}

// listenCallbacks starts a relay for the media server of dir.
func listenCallbacks(dir string) (*callbackRelay, error) {
	l, url, err := freeLoopback()
	if err != nil {
		return nil, err
	}
	relay := &callbackRelay{dir: dir, url: url, client: &http.Client{Timeout: 10 * time.Second}}
	relay.server = &http.Server{
		Handler: relay, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10,
	}
	go relay.server.Serve(l)
	return relay, nil
}

func (c *callbackRelay) close() { c.server.Close() }

// ServeHTTP passes the request on as it is; Foyer verifies its signature. When
// Foyer is not there, the answer has LiveKit try again.
func (c *callbackRelay) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, err := sfu.CallbackURL(c.dir)
	if err != nil {
		http.Error(w, "no supervisor", http.StatusServiceUnavailable)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	if err != nil {
		http.Error(w, "unreadable", http.StatusBadRequest)
		return
	}
	out, err := http.NewRequestWithContext(r.Context(), r.Method, target, bytes.NewReader(body))
	if err != nil {
		http.Error(w, "no supervisor", http.StatusServiceUnavailable)
		return
	}
	for _, name := range []string{"Authorization", "Content-Type"} {
		out.Header.Set(name, r.Header.Get(name))
	}
	answer, err := c.client.Do(out)
	if err != nil {
		http.Error(w, "no supervisor", http.StatusBadGateway)
		return
	}
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
}
