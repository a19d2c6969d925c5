package api

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/admin"
)

// User is an account as administrators see it.
type User struct {
	ID            account.UserID `json:"id" format:"uuid"`
	Username      string         `json:"username"`
	DisplayName   string         `json:"display_name"`
	Email         string         `json:"email"`
	Administrator bool           `json:"administrator"`
	Service       bool           `json:"service" doc:"Nobody logs in to it: it acts through tokens only."`
	DisabledAt    *time.Time     `json:"disabled_at,omitempty" doc:"Since when the account is switched off."`
	CreatedAt     time.Time      `json:"created_at"`
	SeenAt        *time.Time     `json:"seen_at,omitempty"`
	Sessions      int            `json:"sessions" doc:"Browsers in which they are signed in."`
	Rooms         int            `json:"rooms" doc:"That they belong to."`
}

func userOf(u admin.User) User {
	return User{u.ID, u.Username, u.DisplayName, u.Email, u.Administrator, u.Service, u.DisabledAt, u.CreatedAt, u.SeenAt, u.Sessions, u.Rooms}
}

// Service is the account of a service.
type Service struct {
	ID          account.UserID `json:"id" format:"uuid"`
	Username    string         `json:"username"`
	DisplayName string         `json:"display_name"`
	DisabledAt  *time.Time     `json:"disabled_at,omitempty" doc:"Since when the account is switched off."`
	CreatedAt   time.Time      `json:"created_at"`
	Tokens      int            `json:"tokens"`
	Rooms       int            `json:"rooms" doc:"That it belongs to."`
}

func (a *API) userOperations() {
	s := a.section("Users")
	add(s, op{method: http.MethodGet, path: "/admin/users", id: "listUsers", summary: "Users", scope: apitoken.Admin,
		about: "By username; first those whose username begins with what is looked for."}, a.listUsers)
	add(s, op{method: http.MethodGet, path: "/admin/users/{user}", id: "readUser", summary: "A user", scope: apitoken.Admin}, a.readUser)
	add(s, op{method: http.MethodPatch, path: "/admin/users/{user}", id: "changeUser", summary: "Switch an account off or on, make an administrator",
		scope: apitoken.Admin, about: "What is left out stays as it is. One active administrator always remains. An account that is switched off is out of every call at once, its programs too."}, a.changeUser)
	add(s, op{method: http.MethodPost, path: "/admin/users/{user}/sign-out", id: "signOutUser", summary: "Sign a user out everywhere", scope: apitoken.Admin,
		about: "Ends their sessions and tokens."}, a.signOutUser)
	add(s, op{method: http.MethodPost, path: "/admin/users/{user}/reset", id: "resetUser", summary: "Mail a user a link to set a password", scope: apitoken.Admin},
		a.resetUser)
	add(s, op{method: http.MethodGet, path: "/admin/services", id: "listServices", summary: "Services", scope: apitoken.Admin,
		about: "Accounts that nobody logs in to. Their tokens are made on the desk's pages, where administrators show that it is they."}, a.listServices)
	add(s, op{method: http.MethodPost, path: "/admin/services", id: "createService", summary: "Make a service", scope: apitoken.Admin,
		status: http.StatusCreated}, a.createService)
	add(s, op{method: http.MethodGet, path: "/admin/services/{user}/tokens", id: "listServiceTokens", summary: "A service's tokens", scope: apitoken.Admin},
		a.listServiceTokens)
	add(s, op{method: http.MethodDelete, path: "/admin/services/{user}/tokens/{token}", id: "revokeServiceToken", summary: "Revoke a token of a service",
		scope: apitoken.Admin}, a.revokeServiceToken)
}

type listUsersInput struct {
	Paged
	Query string `query:"q" maxLength:"254" doc:"A part of a username, name or address; fewer than three letters begin a username."`
	Only  string `query:"only" enum:"administrators,disabled"`
}

func (a *API) listUsers(ctx context.Context, in *listUsersInput) (*body[page[User]], error) {
	at, err := a.place("users", in.After)
	if err != nil {
		return nil, err
	}
	found, more, err := a.Admin.Users(ctx, admin.UserSearch{Text: in.Query, Only: in.Only, After: at})
	if err != nil {
		return nil, err
	}
	next := ""
	if more {
		next = found[len(found)-1].Username
	}
	return answer(page[User]{each(found, userOf), a.next("users", next)}, nil)
}

// AboutUser is an account that a request is about.
type AboutUser struct {
	User account.UserID `path:"user" maxLength:"64" doc:"The account's id."`
}

func (a *API) readUser(ctx context.Context, in *AboutUser) (*body[User], error) {
	found, err := a.Admin.User(ctx, in.User)
	return answer(userOf(found), err)
}

type changeUserInput struct {
	AboutUser
	Body struct {
		Disabled      *bool `json:"disabled,omitempty"`
		Administrator *bool `json:"administrator,omitempty"`
	}
}

func (a *API) changeUser(ctx context.Context, in *changeUserInput) (*body[User], error) {
	_, err := a.Admin.Change(ctx, callerOf(ctx).user(), in.User, admin.Changes{Disabled: in.Body.Disabled, Administrator: in.Body.Administrator})
	if err != nil {
		return nil, err
	}
	return a.readUser(ctx, &in.AboutUser)
}

func (a *API) signOutUser(ctx context.Context, in *AboutUser) (*none, error) {
	_, err := a.Admin.SignOut(ctx, callerOf(ctx).user(), in.User)
	return done(err)
}

func (a *API) resetUser(ctx context.Context, in *AboutUser) (*none, error) {
	_, err := a.Admin.SendReset(ctx, callerOf(ctx).user(), in.User, a.Letters.Reset)
	return done(err)
}

func (a *API) listServices(ctx context.Context, _ *struct{}) (*body[list[Service]], error) {
	found, err := a.Tokens.Services(ctx)
	return answer(list[Service]{each(found, func(s apitoken.Service) Service { return Service(s) })}, err)
}

type createServiceInput struct {
	Body struct {
		Username    string `json:"username" maxLength:"32" example:"helpdesk"`
		DisplayName string `json:"display_name" maxLength:"64" example:"Help desk"`
	}
}

func (a *API) createService(ctx context.Context, in *createServiceInput) (*made[Service], error) {
	id, err := a.Tokens.MakeService(ctx, callerOf(ctx).user(), in.Body.Username, in.Body.DisplayName)
	if err != nil {
		return nil, err
	}
	found, err := a.Tokens.Service(ctx, id)
	if err != nil {
		return nil, err
	}
	return &made[Service]{Root + "/admin/services/" + string(id) + "/tokens", Service(found)}, nil
}

func (a *API) listServiceTokens(ctx context.Context, in *AboutUser) (*body[list[Token]], error) {
	found, err := a.Tokens.Service(ctx, in.User)
	if err != nil {
		return nil, err
	}
	tokens, err := a.Tokens.List(ctx, found.ID)
	return answer(list[Token]{each(tokens, tokenOf)}, err)
}

type serviceTokenInput struct {
	AboutUser
	Token account.SessionID `path:"token" maxLength:"64"`
}

func (a *API) revokeServiceToken(ctx context.Context, in *serviceTokenInput) (*none, error) {
	found, err := a.Tokens.Service(ctx, in.User)
	if err != nil {
		return nil, err
	}
	return done(a.Tokens.Revoke(ctx, callerOf(ctx).user(), found.ID, in.Token))
}
