package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/room"
)

// deliver has an invitation sent that is for an address, once tx commits.
func (s *Server) deliver(ctx context.Context, tx pgx.Tx, m room.MadeInvitation) error {
	if m.Email == "" {
		return nil
	}
	return errors.New("mail is not wired yet")
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

// mailed says how many invitations were sent.
func mailed(n int) string {
	if n == 1 {
		return "The invitation is on its way."
	}
	return fmt.Sprintf("%d invitations are on their way.", n)
}
