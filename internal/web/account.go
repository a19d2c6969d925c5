package web

import (
	"errors"
	"net/http"

	"foyer/internal/account"
	"foyer/internal/input"
)

func (s *Server) signupPage(w http.ResponseWriter, r *http.Request) error {
	if !s.SignupOpen {
		return errSignupClosed
	}
	s.render(w, r, http.StatusOK, "signup", SignupPage{Page: s.base(r, "Sign up"), Next: r.URL.Query().Get("next")})
	return nil
}

func (s *Server) signUp(w http.ResponseWriter, r *http.Request) error {
	if !s.SignupOpen {
		return errSignupClosed
	}
	values, err := readForm(r, "username", "email", "display_name", "password", "next")
	if err != nil {
		return err
	}
	user, err := account.User{}, s.limits.signup(w, r)
	if err == nil {
		user, err = s.Accounts.Register(r.Context(), registration(values))
	}
	if err == nil {
		return s.beginFor(w, r, user, values["next"])
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.render(w, r, status, "signup", SignupPage{Page: s.base(r, "Sign up"), Form: form, Next: values["next"]})
	return nil
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
	token, err := s.Accounts.Begin(r.Context(), user.ID, s.token(r), origin(r))
	if err != nil {
		return err
	}
	return s.begin(w, r, token, next)
}

func (s *Server) loginPage(w http.ResponseWriter, r *http.Request) error {
	s.render(w, r, http.StatusOK, "login", LoginPage{
		Page: s.base(r, "Log in"), Next: r.URL.Query().Get("next"), SignupOpen: s.SignupOpen,
	})
	return nil
}

func (s *Server) logIn(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "login", "password", "next")
	if err != nil {
		return err
	}
	token, err := account.Token(""), s.limits.login(w, r, values["login"])
	if err == nil {
		token, err = s.Accounts.LogIn(r.Context(), values["login"], values["password"], s.token(r), origin(r))
	}
	if err == nil {
		return s.begin(w, r, token, values["next"])
	}
	wrong := errors.Is(err, account.ErrWrongPassword)
	if wrong {
		err = input.Invalid{"": "This name and password do not belong together. Check both and try again."}
	}
	form, status, err := again(w, values, err)
	if wrong {
		status = http.StatusUnauthorized
	}
	if err != nil {
		return err
	}
	s.render(w, r, status, "login", LoginPage{Page: s.base(r, "Log in"), Form: form, Next: values["next"], SignupOpen: s.SignupOpen})
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

const setupTitle = "Set up Foyer"

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

func (s *Server) accountPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showAccount(w, r, session, http.StatusOK, Form{}, Form{})
}

func (s *Server) showAccount(w http.ResponseWriter, r *http.Request, session account.Session, status int, form, passwordForm Form) error {
	count, err := s.Accounts.CountSessions(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	if form.Values == nil {
		form.Values = map[string]string{"display_name": session.User.DisplayName}
	}
	page := AccountPage{Page: s.base(r, "Account"), Email: session.User.Email, Form: form, PasswordForm: passwordForm, Sessions: count, Administrator: session.User.Administrator}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, status, "account", page)
	return nil
}

func (s *Server) renameAccount(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "display_name")
	if err != nil {
		return err
	}
	err = s.Accounts.Rename(r.Context(), session.User.ID, values["display_name"])
	if err == nil {
		return s.leave(w, r, "/account", "Your name is changed.")
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showAccount(w, r, session, status, form, Form{})
}

func (s *Server) changePassword(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "current_password", "password")
	if err != nil {
		return err
	}
	if err := s.limits.login(w, r, session.User.Username); err != nil {
		return err
	}
	err = s.Accounts.ChangePassword(r.Context(), session.User.ID, session.ID, values["current_password"], values["password"])
	if err == nil {
		return s.leave(w, r, "/account", "Your password is changed. Everywhere else you are signed out.")
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	return s.showAccount(w, r, session, status, Form{}, form)
}

func (s *Server) signOutEverywhere(w http.ResponseWriter, r *http.Request, session account.Session) error {
	if err := s.Accounts.EndAll(r.Context(), session.User.ID); err != nil {
		return err
	}
	if err := s.clearToken(w, r); err != nil {
		return err
	}
	http.Redirect(w, r, "/login", http.StatusSeeOther)
	return nil
}
