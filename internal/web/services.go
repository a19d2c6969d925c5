package web

import (
	"context"
	"sync"
	"time"

	"foyer/internal/call"
)

// services remembers for a moment what the media services said of themselves, so
// that whoever asks us often does not ask them as often.
type services struct {
	mu    sync.Mutex
	asked time.Time
	state map[string]error
}

// servicesHold is for how long an answer holds.
const servicesHold = time.Second

// ask asks all media services at once whether they are ready, with patience. A service that is not
// set up is not in the answer. The lock is held while they are asked: whoever else
// wants to know needs the same answer.
func (s *services) ask(ctx context.Context, backends call.Backends, patience time.Duration) map[string]error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.asked) < servicesHold {
		return s.state
	}
	// Not the request's own end: the answer is for others too.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	var mu sync.Mutex
	var asking sync.WaitGroup
	state := make(map[string]error)
	for name, backend := range backends {
		asking.Go(func() {
			err := backend.Ready(ctx)
			mu.Lock()
			defer mu.Unlock()
			state[name] = err
		})
	}
	asking.Wait()
	s.asked, s.state = time.Now(), state
	return state
}
