package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/input"
	"foyer/internal/words"
)

func (s *Server) signupPage(w http.ResponseWriter, r *http.Request) error {
	next := r.URL.Query().Get("next")
	if err := s.maySignUp(w, r, next); err != nil {
		return err
	}
	s.render(w, r, http.StatusOK, "signup", SignupPage{Page: s.base(r, words.Text("account.sign_up")), Next: next})
	return nil
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "username", "email", "display_name", "password", "next")
	if err != nil {
		return err
	}
	if err := s.maySignUp(w, r, values["next"]); err != nil {
		return err
	}
	user, err := account.User{}, s.limits.signup(w, r)
	if err == nil {
		user, err = s.Accounts.SignUp(r.Context(), registration(values), s.signingUp(values["next"]))
	}
	switch {
	case err == nil && s.Accounts.MayEnter(user) != nil:
		return s.leaveUnverified(w, r, user.Username, words.Text("policy.signed_up"), values["next"])
	case err == nil:
		return s.beginFor(w, r, user, values["next"])
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.render(w, r, status, "signup", SignupPage{Page: s.base(r, words.Text("account.sign_up")), Form: form, Next: values["next"]})
	return nil
}

// welcome mails somebody who has signed up a link that shows their address to be
// theirs.
func (s *Server) welcome(ctx context.Context, tx pgx.Tx, user account.User) error {
	return recovery.Send(ctx, tx, user, recovery.Verify, user.Email, s.writeLink)
}

func registration(values map[string]string) account.Registration {
	return account.Registration{
		Username:    values["username"],
		Email:       values["email"],
		DisplayName: values["display_name"],
		Password:    values["password"],
	}
}

func (s *Server) beginFor(w http.ResponseWriter, r *http.Request, user account.User, next string) error {
	token, err := s.Accounts.Begin(r.Context(), user.ID, account.ByMaking, s.token(r), origin(r))
	if err != nil {
		return err
	}
	return s.begin(w, r, token, next)
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	s.showLogin(w, r, http.StatusOK, Form{}, cmp.Or(r.URL.Query().Get("next"), s.keptNext(r)))
	return nil
}

func (s *Server) showLogin(w http.ResponseWriter, r *http.Request, status int, form Form, next string) {
	page := LoginPage{Page: s.base(r, words.Text("account.log_in")), Form: form, Next: next, SignupOpen: s.signupOpen()}
	if s.OIDC != nil {
		page.Provider, page.ProviderAddress = s.provider(), oidcAddress(next)
	}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "login", page)
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "login", "password", "next")
	if err != nil {
		return err
	}
	entry, err := account.Entry{}, s.limits.login(w, r, values["login"])
	if err == nil {
		entry, err = s.Accounts.LogIn(r.Context(), values["login"], values["password"], s.token(r), origin(r))
	}
	if err == nil {
		return s.enter(w, r, entry, values["next"])
	}
	if errors.Is(err, account.ErrUnverified) {
		return s.leaveUnverified(w, r, values["login"], "", values["next"])
	}
	wrong := errors.Is(err, account.ErrWrongPassword)
	if wrong {
		err = input.Invalid{"": words.Text("account.this_name_and_password_do")}
	}
	form, status, err := again(w, values, err)
	if wrong {
		status = http.StatusUnauthorized
	}
	if err != nil {
		return err
	}
	s.showLogin(w, r, status, form, values["next"])
	return nil
}

func (s *Server) logOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Accounts.End(r.Context(), s.token(r)); err != nil {
		return err
	}
	if err := s.clearToken(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// whoIsSignedIn tells pages that are still open whose they are by now.
func (s *Server) whoIsSignedIn(w http.ResponseWriter, _ *http.Request, session account.Session) error {
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, http.StatusOK, map[string]string{"username": session.User.Username})
	return nil
}

var setupTitle = words.Text("account.set_up_foyer")

func (s *Server) setupPage(w http.ResponseWriter, r *http.Request) error {
	token := account.Token(r.URL.Query().Get("token"))
	open, err := s.Accounts.SetupLinkOpen(r.Context(), token)
	if err != nil {
		return err
	}
	page := SetupPage{Page: s.base(r, setupTitle), Token: string(token)}
	status := http.StatusOK
	if !open {
		page.Token, status = "", http.StatusNotFound
	}
	s.render(w, r, status, "setup", page)
	return nil
}

func (s *Server) setUp(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "token", "username", "email", "display_name", "password")
	if err != nil {
		return err
	}
	token := account.Token(values["token"])
	open, err := s.Accounts.SetupLinkOpen(r.Context(), token)
	if err != nil {
		return err
	}
	page := SetupPage{Page: s.base(r, setupTitle), Token: string(token)}
	user, err := account.User{}, account.ErrSetupDone
	if open {
		user, err = s.Accounts.SetUp(r.Context(), token, registration(values))
	}
	switch {
	case err == nil:
		return s.beginFor(w, r, user, "/")
	case errors.Is(err, account.ErrSetupDone):
		page.Token = ""
		s.render(w, r, http.StatusNotFound, "setup", page)
		return nil
	}
	var status int
	if page.Form, status, err = again(w, values, err); err != nil {
		return err
	}
	s.render(w, r, status, "setup", page)
	return nil
}
