package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"
)

// errForbidden means that a receiver's address is one that no webhook may reach.
var errForbidden = errors.New("webhook: address of this network")

// Reach says which addresses webhooks reach: those of the public internet, and
// those of Allowed networks besides. Without it whoever may add a webhook could
// have Foyer speak with what only Foyer's machine can reach.
type Reach struct {
	Allowed []netip.Prefix
}

// closed are networks that are not the public internet, besides what netip knows
// as such (RFC 6890 and the registries it began).
var closed = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // behind carriers' translation
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("192.88.99.0/24"),  // relays of 6to4
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, and broadcast
	netip.MustParsePrefix("::/96"),           // IPv4 in IPv6, as it was once written
	netip.MustParsePrefix("100::/64"),        // discarded
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo among them
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("3fff::/20"),       // documentation
	netip.MustParsePrefix("5f00::/16"),       // segment routing
	netip.MustParsePrefix("64:ff9b:1::/48"),  // translation inside a network
	netip.MustParsePrefix("fec0::/10"),       // what site-local addresses were
}

// The networks whose addresses carry one of IPv4, and at which byte it begins.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056
)

// allows reports whether a webhook may connect to an address, and whether it may
// because somebody said so.
func (r Reach) allows(address netip.Addr) (yes, named bool) {
	address = address.Unmap().WithZone("")
	for _, network := range r.Allowed {
		if network.Contains(address) {
			return true, true
		}
	}
	return public(address), false
}

func public(address netip.Addr) bool {
	if !address.IsGlobalUnicast() || address.IsPrivate() || address.IsLoopback() || address.IsLinkLocalUnicast() {
		return false
	}
	for _, network := range closed {
		if network.Contains(address) {
			return false
		}
	}
	bytes := address.As16()
	switch {
	case nat64.Contains(address):
		return public(netip.AddrFrom4([4]byte(bytes[12:16])))
	case sixTo4.Contains(address):
		return public(netip.AddrFrom4([4]byte(bytes[2:6])))
	}
	return true
}

// client returns what sends to receivers. What it connects to is looked at when
// the name has become an address, so that no name leads elsewhere between the look
// and the connection. It follows no redirect, goes through no proxy, and keeps no
// connection. In the clear it goes only to what somebody has named.
func (r Reach) client(patience time.Duration) *http.Client {
	transport := func(clear bool) *http.Transport {
		dialer := &net.Dialer{
			Timeout: patience,
			ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
				to, err := netip.ParseAddrPort(address)
				if err != nil {
					return fmt.Errorf("%w: %w", errForbidden, err)
				}
				if yes, named := r.allows(to.Addr()); !yes || clear && !named {
					return errForbidden
				}
				return nil
			},
		}
		return &http.Transport{
			DialContext: dialer.DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: patience,
			ResponseHeaderTimeout: patience, MaxResponseHeaderBytes: 64 << 10,
		}
	}
	return &http.Client{
		Transport:     bySchemes{"https": transport(false), "http": transport(true)},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       patience,
	}
}

// bySchemes sends each request in the way of its scheme.
type bySchemes map[string]*http.Transport

func (b bySchemes) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, ok := b[r.URL.Scheme]
	if !ok {
		return nil, fmt.Errorf("%w: scheme %q", errForbidden, r.URL.Scheme)
	}
	return transport.RoundTrip(r)
}
