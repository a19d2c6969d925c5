package mail

import (
	"bytes"
	"fmt"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// letter is a mail as it goes to the mail server.
type letter struct {
	from, to string // for MAIL FROM and RCPT TO, in angle brackets
	raw      []byte // headers and text
}

// compose writes a mail. From one sender it is the same each time, its Message-ID
// too, so that whoever receives it twice can see that it is one.
func compose(from mail.Address, m Mail, text string) (letter, error) {
	from.Address = deliverable(from.Address)
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(&from)
	msg.ToMailAddress(&mail.Address{Name: m.Name, Address: deliverable(m.To)})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.CreatedAt.UTC().Truncate(time.Second))
	msg.SetMessageIDWithValue(string(m.ID) + "@" + domain(from))
	// Keeps out-of-office replies and the like away: RFC 3834.
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(gomail.TypeTextPlain, lineEnds.Replace(text))

	var l letter
	var raw bytes.Buffer
	_, err := msg.WriteTo(&raw)
	if err == nil {
		l.from, err = msg.GetSender(false)
	}
	var to []string
	if err == nil {
		to, err = msg.GetRecipients()
	}
	if err != nil {
		return letter{}, fmt.Errorf("compose mail: %w", err)
	}
	l.to, l.raw = to[0], raw.Bytes()
	return l, nil
}

// lineEnds makes all ends of lines alike; in the mail they become CRLF.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// domain is what stands behind the @ of an address, in ASCII.
func domain(a mail.Address) string {
	address := deliverable(a.Address)
	return address[strings.LastIndexByte(address, '@')+1:]
}

// deliverable is an address with its domain as every mail server takes it: in
// ASCII. What stands before the @ is for the last of them alone to understand, and
// one that does not take it as it is cannot have the mail.
func deliverable(address string) string {
	at := strings.LastIndexByte(address, '@') + 1
	domain, err := idna.Lookup.ToASCII(address[at:])
	if err != nil {
		return address
	}
	return address[:at] + domain
}

func (l letter) ascii() bool {
	for _, b := range []byte(l.from + l.to) {
		if b >= 0x80 {
			return false
		}
	}
	return true
}
