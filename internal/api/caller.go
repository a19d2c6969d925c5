package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"

	"foyer/internal/account"
	"foyer/internal/account/apitoken"
	"foyer/internal/problem"
	"foyer/internal/room"
)

// caller is the program that asks.
type caller struct {
	apitoken.Holder
	secret  account.Token
	address string        // where the request comes from, as limits count it
	route   func() string // pattern of the request's path, for the log
}

func (c *caller) user() account.UserID { return c.Session.User.ID }

type callerKey struct{}

func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// authenticate finds out by its token who asks. Whoever tries many is stopped
// after a while.
func (a *API) authenticate(next http.Handler) http.Handler {
	return a.plain(func(w http.ResponseWriter, r *http.Request) error {
		if a.limits.tooManyWrong(a.Address(r)) {
			return problem.ErrTooMany
		}
		secret := bearer(r)
		holder, err := a.Tokens.Open(r.Context(), secret)
		if errors.Is(err, account.ErrSignedOut) {
			if secret != "" {
				a.limits.wrong(r, a.Address(r))
			}
			w.Header().Set("WWW-Authenticate", `Bearer realm="foyer"`)
		}
		if err == nil {
			err = a.Accounts.Touch(r.Context(), holder.Session)
		}
		if err != nil {
			return err
		}
		route := chi.RouteContext(r.Context())
		c := &caller{holder, secret, a.Address(r), route.RoutePattern}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, c)))
		return nil
	})
}

// bearer is the token of a request (RFC 6750, section 2.1).
func bearer(r *http.Request) account.Token {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return account.Token(strings.TrimSpace(token))
}

// errScope refuses what a token does not open, errLimited what one that is limited
// to some rooms cannot do, errFactor what administrators do who have shown a
// second factor.
var (
	errScope   = errors.New("api: beyond the scopes of the token")
	errLimited = errors.New("api: beyond the rooms of the token")
	errFactor  = errors.New("api: the token was made without a second factor")
)

// scoped refuses operations beyond the scopes of the caller's token, before
// anything of the request is looked at.
func (a *API) scoped(ctx huma.Context, next func(huma.Context)) {
	scope, _ := ctx.Operation().Metadata[scopeKey].(apitoken.Scope)
	if err := a.allows(callerOf(ctx.Context()), scope); err != nil {
		r, w := humachi.Unwrap(ctx)
		a.plain(func(http.ResponseWriter, *http.Request) error { return err })(w, r)
		return
	}
	next(ctx)
}

// Guarded is next for programs whose token has the scope.
func (a *API) Guarded(scope apitoken.Scope, next http.Handler) http.Handler {
	within := a.plain(func(w http.ResponseWriter, r *http.Request) error {
		if err := a.allows(callerOf(r.Context()), scope); err != nil {
			return err
		}
		next.ServeHTTP(w, r)
		return nil
	})
	return unkept(a.authenticate(a.limited(within)))
}

func (a *API) allows(c *caller, scope apitoken.Scope) error {
	switch {
	case scope == "":
		return nil
	case !c.Allows(scope):
		return errScope
	case scope == apitoken.Metrics && c.Service:
		return nil // an administrator chose it
	case scope != apitoken.Admin && scope != apitoken.Metrics:
		return nil
	case !c.Session.User.Administrator:
		return room.ErrHidden // as on the pages, there is no desk
	case c.Rooms != nil:
		return errLimited
	case a.Accounts.Policy().FactorForAdministrators && c.Session.FactorAt == nil:
		return errFactor
	}
	return nil
}
