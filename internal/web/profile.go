package web

import (
	"context"
	"net/http"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/words"
)

// Pages of one's account. Whoever changes how they sign in, or where mail about it
// goes, has shown lately that it is they: see proving.

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	s.showProfile(w, r, session, http.StatusOK, Form{Values: map[string]string{"display_name": session.User.DisplayName}})
	return nil
}

func (s *Server) showProfile(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) {
	page := ProfilePage{Page: s.base(r, words.Text("profile.title")), Form: form, Email: session.User.Email, Verified: session.User.VerifiedAt != nil}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "account", page)
}

func (s *Server) renameAccount(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "display_name")
	if err != nil {
		return err
	}
	err = s.Accounts.Rename(r.Context(), session.User.ID, values["display_name"])
	if err == nil {
		return s.leave(w, r, "/account", words.Text("profile.renamed"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.showProfile(w, r, session, status, form)
	return nil
}

// sendVerify mails a link that shows the account's address to be theirs.
func (s *Server) sendVerify(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.limits.link(w, r, string(session.User.ID)); err != nil {
		return err
	}
	if err := s.Recovery.SendVerify(r.Context(), session, session.User.Email, s.writeLink); err != nil {
		return err
	}
	return s.leave(w, r, "/account", s.linkSent(session.User.Email))
}

func (s *Server) emailPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	s.showEmail(w, r, session, http.StatusOK, Form{})
	return nil
}

func (s *Server) showEmail(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) {
	s.render(w, r, status, "account_email", EmailPage{Page: s.base(r, words.Text("profile.email_title")), Form: form, Email: session.User.Email})
}

// changeEmail mails a link to an address that shall be the account's. It is once
// the link is opened, so that nobody has an address that they do not read.
func (s *Server) changeEmail(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "email")
	if err != nil {
		return err
	}
	if err = s.limits.link(w, r, string(session.User.ID)); err == nil {
		err = s.Recovery.SendVerify(r.Context(), session, values["email"], s.writeLink)
	}
	if err == nil {
		return s.leave(w, r, "/account", s.linkSent(values["email"]))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.showEmail(w, r, session, status, form)
	return nil
}

// linkSent says that a link is on its way, or where it waits.
func (s *Server) linkSent(to string) string {
	if !s.Mails.Sends() {
		return words.Text("recovery.link_in_outbox", "to", to)
	}
	return words.Text("recovery.link_sent", "to", to)
}

const passwordPath = "/account/password"

func (s *Server) passwordPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showPassword(w, r, session, http.StatusOK, Form{})
}

func (s *Server) showPassword(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) error {
	has, err := s.Accounts.HasPassword(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	page := PasswordPage{Page: s.base(r, words.Text("password.title")), Form: form, First: !has, Provider: s.provider()}
	if s.OIDC != nil {
		if page.Connected, err = s.OIDC.Connected(r.Context(), session.User.ID); err != nil {
			return err
		}
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "account_password", page)
	return nil
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "current_password", "password")
	if err != nil {
		return err
	}
	has, err := s.Accounts.HasPassword(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	if !has {
		return s.proving(s.firstPassword)(w, r)
	}
	if err = s.limits.proof(w, r, session.User.ID); err == nil {
		err = s.Accounts.ChangePassword(r.Context(), session.User.ID, session.ID, values["current_password"], values["password"], s.tellPasswordChanged)
	}
	return s.passwordChanged(w, r, session, values, err)
}

// firstPassword is for who came in without one.
func (s *Server) firstPassword(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "password")
	if err != nil {
		return err
	}
	err = s.Accounts.FirstPassword(r.Context(), session.User, session.ID, values["password"], s.tellPasswordChanged)
	return s.passwordChanged(w, r, session, values, err)
}

func (s *Server) passwordChanged(w http.ResponseWriter, r *http.Request, session account.Session, values map[string]string, err error) error {
	if err == nil {
		token, err := s.Accounts.Proven(r.Context(), session.ID)
		if err != nil {
			return err
		}
		if err := s.setToken(w, r, token); err != nil {
			return err
		}
		return s.leave(w, r, passwordPath, words.Text("password.changed"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showPassword(w, r, session, status, form)
}

// tellPasswordChanged writes to whose password was changed, whoever did it.
func (s *Server) tellPasswordChanged(ctx context.Context, tx pgx.Tx, user account.User) error {
	return s.tellAbout(ctx, tx, user, "password_changed")
}

// tellMoved writes to the address that an account had until now.
func (s *Server) tellMoved(ctx context.Context, tx pgx.Tx, user account.User) error {
	return s.tellAbout(ctx, tx, user, "email_changed")
}

// writeLink mails a link. It leads to the address that the service is configured
// to have.
func (s *Server) writeLink(ctx context.Context, tx pgx.Tx, l recovery.Letter) error {
	l.User.Email = l.To
	link := s.LinkOrigin + linkPath(l.Kind, l.Token)
	return s.writeAbout(ctx, tx, l.User, string(l.Kind), "name", l.User.DisplayName, "username", l.User.Username, "link", link)
}
