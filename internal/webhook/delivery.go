package webhook

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/ledger"
	"foyer/internal/postgres"
)

// State is how far a delivery has come.
type State string

// The states.
const (
	Waiting   State = "waiting"
	Delivered State = "delivered"
	Failed    State = "failed" // given up
)

// Delivery is one message to one receiver.
type Delivery struct {
	ID        int64
	Kind      ledger.Kind
	Body      string // JSON, as it is sent
	State     State
	Attempts  int
	NextAt    time.Time // of the next attempt, while Waiting
	Status    int       // of the last answer; 0: there was none
	Error     string    // what went wrong last, as a sentence
	CreatedAt time.Time
	DoneAt    *time.Time
}

// deliveriesQuery has its index in deliveries_of_webhook.
const deliveriesQuery = `
	select id, kind, body::text, state, attempts, next_at, coalesce(status, 0), error, created_at, done_at
	from deliveries where webhook_id = $1 and id < $2 order by id desc limit $3`

// Deliveries lists up to limit deliveries of a webhook, newest first, after one
// with an id; 0: from the newest on.
func (s *Store) Deliveries(ctx context.Context, of ID, before int64, limit int) ([]Delivery, error) {
	if before <= 0 {
		before = math.MaxInt64
	}
	rows, err := s.pool.Query(ctx, deliveriesQuery, of, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	deliveries, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Delivery])
	if err != nil {
		return nil, fmt.Errorf("list deliveries: %w", err)
	}
	return deliveries, nil
}

// Again has a delivery sent once more as soon as possible, whatever became of it,
// and resumes a webhook that is paused: whoever sends counts on somebody being there.
// It returns postgres.ErrNotFound.
func (s *Store) Again(ctx context.Context, of ID, id int64) error {
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `update webhooks set paused_at = null where id = $1 and paused_at is not null`, of); err != nil {
			return err
		}
		tag, err := tx.Exec(ctx, `
			update deliveries set state = 'waiting', queued = true, turn = turn + 1, attempts = 0, next_at = now(), done_at = null
			where id = $2 and webhook_id = $1`, of, id)
		if err == nil && tag.RowsAffected() == 0 {
			err = postgres.ErrNotFound
		}
		if err != nil {
			return err
		}
		// A job of an earlier attempt may still be about. Whichever comes first
		// delivers, the other finds nothing left to do.
		_, err = s.jobs.InsertTx(ctx, tx, job{Delivery: id}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("deliver again: %w", err)
	}
	return nil
}

// Try sends a receiver a message that says nothing, to see whether it arrives.
func (s *Store) Try(ctx context.Context, of ID) error {
	_, err := s.pool.Exec(ctx, `
		with tried as (
			insert into deliveries (webhook_id, kind, body)
			select id, 'test', jsonb_build_object('type', 'test', 'timestamp', to_char(now() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', '{}'::jsonb)
			from webhooks where id = $1 returning id)
		select pg_notify('deliveries_waiting', '') from tried`, of)
	if err != nil {
		return fmt.Errorf("try webhook: %w", err)
	}
	return nil
}

// The queries of enqueue, apart for a test that each has its index.
const (
	unqueuedQuery = `
		update deliveries set queued = true where id = any(array(
			select id from deliveries where state = 'waiting' and not queued order by id limit $1 for update skip locked))
		returning id`
	// Whose job got lost: River gives up jobs that a program left behind too often.
	overdueQuery = `
		update deliveries set next_at = now() where id = any(array(
			select id from deliveries where state = 'waiting' and queued and next_at < now() - interval '10 minutes'
			order by next_at limit $1 for update skip locked))
		returning id`
)

// receiverOf returns whose a delivery is; nobody's when it does not wait any more.
func (s *Store) receiverOf(ctx context.Context, id int64) (of ID, err error) {
	err = s.pool.QueryRow(ctx, `select webhook_id from deliveries where id = $1 and state = 'waiting'`, id).Scan(&of)
	if noRows(err) {
		return "", nil
	}
	return of, wrap("find receiver", err)
}

// giveWay notes that a delivery that is due has its job still, which comes back.
func (s *Store) giveWay(ctx context.Context, id int64) error {
	_, err := s.pool.Exec(ctx, `update deliveries set next_at = now() where id = $1 and state = 'waiting' and next_at < now()`, id)
	return wrap("give way", err)
}

// nextInLineQuery has its index in deliveries_in_line.
const nextInLineQuery = `
	select id from deliveries where webhook_id = $1 and state = 'waiting' and next_at <= now() order by next_at limit 1`

// nextInLine returns what is due for a receiver for the longest time; 0: nothing is.
func (s *Store) nextInLine(ctx context.Context, of ID) (id int64, err error) {
	err = s.pool.QueryRow(ctx, nextInLineQuery, of).Scan(&id)
	if noRows(err) {
		return 0, nil
	}
	return id, wrap("find next delivery", err)
}

// enqueue makes jobs for deliveries that have none; more says that there may be
// others. Several nodes may do it at once.
func (s *Store) enqueue(ctx context.Context, query string) (more bool, err error) {
	const atOnce = 500
	err = postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, query, atOnce)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
		if err != nil || len(ids) == 0 {
			return err
		}
		more = len(ids) == atOnce
		_, err = s.jobs.InsertManyFastTx(ctx, tx, jobsFor(ids))
		return err
	})
	if err != nil {
		return false, fmt.Errorf("queue deliveries: %w", err)
	}
	return more, nil
}
