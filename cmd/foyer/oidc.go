package main

import (
	"foyer/internal/account/oidc"
	"foyer/internal/web"
)

// openOIDC gets ready for people who sign in through a provider, if there is one.
// It is asked nothing before somebody does: it may start later than we.
func (s *service) openOIDC() {
	c, ok := s.cfg.OIDC()
	if !ok {
		return
	}
	s.oidc = oidc.NewStore(s.db.pool, s.accounts, oidc.Config{
		Name: c.Name, Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: c.Scopes,
		Callback: web.OIDCCallback(s.origin()), Domains: c.Domains, GroupsClaim: c.GroupsClaim, Groups: c.Groups,
		Administrators: c.Administrators, Signup: c.Signup,
	})
}
