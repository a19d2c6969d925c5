package livekit

import (
	"sync"
	"time"
)

// maxConnections is how many signalling connections a participant may have at
// once. One is enough; when it is lost, the next may come before the end of the
// last is noticed.
const maxConnections = 4

// relays are the signalling connections through this process.
type relays struct {
	mu   sync.Mutex
	live map[member]map[*relay]struct{}
}

// add registers r, unless its participant has too many.
func (l *relays) add(r *relay) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.live[r.member]
	if len(of) >= maxConnections {
		return false
	}
	if of == nil {
		of = make(map[*relay]struct{}, 1)
		l.live[r.member] = of
	}
	of[r] = struct{}{}
	return true
}

func (l *relays) remove(r *relay) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.live[r.member]
	delete(of, r)
	if len(of) == 0 {
		delete(l.live, r.member)
	}
}

// endAfter ends the connections that m has now, if they have not ended by
// themselves after grace.
func (l *relays) endAfter(grace time.Duration, m member) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for r := range l.live[m] {
		time.AfterFunc(grace, func() { r.stop(errRemoved) })
	}
}
