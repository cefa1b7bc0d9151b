package acquirer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"tillkeeper/drivers/download"
)

// The PEM files that a host makes for itself in its folder; they are kept and used again.
const (
	LineCA        = "tls-ca.pem"         // whom the till trusts on the line
	LineClient    = "tls-client.pem"     // the till's certificate
	LineClientKey = "tls-client-key.pem" // and its key
	lineServer    = "tls-server.pem"
	lineServerKey = "tls-server-key.pem"
	FilesCA       = "files-ca.pem" // the file server's certificate, its own authority
	filesKey      = "files-key.pem"
)

const certYears = 10

// pairOf is a certificate and its key.
type pairOf struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// issue makes a certificate for this machine's loopback, signed by parent or by itself.
func issue(name string, use []x509.ExtKeyUsage, authority bool, parent *pairOf) (*pairOf, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	now := time.Now()
	form := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.AddDate(-1, 0, 0), NotAfter: now.AddDate(certYears, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: use, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if authority {
		form.IsCA, form.KeyUsage = true, form.KeyUsage|x509.KeyUsageCertSign
	}
	signer := &pairOf{form, key}
	if parent != nil {
		signer = parent
	}
	raw, err := x509.CreateCertificate(rand.Reader, form, signer.cert, &key.PublicKey, signer.key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(raw)
	return &pairOf{cert, key}, err
}

// save writes certificate and key as PEM; a key without a name is not kept.
func (p *pairOf) save(dir, certName, keyName string) error {
	if keyName != "" {
		raw, err := x509.MarshalPKCS8PrivateKey(p.key)
		if err != nil {
			return err
		}
		if err := download.Keep(dir, keyName, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})); err != nil {
			return err
		}
	}
	return download.Keep(dir, certName, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
}

// LineTLS is TLS 1.3 with certificates on both sides for the line of a host's folder; authority, server and client PEM files are made there when the authority's is missing.
func LineTLS(dir string) (*tls.Config, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, LineCA)); errors.Is(err, os.ErrNotExist) {
		if err := makeLine(dir); err != nil {
			return nil, err
		}
	}
	raw, err := os.ReadFile(filepath.Join(dir, LineCA))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("acquirer: %s has no certificate", LineCA)
	}
	server, err := tls.LoadX509KeyPair(filepath.Join(dir, lineServer), filepath.Join(dir, lineServerKey))
	if err != nil {
		return nil, fmt.Errorf("acquirer: %s: %w", lineServer, err)
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{server},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	}, nil
}

// makeLine writes the authority last: where it is, the others are whole. Its key is forgotten.
func makeLine(dir string) error {
	ca, err := issue("simulated acquirer's authority", nil, true, nil)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		name, cert, key string
		use             x509.ExtKeyUsage
	}{
		{"simulated acquirer", lineServer, lineServerKey, x509.ExtKeyUsageServerAuth},
		{"till", LineClient, LineClientKey, x509.ExtKeyUsageClientAuth},
	} {
		leaf, err := issue(p.name, []x509.ExtKeyUsage{p.use}, false, ca)
		if err != nil {
			return err
		}
		if err := leaf.save(dir, p.cert, p.key); err != nil {
			return err
		}
	}
	return ca.save(dir, LineCA, "")
}

// filesTLS is the file server's side of HTTPS; its certificate is made when it is missing.
func filesTLS(dir string) (*tls.Config, error) {
	if _, err := os.Stat(filepath.Join(dir, FilesCA)); errors.Is(err, os.ErrNotExist) {
		own, err := issue("simulated acquirer's files", []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, true, nil)
		if err != nil {
			return nil, err
		}
		if err := own.save(dir, FilesCA, filesKey); err != nil {
			return nil, err
		}
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(dir, FilesCA), filepath.Join(dir, filesKey))
	if err != nil {
		return nil, fmt.Errorf("acquirer: %s: %w", FilesCA, err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{cert}}, nil
}
