package main

import (
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/jackc/pgx/v5"

	"foyer/internal/mail"
	"foyer/internal/postgres"
	"foyer/internal/postgres/embedded"
)

// inbox is a mail server that takes everything.
type inbox struct {
	mu    sync.Mutex
	mails []string
}

func (i *inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return i, nil }
func (i *inbox) Reset()                                      {}
func (i *inbox) Logout() error                               { return nil }
func (i *inbox) Mail(string, *smtp.MailOptions) error        { return nil }
func (i *inbox) Rcpt(string, *smtp.RcptOptions) error        { return nil }

func (i *inbox) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mails = append(i.mails, string(raw))
	return err
}

func (i *inbox) count() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.mails)
}

// A mail that was committed and not sent when the program was killed is sent,
// once, by the next one; what waits for an administrator stays.
func TestMailOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	box := &inbox{}
	server := smtp.NewServer(box)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { server.Close(); serving.Wait() })

	dir, port := dataDir(t), freePort(t)
	p := start(t, dir, port) // without a mail server
	waiting := writeMail(t, dir, true)
	held := writeMail(t, dir, false)
	p.stop(syscall.SIGKILL)

	p = start(t, dir, port, "--smtp-url", "smtp://"+listener.Addr().String(), "--mail-from", "Foyer <foyer@example.org>")
	p.within("the mail is sent", func() bool { return box.count() > 0 })
	begun := time.Now()
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("exit status %d:\n%s", code, p.said())
	}
	if took := time.Since(begun); took > 90*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if said := p.said(); strings.Contains(said, "River") || strings.Contains(said, "planted") {
		t.Errorf("the log is chatty:\n%s", said)
	}
	if n := box.count(); n != 1 || !strings.Contains(box.mails[0], string(waiting)) || !strings.Contains(box.mails[0], "foyer@example.org") || strings.Contains(box.mails[0], string(held)) {
		t.Errorf("%d mails arrived: %q", n, box.mails)
	}
}

// writeMail enqueues one in the database of a running program.
func writeMail(t *testing.T, dir string, sends bool) (id mail.ID) {
	t.Helper()
	url, err := embedded.Running(dir)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := postgres.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	key, err := postgres.Key(t.Context(), pool, "mail")
	if err != nil {
		t.Fatal(err)
	}
	store, err := mail.NewStore(pool, key, sends)
	if err != nil {
		t.Fatal(err)
	}
	err = postgres.Tx(t.Context(), pool, func(tx pgx.Tx) (err error) {
		id, err = store.Enqueue(t.Context(), tx, mail.Message{To: "ana@example.org", Subject: "Hello", Text: "planted", Kind: "test"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}
