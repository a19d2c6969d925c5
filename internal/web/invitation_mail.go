package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/mail"
	"foyer/internal/room"
)

// deliver has an invitation sent that is for an address, once tx commits. It
// returns input.Invalid with field emails.
func (s *Server) deliver(ctx context.Context, tx pgx.Tx, m room.MadeInvitation) error {
	if m.Email == "" {
		return nil
	}
	subject, text := invitationText(s.LinkOrigin, m)
	_, err := s.Mails.Enqueue(ctx, tx, mail.Message{To: m.Email, Subject: subject, Text: text, Kind: "invitation"})
	var invalid input.Invalid
	if errors.As(err, &invalid) && invalid["to"] != "" {
		return input.Invalid{"emails": m.Email + ": " + invalid["to"]}
	}
	return err
}

// invitationText is what the mail says.
func invitationText(origin string, m room.MadeInvitation) (subject, text string) {
	as := "to belong to it"
	switch m.Role {
	case room.Guest:
		as = "to come in as a guest; you need no account"
	case room.Moderator:
		as = "to be one of its moderators"
	}
	var body strings.Builder
	fmt.Fprintf(&body, "%s invites you to the video room “%s”: %s.\n\n", m.By, m.Room, as)
	if m.Note != "" {
		fmt.Fprintf(&body, "They write: %s\n\n", m.Note)
	}
	fmt.Fprintf(&body, "Open this link to come in:\n%s%s\n\n", origin, invitePath(m.Token))
	body.WriteString("It is for you alone and works once.")
	if m.ExpiresAt != nil {
		fmt.Fprintf(&body, " It works until %s UTC.", m.ExpiresAt.UTC().Format("2 January 2006, 15:04"))
	}
	body.WriteString(" If you do not know who sent it, do nothing.\n")
	return m.By + " invites you to " + m.Room, body.String()
}

// mailed says what became of n invitations by mail.
func (s *Server) mailed(n int) string {
	what, where := "The invitation is", "it"
	if n > 1 {
		what, where = fmt.Sprintf("%d invitations are", n), "them"
	}
	if !s.Mails.Sends() {
		return what + " written. No mail server is set up here: an administrator finds " + where + " in the outbox."
	}
	return what + " on the way."
}
