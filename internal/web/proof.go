package web

import (
	"net/http"
	"net/url"

	"foyer/internal/account"
	"foyer/internal/words"
)

// proving is for what changes how somebody signs in, or ends their account: they
// have to have shown lately that it is they, or do it now and come back.
func (s *Server) proving(h signedInHandler) handler {
	return s.signedIn(func(w http.ResponseWriter, r *http.Request, session account.Session) error {
		if session.Proved() {
			return h(w, r, session)
		}
		next := r.URL.Path
		if r.Method != http.MethodGet {
			next = formPage(r)
		}
		http.Redirect(w, r, "/account/confirm?"+url.Values{"next": {next}}.Encode(), http.StatusSeeOther)
		return nil
	})
}

// formPage is the page of ours that a form was on.
func formPage(r *http.Request) string {
	page, err := url.Parse(r.Referer())
	if err != nil {
		return "/account"
	}
	return ownPath(page.EscapedPath())
}

func (s *Server) confirmPage(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.showConfirm(w, r, session, http.StatusOK, Form{Values: map[string]string{"next": r.URL.Query().Get("next")}})
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) error {
	state, err := s.Factors.State(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	has, err := s.Accounts.HasPassword(r.Context(), session.User.ID)
	if err != nil {
		return err
	}
	byFactor := r.URL.Query().Get("by") == "factor" // nothing less will do
	page := ConfirmPage{
		Page: s.base(r, words.Text("proof.title")), Username: session.User.Username, Form: form,
		Password: has && !byFactor, Code: state.Any(), Passkeys: state.Passkeys > 0,
	}
	if s.OIDC != nil && !byFactor {
		connected, err := s.OIDC.Connected(r.Context(), session.User.ID)
		if err != nil {
			return err
		}
		if connected {
			page.Provider, page.ProviderAddress = s.provider(), "/account/confirm/oidc?"+url.Values{"next": {form.Value("next")}}.Encode()
		}
	}
	s.render(w, r, status, "confirm", page)
	return nil
}

// confirm takes the password of who is signed in, or a code.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "password", "code", "next")
	if err != nil {
		return err
	}
	token, err := s.prove(w, r, session, values)
	if err == nil {
		return s.begin(w, r, token, values["next"])
	}
	form, status, err := again(w, map[string]string{"next": values["next"]}, wrongCode(err))
	if err != nil {
		return err
	}
	return s.showConfirm(w, r, session, status, form)
}

func (s *Server) prove(w http.ResponseWriter, r *http.Request, session account.Session, values map[string]string) (account.Token, error) {
	if values["code"] != "" {
		if err := s.limits.code(w, r, session.User.ID); err != nil {
			return "", err
		}
		return s.Factors.Prove(r.Context(), session, values["code"])
	}
	if err := s.limits.proof(w, r, session.User.ID); err != nil {
		return "", err
	}
	return s.Accounts.Prove(r.Context(), session, values["password"])
}
