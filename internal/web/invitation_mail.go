package web

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/input"
	"foyer/internal/mail"
	"foyer/internal/room"
	"foyer/internal/words"
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
	as := "invitation_mail.as_member"
	switch m.Role {
	case room.Guest:
		as = "invitation_mail.as_guest"
	case room.Moderator:
		as = "invitation_mail.as_moderator"
	}
	parts := []string{words.Text(as, "by", m.By, "room", m.Room)}
	if m.Note != "" {
		parts = append(parts, words.Text("request_mail.they_write", "message", m.Note))
	}
	about := []string{words.Text("invitation_mail.once")}
	if m.ExpiresAt != nil {
		about = append(about, words.Text("invitation_mail.until", "at", m.ExpiresAt.UTC().Format("2 January 2006, 15:04")))
	}
	about = append(about, words.Text("invitation_mail.unknown"))
	parts = append(parts, words.Text("invitation_mail.open_link")+"\n"+origin+invitePath(m.Token), strings.Join(about, " "))
	return words.Text("invitation_mail.subject", "by", m.By, "room", m.Room), paragraphs(parts)
}

// mailed says what became of n invitations by mail.
func (s *Server) mailed(n int) string {
	if !s.Mails.Sends() {
		return words.Text("invitation_mail.in_the_outbox", "count", n)
	}
	return words.Text("invitation_mail.on_the_way", "count", n)
}
