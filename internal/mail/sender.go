package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

const (
	queueName = "mail"
	// atOnce is how many mails one node sends at a time.
	atOnce = 4
	// jobTime is how long an attempt may take.
	jobTime = 2*time.Minute + 10*time.Second
)

// timing is how long things take; tests are in more of a hurry.
type timing struct {
	patience
	job     time.Duration // an attempt; longer than the patience with its parts
	rescue  time.Duration // until the job of a node that died is given to another
	stop    time.Duration // for the attempts under way when the program stops
	poll    time.Duration // looking for jobs that no notification told of
	backoff func(attempts int) time.Duration
}

var usual = timing{
	patience: patience{connect: 20 * time.Second, envelope: 20 * time.Second, answer: 80 * time.Second},
	job:      jobTime,
	rescue:   jobTime + 20*time.Second,
	stop:     4 * time.Second,
	poll:     15 * time.Second,
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

// Run sends mails until ctx ends. Attempts under way then get a few seconds; of
// those that do not come to an end, the ones whose text the server was not given
// yet are another node's, or the next start's.
func (s *Sender) Run(ctx context.Context) error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{sender: s}); err != nil {
		return fmt.Errorf("mail queue: %w", err)
	}
	client, err := river.NewClient(riverpgxv5.New(s.store.pool), &river.Config{
		Queues:                      map[string]river.QueueConfig{queueName: {MaxWorkers: atOnce}},
		Workers:                     workers,
		FetchPollInterval:           s.timing.poll,
		JobTimeout:                  s.timing.job,
		RescueStuckJobsAfter:        s.timing.rescue,
		SoftStopTimeout:             s.timing.stop,
		CompletedJobRetentionPeriod: time.Hour,
		ReindexerIndexNames:         []string{}, // its tables stay small
		Logger:                      quiet(s.log),
	})
	if err != nil {
		return fmt.Errorf("mail queue: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("mail queue: %w", err)
	}
	<-client.Stopped()
	return nil
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
	a, err := s.store.claim(ctx, id, s.timing.job)
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
