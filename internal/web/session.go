package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
	"github.com/gorilla/sessions"

	"foyer/internal/account"
)

// The cookie holds the session's token, or that of somebody on the way to one, and,
// between a change and the page that follows it, a notice.
const (
	cookieName = "foyer"
	tokenKey   = "token"
	halfwayKey = "halfway"
	stateKey   = "state" // of a way to the provider and back, and where to go on to
	nextKey    = "next"  // where to go on to after the address is confirmed and they have logged in
	noticeKey  = "notice"
)

func newCookies(key []byte) *sessions.CookieStore {
	store := sessions.NewCookieStore(key)
	store.Options = &sessions.Options{
		Path:     "/",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
	store.MaxAge(int(account.SessionLife / time.Second))
	for _, codec := range store.Codecs {
		// JSON: six times as quick as the default, and these are only strings.
		codec.(*securecookie.SecureCookie).SetSerializer(stringValues{})
	}
	return store
}

// stringValues serialises the values of a gorilla session that are strings.
type stringValues struct{}

func (stringValues) Serialize(src any) ([]byte, error) {
	values, ok := src.(map[any]any)
	if !ok {
		return nil, fmt.Errorf("session values are %T", src)
	}
	plain := make(map[string]string, len(values))
	for key, value := range values {
		k, okKey := key.(string)
		v, okValue := value.(string)
		if !okKey || !okValue {
			return nil, errors.New("session value is not a string")
		}
		plain[k] = v
	}
	return json.Marshal(plain)
}

func (stringValues) Deserialize(src []byte, dst any) error {
	values, ok := dst.(*map[any]any)
	if !ok {
		return fmt.Errorf("session values are %T", dst)
	}
	var plain map[string]string
	if err := json.Unmarshal(src, &plain); err != nil {
		return err
	}
	for key, value := range plain {
		(*values)[key] = value
	}
	return nil
}

// cookie returns what the request's cookie holds. A forged or outdated one
// counts as none.
func (s *Server) cookie(r *http.Request) *sessions.Session {
	name := cookieName
	secure := s.secure(r)
	if secure {
		name = "__Host-" + name // which browsers take from this very host by https only
	}
	session, _ := s.cookies.Get(r, name)
	session.Options.Secure = secure
	return session
}

func (s *Server) token(r *http.Request) account.Token {
	token, _ := s.cookie(r).Values[tokenKey].(string)
	return account.Token(token)
}

func (s *Server) setToken(w http.ResponseWriter, r *http.Request, token account.Token) error {
	session := s.cookie(r)
	session.Values[tokenKey] = string(token)
	delete(session.Values, halfwayKey)
	delete(session.Values, nextKey)
	return session.Save(r, w)
}

// halfway is the token of who has a second step before them.
func (s *Server) halfway(r *http.Request) account.Token {
	token, _ := s.cookie(r).Values[halfwayKey].(string)
	return account.Token(token)
}

func (s *Server) setHalfway(w http.ResponseWriter, r *http.Request, token account.Token) error {
	session := s.cookie(r)
	session.Values[halfwayKey] = string(token)
	return session.Save(r, w)
}

// clearToken takes away what lets a browser in, and what it keeps of pages.
func (s *Server) clearToken(w http.ResponseWriter, r *http.Request) error {
	forgetPages(w)
	session := s.cookie(r)
	session.Options.MaxAge = -1
	return session.Save(r, w)
}

// forgetPages has a browser keep no page of somebody who is signed out. What its
// scripts remember is theirs to clear: choices for the device stay.
func forgetPages(w http.ResponseWriter) { w.Header().Set("Clear-Site-Data", `"cache"`) }

// leave goes on to another page after a change, with a notice about it.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, path, notice string) error {
	if notice != "" {
		session := s.cookie(r)
		session.Values[noticeKey] = notice
		if err := session.Save(r, w); err != nil {
			return err
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}

// keepable is next as far as the cookie, which is small, keeps it: a path of this
// site, or that of the dashboard.
func keepable(next string) string {
	const longest = 512
	if next = ownPath(next); len(next) > longest {
		return "/"
	}
	return next
}

// keepNext keeps where somebody wants to go who has to confirm their address
// first: the path can hold an invitation, which is written nowhere else in clear.
// It counts until they are signed in, in this browser.
func (s *Server) keepNext(w http.ResponseWriter, r *http.Request, next string) error {
	if next = keepable(next); next == "/" {
		return nil
	}
	session := s.cookie(r)
	session.Values[nextKey] = next
	return session.Save(r, w)
}

// keptNext is where somebody wanted to go before they had to confirm their address;
// empty: nowhere.
func (s *Server) keptNext(r *http.Request) string {
	next, _ := s.cookie(r).Values[nextKey].(string)
	return next
}

// takeNotice returns the notice that the last change left, once.
func (s *Server) takeNotice(w http.ResponseWriter, r *http.Request) string {
	session := s.cookie(r)
	notice, ok := session.Values[noticeKey].(string)
	if !ok {
		return ""
	}
	delete(session.Values, noticeKey)
	if err := session.Save(r, w); err != nil {
		s.Log.Warn("notice not cleared", "error", err)
	}
	return notice
}

// signedInHandler is a handler for somebody who is signed in.
type signedInHandler func(w http.ResponseWriter, r *http.Request, session account.Session) error

func (s *Server) signedIn(h signedInHandler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		session, err := s.Accounts.Resume(r.Context(), s.token(r))
		if err != nil {
			return err
		}
		return h(w, withViewer(r, session.User), session)
	}
}

// recognise finds out who is looking at a page that is for everybody. It does so
// for every error alike, so that its time tells nothing.
func (s *Server) recognise(r *http.Request) *http.Request {
	session, err := s.Accounts.Resume(r.Context(), s.token(r))
	if err != nil {
		return r // shown as to somebody who is not signed in
	}
	return withViewer(r, session.User)
}

// begin signs somebody in and goes on to a path of this site.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, token account.Token, next string) error {
	if err := s.setToken(w, r, token); err != nil {
		return err
	}
	http.Redirect(w, r, ownPath(next), http.StatusSeeOther)
	return nil
}

// enter goes on from a first factor that was right: into the site, or to the second
// step.
func (s *Server) enter(w http.ResponseWriter, r *http.Request, entry account.Entry, next string) error {
	if entry.Halfway == "" {
		return s.begin(w, r, entry.Session, next)
	}
	if err := s.setHalfway(w, r, entry.Halfway); err != nil {
		return err
	}
	http.Redirect(w, r, "/login/second?"+url.Values{"next": {ownPath(next)}}.Encode(), http.StatusSeeOther)
	return nil
}

// ownPath is next when it is a path of this site, else the dashboard.
func ownPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t\x00") {
		return "/"
	}
	return next
}

func origin(r *http.Request) account.Origin {
	return account.Origin{Address: address(r), UserAgent: r.UserAgent()}
}
