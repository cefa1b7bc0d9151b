package acquirer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"tillkeeper/app/pos"
)

const (
	pemLimit  = 1 << 20                // bytes of a PEM file
	alertWait = 200 * time.Millisecond // for the reason, after a write over TLS failed
	badConfig = "bad_config"           // code of a file that cannot be used
)

// errNoTLS means that the profile wants mutual TLS and the line has none.
var errNoTLS = errors.New("this profile goes over the network with mutual TLS only: no certificate is configured")

// ownCertificate is a till's certificate that no host would take; said is it for people.
type ownCertificate struct {
	why  string
	said pos.Remark
}

// Error says what is wrong with it.
func (e ownCertificate) Error() string { return "our own certificate " + e.why }

// Files are the PEM files of mutual TLS: the CA that signed the host's
// certificate, the till's certificate (with its chain) and its private key.
type Files struct{ CA, Certificate, Key string }

// MutualTLS reads the files and makes what Options.TLS wants: TLS 1.3 only, the
// host's certificate from this CA alone, the till's own one shown. Errors are
// pos.Error of code bad_config that name the file and what to do. A certificate
// that has expired is no error here: the line says so when it is dialled.
func MutualTLS(f Files) (*tls.Config, error) {
	ca, err := readPEM(f.CA, "the CA of the host")
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, badFile(f.CA, "give the CA certificate that the acquirer sent, as PEM", nil, "holds no certificate")
	}
	cert, err := readPEM(f.Certificate, "the certificate of this till")
	if err != nil {
		return nil, err
	}
	key, err := readPEM(f.Key, "the private key of this till")
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	clear(key)
	if err != nil {
		return nil, badFile(f.Certificate, "give the certificate and the key "+f.Key+" that belong together, both as PEM",
			errors.New(strings.TrimPrefix(err.Error(), "tls: ")), "cannot be used with its key")
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots, Certificates: []tls.Certificate{pair}}, nil
}

func badFile(path, remedy string, cause error, what string) error {
	return &pos.Error{Code: badConfig, Message: fmt.Sprintf("file %s %s", path, what), Remedy: remedy, Err: cause}
}

func readPEM(path, what string) ([]byte, error) {
	if path == "" {
		return nil, &pos.Error{Code: badConfig, Message: "no file is named for " + what, Remedy: "name a PEM file"}
	}
	info, err := os.Stat(path)
	if err == nil && info.Size() > pemLimit {
		return nil, badFile(path, "name the PEM file of "+what, nil, "is too large")
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, badFile(path, "put "+what+" there, readable for the till", err, "cannot be read")
	}
	return raw, nil
}

// dialer is how the line connects: what Options.Dial says, else TLS where there
// is a configuration, else plain TCP, which a profile with mutual TLS allows to
// this machine only.
func dialer(o Options) func(ctx context.Context, network, addr string) (net.Conn, error) {
	plain := (&net.Dialer{}).DialContext
	switch {
	case o.Dial != nil:
		return o.Dial
	case o.TLS != nil:
		return secure(o.TLS)
	case o.Profile.Frame.MutualTLS && !loopback(o.Address):
		return func(context.Context, string, string) (net.Conn, error) { return nil, errNoTLS }
	}
	return plain
}

// loopback tells whether an address is on this machine by its number or as localhost.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// secure dials TLS 1.3 and nothing below; the host's certificate is always verified.
func secure(cfg *tls.Config) func(ctx context.Context, network, addr string) (net.Conn, error) {
	cfg = cfg.Clone()
	cfg.MinVersion, cfg.InsecureSkipVerify = tls.VersionTLS13, false
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if err := checkOwn(cfg, time.Now()); err != nil {
			return nil, err
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		c := cfg
		if c.ServerName == "" {
			host, _, err := net.SplitHostPort(addr)
			if err != nil {
				return nil, errors.Join(err, conn.Close())
			}
			c = cfg.Clone()
			c.ServerName = host
		}
		t := tls.Client(conn, c)
		if err := t.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return t, nil
	}
}

// checkOwn looks at the till's own certificate, which only the host would refuse.
func checkOwn(cfg *tls.Config, now time.Time) error {
	if cfg.GetClientCertificate != nil {
		return nil
	}
	if len(cfg.Certificates) == 0 || len(cfg.Certificates[0].Certificate) == 0 {
		return ownCertificate{"is missing", pos.Say("own_cert_missing")}
	}
	leaf := cfg.Certificates[0].Leaf
	if leaf == nil {
		var err error
		if leaf, err = x509.ParseCertificate(cfg.Certificates[0].Certificate[0]); err != nil {
			return ownCertificate{"cannot be read", pos.Say("own_cert_missing")}
		}
	}
	switch {
	case now.After(leaf.NotAfter):
		day := leaf.NotAfter.Format(time.DateOnly)
		return ownCertificate{"expired on " + day + ": ask the acquirer for a new one", pos.Say("own_cert_expired", day)}
	case now.Before(leaf.NotBefore):
		day := leaf.NotBefore.Format(time.DateOnly)
		return ownCertificate{"is not valid before " + day + ": look at this machine's clock", pos.Say("own_cert_early", day)}
	}
	return nil
}
