package call

import (
	"context"
	"sync"
)

// queue hands out keys to workers: each key to one worker at a time, and once
// more when it was added while being worked on, however often.
type queue[K comparable] struct {
	mu      sync.Mutex
	waiting map[K]bool // added and not handed out
	working map[K]bool
	order   []K
	added   chan struct{}
}

func newQueue[K comparable]() *queue[K] {
	return &queue[K]{waiting: make(map[K]bool), working: make(map[K]bool), added: make(chan struct{}, 1)}
}

// add asks for a key to be worked on. It does not block.
func (q *queue[K]) add(key K) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting[key] {
		return
	}
	q.waiting[key] = true
	if !q.working[key] {
		q.order = append(q.order, key)
		q.signal()
	}
}

// waits reports whether a key was added and not handed out yet.
func (q *queue[K]) waits(key K) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[key]
}

// has reports whether some key of a kind was added and not handed out yet.
func (q *queue[K]) has(is func(K) bool) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for key := range q.waiting {
		if is(key) {
			return true
		}
	}
	return false
}

func (q *queue[K]) signal() {
	select {
	case q.added <- struct{}{}:
	default:
	}
}

// work calls do with keys until ctx ends. Several goroutines may call it.
func (q *queue[K]) work(ctx context.Context, do func(context.Context, K)) {
	for {
		key, ok := q.take()
		if !ok {
			select {
			case <-ctx.Done():
				return
			case <-q.added:
			}
			continue
		}
		do(ctx, key)
		q.done(key)
	}
}

func (q *queue[K]) take() (key K, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return key, false
	}
	key, q.order = q.order[0], q.order[1:]
	delete(q.waiting, key)
	q.working[key] = true
	if len(q.order) > 0 {
		q.signal() // for the next worker
	}
	return key, true
}

func (q *queue[K]) done(key K) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.working, key)
	if q.waiting[key] {
		q.order = append(q.order, key)
		q.signal()
	}
}
