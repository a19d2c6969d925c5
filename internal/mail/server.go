package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/mail"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Encryption is how the connection to a mail server is protected.
type Encryption string

const (
	// TLS from the first byte on.
	TLS Encryption = "tls"
	// StartTLS begins in the clear and goes no further without TLS.
	StartTLS Encryption = "starttls"
	// Clear stays in the clear.
	Clear Encryption = "none"
)

// Server is a mail server that takes mails for everywhere, and how to use it.
type Server struct {
	Host           string
	Port           int
	Encryption     Encryption
	User, Password string // empty: without logging in
	From           mail.Address
	// Roots are whom to trust for its certificate; nil for those of the system.
	Roots *x509.CertPool
}

// How long the parts of an attempt may take. The whole of a job is longer than
// their sum.
type patience struct{ connect, envelope, answer time.Duration }

// connection is an open connection to a mail server, for one letter.
type connection struct {
	conn   net.Conn
	client *smtp.Client
	patience
	uncut func() bool // ends the watch that closes the connection with the context
}

// dial connects and logs in. The connection is cut when ctx ends.
func (s Server) dial(ctx context.Context, p patience, l letter) (*connection, error) {
	c := &connection{patience: p}
	options := []gomail.Option{
		gomail.WithPort(s.Port),
		gomail.WithTimeout(p.connect),
		gomail.WithHELO(domain(s.From)),
		gomail.WithTLSConfig(s.tlsConfig()),
		gomail.WithTLSPolicy(gomail.NoTLS),
		gomail.WithDialContextFunc(func(dialling context.Context, network, address string) (conn net.Conn, err error) {
			if s.Encryption == TLS {
				conn, err = (&tls.Dialer{Config: s.tlsConfig()}).DialContext(dialling, network, address)
			} else {
				conn, err = new(net.Dialer).DialContext(dialling, network, address)
			}
			if err == nil {
				// The library neither closes a connection that fails later nor
				// looks at the context then.
				c.conn, c.uncut = conn, context.AfterFunc(ctx, func() { conn.Close() })
			}
			return conn, err
		}),
	}
	if s.Encryption == StartTLS {
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if l.ascii() {
		// Asking for it needlessly makes some servers return the mail.
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	if s.User != "" {
		options = append(options, gomail.WithUsername(s.User), gomail.WithPassword(s.Password), gomail.WithOpportunisticSMTPAuth(s.logins()...))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err == nil {
		c.client, err = client.DialToSMTPClientWithContext(ctx)
	}
	if err != nil {
		c.close()
		return nil, cannotConnect(err)
	}
	return c, nil
}

// Check asks the server whether it takes us in, with TLS and a password as they
// are set up, and sends nothing. Its error is a sentence.
func (s Server) Check(ctx context.Context) error {
	const within = 6 * time.Second
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	c, err := s.dial(ctx, patience{connect: within, envelope: within, answer: within}, letter{})
	if err == nil {
		c.close()
		return nil
	}
	var failed *failure
	if errors.As(err, &failed) {
		return errors.New(failed.words)
	}
	return err
}

func (s Server) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// logins are the ways to log in, best first. A password goes in the clear only
// under TLS, and to this machine.
func (s Server) logins() []gomail.SMTPAuthType {
	switch {
	case s.Encryption != Clear:
		return []gomail.SMTPAuthType{
			gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5,
		}
	case s.loopback():
		return []gomail.SMTPAuthType{
			gomail.SMTPAuthPlainNoEnc, gomail.SMTPAuthLoginNoEnc, gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5,
		}
	}
	return []gomail.SMTPAuthType{gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthSCRAMSHA1, gomail.SMTPAuthCramMD5}
}

func (s Server) loopback() bool {
	ip := net.ParseIP(s.Host)
	return s.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// offer names sender and recipient. The server knows nothing of the text yet.
func (c *connection) offer(l letter) error {
	if err := c.client.UpdateDeadline(c.envelope); err != nil {
		return interrupted(err)
	}
	if err := c.client.Mail(l.from); err != nil {
		return refused("the sender", err)
	}
	if err := c.client.Rcpt(l.to); err != nil {
		return refused("the recipient", err)
	}
	return nil
}

// hand gives the server the text and waits for its answer.
func (c *connection) hand(l letter) error {
	if err := c.client.UpdateDeadline(c.answer); err != nil {
		return interrupted(err)
	}
	body, err := c.client.Data()
	if err != nil {
		return refused("the mail", err)
	}
	// Up to the line with a single dot the server must not take it: whoever
	// fails before that has certainly not sent it.
	if _, err = body.Write(l.raw); err == nil {
		err = c.client.Text.W.Flush()
	}
	if err != nil {
		return interrupted(err)
	}
	return judge(body.Close()) // writes the dot and waits
}

// close says goodbye, if that is still possible.
func (c *connection) close() {
	if c.conn == nil {
		return
	}
	if c.client != nil {
		const goodbye = 2 * time.Second
		if err := c.client.UpdateDeadline(goodbye); err == nil {
			_ = c.client.Quit() // the mail's fate is known by now
		}
	}
	c.uncut()
	_ = c.conn.Close() // nothing is lost with it
}
