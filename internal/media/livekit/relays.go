package livekit

import (
	"sync"
	"time"
)

// maxConnections is how many signalling connections a participant may have at
// once. One is enough; when it is lost, the next may come before the end of the
// last is noticed.
const maxConnections = 4

// remembered is how long the kinds of a participant's tracks are known after the
// last connection: as long as a token may live that brings them back as the same
// participant, whose declarations LiveKit remembers.
const remembered = maxTTL

// relays are the signalling connections through this process.
type relays struct {
	mu   sync.Mutex
	live map[member]*connections
}

// connections are those of one participant, or were not long ago.
type connections struct {
	open   map[*relay]struct{}
	tracks *kinds
	forget *time.Timer // runs while none is open
}

// add registers r, unless its participant has too many, and tells it what is
// known of their tracks.
func (l *relays) add(r *relay) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.live[r.member]
	if of == nil {
		of = &connections{open: make(map[*relay]struct{}, 1), tracks: newKinds()}
		l.live[r.member] = of
	}
	if len(of.open) >= maxConnections {
		return false
	}
	if of.forget != nil {
		of.forget.Stop()
		of.forget = nil
	}
	of.open[r] = struct{}{}
	r.tracks = of.tracks
	return true
}

func (l *relays) remove(r *relay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.live[r.member]
	delete(of.open, r)
	if len(of.open) == 0 {
		of.forget = time.AfterFunc(remembered, func() { l.drop(r.member, of) })
	}
}

// drop forgets a participant, unless they have come back.
func (l *relays) drop(m member, of *connections) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.live[m] == of && len(of.open) == 0 {
		delete(l.live, m)
	}
}

// endAfter ends the connections that m has now, if they have not ended by
// themselves after grace.
func (l *relays) endAfter(grace time.Duration, m member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.live[m]
	if of == nil {
		return
	}
	for r := range of.open {
		time.AfterFunc(grace, func() { r.stop(errRemoved) })
	}
}
