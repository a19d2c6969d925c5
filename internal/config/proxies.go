package config

import (
	"fmt"
	"net/netip"
	"strings"
)

// Proxies are the networks whose word counts about whom a request comes from.
// They are FOYER_TRUSTED_PROXIES: addresses and networks, with commas or spaces
// between them. Load has refused what is neither.
func (c Config) Proxies() []netip.Prefix {
	found, _ := networks("", c.TrustedProxies)
	return found
}

// WebhookNetworks are the networks that webhooks may reach besides the internet:
// FOYER_WEBHOOK_NETWORKS, in the same form.
func (c Config) WebhookNetworks() []netip.Prefix {
	found, _ := networks("", c.WebhookReach)
	return found
}

// networks reads the list of networks in the setting env.
func networks(env, text string) (networks []netip.Prefix, problems []error) {
	between := func(r rune) bool { return r == ',' || r == ' ' }
	for word := range strings.FieldsFuncSeq(text, between) {
		network, err := network(word)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %q is no address or network, like 127.0.0.1 or 10.0.0.0/8", env, word))
			continue
		}
		networks = append(networks, network)
	}
	return networks, problems
}

// network reads one network, or one address as the network of that alone.
func network(word string) (netip.Prefix, error) {
	if strings.Contains(word, "/") {
		prefix, err := netip.ParsePrefix(word)
		if err == nil && prefix.Addr().Is4In6() {
			// Addresses are compared as plain IPv4, which this would never match.
			return netip.Prefix{}, fmt.Errorf("%s: an IPv4 network written as IPv6", word)
		}
		return prefix.Masked(), err
	}
	address, err := netip.ParseAddr(word)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, fmt.Errorf("%s: no address", word)
	}
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), nil
}
