package health

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// certified answers as a Foyer does, with a certificate for a name until a time.
func certified(t *testing.T, name string, until time.Time) *url.URL {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = []net.IP{ip}
	} else {
		template.DNSNames = []string{name}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") }))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPublicAddress(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	for _, test := range []struct {
		name, origin, want string
		state              State
	}{
		{"none", "", "No public address", Notable},
		{"in the clear", "http://meet.example.org", "without encryption", Notable},
		{"over", certified(t, "127.0.0.1", time.Now().Add(-day)).String(), "has been over since", Broken},
		{"another name", certified(t, "other.example.org", time.Now().Add(90*day)).String(), "is not for 127.0.0.1", Broken},
		{"our own", certified(t, "127.0.0.1", time.Now().Add(90*day)).String(), "do not know who issued", Notable},
		{"nobody there", "https://127.0.0.1:1", "does not answer", Notable},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			findings := PublicAddress(test.origin)(ctx)
			if got := Worst(findings); got != test.state || !strings.Contains(fmt.Sprint(findings), test.want) {
				t.Errorf("%s: %+v", got, findings)
			}
		})
	}
}

func TestMediaPorts(t *testing.T) {
	t.Parallel()
	socket, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	udp := socket.LocalAddr().(*net.UDPAddr).Port
	up, down := func() bool { return true }, func() bool { return false }
	if f := MediaPorts(udp, 0, up)(t.Context()); f[0].State != Notable { // UDP only
		t.Errorf("listening: %+v", f)
	}
	if f := MediaPorts(udp, 0, down)(t.Context()); f[0].State != Broken || !strings.Contains(f[0].Says, "Another program") {
		t.Errorf("taken by another: %+v", f)
	}
	listener, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	tcp := listener.Addr().(*net.TCPAddr).Port
	if f := MediaPorts(udp, tcp, up)(t.Context()); f[0].State != Well {
		t.Errorf("both: %+v", f)
	}
	listener.Close()
	if f := MediaPorts(udp, tcp, up)(t.Context()); f[0].State != Broken || !strings.Contains(f[0].Says, "does not listen") {
		t.Errorf("TCP is closed: %+v", f)
	}
}

// A monitor keeps what it found, and tells the log of what has just broken, once.
func TestMonitor(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	fails := errors.New("away")
	m := NewMonitor([]Check{
		Media("LiveKit", func(context.Context) error { return fails }, func(error) string { return "" }),
		Mail(nil),
	}, slog.New(slog.NewTextHandler(&log, nil)))
	if findings, at := m.Latest(); findings != nil || !at.IsZero() {
		t.Errorf("before a look: %v, %v", findings, at)
	}
	m.Look(t.Context())
	m.Look(t.Context())
	findings, at := m.Latest()
	if len(findings) != 2 || findings[0].State != Broken || findings[1].State != Notable || Worst(findings) != Broken || at.IsZero() {
		t.Errorf("found %+v", findings)
	}
	if n := strings.Count(log.String(), "does not work"); n != 1 {
		t.Errorf("logged %d times", n)
	}
	fails = nil
	m.Look(t.Context())
	if findings, _ := m.Latest(); findings[0].State != Well {
		t.Errorf("then %+v", findings)
	}
}
