package config

import (
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
)

// SMTP is how to reach the mail server.
type SMTP struct {
	Host           string // empty: there is none
	Port           int
	Encryption     string // "tls", "starttls" or "none"
	User, Password string
}

// SMTP returns what SMTP_URL says. Its errors name no part of the setting that
// could be a secret.
func (c Config) SMTP() (SMTP, error) {
	if c.SMTPURL == "" {
		return SMTP{}, nil
	}
	u, err := url.Parse(c.SMTPURL)
	if err != nil {
		// The parser's own error repeats the whole.
		return SMTP{}, errors.New("this is no address like smtp://user:password@mail.example.org:587; write special characters of the password as %XX")
	}
	s := SMTP{Host: u.Hostname(), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	switch {
	case u.Scheme != "smtp" && u.Scheme != "smtps":
		return SMTP{}, errors.New("it must begin with smtp:// (port 587, STARTTLS) or smtps:// (port 465, TLS)")
	case s.Host == "":
		return SMTP{}, errors.New("the mail server's name is missing, as in smtp://mail.example.org")
	case strings.Trim(u.Path, "/") != "" || u.Fragment != "":
		return SMTP{}, errors.New("nothing but ?tls=… may follow the mail server's name and port")
	case (s.User == "") != (s.Password == ""):
		return SMTP{}, errors.New("give both user and password, or neither")
	}
	if s.Port, err = smtpPort(u); err != nil {
		return SMTP{}, err
	}
	s.Encryption, err = smtpEncryption(u)
	return s, err
}

func smtpPort(u *url.URL) (int, error) {
	if u.Port() == "" {
		return map[string]int{"smtp": 587, "smtps": 465}[u.Scheme], nil
	}
	port, err := strconv.Atoi(u.Port())
	if err != nil || port < 1 || port > 65535 {
		return 0, fmt.Errorf("%s is no port", u.Port())
	}
	return port, nil
}

// smtpEncryption protects whatever leaves this machine, unless told not to.
func smtpEncryption(u *url.URL) (string, error) {
	query, err := url.ParseQuery(u.RawQuery)
	chosen := query.Get("tls")
	query.Del("tls")
	ip := net.ParseIP(u.Hostname())
	switch {
	case err != nil || len(query) > 0:
		return "", errors.New("nothing but ?tls=starttls or ?tls=none may follow the mail server's name and port")
	case u.Scheme == "smtps" && chosen != "":
		return "", errors.New("?tls=… goes with smtp:// only; smtps:// is TLS throughout")
	case u.Scheme == "smtps":
		return "tls", nil
	case chosen == "starttls" || chosen == "none":
		return chosen, nil
	case chosen != "":
		return "", fmt.Errorf("?tls=%s is neither starttls nor none", chosen)
	case u.Hostname() == "localhost" || ip != nil && ip.IsLoopback():
		return "none", nil
	}
	return "starttls", nil
}

// MailSender is whom mails come from.
func (c Config) MailSender() mail.Address {
	if from, err := mail.ParseAddress(c.MailFrom); err == nil {
		return *from
	}
	host := "localhost"
	if u, err := url.Parse(c.PublicOrigin()); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	if ip := net.ParseIP(host); ip != nil {
		host = addressLiteral(ip)
	}
	return mail.Address{Name: "Foyer", Address: "noreply@" + host}
}

// addressLiteral is how an IP address stands in a mail address: RFC 5321, 4.1.3.
func addressLiteral(ip net.IP) string {
	if ip.To4() != nil {
		return "[" + ip.String() + "]"
	}
	return "[IPv6:" + ip.String() + "]"
}
