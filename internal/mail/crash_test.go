package mail

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"foyer/internal/postgres"
)

// The test binary can be a program of its own, to be killed.
const (
	childRole     = "FOYER_MAIL_TEST_ROLE" // "write" or "send"
	childDatabase = "FOYER_MAIL_TEST_DATABASE"
	childPort     = "FOYER_MAIL_TEST_PORT"
)

func child() {
	ctx := context.Background()
	pool, err := postgres.Open(ctx, os.Getenv(childDatabase))
	if err != nil {
		panic(err)
	}
	key, err := postgres.Key(ctx, pool, "mail")
	if err != nil {
		panic(err)
	}
	store, err := NewStore(pool, key, true)
	if err != nil {
		panic(err)
	}
	if os.Getenv(childRole) == "write" {
		tx, err := pool.Begin(ctx)
		if err != nil {
			panic(err)
		}
		if _, err := store.Enqueue(ctx, tx, invitation); err != nil {
			panic(err)
		}
		if err := tx.Commit(ctx); err != nil {
			panic(err)
		}
		fmt.Println("committed")
		select {} // until killed
	}
	port, err := strconv.Atoi(os.Getenv(childPort))
	if err != nil {
		panic(err)
	}
	server := (&post{host: "127.0.0.1"}).server(Clear)
	server.Port = port
	s := NewSender(store, server, slog.New(slog.DiscardHandler))
	s.timing = hurried
	panic(s.Run(ctx))
}

// spawn starts the test binary in a role.
func (h *house) spawn(role string, p *post) *exec.Cmd {
	h.Helper()
	executable, err := os.Executable()
	if err != nil {
		h.Fatal(err)
	}
	cmd := exec.Command(executable)
	cmd.Env = append(os.Environ(), childRole+"="+role, childDatabase+"="+h.pool.Config().ConnString(), childPort+"="+p.port)
	cmd.Stderr = os.Stderr
	return cmd
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
}

// later lets the time pass after which the jobs, the leadership and the claims
// of a killed node are given to others.
func (h *house) later() {
	h.Helper()
	h.exec(`update river_job set attempted_at = attempted_at - interval '1 hour' where state = 'running'`)
	h.exec(`update river_leader set expires_at = now() - interval '1 minute'`)
	h.exec(`update mails set handed_at = handed_at - interval '1 hour', next_at = next_at - interval '1 hour'`)
}

// A program that is killed between the commit and the sending leaves the mail to
// the next start.
func TestKilledAfterCommit(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	cmd := h.spawn("write", p)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var word string
	if _, err := fmt.Fscan(out, &word); err != nil {
		t.Fatal(err)
	}
	kill(t, cmd)
	if len(p.taken()) != 0 {
		t.Fatal("sent before anybody sends")
	}
	h.send(p.server(Clear), hurried)
	h.until("the mail is sent", func() bool { return h.count(`select count(*) from mails where state = 'sent'`) == 1 })
	h.settled()
	if len(p.taken()) != 1 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
}

// A program that is killed while it sends: before the hand-over the mail goes
// out later, after it nobody sends it again by themselves.
func TestKilledWhileSending(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		where step
		want  State
		taken int
	}{
		{sender, Sent, 1},
		{receiver, Sent, 1},
		{atDot, Uncertain, 1}, // the server has it, and could not say so
	} {
		t.Run(string(test.where), func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			reached, killed := make(chan struct{}, 1), make(chan struct{})
			p.behave(func(at step, talk int) error {
				if at == test.where && talk == 1 {
					reached <- struct{}{}
					<-killed
				}
				return nil
			})
			id := h.enqueue(invitation)
			cmd := h.spawn("send", p)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			<-reached
			kill(t, cmd)
			close(killed)
			h.later()
			h.send(p.server(Clear), hurried)
			h.await(id, test.want)
			h.settled()
			if n := len(p.taken()); n != test.taken {
				t.Errorf("%d mails were taken, want %d", n, test.taken)
			}
		})
	}
}
