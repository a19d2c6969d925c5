package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"foyer/internal/account"
	"foyer/internal/account/oidc"
	"foyer/internal/postgres"
	"foyer/internal/words"
)

const oidcCallback = "/login/oidc/callback"

// OIDCCallback is where a provider sends people back to, at the origin by which
// the service is reached.
func OIDCCallback(origin string) string { return origin + oidcCallback }

// provider is the name of the provider, empty when there is none.
func (s *Server) provider() string {
	if s.OIDC == nil {
		return ""
	}
	return s.OIDC.Name
}

// providing is for what there is with a provider only.
func (s *Server) providing(h handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if s.OIDC == nil {
			return postgres.ErrNotFound
		}
		return h(w, r)
	}
}

func (s *Server) oidcLogin(w http.ResponseWriter, r *http.Request) error {
	return s.toProvider(w, r, oidc.Enter, "", r.URL.Query().Get("next"))
}

func (s *Server) oidcConnect(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.toProvider(w, r, oidc.Connect, session.ID, passwordPath)
}

func (s *Server) oidcProof(w http.ResponseWriter, r *http.Request, session account.Session) error {
	return s.toProvider(w, r, oidc.Prove, session.ID, r.URL.Query().Get("next"))
}

// toProvider sends a browser to the provider. Its cookie holds the state, so that
// nobody else's browser can bring the answer, and where they go on to: that can hold
// an invitation, which is written nowhere else in clear.
func (s *Server) toProvider(w http.ResponseWriter, r *http.Request, purpose oidc.Purpose, session account.SessionID, next string) error {
	if err := s.limits.ceremony(w, r); err != nil {
		return err
	}
	address, state, err := s.OIDC.Begin(r.Context(), purpose, session)
	if err != nil {
		return err
	}
	cookie := s.cookie(r)
	cookie.Values[stateKey] = string(state) + " " + keepable(next)
	if err := cookie.Save(r, w); err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// oidcBack takes a browser back. The address holds a code, which is worth nothing
// without what we kept; still no request from here tells it.
func (s *Server) oidcBack(w http.ResponseWriter, r *http.Request) error {
	private(w)
	cookie := s.cookie(r)
	kept, _ := cookie.Values[stateKey].(string)
	state, next, _ := strings.Cut(kept, " ")
	delete(cookie.Values, stateKey)
	if err := cookie.Save(r, w); err != nil {
		return err
	}
	query := r.URL.Query()
	answer := oidc.Answer{State: query.Get("state"), Code: query.Get("code"), Error: query.Get("error"), Kept: account.Token(state)}
	if session, err := s.Accounts.Resume(r.Context(), s.token(r)); err == nil {
		answer.Session = session.ID
	}
	done, err := s.OIDC.Finish(r.Context(), answer, s.token(r), origin(r))
	if err != nil {
		s.Log.Info("not let in by the provider", "error", err)
		return err
	}
	switch done.Purpose {
	case oidc.Connect:
		return s.leave(w, r, ownPath(next), words.Text("oidc.connected", "name", s.provider()))
	case oidc.Prove:
		return s.begin(w, r, done.Session, next)
	}
	return s.enter(w, r, done.Entry, next)
}

func (s *Server) oidcDisconnect(w http.ResponseWriter, r *http.Request, session account.Session) error {
	err := s.OIDC.Disconnect(r.Context(), session.User.ID)
	if errors.Is(err, oidc.Declined) {
		return s.leave(w, r, passwordPath, words.Text("oidc.only_way"))
	}
	if err != nil {
		return err
	}
	return s.leave(w, r, passwordPath, words.Text("oidc.disconnected", "name", s.provider()))
}

// oidcAddress is where the log-in page leads to the provider.
func oidcAddress(next string) string {
	return "/login/oidc?" + url.Values{"next": {ownPath(next)}}.Encode()
}
