package mail

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// step is a place in a conversation where a post office can misbehave.
type step string

const (
	greeting step = "greeting"
	sender   step = "sender"
	receiver step = "receiver"
	inText   step = "in the text"
	atDot    step = "at the dot"
)

// errDrop makes a post office close the connection without a word.
var errDrop = errors.New("drop")

// post is a real SMTP server on the loopback interface, whose manners a test
// chooses.
type post struct {
	*testing.T
	host, port string
	roots      *x509.CertPool
	user       string // empty: nobody has to log in
	password   string

	mu     sync.Mutex
	at     func(step, int) error // nil: polite; the number counts conversations from 1
	talks  map[net.Conn]int
	mails  []string // taken, or read to the end without an answer
	closed chan struct{}
}

type manners struct {
	encryption     Encryption
	user, password string
	extensions     func(*smtp.Server)
}

func newPost(t *testing.T, m manners) *post {
	t.Helper()
	p := &post{T: t, user: m.user, password: m.password, talks: make(map[net.Conn]int), closed: make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.host, p.port, _ = net.SplitHostPort(listener.Addr().String())
	server := smtp.NewServer(smtp.BackendFunc(p.talk))
	server.Domain = "post.test"
	server.AllowInsecureAuth = m.encryption == Clear
	server.ErrorLog = nowhere{}
	if m.extensions != nil {
		m.extensions(server)
	}
	if m.encryption != Clear {
		var certificate tls.Certificate
		certificate, p.roots = authority(t)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
	}
	if m.encryption == TLS {
		listener = tls.NewListener(listener, server.TLSConfig)
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		close(p.closed)
		server.Close()
		serving.Wait()
	})
	return p
}

type nowhere struct{}

func (nowhere) Printf(string, ...any) {}
func (nowhere) Println(...any)        {}

// authority makes a certificate for 127.0.0.1 and who vouches for it.
func authority(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Post"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, roots
}

// server is how to use the post office.
func (p *post) server(encryption Encryption) Server {
	port := 0
	for _, digit := range p.port {
		port = port*10 + int(digit-'0')
	}
	return Server{
		Host: p.host, Port: port, Encryption: encryption, User: p.user, Password: p.password, Roots: p.roots,
		From: mail.Address{Name: "Foyer", Address: "noreply@meet.example.org"},
	}
}

// behave sets the manners from now on.
func (p *post) behave(at func(step, int) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = at
}

// failAt makes the first n conversations fail at one step.
func (p *post) failAt(where step, n int, err error) {
	p.behave(func(at step, talk int) error {
		if at == where && talk <= n {
			return err
		}
		return nil
	})
}

func (p *post) taken() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.mails...)
}

// talk begins a conversation.
func (p *post) talk(c *smtp.Conn) (smtp.Session, error) {
	p.mu.Lock()
	// Who is refused at EHLO tries HELO: that is the same conversation.
	if p.talks[c.Conn()] == 0 {
		p.talks[c.Conn()] = len(p.talks) + 1
	}
	s := &session{post: p, conn: c.Conn(), talk: p.talks[c.Conn()]}
	p.mu.Unlock()
	return s, s.reach(greeting)
}

type session struct {
	*post
	conn     net.Conn
	talk     int
	loggedIn bool
}

// reach asks the manners what to do here.
func (s *session) reach(where step) error {
	s.mu.Lock()
	at := s.at
	s.mu.Unlock()
	if at == nil {
		return nil
	}
	err := at(where, s.talk)
	if errors.Is(err, errDrop) {
		s.conn.Close()
	}
	return err
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func (s *session) AuthMechanisms() []string {
	if s.user == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != s.user || password != s.password {
			return smtp.ErrAuthFailed
		}
		s.loggedIn = true
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.user != "" && !s.loggedIn {
		return smtp.ErrAuthRequired
	}
	return s.reach(sender)
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error { return s.reach(receiver) }

func (s *session) Data(r io.Reader) error {
	if err := s.reach(inText); err != nil {
		return err
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	err = s.reach(atDot)
	var refusal *smtp.SMTPError
	if !errors.As(err, &refusal) {
		s.mu.Lock()
		s.mails = append(s.mails, string(raw))
		s.mu.Unlock()
	}
	return err
}

// stall keeps a conversation waiting until the post office closes.
func (p *post) stall() error {
	<-p.closed
	return errDrop
}

func busy(words string) error {
	return &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: words}
}

func never(words string) error {
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: words}
}

// headerOf reads a taken mail.
func headerOf(t *testing.T, raw string) (mail.Header, string) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, raw)
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		t.Fatal(err)
	}
	return m.Header, string(body)
}
