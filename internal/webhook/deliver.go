package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"foyer/internal/postgres"
	"foyer/internal/words"
)

// Channel is where Postgres notifies that deliveries wait.
const Channel = "deliveries_waiting"

const (
	queueName = "webhooks"
	// mostAtOnce is how many deliveries one node makes at a time.
	mostAtOnce = 32
	// patience is how long a receiver has to answer.
	patience = 15 * time.Second
	// lookEvery is how often to look for deliveries that no notification told of.
	lookEvery = 15 * time.Second
)

// pauses are how long to wait after each attempt that failed; after the last one
// a delivery is given up. About three days together, as the specification advises.
var pauses = []time.Duration{
	5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
}

// Sender brings deliveries to their receivers.
type Sender struct {
	store  *Store
	client *http.Client
	log    *slog.Logger
	pauses []time.Duration
	agent  string
	places *places
}

// NewSender returns a sender; Run and the queue make it work. Several may work on
// one database.
func NewSender(store *Store, reach Reach, version string, log *slog.Logger) *Sender {
	return &Sender{store: store, client: reach.client(patience), log: log, pauses: pauses, agent: "Foyer/" + version, places: newPlaces()}
}

// job brings one delivery. It is all that River's tables hold of it.
type job struct {
	Delivery int64 `json:"delivery"`
}

func (job) Kind() string { return "webhook" }

func (job) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueName} }

func jobsFor(ids []int64) []river.InsertManyParams {
	params := make([]river.InsertManyParams, len(ids))
	for i, id := range ids {
		params[i] = river.InsertManyParams{Args: job{Delivery: id}}
	}
	return params
}

// Register makes the sender a jobs.Worker.
func (s *Sender) Register(workers *river.Workers) (queue string, atOnce int, err error) {
	return queueName, mostAtOnce, river.AddWorkerSafely(workers, &worker{sender: s})
}

// Run makes jobs of deliveries, as they come, until ctx ends.
func (s *Sender) Run(ctx context.Context) {
	due := make(chan struct{}, 1)
	tell := func() {
		select {
		case due <- struct{}{}:
		default:
		}
	}
	listener := &postgres.Listener{
		Pool: s.store.pool, Log: s.log, Connected: tell, Channels: map[string]func(string){Channel: func(string) { tell() }},
	}
	done := make(chan struct{})
	go func() { listener.Run(ctx); close(done) }()
	defer func() { <-done }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due:
		case <-tick.C:
		}
		for _, query := range []string{unqueuedQuery, overdueQuery} {
			for more := true; more; {
				var err error
				if more, err = s.store.enqueue(ctx, query); err != nil && ctx.Err() == nil {
					s.log.Warn("deliveries of webhooks not queued, trying again", "error", err)
				}
			}
		}
	}
}

// worker is what River calls.
type worker struct {
	river.WorkerDefaults[job]
	sender *Sender
}

// Timeout is longer than one may go on, and a receiver may then take.
func (*worker) Timeout(*river.Job[job]) time.Duration { return 3 * patience }

func (w *worker) Work(ctx context.Context, j *river.Job[job]) error {
	wait, err := w.sender.bring(ctx, j.Args.Delivery)
	if err == nil && wait > 0 {
		return river.JobSnooze(wait)
	}
	return err
}

// bring tries to deliver once, when a place is free to do so, and while all goes well
// goes on with what else waits for the same receiver: that found no place, and would
// come back later only. It returns how long to wait before the next try; none when
// there is nothing left to do.
func (s *Sender) bring(ctx context.Context, id int64) (wait time.Duration, err error) {
	of, err := s.store.receiverOf(ctx, id)
	if err != nil || of == "" {
		return 0, err
	}
	wait, ok := s.places.take(of)
	if !ok {
		return wait, s.store.giveWay(ctx, id)
	}
	defer s.places.leave(of)
	began := time.Now()
	wait, well, err := s.attempt(ctx, id)
	for well && err == nil && ctx.Err() == nil && time.Since(began) < patience {
		if id, err = s.store.nextInLine(ctx, of); err != nil || id == 0 {
			break
		}
		_, well, err = s.attempt(ctx, id)
	}
	return wait, err
}

// attempt is one try to deliver. Every change it makes names its turn, so whoever
// was overtaken changes nothing.
type attempt struct {
	id           int64
	message      string
	webhook      ID
	turn, tried  int
	url          string
	body, sealed []byte
}

// outcome is what became of an attempt.
type outcome struct {
	status  int
	problem string        // empty: delivered
	gone    bool          // the receiver wants no more
	after   time.Duration // that the receiver asks to wait at least
}

// attempt tries to deliver once. It returns how long to wait before the next try,
// none when there is nothing left to do. All is well unless the receiver did not
// take it.
func (s *Sender) attempt(ctx context.Context, id int64) (wait time.Duration, well bool, err error) {
	a, wait, err := s.claim(ctx, id)
	if err != nil || a.id == 0 {
		return wait, true, err
	}
	result := s.send(ctx, a)
	if result.problem != "" && errors.Is(ctx.Err(), context.Canceled) {
		// Foyer stops: it does not count, and is tried again at once.
		return time.Second, false, s.settle(ctx, a, `attempts = attempts - 1, next_at = now()`)
	}
	switch {
	case result.problem == "":
		return 0, true, s.settle(ctx, a, `state = 'delivered', done_at = now(), error = '', status = $3`, result.status)
	case result.gone:
		return 0, false, s.pause(ctx, a, result)
	case a.tried > len(s.pauses):
		return 0, false, s.settle(ctx, a, `state = 'failed', done_at = now(), error = $4, status = nullif($3, 0)`, result.status, result.problem)
	}
	wait = max(s.pauses[a.tried-1], min(result.after, 24*time.Hour))
	s.log.Info("webhook not delivered, trying again", "delivery", a.id, "attempt", a.tried, "status", result.status, "retry_in", wait)
	return wait, false, s.settle(ctx, a, `next_at = now() + $5::interval, error = $4, status = nullif($3, 0)`, result.status, result.problem, wait)
}

// claim begins an attempt. It has no id when none is to be made, or not before the
// wait is over.
func (s *Sender) claim(ctx context.Context, id int64) (a attempt, wait time.Duration, err error) {
	err = s.store.pool.QueryRow(ctx, `
		update deliveries set attempts = attempts + 1, turn = turn + 1, next_at = now() + $2::interval
		from webhooks
		where webhooks.id = deliveries.webhook_id and deliveries.id = $1 and state = 'waiting' and next_at <= now() and webhooks.paused_at is null
		returning deliveries.id, 'msg_' || replace(message::text, '-', ''), webhook_id, turn, attempts, url, convert_to(body::text, 'UTF8'), secret`,
		id, 2*patience).Scan(&a.id, &a.message, &a.webhook, &a.turn, &a.tried, &a.url, &a.body, &a.sealed)
	if !noRows(err) {
		return a, 0, wrap("claim delivery", err)
	}
	// What came about in the moment in which its receiver was paused.
	_, err = s.store.pool.Exec(ctx, `
		update deliveries set state = 'failed', done_at = now(), error = $2 from webhooks
		where webhooks.id = deliveries.webhook_id and deliveries.id = $1 and state = 'waiting' and webhooks.paused_at is not null`,
		id, words.Text("webhook.gone"))
	if err != nil {
		return attempt{}, 0, wrap("claim delivery", err)
	}
	err = s.store.pool.QueryRow(ctx, `select next_at - now() from deliveries where id = $1 and state = 'waiting'`, id).Scan(&wait)
	if noRows(err) {
		return attempt{}, 0, nil
	}
	return attempt{}, max(wait, time.Second), wrap("claim delivery", err)
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// settleWithin is how long what became of an attempt may take to be written, also
// while Foyer stops.
const settleWithin = 8 * time.Second

// settle writes what became of an attempt; also when it was told to stop. Set is
// numbered from $3 on.
func (s *Sender) settle(ctx context.Context, a attempt, set string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	_, err := s.store.pool.Exec(ctx, `update deliveries set `+set+` where id = $1 and turn = $2 and state = 'waiting'`,
		append([]any{a.id, a.turn}, args...)...)
	return wrap("settle delivery", err)
}

// pause has nothing more sent to a receiver that says it is gone: not what waits
// either. What somebody decided to send while it was asked is sent all the same.
func (s *Sender) pause(ctx context.Context, a attempt, result outcome) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
	defer cancel()
	err := postgres.Tx(ctx, s.store.pool, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `
			update webhooks set paused_at = now() where id = $1 and paused_at is null
				and exists (select from deliveries where id = $2 and turn = $3 and state = 'waiting')`, a.webhook, a.id, a.turn)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		if _, err := tx.Exec(ctx, `update deliveries set status = $3 where id = $1 and turn = $2`, a.id, a.turn, result.status); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, giveUpQuery, a.webhook, result.problem)
		return err
	})
	return wrap("pause webhook", err)
}

// giveUpQuery has its index in deliveries_of_webhook.
const giveUpQuery = `update deliveries set state = 'failed', done_at = now(), error = $2 where webhook_id = $1 and state = 'waiting'`

// send gives the receiver the message and waits for its answer.
func (s *Sender) send(ctx context.Context, a attempt) outcome {
	secret, err := s.store.seal.Open(string(a.webhook), a.sealed)
	if err != nil {
		s.log.Error("secret of a webhook cannot be read", "webhook_id", a.webhook, "error", err)
		return outcome{problem: words.Text("webhook.own_fault")}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, a.url, bytes.NewReader(a.body))
	if err == nil {
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("User-Agent", s.agent)
		err = sign(request.Header, secret, a.message, time.Now(), a.body)
	}
	if err != nil {
		return outcome{problem: words.Text("webhook.own_fault")}
	}
	answer, err := s.client.Do(request)
	if err != nil {
		return outcome{problem: why(err)}
	}
	defer answer.Body.Close()
	const enough = 64 << 10
	_, _ = io.CopyN(io.Discard, answer.Body, enough) // what it says is nothing to us
	result := outcome{status: answer.StatusCode}
	switch {
	case answer.StatusCode/100 == 2:
	case answer.StatusCode/100 == 3:
		result.problem = words.Text("webhook.redirects", "status", answer.StatusCode)
	case answer.StatusCode == http.StatusGone:
		result.problem, result.gone = words.Text("webhook.gone"), true
	default:
		result.problem = words.Text("webhook.refused", "status", answer.StatusCode)
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil && seconds > 0 {
			result.after = time.Duration(min(seconds, 86400)) * time.Second
		}
	}
	return result
}

// why says in a sentence why there was no answer.
func why(err error) string {
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var timeout *url.Error
	switch {
	case errors.Is(err, errForbidden):
		return words.Text("webhook.forbidden")
	case errors.As(err, &unknown):
		return words.Text("webhook.unknown_host", "host", unknown.Name)
	case errors.As(err, &certificate):
		return words.Text("webhook.certificate", "reason", certificate.Err.Error())
	case errors.Is(err, syscall.ECONNREFUSED):
		return words.Text("webhook.nobody")
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return words.Text("webhook.too_slow")
	}
	return words.Text("webhook.broken")
}
