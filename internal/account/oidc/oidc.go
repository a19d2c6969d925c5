// Package oidc lets people sign in through an OpenID Connect provider (OpenID
// Connect Core 1.0, the authorization code flow with PKCE, state and nonce). Who
// somebody is there is their subject, never their address: an address alone opens
// no account that is here already.
package oidc

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"

	"foyer/internal/account"
)

// Config is a provider, and what its word is worth here.
type Config struct {
	Name         string // as people know it
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string
	// Callback is the address that the provider sends people back to.
	Callback string
	// Domains are those whose addresses may come in; empty: any.
	Domains []string
	// GroupsClaim names the claim that lists somebody's groups.
	GroupsClaim string
	// Groups are those whose members may come in; empty: everybody.
	Groups []string
	// Administrators are groups whose members administer the site, and nobody
	// else who comes in this way does; empty: the provider has no say in it.
	Administrators []string
	// Signup lets in people who have no account yet, by making them one.
	Signup bool
}

// Refusal is why the provider's word does not open an account.
type Refusal string

const (
	// Broken is the one reason for every answer that cannot be trusted: forged,
	// replayed, of another browser, too old.
	Broken Refusal = "broken"
	// Declined: the person or the provider said no.
	Declined Refusal = "declined"
	// Unverified: the provider does not say that the address is theirs.
	Unverified Refusal = "unverified"
	// NotAllowed: neither their domain nor their groups may come in.
	NotAllowed Refusal = "not_allowed"
	// Taken: there is an account with their address, which is not connected.
	Taken Refusal = "taken"
	// NoSignup: they have no account, and get none by themselves.
	NoSignup Refusal = "no_signup"
	// Another: the provider's account belongs to another account here, or is
	// another than the one that is connected.
	Another Refusal = "another"
)

func (r Refusal) Error() string { return "oidc: " + string(r) }

// ErrUnavailable means that the provider does not answer.
var ErrUnavailable = errors.New("oidc: the provider does not answer")

const (
	flowLife = 10 * time.Minute
	patience = 10 * time.Second // with the provider
	// clockSkew is how much the provider's clock may be off.
	clockSkew = time.Minute
)

// Purpose is what somebody goes to the provider for.
type Purpose string

const (
	Enter   Purpose = "enter"
	Connect Purpose = "connect" // an account here with the one there
	Prove   Purpose = "prove"   // that it is they, signed in already
)

// Store sends people to one provider and takes them back.
type Store struct {
	Config
	pool     *pgxpool.Pool
	accounts *account.Store
	client   *http.Client

	provider atomic.Pointer[oidc.Provider] // nil until it has answered once
	asking   singleflight.Group
}

// NewStore returns a store for a provider. It asks nothing of it yet.
func NewStore(pool *pgxpool.Pool, accounts *account.Store, c Config) *Store {
	return &Store{Config: c, pool: pool, accounts: accounts, client: &http.Client{Timeout: patience}}
}

// discover asks the provider how it is spoken to, until it has answered once. All
// who want to know at the same time wait for one question, each as long as their
// context lasts.
func (s *Store) discover(ctx context.Context) (*oidc.Provider, error) {
	if provider := s.provider.Load(); provider != nil {
		return provider, nil
	}
	// The question is nobody's own: it ends with the client's patience. The
	// provider keeps this context for fetching keys later.
	lasting := oidc.ClientContext(context.WithoutCancel(ctx), s.client)
	answered := s.asking.DoChan("discover", func() (any, error) {
		provider, err := oidc.NewProvider(lasting, s.Issuer)
		if err == nil {
			s.provider.Store(provider)
		}
		return nil, err
	})
	var err error
	select {
	case <-ctx.Done():
		err = ctx.Err()
	case answer := <-answered:
		err = answer.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return s.provider.Load(), nil
}

func (s *Store) oauth(p *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID: s.ClientID, ClientSecret: s.ClientSecret, Endpoint: p.Endpoint(), RedirectURL: s.Callback,
		Scopes: append([]string{oidc.ScopeOpenID}, s.Scopes...),
	}
}

// Begin says where to send a browser, and the state that it has to bring back
// together with a cookie that holds the same. The session is empty for Enter. It
// returns ErrUnavailable.
func (s *Store) Begin(ctx context.Context, purpose Purpose, session account.SessionID) (address string, state account.Token, err error) {
	provider, err := s.discover(ctx)
	if err != nil {
		return "", "", err
	}
	state = account.NewToken()
	nonce, verifier := string(account.NewToken()), oauth2.GenerateVerifier()
	_, err = s.pool.Exec(ctx, `
		insert into oidc_flows (state_hash, purpose, session_id, nonce, verifier, expires_at)
		values ($1, $2, nullif($3, '')::uuid, $4, $5, now() + $6::interval)`,
		state.Hash(), purpose, string(session), nonce, verifier, flowLife)
	if err != nil {
		return "", "", fmt.Errorf("begin oidc: %w", err)
	}
	options := []oauth2.AuthCodeOption{oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)}
	if purpose.anew() {
		options = append(options, oauth2.SetAuthURLParam("prompt", "login"), oauth2.SetAuthURLParam("max_age", "0"))
	}
	return s.oauth(provider).AuthCodeURL(string(state), options...), state, nil
}

// Answer is what a browser brings back from the provider.
type Answer struct {
	State, Code, Error string        // as the address says
	Kept               account.Token // the state that the browser's cookie holds
	Session            account.SessionID
}

// flow is what was noted when somebody was sent to the provider.
type flow struct {
	purpose         Purpose
	session         account.SessionID
	nonce, verifier string
	startedAt       time.Time
}

// take uses up what was noted. The browser must be the one that was sent, and
// still be in the session that it was in.
func (s *Store) take(ctx context.Context, a Answer) (f flow, err error) {
	if a.State == "" || subtle.ConstantTimeCompare([]byte(a.State), []byte(a.Kept)) != 1 {
		return flow{}, Broken
	}
	err = s.pool.QueryRow(ctx, `
		delete from oidc_flows where state_hash = $1 and expires_at > now()
		returning purpose, coalesce(session_id::text, ''), nonce, verifier, started_at`, a.Kept.Hash()).
		Scan(&f.purpose, &f.session, &f.nonce, &f.verifier, &f.startedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return flow{}, Broken
	}
	if err != nil {
		return flow{}, fmt.Errorf("oidc flow: %w", err)
	}
	if f.purpose != Enter && f.session != a.Session {
		return flow{}, Broken
	}
	if a.Error != "" || a.Code == "" {
		return flow{}, Declined
	}
	return f, nil
}

// claims are what the provider says of somebody.
type claims struct {
	Subject  string
	Email    string
	Verified bool
	Name     string
	Username string
	Groups   []string
}

// exchange turns a code into what the provider says, and checks all of it.
func (s *Store) exchange(ctx context.Context, f flow, code string) (claims, error) {
	provider, err := s.discover(ctx)
	if err != nil {
		return claims{}, err
	}
	ctx = oidc.ClientContext(ctx, s.client)
	config := s.oauth(provider)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(f.verifier))
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) && refused.Response.StatusCode < 500 {
		// Its words may repeat the code.
		return claims{}, fmt.Errorf("%w: the provider refuses the code: %q", Broken, refused.ErrorCode)
	}
	if err != nil {
		return claims{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	raw, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: s.ClientID}).Verify(ctx, raw)
	if err != nil {
		return claims{}, fmt.Errorf("%w: %w", Broken, err)
	}
	if subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(f.nonce)) != 1 {
		return claims{}, fmt.Errorf("%w: the nonce is another", Broken)
	}
	all := make(map[string]any)
	if err := id.Claims(&all); err != nil {
		return claims{}, fmt.Errorf("%w: %w", Broken, err)
	}
	if f.purpose.anew() && !freshly(all, f.startedAt) {
		return claims{}, fmt.Errorf("%w: they did not sign in anew", Broken)
	}
	// Many providers tell the rest only when asked.
	info, err := provider.UserInfo(ctx, config.TokenSource(ctx, tokens))
	if err == nil {
		if info.Subject != id.Subject {
			return claims{}, fmt.Errorf("%w: userinfo is about somebody else", Broken)
		}
		if err := info.Claims(&all); err != nil {
			return claims{}, fmt.Errorf("%w: %w", Broken, err)
		}
	} else if provider.UserInfoEndpoint() != "" {
		return claims{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return s.read(id.Subject, all), nil
}

// anew reports whether somebody has to sign in at the provider anew, rather than to
// have been there. Who connects it has to because another site can have signed
// their browser in there as somebody else, and then send it here.
func (p Purpose) anew() bool { return p == Prove || p == Connect }

// freshly reports whether somebody signed in at the provider since a moment.
func freshly(all map[string]any, since time.Time) bool {
	at, ok := all["auth_time"].(float64)
	return ok && time.Unix(int64(at), 0).After(since.Add(-clockSkew))
}

func (s *Store) read(subject string, all map[string]any) claims {
	text := func(name string) string { value, _ := all[name].(string); return value }
	c := claims{Subject: subject, Email: text("email"), Name: text("name"), Username: text("preferred_username")}
	switch verified := all["email_verified"].(type) {
	case bool:
		c.Verified = verified
	case string: // some say it in a string
		c.Verified = verified == "true"
	}
	switch groups := all[s.GroupsClaim].(type) {
	case []any:
		for _, group := range groups {
			if name, ok := group.(string); ok {
				c.Groups = append(c.Groups, name)
			}
		}
	case string:
		c.Groups = []string{groups}
	}
	return c
}

// allowed says whether somebody may come in, whatever they come for.
func (s *Store) allowed(c claims) error {
	if len(s.Groups) > 0 && !overlap(s.Groups, c.Groups) {
		return NotAllowed
	}
	if len(s.Domains) == 0 {
		return nil
	}
	// An address that nobody has confirmed names no domain.
	if !c.Verified {
		return Unverified
	}
	if !account.InDomains(c.Email, s.Domains) {
		return NotAllowed
	}
	return nil
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// Purge forgets who was sent to the provider and never came back.
func (s *Store) Purge(ctx context.Context) error {
	if _, err := s.pool.Exec(ctx, `delete from oidc_flows where expires_at < now()`); err != nil {
		return fmt.Errorf("purge oidc flows: %w", err)
	}
	return nil
}

// usernameFrom makes of what a provider calls somebody a name that may stand here.
func usernameFrom(c claims) string {
	for _, name := range []string{c.Username, c.Email, c.Name} {
		name, _, _ = strings.Cut(name, "@")
		var out strings.Builder
		for _, r := range strings.ToLower(name) {
			switch {
			case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
				out.WriteRune(r)
			case r == '.' || r == ' ':
				out.WriteByte('-')
			}
		}
		const most = 24 // leaves room for an ending
		if clean := strings.Trim(out.String(), "-_"); len(clean) >= 2 {
			return clean[:min(len(clean), most)]
		}
	}
	return "somebody"
}
