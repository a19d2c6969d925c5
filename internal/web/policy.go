package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/jackc/pgx/v5"

	"foyer/internal/account"
	"foyer/internal/account/recovery"
	"foyer/internal/problem"
	"foyer/internal/room"
	"foyer/internal/words"
)

// signupOpen reports whether pages offer everybody to sign up.
func (s *Server) signupOpen() bool { return s.Accounts.Policy().Signup == account.SignupOpen }

// maySignUp asks the policy about somebody who wants to go on to next afterwards:
// where an invitation is needed, next has to be the link of one to belong to a room.
func (s *Server) maySignUp(w http.ResponseWriter, r *http.Request, next string) error {
	switch s.Accounts.Policy().Signup {
	case account.SignupOpen:
		return nil
	case account.SignupInvitation:
		return s.invited(w, r, next)
	}
	return problem.ErrSignupClosed
}

func (s *Server) invited(w http.ResponseWriter, r *http.Request, next string) error {
	link := invitationIn(next)
	if link == "" {
		return problem.ErrNotInvited
	}
	if s.limits.tooManyWrongLinks(addressKey(r)) {
		return problem.ErrTooMany
	}
	offer, err := s.Rooms.Offer(r.Context(), link, room.Comer{Origin: origin(r)})
	if err != nil {
		s.limits.wrongLink(addressKey(r))
		return err
	}
	if offer.Role == room.Guest {
		return problem.ErrNotInvited // guests need no account
	}
	return nil
}

// invitationIn is the invitation whose link a path is; empty for other paths.
func invitationIn(path string) room.InvitationToken {
	link, ok := strings.CutPrefix(path, invitePath(""))
	if !ok {
		return ""
	}
	return room.InvitationToken(link)
}

// signingUp is what else happens when somebody makes an account and goes on to
// next: a link that shows their address to be theirs is mailed and, where it took
// an invitation, they accept it.
func (s *Server) signingUp(next string) account.Then {
	if s.Accounts.Policy().Signup != account.SignupInvitation {
		return s.welcome
	}
	return func(ctx context.Context, tx pgx.Tx, user account.User) error {
		if err := room.AcceptNew(ctx, tx, invitationIn(next), user.ID); err != nil {
			return err
		}
		return s.welcome(ctx, tx, user)
	}
}

// unverifiedPage is for who has to confirm their address before they come in.
func (s *Server) unverifiedPage(w http.ResponseWriter, r *http.Request) error {
	page := UnverifiedPage{Page: s.base(r, words.Text("policy.unverified")), Sends: s.Mails.Sends(), Form: Form{Values: map[string]string{"login": r.URL.Query().Get("login")}}}
	page.Notice = s.takeNotice(w, r)
	s.render(w, r, http.StatusOK, "unverified", page)
	return nil
}

// askVerify has the link mailed again. It says the same for every name.
func (s *Server) askVerify(w http.ResponseWriter, r *http.Request) error {
	values, err := readForm(r, "login")
	if err != nil {
		return err
	}
	if err := s.limits.link(w, r, values["login"]); err != nil {
		return err
	}
	if err := s.Recovery.Ask(r.Context(), recovery.Verify, values["login"]); err != nil {
		return err
	}
	return s.leave(w, r, "/login/confirm-address", words.Text("policy.asked_again"))
}

// leaveUnverified leads somebody who has to confirm their address to the page that
// says so. Where they wanted to go is kept.
func (s *Server) leaveUnverified(w http.ResponseWriter, r *http.Request, login, notice, next string) error {
	if err := s.keepNext(w, r, next); err != nil {
		return err
	}
	return s.leave(w, r, "/login/confirm-address?"+url.Values{"login": {login}}.Encode(), notice)
}
