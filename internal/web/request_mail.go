package web

import (
	"context"
	"errors"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/input"
	"foyer/internal/mail"
	"foyer/internal/room"
	"foyer/internal/words"
)

const (
	requestMail  = mail.Kind("join_request")
	decisionMail = mail.Kind("join_decision")
)

// tellRequested writes to those who can grant a request to join the visited room.
func (s *Server) tellRequested(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, request room.JoinRequest, to []account.User) error {
		parts := []string{words.Text("request_mail.asks", "name", request.DisplayName, "username", request.Username, "room", v.Room.Name)}
		if request.Message != "" {
			parts = append(parts, words.Text("request_mail.they_write", "message", request.Message))
		}
		parts = append(parts, words.Text("request_mail.decide")+"\n"+s.LinkOrigin+membersPath(v), words.Text("request_mail.why"))
		subject := words.Text("request_mail.asks_subject", "name", request.DisplayName, "room", v.Room.Name)
		return s.write(ctx, tx, to, mail.Message{Kind: requestMail, Subject: subject, Text: paragraphs(parts)})
	}
}

// tellGranted and tellDeclined write to whoever asked.
func (s *Server) tellGranted(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, _ room.JoinRequest, to []account.User) error {
		text := words.Text("request_mail.granted", "room", v.Room.Name) + "\n" + s.LinkOrigin + "/r/" + v.Room.Slug
		return s.write(ctx, tx, to, mail.Message{Kind: decisionMail, Subject: words.Text("request_mail.granted_subject", "room", v.Room.Name), Text: paragraphs([]string{text})})
	}
}

func (s *Server) tellDeclined(v room.Visit) room.Tell {
	return func(ctx context.Context, tx pgx.Tx, _ room.JoinRequest, to []account.User) error {
		text := words.Text("request_mail.declined", "room", v.Room.Name)
		return s.write(ctx, tx, to, mail.Message{Kind: decisionMail, Subject: words.Text("request_mail.declined_subject", "room", v.Room.Name), Text: paragraphs([]string{text})})
	}
}

// paragraphs makes the text of a mail of its parts.
func paragraphs(parts []string) string { return strings.Join(parts, "\n\n") + "\n" }

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
