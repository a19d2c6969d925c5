package mail

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// attempt is one try to send a mail. Every change it makes names its turn, so
// whoever was overtaken, however slow, changes nothing.
type attempt struct {
	Mail
	turn int
	text string
}

var (
	// errOvertaken means that the mail is somebody else's business by now.
	errOvertaken = errors.New("mail: nothing to do, or overtaken by another attempt")
	// errUnsettled means that what became of an attempt could not be written.
	errUnsettled = errors.New("mail: not written what became of it")
)

// notYet says that a mail is to be looked at again later.
type notYet struct{ wait time.Duration }

func (n notYet) Error() string { return "mail: not before " + n.wait.String() }

// claim begins an attempt. It returns notYet when one is to be made later or may
// be under way, and errOvertaken when none is to be made.
func (s *Store) claim(ctx context.Context, id ID, lease time.Duration) (attempt, error) {
	var a attempt
	var body []byte
	err := s.pool.QueryRow(ctx, `
		update mails set attempts = attempts + 1, turn = turn + 1, next_at = now() + $2
		where id = $1 and state = 'waiting' and next_at <= now() and lapses_at > now()
		returning `+columns+`, turn, body`, id, lease).Scan(append(a.fields(), &a.turn, &body)...)
	if errors.Is(err, pgx.ErrNoRows) {
		return attempt{}, s.unclaimed(ctx, id, lease)
	}
	if err == nil {
		a.text, err = s.seal.Open(string(a.ID), body)
	}
	if err != nil {
		return attempt{}, fmt.Errorf("claim mail: %w", err)
	}
	return a, nil
}

// unclaimed says why a mail cannot be claimed. One whose hand-over began longer
// ago than it can last was left by a program that ended in the middle.
func (s *Store) unclaimed(ctx context.Context, id ID, lease time.Duration) error {
	_, err := s.pool.Exec(ctx, `
		update mails set state = 'uncertain', error = $3
		where id = $1 and state = 'handed' and handed_at <= now() - $2::interval`, id, lease, noAnswer)
	if err != nil {
		return fmt.Errorf("claim mail: %w", err)
	}
	var wait time.Duration
	err = s.pool.QueryRow(ctx, `
		select greatest(coalesce(next_at, handed_at + $2) - now(), interval '0')
		from mails where id = $1 and state in ('waiting', 'handed') and lapses_at > now()`, id, lease).Scan(&wait)
	if errors.Is(err, pgx.ErrNoRows) {
		return errOvertaken
	}
	if err != nil {
		return fmt.Errorf("claim mail: %w", err)
	}
	return notYet{wait}
}

// handOver writes, before the server is given the text, that it may have it from
// now on. It returns errOvertaken when it must not be given it.
func (s *Store) handOver(ctx context.Context, a attempt) error {
	tag, err := s.pool.Exec(ctx, `
		update mails set state = 'handed', handed_at = now(), next_at = null
		where id = $1 and state = 'waiting' and turn = $2`, a.ID, a.turn)
	if err != nil {
		return fmt.Errorf("hand over mail: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errOvertaken
	}
	return nil
}

// sent writes that the server has taken a mail, and erases its text. An answer
// that came so late that the mail was called uncertain still counts.
func (s *Store) sent(ctx context.Context, a attempt) error {
	return s.settle(ctx, `
		update mails set state = 'sent', sent_at = now(), handed_at = null, body = null, error = ''
		where id = $1 and turn = $2 and state in ('handed', 'uncertain')`, a.ID, a.turn)
}

// unsent writes why an attempt did not succeed and, when it is to be repeated,
// returns notYet.
func (s *Store) unsent(ctx context.Context, a attempt, f *failure, wait time.Duration) error {
	const ours = ` where id = $1 and turn = $2 and state in ('waiting', 'handed')`
	words := without(f.words, a.text)
	var err error
	switch f.outcome {
	case forGood:
		err = s.settle(ctx, `update mails set state = 'failed', error = $3, next_at = null, handed_at = null`+ours, a.ID, a.turn, words)
	case unknown:
		err = s.settle(ctx, `update mails set state = 'uncertain', error = $3`+ours, a.ID, a.turn, words)
	case forNow:
		err = s.settle(ctx, `update mails set state = 'waiting', error = $3, next_at = now() + $4, handed_at = null`+ours, a.ID, a.turn, words, wait)
		if err == nil {
			err = notYet{wait}
		}
	}
	return err
}

// settle runs even when the attempt was told to stop, and tries for a while: what
// is known about a mail must not be lost. It returns errUnsettled.
func (s *Store) settle(ctx context.Context, query string, args ...any) error {
	const within, pause = 8 * time.Second, 500 * time.Millisecond
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	defer cancel()
	for {
		_, err := s.pool.Exec(ctx, query, args...)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", errUnsettled, err)
		case <-time.After(pause):
		}
	}
}
