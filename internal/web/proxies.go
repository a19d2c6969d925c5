package web

import (
	"context"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"github.com/go-chi/chi/v5/middleware"
)

type originKey struct{}

// behind finds out whom a request comes from and how the browser reached us,
// through proxies of the trusted networks. They say so in X-Forwarded-For, -Proto
// and -Host; what anybody else says there is ignored.
func behind(trusted []netip.Prefix) func(http.Handler) http.Handler {
	if len(trusted) == 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	networks := make([]string, len(trusted))
	for i, network := range trusted {
		networks[i] = network.String()
	}
	client := middleware.ClientIPFromXFF(networks...)
	return func(next http.Handler) http.Handler {
		told := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if fromAny(trusted, r) {
				r = r.WithContext(context.WithValue(r.Context(), originKey{}, forwardedOrigin(r)))
			}
			next.ServeHTTP(w, r)
		})
		// The peer's own address stays where every hop is trusted, or where the
		// header is missing or garbled.
		return middleware.ClientIPFromRemoteAddr(client(told))
	}
}

func fromAny(networks []netip.Prefix, r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	address := peer.Addr().Unmap().WithZone("")
	for _, network := range networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

var hostPattern = regexp.MustCompile(`^([a-z0-9._-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$`)

// forwardedOrigin is the origin that a trusted proxy says it was asked for. What
// it does not say is taken from the request itself.
func forwardedOrigin(r *http.Request) string {
	scheme, host, _ := strings.Cut(directOrigin(r), "://")
	switch strings.ToLower(last(r.Header["X-Forwarded-Proto"])) {
	case "https", "wss": // some proxies name WebSockets so
		scheme = "https"
	case "http", "ws":
		scheme = "http"
	}
	if told := strings.ToLower(last(r.Header["X-Forwarded-Host"])); hostPattern.MatchString(told) {
		host = told
	}
	return scheme + "://" + host
}

// last returns the last item of a header that is a list: the one that the
// nearest proxy wrote.
func last(values []string) string {
	if len(values) == 0 {
		return ""
	}
	list := values[len(values)-1]
	return strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
}

// requestOrigin is the origin by which the browser reached us with this request.
func requestOrigin(r *http.Request) string {
	if told, ok := r.Context().Value(originKey{}).(string); ok {
		return told
	}
	return directOrigin(r)
}

// directOrigin is the origin as this request reached the program.
func directOrigin(r *http.Request) string {
	if r.TLS != nil {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// secure reports whether the browser reached us over https, as far as we know.
func (s *Server) secure(r *http.Request) bool {
	return strings.HasPrefix(s.PublicOrigin, "https://") || strings.HasPrefix(requestOrigin(r), "https://")
}

// underPublicName reports whether a request came to the public https address.
// Whoever ends TLS for us may not say that they did.
func (s *Server) underPublicName(r *http.Request) bool {
	name, public := strings.CutPrefix(s.PublicOrigin, "https://")
	_, asked, _ := strings.Cut(requestOrigin(r), "://")
	return public && asked == name
}
