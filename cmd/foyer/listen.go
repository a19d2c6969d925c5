package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"golang.org/x/crypto/acme/autocert"
)

// open claims the ports that browsers come to, before anything else is started:
// what is wrong with them is known at once. Nothing is answered yet.
func (s *service) open() error {
	tlsConfig, err := s.tls()
	if err != nil {
		return err
	}
	if s.public, err = net.Listen("tcp", s.cfg.Addr); err != nil {
		return fmt.Errorf("FOYER_ADDR: %w", err)
	}
	s.cfg.Addr = s.public.Addr().String()
	if tlsConfig != nil {
		s.public = tls.NewListener(s.public, tlsConfig)
	}
	return nil
}

func (s *service) answer(listener net.Listener, handler http.Handler) {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn), // failed handshakes and certificates
	}
	s.servers = append(s.servers, server) // it closes the listener
	s.background.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed <- err
		}
	})
}

// tls returns how to serve https, nil for plain http.
func (s *service) tls() (*tls.Config, error) {
	switch {
	case s.cfg.Domain != "":
		return s.acme()
	case s.cfg.TLSCert != "":
		certificate, err := tls.LoadX509KeyPair(s.cfg.TLSCert, s.cfg.TLSKey)
		if err != nil {
			return nil, fmt.Errorf("FOYER_TLS_CERT and FOYER_TLS_KEY: %w", err)
		}
		return serveCertificate(certificate), nil
	case s.cfg.TLSSelfSigned:
		certificate, err := selfSigned(filepath.Join(s.cfg.DataDir, "tls"))
		if err != nil {
			return nil, fmt.Errorf("self-signed certificate: %w", err)
		}
		return serveCertificate(certificate), nil
	}
	return nil, nil
}

func serveCertificate(certificate tls.Certificate) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
}

// acme gets certificates for the configured domain and answers port 80 with
// challenges and redirects.
func (s *service) acme() (*tls.Config, error) {
	manager := s.certificates()
	plain, err := net.Listen("tcp", ":80")
	if err != nil {
		return nil, fmt.Errorf("FOYER_DOMAIN needs port 80 for certificates and redirects: %w", err)
	}
	// Answered at once: it needs nothing else, and hands out no page.
	s.answer(plain, manager.HTTPHandler(nil)) // nil: redirect to https
	config := manager.TLSConfig()
	config.MinVersion = tls.VersionTLS12
	return config, nil
}

// certificates gets and renews certificates for the configured domain, and no
// other, by ACME (RFC 8555).
func (s *service) certificates() *autocert.Manager {
	return &autocert.Manager{
		Prompt:     autocert.AcceptTOS,
		Cache:      autocert.DirCache(filepath.Join(s.cfg.DataDir, "acme")),
		HostPolicy: autocert.HostWhitelist(s.cfg.Domain),
	}
}

// origin is the address to open in a browser: the public one, or this machine's.
func (s *service) origin() string {
	if public := s.cfg.PublicOrigin(); public != "" {
		return public
	}
	return s.localOrigin()
}

// localOrigin is the address to open in a browser on this machine.
func (s *service) localOrigin() string {
	scheme := "http"
	if s.cfg.TLS() {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(s.cfg.Addr) // a listener's own address
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() || ip.IsLoopback() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
