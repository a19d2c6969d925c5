package web

import (
	"errors"
	"net/http"

	"foyer/internal/account"
	"foyer/internal/account/factor"
	"foyer/internal/input"
	"foyer/internal/words"
)

// secondPage asks for the second step of a log-in.
func (s *Server) secondPage(w http.ResponseWriter, r *http.Request) error {
	user, err := s.Accounts.Halfway(r.Context(), s.halfway(r))
	if err != nil {
		return err
	}
	return s.showSecond(w, r, user, http.StatusOK, Form{Values: map[string]string{"next": r.URL.Query().Get("next")}})
}

func (s *Server) showSecond(w http.ResponseWriter, r *http.Request, user account.User, status int, form Form) error {
	state, err := s.Factors.State(r.Context(), user.ID)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, status, "second", SecondPage{Page: s.base(r, words.Text("twostep.second_title")), Form: form, App: state.AppSince != nil, Passkeys: state.Passkeys > 0})
	return nil
}

func (s *Server) second(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "code", "next")
	if err != nil {
		return err
	}
	halfway := s.halfway(r)
	user, err := s.Accounts.Halfway(r.Context(), halfway)
	if err != nil {
		return err
	}
	token, err := account.Token(""), s.limits.code(w, r, user.ID)
	if err == nil {
		token, err = s.Factors.Arrive(r.Context(), halfway, values["code"], s.token(r), origin(r))
	}
	switch {
	case err == nil:
		return s.begin(w, r, token, values["next"])
	case errors.Is(err, account.ErrSignedOut):
		return s.leave(w, r, "/login", words.Text("twostep.too_many"))
	}
	form, status, err := again(w, map[string]string{"next": values["next"]}, wrongCode(err))
	if err != nil {
		return err
	}
	return s.showSecond(w, r, user, status, form)
}

// wrongCode puts what is wrong with a code beside its field.
func wrongCode(err error) error {
	if errors.Is(err, factor.ErrWrongCode) {
		return input.Invalid{"code": words.Text("twostep.wrong_code")}
	}
	return err
}
