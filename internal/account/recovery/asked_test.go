package recovery_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account/recovery"
)

func TestAsk(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ana, ben := h.register("ana"), h.register("ben")
	h.sql(`update users set email_verified_at = now() where username = 'ana'`)
	h.sql(`update users set disabled_at = now() where username = 'ben'`)
	robot := h.register("robot")
	h.sql(`update users set service = true, password_hash = null where username = 'robot'`)
	for _, ask := range []struct {
		kind  recovery.Kind
		login string
	}{
		{recovery.Reset, "nobody"}, {recovery.Reset, ben.Email}, {recovery.Reset, "\x00\xff"}, {recovery.Reset, strings.Repeat("x", 300)}, {recovery.Reset, "my password"},
		{recovery.Verify, ana.Email}, {recovery.Reset, robot.Username}, {recovery.Reset, " ANA "}, {recovery.Reset, ana.Email},
	} {
		if err := h.links.Ask(t.Context(), ask.kind, ask.login); err != nil {
			t.Fatalf("ask for %q: %v", ask.login, err)
		}
	}
	var kept int
	if err := h.pool.QueryRow(t.Context(), `select count(*) from recovery_asked where login in ('my password', repeat('x', 300))`).Scan(&kept); err != nil || kept != 0 {
		t.Errorf("%d texts are kept that name nobody, %v", kept, err)
	}
	// Several nodes look at once; each request is answered once.
	h.answerOn(3)
	letters := h.written()
	if len(letters) != 2 || letters[0].User.ID != ana.ID || letters[1].To != ana.Email || letters[0].Kind != recovery.Reset {
		t.Errorf("got %+v, want two to ana", letters)
	}
}

// answerOn has some nodes answer all requests.
func (h *house) answerOn(nodes int) {
	h.Helper()
	ctx, cancel := context.WithCancel(h.Context())
	var running sync.WaitGroup
	for range nodes {
		running.Go(func() { h.links.Run(ctx, h.write, slog.New(slog.DiscardHandler)) })
	}
	h.waitForNone()
	cancel()
	running.Wait()
}

// waitForNone waits until all requests are answered.
func (h *house) waitForNone() {
	h.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		var left int
		if err := h.pool.QueryRow(h.Context(), `select count(*) from recovery_asked`).Scan(&left); err != nil {
			h.Fatal(err)
		}
		if left == 0 {
			return
		}
		if time.Now().After(deadline) {
			h.Fatalf("%d requests are not answered", left)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// What cannot be written is tried again, and nothing of it is lost.
func TestAskAgainAfterAFailure(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.register("ana")
	if err := h.links.Ask(t.Context(), recovery.Reset, "ana"); err != nil {
		t.Fatal(err)
	}
	tries := 0
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		h.links.Run(ctx, func(ctx context.Context, tx pgx.Tx, l recovery.Letter) error {
			if tries++; tries == 1 {
				return errors.New("not now")
			}
			return h.write(ctx, tx, l)
		}, slog.New(slog.DiscardHandler))
	})
	h.waitForNone()
	cancel()
	running.Wait()
	if len(h.written()) != 1 || tries != 2 {
		t.Errorf("%d written after %d tries", len(h.written()), tries)
	}
}
