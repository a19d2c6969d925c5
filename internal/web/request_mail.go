package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/mail"
	"foyer/internal/room"
)

const (
	requestMail  = mail.Kind("join_request")
	decisionMail = mail.Kind("join_decision")
)

// tellRequested writes to those who can grant a request to join the visited room.
func (s *Server) tellRequested(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, request room.JoinRequest, to []account.User) error {
		var text strings.Builder
		fmt.Fprintf(&text, "%s (%s) asks to join the video room “%s”.\n\n", request.DisplayName, request.Username, v.Room.Name)
		if request.Message != "" {
			fmt.Fprintf(&text, "They write: %s\n\n", request.Message)
		}
		fmt.Fprintf(&text, "Accept or decline here, or on your dashboard:\n%s%s\n\nYou get this because you decide who belongs to the room.\n", s.LinkOrigin, membersPath(v))
		return s.write(ctx, tx, to, mail.Message{Kind: requestMail, Subject: request.DisplayName + " asks to join " + v.Room.Name, Text: text.String()})
	}
}

// tellGranted and tellDeclined write to whoever asked.
func (s *Server) tellGranted(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, _ room.JoinRequest, to []account.User) error {
		text := fmt.Sprintf("You asked to join the video room “%s”, and now you belong to it:\n%s/r/%s\n", v.Room.Name, s.LinkOrigin, v.Room.Slug)
		return s.write(ctx, tx, to, mail.Message{Kind: decisionMail, Subject: "You belong to " + v.Room.Name, Text: text})
	}
}

func (s *Server) tellDeclined(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, _ room.JoinRequest, to []account.User) error {
		text := fmt.Sprintf("You asked to join the video room “%s”. An owner or moderator has declined.\n", v.Room.Name)
		return s.write(ctx, tx, to, mail.Message{Kind: decisionMail, Subject: "Your request to join " + v.Room.Name, Text: text})
	}
}

// write has a mail sent to each of some people once tx commits. Whoever has an
// address that no mail can go to gets none: what the mail is about happens all
// the same, and shows on their pages.
func (s *Server) write(ctx context.Context, tx pgx.Tx, to []account.User, message mail.Message) error {
	for _, user := range to {
		message.To, message.Name = user.Email, user.DisplayName
		_, err := s.Mails.Enqueue(ctx, tx, message)
		var invalid input.Invalid
		if errors.As(err, &invalid) && invalid["to"] != "" {
			s.Log.Warn("no mail to an address that cannot have one", "user_id", user.ID, "kind", message.Kind)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
