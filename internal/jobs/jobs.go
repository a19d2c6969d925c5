// Package jobs runs the durable queue: one client of River for every kind of job
// on a node. There must be one only, because River's housekeeping gives up jobs of
// kinds that the client which does it does not know.
package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Worker does one kind of job.
type Worker interface {
	// Register adds the worker to workers and returns the queue that it takes jobs
	// from and how many at a time; an empty queue when this node does none of them
	// and only has to know the kind.
	Register(workers *river.Workers) (queue string, atOnce int, err error)
}

// Timing is how long things take; tests are in more of a hurry.
type Timing struct {
	Job    time.Duration // an attempt, unless its worker says otherwise
	Rescue time.Duration // until the job of a node that died is given to another
	Stop   time.Duration // for the attempts under way when the program stops
	Poll   time.Duration // looking for jobs that no notification told of
}

// Run does jobs until ctx ends. Those under way then get the time to stop; what
// does not come to an end is another node's, or the next start's.
func Run(ctx context.Context, pool *pgxpool.Pool, timing Timing, log *slog.Logger, all ...Worker) error {
	workers := river.NewWorkers()
	queues := make(map[string]river.QueueConfig)
	for _, worker := range all {
		queue, atOnce, err := worker.Register(workers)
		if err != nil {
			return fmt.Errorf("job queue: %w", err)
		}
		if queue != "" {
			queues[queue] = river.QueueConfig{MaxWorkers: atOnce}
		}
	}
	client, err := river.NewClient(riverpgxv5.New(pool), &river.Config{
		Queues:                      queues,
		Workers:                     workers,
		FetchPollInterval:           timing.Poll,
		JobTimeout:                  timing.Job,
		RescueStuckJobsAfter:        timing.Rescue,
		SoftStopTimeout:             timing.Stop,
		CompletedJobRetentionPeriod: time.Hour,
		ReindexerIndexNames:         []string{}, // its tables stay small
		Logger:                      quiet(log),
	})
	if err != nil {
		return fmt.Errorf("job queue: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("job queue: %w", err)
	}
	<-client.Stopped()
	return nil
}
