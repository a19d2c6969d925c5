// Package mail sends mails by SMTP from a durable queue in Postgres, each of
// them once, and keeps those that cannot be sent for an administrator to read.
//
// A mail is a row of the table mails, written in the transaction that gives
// reason for it. While a mail server is set up, a job of River brings it to a
// Sender, on whichever node. That never sends a mail twice: it marks the row as
// handed over, durably, before the server is given the text, and only an answer
// of the server, or the certainty that it cannot have the text, takes the mark
// away. A mail whose answer never came, because the program or the connection
// ended in between, stays Uncertain until an administrator decides.
package mail

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"foyer/internal/input"
)

// ID names a mail; later ones have greater ids.
type ID string

// Kind is what a mail is for, like "invitation": small letters and underscores.
type Kind string

// State is how far a mail has come. The comments in the migration say what each
// means.
type State string

const (
	Held      State = "held"
	Waiting   State = "waiting"
	Handed    State = "handed"
	Sent      State = "sent"
	Failed    State = "failed"
	Uncertain State = "uncertain"
	Lapsed    State = "lapsed"
)

// Sendable reports whether an administrator may have a mail in this state sent
// now: its text is kept, and nobody is handing it over.
func (s State) Sendable() bool {
	return s == Held || s == Waiting || s == Failed || s == Uncertain
}

const (
	// Life is how long a mail can be sent; then its text is erased.
	Life = 7 * 24 * time.Hour
	// trace is how much longer its row stays, to look up what became of it.
	trace = 23 * 24 * time.Hour
	// mostText is the greatest length of a text, in bytes.
	mostText = 32 << 10
)

// Message is a mail to be written.
type Message struct {
	To      string // the address alone
	Name    string // of the recipient; may be empty
	Subject string // must hold no secret: it is stored as it is
	Text    string // plain text; may hold links that let somebody in
	Kind    Kind
}

// Mail is a stored mail without its text.
type Mail struct {
	ID        ID
	Kind      Kind
	State     State
	To, Name  string
	Subject   string
	Attempts  int
	Error     string // what went wrong last, as a sentence; or empty
	CreatedAt time.Time
	NextAt    *time.Time // of the next attempt, while Waiting
	SentAt    *time.Time
	LapsesAt  time.Time
}

var (
	kindPattern = regexp.MustCompile(`^[a-z_]{1,32}$`)
	// addressPattern leaves the part before the @ open, as registration does: it
	// is quoted where it needs to be.
	addressPattern = regexp.MustCompile(`^[^\s@]+@[^\s@<>()\[\],;:\\"]+$`)
)

// check returns the message as it is stored, or input.Invalid with the fields
// to, name, subject, text and kind. What could begin another header, or hide
// what one says, is refused.
func (m Message) check() (Message, error) {
	bad := input.Invalid{}
	m.To = bad.Line("to", m.To, 3, 254)
	if bad["to"] == "" && (len(m.To) > 254 || !addressPattern.MatchString(m.To)) {
		bad.Add("to", "This is not an email address. It looks like name@example.org.")
	}
	m.Name = bad.Line("name", m.Name, 0, 64)
	m.Subject = bad.Line("subject", m.Subject, 1, 200)
	switch {
	case strings.TrimSpace(m.Text) == "":
		bad.Add("text", "Fill this in.")
	case len(m.Text) > mostText, !utf8.ValidString(m.Text), strings.ContainsRune(m.Text, 0):
		bad.Add("text", "This is not text, or too much of it.")
	}
	if !kindPattern.MatchString(string(m.Kind)) {
		bad.Add("kind", "Use small letters and underscores.")
	}
	return m, bad.Err()
}
