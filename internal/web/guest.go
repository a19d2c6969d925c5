package web

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/gorilla/sessions"

	"foyer/internal/account"
	"foyer/internal/room"
)

// guestCookie holds the token of a guest's session. Its path is one room's, so
// that it opens that room only, and a browser can be somebody's and a guest's. A
// second one has the path of the invitation that the guest came by.
const guestCookie = "foyer_guest"

func (s *Server) guestSession(r *http.Request) *sessions.Session {
	name, secure := guestCookie, s.secure(r)
	if secure {
		name = "__Secure-" + name // its path is not the whole host's
	}
	session, _ := s.cookies.Get(r, name)
	session.Options.MaxAge = int(account.GuestLife.Seconds())
	session.Options.Secure = secure
	return session
}

// setGuestToken keeps the token of a guest's session for requests below paths.
func (s *Server) setGuestToken(w http.ResponseWriter, r *http.Request, token account.Token, paths ...string) error {
	session := s.guestSession(r)
	session.Values[tokenKey] = string(token)
	for _, path := range paths {
		session.Options.Path = path
		if err := session.Save(r, w); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) clearGuestToken(w http.ResponseWriter, r *http.Request, path string) error {
	forgetPages(w)
	session := s.guestSession(r)
	session.Options.Path, session.Options.MaxAge = path, -1
	return session.Save(r, w)
}

func (s *Server) guestToken(r *http.Request) account.Token {
	token, _ := s.guestSession(r).Values[tokenKey].(string)
	return account.Token(token)
}

// visit loads the visitor of the room of the path and the token that opens it:
// of who is signed in, or of the guest that the browser holds the pass of.
func (s *Server) visit(r *http.Request) (room.Visit, account.Token, error) {
	visit, token, err := s.Rooms.VisitEither(r.Context(), s.token(r), s.guestToken(r), chi.URLParam(r, "slug"))
	if err != nil {
		return room.Visit{}, token, err
	}
	return visit, token, s.Accounts.Touch(r.Context(), visit.Session)
}

// roomToken is the token that opens the room of the path, without asking the
// database when there is only one.
func (s *Server) roomToken(r *http.Request) account.Token {
	if s.guestToken(r) == "" {
		return s.token(r)
	}
	_, token, _ := s.visit(r) // whoever uses the token learns what is wrong with it
	return token
}
