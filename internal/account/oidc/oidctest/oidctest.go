// Package oidctest is an OpenID Connect provider for tests: discovery, keys, the
// token and userinfo endpoints after OpenID Connect Core 1.0 and RFC 7636 (PKCE).
// Its pages, where people sign in, are SignIn.
package oidctest

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// Claims are what a provider says of somebody.
type Claims map[string]any

// Provider is one, running.
type Provider struct {
	Issuer       string
	ID, Secret   string // of its one client
	Broken       bool   // answers 500 to everything
	WithoutInfo  bool   // has no userinfo endpoint that answers
	SignWith     *rsa.PrivateKey
	Forge        func(Claims) // changes what an ID token says before it is signed
	Alg          string       // how ID tokens are signed: RS256; HS256, with the client's secret; or none
	t            testing.TB
	key          *rsa.PrivateKey
	mu           sync.Mutex
	codes        map[string]grant
	tokens       map[string]Claims
	codesAndKeys []string
}

// grant is what a code stands for.
type grant struct {
	challenge, redirect, nonce string
	claims                     Claims
	at                         time.Time
}

// Start starts a provider, which ends with the test.
func Start(t testing.TB) *Provider {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{ID: "foyer", Secret: rand.Text(), SignWith: key, Alg: "RS256", t: t, key: key, codes: make(map[string]grant), tokens: make(map[string]Claims)}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discover)
	mux.HandleFunc("GET /keys", p.keys)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.info)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.Broken {
			http.Error(w, "broken", http.StatusInternalServerError)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.Issuer = server.URL
	return p
}

// Set changes fields of the provider while it runs.
func (p *Provider) Set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

// Secrets are all codes and tokens that it has given so far.
func (p *Provider) Secrets() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.codesAndKeys...)
}

// SignIn is what happens on the provider's pages at an address that a client sent a
// browser to: somebody signs in. It returns the query that the browser brings back.
func (p *Provider) SignIn(address string, as Claims) url.Values {
	p.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		p.t.Fatal(err)
	}
	asked := u.Query()
	if asked.Get("client_id") != p.ID || asked.Get("response_type") != "code" || asked.Get("code_challenge_method") != "S256" {
		p.t.Fatalf("not the request of a code with PKCE: %v", asked)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	code := p.secret()
	p.codes[code] = grant{asked.Get("code_challenge"), asked.Get("redirect_uri"), asked.Get("nonce"), as, time.Now()}
	return url.Values{"state": {asked.Get("state")}, "code": {code}}
}

func (p *Provider) secret() string {
	secret := rand.Text()
	p.codesAndKeys = append(p.codesAndKeys, secret)
	return secret
}

func (p *Provider) discover(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.Issuer + "/authorize", "token_endpoint": p.Issuer + "/token",
		"jwks_uri": p.Issuer + "/keys", "userinfo_endpoint": p.Issuer + "/userinfo", "id_token_signing_alg_values_supported": []string{"RS256"},
	})
}

func (p *Provider) keys(w http.ResponseWriter, _ *http.Request) {
	answer(w, http.StatusOK, map[string]any{"keys": []any{map[string]string{
		"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "one",
		"n": encode(p.key.N.Bytes()), "e": encode(big.NewInt(int64(p.key.E)).Bytes()),
	}}})
}

// token exchanges a code, once, for whoever has the client's secret and the
// verifier of the challenge.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	g, known := p.codes[r.PostFormValue("code")]
	delete(p.codes, r.PostFormValue("code"))
	sum := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case id != p.ID || secret != p.Secret:
		answer(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client"})
		return
	case !known || encode(sum[:]) != g.challenge || r.PostFormValue("redirect_uri") != g.redirect:
		answer(w, http.StatusBadRequest, map[string]string{"error": "invalid_grant", "error_description": r.PostFormValue("code")})
		return
	}
	claims := Claims{
		"iss": p.Issuer, "aud": p.ID, "sub": g.claims["sub"], "nonce": g.nonce,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "auth_time": g.at.Unix(),
	}
	if p.Forge != nil {
		p.Forge(claims)
	}
	access := p.secret()
	p.tokens[access] = maps.Clone(g.claims)
	answer(w, http.StatusOK, map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 60, "id_token": p.sign(claims)})
}

func (p *Provider) info(w http.ResponseWriter, r *http.Request) {
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	claims, known := p.tokens[token]
	if !known || p.WithoutInfo {
		http.Error(w, "no", http.StatusUnauthorized)
		return
	}
	answer(w, http.StatusOK, claims)
}

func (p *Provider) sign(claims Claims) string {
	p.t.Helper()
	raw, err := json.Marshal(claims)
	if err != nil {
		p.t.Error(err)
	}
	signed := encode([]byte(`{"alg":"`+p.Alg+`","typ":"JWT","kid":"one"}`)) + "." + encode(raw)
	var signature []byte
	switch p.Alg {
	case "HS256":
		mac := hmac.New(sha256.New, []byte(p.Secret))
		mac.Write([]byte(signed))
		signature = mac.Sum(nil)
	case "RS256":
		sum := sha256.Sum256([]byte(signed))
		if signature, err = rsa.SignPKCS1v15(nil, p.SignWith, crypto.SHA256, sum[:]); err != nil {
			p.t.Error(err)
		}
	}
	token := signed + "." + encode(signature)
	p.codesAndKeys = append(p.codesAndKeys, token)
	return token
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone
}
