package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/problem"
	"foyer/internal/words"
)

func linkPath(kind recovery.Kind, token account.Token) string {
	return "/" + string(kind) + "/" + string(token)
}

func (s *Server) forgotPage(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusOK, "forgot", ForgotPage{Page: s.base(r, words.Text("recovery.forgot_title")), Sends: s.Mails.Sends()})
	return nil
}

// forgot takes a name or address and says the same whether or not there is such an
// account.
func (s *Server) forgot(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "login")
	if err != nil {
		return err
	}
	if err = s.limits.link(w, r, values["login"]); err == nil {
		err = s.Recovery.Ask(r.Context(), recovery.Reset, values["login"])
	}
	page := ForgotPage{Page: s.base(r, words.Text("recovery.forgot_title")), Sends: s.Mails.Sends(), Asked: err == nil}
	status := http.StatusOK
	if err != nil {
		if page.Form, status, err = again(w, values, err); err != nil {
			return err
		}
	}
	s.render(w, r, status, "forgot", page)
	return nil
}

// openLink finds whose a mailed link is. Those who try links are stopped after a
// while.
func (s *Server) openLink(w http.ResponseWriter, r *http.Request, kind recovery.Kind) (user account.User, to string, err error) {
	private(w)
	if s.limits.tooManyWrongLinks(addressKey(r)) {
		return account.User{}, "", problem.ErrTooMany
	}
	user, to, err = s.Recovery.Open(r.Context(), kind, linkToken(r))
	if errors.Is(err, recovery.ErrLink) {
		s.limits.wrongLink(addressKey(r))
	}
	return user, to, err
}

func linkToken(r *http.Request) account.Token { return account.Token(chi.URLParam(r, "link")) }

func (s *Server) resetPage(w http.ResponseWriter, r *http.Request) error {
	user, _, err := s.openLink(w, r, recovery.Reset)
	if err != nil {
		return err
	}
	s.showReset(w, r, user, http.StatusOK, Form{})
	return nil
}

func (s *Server) showReset(w http.ResponseWriter, r *http.Request, user account.User, status int, form Form) {
	s.render(w, r, status, "reset", ResetPage{Page: s.base(r, words.Text("recovery.reset_title")), Path: r.URL.EscapedPath(), Username: user.Username, Form: form})
}

// reset sets a new password. It signs nobody in: a second step, where there is one,
// is asked for as ever.
func (s *Server) reset(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "password")
	if err != nil {
		return err
	}
	user, _, err := s.openLink(w, r, recovery.Reset)
	if err != nil {
		return err
	}
	_, err = s.Recovery.Reset(r.Context(), linkToken(r), values["password"], s.tellPasswordChanged)
	if err == nil {
		return s.leave(w, r, "/login", words.Text("recovery.reset_done"))
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.showReset(w, r, user, status, form)
	return nil
}

// verifyPage only shows the button: programs that look at links in mails must not
// use them up.
func (s *Server) verifyPage(w http.ResponseWriter, r *http.Request) error {
	user, to, err := s.openLink(w, r, recovery.Verify)
	if err != nil {
		return err
	}
	s.showVerify(w, r, user, to, http.StatusOK, Form{})
	return nil
}

func (s *Server) showVerify(w http.ResponseWriter, r *http.Request, user account.User, to string, status int, form Form) {
	s.render(w, r, status, "verify", VerifyPage{Page: s.base(r, words.Text("recovery.verify_title")), Path: r.URL.EscapedPath(), Username: user.Username, Email: to, Form: form})
}

func (s *Server) verify(w http.ResponseWriter, r *http.Request) error {
	user, to, err := s.openLink(w, r, recovery.Verify)
	if err != nil {
		return err
	}
	_, err = s.Recovery.Verify(r.Context(), linkToken(r), s.tellMoved)
	if err == nil {
		return s.leave(w, r, s.afterVerified(r), words.Text("recovery.verified", "email", to))
	}
	form, status, err := again(w, map[string]string{}, err)
	if err != nil {
		return err
	}
	s.showVerify(w, r, user, to, status, form)
	return nil
}

// afterVerified is where somebody goes on to who has confirmed their address: where
// they wanted to go when they had to, once they are in.
func (s *Server) afterVerified(r *http.Request) string {
	next := s.keptNext(r)
	if next == "" {
		return "/account"
	}
	return "/login?" + url.Values{"next": {next}}.Encode()
}
