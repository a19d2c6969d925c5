package main

import (
	"crypto/tls"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"golang.org/x/crypto/acme"

	"foyer/internal/config"
)

const domain = "meet.foyer.test"

// The first visit to the domain gets a certificate from a real ACME server,
// which checks over TLS that the domain is ours; other names get none.
func TestCertificateByACME(t *testing.T) {
	s := &service{cfg: config.Config{Domain: domain, DataDir: t.TempDir()}}
	manager := s.certificates()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", manager.TLSConfig())
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: http.HandlerFunc(alwaysOK), ErrorLog: log.New(t.Output(), "", 0)}
	go web.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(func() { web.Close() })

	authority := startAuthority(t, listener.Addr().(*net.TCPAddr).Port)
	manager.Client = &acme.Client{DirectoryURL: authority.URL + wfe.DirectoryPath, HTTPClient: authority.Client()}

	// The authority's root is in nobody's list; its name is checked below.
	conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{ServerName: domain, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	certificate := conn.ConnectionState().PeerCertificates[0]
	if err := certificate.VerifyHostname(domain); err != nil || certificate.Issuer.CommonName == certificate.Subject.CommonName {
		t.Errorf("certificate for %v by %v: %v", certificate.DNSNames, certificate.Issuer, err)
	}
	if kept, err := os.ReadFile(filepath.Join(s.cfg.DataDir, "acme", domain)); err != nil || len(kept) == 0 {
		t.Errorf("the certificate is not kept for the next start: %v", err)
	}
	if conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{ServerName: "other.foyer.test", InsecureSkipVerify: true}); err == nil {
		conn.Close()
		t.Error("a name that is not ours got a certificate")
	}
}

func alwaysOK(http.ResponseWriter, *http.Request) {}

// startAuthority runs Pebble, an ACME server, with its own DNS in which every
// name is this machine. It looks for challenges on the given port.
func startAuthority(t *testing.T, tlsPort int) *httptest.Server {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	queries, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	names := &dns.Server{Listener: queries, Handler: dns.HandlerFunc(thisMachine)}
	go names.ActivateAndServe() //nolint:errcheck // it ends with the test
	t.Cleanup(func() { queries.Close() })

	quiet := log.New(t.Output(), "", 0)
	store := db.NewMemoryStore()
	issuer := ca.New(quiet, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {}})
	validation := va.New(quiet, 0, tlsPort, false, queries.Addr().String(), store)
	front := wfe.New(quiet, store, validation, issuer, []string{"pebble.letsencrypt.org"}, false, false, 0, 0)
	authority := httptest.NewTLSServer(namesOrders(front.Handler()))
	t.Cleanup(authority.Close)
	return authority
}

// namesOrders adds the order's address to the answer to its finalization, as
// Let's Encrypt does. RFC 8555 leaves that open and Pebble leaves it out, but
// autocert needs it when the certificate is not ready at once.
func namesOrders(authority http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, ok := strings.CutPrefix(r.URL.Path, "/finalize-order/"); ok {
			w.Header().Set("Location", "https://"+r.Host+"/my-order/"+id)
		}
		authority.ServeHTTP(w, r)
	})
}

func thisMachine(w dns.ResponseWriter, request *dns.Msg) {
	answer := new(dns.Msg).SetReply(request)
	for _, question := range request.Question {
		if question.Qtype == dns.TypeA {
			answer.Answer = append(answer.Answer, &dns.A{
				Hdr: dns.RR_Header{Name: question.Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1),
			})
		}
	}
	_ = w.WriteMsg(answer) // who asked is gone: nobody to tell
}
