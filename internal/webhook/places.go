package webhook

import (
	"maps"
	"sync"
	"time"
)

const (
	// placesOfOne is how many attempts a node makes at a time of one webhook: few
	// beside mostAtOnce, so that a receiver that does not answer holds up no other.
	placesOfOne = 2
	// apart is how long after each other those come back that found no place, so
	// that few of them do at a time, however many there are.
	apart = 100 * time.Millisecond
	// soonest and latest are when the first and the last in a line come back. Latest
	// is well before a delivery looks as if its job had got lost.
	soonest, latest = 5 * time.Second, 5 * time.Minute
)

// places counts the attempts under way on a node, by webhook.
type places struct {
	mu sync.Mutex
	of map[ID]*line
}

// line is who is at a webhook's receiver, and who waits.
type line struct {
	taken int
	end   time.Time // when the last comes back that found no place
}

func newPlaces() *places { return &places{of: make(map[ID]*line)} }

// take takes a place for an attempt, or says when to come back, when none is free.
func (p *places) take(of ID) (wait time.Duration, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	l := p.of[of]
	if l == nil {
		maps.DeleteFunc(p.of, func(_ ID, l *line) bool { return l.taken == 0 && l.end.Before(now) })
		l = &line{}
		p.of[of] = l
	}
	if l.taken < placesOfOne {
		l.taken++
		return 0, true
	}
	wait = min(max(l.end.Add(apart).Sub(now), soonest), latest)
	l.end = now.Add(wait)
	return wait, false
}

func (p *places) leave(of ID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of[of].taken--
}
