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
	s.showConfirm(w, r, session, http.StatusOK, Form{Values: map[string]string{"next": r.URL.Query().Get("next")}})
	return nil
}

func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, session account.Session, status int, form Form) {
	s.render(w, r, status, "confirm", ConfirmPage{Page: s.base(r, words.Text("proof.title")), Username: session.User.Username, Form: form})
}

// confirm takes the password of who is signed in.
func (s *Server) confirm(w http.ResponseWriter, r *http.Request, session account.Session) error {
	values, err := readForm(r, "password", "next")
	if err != nil {
		return err
	}
	token, err := account.Token(""), s.limits.proof(w, r, session.User.ID)
	if err == nil {
		token, err = s.Accounts.Prove(r.Context(), session, values["password"])
	}
	if err == nil {
		return s.begin(w, r, token, values["next"])
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	s.showConfirm(w, r, session, status, form)
	return nil
}
