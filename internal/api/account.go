package api

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
)

// Me is the account that the token of a request acts for.
type Me struct {
	ID            account.UserID `json:"id" format:"uuid"`
	Username      string         `json:"username"`
	DisplayName   string         `json:"display_name"`
	Email         string         `json:"email" doc:"Where mail goes; of a service, nowhere."`
	Administrator bool           `json:"administrator" doc:"Of the site."`
	Service       bool           `json:"service" doc:"An account that nobody logs in to."`
	CreatedAt     time.Time      `json:"created_at"`
	Token         Token          `json:"token" doc:"The token of this request."`
}

// Token is a token of the API, without its secret.
type Token struct {
	ID        account.SessionID `json:"id" format:"uuid"`
	Name      string            `json:"name"`
	Hint      string            `json:"hint" doc:"Its last characters."`
	Scopes    []apitoken.Scope  `json:"scopes"`
	Rooms     []string          `json:"rooms,omitempty" doc:"Ids of the rooms that it is limited to; left out when it is not."`
	CreatedBy string            `json:"created_by" doc:"Name of who made it; empty when their account is gone."`
	CreatedAt time.Time         `json:"created_at"`
	ExpiresAt time.Time         `json:"expires_at"`
	UsedAt    *time.Time        `json:"used_at,omitempty" doc:"To the minute; left out when it never was."`
}

func tokenOf(t apitoken.Token) Token {
	return Token{t.ID, t.Name, t.Hint, t.Scopes, t.Rooms, t.By, t.CreatedAt, t.ExpiresAt, t.UsedAt}
}

// Session is a browser in which the account is signed in.
type Session struct {
	ID        account.SessionID `json:"id" format:"uuid"`
	BegunAt   time.Time         `json:"begun_at"`
	SeenAt    time.Time         `json:"seen_at"`
	Address   string            `json:"address"`
	UserAgent string            `json:"user_agent"`
}

func (a *API) accountOperations() {
	s := a.section("Account")
	add(s, op{method: http.MethodGet, path: "/me", id: "readMe", summary: "Who the token acts for"}, a.readMe)
	add(s, op{method: http.MethodPatch, path: "/me", id: "changeMe", summary: "Change the name that others see", scope: apitoken.Account}, a.changeMe)
	add(s, op{method: http.MethodPost, path: "/me/confirm-address", id: "confirmAddress", summary: "Mail a link that confirms the account's address", scope: apitoken.Account,
		about: "Whoever reads the mail opens it within 30 minutes. An earlier link stops working."}, a.confirmAddress)
	add(s, op{method: http.MethodGet, path: "/me/sessions", id: "listSessions", summary: "Browsers where the account is signed in", scope: apitoken.Account,
		about: "The latest log-in first."}, a.listSessions)
	add(s, op{method: http.MethodDelete, path: "/me/sessions/{session}", id: "endSession", summary: "Sign out one browser", scope: apitoken.Account,
		about: "Calls that were joined in it end, too."}, a.endSession)
	add(s, op{method: http.MethodDelete, path: "/me/sessions", id: "endSessions", summary: "Sign out everywhere", scope: apitoken.Account,
		about: "Ends every session and every token of the account but the one of this request, and the calls that were joined by them."}, a.endSessions)
	add(s, op{method: http.MethodGet, path: "/me/tokens", id: "listTokens", summary: "The account's tokens", scope: apitoken.Account,
		about: "Tokens are made on the pages of the account, where people show that it is they; a token makes no other."}, a.listTokens)
	add(s, op{method: http.MethodDelete, path: "/me/tokens/{token}", id: "revokeToken", summary: "Revoke a token", scope: apitoken.Account,
		about: "Whoever it let into calls is out of them at once. It may be the token of the request."}, a.revokeToken)
}

func (a *API) readMe(ctx context.Context, _ *struct{}) (*body[Me], error) {
	c := callerOf(ctx)
	u := c.Session.User
	return answer(Me{u.ID, u.Username, u.DisplayName, u.Email, u.Administrator, c.Service, u.CreatedAt, tokenOf(c.Token)}, nil)
}

type changeMeInput struct {
	Body struct {
		DisplayName string `json:"display_name" maxLength:"64" example:"Ana"`
	}
}

func (a *API) changeMe(ctx context.Context, in *changeMeInput) (*none, error) {
	return done(a.Accounts.Rename(ctx, callerOf(ctx).user(), in.Body.DisplayName))
}

func (a *API) confirmAddress(ctx context.Context, _ *struct{}) (*none, error) {
	session := callerOf(ctx).Session
	if err := a.Limit(Links, string(session.User.ID)); err != nil {
		return nil, err
	}
	return done(a.Recovery.SendVerify(ctx, session, session.User.Email, a.Letters.Link))
}

const sessionsPerPage = 50

func (a *API) listSessions(ctx context.Context, in *Paged) (*body[page[Session]], error) {
	at, err := a.place("sessions", in.After)
	if err != nil {
		return nil, err
	}
	places, err := a.Accounts.Places(ctx, callerOf(ctx).user(), account.SessionID(at), sessionsPerPage+1)
	if err != nil {
		return nil, err
	}
	places, next := cut(places, sessionsPerPage, func(p account.Place) string { return string(p.ID) })
	return answer(page[Session]{each(places, func(p account.Place) Session {
		return Session{p.ID, p.BegunAt, p.SeenAt, p.Address, p.UserAgent}
	}), a.next("sessions", next)}, nil)
}

// cut leaves out of a part of a list the one that was asked for to see whether
// there are more, and says which place is the last then.
func cut[T any](all []T, most int, place func(T) string) (part []T, next string) {
	if len(all) <= most {
		return all, ""
	}
	return all[:most], place(all[most-1])
}

type sessionInput struct {
	Session account.SessionID `path:"session" maxLength:"64"`
}

func (a *API) endSession(ctx context.Context, in *sessionInput) (*none, error) {
	return done(a.Accounts.EndPlace(ctx, callerOf(ctx).user(), in.Session))
}

func (a *API) endSessions(ctx context.Context, _ *struct{}) (*none, error) {
	c := callerOf(ctx)
	return done(a.Accounts.EndOthers(ctx, c.user(), c.Session.ID))
}

func (a *API) listTokens(ctx context.Context, _ *struct{}) (*body[list[Token]], error) {
	tokens, err := a.Tokens.List(ctx, callerOf(ctx).user())
	return answer(list[Token]{each(tokens, tokenOf)}, err)
}

type tokenInput struct {
	Token account.SessionID `path:"token" maxLength:"64"`
}

func (a *API) revokeToken(ctx context.Context, in *tokenInput) (*none, error) {
	me := callerOf(ctx).user()
	return done(a.Tokens.Revoke(ctx, me, me, in.Token))
}
