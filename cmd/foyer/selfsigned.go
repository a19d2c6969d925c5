package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const certificateLife = 397 * 24 * time.Hour // browsers refuse longer ones

// selfSigned returns the certificate kept in dir, or makes one for this
// machine's names and addresses when there is none that fits.
func selfSigned(dir string) (tls.Certificate, error) {
	path := filepath.Join(dir, "self-signed.pem")
	names, addresses, err := ownNames()
	if err != nil {
		return tls.Certificate{}, err
	}
	if kept, err := tls.LoadX509KeyPair(path, path); err == nil && fits(kept.Leaf, addresses) {
		return kept, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Foyer on " + names[0]},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(certificateLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     names,
		IPAddresses:  addresses,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	// The data directory may not be there yet; the user who runs Postgres must
	// be able to pass through it.
	err = errors.Join(os.MkdirAll(filepath.Dir(dir), 0o711), os.MkdirAll(dir, 0o700), os.WriteFile(path, text, 0o600))
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(text, text)
}

// ownNames lists by what names and addresses browsers may reach this machine.
func ownNames() (names []string, addresses []net.IP, err error) {
	names = []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "localhost" {
		names = append([]string{host}, names...)
	}
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		return nil, nil, err
	}
	for _, a := range interfaces {
		if network, ok := a.(*net.IPNet); ok {
			addresses = append(addresses, network.IP)
		}
	}
	return names, addresses, nil
}

// fits reports whether a certificate will hold for a while, at all addresses.
func fits(certificate *x509.Certificate, addresses []net.IP) bool {
	for _, ip := range addresses {
		if certificate.VerifyHostname(ip.String()) != nil {
			return false
		}
	}
	return time.Until(certificate.NotAfter) > 24*time.Hour
}
