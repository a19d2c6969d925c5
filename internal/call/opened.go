package call

import (
	"errors"
	"sync"

	"foyer/internal/account"
	"foyer/internal/room"
)

// ErrTooManyStreams is returned to a session that has as many streams open as it
// may have: it tries again when one of them has ended.
var ErrTooManyStreams = errors.New("call: too many streams are open")

const (
	// mostStreams is how many streams of a kind a session has open at once, at each
	// node: more than somebody has tabs, and connections that are given up and not
	// yet known to be.
	mostStreams = 32
	// mostStreamsOfProgram is that of calls for a token of the API: its program
	// listens for each of those whom it let in, in some rooms.
	mostStreamsOfProgram = 2 * room.MostCapacity
)

// opened counts the streams that are open, of each session.
type opened struct {
	mu sync.Mutex
	of map[string]int
}

func newOpened() *opened { return &opened{of: make(map[string]int)} }

// open counts one more of a session, unless it has most of them already: then it
// returns ErrTooManyStreams. What it returns counts it no more, and is to be called
// once.
func (o *opened) open(token account.Token, most int) (closed func(), err error) {
	key := string(token.Hash())
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.of[key] >= most {
		return nil, ErrTooManyStreams
	}
	o.of[key]++
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if o.of[key]--; o.of[key] == 0 {
			delete(o.of, key)
		}
	}, nil
}
