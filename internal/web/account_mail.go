package web

import (
	"context"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/mail"
	"foyer/internal/words"
)

// writeAbout writes to somebody about their account: subject and text are in the
// catalogue under the mail's kind.
func (s *Server) writeAbout(ctx context.Context, tx pgx.Tx, to account.User, kind string, values ...any) error {
	return s.write(ctx, tx, []account.User{to}, mail.Message{
		Kind: mail.Kind(kind), Subject: words.Text("accountmail." + kind + "_subject"), Text: words.Text("accountmail."+kind, values...),
	})
}

// tellAbout tells somebody of a change of their account, so that they can act if
// it was not them.
func (s *Server) tellAbout(ctx context.Context, tx pgx.Tx, to account.User, kind string) error {
	return s.writeAbout(ctx, tx, to, kind, "name", to.DisplayName, "username", to.Username, "forgot", s.LinkOrigin+"/login/forgot")
}
