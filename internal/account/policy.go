package account

import (
	"slices"
	"strings"
)

// Signup is who may make an account.
type Signup string

const (
	SignupOpen       Signup = "open"
	SignupInvitation Signup = "invitation" // who was invited to a room
	SignupClosed     Signup = "closed"
)

// Policy is what a deployment demands of accounts.
type Policy struct {
	Signup Signup
	// MailDomains are those whose addresses accounts may have; empty: any. Where
	// there are some, an address has to be confirmed before its account opens: until
	// then nobody knows whether it is theirs.
	MailDomains []string
	// FactorForAdministrators lets administrators administer only in sessions
	// where they showed a second factor.
	FactorForAdministrators bool
}

// Allows reports whether an account may have an address.
func (p Policy) Allows(email string) bool {
	return len(p.MailDomains) == 0 || InDomains(email, p.MailDomains)
}

// MustVerify reports whether an account opens only once its address is confirmed.
func (p Policy) MustVerify() bool { return len(p.MailDomains) > 0 }

// InDomains reports whether an address is of one of some domains, by its whole
// name: those below a domain are others.
func InDomains(email string, domains []string) bool {
	at := strings.LastIndexByte(email, '@')
	return at >= 0 && slices.ContainsFunc(domains, func(domain string) bool { return strings.EqualFold(domain, email[at+1:]) })
}

// Policy is the one that counts now.
func (s *Store) Policy() Policy { return (*s.policy.Load())() }

// UsePolicy says where to read the policy from now on; it may change from one
// question to the next. Sessions that have begun go on.
func (s *Store) UsePolicy(read func() Policy) { s.policy.Store(&read) }
