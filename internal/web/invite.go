package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// A link to come in. Its token is in the path, so its pages are kept nowhere, and
// no request tells where it comes from but for the origin, which forms need.
func private(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "strict-origin")
}

func invitePath(link room.InvitationToken) string { return "/invite/" + string(link) }

// comer is who sends a request, for what is open to people without an account.
func (s *Server) comer(r *http.Request) (*http.Request, room.Comer, error) {
	who := room.Comer{Guest: s.guestToken(r), Origin: origin(r)}
	session, err := s.Accounts.Resume(r.Context(), s.token(r))
	switch {
	case err == nil:
		who.User, who.DisplayName = session.User.ID, session.User.DisplayName
		r = withViewer(r, session.User)
	case !errors.Is(err, account.ErrSignedOut):
		return r, room.Comer{}, err
	}
	return r, who, nil
}

// open finds what a link offers. Those who try links are stopped after a while.
func (s *Server) open(w http.ResponseWriter, r *http.Request) (*http.Request, room.Offer, room.Comer, error) {
	private(w)
	link := room.InvitationToken(chi.URLParam(r, "token"))
	r, who, err := s.comer(r)
	if err != nil {
		return r, room.Offer{}, who, err
	}
	if s.limits.tooManyWrongLinks(addressKey(r)) {
		return r, room.Offer{}, who, problem.ErrTooMany
	}
	offer, err := s.Rooms.Offer(r.Context(), link, who)
	if errors.Is(err, room.ErrInvitation) {
		s.limits.wrongLink(addressKey(r))
	}
	return r, offer, who, err
}

// invitePage is what a link opens: for those who are in already, the room.
func (s *Server) invitePage(w http.ResponseWriter, r *http.Request) error {
	r, offer, who, err := s.open(w, r)
	if err != nil {
		return err
	}
	if offer.In {
		return s.leave(w, r, "/r/"+offer.Room.Slug, "")
	}
	s.showInvite(w, r, offer, http.StatusOK, Form{Values: map[string]string{"display_name": who.DisplayName, "attempt": newAttempt()}})
	return nil
}

// newAttempt tells a form that is sent twice from two forms.
func newAttempt() string { return string(account.NewToken()) }

func (s *Server) showInvite(w http.ResponseWriter, r *http.Request, o room.Offer, status int, form Form) {
	s.render(w, r, status, "invite", InvitePage{
		Page: s.base(r, words.Text("invite.title", "room", o.Room.Name)), Path: r.URL.EscapedPath(), Form: form, SignupOpen: s.Accounts.Policy().Signup != account.SignupClosed,
		RoomName: o.Room.Name, By: o.By, Role: string(o.Role), Note: o.Note, AsGuest: o.Role == room.Guest,
	})
}

// acceptInvite lets whoever opened a link into its room.
func (s *Server) acceptInvite(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "display_name", "attempt")
	if err != nil {
		return err
	}
	private(w)
	link := room.InvitationToken(chi.URLParam(r, "token"))
	r, who, err := s.comer(r)
	if err != nil {
		return err
	}
	if s.limits.tooManyWrongLinks(addressKey(r)) {
		return problem.ErrTooMany
	}
	who.DisplayName, who.Attempt = values["display_name"], values["attempt"]
	done, err := room.Accepted{}, s.limits.guest(w, r, who)
	if err == nil {
		done, err = s.Rooms.Accept(r.Context(), link, who)
	}
	switch {
	case err == nil:
		return s.enterAsGuest(w, r, done.Guest, done.Slug, invitePath(link))
	case errors.Is(err, account.ErrSignedOut):
		http.Redirect(w, r, "/login?"+url.Values{"next": {invitePath(link)}}.Encode(), http.StatusSeeOther)
		return nil
	case errors.Is(err, room.ErrInvitation):
		s.limits.wrongLink(addressKey(r))
		return err
	}
	form, status, err := again(w, values, err)
	if err != nil {
		return err
	}
	r, offer, _, err := s.open(w, r)
	if err != nil {
		return err
	}
	s.showInvite(w, r, offer, status, form)
	return nil
}

// enterAsGuest goes on to a room, with the cookie of a new guest's session if
// there is one. The room's path gets it, and the way that led there, so that who
// takes it again comes straight in.
func (s *Server) enterAsGuest(w http.ResponseWriter, r *http.Request, session account.Token, slug string, ways ...string) error {
	path := "/r/" + slug
	if session != "" {
		if err := s.setGuestToken(w, r, session, append(ways, path)...); err != nil {
			return err
		}
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
	return nil
}
