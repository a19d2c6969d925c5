package main

import (
	"crypto/x509"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"

	"foyer/internal/tunnel"
	"foyer/internal/tunnel/ngroktest"
)

// The program under test finds the double of ngrok by these.
const (
	ngrokAddr = "FOYER_TEST_NGROK_ADDR"
	ngrokCA   = "FOYER_TEST_NGROK_CA" // its certificate, base64
)

// useNgrokDouble has the program under test use the double, if there is one.
func useNgrokDouble() {
	if os.Getenv(ngrokAddr) == "" {
		return
	}
	der, err := base64.StdEncoding.DecodeString(os.Getenv(ngrokCA))
	if err != nil {
		panic(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	ngrok = tunnel.Service{Addr: os.Getenv(ngrokAddr), CAs: x509.NewCertPool()}
	ngrok.CAs.AddCert(certificate)
}

// startNgrok starts the double for the programs that are started from then on.
func startNgrok(t *testing.T) *ngroktest.Service {
	t.Helper()
	service := ngroktest.Start(t)
	t.Setenv(ngrokAddr, service.Addr)
	t.Setenv(ngrokCA, base64.StdEncoding.EncodeToString(service.Certificate.Raw))
	return service
}

// With a tunnel everything is served at its address, which is the public one, and
// at the local address too, also while ngrok is away.
func TestTunnel(t *testing.T) {
	service := startNgrok(t)

	t.Run("a wrong token", func(t *testing.T) {
		out, err := command(t, "serve", "--tunnel", "--ngrok-authtoken", "planted", "--addr", "127.0.0.1:0", "--data-dir", dataDir(t)).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "the ngrok tunnel: ") || !strings.Contains(string(out), "ERR_NGROK_105") || strings.Contains(string(out), "planted") {
			t.Errorf("got %v and %s", err, out)
		}
	})

	dir, port := dataDir(t), freePort(t)
	p := start(t, dir, port, "--tunnel", "--ngrok-authtoken", ngroktest.Token, "--media-tcp-port", "0")
	if p.url != service.Origin || p.local == "" || p.local == p.url {
		t.Fatalf("printed %q and, for this machine, %q; the tunnel is at %s", p.url, p.local, service.Origin)
	}
	if !strings.HasPrefix(p.setup, service.Origin+"/setup?token=") {
		t.Errorf("the setup link is %q", p.setup)
	}
	p.within("what the tunnel does not carry is said", func() bool {
		said := p.printed()
		return strings.Contains(said, "carries pages and signalling, not sound and picture") && strings.Contains(said, "UDP port "+port)
	})

	// Signing up through the tunnel: the browser's origin is the public one, TLS
	// ends at ngrok, and the client's address is ngrok's client.
	form := url.Values{"username": {"ana"}, "email": {"ana@example.org"}, "password": {"correct horse battery"}}
	ask := func(origin, path string) (*http.Response, error) {
		request, err := http.NewRequest(http.MethodPost, origin+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Origin", origin)
		response, err := service.Client.Do(request)
		if err == nil {
			response.Body.Close()
		}
		return response, err
	}
	response, err := ask(service.Origin, "/signup")
	if err != nil || response.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign up through the tunnel: %v, %v", response, err)
	}
	if cookie := response.Header.Get("Set-Cookie"); !strings.Contains(cookie, "Secure") {
		t.Errorf("cookie %q", cookie)
	}
	if response.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no Strict-Transport-Security at the public address")
	}
	form = url.Values{"login": {"ana"}, "password": {"correct horse battery"}}
	if response, err := ask(p.local, "/login"); err != nil || response.StatusCode != http.StatusSeeOther {
		t.Errorf("log in at the local address: %v, %v", response, err)
	}

	service.SetDown(true)
	service.Drop()
	p.within("the local address is ready while ngrok is away", func() bool {
		response, err := client.Get(p.local + "/readyz")
		if err != nil {
			return false
		}
		response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	service.SetDown(false)
	p.within("the tunnel answers again", func() bool {
		response, err := service.Client.Get(service.Origin + "/healthz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return response.StatusCode == http.StatusOK && string(body) == "ok\n"
	})
	if status := p.stop(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d:\n%s", status, p.said())
	}
	p.within("ngrok knows that the program has ended", func() bool { return !service.Bound() })
}

// Twilio reports through the tunnel, whose address its signatures are over, and no
// port needs to be open: a machine behind NAT is the tutorial's own.
func TestTunnelWithTwilio(t *testing.T) {
	service, double := startNgrok(t), startTwilio(t)
	p := start(t, dataDir(t), freePort(t), double.flags("--tunnel", "--ngrok-authtoken", ngroktest.Token, "--twilio-auth-token", double.AuthToken)...)
	if strings.Contains(p.printed(), "not sound and picture") {
		t.Errorf("it is said that a port must be reachable:\n%s", p.printed())
	}
	ana := p.visitor().signUp("ana")
	room := ana.fill("/rooms", "name", "Team", "visibility", "private")
	ticket, client := ana.enter(room)
	if got := double.Room(ticket.room()).Callback; got != service.Origin+"/hooks/twilio" {
		t.Errorf("Twilio reports to %q", got)
	}
	p.within("her coming is reported", func() bool { return len(double.CallbackAnswers()) >= 2 }) // with the making of the room
	client.Leave()
	p.within("her leaving is reported", func() bool { return len(double.CallbackAnswers()) >= 3 })
	p.within("the dashboard shows nobody", func() bool { return !strings.Contains(ana.page("/"), "live · ") })
	double.allReported(t)
}
