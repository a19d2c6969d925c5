package config

import (
	"fmt"
	"net/mail"
	"strings"
)

// fieldsOf splits a list at commas.
func fieldsOf(list string) (items []string) {
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// OIDC is a provider that people sign in through.
type OIDC struct {
	Name, Issuer, ClientID, ClientSecret    string
	Scopes, Domains, Groups, Administrators []string
	GroupsClaim                             string
	Signup                                  bool
}

// OIDC returns the provider, and whether there is one.
func (c Config) OIDC() (OIDC, bool) {
	return OIDC{
		Name: c.OIDCName, Issuer: c.OIDCIssuer, ClientID: c.OIDCClientID, ClientSecret: c.OIDCClientSecret,
		Scopes: fieldsOf(strings.ReplaceAll(c.OIDCScopes, " ", ",")), Domains: fieldsOf(c.OIDCDomains), Groups: fieldsOf(c.OIDCGroups),
		Administrators: fieldsOf(c.OIDCAdminGroups), GroupsClaim: c.OIDCGroupsClaim, Signup: c.OIDCSignup == "open",
	}, c.OIDCIssuer != ""
}

func (c Config) checkAccounts() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, domain := range fieldsOf(c.OIDCDomains) {
		if _, err := mail.ParseAddress("name@" + domain); err != nil || strings.Contains(domain, "@") {
			bad("OIDC_DOMAINS: %q is no mail domain, like example.org", domain)
		}
	}
	switch {
	case c.OIDCIssuer == "" && (c.OIDCClientID != "" || c.OIDCClientSecret != ""):
		bad("OIDC_ISSUER: give the provider's address with OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
	case c.OIDCIssuer == "":
		return problems
	case c.OIDCClientID == "" || c.OIDCClientSecret == "":
		bad("OIDC_CLIENT_ID and OIDC_CLIENT_SECRET: give both with OIDC_ISSUER")
	}
	if !strings.HasPrefix(c.OIDCIssuer, "https://") && !strings.HasPrefix(c.OIDCIssuer, "http://localhost") && !strings.HasPrefix(c.OIDCIssuer, "http://127.0.0.1") {
		bad("OIDC_ISSUER: %q is no https address", c.OIDCIssuer)
	}
	if c.OIDCSignup != "open" && c.OIDCSignup != "closed" {
		bad("OIDC_SIGNUP: %q is neither open nor closed", c.OIDCSignup)
	}
	return problems
}
