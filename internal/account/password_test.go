package account

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// A log-in of nobody takes as long as one of somebody only if bcrypt really
// works on the made-up hash.
func TestNobodysHashIsOne(t *testing.T) {
	t.Parallel()
	p := newPasswords(DefaultCost)
	hash := []byte(p.nobodysHash())
	if cost, err := bcrypt.Cost(hash); err != nil || cost != DefaultCost {
		t.Fatalf("cost %d, %v; want %d", cost, err, DefaultCost)
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte("anything")); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		t.Errorf("got %v, want a comparison that was made", err)
	}
}

// However many ask at once, few hash, some wait, and the rest are told to come
// back: calls and pages keep a processor.
func TestPasswordsAreBounded(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	var mu sync.Mutex
	working, most, done, busy := 0, 0, 0, 0
	gate := make(chan struct{})
	var group sync.WaitGroup
	const asking = 200
	for range asking {
		group.Go(func() {
			err := p.work(t.Context(), func() {
				mu.Lock()
				working++
				most = max(most, working)
				mu.Unlock()
				<-gate
				mu.Lock()
				working--
				done++
				mu.Unlock()
			})
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrBusy) {
				if busy++; busy == asking-cap(p.queue) {
					close(gate)
				}
			}
		})
	}
	group.Wait()
	if limit := max(1, runtime.GOMAXPROCS(0)-1); most != limit {
		t.Errorf("%d hashed at once, want %d", most, limit)
	}
	if done != cap(p.queue) || done+busy != asking {
		t.Errorf("%d done and %d refused of %d", done, busy, asking)
	}
}

func TestWaitingEndsWithTheRequest(t *testing.T) {
	t.Parallel()
	p := newPasswords(bcrypt.MinCost)
	for range cap(p.slots) {
		p.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.work(ctx, func() { t.Error("worked without a slot") }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(p.queue) != 0 {
		t.Error("its place in the queue was not given back")
	}
}
