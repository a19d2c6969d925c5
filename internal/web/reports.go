package web

import (
	"sync"
	"time"
)

// reportsKept is how long reports are remembered at least: longer than a media
// service's signature on one counts.
const reportsKept = 10 * time.Minute

// reports remembers what media services have reported. A report that comes again,
// because the service sends it twice or because somebody kept it, shall cost
// nobody a request.
type reports struct {
	mu     sync.Mutex
	since  time.Time // when recent began
	recent map[string]bool
	older  map[string]bool // of the time before that
}

// isNew reports whether a report comes for the first time, by its id.
func (r *reports) isNew(id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.recent == nil || now.Sub(r.since) > reportsKept {
		r.older, r.recent, r.since = r.recent, make(map[string]bool), now
	}
	known := r.recent[id] || r.older[id]
	r.recent[id] = true
	return !known
}
