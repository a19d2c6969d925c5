// Package eventstream sends what happens, as it does, as server-sent events (HTML
// Living Standard, section 9.2): to pages and to programs alike.
package eventstream

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"foyer/internal/call"
	"foyer/internal/problem"
)

// ContentType is that of a stream.
const ContentType = "text/event-stream"

const (
	// heartbeat keeps proxies from closing a stream, and finds out that its reader
	// is gone.
	heartbeat = 15 * time.Second
	// patience is how long a reader may take for what it is sent at once.
	patience = 30 * time.Second
)

type stopKey struct{}

// Until ends the streams of next when ctx is done, and nothing else of next.
func Until(ctx context.Context) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), stopKey{}, ctx)))
		})
	}
}

// Send answers a request that passed Until with events as next returns them, until
// either side ends, or what Until was given. Next returns none when its context's
// deadline passes, and an error when there is nothing more to tell; one that is our
// fault is logged. It is not for connections that have deadlines.
func Send(w http.ResponseWriter, r *http.Request, log *slog.Logger, next func(context.Context) ([]call.Event, error)) {
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Accel-Buffering", "no") // nginx would hold events back
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	both, cancel := context.WithCancel(r.Context())
	defer cancel()
	stop := r.Context().Value(stopKey{}).(context.Context)
	defer context.AfterFunc(stop, func() {
		_ = control.SetWriteDeadline(time.Now())
		cancel()
	})()
	fmt.Fprint(w, ": open\n\n")
	for control.Flush() == nil && both.Err() == nil {
		wait, done := context.WithTimeout(both, heartbeat)
		events, err := next(wait)
		done()
		if err != nil {
			if problem.Of(err).Status >= http.StatusInternalServerError && both.Err() == nil {
				log.Warn("event stream ended", "error", err)
			}
			return
		}
		_ = control.SetWriteDeadline(time.Now().Add(patience))
		for _, event := range events {
			if event.Position > 0 {
				fmt.Fprintf(w, "id: %d\n", event.Position)
			}
			fmt.Fprintf(w, "event: %s\ndata: %s\n\n", event.Name, event.Data)
		}
		if len(events) == 0 {
			fmt.Fprint(w, ": still here\n\n")
		}
	}
}
