package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/textproto"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// outcome is what an attempt that did not succeed means for the mail.
type outcome int

const (
	forNow  outcome = iota // certainly not sent; to be tried again
	forGood                // certainly not sent; trying again is of no use
	unknown                // perhaps sent
)

// failure is why an attempt did not succeed.
type failure struct {
	outcome
	words string // for the administrator: a sentence
	err   error
}

func (f *failure) Error() string { return f.words + " (" + f.err.Error() + ")" }

func (f *failure) Unwrap() error { return f.err }

const (
	noAnswer  = "The connection ended before the mail server said whether it has the mail."
	cutOff    = "The connection to the mail server ended too early."
	tooSlow   = "The mail server did not answer in time."
	shutdown  = "Foyer was stopped during the attempt."
	cannotUse = "The mail server cannot be used"
)

// cannotConnect is for all that comes before the first word about a mail. It is
// never the mail's fault, so it is tried again whatever the server said.
func cannotConnect(err error) error {
	f := &failure{outcome: forNow, err: err}
	var reply *textproto.Error
	var unknownName *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &reply) && (reply.Code == 535 || reply.Code == 534 || reply.Code == 530):
		f.words = "The mail server does not accept the user name and password: " + said(reply)
	case errors.As(err, &reply):
		f.words = cannotUse + ": " + said(reply)
	case errors.As(err, &unknownName):
		f.words = "The mail server's name is not known: " + unknownName.Name + "."
	case errors.As(err, &certificate):
		f.words = "The mail server's certificate is not good: " + certificate.Err.Error() + "."
	case errors.As(err, &record):
		f.words = cannotUse + ": it does not speak TLS at this port."
	case errors.Is(err, syscall.ECONNREFUSED):
		f.words = "Nothing answers at the mail server's address and port."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		f.words = tooSlow
	case ended(err):
		f.words = cutOff
	default:
		f.words = cannotUse + ": " + err.Error() + "."
	}
	return f
}

// refused is for what the server answers, or does not, before it has the text.
func refused(what string, err error) error {
	var reply *textproto.Error
	if !errors.As(err, &reply) {
		return interrupted(err)
	}
	f := &failure{outcome: forNow, words: "The mail server does not take " + what + " now: " + said(reply), err: err}
	if permanent(reply) {
		f.outcome, f.words = forGood, "The mail server refuses "+what+": "+said(reply)
	}
	return f
}

// interrupted is for a connection that ended before the server had the text.
func interrupted(err error) error {
	words := cutOff
	if errors.Is(err, os.ErrDeadlineExceeded) {
		words = tooSlow
	}
	return &failure{outcome: forNow, words: words, err: err}
}

// judge is for how the wait for the server's last answer ended.
func judge(err error) error {
	var reply *textproto.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &reply):
		return &failure{outcome: unknown, words: noAnswer, err: err}
	case reply.Code/100 == 2:
		return nil
	case reply.Code/100 == 4, reply.Code/100 == 5:
		return refused("the mail", err)
	}
	return &failure{outcome: unknown, words: "The mail server's last answer makes no sense: " + said(reply), err: err}
}

func permanent(reply *textproto.Error) bool { return reply.Code/100 == 5 }

func ended(err error) bool {
	return errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) || strings.Contains(err.Error(), "EOF")
}

// said is a server's answer on one line, of a length to be read.
func said(reply *textproto.Error) string {
	const most = 300
	text := strconv.Itoa(reply.Code) + " " + reply.Msg
	line := strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")), " ")
	if runes := []rune(line); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return line
}

var longWord = regexp.MustCompile(`[A-Za-z0-9_-]{12,}`)

// without leaves out of a server's words what it repeats of a secret text, like
// the token of a link.
func without(words, secret string) string {
	return longWord.ReplaceAllStringFunc(words, func(word string) string {
		if strings.Contains(secret, word) {
			return "…"
		}
		return word
	})
}
