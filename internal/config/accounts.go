package config

import (
	"fmt"
	"net/mail"
	"net/url"
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

// isIssuer reports whether a provider can be believed at an address: by https, or
// on this machine.
func isIssuer(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return false
	}
	here := u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1"
	return u.Scheme == "https" || u.Scheme == "http" && here
}

// checkNumbers looks at settings that administrators can change at the desk, where
// the same bounds hold.
func (c Config) checkNumbers() (problems []error) {
	const mostDays, leastCapacity, mostCapacity = 3650, 2, 500
	for name, days := range map[string]int{
		"FOYER_KEEP_CALLS": c.KeepCalls, "FOYER_KEEP_AUDIT": c.KeepAudit, "FOYER_KEEP_SIGN_INS": c.KeepSignIns, "FOYER_KEEP_DELIVERIES": c.KeepDeliveries,
	} {
		if days < 0 || days > mostDays {
			problems = append(problems, fmt.Errorf("%s: %d is no number of days from 0 to %d", name, days, mostDays))
		}
	}
	if c.RoomCapacity < leastCapacity || c.RoomCapacity > mostCapacity {
		problems = append(problems, fmt.Errorf("FOYER_ROOM_CAPACITY: %d is not between %d and %d", c.RoomCapacity, leastCapacity, mostCapacity))
	}
	return problems
}

func (c Config) checkAccounts() (problems []error) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if c.Signup != "open" && c.Signup != "invitation" && c.Signup != "closed" {
		bad("FOYER_SIGNUP: %q is neither open, invitation nor closed", c.Signup)
	}
	for name, list := range map[string]string{"FOYER_MAIL_DOMAINS": c.MailDomains, "OIDC_DOMAINS": c.OIDCDomains} {
		for _, domain := range fieldsOf(list) {
			if _, err := mail.ParseAddress("name@" + domain); err != nil || strings.Contains(domain, "@") {
				bad("%s: %q is no mail domain, like example.org", name, domain)
			}
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
	if !isIssuer(c.OIDCIssuer) {
		bad("OIDC_ISSUER: %q is no https address", c.OIDCIssuer)
	}
	if c.OIDCSignup != "open" && c.OIDCSignup != "closed" {
		bad("OIDC_SIGNUP: %q is neither open nor closed", c.OIDCSignup)
	}
	return problems
}
