package acquirer

import (
	"context"
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
	"strings"
	"testing"
	"time"

	"tillkeeper/app/pos"
)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  []byte
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t}
	a.key = a.newKey()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "acquirer test CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, a.key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	a.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

// sign makes a certificate for 127.0.0.1 that ends at a time, and its key, as PEM.
func (a *authority) sign(end time.Time, edit ...func(*x509.Certificate)) (cert, key []byte) {
	a.t.Helper()
	form := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "party"}, NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: end,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, e := range edit {
		e(form)
	}
	k := a.newKey()
	der, err := x509.CreateCertificate(rand.Reader, form, a.cert, k.Public(), a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})
}

// files writes what a till has: the CA of the host, its certificate, its key.
func files(t *testing.T, ca, cert, key []byte) Files {
	t.Helper()
	dir := t.TempDir()
	f := Files{CA: filepath.Join(dir, "ca.pem"), Certificate: filepath.Join(dir, "till.pem"), Key: filepath.Join(dir, "till.key")}
	for name, b := range map[string][]byte{f.CA: ca, f.Certificate: cert, f.Key: key} {
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func tomorrow() time.Time { return time.Now().Add(24 * time.Hour) }

// hostTLS is a host that wants a certificate of this CA.
func (a *authority) hostTLS(cert, key []byte) *tls.Config {
	a.t.Helper()
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		a.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return &tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair},
		ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}
}

func tillTLS(t *testing.T, f Files) *tls.Config {
	t.Helper()
	c, err := MutualTLS(f)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestMutualTLS trades over TLS 1.3 with both certificates; a decline without a MAC is trusted there.
func TestMutualTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign(tomorrow())
	l, h := begin(t, func(o *Options) { o.TLS = tillTLS(t, files(t, a.pem, cert, key)) })
	h.tls = a.hostTLS(a.sign(tomorrow()))
	out := start(l, contactless("000123"))
	h.send(h.answerTo(h.next(), "00"))
	if r := <-out; r.err != nil || !r.reply.Signed {
		t.Fatalf("%+v", r)
	}
	state := h.conn.(*tls.Conn).ConnectionState()
	if state.Version != tls.VersionTLS13 || len(state.PeerCertificates) != 1 {
		t.Errorf("version %x, %d certificates", state.Version, len(state.PeerCertificates))
	}
	if ln := l.current(); ln == nil || !ln.secure || !ln.trusted {
		t.Errorf("%+v", ln)
	}
	out = start(l, contactless("000124"))
	no := h.answerTo(h.next(), "51")
	delete(no.Fields, 64)
	h.send(no)
	if r := <-out; r.err != nil || r.reply.Code != "51" {
		t.Errorf("%+v", r)
	}
}

// TestTLSIsTrustedFromAfar: what a decline may omit over TLS does not hang on the loopback address.
func TestTLSIsTrustedFromAfar(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign(tomorrow())
	cfg := tillTLS(t, files(t, a.pem, cert, key))
	l, h := begin(t, func(o *Options) {
		dial := secure(cfg)
		o.Dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			c, err := dial(ctx, network, addr)
			if err != nil {
				return nil, err
			}
			return farTLS{c.(*tls.Conn)}, nil
		}
	})
	h.tls = a.hostTLS(a.sign(tomorrow()))
	out := start(l, contactless("000124"))
	no := h.answerTo(h.next(), "51")
	delete(no.Fields, 64)
	h.send(no)
	if r := <-out; r.err != nil || r.reply.Code != "51" {
		t.Errorf("%+v", r)
	}
}

type farTLS struct{ *tls.Conn }

func (farTLS) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 9} }

// TestTLSRefusals: each ends before or without an answer, and the line says why.
func TestTLSRefusals(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	good, goodKey := a.sign(tomorrow())
	old, oldKey := a.sign(time.Now().Add(-time.Hour))
	foreign, foreignKey := other.sign(tomorrow())
	mine := func(t *testing.T) *tls.Config { return tillTLS(t, files(t, a.pem, good, goodKey)) }
	for name, c := range map[string]struct {
		till   func(t *testing.T) *tls.Config
		host   *tls.Config
		detail string
		late   bool // TLS 1.3: the client's side is done before the host looks at the certificate
	}{
		"wrong CA":     {mine, a.hostTLS(foreign, foreignKey), "not from the CA that is configured", false},
		"expired host": {mine, a.hostTLS(old, oldKey), "host's certificate has expired", false},
		"another name": {
			mine, a.hostTLS(a.sign(tomorrow(), func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(192, 0, 2, 7)} })),
			"for another name", false,
		},
		"TLS 1.2 host":  {mine, twelve(a.hostTLS(good, goodKey)), "does not speak TLS 1.3", false},
		"no TLS at all": {mine, nil, "does not speak TLS", false},
		"expired till": {
			func(t *testing.T) *tls.Config { return tillTLS(t, files(t, a.pem, old, oldKey)) },
			a.hostTLS(good, goodKey), "our own certificate expired on", false,
		},
		"no certificate": {
			func(*testing.T) *tls.Config { return &tls.Config{RootCAs: pool(a)} },
			a.hostTLS(good, goodKey), "our own certificate is missing", false,
		},
		"none shown": {
			func(*testing.T) *tls.Config { return &tls.Config{RootCAs: pool(a), GetClientCertificate: none} },
			a.hostTLS(good, goodKey), "asks for a certificate and this till showed none", true,
		},
		"till of another CA": {
			func(t *testing.T) *tls.Config { return tillTLS(t, files(t, a.pem, foreign, foreignKey)) },
			a.hostTLS(good, goodKey), "does not", true,
		},
		"verification turned off": {func(t *testing.T) *tls.Config {
			c := mine(t)
			c.InsecureSkipVerify, c.MinVersion = true, tls.VersionTLS10 //nolint:gosec // what a composer must not get through
			return c
		}, a.hostTLS(foreign, foreignKey), "not from the CA that is configured", false},
	} {
		t.Run(name, func(t *testing.T) {
			l, h := begin(t, func(o *Options) { o.TLS = c.till(t) })
			served := make(chan error, 1)
			go func() { served <- refuse(h.ln, c.host) }()
			_, err := l.Exchange(context.Background(), contactless("000123"))
			if !c.late && !errors.Is(err, pos.ErrNotSent) || !errors.Is(err, pos.ErrNotSent) && !errors.Is(err, pos.ErrNoAnswer) {
				t.Errorf("%v", err)
			}
			var told interface{ Remark() pos.Remark }
			if !errors.As(err, &told) || told.Remark().Code == "" || told.Remark().Code == "host_unreached" {
				t.Errorf("%v says nothing to people", err)
			}
			if s := l.Link(); s.State != offline || s.Cause != causeAcquirer || !strings.Contains(s.Detail, c.detail) {
				t.Errorf("%+v, want %q", s, c.detail)
			}
			h.ln.Close()
			if err := <-served; err == nil {
				t.Error("the host took it")
			}
		})
	}
}

// refuse takes one connection and gives what became of it as a host that is not TLS, or one whose handshake has to fail.
func refuse(ln net.Listener, cfg *tls.Config) error {
	c, err := ln.Accept()
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(plenty)); err != nil {
		return err
	}
	if cfg == nil {
		if _, err := c.Write([]byte("220 mail\r\n")); err != nil {
			return err
		}
		return errors.New("not TLS")
	}
	t := tls.Server(c, cfg)
	if err := t.Handshake(); err != nil {
		return err
	}
	_, err = t.Read(make([]byte, 1)) // where the client refused
	return err
}

func twelve(c *tls.Config) *tls.Config {
	c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	return c
}

func pool(a *authority) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func none(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &tls.Certificate{}, nil }

// TestPlainLineIsForThisMachineOnly: a profile with mutual TLS never goes over a network in the clear.
func TestPlainLineIsForThisMachineOnly(t *testing.T) {
	l, _ := begin(t, func(o *Options) { o.Address = "192.0.2.1:8583" })
	if _, err := l.Exchange(context.Background(), contactless("000123")); !errors.Is(err, pos.ErrNotSent) || !errors.Is(err, errNoTLS) {
		t.Errorf("%v", err)
	}
	if s := l.Link(); s.State != offline || !strings.Contains(s.Detail, "mutual TLS") {
		t.Errorf("%+v", s)
	}
	for addr, want := range map[string]bool{
		"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true,
		"10.0.0.1:1": false, "host": false, "127.0.0.1.evil.example:1": false,
	} {
		if loopback(addr) != want {
			t.Errorf("%s: %v", addr, !want)
		}
	}
}

// TestTLSFilesThatCannotBeUsed names the file and what to do.
func TestTLSFilesThatCannotBeUsed(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.sign(tomorrow())
	_, otherKey := a.sign(tomorrow())
	for name, c := range map[string]struct {
		edit func(f *Files)
		file func(f Files) string
		why  string
	}{
		"CA absent": {func(f *Files) { f.CA += "x" }, func(f Files) string { return f.CA }, "cannot be read"},
		"CA empty": {
			func(f *Files) { put(t, f.CA, []byte("-----BEGIN NOTHING-----\n")) },
			func(f Files) string { return f.CA }, "holds no certificate",
		},
		"no name": {
			func(f *Files) { f.Certificate = "" }, func(Files) string { return "" }, "no file is named for the certificate of this till",
		},
		"cert absent": {func(f *Files) { f.Certificate += "x" }, func(f Files) string { return f.Certificate }, "cannot be read"},
		"key absent":  {func(f *Files) { f.Key += "x" }, func(f Files) string { return f.Key }, "cannot be read"},
		"other key":   {func(f *Files) { put(t, f.Key, otherKey) }, func(f Files) string { return f.Certificate }, "cannot be used with its key"},
		"not a key":   {func(f *Files) { put(t, f.Key, cert) }, func(f Files) string { return f.Certificate }, "cannot be used with its key"},
		"too large":   {func(f *Files) { put(t, f.CA, make([]byte, pemLimit+1)) }, func(f Files) string { return f.CA }, "is too large"},
		"a folder":    {func(f *Files) { f.CA = filepath.Dir(f.CA) }, func(f Files) string { return f.CA }, "cannot be read"},
	} {
		f := files(t, a.pem, cert, key)
		c.edit(&f)
		_, err := MutualTLS(f)
		var e *pos.Error
		if !errors.As(err, &e) || e.Code != badConfig || e.Remedy == "" ||
			!strings.Contains(e.Error(), c.why) || !strings.Contains(e.Error(), c.file(f)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func put(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
