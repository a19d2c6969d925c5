package config

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/idna"
)

var errNotOrigin = errors.New("config: no address of a site")

// hostNames reads the names of hosts as browsers do, which take more than can be
// registered: under_scores in a private network, say.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// origin reads the address of a site, and writes it as browsers name it as an
// origin: in lower case, an international name in ASCII, without the port that
// goes without saying.
func origin(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", errNotOrigin
	}
	host := u.Hostname()
	if address, err := netip.ParseAddr(host); err == nil {
		host = address.String()
	} else if host, err = hostNames.ToASCII(host); err != nil {
		return "", errNotOrigin
	}
	usual := map[string]string{"https": "443", "http": "80"}
	switch port := u.Port(); {
	case port != "" && port != usual[u.Scheme]:
		host = net.JoinHostPort(host, port)
	case strings.Contains(host, ":"):
		host = "[" + host + "]"
	}
	return u.Scheme + "://" + host, nil
}

func isOrigin(text string) bool {
	_, err := origin(text)
	return err == nil
}

// PublicOrigin is the origin by which browsers reach Foyer, as they name it, empty
// when it is not known beforehand.
func (c Config) PublicOrigin() string {
	address := c.PublicURL
	if address == "" && c.Domain != "" {
		address = "https://" + c.Domain
	}
	named, err := origin(address)
	if err != nil {
		return address // empty, or refused when all is checked
	}
	return named
}
