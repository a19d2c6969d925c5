package mail

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// A sender that is told to stop gives back what it has not handed over, and lets
// what it has handed over come to an end, for a while.
func TestStop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		where step
		want  State
		taken int // after another sender came
	}{
		"before the hand-over": {receiver, Waiting, 1},
		"after it":             {atDot, Uncertain, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			reached := make(chan struct{}, 1)
			p.behave(func(at step, talk int) error {
				if at == test.where && talk == 1 {
					reached <- struct{}{}
					return p.stall()
				}
				return nil
			})
			id := h.enqueue(invitation)
			patient := hurried
			patient.envelope, patient.answer = 5*time.Minute, 5*time.Minute
			stop := h.send(p.server(Clear), patient)
			<-reached
			begun := time.Now()
			stop()
			if took := time.Since(begun); took > 2*time.Minute {
				t.Errorf("stopping took %v", took)
			}
			m, _ := h.read(id)
			if m.State != test.want {
				t.Errorf("mail is %s (%s), want %s", m.State, m.Error, test.want)
			}
			h.send(p.server(Clear), hurried)
			h.settled()
			if n := len(p.taken()); n != test.taken {
				t.Errorf("%d mails were taken, want %d", n, test.taken)
			}
		})
	}
}

// Stopping waits for an answer that is on its way.
func TestStopWaitsForTheAnswer(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	reached, answer := make(chan struct{}, 1), make(chan struct{})
	p.behave(func(at step, _ int) error {
		if at == atDot {
			reached <- struct{}{}
			<-answer
		}
		return nil
	})
	id := h.enqueue(invitation)
	patient := hurried
	patient.Stop = 2 * time.Minute
	stop := h.send(p.server(Clear), patient)
	<-reached
	stopped := make(chan struct{})
	go func() { stop(); close(stopped) }()
	close(answer)
	<-stopped
	if m, _ := h.read(id); m.State != Sent {
		t.Errorf("mail is %s (%s)", m.State, m.Error)
	}
}

// Not parallel: it counts goroutines.
func TestStopLeavesNothingRunning(t *testing.T) {
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	before := goleak.IgnoreCurrent()
	s := NewSender(h.store, p.server(Clear), slog.New(slog.DiscardHandler))
	s.timing = hurried
	for range 3 {
		id := h.enqueue(invitation)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- s.Run(ctx) }()
		h.await(id, Sent)
		cancel()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	h.pool.Reset() // its connections have goroutines of their own
	var left error
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); { // the machine may be slow to end them
		left = goleak.Find(before, goleak.IgnoreTopFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
		if left == nil {
			return
		}
	}
	t.Error(left)
}
