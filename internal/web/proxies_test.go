package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
)

// forwarded asks, as a proxy with the address peer would, to log somebody in.
func (h *house) forwarded(peer, who, origin string, header http.Header) *http.Response {
	form := url.Values{"login": {who}, "password": {passwordOf(who)}}
	r := httptest.NewRequestWithContext(h.Context(), http.MethodPost, "/login", strings.NewReader(form.Encode()))
	r.Header = header.Clone()
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", origin)
	r.RemoteAddr, r.Host = peer, "foyer:8080"
	recorder := httptest.NewRecorder()
	h.server.Handler(h.Context()).ServeHTTP(recorder, r)
	return recorder.Result()
}

// Only what trusted proxies say of a request counts: whom it comes from, by which
// scheme, and to which host.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	const peer, stranger, own = "10.0.0.1:555", "203.0.113.9:555", "https://meet.example.org"
	full := func(client string) http.Header {
		return http.Header{"X-Forwarded-For": {client}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"meet.example.org"}}
	}
	with := func(h http.Header, key string, values ...string) http.Header { h[key] = values; return h }
	tests := []struct {
		name, peer, origin string
		header             http.Header
		address            string // of the session; empty: refused as from another site
		secure             bool
	}{
		{"trusted", peer, own, full("198.51.100.7"), "198.51.100.7", true},
		{"trusted, over IPv6", "[fd00::1]:555", own, full("2001:db8::7"), "2001:db8::7", true},
		{"trusted, as IPv4 in IPv6", "[::ffff:10.0.0.1]:555", own, full("198.51.100.7"), "198.51.100.7", true},
		{"a chain of trusted ones", peer, own, full("198.51.100.7, 10.0.0.3, 10.0.0.2"), "198.51.100.7", true},
		{"what the client claimed itself", peer, own, full("192.0.2.1, 198.51.100.7"), "198.51.100.7", true},
		{"the same in two headers", peer, own, with(full(""), "X-Forwarded-For", "192.0.2.1", "198.51.100.7"), "198.51.100.7", true},
		{"all are proxies", peer, own, full("10.0.0.9"), "10.0.0.1", true},
		{"garbled", peer, own, full("192.0.2.1, unknown"), "10.0.0.1", true},
		{"silent about the client", peer, own, with(full(""), "X-Forwarded-For"), "10.0.0.1", true},
		{"silent about the host", peer, "https://foyer:8080", with(full("198.51.100.7"), "X-Forwarded-Host"), "198.51.100.7", true},
		{"silent about all", peer, "http://foyer:8080", http.Header{}, "10.0.0.1", false},
		{"plain http", peer, "http://meet.example.org", with(full("198.51.100.7"), "X-Forwarded-Proto", "http"), "198.51.100.7", false},
		{"the nearest says plain http", peer, "http://meet.example.org", with(full("198.51.100.7"), "X-Forwarded-Proto", "https, http"), "198.51.100.7", false},
		{"names WebSockets", peer, own, with(full("198.51.100.7"), "X-Forwarded-Proto", "wss"), "198.51.100.7", true},
		{"scheme that is none", peer, "http://meet.example.org", with(full("198.51.100.7"), "X-Forwarded-Proto", "gopher"), "198.51.100.7", false},
		{"a host that is none", peer, "https://foyer:8080", with(full("198.51.100.7"), "X-Forwarded-Host", "evil.example/?x"), "198.51.100.7", true},
		{"a host with a port", peer, own + ":8443", with(full("198.51.100.7"), "X-Forwarded-Host", "Meet.example.org:8443"), "198.51.100.7", true},
		{"another origin than asked for", peer, "http://foyer:8080", full("198.51.100.7"), "", false},

		{"a stranger claims all of it", stranger, own, full("198.51.100.7"), "", false},
		{"a stranger at the plain address", stranger, "http://foyer:8080", full("198.51.100.7"), "203.0.113.9", false},
		{"a stranger claims to be a proxy", stranger, "http://foyer:8080", full("10.0.0.1"), "203.0.113.9", false},
	}
	for i, test := range tests {
		who := fmt.Sprintf("person%d", i) // log-ins of one are limited
		h.register(who)
		if _, err := h.pool.Exec(h.Context(), "delete from sessions"); err != nil {
			t.Fatal(err)
		}
		response := h.forwarded(test.peer, who, test.origin, test.header)
		if test.address == "" {
			if response.StatusCode != http.StatusForbidden {
				t.Errorf("%s: got %d, want it refused", test.name, response.StatusCode)
			}
			continue
		}
		if response.StatusCode != http.StatusSeeOther {
			t.Errorf("%s: got %d, want it done", test.name, response.StatusCode)
			continue
		}
		var address string
		if err := h.pool.QueryRow(h.Context(), "select address from sessions").Scan(&address); err != nil {
			t.Fatal(err)
		}
		if address != test.address {
			t.Errorf("%s: the session comes from %s, want %s", test.name, address, test.address)
		}
		if cookie := response.Header.Get("Set-Cookie"); strings.Contains(cookie, "Secure") != test.secure {
			t.Errorf("%s: cookie %q, want Secure %t", test.name, cookie, test.secure)
		}
	}
}

// Nobody is trusted unless told so, not even this machine.
func TestNoProxyIsTrustedByDefault(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "ana")
	header := http.Header{"X-Forwarded-For": {"198.51.100.7"}, "X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"meet.example.org"}}
	for _, peer := range []string{"127.0.0.1:1", "[::1]:1", "10.0.0.1:1"} {
		if got := h.forwarded(peer, "ana", "https://meet.example.org", header).StatusCode; got != http.StatusForbidden {
			t.Errorf("from %s: got %d, want the origin refused", peer, got)
		}
		response := h.forwarded(peer, "ana", "http://foyer:8080", header)
		if cookie := response.Header.Get("Set-Cookie"); response.StatusCode != http.StatusSeeOther || strings.Contains(cookie, "Secure") {
			t.Errorf("from %s: got %d with cookie %q", peer, response.StatusCode, cookie)
		}
	}
	var forged int
	if err := h.pool.QueryRow(h.Context(), "select count(*) from sessions where address = '198.51.100.7'").Scan(&forged); err != nil || forged > 0 {
		t.Errorf("%d sessions with the claimed address, %v", forged, err)
	}
}

// Log-ins from many people behind one proxy do not limit each other, and one who
// claims many addresses is limited still.
func TestLoginsAreLimitedBehindProxies(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}
	handler := h.server.Handler(h.Context())
	try := func(peer, client, login string) int {
		form := url.Values{"login": {login}, "password": {"a wrong guess"}}
		r := httptest.NewRequestWithContext(h.Context(), http.MethodPost, "/login", strings.NewReader(form.Encode()))
		r.Header = http.Header{"X-Forwarded-For": {client}, "Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {"http://" + r.Host}}
		r.RemoteAddr = peer
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, r)
		return recorder.Code
	}
	name := func(i int) string { return "somebody" + string(rune('a'+i/26)) + string(rune('a'+i%26)) }
	for i := range 70 {
		client := netip.AddrFrom4([4]byte{198, 51, byte(i), 1}).String()
		if got := try("10.0.0.1:1", client, name(i)); got != http.StatusUnauthorized {
			t.Fatalf("attempt %d, each from another client: got %d, want 401", i, got)
		}
	}
	var last int
	for i := range 70 {
		claimed := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}).String()
		last = try("203.0.113.9:1", claimed, name(i+100))
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("one stranger who claims many addresses: got %d, want 429", last)
	}
}

// Browsers are told to ask for https for ever only at the public https address,
// whoever ends TLS there.
func TestHTTPSForEver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.server.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}
	tests := []struct {
		name, public, host string
		header             http.Header
		want               bool
	}{
		{"public name", "https://meet.example.org", "meet.example.org", nil, true},
		{"public name, as the proxy tells it", "https://meet.example.org", "foyer:8080", http.Header{"X-Forwarded-Host": {"meet.example.org"}}, true},
		{"another name", "https://meet.example.org", "localhost:8080", nil, false},
		{"another port", "https://meet.example.org", "meet.example.org:8443", nil, false},
		{"plain http", "http://meet.example.org", "meet.example.org", nil, false},
		{"no public address", "", "meet.example.org", http.Header{"X-Forwarded-Proto": {"https"}}, false},
	}
	for _, test := range tests {
		h.server.PublicOrigin = test.public
		r := httptest.NewRequestWithContext(h.Context(), http.MethodGet, "/login", nil)
		r.RemoteAddr, r.Host = "10.0.0.1:1", test.host
		if test.header != nil {
			r.Header = test.header
		}
		recorder := httptest.NewRecorder()
		h.server.Handler(h.Context()).ServeHTTP(recorder, r)
		want := ""
		if test.want {
			want = "max-age=31536000" // seconds: a year
		}
		if got := recorder.Header().Get("Strict-Transport-Security"); got != want {
			t.Errorf("%s: got %q, want %q", test.name, got, want)
		}
	}
}
