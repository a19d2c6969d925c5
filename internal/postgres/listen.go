package postgres

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Listener hears notifications on a connection of its own.
type Listener struct {
	Pool *pgxpool.Pool
	Log  *slog.Logger
	// Channels maps a channel's name to what is done with each payload. It is
	// called from one goroutine and must not block.
	Channels map[string]func(payload string)
	// Connected is called each time listening begins, at first and after a
	// lost connection: what was notified in between was missed.
	Connected func()
	// Check is how often to see whether a silent connection still lives; the
	// default is 15 seconds.
	Check time.Duration
}

// Run listens until ctx ends, connecting again whenever the connection is lost.
func (l *Listener) Run(ctx context.Context) {
	const firstPause, longestPause = 100 * time.Millisecond, 5 * time.Second
	pause := firstPause
	for ctx.Err() == nil {
		heard, err := l.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = firstPause
		}
		l.Log.Warn("lost the database connection that listens", "error", err, "retry_in", pause)
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
		pause = min(2*pause, longestPause)
	}
}

// listen reports whether listening began before it failed.
func (l *Listener) listen(ctx context.Context) (began bool, err error) {
	// Not one of the pool's: this connection is held for good.
	conn, err := pgx.ConnectConfig(ctx, l.Pool.Config().ConnConfig)
	if err != nil {
		return false, err
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // nothing is lost with it
	for channel := range l.Channels {
		if _, err := conn.Exec(ctx, "listen "+pgx.Identifier{channel}.Sanitize()); err != nil {
			return false, err
		}
	}
	l.Connected()
	for {
		notification, err := l.wait(ctx, conn)
		if err != nil {
			return true, err
		}
		l.Channels[notification.Channel](notification.Payload)
	}
}

// wait returns the next notification. A network can lose a connection without a
// word, so silence is broken by asking.
func (l *Listener) wait(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	const defaultCheck, patience = 15 * time.Second, 5 * time.Second
	for {
		silence, cancel := context.WithTimeout(ctx, cmp.Or(l.Check, defaultCheck))
		notification, err := conn.WaitForNotification(silence)
		expired := silence.Err() != nil
		cancel()
		if err == nil || !expired || ctx.Err() != nil || conn.IsClosed() {
			return notification, err
		}
		answer, cancel := context.WithTimeout(ctx, patience)
		err = conn.Ping(answer)
		cancel()
		if err != nil {
			return nil, err
		}
	}
}
