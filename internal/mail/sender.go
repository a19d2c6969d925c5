package mail

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/riverqueue/river"

	"foyer/internal/jobs"
)

const (
	queueName = "mail"
	// mostAtOnce is how many mails one node sends at a time.
	mostAtOnce = 4
	// jobTime is how long an attempt may take.
	jobTime = 2*time.Minute + 10*time.Second
)

// timing is how long things take; tests are in more of a hurry.
type timing struct {
	patience
	jobs.Timing // an attempt is longer than the patience with its parts
	backoff     func(attempts int) time.Duration
}

// Timing is that of a queue that carries mails.
var Timing = jobs.Timing{Job: jobTime, Rescue: jobTime + 20*time.Second, Stop: 4 * time.Second, Poll: 15 * time.Second}

var usual = timing{
	patience: patience{connect: 20 * time.Second, envelope: 20 * time.Second, answer: 80 * time.Second},
	Timing:   Timing,
	backoff:  backoff,
}

// backoff is how long to wait after an attempt that may be repeated.
func backoff(attempts int) time.Duration {
	steps := []time.Duration{30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour}
	return steps[min(max(attempts, 1), len(steps))-1]
}

// Sender sends the mails of a store.
type Sender struct {
	store  *Store
	server Server
	log    *slog.Logger
	timing timing
}

// NewSender returns a sender; Run makes it work. Several may work on one
// database.
func NewSender(store *Store, server Server, log *slog.Logger) *Sender {
	return &Sender{store: store, server: server, log: log, timing: usual}
}

// Run sends mails until ctx ends, where nothing else is done by the queue.
// Attempts under way then get a few seconds; of those that do not come to an end,
// the ones whose text the server was not given yet are another node's, or the next
// start's.
func (s *Sender) Run(ctx context.Context) error {
	return jobs.Run(ctx, s.store.pool, s.timing.Timing, s.log, s)
}

// Register makes the sender a jobs.Worker.
func (s *Sender) Register(workers *river.Workers) (queue string, atOnce int, err error) {
	return queueName, mostAtOnce, river.AddWorkerSafely(workers, &worker{sender: s})
}

// Idle is a jobs.Worker where there is no mail server: mails wait.
type Idle struct{}

// Register makes the kind of job known.
func (Idle) Register(workers *river.Workers) (queue string, atOnce int, err error) {
	return "", 0, river.AddWorkerSafely(workers, &worker{})
}

// worker is what River calls.
type worker struct {
	river.WorkerDefaults[job]
	sender *Sender
}

func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	err := w.sender.attempt(ctx, j.Args.Mail)
	var later notYet
	switch {
	case errors.As(err, &later):
		return river.JobSnooze(later.wait)
	case errors.Is(err, errOvertaken):
		return nil
	}
	return err
}

// attempt tries to send a mail once. It returns notYet when that is to be done
// again, and errOvertaken when there is nothing to do.
func (s *Sender) attempt(ctx context.Context, id ID) error {
	a, err := s.store.claim(ctx, id, s.timing.Job)
	if err != nil {
		return err
	}
	var failed *failure
	switch err := s.deliver(ctx, a); {
	case err == nil:
		return nil
	case errors.Is(err, errOvertaken), errors.Is(err, errUnsettled):
		return err
	case !errors.As(err, &failed):
		// Ours, not the server's, and before it was given the text.
		failed = &failure{outcome: forNow, words: "Foyer could not do its part of it.", err: err}
	}
	wait := s.timing.backoff(a.Attempts)
	if failed.outcome == forNow && errors.Is(ctx.Err(), context.Canceled) {
		failed.words, wait = shutdown, 0
	}
	// Servers quote what they refuse, so their words may hold a link's token.
	s.log.Warn("mail not sent", "mail_id", a.ID, "attempt", a.Attempts, "error", without(failed.Error(), a.text))
	return s.store.unsent(ctx, a, failed, wait)
}

// deliver takes a mail to the server and, when that has it, writes so. Its errors
// are a failure, errOvertaken, errUnsettled, and from before the server was given
// the text also others.
func (s *Sender) deliver(ctx context.Context, a attempt) error {
	l, err := compose(s.server.From, a.Mail, a.text)
	if err != nil {
		return err
	}
	c, err := s.server.dial(ctx, s.timing.patience, l)
	if err != nil {
		return err
	}
	defer c.close()
	if err := c.offer(l); err != nil {
		return err
	}
	if err := s.store.handOver(ctx, a); err != nil {
		return err
	}
	if err := c.hand(l); err != nil {
		return err
	}
	return s.store.sent(ctx, a)
}
