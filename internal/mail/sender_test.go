package mail

import (
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

func TestSends(t *testing.T) {
	t.Parallel()
	for _, m := range []manners{
		{encryption: Clear},
		{encryption: Clear, user: "foyer", password: "correct horse"},
		{encryption: StartTLS, user: "foyer", password: "correct horse"},
		{encryption: TLS, user: "foyer", password: "correct horse"},
		{encryption: Clear, extensions: func(s *smtp.Server) { s.EnableSMTPUTF8 = true }},
	} {
		t.Run(fmt.Sprintf("%s %s", m.encryption, m.user), func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, m)
			id := h.enqueue(invitation)
			h.send(p.server(m.encryption), hurried)
			sent, text := h.await(id, Sent)
			if text != "" || sent.SentAt == nil || sent.Attempts != 1 || sent.Error != "" {
				t.Errorf("got %+v with text %q", sent, text)
			}
			h.settled()
			if n := len(p.taken()); n != 1 {
				t.Fatalf("%d mails were taken", n)
			}
			header, body := headerOf(t, p.taken()[0])
			subject, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			if err != nil || subject != invitation.Subject {
				t.Errorf("subject %q, %v", subject, err)
			}
			to, err := header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Name != invitation.Name || to[0].Address != invitation.To {
				t.Errorf("to %v, %v", to, err)
			}
			for name, want := range map[string]string{
				"Auto-Submitted": "auto-generated", "Message-Id": "<" + string(id) + "@meet.example.org>",
				"From": `"Foyer" <noreply@meet.example.org>`, "Content-Type": "text/plain; charset=UTF-8", "User-Agent": "",
			} {
				if got := header.Get(name); got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
			if date, err := header.Date(); err != nil || time.Since(date) > time.Hour {
				t.Errorf("date %v, %v", date, err)
			}
			decoded, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(body)))
			if got := strings.ReplaceAll(string(decoded), "\r\n", "\n"); err != nil || got != invitation.Text {
				t.Errorf("text %q, %v; want %q", got, err, invitation.Text)
			}
		})
	}
}

// What certainly was not taken is tried again and delivered once.
func TestTriesAgain(t *testing.T) {
	t.Parallel()
	const failing = 2
	for name, failure := range map[string]struct {
		where step
		err   error
		words string
	}{
		"refused at the greeting":   {greeting, never("not today"), "cannot be used: 550"},
		"sender busy":               {sender, busy("come back"), "does not take the sender now: 451"},
		"recipient greylisted":      {receiver, busy("greylisted"), "does not take the recipient now: 451"},
		"busy when it has the text": {atDot, busy("disk full"), "does not take the mail now: 451"},
		"dropped at the greeting":   {greeting, errDrop, "ended too early"},
		"dropped at the sender":     {sender, errDrop, "ended too early"},
		"dropped at the recipient":  {receiver, errDrop, "ended too early"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			p.failAt(failure.where, failing, failure.err)
			id := h.enqueue(invitation)
			h.send(p.server(Clear), hurried)
			sent, _ := h.await(id, Sent)
			h.settled()
			if len(p.taken()) != 1 || sent.Attempts != failing+1 {
				t.Errorf("%d mails were taken, in %d attempts", len(p.taken()), sent.Attempts)
			}
			if log := h.log.String(); strings.Count(log, failure.words) != failing {
				t.Errorf("the log does not say %q %d times:\n%s", failure.words, failing, log)
			}
		})
	}
}

// While it waits for the next attempt, the mail says why.
func TestWaitsWithAReason(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	p.failAt(receiver, 1, busy("greylisted"))
	id := h.enqueue(invitation)
	slow := hurried
	slow.backoff = func(int) time.Duration { return time.Hour }
	h.send(p.server(Clear), slow)
	h.until("one attempt was made", func() bool { m, _ := h.read(id); return m.Error != "" })
	m, text := h.read(id)
	if m.State != Waiting || !strings.Contains(m.Error, "greylisted") || text != invitation.Text || time.Until(*m.NextAt) < 50*time.Minute {
		t.Errorf("got %+v, text %q", m, text)
	}
	// An administrator need not wait for the next attempt.
	if err := h.store.Send(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	h.await(id, Sent)
	if len(p.taken()) != 1 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
	// The job of the first attempt still sleeps; when it wakes it finds nothing to do.
	h.until("it sleeps", func() bool { return h.count(`select count(*) from river_job where state = 'scheduled'`) == 1 })
	h.exec(`update river_job set scheduled_at = now() where state = 'scheduled'`)
	h.settled()
	if len(p.taken()) != 1 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
}

// What the server refuses for good stays, with what it said, and an
// administrator may have it sent again.
func TestRefusedForGood(t *testing.T) {
	t.Parallel()
	for _, where := range []step{sender, receiver, atDot} {
		t.Run(string(where), func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			p.failAt(where, 1, never("no such box"))
			id := h.enqueue(invitation)
			h.send(p.server(Clear), hurried)
			failed, text := h.await(id, Failed)
			h.settled()
			if len(p.taken()) != 0 || failed.Attempts != 1 || !strings.Contains(failed.Error, "550 5.7.1 no such box") || text != invitation.Text {
				t.Errorf("%d mails were taken; got %+v", len(p.taken()), failed)
			}
			if err := h.store.Send(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			h.await(id, Sent)
			if len(p.taken()) != 1 {
				t.Errorf("%d mails were taken", len(p.taken()))
			}
		})
	}
}

// A connection that ends after the text was given, and before the answer, leaves
// open whether the mail is on its way: it is never repeated by itself.
func TestUncertain(t *testing.T) {
	t.Parallel()
	impatient := hurried
	impatient.answer = 300 * time.Millisecond
	for name, failure := range map[string]struct {
		manners func(*post)
		timing  timing
		taken   int
	}{
		"dropped in the text":        {func(p *post) { p.failAt(inText, 1, errDrop) }, hurried, 0},
		"dropped after the last dot": {func(p *post) { p.failAt(atDot, 1, errDrop) }, hurried, 1},
		"no answer to the last dot": {func(p *post) {
			p.behave(func(where step, talk int) error {
				if where == atDot && talk == 1 {
					return p.stall()
				}
				return nil
			})
		}, impatient, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			failure.manners(p)
			id := h.enqueue(invitation)
			stop := h.send(p.server(Clear), failure.timing)
			m, text := h.await(id, Uncertain)
			h.settled()
			stop() // what comes now is to be delivered, by a sender that waits for the answer
			h.send(p.server(Clear), hurried)
			if len(p.taken()) != failure.taken || m.Attempts != 1 || m.Error != noAnswer || text != invitation.Text {
				t.Errorf("%d mails were taken; got %+v", len(p.taken()), m)
			}
			// The administrator decides, and the receiver can tell that it is the same.
			if err := h.store.Send(t.Context(), id); err != nil {
				t.Fatal(err)
			}
			h.await(id, Sent)
			taken := p.taken()
			if len(taken) != failure.taken+1 {
				t.Fatalf("%d mails were taken", len(taken))
			}
			for _, raw := range taken {
				if header, _ := headerOf(t, raw); header.Get("Message-Id") != "<"+string(id)+"@meet.example.org>" {
					t.Errorf("Message-ID %s", header.Get("Message-Id"))
				}
			}
		})
	}
}

// A server that says nothing is given up, in words, and tried again.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	for _, where := range []step{greeting, sender, receiver} {
		t.Run(string(where), func(t *testing.T) {
			t.Parallel()
			h, p := newHouse(t), newPost(t, manners{encryption: Clear})
			p.behave(func(at step, talk int) error {
				if at == where && talk == 1 {
					return p.stall()
				}
				return nil
			})
			impatient := hurried
			impatient.connect, impatient.envelope = 2*time.Second, 2*time.Second
			id := h.enqueue(invitation)
			h.send(p.server(Clear), impatient)
			h.await(id, Sent)
			if len(p.taken()) != 1 || !strings.Contains(h.log.String(), tooSlow) {
				t.Errorf("%d mails were taken; log:\n%s", len(p.taken()), h.log)
			}
		})
	}
}

// What is wrong with the mail server is said in words, and no mail is given up
// for it.
func TestWordsForConnecting(t *testing.T) {
	t.Parallel()
	starttls := newPost(t, manners{encryption: StartTLS, user: "foyer", password: "right"})
	clear := newPost(t, manners{encryption: Clear})
	server := func(p *post, encryption Encryption, edit func(*Server)) Server {
		s := p.server(encryption)
		edit(&s)
		return s
	}
	for name, test := range map[string]struct {
		server Server
		want   string
	}{
		"wrong password":     {server(starttls, StartTLS, func(s *Server) { s.Password = "planted-password" }), "does not accept the user name and password: 535"},
		"unknown authority":  {server(starttls, StartTLS, func(s *Server) { s.Roots = nil }), "certificate is not good: x509"},
		"no STARTTLS there":  {clear.server(StartTLS), "STARTTLS"},
		"no TLS there":       {clear.server(TLS), "does not speak TLS"},
		"nobody listens":     {server(clear, Clear, func(s *Server) { s.Port = 1 }), "Nothing answers"},
		"unknown name":       {server(clear, Clear, func(s *Server) { s.Host = "mail.invalid" }), "name is not known: mail.invalid"},
		"no login there":     {server(clear, Clear, func(s *Server) { s.User, s.Password = "a", "b" }), "does not support SMTP AUTH"},
		"password in clear":  {server(starttls, Clear, func(s *Server) { s.Host = "127.0.0.1" }), "cannot be used"},
		"login was left out": {server(starttls, StartTLS, func(s *Server) { s.User = "" }), "refuses the sender: 502"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			id := h.enqueue(invitation)
			slow := hurried
			slow.backoff = func(int) time.Duration { return time.Hour }
			h.send(test.server, slow)
			h.until("an attempt was made", func() bool { m, _ := h.read(id); return m.Error != "" })
			m, _ := h.read(id)
			if !strings.Contains(m.Error, test.want) || strings.Contains(m.Error+h.log.String(), "planted-password") {
				t.Errorf("got %q, want %q; log:\n%s", m.Error, test.want, h.log)
			}
			if want := name == "login was left out"; (m.State == Failed) != want {
				t.Errorf("mail is %s", m.State)
			}
		})
	}
}

// A server that quotes what it refuses must not carry a token into the table in
// the clear, nor into the log.
func TestQuotedSecretsAreLeftOut(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	p.failAt(atDot, 1, never("spam: https://meet.example.org/i/"+secret+" is blocked"))
	id := h.enqueue(invitation)
	h.send(p.server(Clear), hurried)
	m, _ := h.await(id, Failed)
	if strings.Contains(m.Error+h.log.String(), secret[:20]) || !strings.Contains(m.Error, "spam: https://meet.example.org/i/… is blocked") {
		t.Errorf("got %q; log:\n%s", m.Error, h.log)
	}
}

// Two nodes share the work, and no mail goes out twice.
func TestTwoSendersSendEachMailOnce(t *testing.T) {
	t.Parallel()
	const mails = 100
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	stop := []func(){h.send(p.server(Clear), hurried), h.send(p.server(Clear), hurried)}
	var writing sync.WaitGroup
	for w := range 4 {
		writing.Go(func() {
			for i := range mails / 4 {
				m := invitation
				m.Subject = fmt.Sprintf("Mail %d", w*mails/4+i)
				enqueueIn(t, h.pool, h.store, m)
			}
		})
	}
	writing.Wait()
	h.until("all are sent", func() bool { return h.count(`select count(*) from mails where state = 'sent'`) == mails })
	h.settled()
	seen := make(map[string]int)
	for _, raw := range p.taken() {
		header, _ := headerOf(t, raw)
		seen[header.Get("Subject")]++
	}
	if len(seen) != mails || len(p.taken()) != mails {
		t.Errorf("%d mails were taken, %d different ones", len(p.taken()), len(seen))
	}
	t.Logf("%d senders did the work", h.count(`select count(distinct attempted_by[1]) from river_job`))
	for _, s := range stop {
		s()
	}
	if log := h.log.String(); strings.Contains(log, "mail_id=") { // the queue may tell of a busy database
		t.Errorf("logged:\n%s", log)
	}
}

// Jobs for one mail from many sides: repeated, early and late ones.
func TestManyJobsForOneMail(t *testing.T) {
	t.Parallel()
	h, p := newHouse(t), newPost(t, manners{encryption: Clear})
	id := h.enqueue(invitation)
	for range 9 {
		if err := h.store.Send(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	h.send(p.server(Clear), hurried)
	h.send(p.server(Clear), hurried)
	h.await(id, Sent)
	h.until("jobs come to an end", func() bool {
		h.exec(`update river_job set scheduled_at = now() where state = 'scheduled'`) // as late as they want to be
		return h.unsettled() == 0
	})
	if len(p.taken()) != 1 {
		t.Errorf("%d mails were taken", len(p.taken()))
	}
}

// A password goes in the clear only to this machine.
func TestLogins(t *testing.T) {
	for _, test := range []struct {
		server Server
		plain  bool
	}{
		{Server{Host: "mail.example.org", Encryption: StartTLS}, true},
		{Server{Host: "mail.example.org", Encryption: TLS}, true},
		{Server{Host: "localhost", Encryption: Clear}, true},
		{Server{Host: "::1", Encryption: Clear}, true},
		{Server{Host: "mail.example.org", Encryption: Clear}, false},
		{Server{Host: "192.0.2.1", Encryption: Clear}, false},
	} {
		var plain bool
		for _, login := range test.server.logins() {
			plain = plain || strings.HasPrefix(string(login), "PLAIN") || strings.HasPrefix(string(login), "LOGIN")
		}
		if plain != test.plain {
			t.Errorf("%+v: got %v, want %v", test.server, test.server.logins(), test.plain)
		}
	}
}
