package health

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"foyer/internal/words"
)

func well(part, says string) []Finding { return []Finding{{Part: part, State: Well, Says: says}} }

func notable(part, says, advice string) []Finding {
	return []Finding{{Part: part, State: Notable, Says: says, Advice: advice}}
}

func broken(part, says, advice string) []Finding {
	return []Finding{{Part: part, State: Broken, Says: says, Advice: advice}}
}

// Pages looks whether pages are served at the address of this machine, or, when
// no Foyer runs, could be.
func Pages(origin, address string) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.pages")
		err := answers(ctx, origin, trusting)
		if err == nil {
			return well(part, words.Text("health.pages_well", "origin", origin))
		}
		listener, err := net.Listen("tcp", address)
		switch {
		case err == nil:
			listener.Close()
			return notable(part, words.Text("health.pages_stopped", "address", address), words.Text("health.pages_stopped_advice"))
		case errors.Is(err, syscall.EADDRINUSE):
			return broken(part, words.Text("health.pages_taken", "address", address), words.Text("health.pages_taken_advice"))
		case errors.Is(err, syscall.EACCES):
			return broken(part, words.Text("health.port_forbidden", "address", address), words.Text("health.port_forbidden_advice"))
		}
		return broken(part, words.Text("health.pages_broken", "address", address, "error", err), words.Text("health.pages_broken_advice"))
	}
}

// trusting connects whatever the certificate: it is looked at for itself.
var trusting = &tls.Config{InsecureSkipVerify: true} //nolint:gosec // nothing but "ok" is read, and nothing is sent

// answers asks whether a Foyer answers at an origin.
func answers(ctx context.Context, origin string, config *tls.Config) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, origin+"/healthz", nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 100))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || strings.TrimSpace(string(body)) != "ok" {
		return fmt.Errorf("something else answers there, with status %d", response.StatusCode)
	}
	return nil
}

// PublicAddress looks whether Foyer answers at the address by which people reach
// it, and for how long its certificate is good.
func PublicAddress(origin string) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.public")
		u, err := url.Parse(origin)
		switch {
		case origin == "" || err != nil:
			return notable(part, words.Text("health.public_unset"), words.Text("health.public_unset_advice"))
		case u.Scheme != "https":
			return notable(part, words.Text("health.public_http", "origin", origin), words.Text("health.public_http_advice"))
		}
		if err := answers(ctx, origin, trusting); err != nil {
			return append(notable(part, words.Text("health.public_silent", "origin", origin, "error", reason(err)), words.Text("health.public_silent_advice")),
				certificate(ctx, u)...)
		}
		return append(well(part, words.Text("health.public_well", "origin", origin)), certificate(ctx, u)...)
	}
}

// reason is the last part of an error's chain: the rest repeats the address.
func reason(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// soon is when a certificate should have been renewed: ACME does so a month
// before its end.
const soon = 14 * 24 * time.Hour

// certificate looks at the certificate that a public address shows.
func certificate(ctx context.Context, u *url.URL) []Finding {
	part := words.Text("health.certificate")
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	conn, err := (&tls.Dialer{Config: trusting}).DialContext(ctx, "tcp", address)
	if err != nil {
		return notable(part, words.Text("health.certificate_unseen", "error", reason(err)), words.Text("health.certificate_unseen_advice"))
	}
	defer conn.Close()
	shown := conn.(*tls.Conn).ConnectionState().PeerCertificates
	others := x509.NewCertPool()
	for _, c := range shown[1:] {
		others.AddCert(c)
	}
	_, err = shown[0].Verify(x509.VerifyOptions{DNSName: u.Hostname(), Intermediates: others})
	until := shown[0].NotAfter.UTC().Format("2 January 2006")
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	left := time.Until(shown[0].NotAfter)
	switch {
	case left < 0:
		return broken(part, words.Text("health.certificate_over", "until", until), words.Text("health.certificate_over_advice"))
	case errors.As(err, &name):
		return broken(part, words.Text("health.certificate_other", "host", u.Hostname()), words.Text("health.certificate_other_advice"))
	case errors.As(err, &unknown):
		return notable(part, words.Text("health.certificate_own"), words.Text("health.certificate_own_advice"))
	case err != nil:
		return broken(part, words.Text("health.certificate_bad", "error", err), words.Text("health.certificate_other_advice"))
	case left < soon:
		return notable(part, words.Text("health.certificate_soon", "until", until), words.Text("health.certificate_soon_advice"))
	}
	return well(part, words.Text("health.certificate_well", "until", until))
}

// MediaPorts looks whether the ports of sound and picture are open on this
// machine: running says that the media server should have them. TCP 0: none.
func MediaPorts(udp, tcp int, running func() bool) Check {
	return func(context.Context) []Finding {
		part := words.Text("health.media_ports")
		up := running()
		var found []Finding
		look := func(network string, port int, taken bool) {
			switch {
			case taken && !up:
				found = append(found, broken(part, words.Text("health.port_taken", "network", network, "port", fmt.Sprint(port)), words.Text("health.port_taken_advice"))...)
			case !taken && up:
				found = append(found, broken(part, words.Text("health.port_closed", "network", network, "port", fmt.Sprint(port)), words.Text("health.port_closed_advice"))...)
			}
		}
		socket, err := net.ListenPacket("udp", fmt.Sprintf(":%d", udp))
		if err == nil {
			socket.Close()
		}
		look("UDP", udp, errors.Is(err, syscall.EADDRINUSE))
		if tcp > 0 {
			listener, err := net.Listen("tcp", fmt.Sprintf(":%d", tcp))
			if err == nil {
				listener.Close()
			}
			look("TCP", tcp, errors.Is(err, syscall.EADDRINUSE))
		}
		if found != nil {
			return found
		}
		if tcp == 0 {
			return notable(part, words.Text("health.ports_udp_only", "udp", fmt.Sprint(udp)), words.Text("health.ports_udp_only_advice"))
		}
		if !up {
			return well(part, words.Text("health.ports_free", "udp", fmt.Sprint(udp), "tcp", fmt.Sprint(tcp)))
		}
		return well(part, words.Text("health.ports_well", "udp", fmt.Sprint(udp), "tcp", fmt.Sprint(tcp)))
	}
}

// Media asks a media service whether it is ready. Advice says what its errors
// advise to set right, or nothing.
func Media(title string, ready func(context.Context) error, advice func(error) string) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.media", "service", title)
		err := ready(ctx)
		if err == nil {
			return well(part, words.Text("health.media_well"))
		}
		if known := advice(err); known != "" {
			return broken(part, known, "")
		}
		return broken(part, words.Text("health.media_silent", "error", reason(err)), words.Text("health.media_silent_advice"))
	}
}

// Mail asks whether the mail server takes us in; nil when there is none.
func Mail(server func(context.Context) error) Check {
	return func(ctx context.Context) []Finding {
		part := words.Text("health.mail")
		if server == nil {
			return notable(part, words.Text("health.mail_unset"), words.Text("health.mail_unset_advice"))
		}
		if err := server(ctx); err != nil {
			return broken(part, err.Error(), words.Text("health.mail_advice"))
		}
		return well(part, words.Text("health.mail_well"))
	}
}
