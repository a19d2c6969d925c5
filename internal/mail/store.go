package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"foyer/internal/postgres"
	"foyer/internal/seal"
)

// ErrNotNow means that a mail cannot be sent as things are: it is sent, lapsed,
// being handed over, or there is no mail server.
var ErrNotNow = errors.New("mail: cannot be sent now")

// Store keeps mails in Postgres.
type Store struct {
	pool  *pgxpool.Pool
	seal  seal.Seal
	jobs  *river.Client[pgx.Tx]
	sends bool
}

// NewStore returns a store whose texts are sealed with a key of 32 bytes. Sends
// says whether there is a mail server, for a Sender to hand mails to; without
// one they are held.
func NewStore(pool *pgxpool.Pool, key []byte, sends bool) (*Store, error) {
	seal, err := seal.New(key)
	if err != nil {
		return nil, err
	}
	jobs, err := river.NewClient(riverpgxv5.New(pool), &river.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("mail queue: %w", err)
	}
	return &Store{pool: pool, seal: seal, jobs: jobs, sends: sends}, nil
}

// Sends reports whether there is a mail server.
func (s *Store) Sends() bool { return s.sends }

// job brings one mail to a sender. It is all that River's tables hold of it.
type job struct {
	Mail ID `json:"mail"`
}

func (job) Kind() string { return "mail" }

func (job) InsertOpts() river.InsertOpts { return river.InsertOpts{Queue: queueName} }

// Enqueue writes a mail that is sent once tx commits, and never if it does not.
// It returns input.Invalid for what cannot be a mail, and makes no request but
// to the database.
func (s *Store) Enqueue(ctx context.Context, tx pgx.Tx, m Message) (ID, error) {
	m, err := m.check()
	if err != nil {
		return "", err
	}
	id := ID(uuid.Must(uuid.NewV7()).String())
	state := Held
	if s.sends {
		state = Waiting
	}
	_, err = tx.Exec(ctx, `
		insert into mails (id, kind, state, recipient, recipient_name, subject, body, next_at, lapses_at)
		values ($1, $2, $3, $4, $5, $6, $7, case when $3 = 'waiting' then now() end, now() + $8)`,
		id, m.Kind, state, m.To, m.Name, m.Subject, s.seal.Close(string(id), m.Text), Life)
	if err == nil && s.sends {
		_, err = s.jobs.InsertTx(ctx, tx, job{Mail: id}, nil)
	}
	if err != nil {
		return "", fmt.Errorf("enqueue mail: %w", err)
	}
	return id, nil
}

const columns = `id, kind, state, recipient, recipient_name, subject, attempts, error, created_at, next_at, sent_at, lapses_at`

func (m *Mail) fields() []any {
	return []any{
		&m.ID, &m.Kind, &m.State, &m.To, &m.Name, &m.Subject, &m.Attempts, &m.Error, &m.CreatedAt, &m.NextAt, &m.SentAt, &m.LapsesAt,
	}
}

// listQuery has its index in the primary key.
const listQuery = `select ` + columns + ` from mails where id < $1 order by id desc limit $2`

// lastID is greater than every mail's.
const lastID ID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

// List returns up to limit mails, newest first, beginning after the one with id
// before, or with the newest when that is empty or no id.
func (s *Store) List(ctx context.Context, before ID, limit int) ([]Mail, error) {
	if uuid.Validate(string(before)) != nil {
		before = lastID
	}
	rows, err := s.pool.Query(ctx, listQuery, before, limit)
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	mails, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (m Mail, err error) {
		return m, row.Scan(m.fields()...)
	})
	if err != nil {
		return nil, fmt.Errorf("list mails: %w", err)
	}
	return mails, nil
}

// Read returns a mail and its text, which is empty once erased. It returns
// postgres.ErrNotFound.
func (s *Store) Read(ctx context.Context, id ID) (m Mail, text string, err error) {
	if uuid.Validate(string(id)) != nil {
		return Mail{}, "", postgres.ErrNotFound
	}
	var body []byte
	err = s.pool.QueryRow(ctx, `select `+columns+`, body from mails where id = $1`, id).Scan(append(m.fields(), &body)...)
	if err == nil && body != nil {
		text, err = s.seal.Open(string(m.ID), body)
	}
	if err != nil {
		return Mail{}, "", fmt.Errorf("read mail: %w", postgres.Translate(err))
	}
	return m, text, nil
}

// Send has a mail sent as soon as possible: one that was held, or that an
// earlier attempt did not bring through. It returns postgres.ErrNotFound, and
// ErrNotNow.
func (s *Store) Send(ctx context.Context, id ID) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	err := postgres.Tx(ctx, s.pool, func(tx pgx.Tx) error {
		var m Mail
		err := tx.QueryRow(ctx, `select `+columns+` from mails where id = $1 for update`, id).Scan(m.fields()...)
		if err != nil {
			return err
		}
		if !s.sends || !m.State.Sendable() || time.Now().After(m.LapsesAt) {
			return ErrNotNow
		}
		_, err = tx.Exec(ctx, `
			update mails set state = 'waiting', turn = turn + 1, next_at = now(), handed_at = null where id = $1`, id)
		if err != nil {
			return err
		}
		// A job of an earlier attempt may still be about. Whichever comes first
		// sends the mail, the other finds nothing left to do.
		_, err = s.jobs.InsertTx(ctx, tx, job{Mail: m.ID}, nil)
		return err
	})
	if err != nil {
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}

// Delete takes a mail out of the outbox; unless it is being handed over just
// now, it will not be sent. It returns postgres.ErrNotFound.
func (s *Store) Delete(ctx context.Context, id ID) error {
	if uuid.Validate(string(id)) != nil {
		return postgres.ErrNotFound
	}
	tag, err := s.pool.Exec(ctx, `delete from mails where id = $1`, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = postgres.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("delete mail: %w", err)
	}
	return nil
}

// The queries of Purge, apart for a test that each has its index.
const (
	strandedQuery = `update mails set state = 'uncertain', error = $2 where state = 'handed' and handed_at < now() - $1::interval`
	lapsedQuery   = `
		update mails set state = 'lapsed', body = null, next_at = null, handed_at = null
		where lapses_at < now() and state in ('held', 'waiting', 'failed', 'uncertain')`
	oldQuery = `delete from mails where lapses_at < now() - $1::interval`
)

// Purge erases the texts of mails that nobody sent in time, and forgets mails
// after a month. A hand-over that began long ago and came to no end it calls
// uncertain; usually the mail's job does, but there may be no sender any more.
func (s *Store) Purge(ctx context.Context) error {
	const longAgo = 2 * jobTime
	_, err := s.pool.Exec(ctx, strandedQuery, longAgo, noAnswer)
	if err == nil {
		_, err = s.pool.Exec(ctx, lapsedQuery)
	}
	if err == nil {
		_, err = s.pool.Exec(ctx, oldQuery, trace)
	}
	if err != nil {
		return fmt.Errorf("purge mails: %w", err)
	}
	return nil
}
